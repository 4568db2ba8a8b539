"""Packets in tunnels, as the home agent sends them."""

import struct

import wire
from foreign import packets

MINIMAL, GRE = 55, 47


def of(where, profile):
    """How packets come to a care-of address of the node's own: the encapsulation that it asked for, or `where` itself; None by an agent."""
    return profile["encapsulation"] if where == "own" else where


def minimal_header(packet):
    """RFC 2004, with the original source address."""
    header = struct.pack("!BBH", packet[9], 0x80, 0) + packet[16:20] + packet[12:16]
    return header[:2] + struct.pack("!H", packets.checksum(header)) + header[4:] + packet[20:]


def wrap(how, packet, source, destination, port):
    if how == "ipip":
        return packets.ip(packets.IPIP, source, destination, packet)
    if how == "gre":
        return packets.ip(GRE, source, destination, struct.pack("!HH", 0, packets.ETHERNET_IP) + packet)
    if how == "minimal":
        return packets.ip(MINIMAL, source, destination, minimal_header(packet))
    payload = bytes([wire.TUNNEL_DATA, packets.IPIP, 0, 0]) + packet
    return packets.ip(packets.UDP, source, destination, packets.udp(source, packets.PORT, destination, port, payload))
