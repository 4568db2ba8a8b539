"""The switch of hosts: what is cut is cut in that direction only, and comes back."""

import time

import pytest
from switched import Switch, pairs
from waiting import wait_for

HOSTS = {"one": "192.0.2.11", "two": "192.0.2.12", "three": "192.0.2.13"}
PORT = 9


class Talk:
    """A socket on each host."""

    def __init__(self, switch):
        self.switch = switch
        self.sockets = {}
        self.sent = 0
        for host in HOSTS:
            self.open(host)

    def open(self, host):
        if host in self.sockets:
            self.sockets[host].close()
        self.sockets[host] = self.switch.socket(host)
        self.sockets[host].bind((HOSTS[host], PORT))
        self.sockets[host].setblocking(False)

    def send(self, source, sink, size=20):
        self.sent += 1
        octets = self.sent.to_bytes(4, "big") + bytes(size)
        try:
            self.sockets[source].sendto(octets, (HOSTS[sink], PORT))
        except OSError:
            pass  # a link that is down says so
        return octets

    def take(self, sink):
        """Everything that came."""
        taken = []
        while True:
            try:
                taken.append(self.sockets[sink].recv(2048))
            except BlockingIOError:
                return taken

    def passes(self, source, sink):
        """Await that a message comes through; neighbours may have to be found first. All that came until then."""
        seen, sent = [], []

        def through():
            sent.append(self.send(source, sink))
            seen.extend(self.take(sink))
            return any(octets in seen for octets in sent)
        wait_for(through, f"a message of {source} comes to {sink}", seconds=20)
        return seen


@pytest.fixture
def talk():
    with Switch() as switch:
        for host, address in HOSTS.items():
            switch.plug(host, address + "/24")
        talk = Talk(switch)
        yield talk
        for socket in talk.sockets.values():
            socket.close()


def all_pairs():
    return [(one, other) for one in HOSTS for other in HOSTS if one != other]


def test_a_cut_is_of_one_direction(talk):
    for source, sink in all_pairs():
        talk.passes(source, sink)
    talk.switch.cut([("one", "two")])
    lost = talk.send("one", "two")
    talk.passes("two", "one")
    talk.passes("one", "three")
    assert lost not in talk.passes("three", "two")
    talk.switch.cut([])
    talk.passes("one", "two")


def test_groups_are_apart(talk):
    for source, sink in all_pairs():
        talk.passes(source, sink)
    directions = pairs(["one"], ["two", "three"])
    assert sorted(directions) == [("one", "three"), ("one", "two"), ("three", "one"), ("two", "one")]
    talk.switch.cut(directions)
    lost = [talk.send(*direction) for direction in directions]
    came = talk.passes("two", "three") + talk.passes("three", "two") + talk.take("one")
    assert not any(octets in came for octets in lost)


def test_a_host_without_power(talk):
    talk.passes("one", "two")
    talk.switch.unplug("one")
    lost = talk.send("one", "two")
    assert lost not in talk.passes("three", "two")
    talk.switch.replug("one")
    talk.open("one")
    talk.passes("one", "two")
    talk.passes("two", "one")


def test_a_slow_link(talk):
    """20 messages of 1000 octets at 800 kbit/s take about 0.2 s; the first ones are a burst."""
    talk.passes("one", "two")
    talk.switch.slow("two", 800)
    begun = time.monotonic()
    sent = [talk.send("one", "two", size=1000) for _ in range(20)]
    taken = []
    wait_for(lambda: taken.extend(talk.take("two")) or len(taken) >= len(sent), "everything came", seconds=20, interval=0.001)
    assert time.monotonic() - begun > 0.1, "no faster than the link is"
    talk.switch.slow("two", 0)
    talk.passes("one", "two")
