"""One agentd for many cases that leave it as it was: what they ask is refused, or only read."""

import contextlib

from agent import Agent

QUESTIONS = ("association list", "nodes", "bindings", "config", "policy", "pool list")


def state_of(agent):
    return {question: agent.ctl(*question.split()) for question in QUESTIONS}


@contextlib.contextmanager
def steady_agent(directory, prepare=lambda agent: None):
    """Prepared by a function; nothing has changed since then when the last case is over."""
    with Agent(str(directory)) as running:
        prepare(running)
        before = state_of(running)
        yield running
        assert state_of(running) == before, "a case has changed what it shares with others"
