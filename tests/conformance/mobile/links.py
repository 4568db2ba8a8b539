"""The one link that the node is attached to, with the kernel's own time of each frame: how long a node waits is not to be told by when
we came to look.
"""

import socket
import struct
import time

from foreign import links, packets

SO_TIMESTAMPNS = 35


class Link(links.Link):
    def __init__(self, interface, make=socket.socket):
        super().__init__("node", interface, make)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def receive(self):
        """The next frame of the node's, or None when none waits; `at` is its time in seconds."""
        while True:
            try:
                octets, control, _, sender = self.socket.recvmsg(65535, 256)
            except BlockingIOError:
                return None
            if sender[2] == links.PACKET_OUTGOING:
                continue
            known = {(level, kind): data for level, kind, data in control}
            status = known.get((links.SOL_PACKET, links.PACKET_AUXDATA), bytes(4))
            frame = packets.Frame(self.side, octets, bool(struct.unpack("I", status[:4])[0] & links.CHECKSUM_NOT_READY))
            seconds, nanoseconds = struct.unpack("qq", known[(socket.SOL_SOCKET, SO_TIMESTAMPNS)][:16])
            frame.at = seconds + nanoseconds / 1e9
            return frame

    def drain(self):
        while self.receive():
            pass


def now():
    """The clock of `at`."""
    return time.time()
