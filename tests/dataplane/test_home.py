"""agentd speaks for absent nodes on their home link, and has the routes to virtual home networks announced, while it leads."""

import os
import socket

import pytest
from agent import Agent
from cluster import ADDRESS, CLIENT, CLIENT_ADDRESS, Cluster
from neighbour import Neighbour
from scapy_client import B, D
from switched import HOST_LINK, Switch
from test_absent import hardware
from waiting import wait_for
from world import Hosts, Mobile, association, marks_lead_to_ways, register

HOME, OTHER_HOME = "192.0.2.99", "192.0.2.98"
VIRTUAL = "10.64.0.0/16"
VIRTUAL_MAC = "00:00:5e:00:01:01"  # ends in the last octet of the address
AWAY, CARE_OF = "away", "192.0.2.88"
NETWORKS = {"network-1": f"192.0.2.0/24 link {HOST_LINK}", "network-2": f"{VIRTUAL} virtual"}
HOMES = [association(HOME), association(OTHER_HOME)]
MACS = pytest.mark.parametrize("shared", [True, False], ids=["virtual-mac", "own-mac"])


def plug_away(switch):
    """A host where the node is. On the link itself, so it must not say that it has the home address."""
    switch.plug(AWAY, f"{CARE_OF}/24")
    hosts = Hosts(switch.namespace)
    hosts.set(AWAY, "net.ipv4.conf.all.arp_ignore", 1)
    hosts.set(AWAY, "net.ipv4.conf.all.arp_announce", 2)
    return hosts


def make_hook(directory):
    """(a hook, what it was called with so far)."""
    path, calls = os.path.join(directory, "hook"), os.path.join(directory, "calls")
    with open(path, "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\necho "$*" >>{calls}\n')
    os.chmod(path, 0o755)

    def called():
        if not os.path.exists(calls):
            return []
        with open(calls, encoding="ascii") as file:
            return file.read().splitlines()
    return path, called


def count(agent, name):
    return next(row["value"] for row in agent.ctl("counters") if row["name"] == name)


def is_silent(near, agent, counted):
    """A question that agentd counts under this and does not answer. It is asked until it is heard: one that comes before agentd
    listens to the link is lost."""
    near.forget_heard()
    before = count(agent, counted)
    wait_for(lambda: near.request(HOME) or count(agent, counted) > before, f"{counted} counts the question")
    near.hear()
    return not any(not frame.gratuitous for frame in near.heard)


# ---- alone ----


@pytest.fixture
def switch():
    with Switch({"one": "192.0.2.11/24", "near": f"{CLIENT_ADDRESS}/24"}) as made:
        yield made


@pytest.fixture
def hosts(switch):
    made = plug_away(switch)
    made.set("one", "net.ipv4.ip_forward", 1)
    yield made
    made.end()


@pytest.fixture
def near(switch, hosts):
    with Neighbour(switch, "near", HOME) as made:
        yield made


@pytest.fixture
def start(switch, hosts, tmp_path):
    started = []

    def make(home_agent=None, dataplane=None):
        made = Agent(str(tmp_path), {
            "home-agent": {"address": ADDRESS, "port": 434, "interface": HOST_LINK, **(home_agent or {})},
            "home-networks": NETWORKS, "dataplane": dataplane or {}}, HOMES)
        started.append(made)
        return made.start(prefix=switch.inside("one"))
    yield make
    for made in started:
        if made.process:
            made.kill()


@MACS
def test_who_is_away_is_at_the_home_agent(switch, hosts, near, start, shared, path, bpf):
    agent = start({"virtual-mac": "yes" if shared else "no"}, {"path": path, "bpf-directory": bpf})
    mac = VIRTUAL_MAC if shared else hardware(switch, "one")
    assert agent.ctl("status")["home_links"] == 1
    assert is_silent(near, agent, "home-arp-unbound")
    assert register(hosts, AWAY, HOME, CARE_OF, agent=ADDRESS) == 0
    Mobile(hosts, HOME, care_of=CARE_OF, agent=ADDRESS, host=AWAY)
    assert near.wait_for_announcement().sender_mac == mac
    assert near.ask() == mac
    hosts.reaches("near", HOME)
    by_user, by_bpf = ("forward-tunnelled", "home-arp-answers"), ("tc-tunnelled", "tc-arp-answered")
    by = by_bpf if path == "tc" else by_user
    tunnelled = by[0] if marks_lead_to_ways() else by_user[0]  # the care-of address is on the home link
    before = count(agent, tunnelled)
    assert hosts.ping("near", HOME) == 3
    assert count(agent, tunnelled) == before + 3
    assert count(agent, by[1]) > 0 == count(agent, (by_user if path == "tc" else by_bpf)[1])
    assert near.known_mac() == mac and near.claims() == {mac}
    assert register(hosts, AWAY, HOME, CARE_OF, agent=ADDRESS, lifetime=0) == 0
    wait_for(lambda: agent.ctl("status")["tunnels"] == 0, "the binding is gone")
    assert is_silent(near, agent, "home-arp-unbound")
    assert agent.stop() == 0, agent.log()


def test_a_hook_tells_of_virtual_networks(start, tmp_path):
    hook, called = make_hook(str(tmp_path))
    agent = start(dataplane={"route-hook": hook})
    wait_for(lambda: agent.ctl("status")["home_routes"] == 1, "the route is announced")
    before = called()
    assert before[-1] == f"announce {VIRTUAL}" and set(before[:-1]) <= {f"withdraw {VIRTUAL}"}
    assert count(agent, "home-route-announced") == 1
    assert agent.stop() == 0, agent.log()
    assert called()[len(before):] == [f"withdraw {VIRTUAL}"]


# ---- a cluster ----


@pytest.fixture
def cluster(tmp_path, shared):
    hook, _ = make_hook(str(tmp_path))
    configuration = {"home-agent": {"virtual-mac": "yes" if shared else "no"}, "home-networks": NETWORKS,
                     "dataplane": {"route-hook": hook}}
    with Cluster(str(tmp_path), "data", "data", "witness", configuration=configuration, associations=HOMES) as made:
        for member in made.data():
            Hosts(made.switch.namespace).set(member.host, "net.ipv4.ip_forward", 1)
        yield made


def speaks_alone(cluster, near, shared):
    """For a judge of one reign: who leads answers, and the other one only hears the question."""
    def judge(leader):
        standby = cluster.standby(leader)
        answered, fenced = standby.counter("home-arp-answers"), standby.counter("home-arp-fenced")
        near.forget_heard()
        assert near.ask() == (VIRTUAL_MAC if shared else hardware(cluster.switch, leader.host))
        wait_for(lambda: standby.counter("home-arp-fenced") > fenced, "the standby has heard it")
        assert standby.counter("home-arp-answers") == answered
        assert (leader.view()["home_routes"], standby.view()["home_routes"]) == (1, 0)
        return leader
    return judge


@MACS
def test_the_next_leader_speaks_for_them(cluster, shared):
    hosts = plug_away(cluster.switch)
    with Neighbour(cluster.switch, CLIENT, HOME) as near:
        cluster.await_leader()
        cluster.await_whole()
        assert register(hosts, AWAY, HOME, CARE_OF, agent=ADDRESS) == 0
        Mobile(hosts, HOME, care_of=CARE_OF, agent=ADDRESS, host=AWAY)
        hosts.reaches(CLIENT, HOME)
        wait_for(lambda: all(member.view()["tunnels"] == 1 for member in cluster.data()), "both have the binding")
        wait_for(lambda: sum(member.view()["home_routes"] for member in cluster.data()) == 1, "the route is announced")
        leader = cluster.in_one_reign(speaks_alone(cluster, near, shared))
        other = cluster.standby(leader)
        mac = VIRTUAL_MAC if shared else hardware(cluster.switch, other.host)
        near.forget_heard()
        leader.kill()  # the next one may have spoken before this has returned
        cluster.await_leader(other_than=leader)
        if not shared:
            near.wait_for_announcement(mac)
        assert near.ask() == mac
        hosts.reaches(CLIENT, HOME)
        assert near.known_mac() == mac
        wait_for(lambda: other.view()["home_routes"] == 1, "the next leader announces the route")
    hosts.end()


def spreads(leader, sender):
    """Is a broadcast on the home link tunnelled by it?"""
    def counted():
        return [leader.counter(f"forward-broadcast{kind}") for kind in ("", "-elsewhere")]

    def hears_one():  # the first ones may come before it listens to the link
        sender.sendto(b"x", ("192.0.2.255", 7001))
        return counted() != before
    before = counted()
    wait_for(hears_one, "it has heard a broadcast")
    return counted()[1] == before[1]


@pytest.mark.parametrize("shared", [True])
def test_the_leader_spreads_every_broadcast(cluster):
    """Not only those that come soon after it looked whether it leads."""
    hosts = plug_away(cluster.switch)
    cluster.await_leader()
    cluster.await_whole()
    assert register(hosts, AWAY, HOME, CARE_OF, agent=ADDRESS, flags=B | D) == 0
    wait_for(lambda: all(member.view()["tunnels"] == 1 for member in cluster.data()), "both have the binding")
    with hosts.socket(CLIENT) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        wait_for(lambda: (leader := cluster.leader()) and all(spreads(leader, sender) for _ in range(10)),
                 "ten broadcasts one after the other are tunnelled")
    hosts.end()
