"""What becomes of forwarding when paths are narrow, when the host is in the way, when agentd goes and comes, and when strangers
send nonsense."""

import glob
import json
import os
import pwd
import socket
import struct
import subprocess
import sys
import time

import pytest
import world as world_module
from agent import Agent
from forwarding import (  # noqa: F401: fixtures among them
    ALONE_HOLDS_S, CONFIGURATION, HOME, PORT, TOO_BIG, UNREACHABLE, agent, await_counted, counters, filters, register,
    register_for, rules, world,
)
from namespaces import ip
from test_address import NET_ADMIN
from test_agentd import rights_of_threads
from waiting import wait_for
from world import AGENT, CARE_OF, CORRESPONDENT, VIRTUAL, Mobile, association

# ---- paths that take less ----


def narrow(world, mtu):
    ip("-n", world.namespace("router"), "link", "set", "foreign", "mtu", str(mtu))


def test_a_narrow_path_is_told_to_who_sends_too_much(world, agent):
    register_for(world, "ipip")
    Mobile(world, HOME, reverse=True, mtu=1280)
    assert world.reaches("correspondent", HOME)
    narrow(world, 1300)
    with world.echo("correspondent", HOME) as echo:
        wait_for(lambda: echo.ask(size=1300, fragment=False) or echo.errors, "somebody says that it was too much")
        assert (UNREACHABLE, TOO_BIG, 1280, AGENT) in echo.errors or wait_for(
            lambda: echo.ask(size=1300, fragment=False) or (UNREACHABLE, TOO_BIG, 1280, AGENT) in echo.errors, "the tunnel's MTU")
        assert echo.ask(size=1252, fragment=False) == 1  # 1280 with its headers
        assert echo.ask(size=1300) == 1
        assert echo.ask(size=4000) == 1


def test_the_link_of_this_host_is_too_narrow(world, agent):
    """No router says so: the kernel here does."""
    register_for(world, "ipip")
    Mobile(world, HOME, reverse=True)
    assert world.reaches("correspondent", HOME)
    with world.echo("correspondent", HOME) as echo:
        wait_for(lambda: echo.ask(size=1472, fragment=False) or echo.errors, "somebody says that it was too much")
        assert (UNREACHABLE, TOO_BIG, 1480, AGENT) in echo.errors
        assert echo.ask(size=1452, fragment=False) == 1
        assert echo.ask(size=1472) == 1


def header(protocol, total, source, destination):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 1, 0, 64, protocol, 0, socket.inet_aton(source),
                       socket.inet_aton(destination))


def test_a_home_link_that_takes_less_is_told_of_or_cut_for(world, agent):
    for host in ("agent", "neighbour"):
        ip("-n", world.namespace(host), "link", "set", "own", "mtu", "1300")
    assert world.reaches("correspondent", "172.16.1.9")
    with world.echo("correspondent", "172.16.1.9") as echo:
        wait_for(lambda: echo.ask(size=1400, fragment=False) or echo.errors, "somebody says that it was too much")
        assert {error[:3] for error in echo.errors} == {(UNREACHABLE, TOO_BIG, 1300)}
        assert echo.ask(size=1272, fragment=False) == 1
        assert echo.ask(size=1400) == 1


def test_nobody_can_make_a_tunnel_useless_by_a_forged_error(world, agent, path):
    """Who knows the two addresses of a node writes that its path takes 68 octets."""
    register_for(world, "ipip")
    Mobile(world, HOME, reverse=True)
    assert world.reaches("correspondent", HOME)
    quoted = header(4, 1500, AGENT, CARE_OF) + header(1, 1480, CORRESPONDENT, HOME) + bytes(8)
    forged = struct.pack("!BBHHH", UNREACHABLE, TOO_BIG, 0, 0, 68) + quoted
    forged = forged[:2] + world_module.checksum(forged).to_bytes(2, "big") + forged[4:]
    with world.socket("router", kind=socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP) as forger:
        forger.sendto(forged, (AGENT, 0))
    wait_for(lambda: counters(agent)["forward-mtu-doubted"] == 1, "the error is taken note of")
    before = counters(agent)
    with world.echo("correspondent", HOME) as echo:
        assert echo.ask(size=528, fragment=False) == 1 and echo.errors == []  # 556 with its headers, 576 in the tunnel
        assert echo.ask(size=1000) == 1
        await_counted(agent, before, 1, "forward-fragmented")
        wait_for(lambda: echo.ask(size=1000, fragment=False) and echo.errors, "somebody says that it was too much")
        assert set(echo.errors) == {(UNREACHABLE, TOO_BIG, 556, AGENT)}


# ---- what others do to this host ----


def test_what_others_take_away_is_put_back(world, agent, path):
    """Programs that manage networks delete links and rules that they do not know."""
    def put_right(*commands):
        before = counters(agent)
        for command in commands:
            world.run("agent", "ip", *command)
        wait_for(lambda: counters(agent)["user-healed"] > before["user-healed"], "it is put right")
        assert len(rules(world)) == 3
        assert world.reaches("agent", HOME) and world.reaches("correspondent", HOME)
    register_for(world, "ipip")
    Mobile(world, HOME, reverse=True)
    assert world.reaches("correspondent", HOME)
    put_right(("link", "delete", "hearth"))
    if path == "user":  # BPF needs neither
        put_right(("link", "set", "hearth", "down"), ("link", "set", "hearth", "up"))
        put_right(*[("rule", "delete", "lookup", "434")] * 3)
    assert agent.ctl("status")["forwarding_trouble"] is None


@pytest.mark.parametrize("path", ["user"], indirect=True)
def test_what_stands_in_the_way_is_said(world, agent):
    def trouble(text):
        return wait_for(lambda: text in (agent.ctl("status")["forwarding_trouble"] or ""), text)
    world.run("agent", "ip", "rule", "add", "to", VIRTUAL, "lookup", "main", "priority", "100")
    assert trouble("network-1 are not led to hearth")
    world.run("agent", "ip", "rule", "delete", "priority", "100")
    assert world.reaches("neighbour", "172.16.1.1")
    world.set("agent", "net.ipv4.conf.own.rp_filter", 1)
    assert trouble("net.ipv4.conf.own.rp_filter is 1")
    assert world.ping("neighbour", "172.16.1.1", count=1) == 0
    world.set("agent", "net.ipv4.conf.own.rp_filter", 2)
    assert world.reaches("neighbour", "172.16.1.1")
    wait_for(lambda: agent.ctl("status")["forwarding_trouble"] is None, "nothing stands in the way")


# ---- the life of agentd ----


def deadline_s(bpf):
    """Until when the program that is pinned there forwards for the first home agent address, by the clock since the start."""
    done = subprocess.run(["bpftool", "-j", "map", "dump", "pinned", glob.glob(f"{bpf}/*/groups")[0]], check=True, capture_output=True,
                          text=True)
    octets = bytes(int(octet, 16) for octet in json.loads(done.stdout)[0]["value"][:8])
    return int.from_bytes(octets, sys.byteorder) / 1e9


def now_s():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def test_a_restart_goes_on_and_an_end_leaves_nothing(world, agent, path, bpf):
    register_for(world, "ipip")
    Mobile(world, HOME, reverse=True)
    assert world.reaches("correspondent", HOME)
    before = rules(world)
    assert len(before) == 3
    agent.kill()
    assert rules(world) == before
    assert path == "user" or 0 < deadline_s(bpf) - now_s() <= ALONE_HOLDS_S, "and not for ever"
    assert world.ping("correspondent", HOME, count=1) == int(path == "tc"), "BPF alone goes on meanwhile"
    assert "hearth" not in world.run("agent", "ip", "-br", "link").stdout
    left_s = now_s()
    agent.start(prefix=world.inside("agent"))
    assert world.reaches("correspondent", HOME)
    assert path == "user" or wait_for(lambda: deadline_s(bpf) > left_s + ALONE_HOLDS_S, "it is put off")
    assert rules(world) == before and filters(world) == int(path == "tc")
    assert ("adopted" in agent.ctl("status")["forwarding_why"]) == (path == "tc")
    assert agent.stop() == 0
    assert filters(world) == 0 and not os.path.exists(bpf)
    assert rules(world) == [] and "hearth" not in world.run("agent", "ip", "-br", "link").stdout
    assert world.run("agent", "ip", "route", "show", "table", "434", check=False).stdout == ""


# Under systemd and udev everybody may open the device; what it can do depends on rights.
OPEN_TUN = 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$0" "$@"'


def test_one_thread_keeps_one_right(world, agent, path, bpf):
    agent.stop()
    nobody = pwd.getpwnam("nobody")
    agent.configuration["process"]["user"] = "nobody"
    agent.write_configuration()
    for directory, _, files in os.walk(agent.directory):
        for place in (directory, *(os.path.join(directory, file) for file in files)):
            os.chown(place, nobody.pw_uid, nobody.pw_gid)
    os.chown(os.path.dirname(bpf), nobody.pw_uid, nobody.pw_gid)
    agent.start(prefix=(*world.inside("agent"), "unshare", "-m", "sh", "-c", OPEN_TUN))
    register_for(world, "udp")
    Mobile(world, HOME, reverse=True, udp=PORT)
    assert world.reaches("correspondent", HOME)
    one = {"CapInh": 0, "CapPrm": NET_ADMIN, "CapEff": NET_ADMIN, "CapAmb": 0}
    assert rights_of_threads(agent) == {"forward": one, **({"bpf": one} if path == "tc" else {})}
    assert agent.stop() == 0 and filters(world) == 0 and not os.path.exists(bpf)
    assert rules(world) == []


def test_a_host_that_forwards_nothing_is_told_of(world, agent):
    agent.stop()
    world.set("agent", "net.ipv4.ip_forward", 0)
    agent.start(prefix=world.inside("agent"))
    assert "net.ipv4.ip_forward is 0" in agent.ctl("status")["forwarding_trouble"]
    assert "net.ipv4.ip_forward is 0" in agent.log()
    world.set("agent", "net.ipv4.ip_forward", 1)
    wait_for(lambda: agent.ctl("status")["forwarding_trouble"] is None, "it sees that it is right now")


def test_a_device_of_somebody_else_is_left_alone(world, agent):
    agent.stop()
    world.run("agent", "ip", "link", "add", "hearth", "type", "bridge")
    agent.spawn(prefix=world.inside("agent"))
    assert agent.process.wait(timeout=60) == 1
    agent.process = None
    assert "device hearth: there is a device of this name already" in agent.log()
    assert "hearth" in world.run("agent", "ip", "-br", "link").stdout and rules(world) == []


# ---- what strangers send ----


def test_nonsense_changes_nothing(world, agent):
    register_for(world, "ipip")
    Mobile(world, HOME, reverse=True)
    assert world.reaches("correspondent", HOME)
    with world.socket("correspondent", kind=socket.SOCK_RAW, protocol=socket.IPPROTO_RAW) as sender:
        for protocol in (4, 47, 55):
            for size in (0, 1, 7, 8, 20, 40):
                header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + size, 0, 0, 64, protocol, 0, socket.inet_aton(CORRESPONDENT),
                                     socket.inet_aton(AGENT))
                sender.sendto(header + bytes(size), (AGENT, 0))
    with world.socket("correspondent") as sender:
        for size in range(1, 60):
            sender.sendto(b"\x04" + bytes(size - 1), (AGENT, 434))
    assert world.ping("correspondent", HOME, count=5) == 5
    assert register(world) == 0
    found = counters(agent)
    assert found["forward-reverse"] < 100 and found["user-tunnel"] >= 18 + 59
    assert found["forward-tunnel-broken"] > 0


# ---- which path ----


def test_the_common_is_done_by_bpf_and_the_rest_by_user_space(world, agent, path):
    if path != "tc":
        return
    register_for(world, "ipip")
    Mobile(world, HOME, reverse=True)
    assert world.reaches("correspondent", HOME)
    before = counters(agent)
    assert world.ping("correspondent", HOME, count=10) == 10
    await_counted(agent, before, 10, "tc-tunnelled", "tc-reversed")
    assert counters(agent)["user-home"] == before["user-home"]
    with world.echo("correspondent", HOME) as echo:
        assert echo.ask(size=1472) == 1  # to be fragmented
    wait_for(lambda: counters(agent)["user-home"] == before["user-home"] + 1, "it is counted")


def test_auto_takes_bpf_where_it_can_and_says_why_not(world, tmp_path, bpf):
    for place, expected, why in ((bpf, "tc", "tc on "), (str(tmp_path), "user space", "is not on a BPF file system")):
        directory = tmp_path / expected.replace(" ", "-")
        directory.mkdir()
        made = Agent(str(directory), {**CONFIGURATION, "dataplane": {"bpf-directory": place}}, [association(HOME)])
        made.start(prefix=world.inside("agent"))
        status = made.ctl("status")
        assert status["forwarding"] == expected and why in status["forwarding_why"]
        made.stop()


def test_user_space_takes_away_what_bpf_left(world, agent, path):
    if path != "tc":
        return
    agent.kill()
    assert filters(world) == 1
    agent.configuration["dataplane"]["path"] = "user"
    agent.write_configuration()
    agent.start(prefix=world.inside("agent"))
    assert filters(world) == 0
