"""agentd as an agent that mobile nodes find: advertisements on a real link, solicitations, interfaces that come and go; with a
foreign agent alone, and beside a home agent.
"""

import socket

import pytest
from agent import Agent, Refused
from namespaces import Link, ip
from visiting import Advertisement, Visitor
from waiting import wait_for

ROUTER, NODE = "198.51.100.1", "198.51.100.77"


@pytest.fixture
def link():
    with Link(f"{ROUTER}/24", f"{NODE}/24") as made:
        yield made


@pytest.fixture
def node(link):
    visitor = Visitor(link.names[1], link.ends[1])
    yield visitor
    visitor.close()


@pytest.fixture
def start(tmp_path, link):
    agents = []

    def begin(line, home=None, **options):
        configuration = {
            "home-agent": {"address": home, "port": 434} if home else None,
            "foreign-agent": {"care-of": ROUTER, **options},
            "advertisement": {"link-1": f"{link.ends[0]} {line}", "answers": 5, "answers-in-all": 5},
        }
        if home == ROUTER:
            del configuration["foreign-agent"]
        agents.append(Agent(str(tmp_path), configuration))
        return agents[0].start(prefix=link.inside(0))

    yield begin
    for agent in agents:
        if agent.process:
            agent.__exit__(None, None, None)


def counter(agent, name):
    return {row["name"]: row["value"] for row in agent.ctl("counters")}[name]


def test_a_foreign_agent_alone_advertises_and_says_farewell(start, node, link):
    agent = start("foreign every 3-4 lifetime 12 prefix-lengths", **{"max-lifetime": 900, "challenges": True})
    first = node.hear(Advertisement)
    assert (first.heard.source, first.heard.destination, first.heard.ttl) == (ROUTER, "224.0.0.1", 1)
    assert first.heard.to_link == socket.PACKET_MULTICAST
    assert (first.code, first.lifetime, first.routers, first.prefix_lengths) == (16, 12, [ROUTER], [24])
    assert (first.sequence, first.flags, first.care_of, first.registration_lifetime) == (0, "FMGTUX", [ROUTER], 900)
    assert len(first.challenge) == 16
    second = node.hear(Advertisement)
    assert second.sequence == 1 and second.challenge != first.challenge
    status = agent.ctl("status")
    assert status["role"] == "foreign agent"
    wait_for(lambda: agent.ctl("advertisements")[0]["sent"] >= 2, "they are counted after they have left")
    (row,) = agent.ctl("advertisements")
    assert row["interface"] == link.ends[0] and row["address"] == ROUTER and row["flags"] == "FMGTUX"
    with pytest.raises(Refused, match="no home agent"):
        agent.ctl("bindings")
    names = {option["name"]: option["value"] for option in agent.ctl("config", "list")}
    assert names["foreign-agent.care-of"] == ROUTER
    assert agent.stop() == 0
    last = node.hear(lambda heard: (found := Advertisement(heard)).lifetime == 0 and found)
    assert last.heard.destination == "224.0.0.1"


def test_a_solicitation_is_answered_to_the_link_address_it_came_from(start, node):
    start("foreign solicited broadcast")
    node.solicit("10.9.8.7", to="224.0.0.11")
    answer = node.hear(Advertisement)
    assert (answer.heard.destination, answer.heard.source) == ("10.9.8.7", ROUTER)
    assert answer.heard.to_link == socket.PACKET_HOST and answer.heard.ttl == 1
    node.solicit("0.0.0.0", to="255.255.255.255")
    answer = node.hear(Advertisement)
    assert answer.heard.destination == "255.255.255.255" and answer.heard.to_link == socket.PACKET_BROADCAST


def test_a_flood_of_solicitations_is_bounded(start, node):
    agent = start("foreign solicited")
    node.solicit("10.9.8.7", code=1)
    for i in range(300):
        node.solicit(f"10.9.{i // 250}.{i % 250 + 1}")
    wait_for(lambda: counter(agent, "solicitations") == 300, "all of them are counted")
    heard = node.waiting(Advertisement)
    assert 5 <= len([one for one in heard if one.heard.to_link == socket.PACKET_HOST]) < 100
    assert len([one for one in heard if one.heard.to_link == socket.PACKET_MULTICAST]) <= 2
    assert counter(agent, "solicitations-postponed") > 200
    assert counter(agent, "solicitations-unsound") == 1


def ask(node):
    node.solicit(NODE)
    return node.hear(Advertisement)


def test_an_interface_that_went_and_came_back_goes_on(start, node, link):
    agent = start("foreign solicited")
    first = ask(node)
    ip("-n", link.names[0], "link", "set", link.ends[0], "down")
    wait_for(lambda: not agent.ctl("advertisements")[0]["present"], "it is seen to be down")
    ip("-n", link.names[0], "link", "set", link.ends[0], "up")
    wait_for(lambda: agent.ctl("advertisements")[0]["advertises"], "it is seen to be up")
    assert ask(node).sequence > first.sequence
    ip("-n", link.names[0], "address", "add", "203.0.113.1/28", "dev", link.ends[0])
    wait_for(lambda: counter(agent, "advertised-link-changes") == 4, "its new address is seen")
    assert ask(node).routers == [ROUTER, "203.0.113.1"]


def test_a_home_agent_is_advertised_while_it_serves(start, node):
    start("home router every 3-4", home=ROUTER)
    found = node.hear(Advertisement)
    assert (found.flags, found.care_of, found.code, found.heard.source) == ("HMG", [], 0, ROUTER)
    assert found.registration_lifetime == 1800


def test_both_roles_beside_each_other(start, node, link):
    ip("-n", link.names[0], "address", "add", "198.51.100.2/24", "dev", link.ends[0])
    agent = start("both every 3-4", home="198.51.100.2")
    found = node.hear(lambda heard: "H" in (one := Advertisement(heard)).flags and one)
    assert (found.flags, found.care_of, found.heard.source) == ("HFMGTUX", [ROUTER], "198.51.100.2")
    assert agent.ctl("status")["address"] == "198.51.100.2"
