"""Members of a cluster forward while they hear a majority, whoever leads; and not beyond that, whatever held them up."""

import pytest
from cluster import ADDRESS, CLIENT, CLIENT_ADDRESS, Cluster
from namespaces import ip
from waiting import wait_for
from world import Hosts, Mobile, association, register

HOME = "10.64.0.7"
AWAY, CARE_OF = "away", "192.0.2.88"
CONFIGURATION = {"home-networks": {"network-1": "10.64.0.0/16 virtual"}}


@pytest.fixture
def cluster(tmp_path):
    with Cluster(str(tmp_path), "data", "data", "witness", configuration=CONFIGURATION, associations=[association(HOME)]) as made:
        for member in made.data():
            hosts_of(made).set(member.host, "net.ipv4.ip_forward", 1)
        made.switch.plug(AWAY, f"{CARE_OF}/24")
        ip("-n", made.switch.namespace(CLIENT), "route", "add", "10.64.0.0/16", "via", ADDRESS)
        yield made


def hosts_of(cluster):
    return Hosts(cluster.switch.namespace)


@pytest.fixture
def hosts(cluster):
    made = hosts_of(cluster)
    yield made
    made.end()


def send_from(hosts, member, count):
    """Packets for the node that the member's own host sends: they wait for agentd there, whether it runs or not."""
    with hosts.socket(member.host) as sender:
        for _ in range(count):
            sender.sendto(b"x", (HOME, 7001))


def silent_for(cluster, member, seconds):
    """The others have not heard of it for so long."""
    def measured():
        peers = next(iter(cluster.others(member))).peers()
        return peers and peers[member.number]["silent_ms"] is not None and peers[member.number]["silent_ms"] > seconds * 1000
    wait_for(measured, f"member {member.number} has not been heard for {seconds} s")


def begin(cluster, hosts):
    leader = cluster.await_leader()
    cluster.await_whole()
    assert register(hosts, AWAY, HOME, CARE_OF, agent=ADDRESS) == 0
    Mobile(hosts, HOME, care_of=CARE_OF, agent=ADDRESS, host=AWAY)
    hosts.reaches(CLIENT, HOME)
    return leader, next(member for member in cluster.data() if member is not leader)


def test_packets_follow_the_lead(cluster, hosts):
    leader, other = begin(cluster, hosts)
    leader.kill()
    cluster.await_leader(other_than=leader)
    assert hosts.reaches(CLIENT, HOME)
    assert other.counter("forward-tunnelled") > 0


def test_a_member_that_does_not_lead_forwards_what_comes_its_way(cluster, hosts):
    leader, other = begin(cluster, hosts)
    wait_for(lambda: other.view()["forwards"] and other.view()["tunnels"] == 1, "it has the binding, and hears a majority")
    told = [[row["text"] for row in member.ctl("trace-packet", CLIENT_ADDRESS, HOME)] for member in (leader, other)]
    assert [any("the member that leads" in text for text in texts) for texts in told] == [False, True]
    assert told[0][-1] == told[1][-1] == "tunnelled"
    send_from(hosts, other, 3)
    wait_for(lambda: other.counter("forward-tunnelled") == 3, "it forwards")


def test_who_is_cut_off_forwards_nothing(cluster, hosts):
    leader, other = begin(cluster, hosts)
    cluster.isolate(leader)
    wait_for(lambda: not leader.view()["forwards"], "it may not forward any more")
    before = leader.counter("forward-tunnelled")
    send_from(hosts, leader, 3)
    wait_for(lambda: leader.counter("forward-fenced") >= 3, "its host's packets are dropped")
    assert leader.counter("forward-tunnelled") == before
    hosts.reaches(CLIENT, HOME)
    assert other.view()["forwards"]
    cluster.heal()
    wait_for(lambda: leader.view()["forwards"], "it forwards again")


def cut_off_a_leader(cluster):
    """Who led until then. Whoever had lost the lead before may know of a later term, and forwards as one who follows."""
    while True:
        leader, term = cluster.await_leader(), cluster.reign()[1]
        cluster.isolate(leader, client_too=False)
        cut_off = leader.ctl("status")
        if cut_off["term"] == term:
            return leader
        cluster.heal()


def test_who_led_forwards_nothing_once_another_leads(cluster, hosts):
    begin(cluster, hosts)
    leader = cut_off_a_leader(cluster)
    cluster.await_leader(other_than=leader)
    assert not leader.ctl("status")["forwards"], leader.ctl("status")
    assert hosts.reaches(CLIENT, HOME)
    cluster.heal()
    wait_for(lambda: leader.view() and leader.view()["forwards"], "it forwards again, as all who follow")


def test_who_was_stopped_beyond_the_moment_forwards_nothing(cluster, hosts):
    leader, _ = begin(cluster, hosts)
    before = leader.counter("forward-tunnelled")
    leader.freeze()
    cluster.isolate(leader)
    silent_for(cluster, leader, 2)
    send_from(hosts, leader, 5)
    leader.thaw()
    wait_for(lambda: leader.counter("forward-fenced") >= 5, "what waited for it is dropped")
    assert leader.counter("forward-tunnelled") == before
