"""HEARTH-MIB says what agentctl says: of the process, its groups and members, figures, counters, alarms and the data plane; over
both ways, alone and in a cluster, before and after a failover."""

import subprocess

import pytest
from agent import free_port, program
from cluster import load_associations
from managed import MODES, Managed, managed_cluster
from snmp import READING_USER
from waiting import wait_until_holds

ROOT = (1, 3, 6, 1, 4, 1, 32473, 1, 1)
NODES = 7
SECOND = "127.0.1.1"

ROLES = {1: "alone", 2: "leader", 3: "candidate", 4: "standby", 5: "witness"}
STATES = {1: "well", 2: "lags", 3: "fetches the store", 4: "drained", 5: "wrong clock", 6: "out of reach", 7: "refused",
          8: "refuses us", 9: "of no cluster yet"}
SEVERITIES = {0: None, 1: "critical", 2: "major", 3: "minor", 4: "warning"}
PATHS = {1: "off", 2: "user space", 3: "tc"}
KINDS = {1: "initial", 2: "refresh", 3: "move", 4: "deregister"}


# ---- values as agentctl has them ----

def same(value):
    return value


def text(value):
    return value.decode()


def text_or_none(value):
    return value.decode() or None


def flag(value):
    return {1: True, 2: False}[value]


def number_or_none(value):
    return value or None


def date(value):
    """DateAndTime, as agentctl has it: to the second."""
    year, (month, day, hour, minute, second, tenth), utc = int.from_bytes(value[:2], "big"), value[2:8], value[8:]
    assert tenth < 10 and utc == b"+\0\0"
    return f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"


def address(value):
    return ".".join(map(str, value))


# column: what agentctl calls it, how its value is read
GROUP_OF_GROUPS = {3: ("address", address), 4: ("port", same), 5: ("realm", same)}
GROUP = {
    8: ("term", same), 9: ("leader_changes", same), 10: ("leader_since", date), 11: ("failover", date),
    12: ("failover_ms", same), 13: ("first_index", same), 15: ("stored_index", same),
}
GROUP_OF_MEMBERS = {7: ("leader", number_or_none), 21: ("reachable", same), 22: ("majority", same), 23: ("redundancy", same)}
GROUP_OF_DATA = {
    17: ("applied_index", same), 18: ("store_index", same), 19: ("store_lag_ms", same), 20: ("store_failing", flag),
    24: ("address_here", flag), 25: ("mobile_nodes", same), 26: ("nodes_capacity", same), 27: ("foreign_agents", same),
    28: ("associations", same), 29: ("associations_capacity", same), 30: ("bindings", same), 31: ("bindings_peak", same),
    32: ("bindings_peak_time", date), 33: ("bindings_committed", same), 34: ("bindings_capacity", same),
}
PROCESS = {1: ("version", text), 2: ("started", date), 8: ("log_octets", same), 9: ("log_octets_max", same), 11: ("log_flushes", same)}
FORWARD = {1: ("forwarding", PATHS.get), 2: ("forwarding_why", text)}
FORWARD_ON = {3: ("forwards", flag), 4: ("tunnels", same), 5: ("home_links", same), 6: ("home_announcements", same),
              7: ("home_routes", same), 8: ("forwarding_trouble", text_or_none)}
MEMBER = {
    5: ("self", flag), 7: ("role", ROLES.get), 8: ("state", STATES.get), 9: ("connected", flag), 13: ("lag_entries", same),
    14: ("lag_ms", same),
}
LATENCY = {21: ("reply_median_us", same), 22: ("reply_high_us", same), 23: ("reply_max_us", same)}
REQUEST = {2: ("received", same), 3: ("accepted", same), 4: ("denied", same), 5: ("unanswered", same)}
ALARM = {3: ("severity", SEVERITIES.get), 5: ("member", number_or_none), 6: ("since", date), 7: ("text", text)}
COUNTERS = {  # of hearthRegistration and hearthForwarding, that are each one counter
    (4, 3): "datagrams", (4, 4): "requests", (4, 5): "deregistrations", (4, 6): "replies", (4, 7): "deregistration-replies",
    (4, 9): "security-violations", (4, 11): "dropped-stale", (4, 14): "dropped-silent", (4, 18): "dropped-standby",
    (4, 20): "expired", (9, 6): "tc-tunnelled", (9, 7): "tc-reversed", (9, 8): "tc-fenced", (9, 11): "tc-failures",
    (1, 12): "log-flush-failures",
}


class Objects:
    """Everything below HEARTH-MIB at about one moment, by what comes after ROOT."""

    def __init__(self, manager):
        self.of = {varbind.oid[len(ROOT):]: varbind.value for varbind in manager.bulkwalk(".".join(map(str, ROOT)))}

    def row(self, columns, *entry, index):
        """A row in the words of agentctl; what is missing is None."""
        found = {}
        for column, (name, read) in columns.items():
            value = self.of.get((*entry, column, *index))
            found[name] = None if value is None else read(value)
        return found

    def indexes(self, *column):
        return [oid[len(column):] for oid in self.of if oid[:len(column)] == column]

    def named(self, *column):
        """Values by the name that is the index."""
        return {bytes(index).decode(): self.of[(*column, *index)] for index in self.indexes(*column)}


def part(record, columns):
    return {name: record.get(name) for name, _ in columns.values()}


def counters(agent):
    return {row["name"]: row for row in agent.ctl("counters")}


# ---- what is compared ----

def judge_process(objects, status):
    assert objects.row(PROCESS, 1, index=(0,)) == part(status, PROCESS)
    assert objects.of[1, 4, 0] == (status["member"] or 0)
    assert flag(objects.of[1, 6, 0]) == status.get("drained", False)
    assert [flag(objects.of[1, arc, 0]) for arc in (7, 10)] == [False, False]


def judge_group(objects, status, group=0, groups=()):
    index = (group,)
    assert objects.row(GROUP, 2, 1, 1, index=index) == part(status, GROUP)
    data = dict.fromkeys(part(status, GROUP_OF_DATA)) if status.get("witness") else part(status, GROUP_OF_DATA)
    assert objects.row(GROUP_OF_DATA, 2, 1, 1, index=index) == data
    assert objects.of[2, 1, 1, 2, group] == 1
    row = next(row for row in groups if row["group"] == group)
    assert objects.row(GROUP_OF_GROUPS, 2, 1, 1, index=index) == part(row, GROUP_OF_GROUPS)


def judge_members(objects, peers, status):
    assert objects.row(GROUP_OF_MEMBERS, 2, 1, 1, index=(0,)) == part(status, GROUP_OF_MEMBERS)
    assert objects.indexes(3, 1, 1, 5) == [(0, row["member"]) for row in peers]
    for row in peers:
        index = (0, row["member"])
        if row["self"] and status["role"] == "leader":
            row["lag_entries"] = row["lag_ms"] = 0  # which agentctl leaves out
        assert objects.row(MEMBER, 3, 1, 1, index=index) == part(row, MEMBER)
        assert f"{address(objects.of[3, 1, 1, 3, *index])}:{objects.of[3, 1, 1, 4, *index]}" == row["address"]
        assert flag(objects.of[3, 1, 1, 6, *index]) == (row["kind"] == "witness")
        assert ((3, 1, 1, 10, *index) in objects.of) == (row["silent_ms"] is not None)
        for column in (11, 12):  # agentctl remembers what was measured before the connection broke
            assert ((3, 1, 1, column, *index) in objects.of) == (row["connected"] and row["round_trip_us"] is not None)


def judge_figures(objects, agent, status):
    assert objects.row(LATENCY, 4, index=(0,)) == part(status, LATENCY)
    for kind, row in enumerate(agent.ctl("figures"), 1):
        assert row["kind"] == KINDS[kind]
        assert objects.row(REQUEST, 4, 1, 1, index=(kind,)) == part(row, REQUEST)


def judge_counters(objects, before, after):
    """Each is between what agentctl said of it before and after."""
    names = objects.named(4, 27, 1, 3)
    assert list(names) == sorted(before)

    def between(value, name):
        return before[name]["value"] <= value <= after[name]["value"]

    assert not [name for name, value in names.items() if not between(value, name)]
    for column, word in ((2, "module"), (4, "help")):
        assert {name: value.decode() for name, value in objects.named(4, 27, 1, column).items()} == \
            {name: row[word] for name, row in before.items()}
    assert not [place for place, name in COUNTERS.items() if not between(objects.of[*place, 0], name)]
    for code in objects.indexes(4, 2, 1, 2):
        assert between(objects.of[4, 2, 1, 3, *code], objects.of[4, 2, 1, 2, *code].decode())
    reasons = objects.named(9, 2, 1, 3)
    assert {f"forward-{name}" for name in reasons} == {name for name in before if name.startswith("forward-")}
    assert not [name for name, value in reasons.items() if not between(value, f"forward-{name}")]


def judge_alarms(objects, agent):
    said = {row["alarm"]: row for row in agent.ctl("alarms")}
    assert objects.indexes(8, 4, 1, 2) == [(index,) for index in sorted(said)]
    assert objects.of[8, 1, 0] == len(said)
    worst = next(iter(agent.ctl("alarms")), {"severity": None})["severity"]
    assert SEVERITIES[objects.of[8, 2, 0]] == worst
    for index, row in said.items():
        assert objects.row(ALARM, 8, 4, 1, index=(index,)) == part(row, ALARM)
        assert objects.of[8, 4, 1, 4, index] == (-1 if row["group"] is None else row["group"])


def judge_forwarding(objects, status, group=0):
    if status.get("witness"):
        assert objects.indexes(9, 1, 1, 1) == []
        return
    assert objects.row(FORWARD, 9, 1, 1, index=(group,)) == part(status, FORWARD)
    on = dict.fromkeys(part(status, FORWARD_ON)) if status["forwarding"] == "off" else part(status, FORWARD_ON)
    assert objects.row(FORWARD_ON, 9, 1, 1, index=(group,)) == on


def judge_notifications(objects):
    """Nothing was sent, and everything may be."""
    assert objects.indexes(10, 1, 1, 2) == [(kind,) for kind in range(1, 21)]
    assert {flag(objects.of[10, 1, 1, 2, kind]) for kind in range(1, 21)} == {True}
    assert {objects.of[10, 1, 1, 3, kind] for kind in range(1, 21)} == {60}


def judge_all(agent, manager):
    before, status, groups = counters(agent), agent.ctl("status"), agent.ctl("groups")
    objects = Objects(manager)
    judge_process(objects, status)
    judge_group(objects, status, groups=groups)
    judge_figures(objects, agent, status)
    judge_counters(objects, before, counters(agent))
    judge_alarms(objects, agent)
    judge_forwarding(objects, status)
    judge_notifications(objects)
    if status["member"]:
        judge_members(objects, agent.ctl("cluster", "status"), status)
    return objects


# ---- alone ----

def register(target, *arguments):
    done = subprocess.run([program("agentload"), "--target", target, "--nodes", str(NODES), "--tries", "0", *arguments, "register"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("mode", MODES)
def test_an_agent_alone(tmp_path, mode):
    with Managed(str(tmp_path / "one"), mode, associations=list(load_associations(NODES))) as managed:
        agent = managed.agent
        register(f"{agent.address}:{agent.port}")
        objects = wait_until_holds(lambda: judge_all(agent, managed.reader()))
        assert objects.of[2, 1, 1, 30, 0] == objects.of[2, 1, 1, 31, 0] == NODES
        assert ROLES[objects.of[2, 1, 1, 6, 0]] == "alone" and objects.of[2, 1, 1, 7, 0] == 0
        assert [objects.of[2, 1, 1, column, 0] for column in (21, 22, 23)] == [1, 1, 1]
        assert objects.of[2, 1, 1, 14, 0] == objects.of[2, 1, 1, 16, 0] == objects.of[2, 1, 1, 15, 0]
        assert objects.indexes(3) == []
        assert objects.of[4, 1, 1, 3, 1] == objects.of[4, 2, 1, 3, 0] + objects.of[4, 2, 1, 3, 1] == NODES
        # One by one they are the same, and in the order of their names.
        column = ".".join(map(str, (*ROOT, 4, 27, 1, 2)))
        walked = [varbind.oid for varbind in managed.reader().walk(column)]
        assert [oid[len(ROOT):] for oid in walked] == [(4, 27, 1, 2, *index) for index in objects.indexes(4, 27, 1, 2)]


@pytest.mark.parametrize("mode", MODES)
def test_counters_begin_when_agentd_does(tmp_path, mode):
    """A manager that takes differences must find the moment where it was, until agentd starts again."""
    began = ".".join(map(str, (*ROOT, 1, 3, 0)))
    with Managed(str(tmp_path / "one"), mode) as managed:
        assert len({managed.reader().value(began) for _ in range(20)}) == 1
        if mode == "agentx":
            before = managed.reader().value(began)
            managed.agent.restart()
            managed.await_objects()
            assert managed.reader().value(began) > before


@pytest.mark.parametrize("mode", MODES)
def test_a_context_shows_its_group(tmp_path, mode):
    managed = Managed(str(tmp_path / "two"), mode)
    managed.agent.add_group(1, {"address": SECOND, "port": free_port(SECOND)}, list(load_associations(NODES)))
    with managed:
        def judge():
            groups = managed.agent.ctl("groups")
            whole = Objects(managed.reader())
            assert whole.of[1, 5, 0] == 2 and whole.indexes(2, 1, 1, 6) == whole.indexes(9, 1, 1, 1) == [(0,), (1,)]
            for group in (0, 1):
                judge_group(whole, managed.agent.ctl("--group", str(group), "status"), group, groups)
                own = Objects(managed.manager(READING_USER, context=f"group-{group}"))
                assert own.indexes(2, 1, 1, 6) == own.indexes(9, 1, 1, 1) == [(group,)]
                assert own.of[1, 5, 0] == 1
                judge_group(own, managed.agent.ctl("--group", str(group), "status"), group, groups)

        wait_until_holds(judge)


# ---- a cluster ----

@pytest.fixture(params=MODES)
def cluster(request, tmp_path):
    with managed_cluster(str(tmp_path), request.param, NODES) as made:
        yield made


def judge_member(member):
    return judge_all(member, member.way.reader())


def test_a_cluster_before_and_after_a_failover(cluster):
    for member in cluster.members.values():
        member.way.await_objects()
    assert cluster.await_leader()
    cluster.run_load("--nodes", NODES, "--tries", "0", "register")

    def judge(leader):
        cluster.await_level()
        for member in cluster.members.values():
            objects = wait_until_holds(lambda member=member: judge_member(member))
            role = "leader" if member is leader else "witness" if member.role == "witness" else "standby"
            assert ROLES[objects.of[2, 1, 1, 6, 0]] == role
            assert objects.of[2, 1, 1, 7, 0] == leader.number
            if member.role == "data":
                assert objects.of[2, 1, 1, 30, 0] == NODES and PATHS[objects.of[9, 1, 1, 1, 0]] == "user space"
            else:
                assert not {oid[3] for oid in objects.of if oid[:3] == (2, 1, 1)} & {*range(17, 21), *range(24, 35)}
        return leader

    leader = cluster.in_one_reign(judge)
    leader.power_off()
    leader.way.stop()
    successor = cluster.await_leader(other_than=leader)

    def judge_after():
        objects = judge_member(successor)
        assert ROLES[objects.of[2, 1, 1, 6, 0]] == "leader" and objects.of[2, 1, 1, 9, 0] >= 1
        assert objects.of[2, 1, 1, 11, 0] and objects.of[2, 1, 1, 12, 0] > 0
        assert STATES[objects.of[3, 1, 1, 8, 0, leader.number]] == "out of reach"
        assert objects.of[8, 1, 0] > 0 and objects.of[2, 1, 1, 30, 0] == NODES

    wait_until_holds(judge_after)
