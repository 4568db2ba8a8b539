"""Packets between a correspondent and a mobile node through a real agentd: its TUN device and raw sockets alone, and with the
BPF program before them."""

import functools
import hashlib
import socket
import struct
import subprocess
import threading

import pytest
import world as world_module
from agent import Refused
from forwarding import (  # noqa: F401: fixtures among them
    HOME, HOST, IP_RECVTTL, KINDS, LINK_HOME, OWN_HOME, PORT, SECOND_HOME, UNREACHABLE, agent, are_refused, await_counted,
    binding, counters, counters_at_rest, register, register_for, world,
)
from namespaces import ip
from scapy_client import B, D, S, T
from waiting import wait_for
from world import AGENT, CARE_OF, CORRESPONDENT, OTHER_CARE_OF, Mobile, marks_lead_to_ways

# ---- from bound to not bound ----


def test_it_begins_and_ends_with_the_binding(world, agent, path):
    with world.echo("correspondent", HOME) as echo:
        assert echo.ask() == 0 and echo.errors == [(UNREACHABLE, HOST, 0, AGENT)]
        assert register(world) == 0
        Mobile(world, HOME)
        assert world.reaches("correspondent", HOME)
        assert sum(echo.ask() for _ in range(20)) == 20
        shown = binding(agent, HOME, CARE_OF)
        assert shown["packets_out"] >= 21 and shown["octets_out"] == 84 * shown["packets_out"] and shown["packets_in"] == 0
        assert register(world, lifetime=0) == 0
        echo.errors.clear()
        assert echo.ask() == 0 and echo.errors == [(UNREACHABLE, HOST, 0, AGENT)]
    status = agent.ctl("status")
    assert status["forwarding"] == {"user": "user space", "tc": "tc"}[path]
    assert status["forwards"] is True and status["tunnels"] == 0
    assert status["forwarding_trouble"] is None


def test_this_host_itself_reaches_the_node(world, agent):
    register_for(world, "ipip")
    Mobile(world, HOME, reverse=True)
    assert world.reaches("agent", HOME)
    assert world.ping("mobile", AGENT, source=HOME) == 3


def test_what_would_become_of_a_packet_is_told(world, agent):
    def told(*words):
        rows = agent.ctl("trace-packet", *words)
        return {part: [row["text"] for row in rows if row["part"] == part] for part in ("note", "output", "verdict")}
    before = {name: value for name, value in counters(agent).items() if name.startswith(("forward-", "user-"))}
    assert told(CORRESPONDENT, HOME)["verdict"] == ["unreachable"]
    assert told(CORRESPONDENT, HOME)["output"] == [f"an ICMP error to {CORRESPONDENT}"]
    assert told(CORRESPONDENT, OWN_HOME)["output"] == [f"84 octets to {OWN_HOME}, on the home link"]
    assert register(world) == 0
    found = told(CORRESPONDENT, HOME, "1000")
    assert found["verdict"] == ["tunnelled"] and found["output"] == [f"1020 octets into the tunnel to {CARE_OF}"]
    assert f"{HOME} is bound to 1 care-of addresses" in found["note"]
    assert len(told(CORRESPONDENT, HOME, "3000")["output"]) == 3  # fragments
    assert f"an ICMP error to {CORRESPONDENT}" in told(CORRESPONDENT, HOME, "1500", "df")["output"]
    assert told(CORRESPONDENT, "8.8.8.8")["verdict"] == ["no-network"]
    assert told(OWN_HOME, "255.255.255.255")["verdict"] == told(CORRESPONDENT, "172.16.1.255")["verdict"] == ["broadcast-nobody"]
    assert register(world, flags=D | B, home=OWN_HOME) == 0
    assert told("172.16.1.9", "239.1.2.3")["output"] == [f"104 octets into the tunnel to {CARE_OF}"]
    for words in ((HOME,), (CORRESPONDENT, "x"), (CORRESPONDENT, HOME, "27"), (CORRESPONDENT, HOME, "df", "84"),
                  (HOME, CORRESPONDENT, "from"), (HOME, CORRESPONDENT, "from", CARE_OF, "udp"), (HOME, CORRESPONDENT, "from", CARE_OF, "ipip"),
                  (HOME, CORRESPONDENT, "65535", "from", CARE_OF)):
        with pytest.raises(Refused):
            told(*words)
    assert {name: counters(agent)[name] for name in before} == before


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_would_become_of_a_packet_from_a_tunnel_is_told(world, agent, kind):
    def told(*words):
        rows = agent.ctl("trace-packet", *words)
        return [row["text"] for row in rows if row["part"] == "verdict"], [row["text"] for row in rows if row["part"] == "output"]
    tunnel = {"ipip": (), "udp": ("udp", str(PORT))}.get(kind, (kind,))
    way = (HOME, CORRESPONDENT, "500", "from", CARE_OF, *tunnel)
    assert told(*way) == (["reverse-unbound"], [])
    register_for(world, kind)
    before = {name: value for name, value in counters(agent).items() if name.startswith(("forward-", "user-"))}
    assert told(*way) == (["reverse"], [f"500 octets to {CORRESPONDENT}, by the routes of this host"])
    assert told(HOME, CORRESPONDENT, "from", OTHER_CARE_OF, *tunnel) == (["reverse-care-of"], [])
    assert told(HOME, CORRESPONDENT, "from", CARE_OF, *(("gre",) if kind != "gre" else ())) == (["reverse-kind"], [])
    assert told(SECOND_HOME, CORRESPONDENT, "from", CARE_OF, *tunnel) == (["reverse-unbound"], [])
    assert told(HOME, OWN_HOME, "df", "from", CARE_OF, *tunnel)[1] == [f"84 octets to {OWN_HOME}, on the home link"]
    assert told(HOME, AGENT, "from", CARE_OF, *tunnel) == (["local"], ["84 octets to this host itself"])
    assert {name: counters(agent)[name] for name in before} == before
    assert binding(agent, HOME, CARE_OF)["packets_in"] == 0


# ---- encapsulations, both ways ----


@pytest.mark.parametrize("kind", list(KINDS))
def test_both_ways_through_the_tunnel(world, agent, kind):
    register_for(world, kind)
    node = Mobile(world, HOME, reverse=True, **KINDS[kind][2])
    # Only by the reverse tunnel can the node's answers come: nothing that has its address may leave otherwise.
    world.run("router", "ip", "rule", "add", "from", HOME, "iif", "foreign", "prohibit")
    assert world.reaches("correspondent", HOME)
    before = counters_at_rest(agent)
    assert world.ping("correspondent", HOME, count=10) == 10
    assert world.ping("mobile", CORRESPONDENT, count=10, source=HOME) == 10
    await_counted(agent, before, 20, "forward-tunnelled", "forward-reverse")
    node.end()


@pytest.mark.parametrize("kind", list(KINDS))
def test_tcp_and_udp_arrive_whole(world, agent, kind):
    register_for(world, kind)
    Mobile(world, HOME, reverse=True, **KINDS[kind][2])
    assert world.reaches("correspondent", HOME)
    data = bytes(range(251)) * 8000
    with world.socket("mobile", kind=socket.SOCK_STREAM) as server, world.socket("correspondent", kind=socket.SOCK_STREAM) as client:
        server.bind((HOME, 7000))
        server.listen()
        server.settimeout(60)
        client.settimeout(60)
        client.connect((HOME, 7000))
        connection, (source, _) = server.accept()
        assert source == CORRESPONDENT
        with connection:
            connection.settimeout(60)
            sender = threading.Thread(target=lambda: (client.sendall(data), client.shutdown(socket.SHUT_WR)))
            sender.start()
            digest, size = hashlib.sha256(), 0
            while octets := connection.recv(65536):
                digest.update(octets)
                size += len(octets)
            sender.join()
            assert size == len(data) and digest.digest() == hashlib.sha256(data).digest()
            connection.sendall(data[:100000])
            connection.shutdown(socket.SHUT_WR)
            back = b""
            while octets := client.recv(65536):
                back += octets
            assert back == data[:100000]
    with world.socket("mobile") as server, world.socket("correspondent") as client:
        server.bind((HOME, 7001))
        for end in (server, client):
            end.settimeout(60)
        for size in (0, 1, 512, 1300, 4000):  # the last in fragments
            client.sendto(data[:size], (HOME, 7001))
            octets, source = server.recvfrom(65536)
            assert octets == data[:size]
            server.sendto(octets, source)
            assert client.recvfrom(65536)[0] == data[:size]


def test_a_hop_is_counted_behind_a_reverse_tunnel(world, agent):
    """RFC 2784 section 3.1; and the router is another hop."""
    register_for(world, "gre")
    Mobile(world, HOME, reverse=True, encapsulation="gre")
    assert world.reaches("correspondent", HOME)
    with world.socket("mobile") as node, world.socket("correspondent") as hears:
        hears.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        hears.bind(("", 7005))
        hears.settimeout(60)
        node.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 40)
        node.bind((HOME, 0))
        node.sendto(b"x", (CORRESPONDENT, 7005))
        _, [(_, _, ttl)], _, (source, _) = hears.recvmsg(16, 64)
    assert (source, struct.unpack("i", ttl)) == (HOME, (38,))


def test_what_leaves_is_what_others_call_a_tunnel(world, agent, tmp_path):
    """tshark, which shares nothing with us, reads the outer packets on the link of the router."""
    for number, (kind, layers) in enumerate((("ipip", "ip:ip:icmp"), ("gre", "ip:gre:ip:icmp"), ("udp", "ip:udp:mip:ip:icmp"))):
        register_for(world, kind)
        node = Mobile(world, HOME, reverse=True, **KINDS[kind][2])
        assert world.reaches("correspondent", HOME)
        file = str(tmp_path / f"{number}.pcap")
        with world.record("router", "foreign", file):
            assert world.ping("correspondent", HOME, count=2) == 2
        words = ["tshark", "-r", file, "-o", "ip.check_checksum:TRUE", "-T", "fields", "-e", "frame.protocols", "-e", "ip.src",
                 "-e", "ip.dst", "-e", "ip.checksum.status", "-e", "icmp.checksum.status"]
        shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
        seen = [line.split("\t") for line in shown if f"{layers}:data" in line.split("\t")[0]]
        ways = {(sources, destinations) for _, sources, destinations, _, _ in seen}
        assert ways == {(f"{AGENT},{CORRESPONDENT}", f"{CARE_OF},{HOME}"), (f"{CARE_OF},{HOME}", f"{AGENT},{CORRESPONDENT}")}, shown
        assert len(seen) == 4
        assert all(set(headers.split(",")) == {"1"} and messages == "1" for _, _, _, headers, messages in seen), shown
        node.end()


# ---- where the node is ----


def test_a_move_takes_the_packets_along(world, agent):
    register_for(world, "ipip")
    first = Mobile(world, HOME, reverse=True)
    assert world.reaches("correspondent", HOME)
    first.end()
    assert world.ping("correspondent", HOME, count=1) == 0
    register_for(world, "ipip", care_of=OTHER_CARE_OF)
    Mobile(world, HOME, care_of=OTHER_CARE_OF, reverse=True)
    assert world.reaches("correspondent", HOME)
    assert world.ping("correspondent", HOME, count=10) == 10
    wait_for(lambda: binding(agent, HOME, OTHER_CARE_OF)["packets_in"] >= 10, "they are counted")


def test_simultaneous_bindings_get_a_copy_each(world, agent):
    assert register(world, flags=D | S) == 0
    assert register(world, flags=D | S, care_of=OTHER_CARE_OF) == 0
    one = Mobile(world, HOME)
    assert world.reaches("correspondent", HOME)
    one.end()
    Mobile(world, HOME, care_of=OTHER_CARE_OF)
    assert world.reaches("correspondent", HOME)
    shown = [binding(agent, HOME, care_of) for care_of in (CARE_OF, OTHER_CARE_OF)]
    assert shown[0]["packets_out"] == shown[1]["packets_out"] > 0


def test_a_reverse_tunnel_is_taken_from_the_care_of_address_alone(world, agent):
    register_for(world, "ipip")
    for refused, words in (("forward-reverse-care-of", {"care_of": OTHER_CARE_OF}),
                           ("forward-reverse-kind", {"encapsulation": "gre"})):
        node = Mobile(world, HOME, reverse=True, **words)
        before = counters(agent)
        are_refused(world, agent, HOME, CORRESPONDENT, refused)
        assert counters(agent)["forward-reverse"] == before["forward-reverse"]
        node.end()
    node = Mobile(world, SECOND_HOME, reverse=True)
    are_refused(world, agent, SECOND_HOME, CORRESPONDENT, "forward-reverse-unbound")
    node.end()


def test_what_two_nodes_say_to_each_other_stays_in_tunnels(world, agent):
    register_for(world, "ipip")
    register_for(world, "gre", home=SECOND_HOME, care_of=OTHER_CARE_OF)
    Mobile(world, HOME, reverse=True)
    # The second one has no end here: one host with both addresses would answer itself.
    are_refused(world, agent, HOME, SECOND_HOME, "forward-hairpin")
    wait_for(lambda: binding(agent, HOME, CARE_OF)["packets_in"] == 2, "they are counted as they come in")
    wait_for(lambda: binding(agent, SECOND_HOME, OTHER_CARE_OF)["packets_out"] == 2, "and as they go out")


# ---- home networks ----


@pytest.mark.parametrize("home", [OWN_HOME, LINK_HOME])
def test_nodes_of_a_link_are_reached_away_and_at_home(world, agent, home):
    assert register(world, home=home) == 0
    node = Mobile(world, home)
    assert world.reaches("correspondent", home)
    node.end()
    assert register(world, home=home, lifetime=0) == 0
    at_home, link = ("neighbour", "own") if home == OWN_HOME else ("router", "home")
    ip("-n", world.namespace(at_home), "address", "add", f"{home}/32", "dev", link)
    if home == OWN_HOME:
        assert world.reaches("correspondent", home)
        wait_for(lambda: counters(agent)["forward-home-link"] >= 1, "it is counted")
        assert world.ping("agent", "172.16.1.9") == 3
    else:
        assert world.reaches("agent", home)


def test_a_node_at_home_is_left_alone(world, agent, path):
    """What others say to it is the kernel's business where BPF looks first: user space never sees it."""
    ip("-n", world.namespace("neighbour"), "address", "add", f"{OWN_HOME}/32", "dev", "own")
    register_for(world, "ipip")
    Mobile(world, HOME, reverse=True)
    assert world.reaches("correspondent", OWN_HOME) and world.reaches("mobile", OWN_HOME, source=HOME)
    before = counters_at_rest(agent)
    assert world.ping("correspondent", OWN_HOME, count=10) == 10
    await_counted(agent, before, 10, "forward-home-link")
    await_counted(agent, before, 10 if path == "user" else 0, "user-home")
    assert world.ping("mobile", OWN_HOME, count=10, source=HOME) == 10
    if path == "tc" and marks_lead_to_ways():
        assert [counters(agent)[name] for name in ("user-home", "user-tunnel")] == [before["user-home"], before["user-tunnel"]]


@pytest.mark.parametrize("home", [OWN_HOME, LINK_HOME])
def test_who_comes_home_is_told_there_that_it_may_not(world, agent, home):
    """RFC 5944 section 3.8.3.1: the binding that is left does not divert the reply; nor does one that is going."""
    assert register(world, home=home) == 0
    at_home, link = ("neighbour", "own") if home == OWN_HOME else ("router", "home")
    ip("-n", world.namespace(at_home), "address", "add", f"{home}/32", "dev", link)
    register_at_home = functools.partial(world_module.register, world, at_home, home, home, lifetime=0)
    assert register_at_home(late_s=3600) == 133
    assert binding(agent, home, CARE_OF)
    assert register_at_home() == 0


def test_who_is_away_from_a_link_is_answered_for(world, agent):
    """No route tells the router where the packets go: ARP does, and again when the node is back."""
    assert world.ping("correspondent", LINK_HOME, count=1) == 0
    register_for(world, "ipip", home=LINK_HOME)
    node = Mobile(world, LINK_HOME, reverse=True)
    assert world.reaches("correspondent", LINK_HOME)
    wait_for(lambda: counters(agent)["forward-tunnelled"] >= 1, "it is counted")
    assert register(world, home=LINK_HOME, lifetime=0) == 0
    node.end()
    assert world.ping("correspondent", LINK_HOME, count=1) == 0


# ---- broadcasts ----


def test_broadcasts_of_the_home_link_come_along_when_asked_for(world, agent):
    def cry(text):
        with world.socket("neighbour") as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sender.sendto(text, ("172.16.1.255", 7002))
    register_for(world, "ipip", home=OWN_HOME)
    Mobile(world, OWN_HOME, reverse=True)
    assert world.reaches("correspondent", OWN_HOME)
    cry(b"nobody asked")
    assert register(world, home=OWN_HOME, flags=D | T | B) == 0
    ip("-n", world.namespace("mobile"), "route", "add", "local", "172.16.1.255", "dev", "tunnel")
    with world.socket("mobile") as node:
        node.bind(("172.16.1.255", 7002))
        node.settimeout(1)

        def heard():
            cry(b"to all")
            try:
                return node.recvfrom(2048)
            except TimeoutError:
                return None
        text, (source, _) = wait_for(heard, "the node hears a broadcast of its home link", seconds=15)
    assert text == b"to all" and source == "172.16.1.9"  # with a checksum that the sender had left to its device
    wait_for(lambda: (found := counters(agent))["forward-broadcast"] >= 1 and found["user-broadcasts"] == found["forward-broadcast"],
             "both are counted")
    assert register(world, home=OWN_HOME, flags=D | T) == 0
    wait_for(lambda: cry(b"not any more") or counters(agent)["user-broadcasts"], "it goes on")
    before = counters(agent)["user-broadcasts"]
    cry(b"not any more")
    assert world.ping("correspondent", OWN_HOME) == 3 and counters(agent)["user-broadcasts"] == before


def test_what_the_node_says_to_all_goes_to_its_home_link(world, agent):
    register_for(world, "ipip", home=OWN_HOME)
    Mobile(world, OWN_HOME, reverse=True)
    assert world.reaches("correspondent", OWN_HOME)
    with world.socket("neighbour") as hears, world.socket("mobile") as node:
        hears.bind(("", 7003))
        hears.settimeout(15)
        node.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        node.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"tunnel")
        node.bind((OWN_HOME, 0))
        node.sendto(b"from away", ("172.16.1.255", 7003))
        text, (source, _) = hears.recvfrom(2048)
    assert text == b"from away" and source == OWN_HOME
    wait_for(lambda: counters(agent)["forward-reverse-broadcast"] == 1, "it is counted")
