"""A real agentd that forwards in a world of networks, with one node: what tests of forwarding begin with."""

import pytest
import world as world_module
from agent import Agent
from scapy_client import D, G, M, T
from waiting import wait_for
from world import AGENT, CARE_OF, OWN, VIRTUAL, World, association

HOME, SECOND_HOME = "10.64.0.7", "10.64.0.8"
OWN_HOME, LINK_HOME = "172.16.1.77", "192.0.2.77"
HOMES = (HOME, SECOND_HOME, OWN_HOME, LINK_HOME)
CONFIGURATION = {
    "home-agent": {"address": AGENT, "port": 434},
    "registration": {"reverse-tunnel": "yes"},
    "home-networks": {"network-1": f"{VIRTUAL} virtual", "network-2": f"{OWN} router own", "network-5": "192.0.2.0/24 link home"},
}
PORT = 4340  # of the node's UDP tunnel
ALONE_HOLDS_S = 60  # that BPF goes on without agentd, where that works alone
FORCED_UDP = bytes([144, 6, 0, 0, 0x80, 4, 0, 0])  # RFC 3519 section 3.1.1, with F
UNREACHABLE, HOST, TOO_BIG = 3, 1, 4
IP_RECVTTL = 12

# encapsulation: flags and extensions that ask for it, and how the node's end is started
KINDS = {
    "ipip": (0, b"", {}),
    "minimal": (M, b"", {"encapsulation": "minimal"}),
    "gre": (G, b"", {"encapsulation": "gre"}),
    "udp": (0, FORCED_UDP, {"udp": PORT}),
}


@pytest.fixture
def world():
    with World() as made:
        yield made


@pytest.fixture
def agent(world, open_directory, path, bpf):
    configuration = {**CONFIGURATION, "dataplane": {"path": path, "bpf-directory": bpf}}
    made = Agent(str(open_directory), configuration, [association(home) for home in HOMES])
    made.start(prefix=world.inside("agent"))
    yield made
    if made.process:
        made.kill()


def register(world, home=HOME, care_of=CARE_OF, **options):
    return world_module.register(world, "mobile", home, care_of, **options)


def register_for(world, kind, **options):
    flags, extensions, _ = KINDS[kind]
    port = PORT if kind == "udp" else 0
    assert register(world, flags=D | T | flags, extensions=extensions, port=port, **options) == 0


def counters(agent):
    """With what BPF did counted like what user space did."""
    found = {row["name"]: row["value"] for row in agent.ctl("counters") if "name" in row}
    for all_of_them, by_bpf in (("forward-tunnelled", "tc-tunnelled"), ("forward-reverse", "tc-reversed"), ("forward-home-link", "tc-at-home")):
        found[all_of_them] += found.get(by_bpf, 0)
    return found


def counters_at_rest(agent):
    """Of packets that have been heard already: who sends them counts them afterwards."""
    return wait_for(lambda: (found := counters(agent)) == counters(agent) and found, "the counters stand still")


def counted(agent, before, name, count):
    """Have so many more been counted?"""
    return counters(agent)[name] - before[name] == count


def await_counted(agent, before, count, *names):
    for name in names:
        wait_for(lambda name=name: counted(agent, before, name, count), f"{name} counts {count}")


def are_refused(world, agent, home, target, counter):
    """Two requests of the node are counted there, and so not answered."""
    before = counters(agent)
    with world.echo("mobile", target, home) as echo:
        echo.send()
        echo.send()
        wait_for(lambda: counters(agent)[counter] - before[counter] >= 2, f"{counter} counts both")
        assert counted(agent, before, counter, 2) and not echo.is_answered()


def binding(agent, home, care_of):
    """As it is in the store, once it is there."""
    return wait_for(lambda: next((row for row in agent.ctl("bindings", home) if row.get("care_of") == care_of), None),
                    f"{home} is bound to {care_of}")


def filters(world):
    """Interfaces of the agent where the BPF program is."""
    shown = world.run("agent", "tc", "filter", "show", "dev", "home", "ingress", check=False).stdout
    return shown.count("direct-action")


def rules(world):
    return [line for line in world.run("agent", "ip", "rule").stdout.splitlines() if "lookup 434" in line]
