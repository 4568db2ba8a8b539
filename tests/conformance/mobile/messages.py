"""From a case's words to octets: what agents advertise, and the replies that the node gets. Extensions, signatures and edits are those of
the suite for home agents; what is a row of a table here is explained in docs/conformance.md.
"""

import secrets
import struct

import messages
import wire
from foreign import packets

ADVERTISED = {"R": 0x8000, "B": 0x4000, "H": 0x2000, "F": 0x1000, "M": 0x0800, "G": 0x0400, "r": 0x0200, "T": 0x0100, "U": 0x0080,
              "X": 0x0040, "I": 0x0020, "z": 0x001F}  # r and z: reserved
PREFIX_LENGTHS = 19
ALL_HOSTS = "224.0.0.1"
LIFETIME, REGISTRATION_LIFETIME = 600, 900

ADVERTISE_WORDS = {
    "by", "flags", "lifetime", "registration-lifetime", "sequence", "care-of", "routers", "prefix-lengths", "challenge", "ttl", "to",
    "checksum", "append", "agent-extension", "from", "code", "cut", "link",
}


def mobility_extension(words, role, scene):
    care_of = words.get("care-of", [role.care_of] if role.care_of else [])
    flags = sum(ADVERTISED[letter] for letter in words.get("flags", role.flags))
    data = struct.pack("!HHH", role.sequence, words.get("registration-lifetime", REGISTRATION_LIFETIME), flags)
    return wire.simple(packets.MOBILITY_AGENT, data + b"".join(packets.octets_of(scene.address(one)) for one in care_of))


def advertisement(words, role, scene):
    """The ICMP message of an agent advertisement (RFC 5944 section 2.1)."""
    role.sequence = words.get("sequence", role.sequence + 1)
    role.offers = words.get("flags", role.flags)
    role.registration_lifetime = words.get("registration-lifetime", REGISTRATION_LIFETIME)
    routers = [scene.address(one) for one in words.get("routers", [])]
    body = b"".join(packets.octets_of(one) + bytes(4) for one in routers)
    if words.get("agent-extension", True):
        body += mobility_extension(words, role, scene)
    if "prefix-lengths" in words:
        body += wire.simple(PREFIX_LENGTHS, bytes(words["prefix-lengths"]))
    if "challenge" in words:
        role.challenge = challenge_of(words["challenge"])
        body += wire.simple(packets.CHALLENGE, role.challenge)
    body = body[: len(body) - words.get("cut", 0)] + bytes.fromhex(words.get("append", ""))
    rest = struct.pack("!BBH", len(routers), 2, words.get("lifetime", LIFETIME))
    message = packets.icmp(packets.ADVERTISEMENT, words.get("code", 0), rest, body)
    if words.get("checksum") == "wrong":
        message = message[:2] + bytes([message[2] ^ 1]) + message[3:]
    return message


def challenge_of(value):
    return secrets.token_bytes(8) if value == "fresh" else bytes.fromhex(value)


# ---- replies

REPLY_WORDS = {
    "by", "code", "lifetime", "home", "home-agent", "identification", "chain", "first", "then", "edits", "from", "to", "checksum", "port",
    "link", "clock", "heeded", "challenge", "of", "sender",
}


def dynamic_home_agent(value, scene):
    subtype, address = value
    return wire.long(wire.DYNAMIC_HOME_AGENT, subtype, packets.octets_of(scene.address(address)))


PLAIN = {
    **{word: (lambda value, scene, build=build: build(value, scene)) for word, build in messages.PLAIN.items()},
    "udp-reply": lambda value, scene: wire.short(wire.UDP_TUNNEL_REPLY, 0, struct.pack("!BHH", value[0], 0, value[1])),
    "dynamic-home-agent": dynamic_home_agent,
    "nai": lambda value, scene: wire.simple(wire.NAI, (value or scene.profile["nai"]).encode()),
}
SIGNS = {"mhae": "home", "mfae": "foreign", "aaa": "aaa", "fhae": "home"}
CHAIN_WORDS = set(PLAIN) | set(SIGNS)


def append(message, item, scene):
    """One item of a chain: a word, or {word: value}."""
    word, value = (item, None) if isinstance(item, str) else next(iter(item.items()))
    if word in SIGNS:
        association = scene.secrets.get(SIGNS[word], scene.secrets["home"])
        return messages.sign(message, word, value or {}, [association], wire.NO_CHALLENGE)
    return message + PLAIN[word](1 if word == "pad" and value is None else value, scene)


def is_of_home(code):
    """Whose word a code is: a foreign agent says 2 to 127 and 194."""
    return not 2 <= code <= 127 and code != 194


def default_chain(words, scene, request):
    """NAI of the request, `first`, Mobile-Home where the home agent speaks, `then`, a challenge, Mobile-Foreign where it belongs."""
    chain = ["nai"] if request.of(wire.NAI) else []
    chain += words.get("first", [])
    if is_of_home(words.get("code", 0)):
        chain += ["mhae"]
    chain += words.get("then", [])
    if "challenge" in words:
        chain += [{"challenge": words["challenge"]}]
    return chain + (["mfae"] if request.of(wire.MOBILE_FOREIGN) else [])


def reply_identification(words, scene, request):
    """What the request has, but for the high half of a nonce, and of a mismatch, which is the home agent's clock."""
    identification = request.identification
    if scene.profile["replay"] == "nonce" and is_of_home(words.get("code", 0)):
        identification = secrets.randbits(32) << 32 | request.low
    elif "clock" in words:
        identification = ((wire.ntp_now() >> 32) + words["clock"]) % 2**32 << 32 | request.low
    return identification ^ {"other low half": 1, "other high half": 1 << 32, None: 0}[words.get("identification")]


def reply(words, scene, request):
    """The octets of a Registration Reply."""
    home = request.home if request.home != "0.0.0.0" else "10.64.0.77"
    home_agent = words.get("home-agent")
    message = wire.build_reply(
        words.get("code", 0), words.get("lifetime", request.lifetime), scene.address(words.get("home", home)),
        scene.address(home_agent or scene.home_agent_of(request)), reply_identification(words, scene, request),
    )
    for item in words.get("chain", default_chain(words, scene, request)):
        message = append(message, item, scene)
    return messages.edited(message, words.get("edits", []))
