"""Whoever shares a foreign link with a visitor, or the network behind it, floods both the foreign agent and the mobile node with
whatever they listen to: nobody falls or grows, the visitor keeps its binding and its connection, and nothing of it goes
elsewhere.
"""

import os
import random
import socket
import struct
import sys

import pytest
from agent import Agent
from namespaces import ip, socket_in
from processes import anonymous_octets
from stream import Stream
from test_mobiled import SHARED_KEY, SHARED_SPI, agent, bindings, walk  # noqa: F401: the fixtures
from visiting import ADVERTISEMENT, ETH_P_IP, EVERYBODY, ICMP, SOLICITATION, checksum, ip_packet, udp_packet
from waiting import wait_for
from walk import AGENT, CORRESPONDENT, HOME, ROUTER, Mobiled
from world import KEY, SPI, association

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../conformance"))

import wire  # noqa: E402

HERE = "198.51.100.1"  # the foreign agent's address on the link
MOBILE_IP = 434
EACH = 1000  # of every kind in a round: more than any table of what is not authenticated holds
ROUNDS = 3  # the first fills the tables
GROWTH_MAX = 32 << 20  # of a process after that; sanitizers keep a little of what is freed
LOG_LINES_MAX = 400  # debug aside
ANY_KEY = bytes(16)


class Attacker:
    """One who has an end of a link, and is whoever it likes there."""

    def __init__(self, walk, link, interface):  # noqa: F811
        walk.plug("neighbour", link, interface)
        self.namespace, self.interface = walk.namespace("neighbour"), interface
        self.socket = socket_in(self.namespace, socket.SOCK_RAW, socket.AF_PACKET, socket.htons(ETH_P_IP))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.bind((interface, ETH_P_IP))
        self.socket.setblocking(False)
        self.random = random.Random(7)

    def someone(self):
        return b"\x02" + self.random.randbytes(5)

    def address(self, network=10):
        return socket.inet_ntoa(bytes([network]) + self.random.randbytes(3))

    def say(self, packet, to_link=EVERYBODY, as_link=None):
        """Broadcasts wait for the bridge, which drops what comes too fast; so it is said until it is taken."""
        self.socket.setblocking(True)
        self.socket.send(to_link + (as_link or self.someone()) + struct.pack("!H", ETH_P_IP) + packet)
        self.socket.setblocking(False)

    def heard(self):
        while True:
            try:
                frame, (_, _, direction, *_) = self.socket.recvfrom(4096)
            except BlockingIOError:
                return
            if direction != socket.PACKET_OUTGOING:
                yield frame

    def diverted(self, *ends):
        """What the visitor and its correspondent say to each other, plainly or in any tunnel, and came here for other link addresses than
        those: their addresses follow upon one another in every header, in this order or that."""
        both = [socket.inet_aton(HOME) + socket.inet_aton(CORRESPONDENT), socket.inet_aton(CORRESPONDENT) + socket.inet_aton(HOME)]
        return [frame for frame in self.heard() if frame[:6] not in ends and any(pair in frame for pair in both)]

    def divert(self, walk, link):  # noqa: F811
        """Some of it, from the router by that link to the attacker: it is seen."""
        inside = udp_packet(CORRESPONDENT, HOME, 7, 7, b"planted")
        with walk.socket("router", kind=socket.SOCK_RAW, family=socket.AF_PACKET) as planter:
            planter.bind((link, ETH_P_IP))
            for packet in (inside, udp_packet(HOME, CORRESPONDENT, 7, 7, b"planted"), ip_packet(AGENT, ROUTER, socket.IPPROTO_IPIP, inside)):
                planter.send(self.someone() + self.someone() + struct.pack("!H", ETH_P_IP) + packet)
                wait_for(self.diverted, "what is diverted is seen")

    def tunnelled(self, end):
        """What came through a tunnel to that address."""
        return [frame for frame in self.heard() if frame[23] == socket.IPPROTO_IPIP and frame[30:34] == socket.inet_aton(end)]


# ---- what is said ----

def icmp(source, destination, message, ttl=1):
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    return ip_packet(source, destination, ICMP, message, ttl)


def solicitation(by):
    return icmp(by.address(), "224.0.0.11", struct.pack("!BBHI", SOLICITATION, 0, 0, 0))


def advertisement(by):
    """Of a foreign agent that is none, and whose address may be the real one's."""
    source = by.random.choice([HERE, by.address(198)])
    offered = struct.pack("!BBHHH4s", 16, 10, by.random.randrange(65536), 600, 0x1000, socket.inet_aton(by.address(203)))
    return icmp(source, "224.0.0.1", struct.pack("!BBHBBH", ADVERTISEMENT, 0, 0, 0, 2, 1800) + offered)


def request(by, home=None, home_agent=AGENT, lifetime=300):
    message = wire.build_request(0, lifetime, home or by.address(), home_agent, ROUTER, wire.ntp_now())
    signed = wire.sign(message, wire.MOBILE_HOME, SPI, "hmac-md5", ANY_KEY)
    return udp_packet(home or by.address(), HERE, 1024 + by.random.randrange(60000), MOBILE_IP, signed)


def deregistration(by):
    return request(by, home=HOME, lifetime=0)


def takeover(by):
    return request(by, home=HOME)


def unreachable(by):
    return request(by, home_agent=by.random.choice(["192.0.2.77", by.address(203)]))


def reply_to(by, destination, port):
    message = wire.build_reply(by.random.choice([0, 1, 128, 133]), 300, HOME, by.random.choice([AGENT, "192.0.2.66"]), by.random.randrange(1 << 64))
    return udp_packet(AGENT, destination, MOBILE_IP, port, wire.sign(message, wire.MOBILE_HOME, SPI, "hmac-md5", ANY_KEY))


def reply_to_agent(by):
    return reply_to(by, ROUTER, MOBILE_IP)


def reply_to_node(by):
    return reply_to(by, HOME, 1024 + by.random.randrange(60000))


def revocation(by):
    message = wire.build_revocation(0, HOME, AGENT, ROUTER, by.random.randrange(1 << 32))
    return udp_packet(AGENT, ROUTER, MOBILE_IP, MOBILE_IP, wire.sign(message, wire.FOREIGN_HOME, SPI, "hmac-md5", ANY_KEY))


def acknowledgment(by):
    message = wire.build_acknowledgment(0, HOME, by.random.randrange(1 << 32))
    return udp_packet(AGENT, ROUTER, MOBILE_IP, MOBILE_IP, wire.sign(message, wire.FOREIGN_HOME, SPI, "hmac-md5", ANY_KEY))


def no_way(by):
    """A router says that the home agent cannot be reached."""
    asked = udp_packet(ROUTER, AGENT, MOBILE_IP, MOBILE_IP, by.random.randbytes(40))
    return icmp(by.address(203), ROUTER, struct.pack("!BBHI", 3, by.random.choice([0, 1, 3]), 0, 0) + asked[:60], ttl=64)


def nonsense(by):
    return udp_packet(by.address(), by.random.choice([HERE, ROUTER, HOME]), MOBILE_IP, MOBILE_IP, by.random.randbytes(by.random.randrange(200)))


ON_THE_LINK = (solicitation, advertisement, request, deregistration, takeover, unreachable, reply_to_agent, reply_to_node,
               revocation, nonsense)
BEHIND_IT = (reply_to_agent, revocation, acknowledgment, no_way, nonsense)


class HomeAgent:
    """One of a stranger's own, on the core, who grants whatever is asked."""

    address = "198.18.1.66"

    def __init__(self, walk):  # noqa: F811
        self.attacker = Attacker(walk, "core", "worse")
        ip("-n", self.attacker.namespace, "address", "add", f"{self.address}/24", "dev", "worse")
        self.socket = socket_in(self.attacker.namespace)
        self.socket.bind((self.address, MOBILE_IP))
        self.socket.settimeout(20)

    def grant(self):
        asked, agent_ = self.socket.recvfrom(2000)
        lifetime, identification = int.from_bytes(asked[2:4], "big"), int.from_bytes(asked[16:24], "big")
        reply = wire.build_reply(0, lifetime, HOME, self.address, identification)
        self.socket.sendto(wire.sign(reply, wire.MOBILE_HOME, SPI, "hmac-md5", ANY_KEY), agent_)


class Watched:
    """A process that is to live, and to grow no more."""

    def __init__(self, process):
        self.process = process
        self.before = None

    def holds(self):
        assert self.process.poll() is None
        now = anonymous_octets(self.process.pid)
        self.before = self.before or now
        assert now - self.before <= GROWTH_MAX


def counter(of, name):
    return {row["name"]: row["value"] for row in of.ctl("counters")}[name]


@pytest.fixture(params=["keyed", "open"])
def visited(request, walk, tmp_path):  # noqa: F811
    """A foreign agent that shares keys with its visitors and asks for challenges, or one that serves whoever comes; and the keys
    that the mobile node has then."""
    made = begin_foreign_agent(tmp_path, request.param == "keyed")
    made.start(prefix=walk.inside("router"))
    yield made, f"home {SPI} hmac-md5 {KEY}\n" + (f"foreign {SHARED_SPI} hmac-md5 {SHARED_KEY}\n" if request.param == "keyed" else "")
    if made.process:
        made.kill()


def begin_foreign_agent(tmp_path, keyed, **options):
    directory = tmp_path / "fa"  # its socket has a short name even in a deep directory
    directory.mkdir()
    made = Agent(str(directory), {
        "home-agent": None,
        "foreign-agent": {"care-of": ROUTER, "reverse-tunnel": "yes", "challenges": keyed, **options},
        "advertisement": {"link-1": "foreign foreign every 3-4 prefix-lengths"},
    }, [{**association(HOME), "spi": SHARED_SPI, "key": SHARED_KEY}] if keyed else None)
    if keyed:
        made.configuration["foreign-agent"]["associations"] = made.configuration["storage"]["associations"]
    made.write_configuration()
    return made


def test_nothing_is_diverted_and_nobody_falls(walk, agent, visited, tmp_path):  # noqa: F811
    """The node renews its binding again and again meanwhile."""
    foreign_agent, keys = visited
    walk.go("foreign")
    mobile = Mobiled(walk, tmp_path, {"registration": {"lifetime": 10}}, keys=keys).start()
    mobile.is_("registered", attachment="foreign-agent", care_of=ROUTER, foreign_agent=HERE)
    on_the_link, behind_it = Attacker(walk, "foreign", "evil"), Attacker(walk, "core", "worse")
    on_the_link.divert(walk, "foreign")
    behind_it.divert(walk, "core")
    near, far = ([bytes.fromhex(walk.mac(*end).replace(":", "")) for end in ends]
                 for ends in ([("mobile", "eth0"), ("router", "foreign")], [("router", "core"), ("agent", "core")]))
    watched = [Watched(process) for process in (agent.process, foreign_agent.process, mobile.process)]
    (visitor,), moves = foreign_agent.ctl("visitors"), mobile.status()["counters"]["moves"]
    with Stream(walk, "correspondent", "mobile", HOME) as stream:
        for _ in range(ROUNDS):
            for _ in range(EACH):
                for kind in ON_THE_LINK:
                    on_the_link.say(kind(on_the_link))
                for kind in BEHIND_IT:
                    behind_it.say(kind(behind_it))
            for one in watched:
                one.holds()
            (row,) = foreign_agent.ctl("visitors")
            assert all(row[name] == visitor[name] for name in ("home", "home_agent", "care_of", "link_address", "interface"))
            assert bindings(agent) == [ROUTER]
            stream.await_more()
        assert on_the_link.diverted(*near) == [] and behind_it.diverted(*far) == []
        renewed = mobile.status()["counters"]["accepted"]
        wait_for(lambda: mobile.status()["counters"]["accepted"] > renewed, "the binding is renewed")
        mobile.is_("registered", care_of=ROUTER, foreign_agent=HERE)
        assert mobile.status()["counters"]["moves"] == moves
        assert stream.end() > 0
    assert walk.ping("mobile", CORRESPONDENT, count=1) == 1
    # All of it came, and was seen to be what it is.
    assert all(counter(foreign_agent, name) >= EACH for name in ("solicitations", "visit-requests-denied", "visit-replies-dropped"))
    assert mobile.status()["counters"]["advertisements"] >= EACH
    for log in (agent.log(), foreign_agent.log(), mobile.log()):
        assert sum(" debug " not in line for line in log.splitlines()) <= LOG_LINES_MAX
    assert mobile.end() == 0 and bindings(agent) == []
    assert foreign_agent.stop() == agent.stop() == 0


@pytest.mark.parametrize("encapsulates", [False, True])
def test_no_other_home_agent_stops_or_gets_what_a_visitor_sends(walk, agent, tmp_path, encapsulates):  # noqa: F811
    """A stranger registers the visitor's home address with a home agent of his own: from the visitor's link address where that
    tells who sends, and from his where it does not."""
    foreign_agent = begin_foreign_agent(tmp_path, keyed=False, **{"encapsulating-delivery": encapsulates})
    foreign_agent.start(prefix=walk.inside("router"))
    try:
        walk.go("foreign")
        options = {"registration": {"encapsulating-delivery": encapsulates}}
        mobile = Mobiled(walk, tmp_path, options).start()
        mobile.is_("registered", attachment="foreign-agent", care_of=ROUTER, foreign_agent=HERE)
        on_the_link, home_agent = Attacker(walk, "foreign", "evil"), HomeAgent(walk)
        own = bytes.fromhex(walk.mac("mobile", "eth0").replace(":", ""))
        # The switch knows whose port that is: it is the foreign agent that is asked about here.
        walk.run("links", "bridge", "fdb", "replace", walk.mac("mobile", "eth0"), "dev", "mobi-eth0", "master", "static", "sticky")
        message = wire.build_request(wire.flags_of("T"), 300, HOME, home_agent.address, ROUTER, wire.ntp_now())
        signed = wire.sign(message, wire.MOBILE_HOME, SPI, "hmac-md5", ANY_KEY)
        with Stream(walk, "correspondent", "mobile", HOME) as stream:
            on_the_link.say(udp_packet(HOME, HERE, 5000, MOBILE_IP, signed, ttl=255), as_link=None if encapsulates else own)
            home_agent.grant()
            wait_for(lambda: len(foreign_agent.ctl("visitors")) == 2, "the stranger is a visitor, too")
            stream.await_more()
            assert home_agent.attacker.tunnelled(home_agent.address) == []
            assert stream.end() > 0
        assert counter(foreign_agent, "visit-wrong-place") == 0
        assert counter(foreign_agent, "visit-redelivered" if encapsulates else "visit-reversed") > 0
        assert mobile.end() == 0
    finally:
        foreign_agent.kill()
