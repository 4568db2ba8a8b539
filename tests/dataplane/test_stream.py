"""One TCP connection through the tunnel goes on, and brings what was sent, when the node moves and when the leader dies."""

import pytest
from cluster import ADDRESS, CLIENT, Cluster
from namespaces import ip
from scapy_client import D, T
from stream import Stream
from switched import HOST_LINK
from forwarding import HOME, SECOND_HOME, agent, register_for, world  # noqa: F401: fixtures among them
from waiting import wait_for
from world import OTHER_CARE_OF, VIRTUAL, Hosts, Mobile, association, register

AWAY, CARE_OF = "away", "192.0.2.88"
PRIVATE = "10.200.0.7"  # behind a NAT whose address is CARE_OF
PORT, OTHER_PORT = 4341, 4342
THROUGH_AGENT = bytes([144, 6, 0, 0, 0x40, 4, 0, 0])  # RFC 3519 section 3.1.2


def test_across_a_move(world, agent):
    """The node is nowhere for a while, and then somewhere else."""
    register_for(world, "ipip")
    first = Mobile(world, HOME, reverse=True)
    assert world.reaches("correspondent", HOME)
    with Stream(world, "correspondent", "mobile", HOME) as stream:
        stream.await_more()
        first.end()
        register_for(world, "ipip", care_of=OTHER_CARE_OF)
        Mobile(world, HOME, care_of=OTHER_CARE_OF, reverse=True)
        stream.await_more()
        register_for(world, "gre", care_of=OTHER_CARE_OF)
        Mobile(world, HOME, care_of=OTHER_CARE_OF, encapsulation="gre", device="second", table="102", reverse=True)
        stream.await_more()
        assert stream.end() > 0


@pytest.fixture
def cluster(tmp_path, path, bpf):
    made = Cluster(str(tmp_path), "data", "data", "witness",
                   configuration={"home-networks": {"network-1": f"{VIRTUAL} virtual"}, "registration": {"reverse-tunnel": "yes"}},
                   associations=[association(home) for home in (HOME, SECOND_HOME)])
    for member in made.data():
        member.configuration["dataplane"] = {"path": path, "bpf-directory": f"{bpf}-{member.number}"}
        member.write_configuration()
    with made:
        hosts = Hosts(made.switch.namespace)
        for member in made.data():
            hosts.set(member.host, "net.ipv4.ip_forward", 1)
        made.switch.plug(AWAY, f"{CARE_OF}/24")
        hosts.run(CLIENT, "ethtool", "-K", HOST_LINK, "tx", "off")
        ip("-n", made.switch.namespace(CLIENT), "route", "add", VIRTUAL, "via", ADDRESS)
        yield made


@pytest.fixture
def hosts(cluster):
    made = Hosts(cluster.switch.namespace)
    yield made
    made.end()


def test_across_the_death_of_the_leader(cluster, hosts):
    """And where a UDP tunnel goes, which a keepalive said and not a registration, is known to the one that follows."""
    leader = cluster.await_leader()
    cluster.await_whole()
    common = {"agent": ADDRESS, "flags": D | T}
    assert register(hosts, AWAY, HOME, CARE_OF, **common) == 0
    assert register(hosts, AWAY, SECOND_HOME, PRIVATE, source=CARE_OF, port=PORT, extensions=THROUGH_AGENT, **common) == 0
    Mobile(hosts, HOME, care_of=CARE_OF, agent=ADDRESS, host=AWAY, reverse=True)
    Mobile(hosts, SECOND_HOME, care_of=CARE_OF, agent=ADDRESS, host=AWAY, reverse=True, udp=OTHER_PORT, device="second", table="102")
    assert hosts.reaches(AWAY, ADDRESS, source=SECOND_HOME)
    assert hosts.reaches(CLIENT, HOME) and hosts.reaches(CLIENT, SECOND_HOME)
    with Stream(hosts, CLIENT, AWAY, HOME) as stream:
        stream.await_more()
        leader.kill()
        stream.await_more()
        assert hosts.reaches(CLIENT, SECOND_HOME)
        assert stream.end() > 0
    heir = cluster.await_leader(other_than=leader)
    wait_for(lambda: [row["endpoint"] for row in heir.ctl("bindings", SECOND_HOME)] == [f"{CARE_OF}:{OTHER_PORT}"],
             "the binding has the port")
