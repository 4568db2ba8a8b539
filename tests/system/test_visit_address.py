"""A foreign agent with a care-of address that no interface of its host has, which denies all visitors: the status and the log say so
until the address is there."""

from agent import Agent
from namespaces import Link, ip
from waiting import wait_for

CARE_OF = "203.0.113.9"


def test_a_care_of_address_that_is_not_here_is_told(tmp_path):
    with Link("198.51.100.1/24", "198.51.100.77/24") as link:
        configuration = {
            "home-agent": None,
            "foreign-agent": {"care-of": f"198.51.100.1,{CARE_OF}"},
            "advertisement": {"link-1": f"{link.ends[0]} foreign"},
        }
        with Agent(str(tmp_path), configuration).start(prefix=link.inside(0)) as agent:
            said = agent.ctl("status")["visitors_trouble"]
            assert said == (f"foreign-agent.care-of: no interface of this host has {CARE_OF}, by which home agents are to reach it: "
                            "give it to one, or name another")
            assert agent.log().count(said) == 1
            ip("-n", link.names[0], "address", "add", f"{CARE_OF}/32", "dev", link.ends[0])
            wait_for(lambda: agent.ctl("status")["visitors_trouble"] is None, "the address is seen")
            assert "foreign-agent.care-of: all addresses are on this host" in agent.log()
            ip("-n", link.names[0], "address", "delete", f"{CARE_OF}/32", "dev", link.ends[0])
            wait_for(lambda: agent.ctl("status")["visitors_trouble"] == said, "it is missed again")
            wait_for(lambda: agent.log().count(said) == 2, "that is told once more")
