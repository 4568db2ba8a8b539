"""What managers write by SNMP: carried out as a whole or not at all, on all members, with one error for each kind of wrong; through
the host's snmpd and by agentd itself."""

import concurrent.futures
import os
import subprocess
import sys

import pytest
from cluster import Cluster
from managed import MODES, Managed, Way
from snmp import READER, READING_USER, WRITER, WRITING_USER, Community, NoAnswer, Refused, numbers
from snmp_tools import environment, program
from waiting import wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import Association, Mobile  # noqa: E402

MIP, HEARTH = "1.3.6.1.2.1.44.1", "1.3.6.1.4.1.32473.1.1"
ENTITIES, ENABLE = f"{MIP}.1.1.0", f"{MIP}.1.2.0"
TEST = f"{HEARTH}.10.2.0"
SETTINGS = f"{HEARTH}.11.1.1"
STATUS, VALUE, VERSION = 2, 3, 4
ACTIVE, NOT_IN_SERVICE, CREATE_AND_GO, CREATE_AND_WAIT, DESTROY = 1, 2, 4, 5, 6
ENABLED, DISABLED = 1, 2
STRANGER = Community("guessed", writes=True)
OTHER_AGENT = "1.3.6.1.4.1.99999"  # of a program that snmpd runs


def setting(column, name, group=0):
    return f"{SETTINGS}.{column}.{group}." + ".".join(str(octet) for octet in name.encode())


BURST, INTERVAL = "registration.burst", "registration.minimum-interval"


def counter(managed, name):
    return next(row["value"] for row in managed.agent.ctl("counters") if row["name"] == name)


def refusals(managed):
    return sum(row["value"] for row in managed.agent.ctl("counters")
               if row["name"].startswith("snmp-set-") and row["name"] != "snmp-set-done")


def audit(agent):
    """What managers changed, and who did, the newest first."""
    return [(row["who"], row["subject"], row["old"], row["new"]) for row in agent.ctl("audit") if row["who"].startswith("snmp")]


def values(managed):
    """Of all settings, but for the features that a cluster begins by itself."""
    feature = numbers(setting(VALUE, "feature."))
    return [row for row in managed.reader().bulkwalk(f"{SETTINGS}.{VALUE}") if row.oid[:len(feature)] != feature]


def state(managed):
    """Everything that a SET could have changed."""
    return values(managed), audit(managed.agent)


@pytest.fixture(params=MODES)
def managed(request, tmp_path):
    with Managed(str(tmp_path), request.param) as running:
        yield running


@pytest.fixture(scope="module", params=MODES)
def steady(request, tmp_path_factory):
    """For all that is refused, and changes nothing."""
    with Managed(str(tmp_path_factory.mktemp("steady")), request.param) as running:
        yield running


def who(managed, embedded):
    """What the audit trail calls somebody: AgentX does not tell."""
    return embedded if managed.mode == "embedded" else "snmp through snmpd"


def outcome(manager, *objects):
    """None when it was done, else the error."""
    try:
        manager.set(*objects)
        return None
    except Refused as why:
        return why.status


# ---- what is right ----

def test_what_is_set_is_read_and_audited(managed):
    managed.manager(WRITING_USER).set((setting(VALUE, BURST), "s", "20"))
    assert managed.reader().value(setting(VALUE, BURST)) == b"20"
    assert "20" in [row["value"] for row in managed.agent.ctl("config", "list") if row["name"] == BURST]
    assert audit(managed.agent)[0] == (who(managed, "snmp operator"), BURST, "10", "20")
    managed.writer().set((setting(STATUS, BURST), "i", DESTROY))
    assert managed.reader().value(setting(VALUE, BURST)) is None
    assert audit(managed.agent)[0] == (who(managed, "snmp community of 127.0.0.1"), BURST, "20", None)
    assert counter(managed, "snmp-set-done") == 2
    assert "writing" not in str(audit(managed.agent))  # a community is a password


def test_a_row_is_made_by_one_request(managed):
    name = "policy.gold.burst"
    before = state(managed)
    for objects in ([(setting(VALUE, name), "s", "9")], [(setting(STATUS, name), "i", CREATE_AND_GO)]):
        with pytest.raises(Refused):
            managed.writer().set(*objects)
        assert state(managed) == before
    managed.writer().set((setting(VALUE, name), "s", "9"), (setting(STATUS, name), "i", CREATE_AND_GO),
                      (setting(VERSION, name), "x", bytes(8)))
    assert managed.reader().value(setting(STATUS, name)) == ACTIVE
    version = managed.reader().value(setting(VERSION, name))
    managed.writer().set((setting(VALUE, name), "s", "8"), (setting(VERSION, name), "x", version))
    assert managed.reader().value(setting(VERSION, name)) > version
    managed.writer().set((setting(STATUS, name), "i", DESTROY), (setting(STATUS, name + "x"), "i", DESTROY))
    assert managed.reader().value(setting(STATUS, name)) is None


def test_the_switch_turns_the_agent_off(managed):
    row = managed.agent.associations[0]
    mobile = Mobile(row["home"], Association(row["spi"], row["key"], row["algorithm"]), (managed.agent.address, managed.agent.port))
    assert mobile.register("192.0.2.9").code == 0
    managed.writer().set((ENABLE, "i", DISABLED))
    assert managed.reader().value(ENABLE) == DISABLED
    dropped = counter(managed, "dropped-disabled")
    mobile.send(mobile.request("192.0.2.9"))
    wait_for(lambda: counter(managed, "dropped-disabled") == dropped + 1, "the request is left unanswered")
    assert len(managed.agent.ctl("bindings")) == 1
    managed.writer().set((ENABLE, "i", ENABLED))
    assert mobile.register("192.0.2.9").code == 0
    assert managed.reader().value(ENABLE) == ENABLED
    mobile.close()


def test_objects_of_several_branches_are_set_together(managed):
    managed.writer().set((ENABLE, "i", DISABLED), (setting(VALUE, BURST), "s", "31"))
    assert (managed.reader().value(ENABLE), managed.reader().value(setting(VALUE, BURST))) == (DISABLED, b"31")
    before = state(managed)
    for bad in range(2):
        objects = [(ENABLE, "i", 3 if bad == 0 else ENABLED), (setting(VALUE, BURST), "s", "0" if bad == 1 else "32")]
        with pytest.raises(Refused) as refused:
            managed.writer().set(*objects)
        assert (refused.value.status, refused.value.failed) == ("wrongValue", numbers(objects[bad][0]))
        assert state(managed) == before


def test_what_was_set_outlasts_restarts(managed):
    managed.writer().set((ENABLE, "i", DISABLED), (setting(VALUE, BURST), "s", "77"))
    if managed.snmpd:
        managed.snmpd.restart()
        managed.await_objects()
        assert managed.reader().value(setting(VALUE, BURST)) == b"77"
    managed.agent.kill()
    managed.agent.start()
    managed.await_objects()
    assert (managed.reader().value(ENABLE), managed.reader().value(setting(VALUE, BURST))) == (DISABLED, b"77")


# ---- what is wrong ----

OF_OTHERS = "home-agent.port"
WRONG = {
    "an object that is read only": ([(ENTITIES, "x", b"\x20")], "notWritable", 0),
    "an object that there is not": ([(f"{MIP}.1.9.0", "i", 1)], "notWritable", 0),
    "an instance that there cannot be": ([(f"{MIP}.1.2.1", "i", 1)], "noCreation", 0),
    "another type": ([(ENABLE, "u", 1)], "wrongType", 0),
    "text for a number": ([(ENABLE, "s", "1")], "wrongType", 0),
    "no such choice": ([(ENABLE, "i", 3)], "wrongValue", 0),
    "a short version": ([(setting(VALUE, BURST), "s", "2"), (setting(VERSION, BURST), "x", bytes(7))], "wrongLength", 1),
    "text that is too long": ([(setting(VALUE, BURST), "s", "9" * 256)], "wrongLength", 0),
    "a value that is not allowed": ([(setting(VALUE, BURST), "s", "0")], "wrongValue", 0),
    "text with a nul": ([(setting(VALUE, BURST), "x", b"2\x000")], "wrongValue", 0),
    "a status that rows never have": ([(setting(STATUS, BURST), "i", NOT_IN_SERVICE)], "wrongValue", 0),
    "a row that would wait": ([(setting(STATUS, "pool.a"), "i", CREATE_AND_WAIT)], "wrongValue", 0),
    "a status beyond all": ([(setting(STATUS, BURST), "i", 7)], "wrongValue", 0),
    "no such setting": ([(setting(STATUS, "no.such"), "i", CREATE_AND_GO), (setting(VALUE, "no.such"), "s", "1")], "noCreation", 0),
    "a setting of the node": ([(setting(STATUS, OF_OTHERS), "i", CREATE_AND_GO), (setting(VALUE, OF_OTHERS), "s", "1")],
                              "noCreation", 0),
    "a secret": ([(setting(STATUS, "secret.nonce"), "i", CREATE_AND_GO), (setting(VALUE, "secret.nonce"), "s", "1")],
                 "noCreation", 0),
    "no such group": ([(setting(VALUE, BURST, group=3), "s", "2")], "noCreation", 0),
    "a row that is not there": ([(setting(VALUE, "policy.gold.burst"), "s", "2")], "inconsistentName", 0),
    "a row that is there already": ([(setting(STATUS, BURST), "i", CREATE_AND_GO), (setting(VALUE, BURST), "s", "2")],
                                    "inconsistentValue", 0),
    "a new row without its value": ([(setting(STATUS, "policy.gold.burst"), "i", CREATE_AND_GO)], "inconsistentValue", 0),
    "a value for a row that goes": ([(setting(STATUS, BURST), "i", DESTROY), (setting(VALUE, BURST), "s", "2")],
                                    "inconsistentValue", 1),
    "an old version": ([(setting(VALUE, BURST), "s", "2"), (setting(VERSION, BURST), "x", bytes(8))], "inconsistentValue", 1),
    "a test beside a change": ([(TEST, "i", 1), (setting(VALUE, BURST), "s", "2")], "resourceUnavailable", 0),
    "a bad one among good ones": ([(setting(VALUE, INTERVAL), "s", "2"), (setting(VALUE, BURST), "s", "0"),
                                   (setting(VALUE, "registration.max-lifetime"), "s", "60")], "wrongValue", 1),
}


@pytest.mark.parametrize("objects, status, failed", WRONG.values(), ids=WRONG.keys())
def test_each_wrong_has_its_error_and_changes_nothing(steady, objects, status, failed):
    before = state(steady)
    counted = refusals(steady)
    with pytest.raises(Refused) as refused:
        steady.writer().set(*objects)
    assert (refused.value.status, refused.value.failed) == (status, numbers(objects[failed][0]))
    assert state(steady) == before
    assert refusals(steady) == counted + 1
    assert counter(steady, "snmp-set-done") == 0


@pytest.mark.parametrize("reader", [READER, READING_USER], ids=["community", "user"])
def test_who_may_only_read_changes_nothing(steady, reader):
    before = state(steady)
    unauthorised = counter(steady, "snmp-unauthorised")
    with pytest.raises(Refused) as refused:
        steady.manager(reader).set((ENABLE, "i", DISABLED))
    assert refused.value.status == "noAccess"
    assert state(steady) == before
    # a master refuses it before agentd is asked
    assert counter(steady, "snmp-unauthorised") == unauthorised + (steady.mode == "embedded")


def test_a_stranger_is_not_answered_and_counted(steady):
    bad_community_names = "1.3.6.1.2.1.11.4.0"
    before, counted = state(steady), steady.reader().value(bad_community_names)
    with pytest.raises(NoAnswer):
        steady.manager(STRANGER, timeout=0.5).set((ENABLE, "i", DISABLED))
    wait_for(lambda: steady.reader().value(bad_community_names) == counted + 1, "it is counted")
    assert state(steady) == before


# ---- several at once ----

def test_of_two_with_the_same_version_one_wins(managed):
    for turn in range(5):
        version = managed.reader().value(setting(VERSION, BURST))
        values = [str(100 + 10 * turn), str(200 + 10 * turn)]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            outcomes = list(pool.map(
                lambda value: outcome(managed.manager(WRITER), (setting(VALUE, BURST), "s", value), (setting(VERSION, BURST), "x", version)),
                values))
        assert outcomes.count(None) == 1, outcomes
        assert set(outcomes) - {None} <= {"inconsistentValue", "commitFailed"}
        assert managed.reader().value(setting(VALUE, BURST)).decode() == values[outcomes.index(None)]


def test_a_set_among_many_walks_is_done_or_fails_cleanly(managed):
    walk = [program("snmpwalk"), "-On", "-t", "10", *READER.arguments, managed.target, "1.3.6.1"]
    own = environment(managed.directory)  # else they make directories in a home that other tests look at
    walks = [subprocess.Popen(walk, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=own) for _ in range(24)]
    try:
        before = audit(managed.agent)
        done = outcome(managed.writer(), (setting(VALUE, BURST), "s", "44"))
        assert done in (None, "commitFailed")
        if done is None:
            assert managed.reader().value(setting(VALUE, BURST)) == b"44"
            assert len(audit(managed.agent)) == len(before) + 1
    finally:
        for walk in walks:
            walk.kill()
            walk.wait()


# ---- what another agent does with the rest of a request ----

def test_it_is_undone_when_another_agent_fails(tmp_path):
    script = tmp_path / "refuses"
    script.write_text("#!/bin/sh\n[ \"$1\" = -s ] && echo not-writable\nexit 0\n")
    script.chmod(0o755)
    with Managed(str(tmp_path / "one"), "agentx", lines=[f"pass .{OTHER_AGENT} {script}"]) as managed:
        before = values(managed)
        ours, other = (setting(VALUE, BURST), "s", "55"), (f"{OTHER_AGENT}.1.0", "i", 1)
        for objects in ((ours, other), (other, ours)):
            assert outcome(managed.writer(), *objects) == "notWritable"
            assert values(managed) == before
        assert counter(managed, "snmp-set-not-undone") == 0


# ---- a cluster ----

@pytest.fixture
def cluster(tmp_path):
    """Each member answers managers in its own network."""
    way = Way(str(tmp_path / "way"), "embedded")
    with Cluster(str(tmp_path), "data", "data", "witness", configuration={"snmp": way.section()}) as running:
        running.way = way
        yield running


def manager_of(member, one):
    return member.cluster.way.manager(one, prefix=tuple(member.cluster.switch.inside(member.host)))


def test_a_cluster_keeps_what_was_set_and_standbys_refuse(cluster):
    def judge(leader):
        manager_of(leader, WRITING_USER).set((setting(VALUE, BURST), "s", "66"), (ENABLE, "i", ENABLED))
        standby = cluster.standby(leader)
        refused = standby.counter("snmp-set-standby")
        for objects in ((setting(VALUE, BURST), "s", "67"), (ENABLE, "i", DISABLED)):
            assert outcome(manager_of(standby, WRITER), objects) == "resourceUnavailable"
        assert standby.counter("snmp-set-standby") == refused + 2
        return leader
    leader = cluster.in_one_reign(judge)
    leader.power_off()
    successor = cluster.await_leader(other_than=leader)
    assert manager_of(successor, READER).value(setting(VALUE, BURST)) == b"66"
    assert ("snmp operator", BURST, "10", "66") in audit(successor)
    manager_of(successor, WRITER).set((setting(VALUE, BURST), "s", "68"))


def test_without_a_majority_it_fails_and_all_say_the_same_afterwards(cluster):
    leader = cluster.await_leader()
    others = cluster.others(leader)
    for member in others:
        member.freeze()
    assert outcome(manager_of(leader, WRITER), (setting(VALUE, BURST), "s", "71")) in ("commitFailed", "resourceUnavailable")
    for member in others:
        member.thaw()

    def same():
        found = {manager_of(member, READER).value(setting(VALUE, BURST)) for member in cluster.data()}
        return len(found) == 1 and cluster.leader() and found
    assert wait_for(same, "all members say the same") <= {b"10", b"71"}
