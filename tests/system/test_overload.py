"""What an agent that is behind leaves undone, and that nobody is shut out by it for longer than it lasts."""

import os
import signal
import sys
import time

from agent import ASSOCIATIONS, Agent
from waiting import wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import Association, Mobile  # noqa: E402

CARE_OF = "198.51.100.7"


def mobile_of(agent, row, **details):
    association = Association(row["spi"], row["key"], row["algorithm"])
    return Mobile(row["home"], association, (agent.address, agent.port), **details)


def counter(agent, name):
    return next(row["value"] for row in agent.ctl("counters") if row["name"] == name)


def stopped(agent):
    """The process of the agent takes no part in scheduling."""
    with open(f"/proc/{agent.process.pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


def send_and_wait_unread(agent, mobile, seconds):
    """A request that an agent finds when it comes back after so long."""
    agent.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: stopped(agent), "the agent stands still")
    mobile.send(mobile.request(CARE_OF))
    until = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > until, "the request is old")
    agent.process.send_signal(signal.SIGCONT)


def accepted(mobile):
    reply = mobile.register(CARE_OF)
    return reply is not None and mobile.is_valid(reply) and reply.code == 0


def test_request_that_waited_too_long_is_dropped(tmp_path):
    with Agent(str(tmp_path), {"overload": {"request-age": 500}}) as agent:
        mobile = mobile_of(agent, ASSOCIATIONS[0], timeout=1.0)
        wait_for(lambda: accepted(mobile), "the node is registered")
        before = counter(agent, "requests")
        dropped = counter(agent, "dropped-stale")
        send_and_wait_unread(agent, mobile, 0.6)
        wait_for(lambda: counter(agent, "dropped-stale") == dropped + 1, "the old request is dropped")
        assert counter(agent, "requests") == before
        wait_for(lambda: accepted(mobile), "the next request is answered")
        mobile.close()


def test_without_a_limit_no_request_is_too_old(tmp_path):
    with Agent(str(tmp_path), {"overload": {"request-age": 0}}) as agent:
        mobile = mobile_of(agent, ASSOCIATIONS[0])
        send_and_wait_unread(agent, mobile, 0.6)
        reply = mobile.receive()
        assert reply is not None and reply.code == 0
        assert counter(agent, "dropped-stale") == 0
        mobile.close()
