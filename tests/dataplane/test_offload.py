"""TCP in bulk through tunnels where every link leaves segmentation and checksums to the next one and merges what comes, as
network cards do: segments of a mobile node arrive at the home agent as one packet with one checksum that is only begun."""

import itertools
import socket
import struct
import threading

import pytest
from forwarding import (  # noqa: F401  (fixtures)
    HOME,
    KINDS,
    agent,
    binding,
    counters,
    register_for,
    world,
)
from waiting import wait_for
from world import AGENT, CARE_OF, CORRESPONDENT, NETWORKS, Mobile, checksum

DATA = bytes(range(251)) * 12000  # 3 MB
OFFLOADS = ("rx", "tx", "sg", "tso", "gso", "gro", "rx-udp-gro-forwarding")
HELD_NS = 5_000_000  # a card waits so long for more to be merged: so that it does not depend on how fast the node sends


@pytest.fixture
def offloads(world):  # noqa: F811
    """All of them, on all links. What a veth merges is what came by a raw socket: the last one is the name of that."""
    for network, members in NETWORKS.items():
        for host in members:
            words = [word for name in OFFLOADS for word in (name, "on")]
            world.run(host, "ethtool", "-K", network, *words)
    world.run("router", "unshare", "-m", "sh", "-ec",
              f"mount -t sysfs sysfs /sys; echo {HELD_NS} > /sys/class/net/foreign/gro_flush_timeout")


def send(world, source, address, target, where):  # noqa: F811
    """All of the data over TCP, from a host with an address to another."""
    got = bytearray()
    with world.socket(target, kind=socket.SOCK_STREAM) as server, world.socket(source, kind=socket.SOCK_STREAM) as client:
        server.bind((where, 7000))
        server.listen()
        client.bind((address, 0))
        for one in (server, client):
            one.settimeout(60)
        client.connect((where, 7000))
        connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            sender = threading.Thread(target=lambda: (client.sendall(DATA), client.shutdown(socket.SHUT_WR)), daemon=True)
            sender.start()
            while piece := connection.recv(1 << 20):
                got += piece
            sender.join()
    assert got == DATA


@pytest.mark.parametrize("kind", list(KINDS))
def test_bulk_both_ways_with_all_offloads(world, offloads, agent, kind):  # noqa: F811
    register_for(world, kind)
    Mobile(world, HOME, reverse=True, **KINDS[kind][2])
    assert world.reaches("correspondent", HOME)
    send(world, "correspondent", CORRESPONDENT, "mobile", HOME)
    send(world, "mobile", HOME, "correspondent", CORRESPONDENT)  # by the routes of the agent
    send(world, "mobile", HOME, "neighbour", "172.16.1.9")  # and to a home link, one by one
    shown = binding(agent, HOME, CARE_OF)
    assert shown["octets_in"] > len(DATA) + 40 * shown["packets_in"] and shown["packets_in"] > len(DATA) / 1460
    found = counters(agent)
    # The kernel looks into IP in IP and GRE alone, and puts them together; the test would show nothing if it did not.
    assert (found["user-merged"] > 0) == (kind in ("ipip", "gre"))
    assert found["user-merged-unknown"] == 0


# ---- what only looks like it ----


def header(protocol, source, destination, payload, options=b"", flags=0):
    words = 5 + len(options) // 4
    octets = struct.pack("!BBHHHBBH4s4s", 0x40 | words, 0, words * 4 + len(payload), 7, flags, 64, protocol, 0,
                         socket.inet_aton(source), socket.inet_aton(destination)) + options
    return octets[:10] + checksum(octets).to_bytes(2, "big") + octets[12:] + payload


def begun(protocol, options=b"", size=100):
    """A packet of the node whose checksum is that of the pseudo header alone: nobody will finish it."""
    addresses = socket.inet_aton(HOME) + socket.inet_aton(CORRESPONDENT)
    length = size + (20 if protocol == 6 else 8)
    total = 0xFFFF - checksum(addresses + struct.pack("!BBH", 0, protocol, length))
    head = (struct.pack("!HHIIBBHHH", 7000, 7000, 1, 1, 0x50, 0x10, 100, total, 0) if protocol == 6 else
            struct.pack("!HHHH", 7000, 7000, length, total))
    return header(protocol, HOME, CORRESPONDENT, head + bytes(size), options)


def gre(packet, flags, sequence=0):
    fields = bytes(4) * bin(flags & 0xA000).count("1") + (struct.pack("!I", sequence) if flags & 0x1000 else b"")
    octets = struct.pack("!HH", flags, 0x0800) + fields + packet
    if flags & 0x8000:
        octets = octets[:4] + checksum(octets).to_bytes(2, "big") + octets[6:]
    return octets


def test_what_only_looks_unfinished_goes_on_as_it_is(world, agent):  # noqa: F811
    """The kernel is asked about each such packet, wherever its headers end; of one that was in fragments it says nothing."""
    register_for(world, "gre")
    Mobile(world, HOME, reverse=True, encapsulation="gre")
    assert world.reaches("correspondent", HOME)
    nothing = b"\x01" * 4
    before = counters(agent)
    sent = 0
    with world.socket("mobile", kind=socket.SOCK_RAW, protocol=socket.IPPROTO_RAW) as sender:
        for protocol, outside, inside in itertools.product((6, 17), (b"", nothing), (b"", nothing * 2)):
            packet = begun(protocol, inside)
            for flags in (None, 0, 0x8000, 0x2000, 0x1000, 0xB000):
                octets = packet if flags is None else gre(packet, flags, sent)
                sender.sendto(header(4 if flags is None else 47, CARE_OF, AGENT, octets, outside), (AGENT, 0))
                sent += 1
    wait_for(lambda: counters(agent)["user-tunnel"] + counters(agent)["tc-reversed"]
             - before["user-tunnel"] - before["tc-reversed"] == sent, "all of them came")
    found = counters(agent)
    assert found["user-merged"] == found["user-merged-unknown"] == 0
    # Those of GRE without a key are of the node's tunnel.
    assert counted_since(before, found, "forward-reverse") == 2 * 2 * 2 * 3
    assert counted_since(before, found, "forward-reverse-kind") == 2 * 2 * 2 * 3
    large = header(47, CARE_OF, AGENT, gre(begun(6, size=1400), 0))
    pieces = (large[20:820], large[820:])
    with world.socket("mobile", kind=socket.SOCK_RAW, protocol=socket.IPPROTO_RAW) as sender:
        for number, piece in enumerate(pieces):
            sender.sendto(header(47, CARE_OF, AGENT, piece, flags=(0x2000, 100)[number]), (AGENT, 0))
    wait_for(lambda: counters(agent)["user-merged-unknown"] == 1, "it is dropped")
    assert world.ping("mobile", CORRESPONDENT, count=3, source=HOME) == 3


def counted_since(before, found, name):
    return found[name] - before[name]
