"""A TCP transfer between two hosts that lasts until it is ended, and how long it stood still meanwhile.

    with Stream(hosts, "correspondent", "mobile", "10.64.0.7") as stream:
        since = stream.now()
        ...                                # the node moves
        stream.await_more()                # what is sent from here on arrives
        print(stream.longest_stall_ms(since))
        print(stream.end())                # octets that arrived, all of them as they were sent

`hosts` has socket(host, kind=...), as tests/support/switched.py and tests/dataplane/world.py have.
"""

import hashlib
import socket
import threading
import time

from waiting import wait_for

PORT = 7400
BLOCK = 4096
PAUSE_S = 0.005  # between two blocks: a stall is seen to that
PATIENCE_S = 60


class Broken(AssertionError):
    """The transfer ended, or brought something else than was sent."""


class Stream:
    """From one host to the address of another, which listens."""

    def __init__(self, hosts, sender, receiver, address, port=PORT):
        self.failure = None
        self.sent, self.received = 0, 0
        self.digests = [hashlib.sha256(), hashlib.sha256()]  # of what was sent, of what arrived
        self.arrivals = []
        self.ending = threading.Event()
        with hosts.socket(receiver, kind=socket.SOCK_STREAM) as listener:
            listener.bind((address, port))
            listener.listen(1)
            listener.settimeout(PATIENCE_S)
            self.source = hosts.socket(sender, kind=socket.SOCK_STREAM)
            self.source.settimeout(PATIENCE_S)
            self.source.connect((address, port))
            self.sink, _ = listener.accept()
        for end in (self.source, self.sink):
            end.settimeout(None)
        self.threads = [threading.Thread(target=self.guarded, args=(work,), daemon=True) for work in (self.send, self.receive)]
        for thread in self.threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.ending.set()
        for end in (self.source, self.sink):
            end.close()

    @staticmethod
    def now():
        return time.monotonic()

    # ---- the threads ----

    def guarded(self, work):
        try:
            work()
        except OSError as why:
            self.failure = why

    def send(self):
        while not self.ending.is_set():
            block = hashlib.shake_256(str(self.sent).encode()).digest(BLOCK)
            self.source.sendall(block)
            self.digests[0].update(block)
            self.sent += len(block)
            self.ending.wait(PAUSE_S)
        self.source.shutdown(socket.SHUT_WR)

    def receive(self):
        while octets := self.sink.recv(65536):
            self.arrivals.append(self.now())
            self.digests[1].update(octets)
            self.received += len(octets)

    # ---- what became of it ----

    def check(self):
        if self.failure:
            raise Broken(f"the transfer broke after {self.received} octets: {self.failure}")

    def await_more(self, seconds=PATIENCE_S):
        """What is sent after this call arrives, too."""
        goal = self.sent + 2 * BLOCK

        def is_there():
            self.check()
            return self.received >= goal
        wait_for(is_there, "the transfer goes on", seconds=seconds)

    def longest_stall_ms(self, since):
        """The longest time between two arrivals, of which the later one was after that moment."""
        came = list(self.arrivals)
        return 1000 * max(after - before for before, after in zip(came, came[1:]) if after >= since)

    def end(self):
        """How many octets arrived, once they all have."""
        self.ending.set()

        def is_over():
            self.check()
            return not any(thread.is_alive() for thread in self.threads)
        wait_for(is_over, "all that was sent arrives")
        self.check()
        if self.digests[0].digest() != self.digests[1].digest() or self.sent != self.received:
            raise Broken(f"{self.received} octets arrived, and not as the {self.sent} that were sent")
        return self.received

    def digest(self):
        """SHA-256 of what arrived."""
        return self.digests[1].hexdigest()
