"""Notifications that managers switch and limit by SNMP, and leadership that they hand over."""

import pytest
from cluster import Cluster
from managed import MODES, Managed, Way
from snmp import READER, WRITER, Refused
from waiting import wait_for

HEARTH = "1.3.6.1.4.1.32473.1.1"


@pytest.fixture(params=MODES)
def managed(request, tmp_path):
    with Managed(str(tmp_path), request.param) as running:
        yield running


def test_notifications_are_switched_and_limited(managed):
    enabled, per_minute, kind = f"{HEARTH}.10.1.1.2", f"{HEARTH}.10.1.1.3", 19
    assert (managed.reader().value(f"{enabled}.{kind}"), managed.reader().value(f"{per_minute}.{kind}")) == (1, 60)
    managed.writer().set((f"{enabled}.{kind}", "i", 2), (f"{per_minute}.{kind}", "u", 10))
    assert (managed.reader().value(f"{enabled}.{kind}"), managed.reader().value(f"{per_minute}.{kind}")) == (2, 10)
    assert managed.reader().value(f"{enabled}.{kind - 1}") == 1
    settings = {row["name"]: row["value"] for row in managed.agent.ctl("config", "list")}
    assert settings["notify.authentication-failure.enabled"] == "no"
    assert settings["notify.authentication-failure.per-minute"] == "10"
    managed.agent.ctl("config", "unset", "notify.authentication-failure.enabled")
    assert managed.reader().value(f"{enabled}.{kind}") == 1
    for objects, status in (([(f"{per_minute}.{kind}", "u", 6001)], "wrongValue"), ([(f"{enabled}.{kind}", "i", 3)], "wrongValue"),
                            ([(f"{enabled}.21", "i", 1)], "noCreation"), ([(f"{enabled}.0", "i", 1)], "noCreation")):
        with pytest.raises(Refused) as refused:
            managed.writer().set(*objects)
        assert refused.value.status == status
    assert managed.reader().value(f"{per_minute}.{kind}") == 10


def test_leadership_is_handed_over(tmp_path):
    way = Way(str(tmp_path / "way"), "embedded")
    group_leader = f"{HEARTH}.2.1.1.7.0"
    with Cluster(str(tmp_path), "data", "data", "witness", configuration={"snmp": way.section()}) as cluster:
        def manager_of(member, who):
            return way.manager(who, prefix=tuple(cluster.switch.inside(member.host)))

        def judge(leader):
            standby = cluster.standby(leader)
            wait_for(lambda: leader.state_of(standby) == "well", "the other one holds all")
            for number, status in ((3, "inconsistentValue"), (0, "wrongValue"), (6, "wrongValue"), (5, "inconsistentValue")):
                with pytest.raises(Refused) as refused:
                    manager_of(leader, WRITER).set((group_leader, "u", number))
                assert refused.value.status == status
            with pytest.raises(Refused) as refused:
                manager_of(standby, WRITER).set((group_leader, "u", leader.number))
            assert refused.value.status == "resourceUnavailable"
            manager_of(leader, WRITER).set((group_leader, "u", leader.number))  # it does already
            manager_of(leader, WRITER).set((group_leader, "u", standby.number))
            return standby
        successor = cluster.in_one_reign(judge)
        wait_for(lambda: cluster.leader() is successor, "the other one leads")
        assert manager_of(successor, READER).value(group_leader) == successor.number


def test_alone_there_is_nobody_to_hand_it_to(tmp_path):
    with Managed(str(tmp_path), "embedded") as managed:
        with pytest.raises(Refused) as refused:
            managed.writer().set((f"{HEARTH}.2.1.1.7.0", "u", 2))
        assert refused.value.status == "inconsistentValue"
