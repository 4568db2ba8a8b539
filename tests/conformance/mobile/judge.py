"""Is it right what the node sends? What every request must hold to is checked every time, whatever a case expects; what the case expects
comes on top. What is wrong is a Wrong with a sentence.
"""

import ipaddress

import messages as words_of_home
import wire
from foreign import packets
from mobile import peers
from replies import require

INTERVAL_S = 0.75  # the documents say a second; what a busy machine delays is allowed for
CLOCK_S = 5  # the distance allowed between a time stamp and the home agent's clock
FOR_HOME_AGENT = (wire.NAI, wire.DYNAMIC_HOME_AGENT, wire.UDP_TUNNEL_REQUEST)
KNOWN = {*FOR_HOME_AGENT, wire.MOBILE_HOME, wire.CHALLENGE, wire.GENERALIZED, wire.DELIVERY_STYLE, wire.MOBILE_FOREIGN}
ENCAPSULATIONS = {"ipip": "", "minimal": "M", "gre": "G"}

REQUEST_WORDS = {
    "via", "flags", "lifetime", "home-agent", "care-of", "to", "again", "gap", "within", "clock", "udp", "ends", "patience", "requested", "link",
    "delivery",
}


class Expected:
    """What a request by `via` must be: fa, fa-2, own, own by fa, or home."""

    def __init__(self, expect, scene):
        self.expect, self.scene, self.profile = expect, scene, scene.profile
        self.via = expect.get("via", scene.via)
        self.at_home = self.via == "home"
        self.own = self.via.startswith("own")
        self.agent = scene.roles.get(self.via.removeprefix("own by ")) if not self.at_home else None
        self.ends = self.at_home or expect.get("ends", False)

    def lifetime(self):
        if "lifetime" in self.expect:
            return self.expect["lifetime"]
        if self.ends:
            return 0
        wanted = self.profile["lifetime"]
        return min(wanted, self.agent.registration_lifetime) if self.agent else wanted

    def flags(self):
        if "flags" in self.expect:
            return set(self.expect["flags"])
        found = {"D"} if self.own else set()
        if self.ends:
            return found
        offers = set("MGT") if self.own else set(self.agent.offers)
        found |= set(ENCAPSULATIONS[self.profile["encapsulation"]]) & offers
        found |= {"T"} & offers if self.profile["reverse-tunnel"] != "no" else set()
        found |= {"S"} if self.profile["simultaneous"] else set()
        return found | ({"B"} if self.own and self.profile["broadcasts"] else set())

    def home_agent(self):
        """The field."""
        if "home-agent" in self.expect:
            return self.scene.address(self.expect["home-agent"])
        if self.scene.home_agent:
            return self.scene.home_agent
        return packets.ALL_ONES if self.profile["nai"] else self.directed_broadcast()

    def directed_broadcast(self):
        return str(ipaddress.IPv4Network(self.profile["home-network"]).broadcast_address)

    def care_of(self):
        if "care-of" in self.expect:
            return self.scene.address(self.expect["care-of"])
        if self.at_home:
            return self.scene.home
        return self.profile["address"] if self.own else self.agent.care_of

    def source(self):
        return self.profile["address"] if self.own else self.scene.home

    def destination(self):
        if "to" in self.expect:
            return self.scene.address(self.expect["to"])
        if self.agent:
            return self.agent.address
        return self.scene.home_agent or self.profile["requested-home-agent"] or self.directed_broadcast()

    def link(self):
        """None: it may go to any link address."""
        if "link" in self.expect:
            return self.scene.roles[self.expect["link"]].link
        if self.agent:
            return self.agent.link
        if self.own:
            return peers.ROUTER_LINK
        return self.scene.roles["ha"].link if self.scene.home_agent else None

    def delivery(self):
        wanted = self.profile["encapsulating-delivery"] and self.agent and not self.own and "T" in self.flags()
        return bool(self.expect.get("delivery", wanted))

    def challenge(self):
        return self.agent.challenge if self.agent and self.profile["challenges"] else None


def judge_packet(frame, expected, request):
    require(frame.sound, "its UDP length or checksum is wrong")
    require(frame.source == expected.source(), f"it comes from {frame.source}, not from {expected.source()}")
    require(frame.destination == expected.destination(), f"it goes to {frame.destination}, not to {expected.destination()}")
    require(frame.port_there == packets.PORT, f"it goes to port {frame.port_there}")
    link = expected.link()
    require(link in (None, frame.to), f"its frame goes to {frame.to.hex(':')}, not to {link and link.hex(':')}")
    require("T" not in request.flags or frame.ttl == 255, f"it asks for a reverse tunnel with TTL {frame.ttl}")


def judge_fields(request, expected):
    require(set(request.flags) == expected.flags(), f"its flags are {request.flags or 'none'}, not {''.join(sorted(expected.flags())) or 'none'}")
    require(request.lifetime == expected.lifetime(), f"its lifetime is {request.lifetime}, not {expected.lifetime()}")
    home = expected.scene.home
    require(request.home == home, f"its home address is {request.home}, not {home}")
    require(request.home_agent == expected.home_agent(), f"its home agent is {request.home_agent}, not {expected.home_agent()}")
    require(request.care_of == expected.care_of(), f"its care-of address is {request.care_of}, not {expected.care_of()}")


def one(request, kind, wanted, what):
    """The extension, where exactly one is wanted; none is there otherwise."""
    found = request.of(kind)
    require(len(found) == wanted, f"it has {len(found)} {what}, not {int(wanted)}")
    return found[0] if found else None


def judge_signatures(request, expected):
    secrets = expected.scene.secrets
    home = one(request, wire.MOBILE_HOME, True, "Mobile-Home authentications")
    require(secrets["home"].verifies(home), f"its Mobile-Home authentication (SPI {home.spi}) does not verify")
    late = [e.kind for e in request.extensions if e.kind in FOR_HOME_AGENT and e.begin > home.begin]
    require(not late, f"extensions for the home agent stand behind Mobile-Home: {late}")
    foreign = one(request, wire.MOBILE_FOREIGN, bool(expected.profile["foreign-key"] and expected.agent), "Mobile-Foreign authentications")
    if foreign:
        require(secrets["foreign"].verifies(foreign), "its Mobile-Foreign authentication does not verify")
        require(foreign is request.extensions[-1], "something follows its Mobile-Foreign authentication")
    return home, foreign


def judge_challenge(request, expected, home, foreign):
    value = expected.challenge()
    challenge = one(request, wire.CHALLENGE, value is not None, "challenges")
    aaa = request.of(wire.GENERALIZED, wire.MOBILE_AAA)
    require(len(aaa) <= expected.profile["aaa-key"], f"it has {len(aaa)} MN-AAA authentications")
    if aaa:
        association = expected.scene.secrets["aaa"]
        sound = wire.verifies(aaa[0], association.algorithm, association.key, words_of_home.challenge_of(request.octets))
        require(sound and aaa[0].spi == association.spi, "its MN-AAA authentication does not verify")
        require(aaa[0].begin > home.begin, "its MN-AAA authentication stands before Mobile-Home")
    if not challenge:
        return
    require(challenge.data == value, f"its challenge is {challenge.data.hex()}, not {value.hex()}")
    require(bool(aaa) or not expected.profile["aaa-key"], "it answers a challenge without its MN-AAA authentication")
    if aaa or foreign:
        signer = aaa[0] if aaa else foreign
        require(home.begin < challenge.begin < signer.begin, "its challenge is not between Mobile-Home and what signs it")
    else:
        require(challenge.begin < home.begin, "nothing signs its challenge")


def judge_extensions(request, expected):
    profile = expected.profile
    strange = [e.kind for e in request.extensions if e.kind not in KNOWN]
    require(not strange, f"it has extensions {strange}")
    name = one(request, wire.NAI, bool(profile["nai"]), "names")
    require(name is None or name.data == profile["nai"].encode(), "its name is another")
    asks = expected.own and not expected.ends and expected.expect.get("udp", profile["udp-tunnel"] != "no")
    udp = one(request, wire.UDP_TUNNEL_REQUEST, asks, "UDP Tunnel Requests")
    if udp:
        bits = (0x80 if profile["udp-tunnel"] == "forced" else 0) | (0x40 if expected.agent else 0)
        require(udp.subtype == 0 and udp.data == bytes([0, bits, 0, 0, 0]), f"its UDP Tunnel Request holds {udp.data.hex()}")
    delivery = one(request, wire.DELIVERY_STYLE, expected.delivery(), "Encapsulating Delivery Style extensions")
    require(not delivery or delivery.begin > request.of(wire.MOBILE_HOME)[0].begin, "what is for the agent stands before Mobile-Home")
    wanted = profile["requested-home-agent"] and expected.home_agent() == packets.ALL_ONES
    asked = one(request, wire.DYNAMIC_HOME_AGENT, bool(wanted), "Requested HA extensions")
    if asked:
        require(asked.subtype == 1 and asked.data == packets.octets_of(expected.expect.get("requested", expected.scene.requested)),
                f"it asks for the home agent {asked.data.hex()}")


def judge_identification(request, expected, before):
    """Of a new request: a time, or a nonce with a fresh low half."""
    scene, profile = expected.scene, expected.profile
    if profile["replay"] == "nonce":
        require(scene.nonce in (None, request.high), f"its nonce is {request.high:#x}, not the one that it was given")
        require(not before or before.low != request.low, "the low half of its identification is that of the last")
        return
    clock = (wire.ntp_now() >> 32) + scene.clock
    require(abs(request.high - clock) <= CLOCK_S, f"its time stamp is {request.high - clock} s from the home agent's time")
    require(not scene.newest or request.identification > scene.newest, "its identification is not greater than all before")


def judge_request(frame, request, expect, scene):
    """A request, after `scene.request`, which was the last."""
    expected, before = Expected(expect, scene), scene.request
    judge_packet(frame, expected, request)
    judge_fields(request, expected)
    home, foreign = judge_signatures(request, expected)
    judge_extensions(request, expected)
    judge_challenge(request, expected, home, foreign)
    if before:
        gap = frame.at - scene.asked_at
        least, most = expect.get("gap", INTERVAL_S), expect.get("within")
        require(gap >= least, f"it comes {gap:.2f} s after the last, which is less than {least}")
        require(most is None or gap <= most, f"it comes {gap:.2f} s after the last, which is more than {most}")
    if expect.get("again") and scene.profile["replay"] == "nonce":
        require(request.octets == before.octets, "it is not what was sent before, octet for octet")
    else:
        judge_identification(request, expected, before)
    require(not expected.at_home or scene.announced, "it was not announced by gratuitous ARP before")


# ---- other packets


def judge_keepalive(frame, scene):
    """RFC 3519 section 4.9: an ICMP echo to the home agent, in UDP."""
    require(frame.protocol == packets.UDP and (frame.port, frame.port_there) == (scene.frame.port, packets.PORT), "it is not in UDP from its port")
    require(frame.source == scene.profile["address"] and frame.destination == scene.home_agent, "it does not go the way of the tunnel")
    require(frame.payload[:2] == bytes([wire.TUNNEL_DATA, packets.IPIP]), "it is no tunnelled packet")
    inner = packets.Frame("node", bytes(12) + b"\x08\0" + frame.payload[4:], False)
    require(inner.protocol == packets.ICMP and inner.payload[:1] == b"\x08", "it is no echo request")
    require(inner.destination == scene.home_agent, f"it is for {inner.destination}, not for the home agent")


def judge_solicitation(frame, scene):
    require(frame.ttl == 1, f"its TTL is {frame.ttl}, not 1")
    require(frame.destination in (packets.ALL_ONES, packets.ALL_ROUTERS, packets.ALL_AGENTS), f"it goes to {frame.destination}")
    require(len(frame.payload) == 8 and packets.checksum(frame.payload) == 0, "it is malformed")
    require(frame.payload[1] == 0, f"its code is {frame.payload[1]}")


OUTER = {"ipip": 4, "gre": 47, "minimal": 55, "udp": 17}


def judge_answer(frame, how, marker, scene):
    """The answer to an echo request, on its way back: `how` is the encapsulation of its tunnel, or None."""
    require(frame.packet[-len(marker):] == marker, "the answer is another")
    if how == "to agent":
        require(frame.protocol == 4, "the answer is in no tunnel to the agent")
        require((frame.source, frame.destination) == (scene.home, scene.roles[scene.via].address), "the tunnel is not one to the agent")
        return
    if how is None:
        require(frame.source == scene.home, f"the answer comes from {frame.source}, not from the home address")
        require(frame.destination == peers.CORRESPONDENT, f"the answer goes to {frame.destination}")
        return
    require(frame.protocol == OUTER[how], f"the answer is in protocol {frame.protocol}, not {OUTER[how]}")
    require(frame.source == scene.profile["address"], f"the tunnel begins at {frame.source}, not at the care-of address")
    require(frame.destination == scene.home_agent, f"the tunnel ends at {frame.destination}, not at the home agent")
