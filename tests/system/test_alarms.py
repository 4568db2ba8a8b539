"""What is wrong now: agentctl alarms, and how many there are in agentctl status."""

import pytest
from agent import Refused
from named import KEY, Named
from waiting import wait_for

NAMES = ("ann@example.net", "bob@example.net", "cid@example.net")


@pytest.fixture
def nodes(agent):
    """Three mobile nodes of a pool of two addresses, which go back with their last binding."""
    agent.ctl("pool", "set", "dial-in", "10.64.0.1-10.64.0.2", "released")
    for name in NAMES:
        agent.ctl("association", "add", "mobile", f"nai={name}", "pool=dial-in", "spi=256", "algorithm=hmac-md5", stdin=KEY)
    mobiles = [Named(agent, name) for name in NAMES]
    yield mobiles
    for mobile in mobiles:
        mobile.close()


def of_kind(agent, kind):
    return [row for row in agent.ctl("alarms") if row["kind"] == kind]


def test_a_pool_without_addresses_is_an_alarm_until_it_has_some(agent, nodes):
    assert of_kind(agent, "pool-exhausted") == []
    assert [mobile.register().code for mobile in nodes] == [0, 0, 130]
    (row,) = wait_for(lambda: of_kind(agent, "pool-exhausted"), "the alarm is raised")
    text = "pool dial-in is exhausted: its 2 addresses are leased, and the others of 3 mobile nodes are denied with code 130"
    assert (row["severity"], row["group"], row["member"], row["text"]) == ("critical", 0, None, text)
    assert row["since"].endswith("Z") and row["alarm"] > 0
    status = agent.ctl("status")
    assert (status["alarms"], status["worst_alarm"]) == (len(agent.ctl("alarms")), "critical")
    assert f"error {text}" in agent.log()
    assert text in agent.ctl_raw("alarms", json_output=False).stdout

    nodes[0].deregister()
    wait_for(lambda: of_kind(agent, "pool-exhausted") == [], "the alarm is cleared")
    assert "notice pool dial-in has addresses again: 1 of 2 are leased, for 3 mobile nodes" in agent.log()
    assert nodes[2].register().code == 0
    (again,) = wait_for(lambda: of_kind(agent, "pool-exhausted"), "it is raised again")
    assert again["alarm"] > row["alarm"]


def test_the_worst_come_first(agent, nodes):
    agent.ctl("pool", "set", "far", "10.65.0.1-10.65.0.1", "sticky")
    for number in range(2):
        agent.ctl("association", "add", "mobile", f"nai=far-{number}@example.net", "pool=far", "spi=256", "algorithm=hmac-md5",
                  stdin=KEY)
    far = Named(agent, "far-0@example.net")
    assert [mobile.register().code for mobile in (*nodes[:2], far)] == [0, 0, 0]
    far.close()
    wait_for(lambda: len(of_kind(agent, "pool-exhausted")) == 2, "both pools are exhausted")
    order = ["critical", "major", "minor", "warning"]
    ranks = [(order.index(row["severity"]), row["alarm"]) for row in agent.ctl("alarms")]
    assert ranks == sorted(ranks)


def test_words_that_alarms_does_not_know_are_refused(agent):
    with pytest.raises(Refused) as refused:
        agent.ctl("alarms", "x")
    assert refused.value.status == 2
