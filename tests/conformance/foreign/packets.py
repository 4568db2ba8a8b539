"""Frames with IPv4 in them, written and read whole, so that a case may choose every field that an agent could look at."""

import ipaddress
import struct

ETHERNET_IP, ETHERNET_ARP = 0x0800, 0x0806
ICMP, IPIP, UDP = 1, 4, 17
PORT = 434
DATA_PORT = 9  # of packets that are no messages
BROADCAST_LINK = b"\xff" * 6
ALL_AGENTS, ALL_ROUTERS, ALL_ONES = "224.0.0.11", "224.0.0.2", "255.255.255.255"
ADVERTISEMENT, SOLICITATION, UNREACHABLE = 9, 10, 3
MOBILITY_AGENT, CHALLENGE = 16, 24  # extensions of an advertisement
QUOTED = 548  # octets of a packet that an ICMP error quotes at most, RFC 1812 section 4.3.2.3


def octets_of(address):
    return ipaddress.IPv4Address(address).packed


def text_of(octets):
    return str(ipaddress.IPv4Address(octets))


def checksum(octets):
    """RFC 1071."""
    total = sum(struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp_checksum(source, destination, datagram):
    pseudo = octets_of(source) + octets_of(destination) + struct.pack("!BBH", 0, UDP, len(datagram))
    return checksum(pseudo + datagram)


def link_of(address):
    """The link address of a group or of everybody; None for one host's."""
    octets = octets_of(address)
    if octets == b"\xff" * 4:
        return BROADCAST_LINK
    return b"\x01\0\x5e" + bytes([octets[1] & 0x7F]) + octets[2:] if octets[0] >> 4 == 14 else None


# ---- writing


def ip(protocol, source, destination, payload, ttl=64):
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0x4000, ttl, protocol, 0, octets_of(source), octets_of(destination)
    )
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def udp(source, port, destination, port_there, payload, sum_is=None):
    """`sum_is`: `wrong` or `zero`; the right checksum unless given."""
    header = struct.pack("!HHHH", port, port_there, 8 + len(payload), 0)
    value = udp_checksum(source, destination, header + payload) or 0xFFFF
    value = {"wrong": value ^ 0x0101 or 0x0101, "zero": 0}.get(sum_is, value)
    return header[:6] + struct.pack("!H", value) + payload


def icmp(kind, code, rest, payload=b""):
    message = struct.pack("!BBH", kind, code, 0) + rest + payload
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def frame(to, link, packet, kind=ETHERNET_IP):
    return to + link + struct.pack("!H", kind) + packet


def arp_request(link, wanted, asking="0.0.0.0"):
    return struct.pack("!HHBBH6s4s6s4s", 1, ETHERNET_IP, 6, 4, 1, link, octets_of(asking), bytes(6), octets_of(wanted))


# ---- reading


class Frame:
    """What came in on one of our interfaces. Of what is no UDP or ICMP only the addresses are there."""

    def __init__(self, side, octets, begun):
        self.side = side
        self.to, self.link = octets[:6], octets[6:12]
        self.kind = int.from_bytes(octets[12:14], "big")
        self.packet = octets[14:]
        self.protocol = self.source = self.destination = self.ttl = self.port = self.port_there = None
        self.payload, self.sound = b"", True
        if self.kind == ETHERNET_IP and len(self.packet) >= 20:
            self.read(begun)

    def read(self, begun):
        header = (self.packet[0] & 15) * 4
        self.packet = self.packet[: int.from_bytes(self.packet[2:4], "big")]  # without what fills a short frame
        self.ttl, self.protocol = self.packet[8], self.packet[9]
        self.source, self.destination = text_of(self.packet[12:16]), text_of(self.packet[16:20])
        self.payload = inner = self.packet[header:]
        if self.protocol == UDP and len(inner) >= 8:
            self.port, self.port_there, size, value = struct.unpack("!HHHH", inner[:8])
            self.payload = inner[8:]
            # A device may have been left to finish the sum; then it says nothing.
            self.sound = size == len(inner) and (begun or value == 0 or udp_checksum(self.source, self.destination, inner) == 0)

    def is_message(self):
        """Of a foreign agent: to a home agent, or from its port to a mobile node."""
        return self.protocol == UDP and (self.port_there if self.side == "home" else self.port) == PORT

    def is_data(self):
        """What somebody sent to a mobile node, or an ICMP error about it."""
        return self.is_delivered() or self.side == "home" and self.protocol in (ICMP, IPIP)

    def is_delivered(self):
        return self.protocol == UDP and self.port_there == DATA_PORT

    def is_advertisement(self):
        return self.protocol == ICMP and self.payload[:1] == bytes([ADVERTISEMENT])

    def asked_by_arp(self):
        """The address whose link address the sender wants to know; None when this is no such question."""
        if self.kind != ETHERNET_ARP or len(self.packet) < 28 or self.packet[6:8] != b"\0\1":
            return None
        return text_of(self.packet[24:28])

    def told_by_arp(self):
        """(address, link address) of an answer, or None."""
        if self.kind != ETHERNET_ARP or len(self.packet) < 28 or self.packet[6:8] != b"\0\2":
            return None
        return text_of(self.packet[14:18]), self.packet[8:14]


def extensions_of_advertisement(message):
    """{type: data} behind the addresses of a router advertisement."""
    at, found = 8 + 4 * message[4] * message[5], {}
    while at + 2 <= len(message):
        if message[at] == 0:
            at += 1
            continue
        found[message[at]] = message[at + 2 : at + 2 + message[at + 1]]
        at += 2 + message[at + 1]
    return found


def sequence_of_advertisement(message):
    return int.from_bytes(extensions_of_advertisement(message).get(MOBILITY_AGENT, b"\xff\xff")[:2], "big")
