"""agentctl on a cluster: what each member says of it, who is told to ask whom, and leadership that an operator moves."""

import re
import subprocess

import pytest
from agent import Refused, program
from cluster import Cluster, load_associations
from waiting import wait_for

MEMBER = {"member", "kind", "address", "self", "role", "state", "connected", "lag_entries", "lag_ms", "round_trip_us",
          "clock_offset_us", "silent_ms"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    with Cluster(str(tmp_path_factory.mktemp("pair")), "data", "data", "witness") as cluster:
        cluster.await_leader()
        yield cluster


@pytest.fixture
def roles(pair):
    """The leader and the other data member; nobody is drained, and all see one another."""
    for member in pair.members.values():
        member.ctl("cluster", "undrain")
        wait_for(lambda: all(row["connected"] for row in rows(member).values()), f"member {member.number} sees all")
    leader = pair.await_leader()
    return leader, next(member for member in pair.data() if member is not leader)


def rows(member):
    return {row["member"]: row for row in member.ctl("cluster", "status")}


def refusal(member, *words):
    with pytest.raises(Refused) as refused:
        member.ctl(*words)
    assert refused.value.status == 1
    return refused.value.text


def test_all_members_know_who_leads(pair, roles):
    leader, standby = roles
    for member in pair.members.values():
        said = rows(member)
        assert set(said) == {1, 2, 3} and all(set(row) == MEMBER for row in said.values())
        assert [row["kind"] for row in said.values()] == ["data", "data", "witness"]
        assert said[leader.number]["role"] == "leader" and said[standby.number]["role"] == "standby"
        assert said[3]["role"] == "witness"
        assert [number for number, row in said.items() if row["self"]] == [member.number]
        assert said[member.number]["address"] == f"{member.cluster_address}:4340"
        status = member.ctl("status")
        assert (status["member"], status["members"], status["leader"]) == (member.number, 3, leader.number)
        assert (status["witness"], status["majority"], status["reachable"]) == (member.number == 3, 2, 3)
    assert leader.ctl("status")["redundancy"] == 2 and standby.ctl("status")["redundancy"] is None


def test_only_the_leader_knows_lags(roles):
    leader, standby = roles
    wait_for(lambda: rows(leader)[standby.number]["lag_ms"] == 0, "the standby has everything")
    assert rows(leader)[3]["lag_entries"] is not None and rows(leader)[leader.number]["lag_ms"] is None
    assert all(row["lag_ms"] is None for row in rows(standby).values())
    row = rows(leader)[standby.number]
    assert row["round_trip_us"] > 0 and re.fullmatch(r"[+-]\d+", row["clock_offset_us"]) and row["silent_ms"] is not None


def test_the_table_ends_with_the_cluster(roles):
    leader, _ = roles
    table = leader.ctl_raw("cluster", "status", json_output=False).stdout
    assert re.search(rf"3 rows; term \d+; leader {leader.number}; lease_ms \d+; election_ms \d+; reachable 3; majority 2; "
                     r"redundancy \d", table)


@pytest.mark.parametrize("words", [
    ["config", "set", "registration.max-lifetime", "600"], ["pool", "remove", "p"], ["cluster", "transfer"], ["cluster", "admit", "1"],
    ["association", "remove", "10.0.0.1"], ["key", "rotate"], ["audit", "undo", "1"],
])
def test_a_standby_says_whom_to_ask(roles, words):
    leader, standby = roles
    text = refusal(standby, *words)
    assert f"ask member {leader.number} at {leader.cluster_address}, which does" in text


def test_a_change_is_on_every_member(pair, roles):
    leader, standby = roles
    value = "1234"
    version = leader.ctl("config", "set", "registration.max-lifetime", value)["version"]

    def has_it():
        row = next(row for row in standby.ctl("config", "list") if row["name"] == "registration.max-lifetime")
        return (row["value"], row["version"]) == (value, version)

    wait_for(has_it, "the standby has the setting")
    assert standby.ctl("audit")[0]["new"] == value
    assert len(standby.ctl("association", "list")) == len(standby.associations)


@pytest.mark.parametrize("words", [["bindings"], ["nodes"], ["association", "list"], ["pool", "list"], ["audit"], ["key", "list"]])
def test_a_witness_holds_nothing(pair, roles, words):
    assert "this member is a witness" in refusal(pair.members[3], *words)


@pytest.mark.parametrize("words", [["status"], ["counters"], ["flushes"], ["config", "list"], ["version"], ["cluster", "status"]])
def test_a_witness_answers_what_needs_no_bindings(pair, roles, words):
    assert pair.members[3].ctl(*words)


def test_leadership_goes_where_it_is_sent(pair, roles):
    for _ in range(4):
        leader = pair.leader()
        other = next(member for member in pair.data() if member is not leader)
        assert leader.ctl("cluster", "transfer", str(other.number)) == {"result": "begun", "member": other.number}
        wait_for(lambda: pair.leader() is other, f"member {other.number} leads")
    assert leader.ctl("status")["role"] == "follower"


@pytest.mark.parametrize("whom", ["3", "4", "itself"])
def test_leadership_does_not_go_everywhere(roles, whom):
    leader, _ = roles
    text = refusal(leader, "cluster", "transfer", str(leader.number) if whom == "itself" else whom)
    assert text == "agentctl: leadership was not handed over: there is no such other data member within reach that would lead"


def test_who_is_drained_does_not_lead(pair, roles):
    leader, other = roles
    assert leader.ctl("cluster", "drain")["result"] == "drained"
    wait_for(lambda: pair.leader() is other, "the other one leads")
    assert rows(leader)[leader.number]["state"] == "drained"
    assert leader.ctl("status")["drained"] is True and "this node is drained" in leader.ctl("status")["warnings"]
    assert "nobody" not in refusal(leader, "config", "set", "registration.max-lifetime", "600")
    assert leader.ctl("cluster", "undrain") == {"result": "may lead again", "member": leader.number}
    wait_for(lambda: leader.ctl("status")["drained"] is False, "it is not drained")


def test_nobody_is_admitted_who_is_not_refused(roles):
    leader, other = roles
    assert "nothing to admit" in refusal(leader, "cluster", "admit", str(other.number))


def test_the_loss_of_redundancy_is_told_and_its_return(pair, roles):
    leader, other = roles
    other.kill()
    wait_for(lambda: leader.ctl("status")["redundancy"] == 1, "the loss is noticed")
    assert "no redundancy: the loss of this node loses service" in leader.ctl("status")["warnings"]
    assert rows(leader)[other.number]["state"] == "out of reach"
    wait_for(lambda: "redundancy is lost" in leader.log(), "the log says so")
    pair.start(other)
    wait_for(lambda: "redundancy is back: 2 data members" in leader.log(), "the log says that it is back")
    assert leader.ctl("status")["warnings"] is None


def test_a_configuration_is_explained(pair):
    for member in pair.members.values():
        done = subprocess.run([program("agentd"), "--check", member.configuration_path], capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert f"this node is member {member.number} ({member.role} at {member.cluster_address}:4340) of a cluster of 3" in done.stdout
        assert f"this node is member {member.number}" in member.log()


# ---- procedures of docs/operations.md ----


def registers(cluster, nodes):
    result = cluster.run_load("--nodes", nodes, "--retransmit", "0.02", "--timeout", "1", "--tries", "0", "register")
    return result["accepted"] == nodes and result["bad"] == 0


def count(member, *words):
    """Rows of an answer; none while it starts again over another member's store."""
    return len(member.ask(*words) or [])


def names_only(member, members):
    """The configuration of `member` names these members from its next start on."""
    section = member.configuration["cluster"]
    for name in [name for name in section if name.startswith("member-")]:
        del section[name]
    member.join(members)


def test_a_pair_without_witness_goes_on_alone_and_comes_back(tmp_path):
    nodes = 50
    with Cluster(str(tmp_path), "data", "data", associations=list(load_associations(nodes))) as cluster:
        leader = cluster.await_leader()
        assert registers(cluster, nodes)
        survivor = next(member for member in cluster.data() if member is not leader)
        leader.power_off()
        wait_for(lambda: survivor.ctl("status")["reachable"] == 1, "the loss is noticed")
        assert survivor.ctl("status")["role"] != "leader" and "no majority" in survivor.ctl("status")["warnings"]
        wait_for(lambda: "lost the majority: 1 of 2 members" in survivor.log(), "the log says so")
        assert survivor.stop() == 0
        names_only(survivor, [survivor])
        cluster.start(survivor)
        assert cluster.await_leader() is survivor
        wait_for(lambda: count(survivor, "bindings") == nodes, "the store has caught up with the log")
        term = survivor.ctl("status")["term"]
        assert registers(cluster, nodes)
        assert survivor.stop() == 0
        names_only(survivor, cluster.members.values())
        leader.wipe()
        cluster.start(survivor)
        leader.power_on()
        wait_for(leader.answers, "the one that was lost answers")
        back = cluster.await_leader()
        assert back.ctl("status")["term"] > term
        wait_for(lambda: back.ctl("status")["redundancy"] == 2, "redundancy is back")
        assert registers(cluster, nodes)
        wait_for(lambda: all(count(member, "bindings") == nodes for member in cluster.data()), "both have all bindings")


def test_a_lone_agent_becomes_a_cluster(tmp_path):
    nodes = 50
    cluster = Cluster(str(tmp_path), "data", "data", "witness", associations=list(load_associations(nodes)))
    with cluster.unstarted():
        first, second, witness = cluster.members.values()
        names_only(first, [])
        first.configuration["cluster"]["node"] = 0
        first.write_configuration()
        cluster.start(first)
        assert registers(cluster, nodes) and first.ctl("status")["member"] is None
        assert first.stop() == 0
        first.join(cluster.members.values())
        cluster.start(first, second, witness)
        assert cluster.await_leader() is not None
        wait_for(lambda: any((member.ask("status") or {}).get("redundancy") == 2 for member in cluster.data()), "both have everything")
        wait_for(lambda: count(second, "association", "list") == nodes, "the associations came along")
        wait_for(lambda: count(second, "bindings") == nodes, "the bindings came along")
        assert registers(cluster, nodes)


def test_the_founder_comes_back_with_another_disk(tmp_path):
    with Cluster(str(tmp_path), "data", "data", "witness") as cluster:
        cluster.await_leader()
        founder, other = cluster.data()
        founder.kill()
        founder.wipe()
        assert cluster.await_leader() is other
        cluster.start(founder)
        wait_for(lambda: rows(other)[1]["state"] == "refused", "its new disk is refused")
        assert "founds" not in founder.log().split("recovered")[-1]
        assert other.ctl("cluster", "admit", "1") == {"result": "admitted", "member": 1}
        wait_for(lambda: other.ctl("status")["redundancy"] == 2, "it takes part again")
        wait_for(lambda: count(founder, "association", "list") == len(founder.associations), "it has everything")
