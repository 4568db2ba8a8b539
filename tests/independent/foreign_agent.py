"""A foreign agent that shares no code with Hearth: it relays for a mobile node, offers revocation (RFC 3543), revokes, and
is revoked. Messages 7 and 15 are written and read here by hand, authenticators by hashlib; tshark judges what it hears.
"""

import socket
import struct

from scapy_client import FOREIGN_HOME, MOBILE_HOME, Invalid, Reply, build_request, ntp_time, walk

REQUEST, REPLY, REVOCATION, ACKNOWLEDGMENT = 1, 3, 7, 15
REVOCATION_SUPPORT = 137
A, I = 0x8000, 0x4000  # of a revocation
ACK_I = 0x8000
PORT = 434


def support(stamp, inform=False):
    """The extension by which an agent offers revocation, or agrees."""
    return struct.pack("!BBHI", REVOCATION_SUPPORT, 6, 0x8000 if inform else 0, stamp & 0xFFFFFFFF)


def revocation(home, home_agent, foreign_domain, identifier, flags=0):
    addresses = b"".join(socket.inet_aton(address) for address in (home, home_agent, foreign_domain))
    return struct.pack("!BBH", REVOCATION, 0, flags) + addresses + struct.pack("!I", identifier & 0xFFFFFFFF)


def acknowledgment(home, identifier, flags=0):
    return struct.pack("!BBH4sI", ACKNOWLEDGMENT, 0, flags, socket.inet_aton(home), identifier & 0xFFFFFFFF)


class Message:
    """A revocation or an acknowledgment that came from the home agent."""

    def __init__(self, octets):
        self.octets = octets
        self.type, reserved, self.flags, home = struct.unpack("!BBH4s", octets[:8])
        self.home = socket.inet_ntoa(home)
        if self.type == REVOCATION:
            self.home_domain, self.foreign_domain = (socket.inet_ntoa(octets[at : at + 4]) for at in (8, 12))
        size = {REVOCATION: 20, ACKNOWLEDGMENT: 12}[self.type]
        (self.identifier,) = struct.unpack("!I", octets[size - 4 : size])
        self.extensions = walk(octets, size)
        allowed = A | I if self.type == REVOCATION else ACK_I
        if reserved or self.flags & ~allowed:
            raise Invalid("reserved bits are set")

    def is_signed_by(self, association):
        found = [extension for extension in self.extensions if extension.kind == FOREIGN_HOME]
        if [extension.kind for extension in self.extensions] != [FOREIGN_HOME]:
            return False
        return found[0].data == association.spi.to_bytes(4, "big") + association.authenticator(found[0].before)


class ForeignAgent:
    """An agent at `address`, with a socket on port 434 there. Its clock can be set; datagrams are kept in .seen."""

    def __init__(self, open_socket, address, association, home_agent):
        self.address = address
        self.association = association
        self.home_agent = home_agent
        self.socket = open_socket
        self.socket.bind((address, PORT))
        self.socket.settimeout(20)
        self.seen = []
        self.newest = 0

    def close(self):
        self.socket.close()

    def stamp(self):
        """Seconds by our clock, each time later than before: we never send two messages within a second of our clock."""
        self.newest = max(self.newest + 1, ntp_time() >> 32)
        return self.newest

    # ---- registration ----

    def request(self, node, association, lifetime=300, flags=0, offer=True, inform=False, stamp=None, care_of=None):
        """A node's request as this agent passes it on."""
        message = association.sign(
            build_request(node, self.home_agent, care_of or self.address, lifetime, ntp_time(), flags)
        )
        if offer:
            message += support(self.stamp() if stamp is None else stamp, inform)
        return self.association.sign(message, FOREIGN_HOME)

    def register(self, node, association, **details):
        """Relay a registration; its reply, checked."""
        self.send(self.request(node, association, **details))
        reply = Reply(self.receive())
        assert reply.code in (0, 1), f"code {reply.code}"
        assert reply.is_signed_by(association, MOBILE_HOME)
        if details.get("lifetime") != 0:
            assert reply.is_signed_by(self.association, FOREIGN_HOME)
        return reply

    # ---- revocation ----

    def unsigned_revocation(self, home, identifier=None, flags=0, care_of=None, home_agent=None):
        identifier = self.stamp() if identifier is None else identifier
        return revocation(home, home_agent or self.home_agent, care_of or self.address, identifier, flags)

    def revoke(self, home, association=None, **details):
        """Send one; its identifier."""
        message = self.unsigned_revocation(home, **details)
        self.send((association or self.association).sign(message, FOREIGN_HOME))
        return int.from_bytes(message[16:20], "big")

    def acknowledge(self, message, flags=0, association=None, home=None, later=0):
        """Answer a revocation; `home` and `later` make it the answer to another one."""
        answer = acknowledgment(home or message.home, message.identifier + later, flags)
        self.send((association or self.association).sign(answer, FOREIGN_HOME))

    def send(self, octets):
        self.seen.append(((self.address, PORT), (self.home_agent, PORT), octets))
        self.socket.sendto(octets, (self.home_agent, PORT))

    def receive(self):
        """The octets of the next datagram, which must come from the home agent's own address and port."""
        octets, source = self.socket.recvfrom(65535)
        self.seen.append((source, (self.address, PORT), octets))
        if source != (self.home_agent, PORT):
            raise Invalid(f"a datagram from {source}, though {self.home_agent} is the home agent")
        return octets

    def receive_message(self, kind):
        message = Message(self.receive())
        assert message.type == kind
        assert message.is_signed_by(self.association)
        return message
