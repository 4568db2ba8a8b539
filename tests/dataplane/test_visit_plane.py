"""The visited side's packets, with real links: a home agent's end of tunnels, a foreign agent's data plane alone, and a link
with a visitor, of which nobody but its own messages says where it is.

    home 198.51.100.1 (and behind it 203.0.113.9) -- 198.51.100.2 foreign 192.0.2.1 -- visitor 10.64.0.7
"""

import os
import socket
import struct
import subprocess
import threading
import uuid

import pytest
from agent import BUILD
from namespaces import ip
from waiting import wait_for
from world import Hosts, Mobile, checksum

AGENT, OTHER_AGENT, CARE_OF, LINK = "198.51.100.1", "198.51.100.3", "198.51.100.2", "192.0.2.1"
CORRESPONDENT, HOME, NEIGHBOUR = "203.0.113.9", "10.64.0.7", "192.0.2.9"
MAC, OTHER_MAC, FOREIGN_MAC = "02:00:00:00:00:07", "02:00:00:00:00:08", "02:00:00:00:00:01"
HOSTS = ("home", "foreign", "visitor")
KINDS = {"ipip": {}, "minimal": {"encapsulation": "minimal"}, "gre": {"encapsulation": "gre"}, "udp-ipip": {"udp": 434}}
OCTETS = 2 << 20  # of a stream
PATIENCE_S = 30
IPIP = 4


class Visited(Hosts):
    def __init__(self):
        tag = uuid.uuid4().hex[:8]
        super().__init__(lambda host: f"hearth-{tag}-{host}")

    def __enter__(self):
        for host in HOSTS:
            ip("netns", "add", self.namespace(host))
            ip("-n", self.namespace(host), "link", "set", "lo", "up")
            self.set(host, "net.ipv4.conf.all.rp_filter", 0)
            self.set(host, "net.ipv4.conf.default.rp_filter", 0)
            self.set(host, "net.ipv6.conf.all.disable_ipv6", 1)
            self.set(host, "net.ipv6.conf.default.disable_ipv6", 1)
        self.join("core", ("home", [f"{AGENT}/24", f"{OTHER_AGENT}/24"], None), ("foreign", [f"{CARE_OF}/24"], None))
        ip("-n", self.namespace("foreign"), "route", "add", "default", "via", AGENT)
        self.join_visited()
        return self

    def __exit__(self, *exception):
        self.end()
        for host in HOSTS:
            subprocess.run(["ip", "netns", "delete", self.namespace(host)], check=False, capture_output=True)

    def join_visited(self):
        self.join("visited", ("foreign", [f"{LINK}/24"], FOREIGN_MAC), ("visitor", [f"{HOME}/32", f"{NEIGHBOUR}/32"], MAC))
        ip("-n", self.namespace("visitor"), "route", "add", "default", "via", LINK, "dev", "visited", "onlink", "src", HOME)

    def join(self, link, *members):
        names = [self.namespace(host) for host, _, _ in members]
        ip("link", "add", link, "netns", names[0], "type", "veth", "peer", "name", link, "netns", names[1])
        for name, (_, addresses, mac) in zip(names, members):
            if mac:
                ip("-n", name, "link", "set", link, "address", mac)
            for address in addresses:
                ip("-n", name, "address", "add", address, "dev", link)
            ip("-n", name, "link", "set", link, "up")


class Plane:
    """tests/dataplane/visit.c."""

    def __init__(self, world, routes):
        command = [os.path.join(BUILD, "tests/dataplane/visit"), "visits", CARE_OF, "visited", LINK, "routes" if routes else "visitors"]
        self.process = world.start("foreign", *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def put(self, kind="ipip", words="reverse", mac=MAC, agent=AGENT, home=HOME):
        assert self.ask(f"put {home} {agent} {kind} {mac} {words}") == "success"

    def counters(self):
        return {name: int(number) for name, number in (word.split("=") for word in self.ask("counters").split())}

    def counted(self, name):
        return self.counters().get(f"visit-{name}", 0)

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=PATIENCE_S) == 0


@pytest.fixture
def world():
    with Visited() as made:
        yield made


def home_end(world, kind="ipip", mtu=1400):
    """The other end of the tunnel, with a correspondent behind it. `Mobile` is an end like any other."""
    Mobile(world, CORRESPONDENT, care_of=AGENT, agent=CARE_OF, host="home", device="tunnel", mtu=mtu, **KINDS[kind])
    world.run("home", "ip", "route", "replace", HOME, "dev", "tunnel", "src", CORRESPONDENT)


def stream(world, sender, receiver, address, source):
    """One TCP connection, to `address` on the receiver; its octets arrive whole."""
    data = os.urandom(1 << 16) * (OCTETS >> 16)
    with world.socket(receiver, kind=socket.SOCK_STREAM) as listener, world.socket(sender, kind=socket.SOCK_STREAM) as out:
        listener.bind((address, 0))
        listener.listen()
        listener.settimeout(PATIENCE_S)
        out.settimeout(PATIENCE_S)
        out.bind((source, 0))
        out.connect((address, listener.getsockname()[1]))
        into, _ = listener.accept()
        into.settimeout(PATIENCE_S)

        def send():
            out.sendall(data)
            out.shutdown(socket.SHUT_WR)
        thread = threading.Thread(target=send)
        thread.start()
        with into:
            got = b"".join(iter(lambda: into.recv(1 << 16), b""))
        thread.join()
        assert got == data


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_through_the_tunnel(world, kind):
    plane = Plane(world, routes=False)
    plane.put(kind)
    home_end(world, kind)
    assert world.ping("home", HOME, source=CORRESPONDENT) == 3
    assert world.ping("visitor", CORRESPONDENT, source=HOME) == 3
    stream(world, "home", "visitor", HOME, CORRESPONDENT)
    stream(world, "visitor", "home", CORRESPONDENT, HOME)
    came, _, went, octets = map(int, plane.ask(f"traffic {HOME} {AGENT}").split())
    assert came >= 6 and went >= 6 and octets > OCTETS
    assert plane.counted("reversed") >= came - 1 and plane.counted("stranger") == 0
    plane.end()
    assert "4790" not in world.run("foreign", "ip", "rule").stdout


def packet(source, target, protocol, payload, ttl=64):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0, ttl, protocol, 0, socket.inet_aton(source), socket.inet_aton(target))
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + payload


def echo_request():
    octets = struct.pack("!BBHHH", 8, 0, 0, 7, 7) + bytes(32)
    return octets[:2] + checksum(octets).to_bytes(2, "big") + octets[4:]


def send_from(world, host, octets):
    """As it is, to where its header says."""
    with world.socket(host, kind=socket.SOCK_RAW, protocol=socket.IPPROTO_RAW) as out:
        out.sendto(octets, (socket.inet_ntoa(octets[16:20]), 0))


def send_on_link(world, octets, mac):
    """From that link address, on the visited link."""
    frame = bytes.fromhex((FOREIGN_MAC + mac + "08:00").replace(":", "")) + octets
    with world.socket("visitor", kind=socket.SOCK_RAW, family=socket.AF_PACKET) as out:
        out.bind(("visited", 0))
        out.send(frame)


def is_counted(plane, name, before=0):
    wait_for(lambda: plane.counted(name) > before, f"{name} is counted")


def test_forged_packets_reach_nobody(world):
    """Neither from another tunnel, nor to who does not visit (RFC 5944 section 4.2.2: and nobody is told), nor from another
    link address than the visitor's. What is sent last arrives, and nothing before it."""
    plane = Plane(world, routes=True)
    plane.put()
    home_end(world)
    inner = packet(CORRESPONDENT, HOME, socket.IPPROTO_ICMP, echo_request())
    stray = packet(CORRESPONDENT, "10.64.0.99", socket.IPPROTO_ICMP, echo_request())
    with world.socket("visitor", kind=socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP) as heard, \
            world.socket("home", kind=socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP) as told:
        for sender, what, why in ((OTHER_AGENT, inner, "other-agent"), (AGENT, stray, "no-visitor"), (AGENT, inner[:-1], "tunnel-broken")):
            send_from(world, "home", packet(sender, CARE_OF, IPIP, what))
            is_counted(plane, why)
        send_on_link(world, packet(HOME, CORRESPONDENT, socket.IPPROTO_ICMP, echo_request()), OTHER_MAC)
        is_counted(plane, "wrong-place")
        assert plane.counted("delivered") == 0 and plane.counted("reversed") == 0
        heard.setblocking(False)
        told.setblocking(False)
        for quiet in (heard, told):
            with pytest.raises(BlockingIOError):
                quiet.recv(2048)
    assert world.ping("visitor", CORRESPONDENT, source=HOME) == 3
    assert "verdict: no-visitor" in plane.ask(f"explain {packet(AGENT, CARE_OF, IPIP, stray).hex()}")
    assert plane.ask(f"remove {HOME} {AGENT}") == "removed"
    assert world.ping("home", HOME, count=1, source=CORRESPONDENT) == 0


@pytest.mark.parametrize("routes", [True, False])
def test_who_does_not_visit_passes_where_the_link_routes(world, routes):
    plane = Plane(world, routes)
    home_end(world)
    world.set("foreign", "net.ipv4.conf.core.forwarding", 1)  # for the way back
    world.run("home", "ip", "route", "add", "192.0.2.0/24", "via", CARE_OF)
    world.run("foreign", "ip", "route", "add", CORRESPONDENT, "via", AGENT)
    assert world.ping("visitor", CORRESPONDENT, source=NEIGHBOUR, count=1) == routes
    is_counted(plane, "passed" if routes else "stranger")
    assert world.ping("visitor", LINK, source=NEIGHBOUR, count=1) == 1


def test_the_encapsulating_style_tunnels_what_the_visitor_chose(world):
    """RFC 3024 section 5.2: what it encapsulates to us goes into the tunnel, and what it does not goes by the routes."""
    plane = Plane(world, routes=False)
    plane.put("gre", "reverse,delivery")
    home_end(world, "gre")
    Mobile(world, HOME, care_of=HOME, agent=LINK, host="visitor", device="style")
    world.run("visitor", "ip", "route", "add", CORRESPONDENT, "dev", "style", "src", HOME)
    assert world.ping("visitor", CORRESPONDENT, source=HOME) == 3
    stream(world, "visitor", "home", CORRESPONDENT, HOME)
    assert plane.counted("redelivered") > 3 and plane.counted("reversed") == 0
    send_on_link(world, packet(HOME, OTHER_AGENT, socket.IPPROTO_ICMP, echo_request()), MAC)
    is_counted(plane, "routed")
    plane.put("gre", "reverse")
    assert world.ping("visitor", CORRESPONDENT, source=HOME, count=1) == 0
    assert plane.counted("not-agreed") > 0


def test_nothing_moves_past_the_fence(world):
    plane = Plane(world, routes=False)
    plane.put()
    home_end(world)
    assert world.ping("visitor", CORRESPONDENT, source=HOME, count=1) == 1
    assert plane.ask("fence 0") == "fenced"
    assert world.ping("visitor", CORRESPONDENT, source=HOME, count=1) == 0
    assert world.ping("home", HOME, source=CORRESPONDENT, count=1) == 0
    assert plane.counted("fenced") >= 2
    assert plane.ask("open") == "open"
    assert world.ping("visitor", CORRESPONDENT, source=HOME) == 3


def test_what_others_take_away_is_put_back(world):
    plane = Plane(world, routes=False)
    plane.put()
    home_end(world)
    world.run("foreign", "ip", "link", "delete", "visits")
    is_counted(plane, "user-healed")
    assert "default dev visits" in world.run("foreign", "ip", "route", "show", "table", "4790").stdout
    assert "iif visited lookup 4790" in world.run("foreign", "ip", "rule").stdout
    assert world.ping("visitor", CORRESPONDENT, source=HOME) == 3
    assert plane.ask("status").split() == ["1", "1"]

    world.run("foreign", "ip", "link", "delete", "visited")
    wait_for(lambda: "no visited link" in plane.ask("status"), "the link is missed")
    world.join_visited()
    wait_for(lambda: plane.ask("status").split() == ["1", "1"], "the link is found again")
    assert world.reaches("visitor", CORRESPONDENT, source=HOME)
    assert world.ping("home", HOME, source=CORRESPONDENT) == 3


def test_nothing_is_forwarded_after_a_kill(world):
    """What a stranger sends by the visited link goes nowhere until the agent is back, or somebody takes its rule away."""
    world.set("foreign", "net.ipv4.ip_forward", 1)
    plane = Plane(world, routes=False)
    plane.process.kill()
    plane.process.wait(timeout=PATIENCE_S)
    wait_for(lambda: "visits" not in world.run("foreign", "ip", "link").stdout, "the device went with its process")
    with world.socket("home") as heard, world.socket("visitor") as stranger:
        heard.bind((AGENT, 7000))
        heard.settimeout(PATIENCE_S)
        stranger.bind((NEIGHBOUR, 7000))
        with pytest.raises(OSError):  # that it goes nowhere is told
            for _ in range(100):
                stranger.sendto(b"by the kernel", (AGENT, 7000))
                stranger.connect((AGENT, 7000))
                stranger.settimeout(PATIENCE_S)
                stranger.recv(10)
        world.run("foreign", "ip", "rule", "delete", "iif", "visited", "lookup", "4790")
        stranger.sendto(b"afterwards", (AGENT, 7000))
        assert heard.recv(100) == b"afterwards"


def test_a_visitor_hears_what_its_tunnel_takes(world):
    """The way to the home agent takes less than the visited link: RFC 2003 section 5."""
    for host in ("home", "foreign"):
        world.run(host, "ip", "link", "set", "core", "mtu", "1300")
    plane = Plane(world, routes=False)
    plane.put()
    home_end(world, mtu=1200)
    with world.echo("visitor", CORRESPONDENT, HOME) as echo:
        wait_for(lambda: echo.ask(1272, fragment=False) == 0 and echo.errors, "the visitor is told")
        (kind, code, mtu, teller), = set(echo.errors)
        assert (kind, code, teller) == (3, 4, LINK) and 576 <= mtu <= 1280
        assert echo.ask(mtu - 28, fragment=False) == 1
        assert echo.ask(1400) == 1  # in fragments
    assert plane.counted("mtu-told") >= 1
