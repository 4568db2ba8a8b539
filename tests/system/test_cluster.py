"""The life of a cluster: it forms, fails over, takes members back by its log or by a whole store, and refuses strangers."""

import os
import shutil

import pytest
from agent import Refused
from cluster import Cluster, load_associations, make_key
from waiting import wait_for, wait_until_holds

NODES = 300
PAIR = ("data", "data", "witness")
THREE = ("data", "data", "data")


def make_cluster(tmp_path, *roles, **sections):
    configuration = {
        "capacity": {"nodes": NODES, "associations": NODES, "bindings": NODES},
        "storage": {"log-segment": 2, "log-segments": 4, "store-map": 64, "checkpoint-interval": 1},
        "cluster": {"log-memory": 16},
    }
    for section, options in sections.items():
        configuration.setdefault(section, {}).update(options)
    return Cluster(str(tmp_path), *roles, configuration=configuration, associations=list(load_associations(NODES)))


def register(cluster, *arguments):
    """All nodes, each until it is accepted."""
    result = cluster.run_load("--nodes", NODES, "--retransmit", "0.02", "--timeout", "1", "--tries", "0", *arguments, "register")
    assert result["accepted"] == NODES and not result["bad"] and set(result["codes"]) <= {"0", "1"}, result


def move(cluster, count):
    result = cluster.run_load("--nodes", NODES, "--retransmit", "0.02", "--timeout", "1", "--tries", "0", "--count", count, "move")
    assert result["accepted"] == count, result


def bindings(member):
    return {(row["home"], row["care_of"], row["identification"]) for row in member.ctl("bindings")}


@pytest.fixture
def pair(tmp_path):
    with make_cluster(tmp_path, *PAIR) as cluster:
        cluster.await_leader()
        yield cluster
        cluster.stop()


def test_pair_forms_and_serves(pair):
    """One leads and has the address; what it accepts is on the other, which answers operators and no mobile nodes."""
    register(pair)
    pair.await_level()

    def all_is_on_both():
        leader = pair.await_leader()
        standby = pair.standby(leader)
        assert len(bindings(leader)) == NODES and bindings(standby) == bindings(leader)
        status = standby.ctl("status")
        assert status["leader"] == leader.number and status["bindings"] == NODES
        assert [row["role"] for row in standby.ctl("cluster", "status")].count("leader") == 1

    def standby_refuses(leader):
        try:
            answer = pair.standby(leader).ctl("bindings", "remove", "10.0.0.1")
        except Refused as refused:
            assert f"ask member {leader.number} at" in refused.text
        else:
            raise AssertionError(f"not refused: {answer}")

    wait_until_holds(all_is_on_both)
    pair.in_one_reign(standby_refuses)
    assert all(len(bindings(member)) == NODES for member in pair.data())


def test_failover_keeps_what_was_promised(pair):
    register(pair)
    for _ in range(2):
        pair.await_level()
        leader = pair.await_leader()
        before = bindings(leader)
        leader.kill()
        heir = pair.await_leader()
        assert heir is not leader and bindings(heir) == before
        move(pair, NODES)
        pair.start(leader)  # takes what it missed from the log of the others
        pair.await_level()
        assert bindings(leader) == bindings(heir) != before


def test_silent_death(pair):
    """A host without power closes no connection."""
    register(pair)
    pair.await_level()
    leader = pair.await_leader()
    leader.power_off()
    heir = pair.await_leader()
    move(pair, NODES)
    leader.power_on()
    pair.await_level()
    assert bindings(leader) == bindings(heir)


def test_who_hears_no_majority_answers_nobody(pair):
    """Cut off from the others, though not from mobile nodes, and then let back."""
    register(pair)
    pair.await_level()
    leader = pair.await_leader()
    pair.isolate(leader, client_too=False)
    heir = pair.await_leader(other_than=leader)
    wait_for(lambda: not leader.leads(), "the old leader knows")
    move(pair, NODES)
    pair.heal()
    pair.await_level()
    assert bindings(leader) == bindings(heir)


def test_standby_and_witness_may_be_away(pair):
    """Either of them is one of two that make a majority."""
    def leads_on_without(role):
        """On a busy host a leader may be lost for another reason."""
        leader = pair.await_leader()
        other = next(member for member in pair.others(leader) if member.role == role)
        other.kill()
        move(pair, NODES)
        leads_on = pair.await_leader() is leader
        pair.start(other)
        pair.await_level()
        return leads_on

    register(pair)
    pair.await_level()
    for role in ("data", "witness"):
        wait_for(lambda: leads_on_without(role), f"the leader leads on without the {role} member")
    assert len({frozenset(bindings(member)) for member in pair.data()}) == 1


def test_alone_nobody_leads(pair):
    register(pair)
    pair.await_level()
    leader = pair.await_leader()
    others = pair.others(leader)
    for other in others:
        other.kill()
    wait_for(lambda: not leader.leads(), "it leads no more")
    result = pair.run_load("--nodes", 10, "--timeout", "0.2", "--tries", "2", "register")
    assert result["answered"] == 0
    pair.start(*others)
    pair.await_leader()
    register(pair)
    pair.await_level()


def test_all_at_once(pair):
    """The cluster comes back from its disks."""
    register(pair)
    pair.await_level()
    before = bindings(pair.await_leader())
    for member in pair.members.values():
        member.kill()
    pair.start()
    pair.await_leader()
    pair.await_level()
    assert bindings(pair.await_leader()) == before


def test_absent_member_gets_the_whole_store(tmp_path):
    """More happened than the others keep for it."""
    with make_cluster(tmp_path, *THREE) as cluster:
        register(cluster)
        cluster.await_level()
        away = next(member for member in cluster.data() if not member.leads())
        held = away.view()["stored_index"]
        away.stop()
        # 16 MiB are kept; a move is about 200 octets.
        wait_for(lambda: move(cluster, 10000) or cluster.await_leader().view()["first_index"] > held + 1,
                 "the others have let go of what comes next", seconds=1200)
        cluster.start(away)
        cluster.await_level(120)
        assert "fetching the store" in away.log()
        assert bindings(away) == bindings(cluster.await_leader())
        # It holds what it promises from here on.
        leader = cluster.await_leader()
        leader.kill()
        cluster.await_leader()
        move(cluster, NODES)
        cluster.start(leader)
        cluster.await_level()
        cluster.stop()


def test_member_with_an_empty_disk_is_admitted(pair):
    """It may have promised what it does not know any more: the operator says when it may come back."""
    register(pair)
    pair.await_level()
    leader = pair.await_leader()
    standby = pair.standby(leader)
    standby.kill()
    standby.wipe()
    pair.start(standby)

    wait_for(lambda: leader.state_of(standby) == "refused", "the leader refuses another disk")
    move(pair, NODES)
    pair.admit(standby)
    pair.await_level()
    assert bindings(standby) == bindings(leader)


def test_only_the_founder_founds(tmp_path):
    """The data member with the lowest number makes the cluster; the others wait for it, however many they are."""
    cluster = make_cluster(tmp_path, *THREE)
    founder = cluster.members[1]
    with cluster.unstarted():
        cluster.start(*cluster.others(founder))
        for member in cluster.others(founder):
            assert member.state_of(member) == "of no cluster yet"
        cluster.start(founder)
        cluster.await_leader()
        register(cluster)
        cluster.await_level()
        assert all(member.state_of(member) == "well" for member in cluster.members.values())
        cluster.stop()


def test_founder_with_a_new_disk_waits_for_what_is_left(tmp_path):
    """Most members come with empty disks, and the one that has everything is up a little later: no other cluster is made, and
    each side shows who refuses whom."""
    cluster = make_cluster(tmp_path, *THREE)
    founder, survivor, third = (cluster.members[number] for number in (1, 2, 3))
    with cluster:
        cluster.await_leader()
        cluster.await_level()
        cluster.stop()
        founder.wipe()
        third.wipe()
        cluster.start(founder, third)
        wait_for(lambda: founder.state_of(third) == "of no cluster yet", "they hear each other")
        assert founder.state_of(founder) == "of no cluster yet"
        cluster.start(survivor)
        for other in (founder, third):
            wait_for(lambda: other.state_of(survivor) == "refuses us", "who is refused says so")
            wait_for(lambda: survivor.state_of(other) == "refused", "who refuses says so")
        assert cluster.leader() is None
        cluster.stop()


def test_member_of_another_cluster_is_refused(tmp_path, pair):
    """A disk that belonged to another cluster does not mix in."""
    register(pair)
    pair.await_level()
    leader = pair.await_leader()
    standby = pair.standby(leader)
    other_path = tmp_path / "other"
    other_path.mkdir()
    with make_cluster(other_path, *PAIR, storage={"cluster-key": os.path.join(pair.directory, "cluster.key")}) as other:
        other.await_leader()
        other.await_level()
        other.stop()
        stranger = other.members[standby.number].data_directory
        standby.stop()
        shutil.rmtree(standby.data_directory)
        shutil.copytree(stranger, standby.data_directory)
        os.chmod(standby.data_directory, 0o700)
    pair.start(standby)
    wait_for(lambda: leader.state_of(standby) == "refused", "the leader refuses it")
    move(pair, NODES)
    assert pair.await_leader() is leader
    standby.kill()
    standby.wipe()
    pair.start(standby)
    wait_for(lambda: standby.state_of(leader) == "refuses us", "the leader refuses an empty one, too")
    pair.admit(standby)
    pair.await_level()


def test_wrong_key_is_refused(pair):
    """Who does not have the key that the others know gets no connection."""
    pair.await_level()
    leader = pair.await_leader()
    standby = pair.standby(leader)
    standby.stop()
    right = standby.key_path
    wrong = os.path.join(pair.directory, "wrong.key")
    make_key(wrong)
    standby.configuration["cluster"]["key"] = wrong
    standby.write_configuration()
    try:
        standby.spawn()
        # Either it sees by itself that the key is not its own, or the others do.
        ended = wait_for(lambda: standby.process.poll() is not None or "key" in leader.log(), "the key is refused")
        assert ended
        register(pair)
        assert pair.await_leader() is leader
        seen = standby.view()  # nothing where it has ended, or has not come up yet
        assert seen is None or seen["leader"] is None
    finally:
        if standby.process is not None:
            standby.process.kill()
            standby.bury()
    standby.configuration["cluster"]["key"] = right
    standby.write_configuration()
    pair.start(standby)
    pair.await_level()
