"""A mobile node walks from home to a foreign agent, to another one, to an address of its own and home again, on real links, with
one TCP transfer all the way: the real mobiled, foreign agents and home agent, once for each row of WALKS. In one of them the
first foreign agent is a cluster, and the member that serves loses its power.
"""

import contextlib
import os
import socket
import subprocess
from dataclasses import dataclass, field
from typing import Callable

import pytest
from agent import Agent
from cluster import Cluster
from namespaces import ip
from stream import Stream
from waiting import wait_for
from walk import AGENT, FIRST, HOME, HOME_NETWORK, INTERFACE, ROUTER, SECOND, Mobiled, Visits
from world import ALL_PROTOCOLS, KEY, SPI, association

HOME_AND_AWAY = ("home", "172.16.1.66/24", None)
THIRD = ("third", "198.51.102.7/24", "198.51.102.1")
OWN = "198.51.102.7"
AGENTS_SPI, AGENTS_KEY = 700, bytes(range(32, 48)).hex()  # of a foreign agent and the home agent
AAA_SPI, AAA_KEY = 600, bytes(range(48, 64)).hex()  # of the node and the home agent, in the place of an AAA
STRICT = f"net.ipv4.conf.{INTERFACE}.rp_filter"
VISITED = "eth1"  # of members
SHARED, SHARED_HERE, SHARED_ROUTER = "192.0.2.9", "198.51.100.1", "192.0.2.254"  # care-of address of members, and theirs on the link
IPIP, GRE, MINIMAL, UDP = 4, 47, 55, 17
UDP_TUNNEL = (434, 4)  # port, and first octet of the message (RFC 3519 section 3.3)


@dataclass
class Row:
    """A walk, and what is to be seen on the way."""

    name: str
    registration: dict = field(default_factory=dict)  # options of mobiled
    visited: dict = field(default_factory=dict)  # of the foreign agents
    nat: bool = False
    keys: str = ""  # more of mobiled
    protocol: int = IPIP  # of tunnels between care-of address and home agent
    shown: dict = field(default_factory=dict)  # by mobiled, wherever it is away
    shown_there: dict = field(default_factory=dict)  # with a foreign agent
    check: Callable = None  # what else is so, and done, with the first foreign agent: (journey, agent or members)
    members: bool = False  # the first foreign agent is what members of a cluster share

    @property
    def reverse(self):
        return self.registration.get("reverse-tunnel") != "no"

    @property
    def beside(self):
        return bool(self.registration.get("simultaneous"))


def wraps_itself(journey, visited):
    """What it sends goes to the foreign agent in a tunnel."""
    del visited
    wait_for(lambda: journey.mobile.status()["counters"]["packets-wrapped"] > 0, "packets are wrapped for the foreign agent")
    assert journey.mobile.status()["counters"]["packets-unsent"] == 0


def fails_over(journey, members):
    """The host of the foreign agent loses power: another member goes on with the visitor, who need not look for an agent."""
    before = journey.mobile.status()
    first = members.await_serving()
    members.power_off(first)
    members.await_serving(other_than=first)
    journey.stream.await_more()
    after = journey.mobile.is_("registered", foreign_agent=before["foreign_agent"], care_of=SHARED)
    assert after["counters"]["moves"] == before["counters"]["moves"]
    assert after["counters"]["lapsed"] == 0
    assert bindings(journey.agent) == {SHARED}


WALKS = (
    Row("plain", {"reverse-tunnel": "no"}, shown={"encapsulation": "ipip", "reverse_tunnel": False}),
    Row("gre", {"encapsulation": "gre", "other-encapsulation": False}, protocol=GRE,
        shown={"encapsulation": "gre", "reverse_tunnel": True, "encapsulating_delivery": False}),
    Row("minimal, encapsulating delivery, two bindings",
        {"encapsulation": "minimal", "other-encapsulation": False, "encapsulating-delivery": True, "simultaneous": True},
        {"encapsulating-delivery": True}, protocol=MINIMAL, shown={"encapsulation": "minimal", "reverse_tunnel": True},
        shown_there={"encapsulating_delivery": True}, check=wraps_itself),
    # No key is shared with the foreign agents: they relay nothing without an answer to their challenge.
    Row("behind a NAT, challenges", {}, {"challenges": True}, nat=True, keys=f"aaa {AAA_SPI} hmac-md5 {AAA_KEY}\n", protocol=UDP,
        shown={"reverse_tunnel": True, "encapsulating_delivery": False}),
    Row("failover of the foreign agent", shown={"encapsulation": "ipip", "reverse_tunnel": True}, check=fails_over, members=True),
)


@contextlib.contextmanager
def running(made, prefix):
    made.start(prefix=prefix)
    try:
        yield made
    finally:
        if made.process:
            made.kill()


def home_agent(world, directory, bpf):
    peers = [{"kind": "foreign-agent", "address": address, "spi": AGENTS_SPI, "algorithm": "hmac-sha256", "key": AGENTS_KEY}
             for address in (FIRST, SECOND, ROUTER)]  # or as their NAT has it
    aaa = {**association(HOME), "spi": AAA_SPI, "key": AAA_KEY, "use": "mn-aaa"}
    configuration = {
        "home-agent": {"address": AGENT, "port": 434},
        "registration": {"reverse-tunnel": "yes", "bindings-per-node": 4},
        "home-networks": {"network-1": f"{HOME_NETWORK} router home"},
        "dataplane": {"path": "user", "bpf-directory": bpf},
    }
    return running(Agent(str(directory), configuration, [association(HOME), aaa, *peers]), world.inside("agent"))


def foreign_agent(world, host, link, care_of, directory, options):
    directory = directory / host
    directory.mkdir()
    configuration = {
        "home-agent": None,
        "foreign-agent": {"care-of": care_of, **options},
        "advertisement": {"link-1": f"{link} foreign every 3-4 prefix-lengths"},
    }
    peer = {"kind": "home-agent", "address": AGENT, "spi": AGENTS_SPI, "algorithm": "hmac-sha256", "key": AGENTS_KEY}
    made = Agent(str(directory), configuration, [peer])
    made.configuration["foreign-agent"]["associations"] = made.configuration["storage"]["associations"]
    made.write_configuration()
    return running(made, world.inside(host))


class Members:
    """A cluster in the place of the first foreign agent. Its switch is one hop from the router; each host of it has an interface
    on the foreign link, too."""

    def __init__(self, world, cluster):
        self.world, self.cluster = world, cluster

    def start(self):
        ip("-n", self.world.namespace("first"), "link", "set", "foreign", "down")
        router, switch = self.world.namespace("router"), self.cluster.switch.name
        ip("link", "add", "members", "netns", router, "type", "veth", "peer", "name", "router", "netns", switch)
        ip("-n", switch, "link", "set", "router", "master", "switch", "up")
        ip("-n", router, "address", "add", f"{SHARED_ROUTER}/24", "dev", "members")
        ip("-n", router, "link", "set", "members", "up")
        for member in self.cluster.members.values():
            self.plug(member.host)
        self.cluster.start()
        self.await_serving()

    def plug(self, host):
        name = self.cluster.switch.namespace(host)
        ip("link", "add", VISITED, "netns", name, "type", "veth", "peer", "name", host, "netns", self.world.namespace("links"))
        self.world.links("set", host, "master", "foreign", "up")
        ip("-n", name, "link", "set", VISITED, "up")
        ip("-n", name, "route", "add", "default", "via", SHARED_ROUTER)
        for setting, value in (("ip_forward", 1), ("conf.all.rp_filter", 0), ("conf.eth0.rp_filter", 0), (f"conf.{VISITED}.rp_filter", 0)):
            subprocess.run([*self.cluster.switch.inside(host), "sysctl", "-qw", f"net.ipv4.{setting}={value}"], check=True)

    def power_off(self, member):
        """On both links at once."""
        self.world.links("set", member.host, "down")
        member.power_off()

    def serving(self, other_than=None):
        """The member that is the foreign agent and advertises itself, or None."""
        for member in self.cluster.data():
            rows = member is not other_than and member.ask("advertisements")
            if rows and rows[0]["advertises"] and rows[0]["address"] == SHARED_HERE:
                return member
        return None

    def await_serving(self, other_than=None):
        return wait_for(lambda: self.serving(other_than), "a member is the foreign agent")


@contextlib.contextmanager
def shared_foreign_agent(world, directory, options):
    os.mkdir(directory / "members")
    configuration = {
        "foreign-agent": {"care-of": SHARED, "shared": f"{SHARED}@eth0, {SHARED_HERE}@{VISITED}", **options},
        "advertisement": {"link-1": f"{VISITED} foreign every 3-4"},
    }
    with Cluster(str(directory / "members"), "data", "data", "witness", configuration=configuration, associations=[]).unstarted() as cluster:
        made = Members(world, cluster)
        made.start()
        yield made


class Tunnels:
    """What tunnels the home agent's link carries: (to or from the home agent, protocol)."""

    def __init__(self, world):
        self.socket = world.socket("agent", kind=socket.SOCK_DGRAM, family=socket.AF_PACKET, protocol=socket.htons(ALL_PROTOCOLS))
        self.socket.bind(("core", ALL_PROTOCOLS))
        self.socket.setblocking(False)
        self.home_agent = socket.inet_aton(AGENT)

    def close(self):
        self.socket.close()

    def kind(self, packet):
        """None: it is no packet of a tunnel's end."""
        source, destination, payload = packet[12:16], packet[16:20], packet[(packet[0] & 15) * 4 :]
        if self.home_agent not in (source, destination) or packet[9] not in (IPIP, GRE, MINIMAL, UDP) or packet[6] & 0x1F or packet[7]:
            return None
        if packet[9] == UDP:
            port = payload[0:2] if source == self.home_agent else payload[2:4]
            if (int.from_bytes(port, "big"), payload[8]) != UDP_TUNNEL:
                return None
        return "from" if source == self.home_agent else "to", packet[9]

    def seen(self):
        """Since it was asked last."""
        kinds = set()
        with contextlib.suppress(BlockingIOError):
            while True:
                kinds.add(self.kind(self.socket.recv(2048)))
        return kinds - {None}


def bindings(agent):
    return {row["care_of"] for row in agent.ctl("bindings")}


class Journey:
    """A mobile node on its way, with its transfer."""

    def __init__(self, row, world, agent, mobile, stream, tunnels):
        self.row, self.world, self.agent, self.mobile, self.stream, self.tunnels = row, world, agent, mobile, stream, tunnels
        self.before = []  # care-of addresses, the newest first

    def visit(self, place, care_of, **shown):
        self.world.go(*place)
        self.mobile.is_("registered", care_of=care_of, **self.row.shown, **shown)
        self.before = [care_of, *self.before] if self.row.beside else [care_of]
        wait_for(lambda: bindings(self.agent) == set(self.before), f"{self.before} are bound")

    def away(self, place, attachment, care_of, **shown):
        self.visit(place, care_of, attachment=attachment, **shown)
        self.stream.await_more()
        self.tunnels.seen()  # what was under way when it left
        self.stream.await_more()
        ways = {("from", self.row.protocol)} | ({("to", self.row.protocol)} if self.row.reverse else set())
        seen = set()
        wait_for(lambda: seen.update(self.tunnels.seen()) or seen >= ways, "packets go through the tunnels", seconds=30)
        assert seen == ways

    def home(self):
        self.world.go(*HOME_AND_AWAY)
        self.mobile.is_("home", attachment="home")
        wait_for(lambda: bindings(self.agent) == set(), "nothing is bound")
        self.stream.await_more()


@pytest.mark.parametrize("row", WALKS, ids=lambda row: row.name.replace(", ", "-").replace(" ", "-"))
def test_walk(row, open_directory, tmp_path, bpf):
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(Visits())
        if row.nat:
            world.translate()
        agent = stack.enter_context(home_agent(world, tmp_path, bpf))
        first = stack.enter_context(shared_foreign_agent(world, tmp_path, row.visited) if row.members else
                                    foreign_agent(world, "first", "foreign", FIRST, tmp_path, row.visited))
        stack.enter_context(foreign_agent(world, "second", "other", SECOND, tmp_path, row.visited))
        world.set("mobile", STRICT, 1)
        world.go(*HOME_AND_AWAY)
        os.mkdir(tmp_path / "mobile")
        mobile = Mobiled(world, tmp_path / "mobile", {"registration": row.registration},
                         keys=f"home {SPI} hmac-md5 {KEY}\n{row.keys}").start()
        mobile.is_("home", attachment="home")
        tunnels = stack.enter_context(contextlib.closing(Tunnels(world)))
        stream = stack.enter_context(Stream(world, "correspondent", "mobile", HOME))
        journey = Journey(row, world, agent, mobile, stream, tunnels)
        stream.await_more()
        journey.away(("foreign",), "foreign-agent", SHARED if row.members else FIRST, foreign_agent=SHARED_HERE, **row.shown_there)
        if row.check:
            row.check(journey, first)
        journey.away(("other",), "foreign-agent", SECOND, foreign_agent="198.51.101.1", **row.shown_there)
        journey.away(THIRD, "co-located", OWN, udp_tunnel=row.nat)
        assert world.run("mobile", "sysctl", "-n", STRICT).stdout == "0\n"
        journey.home()
        assert stream.end() > 0
        assert world.run("mobile", "sysctl", "-n", STRICT).stdout == "1\n"
        if row.beside:  # a foreign agent relays the end of all bindings, which are not its own
            journey.before = []
            journey.visit(("foreign",), FIRST)
            journey.visit(("other",), SECOND)
        assert mobile.end() == 0
        assert bindings(agent) == set()
