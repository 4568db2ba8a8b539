"""agentctl on a cluster: what each member says of it, who is told to ask whom, and leadership that an operator moves."""

import contextlib
import re
import subprocess

import pytest
from agent import Refused, program
from cluster import Cluster, load_associations
from waiting import wait_for, wait_until_holds

MEMBER = {"member", "kind", "address", "self", "role", "state", "connected", "lag_entries", "lag_ms", "round_trip_us",
          "clock_offset_us", "silent_ms"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    with Cluster(str(tmp_path_factory.mktemp("pair")), "data", "data", "witness") as cluster:
        cluster.await_leader()
        yield cluster


@pytest.fixture
def whole(pair):
    """The pair; nobody is drained, and all see one another."""
    for member in pair.members.values():
        member.ctl("cluster", "undrain")
        wait_for(lambda: all(row["connected"] for row in rows(member).values()), f"member {member.number} sees all")
    pair.await_leader()
    return pair


def rows(member):
    return {row["member"]: row for row in member.ctl("cluster", "status")}


def refusal(member, *words):
    """What a member says that refuses."""
    try:
        answer = member.ctl(*words)
    except Refused as refused:
        assert refused.status == 1
        return refused.text
    raise AssertionError(f"'{' '.join(words)}' was not refused: {answer}")


def test_all_members_know_who_leads(whole):
    def all_know():
        leader = whole.await_leader()
        standby = whole.standby(leader)
        for member in whole.members.values():
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

    wait_until_holds(all_know)


def test_only_the_leader_knows_lags(whole):
    def leader_knows():
        leader = whole.await_leader()
        standby = whole.standby(leader)
        said = rows(leader)
        row = said[standby.number]
        assert row["lag_ms"] == 0 and said[3]["lag_entries"] is not None and said[leader.number]["lag_ms"] is None
        assert row["round_trip_us"] > 0 and re.fullmatch(r"[+-]\d+", row["clock_offset_us"]) and row["silent_ms"] is not None
        assert all(row["lag_ms"] is None for row in rows(standby).values())

    wait_until_holds(leader_knows)


def test_the_table_ends_with_the_cluster(whole):
    def ends_with_it():
        leader = whole.await_leader()
        table = leader.ctl_raw("cluster", "status", json_output=False).stdout
        assert re.search(rf"3 rows; term \d+; leader {leader.number}; lease_ms \d+; election_ms \d+; reachable 3; majority 2; "
                         r"redundancy \d", table)

    wait_until_holds(ends_with_it)


@pytest.mark.parametrize("words", [
    ["config", "set", "registration.max-lifetime", "600"], ["pool", "remove", "p"], ["cluster", "transfer"], ["cluster", "admit", "1"],
    ["association", "remove", "10.0.0.1"], ["key", "rotate"], ["audit", "undo", "1"],
])
def test_a_standby_says_whom_to_ask(whole, words):
    def says_so(leader):
        def told():
            """On a busy host it may hear nobody for a moment, and then it does not know."""
            text = refusal(whole.standby(leader), *words)
            return None if "no member leads the cluster at present" in text else text

        text = wait_for(told, "it knows who leads")
        assert f"ask member {leader.number} at {leader.cluster_address}, which does" in text

    whole.in_one_reign(says_so)


def test_a_change_is_on_every_member(whole):
    value = "1234"

    def change(leader):
        return leader, leader.ctl("config", "set", "registration.max-lifetime", value)["version"]

    leader, version = whole.in_one_reign(change)
    standby = whole.standby(leader)

    def has_it():
        row = next(row for row in standby.ctl("config", "list") if row["name"] == "registration.max-lifetime")
        return (row["value"], row["version"]) == (value, version)

    wait_for(has_it, "the standby has the setting")
    wait_for(lambda: (standby.ctl("audit") or [{"new": None}])[0]["new"] == value, "its store has the change")
    wait_for(lambda: len(standby.ctl("association", "list")) == len(standby.associations), "and all associations")


def test_the_whole_cluster_is_switched_off_and_on(tmp_path):
    """Whoever leads leaves requests unanswered, and counts them; what is bound stays."""
    nodes = 20

    def switch(value):
        def say(leader):
            leader.ctl("config", "set", "registration.enabled", value)

        cluster.in_one_reign(say)
        for member in cluster.data():
            wait_for(lambda: setting(member, "registration.enabled") == value, f"member {member.number} knows")

    def load(*arguments):
        return cluster.run_load("--nodes", nodes, "--timeout", "1", "--tries", "1", *arguments)

    def dropped():
        return sum(member.counter("dropped-disabled") for member in cluster.data())

    def is_silent():
        """On a busy host nobody may lead for a moment, and then nobody counts."""
        before = dropped()
        assert load("register")["accepted"] == 0
        return dropped() >= before + nodes

    with Cluster(str(tmp_path), "data", "data", "witness", associations=list(load_associations(nodes))) as cluster:
        cluster.await_leader()
        assert registers(cluster, nodes)
        switch("no")
        wait_for(is_silent, "whoever leads counts what is left unanswered")
        leader = cluster.await_leader()
        leader.ctl("cluster", "drain")
        second = cluster.await_leader(other_than=leader)
        wait_for(is_silent, "so does the next one")
        assert count(second, "bindings") == nodes
        switch("yes")
        assert registers(cluster, nodes)


def setting(member, name):
    return next(row["value"] for row in member.ctl("config", "list") if row["name"] == name)


@pytest.mark.parametrize("words", [["bindings"], ["nodes"], ["association", "list"], ["pool", "list"], ["audit"], ["key", "list"]])
def test_a_witness_holds_nothing(whole, words):
    assert "this member is a witness" in refusal(whole.members[3], *words)


@pytest.mark.parametrize("words", [["status"], ["counters"], ["flushes"], ["config", "list"], ["version"], ["cluster", "status"]])
def test_a_witness_answers_what_needs_no_bindings(whole, words):
    assert whole.members[3].ctl(*words)


def test_leadership_goes_where_it_is_sent(whole):
    """An order lapses when the other one is not ready soon enough, and is refused while it is out of reach; then it is given again."""
    def send(first, other):
        def order(leader):
            if leader is first:
                with contextlib.suppress(Refused):
                    assert leader.ctl("cluster", "transfer", str(other.number)) == {"result": "begun", "member": other.number}

        if whole.leader() is first and not first.ctl("status")["transferring"]:
            whole.in_one_reign(order)
        return whole.leader() is other

    for _ in range(4):
        leader = whole.await_leader()
        other = whole.standby(leader)
        wait_for(lambda: send(leader, other), f"member {other.number} leads")
        wait_for(lambda: leader.ctl("status")["role"] == "follower", f"member {leader.number} follows")


def test_all_members_tell_of_the_last_change_of_the_leader(whole):
    """Also the witness, which never leads. The last change may be another one than the one that was asked for."""
    def changes():
        return {member.number: member.ctl("status")["leader_changes"] for member in whole.members.values()}

    def is_asked_for():
        """On a busy host the other one may not be ready yet, or lead already."""
        try:
            return whole.leader() is not leader or leader.ctl("cluster", "transfer", str(whole.standby(leader).number))
        except Refused:
            return False

    before = changes()
    leader = whole.await_leader()
    wait_for(is_asked_for, "it is asked for")
    wait_for(lambda: all(now > before[number] for number, now in changes().items()), "all saw a change")

    def all_tell(leader):
        for member in whole.members.values():
            status = member.ctl("status")
            assert status["leader"] == leader.number
            assert status["leader_since"] == status["failover"]
            assert status["started"] <= status["failover"] <= status["cluster_time"]
            assert 0 <= status["failover_ms"] < 60000

    whole.in_one_reign(all_tell)


@pytest.mark.parametrize("whom", ["3", "4", "itself"])
def test_leadership_does_not_go_everywhere(whole, whom):
    def refuses(leader):
        text = refusal(leader, "cluster", "transfer", str(leader.number) if whom == "itself" else whom)
        assert text == "agentctl: leadership was not handed over: there is no such other data member within reach that would lead"

    whole.in_one_reign(refuses)


def test_who_is_drained_does_not_lead(whole):
    def drain(leader):
        def drained():
            """It is refused while the other one is out of reach."""
            with contextlib.suppress(Refused):
                return leader.ctl("cluster", "drain")["result"] == "drained"

        wait_for(drained, "it is drained")
        return leader

    leader = whole.in_one_reign(drain)
    other = whole.standby(leader)
    wait_for(lambda: whole.leader() is other, "the other one leads")

    def says_so():
        assert rows(leader)[leader.number]["state"] == "drained"
        status = leader.ctl("status")
        assert status["drained"] is True and "this node is drained" in status["warnings"]
        assert f"ask member {other.number} at" in refusal(leader, "config", "set", "registration.max-lifetime", "600")

    wait_until_holds(says_so)
    assert leader.ctl("cluster", "undrain") == {"result": "may lead again", "member": leader.number}
    wait_for(lambda: leader.ctl("status")["drained"] is False, "it is not drained")


def test_nobody_is_admitted_who_is_not_refused(whole):
    def refuses(leader):
        assert "nothing to admit" in refusal(leader, "cluster", "admit", str(whole.standby(leader).number))

    whole.in_one_reign(refuses)


def test_the_loss_of_redundancy_is_told_and_its_return(whole):
    def lose_and_return(leader):
        other = whole.standby(leader)
        known = len(leader.log())

        def told(words):
            return words in leader.log()[known:]

        other.kill()
        try:
            wait_for(lambda: leader.ctl("status")["redundancy"] == 1, "the loss is noticed")
            wait_until_holds(lambda: warned(leader, other))
            wait_for(lambda: told("redundancy is lost"), "the log says so")
        finally:
            whole.start(other)
        wait_for(lambda: told("redundancy is back") or told("redundancy is for another leader to tell"), "the log says that it is back")
        assert told("redundancy is back: 2 data members")
        wait_for(lambda: leader.ctl("status")["warnings"] is None, "there is nothing to warn of")

    def warned(leader, other):
        assert "no redundancy: the loss of this node loses service" in leader.ctl("status")["warnings"]
        assert rows(leader)[other.number]["state"] == "out of reach"

    whole.in_one_reign(lose_and_return)


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


def redundancies(cluster):
    """What data members say of it; only a leader does."""
    return [view["redundancy"] for view in (member.view() for member in cluster.data()) if view]


def test_a_pair_without_witness_goes_on_alone_and_comes_back(tmp_path):
    nodes = 50

    def is_without_majority(member):
        status = member.ctl("status")
        assert status["reachable"] == 1 and status["role"] != "leader" and "no majority" in status["warnings"]

    with Cluster(str(tmp_path), "data", "data", associations=list(load_associations(nodes))) as cluster:
        cluster.await_leader()
        assert registers(cluster, nodes)
        leader = cluster.await_leader()
        survivor = cluster.standby(leader)
        leader.power_off()
        wait_until_holds(lambda: is_without_majority(survivor))
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
        assert cluster.await_leader().ctl("status")["term"] > term
        wait_for(lambda: 2 in redundancies(cluster), "redundancy is back")
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
        cluster.await_leader()
        wait_for(lambda: 2 in redundancies(cluster), "both have everything")
        wait_for(lambda: count(second, "association", "list") == nodes, "the associations came along")
        wait_for(lambda: count(second, "bindings") == nodes, "the bindings came along")
        assert registers(cluster, nodes)


def test_the_founder_comes_back_with_another_disk(tmp_path):
    with Cluster(str(tmp_path), "data", "data", "witness") as cluster:
        cluster.await_leader()
        cluster.await_level()
        founder, other = cluster.data()
        founder.kill()
        founder.wipe()
        assert cluster.await_leader() is other
        cluster.start(founder)
        wait_for(lambda: other.state_of(founder) == "refused", "its new disk is refused")
        assert "founds" not in founder.log().split("recovered")[-1]
        cluster.admit(founder)
        wait_for(lambda: 2 in redundancies(cluster), "it takes part again")
        wait_for(lambda: count(founder, "association", "list") == len(founder.associations), "it has everything")
