"""A master agent of AgentX, RFC 2741, that says to a subagent what a test wants: what snmpd sends only when something goes wrong.

    with Master(path) as master:
        master.await_subagent()
        master.ask(TEST_SET, 7, unsigned32("1.3.6.1.2.1.1.6.0", 5))      # the error of the response, 0 for none
"""

import queue
import socket
import struct
import threading

from snmp_tools import numbers
from waiting import wait_for

OPEN, CLOSE, REGISTER, TEST_SET, COMMIT_SET, UNDO_SET, CLEANUP_SET, RESPONSE = 1, 2, 3, 8, 9, 10, 11, 18
UNSIGNED32 = 66
NETWORK_ORDER = 0x10  # who says so writes numbers in it, and else as its machine does; it is answered likewise
HEADER = "BBBBIIII"


def unsigned32(oid, value):
    """An object and its value, of that type: how to pack it. Its name is without the short form of its beginning."""
    arcs = numbers(oid)
    return f"HHBBBB{len(arcs)}II", UNSIGNED32, 0, len(arcs), 0, 0, 0, *arcs, value


class Master:
    """One subagent is served: whatever it wants is granted, and does nothing. With `deaf` it reads what comes after the opening,
    and says nothing more."""

    def __init__(self, path, deaf=False):
        self.deaf = deaf
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.connection = None
        self.order = "="
        self.session = 1
        self.packet = 0
        self.registered = 0
        self.responses = queue.Queue()
        self.thread = threading.Thread(target=self.serve)

    def read(self, size):
        octets = b""
        while len(octets) < size:
            part = self.connection.recv(size - len(octets))
            if not part:
                raise EOFError
            octets += part
        return octets

    def serve(self):
        try:
            self.connection = self.listener.accept()[0]
            while True:
                self.serve_one()
        except (EOFError, OSError):
            return

    def serve_one(self):
        header = self.read(struct.calcsize("=" + HEADER))
        self.order = "!" if header[2] & NETWORK_ORDER else "="
        _, kind, _, _, _, transaction, packet, size = struct.unpack(self.order + HEADER, header)
        payload = self.read(size)
        if kind == RESPONSE:
            self.responses.put((packet, struct.unpack_from(self.order + "IHH", payload)[1]))
        elif kind == OPEN or not self.deaf:
            self.send(RESPONSE, transaction, packet, ("IHH", 0, 0, 0))
        self.registered += kind == REGISTER

    def send(self, kind, transaction, packet, *parts):
        """Each part is what struct.pack takes, but for the order."""
        payload = b"".join(struct.pack(self.order + form, *values) for form, *values in parts)
        flags = NETWORK_ORDER if self.order == "!" else 0
        self.connection.sendall(struct.pack(self.order + HEADER, 1, kind, flags, 0, self.session, transaction, packet,
                                            len(payload)) + payload)

    def await_subagent(self):
        wait_for(lambda: self.registered, "a subagent registers its objects")

    def ask(self, kind, transaction, *varbinds):
        """The error of the response, by its number."""
        self.packet += 1
        self.send(kind, transaction, self.packet, *varbinds)
        packet, error = self.responses.get(timeout=60)
        assert packet == self.packet
        return error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, value, traceback):
        for one in (self.connection, self.listener):
            if one:
                one.shutdown(socket.SHUT_RDWR)
                one.close()
        self.thread.join()
