"""From a case's words to octets: the values that a case names, a chain of extensions, edits of single octets.

A sender is one node in one case: it remembers what it sent and what it was told. Everything that `send` of a case may
say is a row of a table here; docs/conformance.md explains them.
"""

import ipaddress
import re
import secrets
import struct

import wire

# Addresses that mean the same in every case; the others are looked up (Scene.address).
ADDRESSES = {
    "zero": "0.0.0.0",
    "ones": "255.255.255.255",
    "multicast": "224.0.1.20",
    "loopback": "127.0.0.1",
    "reserved": "240.0.0.1",
    "nowhere": "203.0.113.77",
    "stranger": "203.0.113.9",
}


class Sender:
    """A node as one case uses it."""

    def __init__(self, node):
        self.node = node
        self.newest = 0  # time stamp of the newest registration that was meant to count
        self.told = 0  # identification of the last reply
        self.nonces = []  # high halves of replies, oldest first
        self.assigned = None  # home address given by the agent
        self.last_sent_at = 0.0

    def next_stamp(self):
        self.newest = max(self.newest + 1, wire.ntp_now())
        return self.newest


class Sent:
    """A message on its way: the octets, and what its answer must agree with."""

    def __init__(self, octets, sender, link, fields, associations, agent):
        self.octets = octets
        self.sender = sender
        self.link = link
        self.fields = fields
        self.associations = associations  # that the node used, in order
        self.agent = agent  # the foreign agent it came from, if that has associations
        self.identification = int.from_bytes(octets[16:24], "big") if len(octets) >= 24 else 0
        self.low = self.identification & 0xFFFFFFFF
        self.at_s = wire.ntp_now() >> 32
        self.asked = {}  # data of the extensions by type


# ---- identification


def unit(term, profile):
    """Seconds with s after them, else units of 2^-32 s."""
    if term == "tolerance":
        return profile["tolerance"] << 32
    return int(term[:-1]) << 32 if term.endswith("s") else int(term)


def stamp(expression, sender, profile):
    """`now`, `newest` (the newest that counted), `told` (of the last reply), `next-second` (after the
    newest) or `zero`, and terms: now-tolerance-2s, newest-1."""
    base, *terms = re.split(r"(?=[+-](?:tolerance|\d))", expression)
    value = {
        "now": wire.ntp_now, "newest": lambda: sender.newest, "told": lambda: sender.told, "zero": lambda: 0,
        "next-second": lambda: ((sender.newest >> 32) + 1) << 32,
    }[base]()
    for term in terms:
        value += unit(term[1:], profile) * (1 if term[0] == "+" else -1)
    return value & 0xFFFFFFFFFFFFFFFF


def nonce(word, sender):
    """The high half: `last` as told, `wrong` (one bit off), `previous`, `none`."""
    if word == "none":
        return 0x5A5A5A5A
    if not sender.nonces:
        raise KeyError("the node has not been told a nonce yet")
    return {
        "last": sender.nonces[-1], "wrong": sender.nonces[-1] ^ 1, "previous": sender.nonces[-2:][0],
    }[word]


def identification(words, sender, profile):
    if words is None:
        words = "nonce last" if sender.node.replay == "nonce" else "fresh"
    if words == "fresh":
        return sender.next_stamp()
    if words.startswith("nonce "):
        return nonce(words[6:], sender) << 32 | secrets.randbits(32)
    return stamp(words, sender, profile)


# ---- extensions


def udp_tunnel_request(flags="", encapsulation=0, reserved3=0):
    bits = (0x80 if "F" in flags else 0) | (0x40 if "R" in flags else 0)
    return wire.short(wire.UDP_TUNNEL_REQUEST, 0, struct.pack("!BBBH", 0, bits, encapsulation, reserved3))


def vendor(kind, number=0x00FFFFFE, subtype=1, value="00"):
    data = struct.pack("!IH", number, subtype) + bytes.fromhex(value)
    return wire.long(kind, 0, data) if kind == wire.CRITICAL_VENDOR else wire.simple(kind, b"\0\0" + data)


def address_octets(text):
    return ipaddress.IPv4Address(text).packed


def revocation_support(inform=False, offset=0):
    seconds = (wire.ntp_now() >> 32) + offset
    return wire.simple(wire.REVOCATION_SUPPORT, struct.pack("!HI", 0x8000 if inform else 0, seconds & 0xFFFFFFFF))


# Extensions that are no authentication: word of a case to function of (its value, the scene).
PLAIN = {
    "pad": lambda count, scene: b"\0" * count,
    "simple": lambda value, scene: wire.simple(value[0], bytes.fromhex(value[1])),
    "long": lambda value, scene: wire.long(value[0], value[1], bytes.fromhex(value[2])),
    "short": lambda value, scene: wire.short(value[0], value[1], bytes.fromhex(value[2])),
    "filler": lambda value, scene: wire.simple(value[0], bytes(value[1])),
    "octets": lambda value, scene: bytes.fromhex(value),
    "challenge": lambda value, scene: wire.simple(wire.CHALLENGE, bytes.fromhex(value)),
    "udp-tunnel": lambda value, scene: udp_tunnel_request(**value),
    "critical-vendor": lambda value, scene: vendor(wire.CRITICAL_VENDOR, **value),
    "vendor": lambda value, scene: vendor(wire.VENDOR, **value),
    "requested-agent": lambda value, scene: wire.long(
        wire.DYNAMIC_HOME_AGENT, 1, address_octets(scene.address(value))
    ),
    "requested-agent-short": lambda value, scene: wire.short(
        wire.DYNAMIC_HOME_AGENT, 1, address_octets(scene.address(value))
    ),
    "revocation-support": lambda value, scene: revocation_support(**value),
    "gfa": lambda value, scene: wire.simple(wire.GFA_ADDRESS, b"\0\0" + address_octets(scene.address(value))),
}

# Authentications: word of a case to type, subtype and whose associations.
AUTHENTICATIONS = {
    "mhae": (wire.MOBILE_HOME, None, "home"),
    "fhae": (wire.FOREIGN_HOME, None, "foreign"),
    "mfae": (wire.MOBILE_FOREIGN, None, "home"),
    "aaa": (wire.GENERALIZED, wire.MOBILE_AAA, "aaa"),
}


def sign(message, word, details, associations, challenge):
    """Append an authentication. Details: `association` (which, from 0), `spi`, `algorithm`, `key: wrong`, `size` of the
    authenticator, `flip` (a bit of the extension), `flip-authenticator` (a bit of that), `agent` (whose, for fhae)."""
    kind, subtype, _ = AUTHENTICATIONS[word]
    association = associations[details.get("association", 0)]
    key = association.key
    if details.get("key") == "wrong":
        key = bytes(octet ^ 0xFF for octet in key)
    size = details.get("size")
    signed = wire.sign(
        message, kind, details.get("spi", association.spi), details.get("algorithm", association.algorithm), key,
        subtype, challenge, size,
    )
    if "flip" in details:
        return flip(signed, len(message) * 8 + details["flip"])
    if "flip-authenticator" in details:
        begin = len(message) + (6 if subtype is None else 8)
        return flip(signed, begin * 8 + details["flip-authenticator"])
    return signed


def flip(octets, bit):
    """One bit inverted; bit 0 is the first on the wire."""
    changed = bytearray(octets)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


def challenge_of(message):
    """The challenge that CHAP is about; the value 0 where there is none."""
    try:
        found = [e.data for e in wire.walk(message, 24) if e.kind == wire.CHALLENGE]
    except wire.Malformed:
        found = []
    return found[0] if found else wire.NO_CHALLENGE


def append(message, item, scene, sender, agent, used):
    """One item of a chain: a word, or {word: value}."""
    word, value = (item, None) if isinstance(item, str) else next(iter(item.items()))
    if word in AUTHENTICATIONS:
        whose, details = AUTHENTICATIONS[word][2], value or {}
        if whose == "foreign":
            associations = scene.foreign_associations(scene.roles[details["agent"]] if "agent" in details else agent)
        else:
            associations = sender.node.home_associations if whose == "home" else sender.node.aaa_associations
        if word == "mhae":
            used.append(associations[details.get("association", 0)])
        return sign(message, word, details, associations, challenge_of(message))
    if word == "nai":
        return message + wire.simple(wire.NAI, scene.nai(value, sender).encode())
    return message + PLAIN[word](1 if word == "pad" and value is None else value, scene)


def default_chain(send, sender, agent):
    """NAI, `first`, Mobile-Home, `then`, and Foreign-Home where the source has an association."""
    chain = ["nai"] if sender.node.nai else []
    chain += send.get("first", []) + ["mhae"] + send.get("then", [])
    return chain + (["fhae"] if agent and lifetime_is_not_zero(send) else [])


def lifetime_is_not_zero(send):
    return send.get("lifetime", 1) != 0


# ---- edits of finished octets

EDITS = {
    "flip": lambda octets, bit: flip(octets, bit),
    "flip-from-end": lambda octets, bit: flip(octets, len(octets) * 8 - bit),
    "cut": lambda octets, count: octets[: len(octets) - count],
    "keep": lambda octets, count: octets[:count],
    "append": lambda octets, text: octets + bytes.fromhex(text),
}


def edited(octets, edits):
    for edit in edits:
        word, value = next(iter(edit.items()))
        octets = EDITS[word](octets, value)
    return octets


# ---- whole messages


def lifetime_of(words, profile):
    most = profile["max-lifetime"]
    if words is None:
        return min(300, most)
    if isinstance(words, int):
        return words
    named = {"max": most, "max+1": most + 1, "max-1": most - 1, "infinite": wire.INFINITE, "twice max": 2 * most}
    return min(named[words], 0xFFFF if words == "infinite" else 0xFFFE)


SEND_WORDS = {
    "type", "node", "from", "to", "flags", "lifetime", "home", "home-agent", "care-of", "identification", "chain", "first",
    "then", "edits", "checksum", "again", "revocation", "raw",
}


def request(send, scene, sender, link, agent):
    """The octets of a Registration Request as a Sent."""
    profile = scene.profile_of(sender.node)
    default_home = sender.node.home or sender.assigned or "zero"
    fields = {
        "lifetime": lifetime_of(send.get("lifetime"), profile),
        "home": scene.address(send.get("home", default_home), sender, link),
        "home_agent": scene.address(send.get("home-agent", "agent"), sender, link),
        "care_of": scene.address(send.get("care-of") or scene.default_care_of(link), sender, link),
    }
    stamp_of_it = identification(send.get("identification"), sender, profile)
    message = wire.build_request(
        wire.flags_of(send.get("flags", "")), fields["lifetime"], fields["home"], fields["home_agent"],
        fields["care_of"], stamp_of_it,
    )
    if "type" in send:
        message = bytes([send["type"]]) + message[1:]
    used = []
    for item in send.get("chain", default_chain(send, sender, agent)):
        message = append(message, item, scene, sender, agent, used)
    sent = Sent(edited(message, send.get("edits", [])), sender, link, fields, used, agent)
    sent.asked = asked_of(sent.octets)
    return sent


def asked_of(message):
    try:
        return {e.kind: e.data for e in wire.walk(message, 24)}
    except wire.Malformed:
        return {}


REVOCATION_FLAGS = {"A": 0x8000, "I": 0x4000, "r": 0x3FFF}  # r: all that are reserved


def revocation(send, scene, sender, link, agent):
    """A Registration Revocation by a foreign agent (RFC 3543 section 3.3)."""
    words = send["revocation"]
    identifier = (wire.ntp_now() >> 32) + words.get("offset", 1) & 0xFFFFFFFF
    flags = sum(REVOCATION_FLAGS[letter] for letter in words.get("flags", ""))
    home = scene.address(words.get("home", "home"), sender, link)
    message = wire.build_revocation(
        flags, home, scene.address(words.get("home-domain", "agent"), sender, link),
        scene.address(words.get("foreign-domain", scene.default_care_of(link)), sender, link), identifier,
    )
    used = []
    for item in send.get("chain", ["fhae"]):
        message = append(message, item, scene, sender, agent, used)
    sent = Sent(edited(message, send.get("edits", [])), sender, link, {"home": home}, used, agent)
    sent.identifier = identifier
    return sent
