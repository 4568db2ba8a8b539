"""The group of the visitors that the members of a cluster share, as an operator has it: number 16 on the command line, handed over alone."""

import contextlib

import pytest
from agent import Refused
from visited_cluster import MOBILES, VisitedCluster, key_rows
from waiting import NotYet, wait_for

GROUP = "16"
REIGNS = 20


@pytest.fixture
def begin(tmp_path):
    with contextlib.ExitStack() as worlds:
        yield lambda *roles: worlds.enter_context(VisitedCluster(tmp_path, *roles, associations=key_rows()))


def refusal(member, *words):
    with pytest.raises(Refused) as refused:
        member.ctl("--group", GROUP, *words)
    return refused.value.text


def handed_over_alone(world):
    """Who was the foreign agent, and who is now; None if another reign ended meanwhile."""
    home = world.cluster.reign()
    before = world.await_serving()
    heir = world.cluster.standby(before)
    try:
        assert before.ctl("--group", GROUP, "cluster", "transfer", str(heir.number)) == {"result": "begun", "member": heir.number}
        wait_for(lambda: world.serving() is heir, "the other one is the foreign agent", seconds=10)
    except (Refused, NotYet):
        return None  # the order has lapsed, or somebody else was elected
    return (before, heir) if home[0] and world.cluster.reign() == home else None


def test_the_visitors_are_handed_over_alone(begin):
    """A busy machine ends reigns too: it need be so only once in a few tries."""
    world = begin("data", "data", "witness")
    world.await_serving()
    assert world.register(MOBILES[0]).code == 0
    found = next((found for _ in range(REIGNS) if (found := handed_over_alone(world))), None)
    assert found, f"whenever the visitors are handed over ({REIGNS} times), the home agent has another leader too"
    before, heir = found
    assert "visitors: cluster transfer by" in before.log()
    assert world.visitors(heir).keys() == {MOBILES[0]}
    assert world.register(MOBILES[0]).code == 0
    # Who does not lead says who does, and where leadership cannot go it stays.
    assert f"ask member {heir.number}" in refusal(before, "cluster", "transfer")
    assert "no such other data member" in refusal(heir, "cluster", "transfer", "3")


def test_the_group_is_seen_as_others_are(begin):
    world = begin("data", "data", "witness")
    leader = world.await_serving()

    def roles(number):
        rows = {row["group"]: row for row in leader.ctl("groups")}
        return rows[number]["role"], rows[number]["leader"]

    wait_for(lambda: roles(16) == ("leader", leader.number), "the list of groups has the visitors")
    assert set(row["group"] for row in leader.ctl("groups")) == {0, 16}
    rows = leader.ctl("--group", GROUP, "cluster", "status")
    assert [(row["member"], row["kind"]) for row in rows] == [(1, "data"), (2, "data"), (3, "witness")]
    assert next(row["role"] for row in rows if row["self"]) == "leader"
    assert leader.ctl("--group", GROUP, "status")["foreign_agent"] == "leader"
    witness = world.cluster.members[3]
    assert next(row["role"] for row in witness.ctl("groups") if row["group"] == 16) == "witness"


def test_a_member_is_drained_by_way_of_the_visitors(begin):
    """That is of the node: whichever group it is said to."""
    world = begin("data", "data", "witness")
    first = world.await_serving()
    first.ctl("--group", GROUP, "cluster", "drain")
    heir = world.await_serving(other_than=first)
    wait_for(lambda: world.cluster.leader() is heir, "it is the home agent, too")
    assert first.ctl("status")["drained"]
    first.ctl("--group", GROUP, "cluster", "undrain")
    assert not first.ctl("status")["drained"]
    assert "this member is a witness" in refusal(world.cluster.members[3], "cluster", "drain")
    assert "is not refused" in refusal(heir, "cluster", "admit", str(first.number))


def test_what_is_of_home_agents_is_refused(begin):
    world = begin("data", "data", "witness")
    leader = world.await_serving()
    text = "agentctl: group 16 is the foreign agent that the members share, and no home agent: it holds nothing of the sort"
    for words in (["bindings"], ["config", "set", "registration.max-lifetime", "600"], ["flushes"]):
        assert refusal(leader, *words) == text


def test_where_no_foreign_agent_is_shared_there_is_no_such_group(agent):
    text = "agentctl: there is no group 16 here: no foreign agent is shared with other members (foreign-agent.shared)"
    assert refusal(agent, "cluster", "transfer") == text
    assert refusal(agent, "status") == text


def counted(world, name):
    """By all data members that run."""
    return sum(member.counter(name) for member in world.cluster.data() if member.runs())


def remove(world, home):
    """On whichever member is the foreign agent."""
    try:
        return world.await_serving().ctl("visitors", "remove", home)["removed"] == 1
    except Refused:
        return False


def removed_unheard(world):
    """A visitor is removed, and its home agent does not hear of it; who is the foreign agent."""
    world.await_serving()
    for home in MOBILES[:2]:
        assert world.register(home).code == 0
    wait_for(lambda: len(world.home_agent.ctl("bindings")) == 2, "the bindings are in the home agent's store")
    world.cluster.cut([(member, "home") for member in world.cluster.data()])
    wait_for(lambda: remove(world, MOBILES[0]), "a visitor is removed")
    wait_for(lambda: counted(world, "visit-revocations-sent") > 0, "its home agent is told, in vain")
    for member in world.cluster.data():
        wait_for(lambda one=member: (world.visitors(one) or {}).keys() == {MOBILES[1]}, "it is gone")
    assert len(world.home_agent.ctl("bindings")) == 2
    return world.await_serving()


def test_a_revocation_that_is_owed_is_sent_by_the_next_leader(begin):
    """RFC 3543 section 4.2.3.1: until it is acknowledged."""
    world = begin("data", "data", "witness")
    leader = removed_unheard(world)
    standby = world.cluster.standby(leader)
    leader.kill()
    world.cluster.heal()
    wait_for(lambda: standby.counter("visit-revocations-confirmed") == 1, "the home agent has heard it")
    wait_for(lambda: [row["home"] for row in world.home_agent.ctl("bindings")] == [MOBILES[1]], "its binding has ended")
    assert world.visitors(standby).keys() == {MOBILES[1]}
    leader.spawn()
    wait_for(lambda: (world.visitors(leader) or {}).keys() == {MOBILES[1]}, "the first one has caught up")
    assert world.register(MOBILES[0]).code == 0
    assert counted(world, "visit-revocations-confirmed") == 1 and counted(world, "visit-revocations-given-up") == 0


def test_who_is_served_anew_is_not_revoked(begin):
    world = begin("data", "data", "witness")
    leader = removed_unheard(world)
    standby = world.cluster.standby(leader)
    before = standby.counter("visit-revocations-sent")
    world.cluster.heal()
    assert world.register(MOBILES[0]).code == 0
    wait_for(lambda: world.visitors(standby).keys() == set(MOBILES[:2]), "it is served again")
    leader.kill()
    world.await_serving(other_than=leader)
    assert world.register(MOBILES[0]).code == 0
    assert standby.counter("visit-revocations-sent") == before
    assert len(world.home_agent.ctl("bindings")) == 2
