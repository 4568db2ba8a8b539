"""Numbered packets, a thousand a second, and who forwarded and who received which of them, when.

    packets.py send ADDRESS              a stream of UDP from this host
    packets.py ask ADDRESS...            requests of ARP for these, by broadcast
    packets.py feed PORT ADDRESS MAC...  as frames to a MAC out of a port of the switch: to that one host, whatever the switch knows

Each goes on until its standard input ends. Every packet carries its number and the time at which it left.
"""

import ctypes
import itertools
import os
import select
import socket
import struct
import sys
import threading
import time
from collections import namedtuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from namespaces import socket_in  # noqa: E402

PERIOD_NS = 1_000_000
ASK_PERIOD_NS = 5_000_000
STREAM, FED, ARP = "stream", "fed", "arp"
UDP_PORTS = {STREAM: 7001, FED: 7002}
KINDS = {number: kind for kind, number in UDP_PORTS.items()}
BODY = struct.Struct("!QQ")  # number, time
HOST_LINK = "eth0"
FEEDER = "192.0.2.78"  # is no host: nothing comes back
FEEDER_MAC = bytes.fromhex("020000c0004e")
ROOM = 64 << 20  # octets that may wait to be read
IPIP, UDP = 4, 17
ETH_IP, ETH_ARP, ETH_ALL = 0x0800, 0x0806, 3
SO_TIMESTAMPNS, SO_RCVBUFFORCE, SO_ATTACH_FILTER = 35, 33, 26

# What comes in, and is ARP or IP in IP: the rest of a port's traffic is none of ours.
FILTER = ((0x28, 0, 0, 0xFFFFF004), (0x15, 5, 0, 4), (0x28, 0, 0, 12), (0x15, 2, 0, ETH_ARP), (0x30, 0, 0, 23), (0x15, 0, 1, IPIP),
          (0x06, 0, 0, 0x40000), (0x06, 0, 0, 0))

Heard = namedtuple("Heard", "when_ns who kind number sent_ns")


# ---- sending ----


def paced(period_ns):
    """Numbers, one each period; what was missed is made up for at once. Ends with standard input."""
    began_ns = time.monotonic_ns()
    for number in itertools.count():
        wait_ns = began_ns + number * period_ns - time.monotonic_ns()
        if select.select([sys.stdin], [], [], max(0, wait_ns) / 1e9)[0]:
            return
        yield number


def give(out, octets, *to):
    """A packet that cannot be sent is lost, as its number will show."""
    try:
        out.sendto(octets, *to) if to else out.send(octets)
    except OSError:
        pass


def body(number):
    return BODY.pack(number, time.time_ns())


def send(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setblocking(False)
        for number in paced(PERIOD_NS):
            give(out, body(number), (address, UDP_PORTS[STREAM]))


def link_socket(link):
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((link, ETH_ALL))
    return out


def own(link):
    """(MAC, address) of this host."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, link_socket(link) as raw:
        probe.connect((FEEDER, 9))
        return raw.getsockname()[4], socket.inet_aton(probe.getsockname()[0])


def ask(*addresses):
    mac, mine = own(HOST_LINK)
    with link_socket(HOST_LINK) as out:
        for number in paced(ASK_PERIOD_NS):
            wanted = socket.inet_aton(addresses[number % len(addresses)])
            give(out, b"\xff" * 6 + mac + struct.pack("!HHHBBH", ETH_ARP, 1, ETH_IP, 6, 4, 1) + mac + mine + bytes(6) + wanted)


def sum16(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    return 0xFFFF - (total % 0xFFFF or 0xFFFF)


def datagram(source, address, octets):
    """UDP without a checksum."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(octets), 0, 0, 64, UDP, 0, socket.inet_aton(source), socket.inet_aton(address))
    return (head[:10] + sum16(head).to_bytes(2, "big") + head[12:] +
            struct.pack("!HHHH", 9, UDP_PORTS[FED], 8 + len(octets), 0) + octets)


def feed(port, address, *macs):
    to = [bytes.fromhex(mac.replace(":", "")) for mac in macs]
    with link_socket(port) as out:
        for number in paced(PERIOD_NS):
            give(out, to[number % len(to)] + FEEDER_MAC + ETH_IP.to_bytes(2, "big") + datagram(FEEDER, address, body(number)))


# ---- hearing ----


def of_tunnel(who, when_ns, packet):
    """A packet of ours inside of another one."""
    inner = packet[(packet[0] & 15) * 4:]
    udp = inner[(inner[0] & 15) * 4:]
    kind = KINDS.get(int.from_bytes(udp[2:4], "big")) if inner[9] == UDP else None
    return Heard(when_ns, who, kind, *BODY.unpack_from(udp, 8)) if kind else None


def from_port(who, addresses):
    """What makes sense of a frame that came from a host: a packet of ours in a tunnel, or a claim to one of the addresses."""
    def take(when_ns, frame):
        if frame[12:14] == b"\x08\x00":
            return of_tunnel(who, when_ns, frame[14:])
        claims = frame[12:14] == b"\x08\x06" and socket.inet_ntoa(frame[28:32]) in addresses
        return Heard(when_ns, who, ARP, None, None) if claims else None
    return take


def from_node(who, kind):
    return lambda when_ns, octets: Heard(when_ns, who, kind, *BODY.unpack(octets))


def open_port(switch, host):
    """A socket that hears what a host says to the switch."""
    heard = socket_in(switch.name, kind=socket.SOCK_RAW, family=socket.AF_PACKET)
    rules = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in FILTER))
    heard.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(FILTER), ctypes.addressof(rules)))
    heard.bind((host, ETH_ALL))
    return heard


class Capture:
    """A thread that notes what comes by sockets, each with what makes sense of it; in `heard`. For `with`."""

    def __init__(self, *sources):
        self.sources = {one.fileno(): (one, take) for one, take in sources}
        self.heard = []
        self.ends = False
        self.poll = select.poll()
        for one, _ in sources:
            one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
            one.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            one.setblocking(False)
            self.poll.register(one, select.POLLIN)
        self.thread = threading.Thread(target=self.gather, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.ends = True
        self.thread.join()
        for one, _ in self.sources.values():
            one.close()

    def gather(self):
        while True:
            last = self.ends  # what had come by then is noted yet
            for number, _ in self.poll.poll(20):
                self.drain(*self.sources[number])
            if last:
                return

    def drain(self, one, take):
        for _ in range(64):
            try:
                octets, extra, _, _ = one.recvmsg(2048, 64)
            except OSError:  # there is no more, or its port is gone
                return
            seconds, ns = struct.unpack("qq", extra[0][2])
            told = take(seconds * 1_000_000_000 + ns, octets)
            if told:
                self.heard.append(told)

    def of(self, kinds, who=None):
        return [one for one in self.heard if one.kind in kinds and (who is None or one.who in who)]


def lost(received, first, last):
    """How many of the numbers after the first to the last one never came."""
    return last - first - len({one.number for one in received if first < one.number <= last})


def doubled(received):
    numbers = [one.number for one in received]
    return len(numbers) - len(set(numbers))


def overlap_ns(old, new):
    """From the first sign of the new one to the last one of the old one."""
    if not old or not new:
        return 0
    return max(0, max(one.when_ns for one in old) - min(one.when_ns for one in new))


if __name__ == "__main__":
    {"send": send, "ask": ask, "feed": feed}[sys.argv[1]](*sys.argv[2:])
