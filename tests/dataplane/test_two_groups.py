"""Two groups on each member, with home networks each on one link: who leads a group has its packets, and two data planes of one
host do not get in each other's way."""

import os

import pytest
from agent import Agent, Refused
from cluster import ADDRESS, CLIENT, CLIENT_ADDRESS, Cluster
from neighbour import Neighbour
from scapy_client import D, T
from switched import HOST_LINK, Switch
from test_absent import hardware
from test_home import make_hook
from waiting import wait_for
from world import Hosts, Mobile, association, register

GROUPS = (0, 1)
ADDRESSES = (ADDRESS, "192.0.2.2")
NETWORKS = ("192.0.2.96/28", "192.0.2.112/28")
HOMES = ("192.0.2.99", "192.0.2.115")
AWAY, CARE_OFS = ("away-0", "away-1"), ("192.0.2.88", "192.0.2.89")
VIRTUAL_MACS = ("00:00:5e:00:01:01", "00:00:5e:00:01:02")  # they end in the last octet of the address
TABLES = ("434", "435")
VIRTUAL = ("10.64.0.0/16", "10.65.0.0/16")
VIRTUAL_HOMES = ("10.64.0.7", "10.65.0.7")


def home_networks(group):
    return {"network-1": f"{NETWORKS[group]} link {HOST_LINK}"}


def shares_mac(path):
    """One way of the two is enough for each path. BPF has to be told of the virtual MAC."""
    return path == "tc"


def make_cluster(directory, path, bpf):
    virtual_mac = "yes" if shares_mac(path) else "no"
    configuration = {"home-agent": {"virtual-mac": virtual_mac}, "registration": {"reverse-tunnel": "yes"},
                     "home-networks": home_networks(0), "dataplane": {"path": path}}
    cluster = Cluster(directory, "data", "data", "witness", configuration=configuration, associations=[association(HOMES[0])])
    for member in cluster.members.values():
        member.configuration["dataplane"]["bpf-directory"] = pins_of(bpf, member)
        member.add_group(1, {"address": ADDRESSES[1], "interface": HOST_LINK, "virtual-mac": virtual_mac}, [association(HOMES[1])],
                         **{"home-networks": home_networks(1)})
    return cluster


def pins_of(bpf, member):
    return f"{bpf}-{member.number}"


def plug_away(hosts, switch, group):
    """A host where the node is. On the link itself, so it must not say that it has the home address."""
    switch.plug(AWAY[group], f"{CARE_OFS[group]}/24")
    hosts.set(AWAY[group], "net.ipv4.conf.all.arp_ignore", 1)
    hosts.set(AWAY[group], "net.ipv4.conf.all.arp_announce", 2)


@pytest.fixture
def cluster(tmp_path, path, bpf):
    with make_cluster(str(tmp_path), path, bpf) as made:
        yield made


@pytest.fixture
def hosts(cluster):
    made = Hosts(cluster.switch.namespace)
    for member in cluster.data():
        made.set(member.host, "net.ipv4.ip_forward", 1)
    for group in GROUPS:
        plug_away(made, cluster.switch, group)
    yield made
    made.end()


def status(member, group):
    return member.ctl("--group", str(group), "status")


def part(cluster):
    """See to it that each member leads one of them."""
    def parted():
        leaders = [cluster.leader(group=group) for group in GROUPS]
        if None in leaders:
            return False
        if leaders[0] is leaders[1]:
            try:
                leaders[1].ctl("--group", "1", "cluster", "transfer")
            except Refused:
                pass  # it has just lost it, or the other one lags
            return False
        return True
    wait_for(parted, "each group is led by a member of its own")


def moved(member, group):
    """(packets to the node, packets from it), as that member's data plane has counted them."""
    rows = member.ask("--group", str(group), "bindings", HOMES[group]) or [{}]
    return rows[0].get("packets_out") or 0, rows[0].get("packets_in") or 0


def mac_of(cluster, leader, group):
    shared = leader.configuration["home-agent"]["virtual-mac"] == "yes"
    return VIRTUAL_MACS[group] if shared else hardware(cluster.switch, leader.host)


def follows_the_lead(cluster, hosts, group):
    """Who leads the group answers for its node and moves its packets, both ways. The lead may change meanwhile."""
    with Neighbour(cluster.switch, CLIENT, HOMES[group]) as near:
        def judged():
            leader = cluster.leader(group=group)
            if not leader:
                return False
            before = moved(leader, group)
            near.forget_heard()
            mac = near.ask()
            answered = hosts.ping(CLIENT, HOMES[group], count=1)
            after = moved(leader, group)
            return mac == mac_of(cluster, leader, group) and answered and all(b < a for b, a in zip(before, after))
        wait_for(judged, f"the leader of group {group} has its packets")


def follow_the_lead(cluster, hosts):
    for group in GROUPS:
        cluster.await_leader(group=group)
        follows_the_lead(cluster, hosts, group)


def bind(cluster, hosts):
    for group in GROUPS:
        assert register(hosts, AWAY[group], HOMES[group], CARE_OFS[group], agent=ADDRESSES[group], flags=D | T) == 0
        Mobile(hosts, HOMES[group], care_of=CARE_OFS[group], agent=ADDRESSES[group], host=AWAY[group], reverse=True)
        wait_for(lambda group=group: all(status(member, group)["tunnels"] == 1 for member in cluster.data()), "both have the binding")


def lose(cluster, member):
    member.kill()
    for group in GROUPS:
        cluster.await_leader(other_than=member, group=group)


def left(hosts, member):
    """What is of the data planes on a member's host: (filters of BPF, devices, tables that rules lead to)."""
    shown = hosts.run(member.host, "tc", "filter", "show", "dev", HOST_LINK, "ingress", check=False).stdout
    devices = [line.split()[0] for line in hosts.run(member.host, "ip", "-br", "link").stdout.splitlines()]
    rules = hosts.run(member.host, "ip", "rule").stdout
    return (shown.count("direct-action"), sorted(name for name in devices if name.startswith("hearth")),
            [table for table in TABLES if f"lookup {table}" in rules])


def explained(member, group, home):
    return [row["text"] for row in member.ctl("--group", str(group), "trace-packet", CLIENT_ADDRESS, home)]


def test_each_group_s_packets_are_with_its_leader(cluster, hosts, path, bpf):
    filters = 2 if path == "tc" else 0
    part(cluster)
    cluster.await_whole()
    bind(cluster, hosts)
    follow_the_lead(cluster, hosts)
    first = cluster.await_leader(group=1)
    second = cluster.standby(first)
    for group in GROUPS:
        view = status(first, group)
        assert view["forwarding"] == {"user": "user space", "tc": "tc"}[path] and view["home_links"] == 1
        assert f"{HOMES[group]} is bound to 1 care-of addresses" in explained(first, group, HOMES[group])
        assert not any("is bound" in text for text in explained(first, 1 - group, HOMES[group]))
    assert any(member.counter("tc-tunnelled") for member in (first, second)) == (path == "tc")
    assert left(hosts, first) == left(hosts, second) == (filters, ["hearth", "hearth-1"], list(TABLES))

    lose(cluster, first)
    follow_the_lead(cluster, hosts)
    # From one data plane into the other one.
    assert hosts.reaches(AWAY[0], HOMES[1], source=HOMES[0])
    assert left(hosts, first) == (filters, [], list(TABLES)), "BPF and rules outlive a process that was killed"

    cluster.start(first)
    for group in GROUPS:
        assert ("adopted" in status(first, group)["forwarding_why"]) == (path == "tc")
        cluster.await_level(group=group)
    assert left(hosts, first) == (filters, ["hearth", "hearth-1"], list(TABLES))
    lose(cluster, second)
    follow_the_lead(cluster, hosts)

    assert first.stop() == 0
    assert left(hosts, first) == (0, [], []) and not os.path.exists(pins_of(bpf, first))


def test_alone_each_group_has_its_virtual_network(tmp_path):
    """Always led by this node: routes to both are announced, and packets that come by them are forwarded for both."""
    hook, called = make_hook(str(tmp_path))
    with Switch({"one": "192.0.2.11/24", CLIENT: f"{CLIENT_ADDRESS}/24"}) as switch:
        hosts = Hosts(switch.namespace)
        hosts.set("one", "net.ipv4.ip_forward", 1)
        agent = Agent(str(tmp_path), {
            "home-agent": {"address": ADDRESSES[0], "port": 434, "interface": HOST_LINK},
            "home-networks": {"network-1": f"{VIRTUAL[0]} virtual"}, "dataplane": {"path": "user", "route-hook": hook},
        }, [association(VIRTUAL_HOMES[0])])
        agent.add_group(1, {"address": ADDRESSES[1], "port": 434, "interface": HOST_LINK}, [association(VIRTUAL_HOMES[1])],
                        **{"home-networks": {"network-1": f"{VIRTUAL[1]} virtual"}})
        with agent.start(prefix=switch.inside("one")):
            for group in GROUPS:
                wait_for(lambda group=group: status(agent, group)["home_routes"] == 1, "the route is announced")
                assert f"announce {VIRTUAL[group]}" in called()
                plug_away(hosts, switch, group)
                hosts.run(CLIENT, "ip", "route", "add", VIRTUAL[group], "via", ADDRESSES[group])
                assert register(hosts, AWAY[group], VIRTUAL_HOMES[group], CARE_OFS[group], agent=ADDRESSES[group]) == 0
                Mobile(hosts, VIRTUAL_HOMES[group], care_of=CARE_OFS[group], agent=ADDRESSES[group], host=AWAY[group])
                hosts.reaches(CLIENT, VIRTUAL_HOMES[group])
        assert sorted(called()[-2:]) == [f"withdraw {prefix}" for prefix in VIRTUAL]
        hosts.end()
