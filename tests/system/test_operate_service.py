"""What came of a mobile node's requests, and who violated security: agentctl nodes NODE, agentctl violations."""

from agent import Agent
from cluster import Cluster, load_associations
from named import KEY, Association, Mobile
from waiting import wait_for

HOME = "10.0.0.7"
CARE_OF = "198.51.100.7"
FEW = 4


def add_node(agent):
    agent.ctl("association", "add", "mobile", f"home={HOME}", "spi=256", "algorithm=hmac-md5", stdin=KEY)


def mobile_of(agent, key=KEY, home=HOME):
    return Mobile(home, Association(256, key), (agent.address, agent.port))


def node(agent):
    rows = agent.ctl("nodes", HOME)
    assert len(rows) == 1
    return rows[0]


def test_a_restarted_agent_has_the_accepted_count(agent):
    add_node(agent)
    before = node(agent)
    assert (before["accepted"], before["accepted_last"], before["served_s"]) == (0, None, 0)
    mobile = mobile_of(agent)
    for _ in range(3):
        assert mobile.register(CARE_OF).code in (0, 1)
    before = node(agent)
    assert before["accepted"] == 3 and before["accepted_last"] is not None and before["bindings"] == 1
    agent.restart()
    after = node(agent)
    assert after["accepted"] == 3 and after["accepted_last"] == before["accepted_last"]
    wait_for(lambda: node(agent)["served_s"] > before["served_s"], "the time goes on that the node is bound")
    agent.kill()
    agent.start()
    assert node(agent)["accepted"] == 3
    assert mobile_of(agent).register(CARE_OF).code in (0, 1)
    assert node(agent)["accepted"] == 4


def test_counting_is_a_feature_that_stays(agent):
    rows = [row for row in agent.ctl("config", "list") if row["name"] == "feature.node-counters"]
    assert [(row["value"], row["change"]) for row in rows] == [("on", "never")]
    for words in (("config", "set", "feature.node-counters", "off"), ("config", "unset", "feature.node-counters")):
        done = agent.ctl_raw(*words)
        assert done.returncode == 1 and "feature.node-counters" in done.stderr


def test_denials_are_told_since_the_start(agent):
    add_node(agent)
    mobile = mobile_of(agent)
    assert mobile.register(CARE_OF).code in (0, 1)
    assert (node(agent)["denied"], node(agent)["denied_code"], node(agent)["denied_last"]) == (0, None, None)
    assert mobile.register(CARE_OF, home_agent="192.0.2.77").code == 136
    told = node(agent)
    assert (told["denied"], told["denied_code"]) == (1, 136) and told["denied_last"] is not None
    agent.restart()
    assert (node(agent)["denied"], node(agent)["denied_code"]) == (0, None)
    assert node(agent)["accepted"] == 1


def test_who_violates_security_is_listed_by_claimed_address(agent):
    add_node(agent)
    assert agent.ctl("violations") == []
    forger, stranger = mobile_of(agent, key="ff" * 16), mobile_of(agent, home="10.0.0.6")
    for _ in range(2):
        forger.send(forger.request(CARE_OF))
    stranger.send(stranger.request(CARE_OF))
    wait_for(lambda: sum(row["violations"] for row in agent.ctl("violations")) == 3, "all three are listed")
    rows = agent.ctl("violations")
    assert [(row["home"], row["violations"], row["reason"], row["spi"]) for row in rows] == [
        ("10.0.0.6", 1, "no security association", 0),
        (HOME, 2, "bad authenticator", 256),
    ]
    counters = {row["name"]: row["value"] for row in agent.ctl("counters")}
    assert counters["security-violations"] == sum(row["violations"] for row in rows)


def test_the_list_of_all_nodes_has_no_more_than_before(tmp_path):
    with Agent(str(tmp_path / "a")) as agent:
        add_node(agent)
        assert all("accepted" not in row for row in agent.ctl("nodes"))


def counted(member):
    """What each node was granted; the same on all members."""
    homes = [row["home"] for row in member.ctl("nodes")]
    assert len(homes) == FEW
    return [(home, row["accepted"], row["accepted_last"]) for home in homes for row in member.ctl("nodes", home)]


def counts(member):
    return "feature.node-counters" in [row["name"] for row in member.ctl("config", "list")]


def test_the_count_outlives_a_failover(tmp_path):
    """And a member that was away has it, too."""
    with Cluster(str(tmp_path), "data", "data", "witness", associations=list(load_associations(FEW))) as pair:
        leader = pair.await_leader()
        wait_for(lambda: all(counts(member) for member in pair.data()), "all members count")

        def serve(*words):
            """Each request is said again as it is: a new one in place of one that was granted late would count, too."""
            result = pair.run_load("--nodes", FEW, "--retransmit", "0.05", "--timeout", "60", "--tries", "0", *words)
            assert result["accepted"] == FEW, result

        serve("register")
        assert [row[1] for row in counted(leader)] == [1] * FEW
        leader.kill()
        heir = pair.await_leader()
        assert heir is not leader and [row[1] for row in counted(heir)] == [1] * FEW
        serve("--count", FEW, "move")
        pair.start(leader)
        wait_for(lambda: counted(leader) == counted(heir), "the one that was away has the same")
        assert sum(row[1] for row in counted(heir)) == 2 * FEW
