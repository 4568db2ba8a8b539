"""Pools of home addresses in agentctl, and bindings that an operator ends."""

import concurrent.futures

import pytest
from agent import Agent, Refused
from named import KEY, Association, Mobile, Named
from waiting import wait_for

NAMES = ("ann@example.net", "bob@example.net", "cid@example.net")
SET = ("pool", "set", "dial-in", "10.64.0.1-10.64.0.2", "sticky")


def refusal(agent, *words):
    with pytest.raises(Refused) as refused:
        agent.ctl(*words)
    return refused.value


def pool_of(agent, name="dial-in"):
    (row,) = [row for row in agent.ctl("pool", "list") if row["pool"] == name]
    return row


@pytest.fixture
def pooled(agent):
    """A pool of two addresses for three nodes."""
    agent.ctl(*SET)
    for name in NAMES:
        agent.ctl("association", "add", "mobile", f"nai={name}", "pool=dial-in", "spi=256", "algorithm=hmac-md5", stdin=KEY)
    return agent


@pytest.fixture
def nodes(pooled):
    mobiles = [Named(pooled, name) for name in NAMES]
    yield mobiles
    for mobile in mobiles:
        mobile.close()


# ---- pools ----


def test_a_pool_is_made_listed_changed_and_removed(agent):
    assert agent.ctl("pool") == agent.ctl("pool", "list") == []
    assert agent.ctl(*SET) == {"result": "set", "pool": "dial-in", "value": "10.64.0.1-10.64.0.2 sticky"}
    agent.ctl("pool", "set", "far", "10.64.0.1-10.64.0.9", "released", "realm=7")
    assert agent.ctl("pool", "list") == [
        {"pool": "dial-in", "range": "10.64.0.1-10.64.0.2", "kind": "sticky", "size": 2, "leased": 0, "nodes": 0, "realm": 0},
        {"pool": "far", "range": "10.64.0.1-10.64.0.9", "kind": "released", "size": 9, "leased": 0, "nodes": 0, "realm": 7},
    ]
    agent.ctl("pool", "set", "dial-in", "10.64.0.1-10.64.0.200", "released")
    assert (pool_of(agent)["size"], pool_of(agent)["kind"]) == (200, "released")
    agent.restart()
    assert pool_of(agent)["size"] == 200
    table = agent.ctl_raw("pool", json_output=False).stdout
    assert "10.64.0.1-10.64.0.200" in table and "2 rows" in table
    assert agent.ctl("pool", "remove", "far") == {"result": "removed", "pool": "far", "value": None}
    assert [row["pool"] for row in agent.ctl("pool")] == ["dial-in"]
    assert "pool.far: pool remove by" in agent.log()


def test_a_pool_shows_how_full_it_is(pooled, nodes):
    assert (pool_of(pooled)["leased"], pool_of(pooled)["nodes"]) == (0, 3)
    assert [mobile.register().code for mobile in nodes] == [0, 0, 130]
    assert (pool_of(pooled)["leased"], pool_of(pooled)["nodes"]) == (2, 3)


@pytest.mark.parametrize("words, status, expected", [
    (["set", "b", "10.64.0.2-10.64.0.9", "sticky"], 1, "pool.b was not changed: it would share addresses with another pool"),
    (["set", "b", "10.65.0.9-10.65.0.2", "sticky"], 1, "from the first to the last address"),
    (["set", "b", "10.65.0.2", "sticky"], 1, "a pool is FIRST-LAST sticky|released [realm=N]"),
    (["set", "b", "10.65.0.2-10.65.0.9", "soft"], 1, "a pool is FIRST-LAST sticky|released [realm=N]"),
    (["set", "B", "10.65.0.2-10.65.0.9", "sticky"], 1, "1 to 31 small letters, digits and hyphens"),
    (["set", "x" * 400, "10.65.0.2-10.65.0.9", "sticky"], 1, "there is no option"),
    (["set", "b", "10.65.0.2-10.65.0.9"], 2, "usage"), (["set", "b"], 2, "usage"),
    (["set", "b", "10.65.0.2-10.65.0.9", "sticky", "realm=1", "x"], 2, "usage"),
    (["remove", "none-such"], 1, "pool.none-such was not changed: it is not set"),
    (["remove", "dial-in"], 1, "mobile nodes still get their addresses there; remove their associations first"),
    (["remove"], 2, "usage"), (["remove", "X"], 2, "usage"), (["list", "x"], 2, "usage"),
    (["release"], 2, "usage"), (["release", "ann@example.net"], 2, "usage"),
    (["release", "10.64.0.1"], 1, "no mobile node has 10.64.0.1"),
    (["release", "10.0.0.1"], 1, "10.0.0.1 is a mobile node's own address, not of a pool"),
])
def test_what_is_refused_of_pools(pooled, words, status, expected):
    before = pooled.ctl("pool")
    refused = refusal(pooled, "pool", *words)
    assert refused.status == status and expected in refused.text
    assert pooled.ctl("pool") == before


def test_a_pool_cannot_lose_an_address_that_is_taken(pooled, nodes):
    nodes[0].register()
    nodes[1].register()
    refused = refusal(pooled, "pool", "set", "dial-in", "10.64.0.1-10.64.0.1", "sticky")
    assert "mobile nodes get their addresses there, and some would no longer be in it" in refused.text
    refused = refusal(pooled, "pool", "set", "dial-in", "10.64.0.1-10.64.0.2", "sticky", "realm=3")
    assert "mobile nodes get their addresses there, and some would no longer be in it" in refused.text
    pooled.ctl("pool", "set", "dial-in", "10.64.0.1-10.64.0.9", "sticky")
    assert nodes[2].register().code == 0


def test_a_sticky_address_goes_back_when_the_operator_says_so(pooled, nodes):
    ann, bob, cid = nodes
    assert [ann.register().code, bob.register().code, cid.register().code] == [0, 0, 130]
    ann.deregister()
    assert cid.register().code == 130
    assert pooled.ctl("pool", "release", ann.home) == {"result": "released", "home": ann.home, "bindings": 0, "realm": 0}
    (row,) = pooled.ctl("nodes", ann.name)
    assert (row["home"], row["held"]) == (ann.home, "former")
    assert "is free already" in refusal(pooled, "pool", "release", ann.home).text
    assert f"{ann.home}: pool release by root (uid 0): done" in pooled.log()
    wait_for(lambda: cid.register().code == 0, "the address is given to another node")
    assert cid.home == ann.home
    (row,) = pooled.ctl("nodes", ann.name)
    assert (row["home"], row["held"]) == (None, "none")


def test_the_bindings_of_an_address_that_is_taken_back_end_and_stay_ended(pooled, nodes):
    nodes[0].register(lifetime=600)
    nodes[0].register("198.51.100.8", lifetime=600, flags=0x80)
    released = pooled.ctl("pool", "release", nodes[0].home)
    assert released["bindings"] == 2
    pooled.kill()
    pooled.start()
    assert pooled.ctl("status")["bindings"] == 0
    assert pool_of(pooled)["leased"] == 0
    (row,) = pooled.ctl("nodes", nodes[0].name)
    assert (row["held"], row["bindings"]) == ("former", 0)


# ---- bindings ----


def mobile_of(agent, number=0):
    row = agent.associations[number]
    return Mobile(row["home"], Association(row["spi"], row["key"], row["algorithm"]), (agent.address, agent.port))


def test_one_binding_or_all_of_a_node_are_ended(agent):
    mobile = mobile_of(agent)
    for care_of in ("198.51.100.7", "198.51.100.8"):
        assert mobile.register(care_of, lifetime=600, flags=0x80).code == 0
    assert agent.ctl("bindings", "remove", mobile.home, "198.51.100.7") == {
        "result": "removed", "home": mobile.home, "bindings": 1, "realm": 0}
    wait_for(lambda: [row["care_of"] for row in agent.ctl("bindings")] == ["198.51.100.8"], "the store follows")
    assert agent.ctl("nodes", mobile.home)[0]["bindings"] == 1
    assert mobile.register("198.51.100.9", lifetime=600, flags=0x80).code == 0
    assert agent.ctl("bindings", "remove", mobile.home)["bindings"] == 2
    assert agent.ctl("status")["bindings"] == 0
    wait_for(lambda: agent.ctl("bindings") == [], "the store follows")
    assert f"{mobile.home}: bindings remove by root (uid 0): done" in agent.log()
    assert mobile.register("198.51.100.7").code == 0  # the node may come back
    mobile.close()


def test_a_binding_that_was_ended_does_not_come_back(agent):
    mobile = mobile_of(agent)
    wire = mobile.request("198.51.100.7", lifetime=600)
    assert mobile.exchange(wire).code == 0
    agent.ctl("bindings", "remove", mobile.home)
    assert mobile.exchange(wire).code == 133  # its retransmission is no new registration
    agent.kill()
    agent.start()
    assert agent.ctl("status")["bindings"] == 0
    assert mobile.exchange(wire).code == 133
    mobile.close()


def test_bindings_are_ended_by_name(pooled, nodes):
    nodes[0].register()
    assert pooled.ctl("bindings", "remove", "ann@EXAMPLE.net")["home"] == nodes[0].home
    (row,) = pooled.ctl("nodes", nodes[0].name)
    assert (row["held"], row["bindings"]) == ("leased", 0)  # the address stays with its node


def test_an_address_of_a_pool_that_keeps_none_goes_with_the_binding(pooled, nodes):
    pooled.ctl("pool", "set", "dial-in", "10.64.0.1-10.64.0.2", "released")
    nodes[0].register()
    pooled.ctl("bindings", "remove", nodes[0].home)
    assert pool_of(pooled)["leased"] == 0


@pytest.mark.parametrize("words, status, expected", [
    (["10.0.0.1"], 1, "mobile node 10.0.0.1 has no binding"),
    (["10.0.0.2", "198.51.100.7"], 1, "mobile node 10.0.0.2 has no binding with care-of address 198.51.100.7"),
    (["10.9.9.9"], 1, "there is no mobile node 10.9.9.9"),
    (["nobody@example.net"], 1, "there is no mobile node nobody@example.net"),
    ([], 2, "usage"), (["10.0.0.1", "x"], 2, "usage"), (["10.0.0.1", "198.51.100.7", "x"], 2, "usage"),
    (["10.0.0.1", "0.0.0.0"], 2, "usage"),
])
def test_bindings_that_cannot_be_ended(agent, words, status, expected):
    mobile = mobile_of(agent, 1)
    mobile.register("198.51.100.8")
    refused = refusal(agent, "bindings", "remove", *words)
    assert refused.status == status and expected in refused.text
    assert agent.ctl("status")["bindings"] == 1
    mobile.close()


def test_many_operators_at_once_end_each_binding_once(tmp_path):
    """The same drop many times: one is told that it was done, the others that there was nothing."""
    with Agent(str(tmp_path)) as agent:
        mobile = mobile_of(agent)
        mobile.register("198.51.100.7")
        with concurrent.futures.ThreadPoolExecutor(5) as operators:
            answers = list(operators.map(lambda _: agent.ctl_raw("bindings", "remove", mobile.home), range(5)))
        assert sorted(done.returncode for done in answers) == [0, 1, 1, 1, 1]
        mobile.close()
