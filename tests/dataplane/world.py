"""The world of a home agent: a correspondent, a router, the home network, two foreign networks, a mobile node.

    correspondent 203.0.113.9 -- router -- 192.0.2.0/24 -- agent 192.0.2.1 (-- home network of its own 172.16.1.0/24 -- neighbour)
                                   |------ 198.51.100.0/24 -- mobile node 198.51.100.7
                                   `------ 198.51.101.0/24 -- mobile node 198.51.101.7

Every name is a network namespace; the names of links are those of the networks. The far end of tunnels is
tests/dataplane/mobile.c.
"""

import contextlib
import os
import socket
import struct
import subprocess
import uuid

from agent import BUILD
from namespaces import ip, socket_in
from scapy_client import Association, D, Reply, build_request, ntp_time
from waiting import wait_for

AGENT, ROUTER = "192.0.2.1", "192.0.2.254"
CORRESPONDENT = "203.0.113.9"
CARE_OF, OTHER_CARE_OF = "198.51.100.7", "198.51.101.7"
VIRTUAL = "10.64.0.0/16"
OWN = "172.16.1.0/24"

# network: members and their addresses; the first is who routes there.
NETWORKS = {
    "outside": {"router": "203.0.113.1/24", "correspondent": f"{CORRESPONDENT}/24"},
    "home": {"router": f"{ROUTER}/24", "agent": f"{AGENT}/24"},
    "own": {"agent": "172.16.1.1/24", "neighbour": "172.16.1.9/24"},
    "foreign": {"router": "198.51.100.1/24", "mobile": f"{CARE_OF}/24"},
    "other": {"router": "198.51.101.1/24", "mobile": f"{OTHER_CARE_OF}/24"},
}
HOSTS = ("router", "correspondent", "agent", "neighbour", "mobile")
DEFAULT_ROUTES = {"correspondent": "203.0.113.1", "agent": ROUTER, "neighbour": "172.16.1.1", "mobile": "198.51.100.1"}
FORWARDING = ("router", "agent")
SPI, KEY = 300, bytes(range(16)).hex()
ALL_PROTOCOLS = 3  # of Ethernet, to a packet socket


class Hosts:
    """Network namespaces by the names of their hosts, and what is done in them."""

    def __init__(self, namespace):
        self.namespace = namespace  # of a host's name
        self.processes = []

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()

    # ---- hosts ----

    def inside(self, host):
        """What runs a command there."""
        return ("nsenter", f"--net=/run/netns/{self.namespace(host)}")

    def run(self, host, *command, check=True, **options):
        return subprocess.run([*self.inside(host), *command], check=check, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, **options)

    def start(self, host, *command, **options):
        """A process that ends with this world."""
        process = subprocess.Popen([*self.inside(host), *command], **options)
        self.processes.append(process)
        return process

    def set(self, host, name, value):
        self.run(host, "sysctl", "-qw", f"{name}={value}")

    def socket(self, host, **options):
        return socket_in(self.namespace(host), **options)

    # ---- packets ----

    def echo(self, host, target, source=None):
        """A socket for echo requests to an address, to be used in `with`."""
        return Echo(self, host, target, source)

    def ping(self, host, target, count=3, size=56, source=None, fragment=True):
        """How many of so many echo requests, each sent when the one before was answered or given up, are answered."""
        with self.echo(host, target, source) as echo:
            return sum(echo.ask(size, fragment) for _ in range(count))

    @contextlib.contextmanager
    def record(self, host, link, file):
        """What passes a link meanwhile, into a pcap file."""
        with self.socket(host, kind=socket.SOCK_RAW, family=socket.AF_PACKET, protocol=socket.htons(ALL_PROTOCOLS)) as heard:
            heard.bind((link, ALL_PROTOCOLS))
            heard.setblocking(False)
            yield
            with open(file, "wb") as out:
                out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
                while True:
                    try:
                        frame = heard.recv(65536)
                    except BlockingIOError:
                        break
                    out.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)

    def reaches(self, host, target, **options):
        """Await that an echo request is answered."""
        return wait_for(lambda: self.ping(host, target, count=1, **options) == 1, f"{target} answers {host}")


class World(Hosts):
    def __init__(self):
        tag = uuid.uuid4().hex[:8]
        super().__init__(lambda host: f"hearth-{tag}-{host}")

    def __enter__(self):
        for host in HOSTS:
            ip("netns", "add", self.namespace(host))
            ip("-n", self.namespace(host), "link", "set", "lo", "up")
            self.set(host, "net.ipv4.conf.all.rp_filter", 0)
            self.set(host, "net.ipv4.conf.default.rp_filter", 0)
            self.set(host, "net.ipv4.ip_forward", int(host in FORWARDING))
            self.set(host, "net.ipv6.conf.all.disable_ipv6", 1)
            self.set(host, "net.ipv6.conf.default.disable_ipv6", 1)
        for network, members in NETWORKS.items():
            self.connect(network, *members.items())
        # A virtual link leaves checksums to a card that it has not, and they would be wrong for who opens a tunnel by hand.
        self.run("correspondent", "ethtool", "-K", "outside", "tx", "off")
        for host, router in DEFAULT_ROUTES.items():
            ip("-n", self.namespace(host), "route", "add", "default", "via", router)
        for prefix in (VIRTUAL, OWN):
            ip("-n", self.namespace("router"), "route", "add", prefix, "via", AGENT)
        # The mobile node answers from each care-of address by the network that it belongs to.
        self.run("mobile", "ip", "rule", "add", "from", OTHER_CARE_OF, "lookup", "101")
        self.run("mobile", "ip", "route", "add", "default", "via", "198.51.101.1", "table", "101")
        return self

    def __exit__(self, *exception):
        self.end()
        for host in HOSTS:
            subprocess.run(["ip", "netns", "delete", self.namespace(host)], check=False, capture_output=True)

    def connect(self, network, one, other):
        names = [self.namespace(host) for host, _ in (one, other)]
        ip("link", "add", network, "netns", names[0], "type", "veth", "peer", "name", network, "netns", names[1])
        for name, (_, address) in zip(names, (one, other)):
            ip("-n", name, "address", "add", address, "broadcast", "+", "dev", network)
            ip("-n", name, "link", "set", network, "up")


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(int.from_bytes(octets[i : i + 2], "big") for i in range(0, len(octets), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


PATIENCE_S = 1.0  # for an answer that may never come
IP_MTU_DISCOVER, PMTUDISC_DONT, PMTUDISC_PROBE = 10, 0, 3


class Echo:
    """ICMP by hand. `errors`: (type, code, MTU of the next hop, who says so) of errors about our requests."""

    def __init__(self, world, host, target, source=None):
        self.target = target
        self.id = int.from_bytes(os.urandom(2), "big")
        self.sequence = 0
        self.errors = []
        self.socket = world.socket(host, kind=socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP)
        self.socket.settimeout(PATIENCE_S)
        if source:
            self.socket.bind((source, 0))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def request(self, size):
        head = struct.pack("!BBHHH", 8, 0, 0, self.id, self.sequence)
        data = bytes(i % 251 for i in range(size))
        return head[:2] + checksum(head + data).to_bytes(2, "big") + head[4:] + data, data

    def send(self, size=56, fragment=True):
        self.sequence = (self.sequence + 1) % 0x10000
        self.socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DONT if fragment else PMTUDISC_PROBE)
        octets, data = self.request(size)
        self.socket.sendto(octets, (self.target, 0))
        return data

    def ask(self, size=56, fragment=True):
        """1 if it is answered with what was sent, else 0."""
        data = self.send(size, fragment)
        while True:
            try:
                packet, (source, _) = self.socket.recvfrom(65536)
            except TimeoutError:
                return 0
            message = packet[(packet[0] & 15) * 4 :]
            if message[0] in (3, 11, 12):
                self.note(message, source)
            elif message[0] == 0 and message[4:8] == struct.pack("!HH", self.id, self.sequence):
                assert source == self.target and message[8:] == data
                return 1

    def is_answered(self):
        """Is there an answer to any request so far? For who awaits none any more."""
        self.socket.setblocking(False)
        try:
            while True:
                packet = self.socket.recv(65536)
                message = packet[(packet[0] & 15) * 4 :]
                if message[0] == 0 and message[4:6] == self.id.to_bytes(2, "big"):
                    return True
        except BlockingIOError:
            return False

    def note(self, message, source):
        inner = message[8:]
        about = inner[(inner[0] & 15) * 4 :]
        if about[0] == 8 and about[4:6] == self.id.to_bytes(2, "big"):
            self.errors.append((message[0], message[1], int.from_bytes(message[6:8], "big"), source))


def register(hosts, host, home, care_of, agent=AGENT, lifetime=300, flags=D, extensions=b"", port=0, source=None, late_s=0):
    """The code of the reply. Sent again until there is one, with a new identification. `source`: a NAT's address, if that is
    not the care-of address. `late_s`: how far the node's clock is behind."""
    def answer():
        node.sendto(Association(SPI, KEY).sign(
            build_request(home, agent, care_of, lifetime, ntp_time() - (late_s << 32), flags=flags) + extensions), (agent, 434))
        try:
            return Reply(node.recvfrom(2048)[0])
        except TimeoutError:
            return None
    with hosts.socket(host) as node:
        node.settimeout(PATIENCE_S)
        node.bind((source or care_of, port))
        return wait_for(answer, f"an answer to the registration of {home}").code


def association(home):
    """A row of tests/support/agent.py."""
    return {"kind": "mobile", "home": home, "spi": SPI, "algorithm": "hmac-md5", "key": KEY}


def marks_lead_to_ways():
    """Does the kernel look for a way by a mark when BPF asks it?"""
    return tuple(int(number) for number in os.uname().release.split(".")[:2]) >= (6, 10)


class Mobile:
    """The node's end of a tunnel: a device that has the home address."""

    def __init__(self, world, home, care_of=CARE_OF, encapsulation="ipip", udp=None, reverse=False, device="tunnel", table="100", mtu=1400, agent=AGENT, host="mobile"):
        self.world, self.home, self.device, self.table = world, home, device, None
        self.host = host
        words = ["--agent", agent, "--care-of", care_of, "--device", device, "--encapsulation", encapsulation]
        words += ["--udp", str(udp)] if udp else []
        self.process = world.start(host, os.path.join(BUILD, "tests/dataplane/mobile"), *words,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        world.set(host, f"net.ipv4.conf.{device}.rp_filter", 0)
        ip("-n", world.namespace(host), "address", "replace", f"{home}/32", "dev", device)
        ip("-n", world.namespace(host), "link", "set", device, "up", "mtu", str(mtu))
        if reverse:
            self.go_back_through(table)

    def go_back_through(self, table="100"):
        """From now on what the node sends goes through this tunnel, and no more through one of before."""
        self.table = table
        self.world.run(self.host, "ip", "route", "replace", "default", "dev", self.device, "table", table)
        self.world.run(self.host, "ip", "rule", "add", "from", self.home, "lookup", table)

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        if self.table:
            self.world.run(self.host, "ip", "rule", "delete", "from", self.home, "lookup", self.table)
