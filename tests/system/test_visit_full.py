"""What goes wrong with the visitors that the members of a cluster share is an alarm of their group, until it is over; and when nothing
more can be written of them, new ones are denied with code 66 while those that there are go on.
"""

import contextlib
import os
import subprocess

import pytest
from disks import FILLER, fill
from visited_cluster import VisitedCluster, forwards, key_rows
from waiting import wait_for

HOMES = [f"10.0.0.{number}" for number in range(1, 251)]  # whose rows take more than the pages that a small store has to spare
FIRST, LATE = HOMES[:2], HOMES[-1]
GROUP = 16
AT_ONCE = 32


class SmallDisk:
    """The visitors' store of a member is on a file system of its own, of 2 MiB."""

    def __init__(self, member):
        self.path = os.path.join(member.data_directory, "groups", str(GROUP))
        os.makedirs(self.path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", self.path], check=True)

    def fill(self):
        fill(self.path)

    def free(self):
        os.unlink(os.path.join(self.path, FILLER))

    def close(self):
        subprocess.run(["umount", self.path], check=True)


def alarms(member):
    """Of the group, by kind and what they begin with."""
    return {(row["kind"], row["severity"], row["text"].split(":")[0]) for row in member.ask("alarms") or () if row["group"] == GROUP}


@pytest.fixture
def small(tmp_path):
    """A world, and the disk of each data member."""
    with contextlib.ExitStack() as stack:
        world = VisitedCluster(tmp_path, "data", "data", "witness", associations=key_rows(HOMES))
        disks = {}
        for member in world.cluster.members.values():
            member.configuration["storage"].update({"log-segment": 2, "log-segments": 8})
            member.configuration["foreign-agent"]["pending-per-node"] = AT_ONCE
            member.write_configuration()
        for member in world.cluster.data():
            disks[member] = SmallDisk(member)
            stack.callback(disks[member].close)
        yield stack.enter_context(world), disks


STORE_FAILS = ("disk-failed", "critical", "the store of visitors cannot be written")
LOG_IS_FULL = ("store-nearly-full", "critical",
               "the log takes no more, for the store of visitors does not keep up")


def test_a_full_log_denies_new_visitors_and_keeps_those_that_there_are(small):
    world, disks = small
    leader = world.await_serving()
    standby = world.cluster.standby(leader)
    for home in FIRST:
        assert world.register(home).code == 0
    wait_for(lambda: leader.ask("status")["visitors_carried"], "packets are carried")
    assert forwards(world, leader, FIRST[0])
    assert alarms(leader) == set()

    disks[leader].fill()
    for home in HOMES[2:-1]:
        assert world.register(home).code == 0  # the log has them
    wait_for(lambda: STORE_FAILS in alarms(leader), "that the store cannot be written is an alarm")
    assert leader.ask("status")["visitors_store_failing"]
    wait_for(lambda: any(text.startswith("the file system of") and text.endswith("is nearly full") for _, _, text in alarms(leader)),
             "that its disk is full is one, too")
    assert STORE_FAILS not in alarms(standby)

    def is_full():
        for start in range(0, len(HOMES) - 1, AT_ONCE):
            world.renew(HOMES[start:min(start + AT_ONCE, len(HOMES) - 1)])
        return LOG_IS_FULL in alarms(leader)

    wait_for(is_full, "that the log takes no more is an alarm", seconds=400)
    assert world.register(LATE).code == 66
    assert leader.counter("visit-replies-not-safe") > 0
    assert world.visitors(leader).keys() == world.visitors(standby).keys() == set(HOMES[:-1])
    assert all(forwards(world, leader, home) for home in FIRST)

    disks[leader].free()
    wait_for(lambda: not leader.ask("status")["visitors_store_failing"], "the store is written again")
    wait_for(lambda: world.register(LATE).code == 0, "new visitors are served")
    wait_for(lambda: alarms(leader) == set(), "the alarms are over")
    assert all(forwards(world, leader, home) for home in (*FIRST, LATE))
    wait_for(lambda: world.visitors(standby).keys() == set(HOMES), "the other member has them, too")
    assert "visitors: the log takes registrations again" in leader.log()


def test_that_there_can_be_no_foreign_agent_is_an_alarm(tmp_path):
    with VisitedCluster(tmp_path, "data", "data", "witness", associations=key_rows()) as world:
        leader = world.await_serving()
        others = world.cluster.others(leader)
        for member in others:
            member.kill()
        wait_for(lambda: ("no-majority", "critical", "lost the majority") in alarms(leader), "it is an alarm")
        assert "visitors: lost the majority" in leader.log()
        unreachable = [row["group"] for row in leader.ctl("alarms") if row["kind"] == "member-unreachable"]
        assert unreachable == [None, None]  # of all groups at once
        for member in others:
            member.spawn()
        wait_for(lambda: not {kind for kind, _, _ in alarms(leader)} & {"no-majority", "no-leader"}, "it is over")
        world.await_serving()
