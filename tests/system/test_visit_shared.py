"""A foreign agent that the members of a cluster share: a mobile node on their link registers through whichever leads, another
member goes on with it when that one dies, and nothing that a mobile node was told is lost.
"""

import contextlib

import pytest
from agent import Refused
from cluster import ADDRESS
from namespaces import ip
from shared_agent import CARE_OF, HERE, HOME_AGENT, HOME_NETWORK, VISITED
from switched import HOST_LINK
from visited_cluster import MOBILES, forwards, into_the_tunnel, key_rows
from visited_cluster import VisitedCluster as World
from visiting import Advertisement, leave_plainly
from waiting import wait_for

OTHER = "192.0.2.2"  # of the second home agent that the members are
ROUNDS = 2400  # of four renewals, some 300 octets of the log each


@pytest.fixture
def begin(tmp_path):
    with contextlib.ExitStack() as worlds:
        yield lambda *roles: worlds.enter_context(World(tmp_path, *roles, associations=key_rows()))


def test_another_member_goes_on_with_the_visitors(begin):
    world = begin("data", "data", "witness")
    first = world.await_serving()
    heard = world.node.hear(Advertisement)
    assert (heard.heard.source, heard.flags, heard.care_of, heard.routers) == (HERE, "FMGTUX", [CARE_OF], [HERE])
    assert heard.sequence >= 256  # nobody was booted that had visitors
    for home in MOBILES[:3]:
        assert world.register(home).code == 0
    assert world.register(MOBILES[2], lifetime=0).code == 0
    standby = world.cluster.standby(first)
    before = wait_for(lambda: (found := world.visitors(standby) or {}).keys() == set(MOBILES[:2]) and found, "the standby knows both")
    assert world.visitors(first).keys() == set(MOBILES[:2])
    assert standby.ask("status")["foreign_agent"] == "standby" and not standby.ask("status")["visitors_carried"]
    assert first.ask("status")["visitors_carried"]
    for name in ("identification", "link_address", "care_of", "flags", "encapsulation", "granted_s"):
        assert before[MOBILES[0]].get(name) == world.visitors(first)[MOBILES[0]].get(name)
    first.kill()
    second = world.await_serving(other_than=first)
    assert second is standby
    after = wait_for(lambda: (found := world.visitors(second)) and all(row["interface"] for row in found.values()) and found,
                     "it has the link")
    assert after.keys() == set(MOBILES[:2])
    assert wait_for(lambda: second.ask("status")["visitors_carried"], "their packets are carried")
    taken_over = world.node.hear(lambda one: (found := Advertisement(one)).heard.source == HERE and found)
    assert taken_over.sequence >= 256 and taken_over.care_of == [CARE_OF]
    assert [row["care_of"] for row in world.home_agent.ctl("bindings")] == [CARE_OF, CARE_OF]  # nobody has registered again
    assert world.register(MOBILES[3]).code == 0
    assert world.register(MOBILES[0], lifetime=0).code == 0
    first.spawn()
    wait_for(lambda: first.answers() and world.visitors(first) and world.visitors(first).keys() == {MOBILES[1], MOBILES[3]},
             "the first one has caught up")


def test_visitors_of_the_members_own_home_agents_are_served_whoever_leads_those(tmp_path):
    """Two home agents, which different members are: the request goes to its address, here or on another host."""
    world = World(tmp_path, "data", "data", "witness", associations=key_rows(), at_cluster=key_rows())
    cluster = world.cluster
    for member in cluster.members.values():
        member.configuration["home-networks"] = {"network-1": f"{HOME_NETWORK} virtual"}
        member.add_group(1, {"address": OTHER, "interface": HOST_LINK}, key_rows())

    def led():
        return [cluster.leader(group=group) for group in (0, 1)]

    with world:
        wait_for(lambda: None not in led() and len(set(led())) == 2, "both data members are a home agent")
        serving = world.await_serving()
        for group, home_agent in enumerate((ADDRESS, OTHER)):
            assert world.register(MOBILES[group], home_agent=home_agent).code == 0
        assert {home: row["home_agent"] for home, row in world.visitors(serving).items()} == {MOBILES[0]: ADDRESS, MOBILES[1]: OTHER}
        assert world.register(ADDRESS, home_agent=OTHER).code == world.register(OTHER, home_agent=ADDRESS).code == 65
        assert world.register(MOBILES[2], home_agent=HOME_AGENT).code == 65  # who is at home here has no other home agent


def test_what_was_told_is_on_the_disks(begin):
    """All members die at once, and come back."""
    world = begin("data", "data", "data")
    world.await_serving()
    for home in MOBILES:
        assert world.register(home).code == 0
    for member in world.cluster.members.values():
        member.kill()
    world.cluster.start()
    member = world.await_serving()
    wait_for(lambda: world.visitors(member).keys() == set(MOBILES), "all are there")


def test_nobody_is_served_without_a_majority(begin):
    world = begin("data", "data", "witness")
    first = world.await_serving()
    assert world.register(MOBILES[0]).code == 0
    for member in world.cluster.others(first):
        member.kill()
    wait_for(lambda: first.ask("status")["foreign_agent"] == "standby", "it gives up")
    wait_for(lambda: not first.ask("advertisements")[0]["advertises"], "it falls silent")
    wait_for(lambda: not first.ask("advertisements")[0]["present"], "its addresses are gone")
    assert not first.ask("status")["visitors_carried"]
    assert world.visitors(first).keys() == {MOBILES[0]}
    for member in world.cluster.others(first):
        member.spawn()
    world.await_serving()
    assert world.register(MOBILES[1]).code == 0


def test_a_member_with_an_empty_disk_gets_the_visitors(begin):
    world = begin("data", "data", "data")
    for home in MOBILES[:4]:
        assert world.register(home).code == 0
    leader = world.cluster.await_leader()
    serving = world.await_serving()
    lost = next(member for member in world.cluster.others(leader, serving))
    lost.kill()
    lost.wipe()
    for _ in range(ROUNDS):  # more than is kept in memory for it
        world.renew(MOBILES[:4])
    world.cluster.start(lost)
    world.cluster.admit(lost)
    wait_for(lambda: (world.visitors(lost) or {}).keys() == set(MOBILES[:4]), "it has them all")
    assert "fetching the visitors of member" in lost.log()
    assert world.register(MOBILES[4]).code == 0
    wait_for(lambda: MOBILES[4] in world.visitors(lost), "it follows")


def said(world):
    return [rows for member in world.cluster.data() if (rows := member.ask("advertisements")) and rows[0]["present"]]


def test_an_orderly_end_hands_the_visitors_over(begin):
    """And says no farewell, by which mobile nodes would look for another agent. Of addresses of their own that members have on the link
    nobody hears."""
    world = begin("data", "data", "data")
    for member in world.cluster.data():
        ip("-n", world.switch.namespace(member.host), "address", "add", f"198.51.100.{10 + member.number}/24", "dev", VISITED)
    first = world.await_serving()
    wait_for(lambda: sorted(rows[0]["advertises"] for rows in said(world)) == [False, False, True],
             "all have the link, and one of them is heard there")
    first = world.await_serving()
    assert world.register(MOBILES[0]).code == 0
    assert first.stop() == 0
    second = world.await_serving(other_than=first)
    assert world.visitors(second).keys() == {MOBILES[0]}
    heard = [world.node.hear(Advertisement), *world.node.waiting(Advertisement)]
    assert all(one.lifetime > 0 and one.sequence >= 256 for one in heard)
    assert all((one.heard.source, one.routers) == (HERE, [HERE]) for one in heard)
    assert world.register(MOBILES[0]).code == 0


def test_nothing_is_forwarded_by_one_that_is_the_foreign_agent_no_more(begin):
    """It was halted, and goes on with packets that came meanwhile, while another one serves its visitors."""
    world = begin("data", "data", "witness")
    first = world.await_serving()
    assert world.register(MOBILES[0]).code == 0
    wait_for(lambda: first.ask("status")["visitors_carried"], "packets are carried")
    assert forwards(world, first, MOBILES[0])
    wait_for(lambda: first.counter("visit-delivered") == 1, "it is counted")
    wait_for(lambda: goes_into_its_tunnel(world, first), "its packets go into the reverse tunnel")
    first.freeze()
    for _ in range(10):
        into_the_tunnel(world, MOBILES[0])
    assert leave_by(world, first, MOBILES[:1]) == set()
    world.await_serving(other_than=first)
    first.thaw()
    wait_for(lambda: (status := first.ask("status")) and status["foreign_agent"] == "standby" and not status["visitors_carried"],
             "it knows that another one serves")
    assert first.counter("visit-delivered") == 1  # what was sent late may have gone by the other one
    assert leave_by(world, first, MOBILES[:1]) == set()


def leave_by(world, member, sources):
    return leave_plainly(world.node, sources, (world.switch.namespace(member.host), VISITED), world.switch.namespace("home"), HOME_AGENT)


def goes_into_its_tunnel(world, member):
    """And not past it. Where the machine is busy a member may carry nothing for a moment."""
    assert leave_by(world, member, MOBILES[:1]) == set()
    return member.counter("visit-reversed") > 0


@pytest.mark.parametrize("word", ["", " router"])
def test_nothing_of_a_visited_link_leaves_plainly_by_one_that_is_not_the_foreign_agent(tmp_path, word):
    """Neither by a standby nor by a leader that lost its majority, to which mobile nodes send on until they hear of another one."""
    world = World(tmp_path, "data", "data", "witness", associations=key_rows())
    for member in world.cluster.data():
        member.configuration["advertisement"]["link-1"] += word
        member.write_configuration()
    with world:
        sources = [MOBILES[0], "198.51.100.50"]
        first = world.await_serving()
        assert world.register(MOBILES[0]).code == 0
        wait_for(lambda: first.ask("status")["visitors_carried"], "packets are carried")
        wait_for(lambda: goes_into_its_tunnel(world, first), "its packets go into the reverse tunnel")
        assert leave_by(world, world.cluster.standby(first), sources) == set()
        for member in world.cluster.others(first):
            member.kill()
        wait_for(lambda: not first.ask("status")["visitors_carried"], "it gives up")
        assert first.ask("status")["foreign_agent"] == "standby"
        assert leave_by(world, first, sources) == set()
        assert first.stop() == 0
        assert leave_by(world, first, sources) == set(sources)  # as the operator's host forwards by itself


@pytest.mark.parametrize("end", ["deregistration", "expiry", "revocation", "operator"])
def test_nothing_is_forwarded_to_who_has_gone(begin, end):
    world = begin("data", "data", "witness")
    leader = world.await_serving()
    assert world.register(MOBILES[1]).code == 0
    assert world.register(MOBILES[0]).code == 0
    wait_for(lambda: leader.ask("status")["visitors_carried"], "packets are carried")
    assert forwards(world, leader, MOBILES[0]) and forwards(world, leader, MOBILES[1])
    if end == "deregistration":
        assert world.register(MOBILES[0], lifetime=0).code == 0
    elif end == "expiry":
        assert world.register(MOBILES[0], lifetime=1).code == 0
    elif end == "revocation":
        wait_for(lambda: len(world.home_agent.ctl("bindings")) == 2, "the bindings are in the home agent's store")
        world.home_agent.ctl("bindings", "remove", MOBILES[0])
    else:
        leader.ctl("visitors", "remove", MOBILES[0])
    wait_for(lambda: world.visitors(leader).keys() == {MOBILES[1]}, "it has gone")
    assert not forwards(world, leader, MOBILES[0]) and forwards(world, leader, MOBILES[1])


def confirmed(world, name):
    return {row["name"]: row["value"] for row in world.home_agent.ctl("counters")}[name]


def test_who_is_told_that_it_is_served_no_more_may_register_again(tmp_path):
    """Though it is among those of whom there are so many that no new one is let in."""
    world = World(tmp_path, "data", "data", "witness", associations=key_rows())
    for member in world.cluster.members.values():
        member.configuration["foreign-agent"].update({"busy-above": 1, "revocation-inform": False})
        member.write_configuration()
    with world:
        leader = world.await_serving()
        assert world.register(MOBILES[0]).code == 0
        world.node.solicit(MOBILES[0])
        assert world.node.hear(lambda heard: "B" in Advertisement(heard).flags)
        leader.ctl("visitors", "remove", MOBILES[0])
        told = world.node.hear(lambda heard: (found := Advertisement(heard)).sequence == 0 and found)
        assert told.heard.destination == MOBILES[0] and "B" not in told.flags and "F" in told.flags


def test_revocations_are_of_all_members(begin):
    """What a home agent revokes has gone from the disks before that is acknowledged; what an operator removes, the leader removes."""
    world = begin("data", "data", "witness")
    leader = world.await_serving()
    standby = world.cluster.standby(leader)
    for home in MOBILES[:2]:
        assert world.register(home).code == 0
    wait_for(lambda: (world.visitors(standby) or {}).keys() == set(MOBILES[:2]), "the standby knows both")
    assert {row["features"] for row in world.visitors(standby).values()} == {"revocable,revocation-inform"}
    wait_for(lambda: len(world.home_agent.ctl("bindings")) == 2, "the bindings are in the home agent's store")
    world.home_agent.ctl("bindings", "remove", MOBILES[0])
    wait_for(lambda: confirmed(world, "revocations-confirmed") == 1, "the home agent heard the acknowledgment")
    for member in world.cluster.data():
        wait_for(lambda one=member: world.visitors(one).keys() == {MOBILES[1]}, "it is gone")
    with pytest.raises(Refused, match=f"that is member {leader.number}"):
        standby.ctl("visitors", "remove", MOBILES[1])
    assert leader.ctl("visitors", "remove", MOBILES[1])["removed"] == 1
    wait_for(lambda: not world.home_agent.ctl("bindings"), "the home agent is told")
    for member in world.cluster.data():
        wait_for(lambda one=member: world.visitors(one) == {}, "it is gone")


class ManyAddresses(World):
    """Each member's link has so many addresses of its own that the one which they share is beyond those that are looked at."""

    def visit(self, host):
        super().visit(host)
        if host != "client":
            for number in range(8):
                ip("-n", self.switch.namespace(host), "address", "add", f"172.20.{number}.1/24", "dev", VISITED)


def test_a_link_with_many_addresses_is_served(tmp_path):
    with ManyAddresses(tmp_path, "data", "data", "witness", associations=key_rows()) as world:
        serving = world.await_serving()
        assert world.register(MOBILES[0]).code == 0
        assert sum("it has more than 8 addresses" in line for line in serving.log().splitlines()) == 1
