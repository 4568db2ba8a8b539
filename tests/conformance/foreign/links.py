"""Our two interfaces: `visited`, where mobile nodes are neighbours of the agent, and `home`, on the agent's way to home
agents. Packet sockets: no address of either belongs to this host's kernel, but for the one that the agent's route leads to.
"""

import fcntl
import select
import socket
import struct
import time

from foreign import packets

SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_AUXDATA = 263, 1, 8
PACKET_MR_PROMISC = 1
CHECKSUM_NOT_READY = 8  # TP_STATUS_CSUMNOTREADY
PACKET_OUTGOING = 4
EVERYTHING = 3  # ETH_P_ALL


class Unavailable(Exception):
    """This machine does not let us send and hear there."""


class Link:
    """One interface, by a packet socket; `make` makes the socket, in another network namespace if need be."""

    def __init__(self, side, interface, make=socket.socket):
        self.side, self.interface = side, interface
        try:
            self.socket = make(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.socket.bind((interface, EVERYTHING))
        except OSError as error:
            raise Unavailable(f"{interface}: {error.strerror}; it takes an interface that is up, and CAP_NET_RAW") from None
        self.link = self.socket.getsockname()[4]
        index = self.index_in_its_place()
        membership = struct.pack("iHH8s", index, PACKET_MR_PROMISC, 0, b"")
        self.socket.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.setblocking(False)

    def index_in_its_place(self):
        """Where the socket is, which need not be where we are."""
        asked = struct.pack("16si20x", self.interface.encode(), 0)
        return struct.unpack("16si20x", fcntl.ioctl(self.socket, 0x8933, asked))[1]  # SIOCGIFINDEX

    def close(self):
        self.socket.close()

    def send(self, frame):
        self.socket.send(frame)

    def receive(self):
        """The next frame of somebody else's, or None when none waits."""
        while True:
            try:
                octets, control, _, sender = self.socket.recvmsg(65535, 256)
            except BlockingIOError:
                return None
            if sender[2] == PACKET_OUTGOING:
                continue
            status = next((struct.unpack("I", data[:4])[0] for level, kind, data in control
                           if (level, kind) == (SOL_PACKET, PACKET_AUXDATA)), 0)
            return packets.Frame(self.side, octets, bool(status & CHECKSUM_NOT_READY))


class Links:
    """Both of them; what comes to one is heard in turn with what comes to the other, mobile nodes' first."""

    def __init__(self, visited, home, make=socket.socket):
        self.visited, self.home = Link("visited", visited, make), Link("home", home, make)

    def close(self):
        self.visited.close()
        self.home.close()

    def receive(self, seconds):
        """The next frame on either, or None after that time."""
        end = time.monotonic() + seconds
        while True:
            found = self.visited.receive() or self.home.receive()
            left = end - time.monotonic()
            if found or left <= 0:
                return found
            select.select([self.visited.socket, self.home.socket], [], [], left)
