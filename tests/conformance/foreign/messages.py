"""From a case's words to octets: what mobile nodes send to the agent, and what home agents answer it. Extensions, signatures and
edits are those of the suite for home agents; what is a row of a table here is explained in docs/conformance.md.
"""

import secrets
import struct

import messages
import wire
from foreign import packets

# Words of a case for extensions that the suite for home agents has not, or has otherwise: function of (value, scene, node).
PLAIN = {
    **{word: (lambda value, scene, node, build=build: build(value, scene)) for word, build in messages.PLAIN.items()},
    "challenge": lambda value, scene, node: wire.simple(wire.CHALLENGE, scene.challenge(value, node)),
    "delivery": lambda value, scene, node: wire.simple(wire.DELIVERY_STYLE, bytes.fromhex(value)),
    "udp-reply": lambda code, scene, node: wire.short(wire.UDP_TUNNEL_REPLY, 0, struct.pack("!BBBH", code, 0, 0, 110)),
    "message-string": lambda text, scene, node: wire.short(wire.MESSAGE_STRING, 1, text.encode()),
    "nai": lambda text, scene, node: wire.simple(wire.NAI, (text or node.nai).encode()),
}
EDITS = messages.EDITS
WORDS_WITHOUT_VALUE = {"pad": 1, "nai": None, "challenge": "due"}


class Request:
    """A request on its way: the octets, and what the agent must make of it."""

    def __init__(self, octets, node, home_agent, fields):
        self.octets, self.node, self.home_agent, self.fields = octets, node, home_agent, fields
        self.identification = octets[16:24]
        self.kept = octets[: end_of_authorization(octets, 24, (wire.MOBILE_HOME, wire.GENERALIZED))]
        self.extensions = walked(octets, 24)
        self.source = self.destination = self.port = self.ttl = None  # of the packet that it was sent in

    def flag(self, letter):
        return bool(self.octets[1:2] and self.octets[1] & wire.FLAGS[letter])

    def of(self, kind):
        return [e for e in self.extensions if e.kind == kind]


class Answer:
    """A home agent's reply on its way."""

    def __init__(self, octets, request):
        self.octets, self.request = octets, request
        self.kept = octets[: end_of_authorization(octets, 20, (wire.MOBILE_HOME,))]
        self.accepts = octets[1:2] in (b"\0", b"\1")
        self.home = packets.text_of(octets[4:8])
        self.extensions = walked(octets, 20)


def walked(octets, begin):
    """The extensions, to the first that is not sound."""
    found = []
    try:
        for extension in wire.each(octets, begin):
            found.append(extension)
    except wire.Malformed:
        pass
    return found


def end_of_authorization(octets, begin, kinds):
    """Where the last extension ends that authorises the message; with none of them, the fixed part."""
    return max([e.end for e in walked(octets, begin) if e.kind in kinds] or [begin])


# ---- extensions


def association_for(word, details, node, home_agent):
    """Whose secret signs; a made-up one where nothing is shared."""
    known = {
        "mhae": node.home_association, "aaa": node.aaa_association, "mfae": node.agent_association,
        "fhae": home_agent.association if home_agent else None,
    }[word]
    return known or node.home_association


def append(message, item, scene, node, home_agent):
    """One item of a chain: a word, or {word: value}."""
    word, value = (item, None) if isinstance(item, str) else next(iter(item.items()))
    if word in messages.AUTHENTICATIONS:
        details = value or {}
        association = association_for(word, details, node, home_agent)
        return messages.sign(message, word, details, [association], messages.challenge_of(message))
    return message + PLAIN[word](WORDS_WITHOUT_VALUE.get(word) if value is None else value, scene, node)


def default_request_chain(send, scene, node):
    """NAI where the home address is zero, `first`, Mobile-Home, `then`, a challenge with MN-AAA where it must be, Mobile-Foreign
    where it can be."""
    chain = ["nai"] if send.get("home") == "zero" else []
    chain += send.get("first", []) + ["mhae"] + send.get("then", [])
    if scene.profile["challenges"] and node.agent_association is None:
        chain += ["challenge", "aaa"]
    return chain + (["mfae"] if node.agent_association else [])


# ---- whole messages

SEND_WORDS = {
    "node", "flags", "lifetime", "home", "home-agent", "care-of", "identification", "chain", "first", "then", "edits", "checksum",
    "ttl", "to", "from", "again", "type",
}
ANSWER_WORDS = {
    "code", "lifetime", "home", "home-agent", "identification", "chain", "first", "then", "edits", "checksum", "from", "port",
    "to", "again", "type", "icmp", "quote",
}


def lifetime_of(words, profile):
    if isinstance(words, int):
        return words
    most = profile["max-lifetime"]
    return {"max": most, "max+1": most + 1, "infinite": wire.INFINITE, None: min(300, most)}[words]


def stamp_of(label, scene, node):
    """A fresh identification, or that of an earlier request, by its label."""
    return node.next_stamp() if label is None else int.from_bytes(scene.labels[label].identification, "big")


def default_flags(profile):
    """What the agent demands of everybody."""
    return "T" if profile["reverse-tunnel"] == "required" else ""


def request(send, scene, node, home_agent):
    """The octets of a Registration Request as a Request."""
    fields = {
        "lifetime": lifetime_of(send.get("lifetime"), scene.profile),
        "home": scene.address(send.get("home", "home"), node),
        "home_agent": scene.address(send.get("home-agent", "ha"), node),
        "care_of": scene.address(send.get("care-of", "care-of"), node),
    }
    flags = wire.flags_of(send.get("flags", default_flags(scene.profile)))
    message = wire.build_request(
        flags, fields["lifetime"], fields["home"], fields["home_agent"], fields["care_of"],
        stamp_of(send.get("identification"), scene, node),
    )
    if "type" in send:
        message = bytes([send["type"]]) + message[1:]
    for item in send.get("chain", default_request_chain(send, scene, node)):
        message = append(message, item, scene, node, home_agent)
    return Request(messages.edited(message, send.get("edits", [])), node, home_agent, fields)


def default_answer_chain(words, request_of_it, relayed):
    """What the request has is returned: NAI, `first`, Mobile-Home, `then`, and Foreign-Home if the agent signed."""
    chain = ["nai"] if request_of_it.of(wire.NAI) else []
    chain += words.get("first", []) + ["mhae"] + words.get("then", [])
    signed = any(e.kind == wire.FOREIGN_HOME for e in walked(relayed, 24))
    return chain + (["fhae"] if signed else [])


def answer(words, scene, request_of_it, relayed):
    """A Registration Reply by the home agent to `relayed`, the octets of the request that came to it, as an Answer."""
    node, home_agent = request_of_it.node, request_of_it.home_agent
    stamp = int.from_bytes(request_of_it.identification, "big")
    stamp ^= {"other low half": 1, "other high half": 1 << 32, None: 0}[words.get("identification")]
    home = request_of_it.fields["home"]
    if home == "0.0.0.0":
        home = node.home
    message = wire.build_reply(
        words.get("code", 0), lifetime_of(words.get("lifetime", request_of_it.fields["lifetime"]), scene.profile),
        scene.address(words.get("home", home), node), scene.address(words.get("home-agent", home_agent.address), node), stamp,
    )
    if "type" in words:
        message = bytes([words["type"]]) + message[1:]
    for item in words.get("chain", default_answer_chain(words, request_of_it, relayed)):
        message = append(message, item, scene, node, home_agent)
    return Answer(messages.edited(message, words.get("edits", [])), request_of_it)


REVOKED_WORDS = {"node", "by", "flags", "offset", "home", "home-domain", "foreign-domain", "chain", "edits", "again"}


class Revocation:
    """A home agent's revocation on its way."""

    def __init__(self, octets, home_agent):
        self.octets, self.home_agent = octets, home_agent
        self.home, self.identifier = octets[4:8], octets[16:20]


def revocation(words, scene):
    """A Registration Revocation (RFC 3543 section 3.3) by `by`, the home agent `ha` unless given; A is set unless flags are given, and
    the identifier is the clock of the reply's Revocation Support and `offset`."""
    if "again" in words:
        return scene.labels[words["again"]]
    node, home_agent = scene.senders[words.get("node", "mn")], scene.agents[words.get("by", "ha")]
    identifier = (wire.ntp_now() >> 32) + words.get("offset", 1) & 0xFFFFFFFF
    message = wire.build_revocation(
        sum(messages.REVOCATION_FLAGS[letter] for letter in words.get("flags", "A")), scene.address(words.get("home", "home"), node),
        scene.address(words["home-domain"], node) if "home-domain" in words else home_agent.address,
        scene.address(words.get("foreign-domain", "care-of"), node), identifier,
    )
    for item in words.get("chain", ["fhae"]):
        message = append(message, item, scene, node, home_agent)
    return Revocation(messages.edited(message, words.get("edits", [])), home_agent)


def random_challenge():
    return secrets.token_bytes(8)
