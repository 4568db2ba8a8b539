"""A host on the link of the home agent: what it hears, what it asks, what it has learnt. Frames are taken apart by hand."""

import socket
import struct
import subprocess
from collections import namedtuple

from switched import HOST_LINK
from waiting import wait_for

ARP = 0x0806
LAYOUT = struct.Struct("!6s6s8sH6s4s6s4s")  # the eight octets are types and lengths
FIXED = bytes.fromhex("000108000604")
EVERYBODY, NOBODY = b"\xff" * 6, bytes(6)

Frame = namedtuple("Frame", "destination source operation sender_mac sender target_mac target gratuitous")


def mac_text(octets):
    return ":".join(f"{octet:02x}" for octet in octets)


def parse(octets):
    destination, source, _, operation, sender_mac, sender, target_mac, target = LAYOUT.unpack(octets[:LAYOUT.size])
    return Frame(mac_text(destination), mac_text(source), operation, mac_text(sender_mac), socket.inet_ntoa(sender),
                 mac_text(target_mac), socket.inet_ntoa(target), sender == target)


class Neighbour:
    """`address` is what it watches; `heard` are the messages of ARP that claim it."""

    def __init__(self, switch, host, address):
        self.switch, self.host, self.address = switch, host, address
        self.own = switch.addresses[host].split("/")[0]
        self.heard = []
        self.others = []

    def __enter__(self):
        self.socket = self.switch.socket(self.host, kind=socket.SOCK_RAW, family=socket.AF_PACKET)
        self.socket.bind((HOST_LINK, ARP))
        self.socket.setblocking(False)
        self.mac = self.socket.getsockname()[4]
        return self

    def __exit__(self, *exception):
        self.socket.close()

    # ---- hearing ----

    def hear(self):
        """Take in what came; True, so that a condition may begin with it."""
        while True:
            try:
                octets, place = self.socket.recvfrom(2048)
            except BlockingIOError:
                return True
            if place[2] == socket.PACKET_OUTGOING:
                continue
            frame = parse(octets)
            (self.heard if frame.sender == self.address else self.others).append(frame)

    def forget_heard(self):
        self.hear()
        self.heard.clear()

    def wait_for_announcement(self, mac=None):
        """The first since what was heard was forgotten; under that MAC, if one is named."""
        return wait_for(lambda: self.hear() and next((frame for frame in self.heard if frame.gratuitous and
                                                      mac in (None, frame.sender_mac)), None),
                        f"{self.address} is announced", interval=0.001)

    def claims(self):
        """All MACs under which the address was told."""
        self.hear()
        return {mac for frame in self.heard for mac in (frame.sender_mac, frame.source)}

    # ---- speaking ----

    def send(self, operation, sender_mac, sender, target_mac, target, destination=EVERYBODY, source=None):
        self.socket.send(destination + (source or sender_mac) + ARP.to_bytes(2, "big") + FIXED + operation.to_bytes(2, "big") +
                         sender_mac + socket.inet_aton(sender) + target_mac + socket.inet_aton(target))

    def request(self, target):
        self.send(1, self.mac, self.own, NOBODY, target)

    def claim(self, mac):
        """Say to all that the address is at a MAC of our making."""
        octets = bytes.fromhex(mac.replace(":", ""))
        self.send(2, octets, self.address, EVERYBODY, self.address)

    def ask(self):
        """Who has the address? Asked until there is an answer; its MAC."""
        def answered():
            self.request(self.address)
            self.hear()
            return next((frame for frame in self.heard if not frame.gratuitous), None)
        answer = wait_for(answered, f"an answer for {self.address}")
        assert (answer.operation, answer.target, answer.destination) == (2, self.own, mac_text(self.mac))
        return answer.sender_mac

    def kernel_answers(self, host):
        """Does the kernel of a host answer for the address? It answers in order: one for its own address comes after."""
        own = self.switch.addresses[host].split("/")[0]
        self.hear()
        self.heard.clear()
        self.others.clear()
        self.request(self.address)
        self.request(own)
        wait_for(lambda: self.hear() and any(frame.sender == own for frame in self.others), f"an answer for {own}")
        return any(not frame.gratuitous for frame in self.heard)

    def known_mac(self):
        """What the kernel of this host has learnt; None when it knows nothing."""
        words = [*self.switch.inside(self.host), "ip", "neighbour", "show", self.address, "dev", HOST_LINK]
        shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
        return shown[shown.index("lladdr") + 1] if "lladdr" in shown else None
