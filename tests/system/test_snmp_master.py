"""What a master agent seldom does, and may do: it says a SET twice, never goes on with one, or does not answer any more."""

import contextlib

import pytest
from agent import Agent
from agentx import CLEANUP_SET, COMMIT_SET, TEST_SET, Master, unsigned32
from waiting import wait_for

PER_MINUTE = "1.3.6.1.4.1.32473.1.1.10.1.1.3.19"  # hearthNotifyPerMinute of mipAuthFailure
NO_ERROR, RESOURCE_UNAVAILABLE, PROCESSING_ERROR = 0, 13, 268


def counter(agent, name):
    return next(row["value"] for row in agent.ctl("counters") if row["name"] == name)


@contextlib.contextmanager
def both_of(tmp_path, **options):
    """A master and the agentd that is its subagent."""
    path = str(tmp_path / "agentx.sock")
    with Master(path, **options) as master, \
            Agent(str(tmp_path / "one"), {"snmp": {"mode": "agentx", "master": f"unix:{path}"}}) as agent:
        master.await_subagent()
        yield master, agent


@pytest.fixture(name="both")
def open_both(tmp_path):
    with both_of(tmp_path) as both:
        yield both


def test_a_question_that_comes_again_has_the_same_answer(both):
    master, agent = both
    wanted = unsigned32(PER_MINUTE, 10)
    for _ in range(3):
        assert master.ask(TEST_SET, 7, wanted) == NO_ERROR
    assert master.ask(COMMIT_SET, 7) == NO_ERROR
    assert master.ask(COMMIT_SET, 7) == PROCESSING_ERROR
    assert counter(agent, "snmp-set-done") == 1
    master.ask(CLEANUP_SET, 7)


def test_a_refusal_that_is_asked_for_again_stays_one(both):
    master, agent = both
    wanted = unsigned32(PER_MINUTE, 4294967295)
    assert master.ask(TEST_SET, 7, wanted) == master.ask(TEST_SET, 7, wanted) != NO_ERROR
    assert counter(agent, "snmp-set-wrong-value") == 1


def test_what_a_master_never_ends_is_given_up(both):
    master, agent = both
    assert master.ask(TEST_SET, 8, unsigned32(PER_MINUTE, 10)) == NO_ERROR
    wait_for(lambda: counter(agent, "snmp-sets-abandoned") == 1, "it is given up")
    assert master.ask(COMMIT_SET, 8) == RESOURCE_UNAVAILABLE
    assert counter(agent, "snmp-set-done") == 0
    assert master.ask(TEST_SET, 9, unsigned32(PER_MINUTE, 10)) == NO_ERROR
    assert master.ask(COMMIT_SET, 9) == NO_ERROR


def test_the_end_of_agentd_waits_for_no_answers(tmp_path):
    """A master that stands still while agentd registers object after object."""
    with both_of(tmp_path, deaf=True) as (_, agent):
        assert agent.stop() == 0, agent.log()
