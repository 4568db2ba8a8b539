"""The foreign agent of the real mobiled dies, which the members of a cluster share: a connection of the mobile node stays."""

import json

import pytest
from shared_agent import CARE_OF, HERE, HOME_AGENT, HOME_NETWORK, VISITED, SharedAgent
from stream import Stream
from waiting import wait_for
from walk import Mobiled
from world import Hosts, association

HOME, CORRESPONDENT = "10.0.0.1", "192.0.2.150"


class Visit(Hosts):
    """A mobile node on the visited link, and a correspondent behind the home agent."""

    def __init__(self, world):
        super().__init__(world.switch.namespace)
        world.switch.plug("correspondent", f"{CORRESPONDENT}/24")
        self.run("correspondent", "ip", "route", "add", HOME_NETWORK, "via", HOME_AGENT)

    def mac(self, host, link):
        return json.loads(self.run(host, "ip", "-j", "link", "show", "dev", link).stdout)[0]["address"]


@pytest.mark.parametrize("reverse", ["required", "no"])
def test_a_connection_stays_when_the_foreign_agent_dies(tmp_path, reverse):
    """kill -9 of whoever is the foreign agent, and then of the one that took over, while the first one is back."""
    with SharedAgent(tmp_path, "data", "data", "witness", associations=[association(HOME)]) as world:
        visit = Visit(world)
        try:
            follow(world, visit, tmp_path, reverse)
        finally:
            visit.end()


def follow(world, visit, directory, reverse):
    first = world.await_serving()
    mobile = Mobiled(visit, directory, {
        "mobile-node": {"interface": VISITED, "home-address": HOME, "home-network": HOME_NETWORK, "home-router": "none",
                        "home-agent": HOME_AGENT},
        "registration": {"reverse-tunnel": reverse},
    })
    mobile.walk = Client(visit)  # whose only host is the mobile node
    mobile.start()
    mobile.is_("registered", attachment="foreign-agent", care_of=CARE_OF, foreign_agent=HERE)
    visit.reaches("correspondent", HOME)
    with Stream(visit, "correspondent", "client", HOME) as stream:
        stream.await_more()
        for _ in range(2):
            first.kill()
            second = world.await_serving(other_than=first)
            assert world.visitors(second)[HOME]["link_address"] == visit.mac("client", VISITED)
            wait_for(lambda: second.ask("status")["visitors_carried"], "its packets are carried")
            stream.await_more()
            first.spawn()
            wait_for(lambda: first.answers() and HOME in (world.visitors(first) or {}), "the other one has caught up")
            first = second
        mobile.is_("registered", foreign_agent=HERE)
        assert [row["care_of"] for row in world.home_agent.ctl("bindings")] == [CARE_OF]
        assert stream.end() > 0
    assert mobile.end() == 0


class Client:
    """The host that mobiled calls the mobile node."""

    def __init__(self, visit):
        self.visit = visit

    def start(self, _, *command, **options):
        return self.visit.start("client", *command, **options)

    def run(self, _, *command, **options):
        return self.visit.run("client", *command, **options)
