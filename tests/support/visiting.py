"""A mobile node on a foreign link, as far as a foreign agent sees it: frames with its link address, agent advertisements heard,
solicitations, datagrams from whatever address it likes. Written from RFCs 1256 and 5944; shares no code with agentd.
"""

import contextlib
import select
import socket
import struct
import time

from namespaces import socket_in

ETH_P_IP = 0x0800
ICMP, UDP = 1, 17
ECHO_REPLY, ADVERTISEMENT, SOLICITATION = 0, 9, 10
EVERYBODY = b"\xff" * 6
FLAGS = {"R": 0x8000, "B": 0x4000, "H": 0x2000, "F": 0x1000, "M": 0x0800, "G": 0x0400, "T": 0x0100, "U": 0x0080, "X": 0x0040}


def checksum(octets):
    words = struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip_packet(source, destination, protocol, payload, ttl=255):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, ttl, protocol, 0, socket.inet_aton(source),
                         socket.inet_aton(destination))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def udp_packet(source, destination, source_port, port, payload, ttl=255):
    head = struct.pack("!HHHH", source_port, port, 8 + len(payload), 0)
    pseudo = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!BBH", 0, UDP, 8 + len(payload))
    return ip_packet(source, destination, UDP, head[:6] + struct.pack("!H", checksum(pseudo + head + payload)) + payload, ttl)


class Heard:
    """An IPv4 packet that came to this node's link."""

    def __init__(self, octets, to_link):
        size = (octets[0] & 15) * 4
        self.to_link = to_link  # PACKET_HOST, _BROADCAST, _MULTICAST; _OTHERHOST of another node behind the same end
        self.ttl, self.protocol = octets[8], octets[9]
        self.source, self.destination = (socket.inet_ntoa(octets[at : at + 4]) for at in (12, 16))
        self.payload = octets[size : int.from_bytes(octets[2:4], "big")]
        assert checksum(octets[:size]) == 0, "checksum of IP"


class Advertisement:
    """An agent advertisement (RFC 5944 section 2.1), or ValueError."""

    def __init__(self, heard):
        octets = heard.payload
        if heard.protocol != ICMP or octets[0] != ADVERTISEMENT:
            raise ValueError("another message")
        assert checksum(octets) == 0, "checksum of ICMP"
        self.heard = heard
        self.code = octets[1]
        count, entry, self.lifetime = octets[4], octets[5], int.from_bytes(octets[6:8], "big")
        assert entry == 2
        self.routers = [socket.inet_ntoa(octets[8 + 8 * i : 12 + 8 * i]) for i in range(count)]
        self.care_of, self.prefix_lengths, self.challenge, self.word = [], [], b"", None
        at = 8 + 8 * count
        while at < len(octets):
            if octets[at] == 0:
                at += 1
                continue
            kind, size = octets[at], octets[at + 1]
            self.extension(kind, octets[at + 2 : at + 2 + size])
            at += 2 + size
        assert self.word is not None, "no mobility agent's"

    def extension(self, kind, data):
        if kind == 16:
            self.sequence, self.registration_lifetime, self.word = struct.unpack("!HHH", data[:6])
            self.care_of = [socket.inet_ntoa(data[at : at + 4]) for at in range(6, len(data), 4)]
        elif kind == 19:
            self.prefix_lengths = list(data)
        elif kind == 24:
            self.challenge = data

    @property
    def flags(self):
        return "".join(letter for letter, bit in FLAGS.items() if self.word & bit)


def datagram(heard):
    """Source port, port and payload of UDP, or ValueError."""
    if heard.protocol != UDP:
        raise ValueError("another message")
    source_port, port, size, total = struct.unpack("!HHHH", heard.payload[:8])
    pseudo = socket.inet_aton(heard.source) + socket.inet_aton(heard.destination) + struct.pack("!BBH", 0, UDP, size)
    assert total and checksum(pseudo + heard.payload[:size]) == 0, "checksum of UDP"
    return source_port, port, heard.payload[8:size]


class Visitor:
    """One end of a link in a namespace; the kernel there answers nothing that it is not asked."""

    def __init__(self, namespace, interface):
        self.interface = interface
        self.socket = socket_in(namespace, socket.SOCK_DGRAM, socket.AF_PACKET, socket.htons(ETH_P_IP))
        self.socket.bind((interface, ETH_P_IP))
        self.speaker = socket_in(namespace, socket.SOCK_RAW, socket.AF_PACKET)
        self.speaker.bind((interface, 0))
        self.link = self.speaker.getsockname()[4]  # its own address there
        self.agent = None  # link address of who was heard last

    def close(self):
        self.socket.close()
        self.speaker.close()

    def send(self, packet, to_link=EVERYBODY, link=None):
        """By default from its own link address; any other is that of another node behind the same end."""
        self.speaker.send(to_link + (link or self.link) + struct.pack("!H", ETH_P_IP) + packet)

    def hear(self, wanted, timeout_s=20):
        """The first packet of which `wanted` makes something that is true."""
        end = time.monotonic() + timeout_s
        while True:
            left = end - time.monotonic()
            ready, _, _ = select.select([self.socket], [], [], max(left, 0))
            assert ready, "nothing of the sort was heard"
            found = self.one(wanted)
            if found:
                return found

    def one(self, wanted):
        octets, (_, _, to_link, _, link) = self.socket.recvfrom(4096)
        if to_link == socket.PACKET_OUTGOING:
            return None
        try:
            found = wanted(Heard(octets, to_link))
        except ValueError:
            return None
        self.agent = link if found else self.agent
        return found

    def waiting(self, wanted):
        """All of those that have come by now."""
        found = []
        while select.select([self.socket], [], [], 0)[0]:
            found += filter(None, [self.one(wanted)])
        return found

    def say(self, source, destination, port, payload, ttl=255, link=None):
        """A datagram to port 434 of the agent that was heard last."""
        self.send(udp_packet(source, destination, port, 434, payload, ttl), self.agent or EVERYBODY, link)

    def solicit(self, source, to="224.0.0.2", code=0):
        message = struct.pack("!BBHI", SOLICITATION, code, 0, 0)
        message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
        self.send(ip_packet(source, to, ICMP, message, ttl=1))



def heard_until(watch, end):
    """The IPv4 packets that came to a packet socket before one that ends so, and that one."""
    watch.settimeout(20)
    found = []
    while not found or not found[-1].endswith(end):
        frame, (_, _, direction, *_) = watch.recvfrom(4096)
        if direction != socket.PACKET_OUTGOING:
            found.append(frame[14:])
    return found


def leave_plainly(node, sources, by, home, destination):
    """Those of the sources that are heard in the namespace `home`, in no tunnel, when the node sends in their names to the destination there:
    to the link address of `by`, a namespace and its interface, which has a way there. It sends answers to an echo that nobody asked for: to
    these nobody says anything, whenever they come."""
    text, last = b"of the visited link", b"the last one"
    answer = struct.pack("!BBHHH", ECHO_REPLY, 0, 0, 1, 1) + text
    answer = answer[:2] + struct.pack("!H", checksum(answer)) + answer[4:]
    with contextlib.ExitStack() as sockets:
        at_host, at_home = (sockets.enter_context(socket_in(name, socket.SOCK_RAW, socket.AF_PACKET, socket.htons(ETH_P_IP)))
                            for name in (by[0], home))
        at_host.bind((by[1], ETH_P_IP))
        to_link = at_host.getsockname()[4]
        for source in sources:
            for _ in range(10):
                node.send(ip_packet(source, destination, ICMP, answer, ttl=60), to_link)
        node.send(udp_packet(sources[0], "255.255.255.255", 7, 7, last), to_link)
        heard_until(at_host, last)
        with socket_in(by[0]) as behind:  # what is forwarded has gone before
            behind.sendto(last, (destination, 7))
        return {socket.inet_ntoa(packet[12:16]) for packet in heard_until(at_home, last) if packet[9] == ICMP and packet.endswith(text)}
