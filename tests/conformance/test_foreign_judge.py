"""Each thing that is wrong with what a foreign agent sends is noticed."""

import pytest

import profiles
import wire
from associations import Association
from engine import Failed
from foreign import engine, judge, keys, messages, packets, peers
from replies import Wrong

CARE_OF, AGENT, HOME_AGENT = "198.51.100.1", "192.0.2.1", "203.0.113.1"
KEY, OTHER_KEY = bytes(range(16)), bytes(range(16, 32))
AGENT_LINK = b"\2\0\0\0\0\1"


class Bench:
    """A request that was sent, and what an agent makes of it that is right but for one thing."""

    def __init__(self, shares_mobile=False, shares_home=False, answer=None, settings=None, **send):
        profile = profiles.parse([
            f"agent: {AGENT}", f"care-of: {CARE_OF} 198.51.100.2", "revocation: offered", "reverse-tunnel: yes", "udp-tunnel: yes",
        ], keys=keys.KEYS).overlaid(settings or {})
        self.session = engine.Session(None, None, profile)
        self.scene = engine.Scene(self.session, {"id": "x"})
        self.node = peers.Node(7, "10.64.0.1", Association(300, "hmac-md5", KEY) if shares_mobile else None)
        self.home_agent = peers.HomeAgent(HOME_AGENT, Association(400, "hmac-md5", OTHER_KEY) if shares_home else None)
        self.scene.senders, self.scene.agents = {"mn": self.node}, {"ha": self.home_agent}
        self.sent = messages.request(send, self.scene, self.node, self.home_agent)
        self.sent.source, self.sent.destination, self.sent.port = self.node.home, AGENT, self.node.port
        self.reply = messages.answer(answer or {}, self.scene, self.sent, self.relay_octets())

    # ---- towards the home agent

    def relay_octets(self, udp=1, revocation=None, sign=None, added=b"", changed=None):
        octets = bytearray(self.sent.kept)
        if changed is not None:
            octets[changed] ^= 1
        octets = bytes(octets) + added
        octets += udp * wire.short(wire.UDP_TUNNEL_REQUEST, 0, bytes(5))
        if revocation if revocation is not None else self.home_agent.association:
            octets += wire.simple(wire.REVOCATION_SUPPORT, b"\0\0\1\2\3\4")
        for _ in range(sign if sign is not None else int(self.home_agent.association is not None)):
            octets = wire.sign(octets, wire.FOREIGN_HOME, 400, "hmac-md5", OTHER_KEY)
        return octets

    def relayed(self, octets=None, source=CARE_OF, destination=HOME_AGENT, sum_is=None, begun=False, expect=None):
        datagram = packets.udp(source, 434, destination, 434, self.relay_octets() if octets is None else octets, sum_is)
        frame = packets.frame(bytes(6), AGENT_LINK, packets.ip(packets.UDP, source, destination, datagram))
        judge.judge_relayed(packets.Frame("home", frame, begun), self.sent, expect or {}, self.scene)

    # ---- towards the node

    def to_node(self, octets, to=None, source=AGENT, destination=None, port=None, ttl=64):
        destination = self.node.home if destination is None else destination
        datagram = packets.udp(source, 434, destination, self.node.port if port is None else port, octets)
        packet = packets.ip(packets.UDP, source, destination, datagram, ttl)
        return packets.Frame("visited", packets.frame(self.node.link if to is None else to, AGENT_LINK, packet), False)

    def signed(self, octets, times=1):
        for _ in range(times if self.node.agent_association else 0):
            octets = wire.sign(octets, wire.MOBILE_FOREIGN, 300, "hmac-md5", KEY)
        return octets

    def passed_on(self, added=b"", octets=None, sign=1, expect=None, **how):
        octets = self.reply.kept if octets is None else octets
        judge.judge_passed_on(self.to_node(self.signed(octets + added, sign), **how), self.reply, expect or {}, self.scene)

    def denied(self, code=77, lifetime=300, home=None, home_agent=HOME_AGENT, stamp=0, added=b"", sign=1, expect=None, **how):
        identification = int.from_bytes(self.sent.identification, "big") + stamp
        octets = wire.build_reply(code, lifetime, home or self.sent.fields["home"], home_agent, identification) + added
        judge.judge_denial(self.to_node(self.signed(octets, sign), **how), self.sent, expect or {"code": 77}, self.scene)


def test_right_ones_are_right():
    Bench().relayed()
    Bench().passed_on()
    Bench().denied()
    both = Bench(shares_mobile=True, shares_home=True, then=[{"simple": [200, "aa"]}], answer={"then": [{"simple": [201, "aa"]}]})
    both.relayed(expect={"with": [34, 144, 137]})
    both.passed_on(expect={"with": [33], "without": [34, 201]})
    both.denied(expect={"code": [70, 77], "with": [33]})


RELAYED = {
    "source": ({"source": "198.51.100.2"}, "it comes from 198.51.100.2"),
    "destination": ({"destination": "203.0.113.2"}, "it goes to 203.0.113.2"),
    "checksum": ({"sum_is": "wrong"}, "UDP length or checksum"),
    "missing": ({"expect": {"with": [200]}}, "of extension 200 it has 0"),
    "present": ({"expect": {"without": [144]}}, "144, which does not belong"),
}


@pytest.mark.parametrize("what", sorted(RELAYED))
def test_wrong_packet_to_the_home_agent_is_noticed(what):
    change, why = RELAYED[what]
    with pytest.raises(Wrong, match=why):
        Bench().relayed(**change)


def test_checksum_that_is_only_begun_says_nothing():
    Bench().relayed(sum_is="wrong", begun=True)


RELAYED_OCTETS = {
    "first": ({"changed": 0}, "was changed before"),
    "last": ({"changed": 45}, "was changed before"),
    "no-udp": ({"udp": 0}, "0 UDP Tunnel Requests"),
    "two-udp": ({"udp": 2}, "2 UDP Tunnel Requests"),
    "no-revocation": ({"revocation": False}, "0 Revocation Support"),
    "unsigned": ({"sign": 0}, "0 authentications 34"),
    "signed-twice": ({"sign": 2}, "2 authentications 34"),
    "left": ({"added": wire.simple(200, b"\xaa")}, r"are relayed: \[200\]"),
    "not-skippable": ({"added": wire.simple(60, b"")}, "not for a home agent"),
    "broken": ({"added": b"\xc9\xff"}, "malformed"),
}


@pytest.mark.parametrize("what", sorted(RELAYED_OCTETS))
def test_wrong_octets_to_the_home_agent_are_noticed(what):
    change, why = RELAYED_OCTETS[what]
    bench = Bench(shares_home=True, then=[{"simple": [200, "aa"]}])
    with pytest.raises(Wrong, match=why):
        bench.relayed(bench.relay_octets(**change))


def test_nothing_is_signed_where_nothing_is_shared():
    bench = Bench()
    with pytest.raises(Wrong, match="nothing is shared"):
        bench.relayed(bench.relay_octets(sign=1))
    with pytest.raises(Wrong, match="1 Revocation Support"):
        bench.relayed(bench.relay_octets(revocation=True))


@pytest.mark.parametrize("send", [{"lifetime": 0}, {"flags": "D", "care-of": "198.51.100.77"}], ids=["deregistration", "own"])
def test_nothing_is_added_for_whom_is_not_served(send):
    bench = Bench(shares_home=True, **send)
    bench.relayed(bench.relay_octets(udp=0, revocation=False, sign=0))
    for change in ({"udp": 1}, {"revocation": True}, {"sign": 1}):
        with pytest.raises(Wrong):
            bench.relayed(bench.relay_octets(**{"udp": 0, "revocation": False, "sign": 0, **change}))


PASSED_ON = {
    "link": ({"to": b"\xff" * 6}, "not to the node's link address"),
    "source": ({"source": CARE_OF}, "it comes from"),
    "destination": ({"destination": "255.255.255.255"}, "it goes to 255.255.255.255"),
    "port": ({"port": 434}, "to port 434"),
    "ttl": ({"ttl": 0}, "TTL is 0"),
    "unsigned": ({"sign": 0}, "0 authentications 33"),
    "signed-twice": ({"sign": 2}, "2 authentications 33"),
    "left": ({"added": wire.simple(201, b"\xaa")}, r"are passed on: \[201\]"),
    "not-skippable": ({"added": wire.simple(44, b"\0\0")}, "may not add"),
    "error": ({"added": wire.short(45, 0, b"\x44")}, "1 FA Errors"),
    "no-error": ({"expect": {"status": 68}}, "0 FA Errors"),
    "string": ({"added": wire.short(145, 2, b"no")}, "1 Message Strings"),
    "challenge": ({"added": wire.simple(132, bytes(8))}, "1 challenges"),
    "octets": ({"octets": b"\3\1" + bytes(18)}, "was changed before"),
    "short": ({"octets": b"\3\1"}, "malformed"),
}


@pytest.mark.parametrize("what", sorted(PASSED_ON))
def test_wrong_reply_to_the_node_is_noticed(what):
    change, why = PASSED_ON[what]
    bench = Bench(shares_mobile=True, answer={"then": [{"simple": [201, "aa"]}]})
    with pytest.raises(Wrong, match=why):
        bench.passed_on(**change)


DENIED = {
    "code": ({"code": 70}, "its code is 70"),
    "lifetime": ({"lifetime": 0}, "its lifetime is 0"),
    "home": ({"home": "10.64.0.9"}, "home address is 10.64.0.9"),
    "home-agent": ({"home_agent": AGENT}, "home agent is 192.0.2.1"),
    "identification": ({"stamp": 1}, "identification is not"),
    "signed-as-home-agent": ({"added": wire.sign(b"", 32, 5, "hmac-md5", KEY)}, "signed as a home agent's"),
    "unsigned": ({"sign": 0}, "0 authentications 33"),
    "source": ({"source": "192.0.2.9"}, "it comes from 192.0.2.9"),
    "error": ({"added": wire.short(145, 1, b"no"), "expect": {"code": 77}}, "1 Message Strings"),
}


@pytest.mark.parametrize("what", sorted(DENIED))
def test_wrong_denial_is_noticed(what):
    change, why = DENIED[what]
    with pytest.raises(Wrong, match=why):
        Bench(shares_mobile=True).denied(**change)


def test_too_long_lifetime_is_told_with_the_longest():
    bench = Bench(lifetime="max+1")
    bench.denied(code=69, lifetime=1800, expect={"code": 69})
    with pytest.raises(Wrong, match="its lifetime is 1801, not 1800"):
        bench.denied(code=69, lifetime=1801, expect={"code": 69})


def test_strings_and_challenges_are_judged_where_they_belong():
    bench = Bench(settings={"message-strings": "denied", "challenges": "yes", "challenge-in-reply": "yes"}, chain=["mhae"])
    fresh = wire.simple(132, b"12345678")
    bench.denied(added=fresh + wire.short(145, 2, b"no"))
    assert bench.session.offered[bench.node.link] == b"12345678"
    with pytest.raises(Wrong, match="subtype of its Message String is 1"):
        bench.denied(added=fresh + wire.short(145, 1, b"no"))
    with pytest.raises(Wrong, match="0 challenges"):
        bench.denied()
    with pytest.raises(Wrong, match="Message Strings"):
        bench.passed_on(added=fresh + wire.short(145, 2, b"welcome"))


def test_error_in_an_extension_or_in_its_place():
    error = wire.short(45, 0, b"\x44")
    as_extension, in_place = Bench(settings={"fa-errors": "yes"}), Bench()
    reply, scene = as_extension.reply, as_extension.scene
    judge.judge_refusal(as_extension.to_node(reply.kept + error), reply, {"status": 68}, scene)
    octets = wire.build_reply(68, 300, in_place.node.home, HOME_AGENT, int.from_bytes(in_place.sent.identification, "big"))
    judge.judge_refusal(in_place.to_node(octets), in_place.reply, {"status": 68}, in_place.scene)
    with pytest.raises(Wrong, match="FA Error holds 45, not 44"):
        wrong = wire.short(45, 0, b"\x45")
        judge.judge_refusal(as_extension.to_node(reply.kept + wrong), reply, {"status": 68}, scene)
    with pytest.raises(Wrong, match="its code is 0, not 68"):
        judge.judge_refusal(in_place.to_node(in_place.reply.kept), in_place.reply, {"status": 68}, in_place.scene)


def delivered(bench, to=None, destination=None, marker=b"12345678", port=packets.DATA_PORT, side="visited"):
    destination = destination or bench.node.home
    datagram = packets.udp("203.0.113.77", 9, destination, port, marker)
    packet = packets.ip(packets.UDP, "203.0.113.77", destination, datagram)
    frame = packets.Frame(side, packets.frame(to or bench.node.link, AGENT_LINK, packet), False)
    judge.judge_delivered(frame, bench.node, bench.node.home, b"12345678", bench.scene)


def test_what_is_delivered_is_judged():
    delivered(Bench())
    for change, why in [
        ({"to": b"\xff" * 6}, "not to the node's link address"), ({"destination": "10.64.0.9"}, "it goes to 10.64.0.9"),
        ({"marker": b"12345679"}, "another packet"), ({"port": 434}, "another packet"),
    ]:
        with pytest.raises(Wrong, match=why):
            delivered(Bench(), **change)


def test_error_about_a_packet_is_noticed():
    about = packets.ip(packets.ICMP, AGENT, HOME_AGENT, packets.icmp(3, 1, bytes(4), bytes(28)))
    assert packets.Frame("home", packets.frame(bytes(6), AGENT_LINK, about), False).is_data()
    assert not packets.Frame("visited", packets.frame(bytes(6), AGENT_LINK, about), False).is_data()


class Scripted:
    """Links on which certain frames come, whatever is sent."""

    def __init__(self, frames):
        self.frames, self.visited = list(frames), type("Link", (), {"link": b"\2\0\0\0\0\2", "send": lambda self, octets: None})()

    def receive(self, seconds):
        return self.frames.pop(0) if self.frames else None


def test_what_comes_late_is_charged_to_its_case():
    bench = Bench()
    other = engine.Scene(bench.session, {"id": "other"})
    bench.session.scenes[bench.node.link] = bench.scene
    bench.session.links = Scripted([bench.to_node(bench.reply.kept)])
    assert bench.session.next_of(other, 0) is None
    assert bench.session.late == [(bench.scene.case, f"a message of type 3 with code 0 came to the node from {AGENT}")]


def test_arp_for_a_node_is_charged_to_its_case():
    bench = Bench()
    bench.session.by_home[bench.node.home] = bench.scene
    question = packets.arp_request(AGENT_LINK, bench.node.home, AGENT)
    frame = packets.frame(packets.BROADCAST_LINK, AGENT_LINK, question, packets.ETHERNET_ARP)
    bench.session.links = Scripted([packets.Frame("visited", frame, False)])
    assert bench.session.next_of(bench.scene, 0) is None
    assert bench.session.late == [(bench.scene.case, "the agent asked for 10.64.0.1 by ARP")]


def test_message_on_the_wrong_side_is_noticed():
    bench = Bench()
    bench.session.scenes[bench.node.link] = bench.scene
    bench.session.links = Scripted([bench.to_node(bench.reply.kept)])
    with pytest.raises(Failed, match="not expected now"):
        bench.scene.await_message("home")


def test_associations_of_a_foreign_agent_are_read():
    nodes, agents = peers.parse([
        f"mobile home=10.64.0.1 spi=256 algorithm=hmac-md5 key={KEY.hex()}  # one",
        f"home-agent address=203.0.113.9 spi=257 algorithm=hmac-sha1 key={KEY.hex()}",
    ])
    assert [(home, one.spi) for home, one in nodes] == [("10.64.0.1", 256)]
    assert [(one.address, one.association.algorithm) for one in agents] == [("203.0.113.9", "hmac-sha1")]
    with pytest.raises(peers.FileError, match="associations:1: the first word must be mobile or home-agent"):
        peers.parse(["foreign-agent address=10.0.0.1"])


def test_generated_associations_are_the_same_for_the_same_seed():
    profile = profiles.parse(["algorithms: hmac-md5 hmac-sha1"], keys=keys.KEYS)
    first, other = list(peers.generated(profile, 20)), list(peers.generated(profile, 20, "x"))
    assert first == list(peers.generated(profile, 20)) != other
    nodes, agents = peers.parse(first)
    assert (len(nodes), len(agents)) == (23, 4)
