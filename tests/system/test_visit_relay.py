"""A mobile node on a foreign link registers with its home agent through agentd's foreign agent: three network namespaces, two
agentds, and a node that is played here, frame by frame.
"""

import contextlib
import os
import socket
import subprocess
import sys
import uuid

import pytest
from agent import Agent
from namespaces import Link, await_link, ip, socket_in
from visiting import Advertisement, Visitor, checksum, datagram, ip_packet, leave_plainly, udp_packet
from waiting import wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../conformance"))

import wire  # noqa: E402

HOME_AGENT, NOBODY, SILENT, SCRIPTED = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"
CARE_OF, HERE = "192.0.2.9", "198.51.100.1"
MOBILE, KEYED = "10.0.0.1", "10.0.0.2"
KEY, KEYED_KEY = bytes(range(16)), bytes(range(16, 32))
VISIT_KEY, AGENTS_KEY = bytes(range(32, 48)), bytes(range(48, 64))

AT_HOME = [
    {"kind": "mobile", "home": MOBILE, "spi": 256, "algorithm": "hmac-md5", "key": KEY.hex()},
    {"kind": "mobile", "home": KEYED, "spi": 256, "algorithm": "hmac-md5", "key": KEYED_KEY.hex()},
    {"kind": "mobile", "home": MOBILE, "spi": 600, "algorithm": "hmac-md5", "key": KEYED_KEY.hex(), "use": "mn-aaa"},
    {"kind": "foreign-agent", "address": CARE_OF, "spi": 700, "algorithm": "hmac-sha256", "key": AGENTS_KEY.hex()},
]
HERE_KEYS = [
    {"kind": "mobile", "home": KEYED, "spi": 300, "algorithm": "hmac-md5", "key": VISIT_KEY.hex()},
    {"kind": "home-agent", "address": HOME_AGENT, "spi": 700, "algorithm": "hmac-sha256", "key": AGENTS_KEY.hex()},
    {"kind": "home-agent", "address": SCRIPTED, "spi": 700, "algorithm": "hmac-sha256", "key": AGENTS_KEY.hex()},
]


class World:
    """Home agent, foreign agent, and the node's end of the visited link."""

    def __init__(self, directory, sections=None, **options):
        self.link = Link(f"{HERE}/24", "198.51.100.77/24")
        self.link.__enter__()
        tag = uuid.uuid4().hex[:8]
        self.home = f"hearth-{tag}-home"
        ip("netns", "add", self.home)
        ip("link", "add", f"hu{tag}", "netns", self.link.names[0], "type", "veth", "peer", "name", f"hh{tag}", "netns", self.home)
        for rule in ("all", "default", self.link.ends[0]):  # what is forged is to be heard
            ip("netns", "exec", self.link.names[0], "sh", "-c", f"echo 0 >/proc/sys/net/ipv4/conf/{rule}/rp_filter")
        for name, end, addresses in ((self.link.names[0], f"hu{tag}", [CARE_OF]),
                                     (self.home, f"hh{tag}", [HOME_AGENT, NOBODY, SILENT, SCRIPTED])):
            for address in addresses:
                ip("-n", name, "address", "add", f"{address}/24", "dev", end)
            ip("-n", name, "link", "set", end, "up")
            ip("netns", "exec", name, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        await_link(self.link.names[0], f"hu{tag}")
        self.silent = socket_in(self.home)
        self.silent.bind((SILENT, 434))
        self.silent.settimeout(20)
        os.makedirs(directory / "home")
        os.makedirs(directory / "here")
        self.home_agent = Agent(str(directory / "home"), {
            "home-agent": {"address": HOME_AGENT, "port": 434}, "registration": {"reverse-tunnel": True},
            "home-networks": {"network-1": "10.0.0.0/24 virtual"}, "dataplane": {"path": "user"},
        }, AT_HOME)
        self.agent = Agent(str(directory / "here"), {
            "home-agent": None, "foreign-agent": {"care-of": CARE_OF, "max-lifetime": 600, **options},
            "advertisement": {"link-1": f"{self.link.ends[0]} foreign solicited"}, **(sections or {}),
        }, HERE_KEYS)
        self.agent.configuration["foreign-agent"]["associations"] = self.agent.configuration["storage"]["associations"]
        self.agent.write_configuration()
        self.home_agent.start(prefix=("ip", "netns", "exec", self.home))
        self.agent.start(prefix=self.link.inside(0))
        self.node = Visitor(self.link.names[1], self.link.ends[1])
        self.node.solicit(MOBILE)
        self.advertised = self.node.hear(Advertisement)

    def close(self):
        self.silent.close()
        self.node.close()
        for agent in (self.agent, self.home_agent):
            agent.__exit__(None, None, None)
        self.link.__exit__()
        ip("netns", "delete", self.home)

    def request(self, home=MOBILE, key=KEY, lifetime=300, flags="", home_agent=HOME_AGENT, care_of=CARE_OF, extensions=b"",
                sign=True):
        message = wire.build_request(wire.flags_of(flags), lifetime, home, home_agent, care_of, wire.ntp_now()) + extensions
        return wire.sign(message, wire.MOBILE_HOME, 256, "hmac-md5", key) if sign else message

    def ask(self, message, home=MOBILE, destination=HERE, number=0, ttl=255):
        """Say it from the link address of that number, and the reply that comes there."""
        link = self.node.link if number == 0 else b"\x02\0\0\0\0" + bytes([number])
        self.node.say(home, destination, 5000 + number, message, ttl, link)

        def wanted(heard):
            source_port, port, payload = datagram(heard)
            if port != 5000 + number or source_port != 434:
                raise ValueError("of another node")
            reply = wire.Reply(payload)
            reply.heard = heard
            return reply

        reply = self.node.hear(wanted)
        assert reply.low == int.from_bytes(message[20:24], "big")
        return reply

    def visitors(self):
        return self.agent.ctl("visitors")

    def counter(self, name):
        return {row["name"]: row["value"] for row in self.agent.ctl("counters")}[name]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Of all cases but one; each speaks from link addresses of its own where it is denied."""
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture
def counted(world):
    """How much a counter has grown since the case began."""
    before = {row["name"]: row["value"] for row in world.agent.ctl("counters")}
    return lambda name: world.counter(name) - before[name]


def test_a_node_registers_and_leaves_through_the_foreign_agent(world, counted):
    assert (world.advertised.flags, world.advertised.care_of) == ("FMGTUX", [CARE_OF])
    reply = world.ask(world.request(flags="GT", lifetime=300))
    assert (reply.code, reply.lifetime, reply.home, reply.home_agent) == (0, 300, MOBILE, HOME_AGENT)
    assert (reply.heard.source, reply.heard.destination) == (HERE, MOBILE)
    assert reply.heard.to_link == socket.PACKET_HOST
    (proof,) = reply.of(wire.MOBILE_HOME)
    assert wire.verifies(proof, "hmac-md5", KEY) and not reply.of(wire.FOREIGN_HOME)
    (row,) = world.visitors()
    assert (row["home"], row["home_agent"], row["care_of"], row["flags"]) == (MOBILE, HOME_AGENT, CARE_OF, "GT")
    assert row["encapsulation"] == "gre" and row["interface"] == world.link.ends[0] and 290 < row["remaining_s"] <= 300
    assert row["link_address"] == ":".join(f"{octet:02x}" for octet in world.node.link)
    wait_for(lambda: world.home_agent.ctl("bindings"), "the binding is in the home agent's store")
    (binding,) = world.home_agent.ctl("bindings")
    assert (binding["home"], binding["care_of"]) == (MOBILE, CARE_OF)
    reply = world.ask(world.request(lifetime=0), destination="224.0.0.11")
    assert (reply.code, reply.lifetime, reply.heard.source) == (0, 0, HERE)
    assert world.visitors() == [] and world.agent.ctl("status")["visitors"] == 0
    assert counted("visitors-begun") == counted("visitors-ended") == 1


def test_what_is_not_offered_is_denied(world, counted):
    cases = [
        (69, world.request(lifetime=601)),
        (70, world.request(sign=False)),
        (77, world.request(care_of="192.0.2.200")),
        (65, world.request(home="198.51.100.50")),
        (65, world.request(home="192.0.2.77")),  # of a network of this host that nobody visits
        (90, world.request(home_agent="0.0.0.0")),
        (194, world.request(home_agent=CARE_OF)),
    ]
    for number, (code, message) in enumerate(cases, 1):
        reply = world.ask(message, number=number)
        assert reply.code == code
        assert reply.lifetime == (600 if code == 69 else int.from_bytes(message[2:4], "big"))
    assert world.ask(world.request(flags="T"), number=20, ttl=254).code == 76
    assert MOBILE not in [row["home"] for row in world.visitors()]
    assert counted("visit-requests-denied") == len(cases) + 1
    assert counted("foreign-denied-care-of") == 1


def test_a_node_is_denied_once_in_a_second_and_nonsense_never(world, counted):
    world.node.say(MOBILE, HERE, 5000, b"\1" + bytes(10))
    world.node.say(MOBILE, "192.0.2.77", 5000, world.request())  # to somebody else, through us
    for _ in range(5):
        world.node.say(MOBILE, HERE, 5000, world.request(lifetime=601))
    denied = []

    def each_is_denied_or_dropped():
        denied.extend(world.node.waiting(lambda heard: datagram(heard)[1] == 5000))
        return counted("visit-requests-dropped") + len(denied) == 5

    wait_for(each_is_denied_or_dropped, "all are dealt with")
    assert counted("visit-requests") == 5 and 1 <= len(denied) <= 2
    assert counted("visit-requests-malformed") == 1


def test_keys_are_shared_with_nodes_and_home_agents(world, counted):
    message = world.request(home=KEYED, key=KEYED_KEY)
    denied = world.ask(message, home=KEYED, number=31)
    assert denied.code == 67
    assert wire.verifies(denied.of(wire.MOBILE_FOREIGN)[0], "hmac-md5", VISIT_KEY)
    message = world.request(home=KEYED, key=KEYED_KEY)
    wrong = wire.sign(message, wire.MOBILE_FOREIGN, 300, "hmac-md5", KEY)
    assert world.ask(wrong, home=KEYED, number=32).code == 67
    reply = world.ask(wire.sign(message, wire.MOBILE_FOREIGN, 300, "hmac-md5", VISIT_KEY), home=KEYED)
    assert reply.code == 0
    assert [extension.kind for extension in reply.extensions] == [wire.MOBILE_HOME, wire.MOBILE_FOREIGN]
    assert wire.verifies(reply.extensions[1], "hmac-md5", VISIT_KEY)
    assert counted("visit-violations") == 2


def test_a_home_agent_that_cannot_be_reached_and_one_that_is_silent(world, counted):
    world.node.say(MOBILE, HERE, 5041, world.request(home_agent=SILENT), link=b"\x02\0\0\0\0\x29")
    wait_for(lambda: world.agent.ctl("pending"), "it waits")
    (row,) = world.agent.ctl("pending")
    assert (row["home"], row["home_agent"], row["lifetime_s"]) == (MOBILE, SILENT, 300)
    reply = world.ask(world.request(home_agent=NOBODY), number=42)
    assert reply.code == 82
    late = world.node.hear(lambda heard: datagram(heard)[1] == 5041 and wire.Reply(datagram(heard)[2]))
    assert late.code == 78
    wait_for(lambda: world.agent.ctl("pending") == [], "the other one is given up as well")
    assert counted("visit-timeouts") == counted("visit-unreachable") == 1


def reply_of(request, code=0, home_agent=SILENT, home=MOBILE):
    lifetime, identification = int.from_bytes(request[2:4], "big"), int.from_bytes(request[16:24], "big")
    return wire.sign(wire.build_reply(code, lifetime, home, home_agent, identification), wire.MOBILE_HOME, 256, "hmac-md5", KEY)


@contextlib.contextmanager
def at(namespace, address, port=7000):
    """A socket of that host."""
    with socket_in(namespace) as opened:
        opened.bind((address, port))
        opened.settimeout(20)
        yield opened


def icmp_error(quoted, code=3):
    message = bytes([3, code, 0, 0, 0, 0, 0, 0]) + quoted
    return message[:2] + checksum(message).to_bytes(2, "big") + message[4:]


def test_replies_and_errors_of_strangers_change_nothing(world, counted):
    """Who hears the visited link knows all that a reply needs but the keys."""
    def relayed(lifetime):
        request = world.request(home_agent=SILENT, lifetime=lifetime)
        world.node.say(MOBILE, HERE, 5051, request, link=b"\x02\0\0\0\0\x33")
        while world.silent.recv(2000)[: len(request)] != request:
            pass
        return request

    request = relayed(300)
    for protocol, payload in ((17, udp_packet(SILENT, CARE_OF, 434, 434, reply_of(request))[20:]),
                              (1, icmp_error(udp_packet(CARE_OF, SILENT, 434, 434, request)))):
        world.node.send(ip_packet(SILENT, CARE_OF, protocol, payload), world.node.agent)
    wait_for(lambda: counted("visit-replies-from-links") == 2, "both are heard")
    assert counted("visit-unreachable") == counted("visit-replies") == 0

    with socket_in(world.home, socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP) as network:
        for _ in range(2):
            network.sendto(icmp_error(udp_packet(CARE_OF, SILENT, 434, 434, request)), (CARE_OF, 0))

    def answered(heard):
        return datagram(heard)[1] == 5051 and wire.Reply(datagram(heard)[2])

    assert world.node.hear(answered).code == 82
    with at(world.home, NOBODY, 434) as other:
        other.sendto(reply_of(request, 136, home_agent=NOBODY), (CARE_OF, 434))
        wait_for(lambda: counted("visit-replies-dropped") == 1, "the node was told already that it is in vain")
    world.silent.sendto(reply_of(request, home_agent=HOME_AGENT), (CARE_OF, 434))
    wait_for(lambda: counted("visit-replies-dropped") == 2, "who is not known grants nothing in another's name")
    assert MOBILE not in [row["home"] for row in world.visitors()]
    world.silent.sendto(reply_of(request), (CARE_OF, 434))
    assert world.node.hear(answered).code == 0
    assert [row["home_agent"] for row in world.visitors() if row["home"] == MOBILE] == [SILENT]
    assert counted("visit-unreachable") == counted("visit-replies-relayed") == 1
    world.silent.sendto(reply_of(relayed(0)), (CARE_OF, 434))
    assert world.node.hear(answered).lifetime == 0


def test_another_home_agent_ends_no_request(world, counted):
    """It may have been found by a broadcast: the node is told, once, unless a key says who must answer."""
    def waits(home_agent):
        return home_agent in [row["home_agent"] for row in world.agent.ctl("pending")]

    def deny(request):
        other.sendto(reply_of(request, 136, home_agent=NOBODY), (CARE_OF, 434))

    def answered(heard):
        return datagram(heard)[1] == 5052 and wire.Reply(datagram(heard)[2])

    with at(world.home, NOBODY, 434) as other, at(world.home, SCRIPTED, 434) as scripted:
        for home_agent, opened, told in ((SILENT, world.silent, 1), (SCRIPTED, scripted, 0)):
            request = world.request(home_agent=home_agent)
            world.node.say(MOBILE, HERE, 5052, request, link=b"\x02\0\0\0\0\x34")
            while opened.recv(2000)[: len(request)] != request:
                pass
            dropped = counted("visit-replies-dropped")
            for _ in range(2):
                deny(request)
            wait_for(lambda: counted("visit-replies-dropped") == dropped + 2 - told, "both were heard")
            if told:
                assert world.node.hear(answered).code == 136
            assert not world.node.waiting(answered)
            assert waits(home_agent)
            reply = reply_of(request, home_agent=home_agent)
            opened.sendto(reply if told else wire.sign(reply, wire.FOREIGN_HOME, 700, "hmac-sha256", AGENTS_KEY), (CARE_OF, 434))
            assert world.node.hear(answered).code == 0
    for home_agent in (SILENT, SCRIPTED):
        world.agent.ctl("visitors", "remove", MOBILE, home_agent)


@pytest.mark.parametrize(("home", "code"), [(HERE, 65), ("198.51.100.99", 65), (CARE_OF, 65), ("224.0.0.5", 65), (KEYED, 67)])
def test_a_home_agent_gives_no_address_that_a_request_may_not_name(world, counted, home, code):
    """Of this host, of the visited link, of no host, or of whom a key is shared with, who has not proved to be this node."""
    name = wire.simple(wire.NAI, b"node@example.com")
    request = world.request(home="0.0.0.0", home_agent=SCRIPTED, extensions=name)
    with at(world.home, SCRIPTED, 434) as scripted:
        world.node.say("0.0.0.0", HERE, 5053, request, link=b"\x02\0\0\0\0\x35")
        while scripted.recv(2000)[: len(request)] != request:
            pass
        reply = wire.build_reply(0, 300, home, SCRIPTED, int.from_bytes(request[16:24], "big")) + name
        reply = wire.sign(reply, wire.MOBILE_HOME, 256, "hmac-md5", KEY)
        reply += wire.simple(wire.REVOCATION_SUPPORT, (0).to_bytes(2, "big") + (1).to_bytes(4, "big"))
        scripted.sendto(wire.sign(reply, wire.FOREIGN_HOME, 700, "hmac-sha256", AGENTS_KEY), (CARE_OF, 434))
        refused = world.node.hear(lambda heard: datagram(heard)[1] == 5053 and wire.Reply(datagram(heard)[2]))
        assert refused.of(wire.FA_ERROR)[0].data == bytes([code])
        while (revocation := scripted.recv(2000))[0] != wire.REVOCATION:  # its home agent is told
            pass
        acknowledgment = wire.build_acknowledgment(0, home, int.from_bytes(revocation[16:20], "big"))
        scripted.sendto(wire.sign(acknowledgment, wire.FOREIGN_HOME, 700, "hmac-sha256", AGENTS_KEY), (CARE_OF, 434))
        wait_for(lambda: counted("visit-revocations-confirmed") == 1, "it is over")
    assert SCRIPTED not in [row["home_agent"] for row in world.visitors()]


@pytest.fixture
def asking(tmp_path):
    made = World(tmp_path, challenges=True)
    yield made
    made.close()


def test_challenges_are_asked_for_and_answered_once(asking):
    world = asking
    first = world.advertised.challenge
    assert len(first) == 16
    denied = world.ask(world.request(), number=1)
    assert denied.code == 105
    fresh = denied.of(wire.CHALLENGE)[0].data
    assert len(fresh) == 16 and fresh != first

    def answered(challenge):
        message = world.request(extensions=wire.simple(wire.CHALLENGE, challenge), sign=False)
        message = wire.sign(message, wire.MOBILE_HOME, 256, "hmac-md5", KEY)
        return wire.sign(message, wire.GENERALIZED, 600, "hmac-md5", KEYED_KEY, subtype=wire.MOBILE_AAA)

    assert world.ask(answered(bytes(16)), number=2).code == 104
    assert world.ask(answered(first)).code == 0
    again = world.ask(answered(first))
    assert again.code == 106
    given = again.of(wire.CHALLENGE)[0].data
    accepted = answered(given)
    assert world.ask(accepted).code == 0
    assert world.ask(accepted, number=3).code == 106  # said by who heard it
    assert world.counter("visit-requests-relayed") == 2


def test_packets_go_both_ways_through_the_tunnel(world):
    there = world.link.names[1]
    ip("-n", there, "address", "add", f"{MOBILE}/32", "dev", world.link.ends[1])
    ip("-n", there, "route", "add", "default", "via", HERE, "src", MOBILE)
    assert world.ask(world.request(flags="T")).code == 0
    with at(world.home, NOBODY) as correspondent, at(there, MOBILE) as mobile:
        for text in (b"one", b"two", b"three"):
            correspondent.sendto(text, (MOBILE, 7000))
            assert mobile.recvfrom(100) == (text, (NOBODY, 7000))
            mobile.sendto(text + b" too", (NOBODY, 7000))
            assert correspondent.recvfrom(100) == (text + b" too", (MOBILE, 7000))
    (row,) = [row for row in world.visitors() if row["home"] == MOBILE]
    assert row["packets_out"] >= 3 and row["packets_in"] >= 3
    status = world.agent.ctl("status")
    assert status["visitors_carried"] is True and status["visitors_trouble"] is None
    assert world.ask(world.request(lifetime=0)).code == 0
    ip("-n", there, "address", "delete", f"{MOBILE}/32", "dev", world.link.ends[1])


def through_the_tunnel(world, text, home_agent=SILENT, home=MOBILE):
    """As from that home agent, to that home address."""
    packet = ip_packet(home_agent, home, 17, udp_packet(home_agent, home, 7, 7, text)[20:])
    with socket_in(world.home, socket.SOCK_RAW, protocol=socket.IPPROTO_IPIP) as tunnel:
        tunnel.bind((home_agent, 0))
        tunnel.sendto(packet, (CARE_OF, 0))


def grant(world, number, code=0, **asked):
    """A request of MOBILE, which the home agent that is silent else answers."""
    request = world.request(home_agent=SILENT, **asked)
    world.node.say(MOBILE, HERE, 5000 + number, request, link=b"\x02\0\0\0\0" + bytes([number]))
    while world.silent.recv(2000)[: len(request)] != request:
        pass
    world.silent.sendto(reply_of(request, code), (CARE_OF, 434))
    return world.node.hear(lambda heard: datagram(heard)[1] == 5000 + number and wire.Reply(datagram(heard)[2]))


def test_strangers_leave_places_to_those_who_share_a_key(tmp_path):
    """Who plays a home agent without a key fills three of four places, and not the one that is for others."""
    with contextlib.closing(World(tmp_path, **{"max-visitors": 4})) as world:
        for number in range(1, 4):
            request = world.request(home=f"10.9.0.{number}", home_agent=SILENT)
            world.node.say(f"10.9.0.{number}", HERE, 5000 + number, request, link=b"\x02\0\0\0\0" + bytes([number]))
            wait_for(lambda request=request: world.silent.recv(2000)[: len(request)] == request, "it is asked")
            world.silent.sendto(reply_of(request, home=f"10.9.0.{number}"), (CARE_OF, 434))
            world.node.hear(lambda heard, number=number: datagram(heard)[1] == 5000 + number)
        assert len(world.visitors()) == 3
        assert world.ask(world.request(home="10.9.0.4", home_agent=SILENT), "10.9.0.4", number=4).code == 66
        assert world.ask(world.request(), number=5).code == 0
        assert len(world.visitors()) == 4
        assert world.ask(world.request(home="10.9.0.6", home_agent=SCRIPTED), "10.9.0.6", number=6).code == 66


@pytest.mark.parametrize(("lifetime", "care_of"), [(0, MOBILE), (0, CARE_OF), (300, "198.51.100.55")])
def test_who_decapsulates_himself_is_not_carried_any_more(world, counted, lifetime, care_of):
    """Whether that ends a registration with us or renews it."""
    assert grant(world, 61).code == 0
    through_the_tunnel(world, b"first")
    assert world.node.hear(lambda heard: heard.destination == MOBILE and heard.payload.endswith(b"first"))
    assert grant(world, 61, flags="D", lifetime=lifetime, care_of=care_of).code == 0
    assert (SILENT in [row["home_agent"] for row in world.visitors()]) == (lifetime > 0)
    through_the_tunnel(world, b"second")
    wait_for(lambda: counted("visit-no-visitor") == 1, "it is nobody's")
    assert grant(world, 61, lifetime=0, care_of=MOBILE).lifetime == 0
    assert SILENT not in [row["home_agent"] for row in world.visitors()]


def test_a_link_that_comes_back_has_its_visitors_carried_again(world):
    assert world.ask(world.request()).code == 0
    here, interface = world.link.names[0], world.link.ends[0]
    ip("-n", here, "link", "set", interface, "down")
    wait_for(lambda: not world.agent.ctl("status")["visitors_carried"], "nothing is carried without a link")
    ip("-n", here, "link", "set", interface, "up")
    wait_for(lambda: world.agent.ctl("status")["visitors_carried"], "the link is seen")
    (row,) = [row for row in world.visitors() if row["home"] == MOBILE]
    assert row["packets_out"] == 0
    assert world.ask(world.request(lifetime=0)).code == 0


def test_nothing_leaves_plainly_while_nothing_is_carried(tmp_path):
    """Since the link was away, or since packets cannot be carried: nobody who is new is let in then."""
    with contextlib.closing(World(tmp_path)) as world:
        here, interface = world.link.names[0], world.link.ends[0]

        def leave():
            return leave_plainly(world.node, [MOBILE, "198.51.100.50"], (here, interface), world.home, HOME_AGENT)

        assert world.ask(world.request(flags="T")).code == 0
        assert leave() == set()
        wait_for(lambda: world.counter("visit-reversed") == 10, "into the reverse tunnel")
        ip("-n", here, "link", "set", interface, "down")
        wait_for(lambda: not world.agent.ctl("status")["visitors_carried"], "nothing is carried without a link")
        ip("-n", here, "link", "add", "hearth-visit", "type", "bridge")  # in the place of its device
        ip("-n", here, "link", "set", interface, "up")
        await_link(here, interface)
        assert leave() == set()
        wait_for(lambda: world.agent.ctl("status")["busy"], "it cannot carry packets")
        assert leave() == set()
        world.node.solicit("10.0.0.3")
        assert world.node.hear(lambda heard: "B" in Advertisement(heard).flags)
        assert world.ask(world.request(home="10.0.0.3", flags="T"), home="10.0.0.3", number=7).code == 66
        ip("-n", here, "link", "delete", "hearth-visit")
        wait_for(lambda: world.agent.ctl("status")["visitors_carried"], "it is tried again")
        assert not world.agent.ctl("status")["busy"]
        before = world.counter("visit-reversed")
        assert leave() == set()
        wait_for(lambda: world.counter("visit-reversed") == before + 10, "into the reverse tunnel again")


@pytest.mark.parametrize("strictness", ["strict", "loose", "strict later"])
def test_the_hosts_filter_lets_visitors_pass_that_go_by_its_routes(tmp_path, strictness):
    """rp_filter of all interfaces, where there is a way to the visitor's home address that is not the one by which it comes."""
    with contextlib.closing(World(tmp_path)) as world:
        here, interface = world.link.names[0], world.link.ends[0]
        ip("-n", here, "route", "add", "default", "via", HOME_AGENT)
        wait_for(lambda: world.agent.ctl("status")["visitors_carried"], "packets are carried")
        if not strictness.endswith("later"):
            world.agent.stop()
        ip("netns", "exec", here, "sh", "-c", f"echo {2 if strictness == 'loose' else 1} >/proc/sys/net/ipv4/conf/all/rp_filter")
        if not strictness.endswith("later"):
            world.agent.start(prefix=world.link.inside(0))
            world.node.solicit(MOBILE)
            world.node.hear(Advertisement)
        assert world.ask(world.request()).code == 0
        wait_for(lambda: leave_plainly(world.node, [MOBILE], (here, interface), world.home, HOME_AGENT) == {MOBILE}, "it passes")
        assert bool(world.agent.ctl("status")["visitors_trouble"]) == (strictness != "loose")  # what is for this host itself


def test_a_link_routes_for_its_own_network_alone(tmp_path):
    """The host's own filter of sources does not see by which link they come to agentd."""
    with contextlib.closing(World(tmp_path)) as world:
        here, interface = world.link.names[0], world.link.ends[0]
        world.agent.stop()
        world.agent.configuration["advertisement"]["link-1"] += " router"
        world.agent.write_configuration()
        world.agent.start(prefix=world.link.inside(0))
        wait_for(lambda: world.agent.ctl("status")["visitors_carried"], "packets are carried")
        forged = ["203.0.113.5", "192.0.2.77", MOBILE]
        for source in forged:
            assert leave_plainly(world.node, [source], (here, interface), world.home, HOME_AGENT) == set()
        wait_for(lambda: world.counter("visit-bad-source") == 10 * len(forged), "all are seen to be forged")
        wait_for(lambda: leave_plainly(world.node, ["198.51.100.50"], (here, interface), world.home, HOME_AGENT) == {"198.51.100.50"},
                 "a host of the link is routed, and nobody else")


@pytest.mark.parametrize("then", ["another table", "no foreign agent", "not forwarding"])
def test_what_a_killed_agent_left_is_cleared_whatever_it_is_told_next(tmp_path, then):
    with contextlib.closing(World(tmp_path)) as world:
        def shown(*words):
            return subprocess.run(["ip", "-n", world.link.names[0], *words], check=True, capture_output=True, text=True).stdout

        agent, table = world.agent, 4711
        agent.stop()
        agent.configuration["foreign-agent"]["table"] = table
        agent.write_configuration()
        agent.start(prefix=world.link.inside(0))
        agent.kill()
        assert f"lookup {table}" in shown("rule") and "unreachable default" in shown("route", "show", "table", str(table))
        if then == "another table":
            agent.configuration["foreign-agent"]["table"] = table + 1
        elif then == "not forwarding":
            agent.configuration["foreign-agent"]["forwarding"] = False
        else:
            del agent.configuration["foreign-agent"], agent.configuration["advertisement"]
            agent.configuration["home-agent"] = {"address": CARE_OF, "port": 434}
            os.truncate(agent.configuration["storage"]["associations"], 0)
        agent.write_configuration()
        agent.start(prefix=world.link.inside(0))
        assert f"lookup {table}\n" not in shown("rule").replace(" \n", "\n")
        assert shown("route", "show", "table", "all").count("unreachable default") == (then == "another table")
        assert (f"lookup {table + 1}" in shown("rule")) == (then == "another table")
        agent.stop()
        assert "lookup 47" not in shown("rule") and "unreachable" not in shown("route", "show", "table", "all")


def test_visitors_go_when_their_lifetime_is_over(world, counted):
    assert world.ask(world.request(lifetime=1)).code == 0
    wait_for(lambda: MOBILE not in [row["home"] for row in world.visitors()], "it is not served any more")
    assert counted("visitors-expired") == 1


def test_no_address_of_this_host_is_a_visitors_however_many_it_has(world):
    here = world.link.names[0]
    own = [f"172.16.1.{number}" for number in range(1, 70)]
    for address in own:
        ip("-n", here, "address", "add", f"{address}/32", "dev", "lo")
    numbers = iter(range(100, 200))  # nobody is denied twice in a second
    wait_for(lambda: world.ask(world.request(home=own[-1], home_agent=NOBODY), home=own[-1], number=next(numbers)).code == 65,
             "the last of them is known", interval=0.3)
    for address in own:
        ip("-n", here, "address", "delete", f"{address}/32", "dev", "lo")
