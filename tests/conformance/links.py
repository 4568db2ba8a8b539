"""Sockets towards the agent. Each case has its own; all stay open until the end of the run, so that an answer that comes
late is still noticed and charged to the case that did not expect it.
"""

import os
import select
import socket
import struct
import time


class Unavailable(Exception):
    """This machine does not let us send like that."""


class Link:
    """One UDP socket, the agent's address, and what has come."""

    def __init__(self, address, target):
        self.target = target
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            self.socket.bind((address or "0.0.0.0", 0))
        except OSError as error:
            self.socket.close()
            raise Unavailable(f"cannot send from {address}: {error.strerror}") from None
        self.socket.setblocking(False)

    def close(self):
        self.socket.close()

    def name(self):
        """Our address and port as the agent sees them."""
        address, port = self.socket.getsockname()
        if address != "0.0.0.0":
            return address, port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(self.target)
            return probe.getsockname()[0], port

    def send(self, octets, to=None):
        self.socket.sendto(octets, to or self.target)

    def receive(self, seconds):
        """The next datagram and its source, or None after that time."""
        end = time.monotonic() + seconds
        while True:
            try:
                return self.socket.recvfrom(65535)
            except BlockingIOError:
                left = end - time.monotonic()
                if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                    return None

    def send_with_checksum(self, octets, checksum):
        """By a raw socket, with a UDP checksum that is `wrong` or `zero`."""
        source, target = self.name(), self.target
        try:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        except PermissionError:
            raise Unavailable("raw sockets need CAP_NET_RAW") from None
        with raw:
            raw.bind((source[0], 0))
            header = struct.pack("!HHHH", source[1], target[1], 8 + len(octets), 0)
            value = 0
            if checksum == "wrong":
                value = udp_checksum(source[0], target[0], header + octets) ^ 0x0101 or 0x0101
            raw.sendto(header[:6] + struct.pack("!H", value) + octets, (target[0], 0))


def udp_checksum(source, target, datagram):
    """RFC 768, as it would be right."""
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!BBH", 0, 17, len(datagram))
    octets = pseudo + datagram + (b"\0" if len(datagram) % 2 else b"")
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF or 0xFFFF


def can_bind(address):
    """Is that an address of this machine?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def can_send_raw():
    if os.geteuid() == 0:
        return True
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).close()
    except PermissionError:
        return False
    return True
