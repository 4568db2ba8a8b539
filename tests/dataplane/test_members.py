"""The address among the members of a cluster: it follows the lead, however that is lost, and two never answer for it."""

import pytest
from agent import Refused
from cluster import ADDRESS, CLIENT, Cluster
from neighbour import Neighbour
from test_address import has_address
from waiting import wait_for

VIRTUAL_MAC = "00:00:5e:00:01:01"


def holds(member):
    """Does it say that the address is here? Not, when it says nothing."""
    if not member.runs() or member.frozen:
        return False
    try:
        return member.ctl("status")["address_here"]
    except Refused:
        return False


def holder(cluster, other_than=None):
    return wait_for(lambda: next((one for one in cluster.data() if one is not other_than and holds(one)), None),
                    "a member has the address")


def counters(member):
    return {row["name"]: row["value"] for row in member.ctl("counters")}


@pytest.fixture
def cluster(tmp_path):
    with Cluster(str(tmp_path), "data", "data", "witness") as made:
        yield made


@pytest.fixture
def near(cluster):
    with Neighbour(cluster.switch, CLIENT, ADDRESS) as made:
        yield made


def kill(cluster, member):
    member.kill()


def stop(cluster, member):
    member.freeze()


def cut_off(cluster, member):
    cluster.isolate(member, client_too=False)


def transfer(cluster, member):
    member.ctl("cluster", "transfer")


@pytest.mark.parametrize("lose", [kill, stop, cut_off, transfer])
def test_address_follows_the_lead(cluster, near, lose):
    first = holder(cluster)
    wait_for(lambda: first.ctl("status")["redundancy"] == 2, "both have everything")
    near.forget_heard()
    lose(cluster, first)
    near.wait_for_announcement()
    second = holder(cluster, other_than=first)
    assert near.ask() == VIRTUAL_MAC
    wait_for(lambda: not has_address(cluster.switch, first.host, ADDRESS), "the one before has it no more")
    assert counters(second)["address-takes"] >= 1 and counters(second)["address-conflicts"] == 0
    if first.process and first.frozen:
        first.thaw()
        wait_for(lambda: counters(first)["address-lapses"], "it notices that it was stopped")
        assert not has_address(cluster.switch, first.host, ADDRESS)
