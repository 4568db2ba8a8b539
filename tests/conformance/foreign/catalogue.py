"""The cases for foreign agents, read from cases/*.py as those for home agents are (catalogue.py of that suite). What a case may
say is checked here.
"""

import glob
import os

from catalogue import BadCase, cases_of, refuse_unknown
from foreign import judge, messages
from foreign.keys import KEYS
from messages import AUTHENTICATIONS

HERE = os.path.dirname(os.path.abspath(__file__))

CASE_WORDS = {"id", "title", "requirements", "node", "nodes", "home-agent", "home-agents", "agent", "steps"}
STEP_WORDS = {
    "send", "of", "register", "label", "relayed", "answer", "reply", "refused", "denied", "silence", "tunnelled", "delivered", "lost",
    "revoked", "acknowledged", "ignored",
}
CHAIN_WORDS = set(messages.PLAIN) | set(AUTHENTICATIONS)
WORDS_OF = {
    "tunnelled": judge.TUNNELLED_WORDS, "relayed": judge.RELAYED_WORDS, "reply": judge.REPLY_WORDS, "refused": judge.REFUSED_WORDS, "denied": judge.DENIED_WORDS,
    "acknowledged": judge.ACKNOWLEDGED_WORDS,
}
ENDS = {"reply", "refused", "denied", "silence"}


def check_chain(where, chain):
    for item in chain:
        refuse_unknown(where, [item if isinstance(item, str) else next(iter(item))], CHAIN_WORDS)


def check_message(where, words, known):
    refuse_unknown(where, words, known)
    for name in ("chain", "first", "then"):
        check_chain(where, words.get(name, []))
    for edit in words.get("edits", []):
        refuse_unknown(where, edit, messages.EDITS)


def check_step(where, step):
    refuse_unknown(where, step, STEP_WORDS)
    if "tunnelled" in step:
        if len(step) != 2 or len(step.keys() & {"delivered", "lost"}) != 1:
            raise BadCase(f"{where}: what is tunnelled is delivered or lost")
        refuse_unknown(where, step["tunnelled"], judge.TUNNELLED_WORDS)
        return
    if "revoked" in step:
        if len(step.keys() & {"acknowledged", "ignored"}) != 1:
            raise BadCase(f"{where}: what is revoked is acknowledged or ignored")
        check_message(where, step["revoked"], messages.REVOKED_WORDS)
        refuse_unknown(where, step.get("acknowledged") or {}, judge.ACKNOWLEDGED_WORDS)
        return
    if len(step.keys() & {"send", "of", "register"}) != 1:
        raise BadCase(f"{where}: one of send, of and register is needed")
    if len(step.keys() & ENDS) > 1 or ("register" not in step and not step.keys() & (ENDS | {"relayed", "answer"})):
        raise BadCase(f"{where}: what must come of it is not said, or twice")
    check_message(where, step.get("send") or step.get("register") or {}, messages.SEND_WORDS)
    check_message(where, step.get("answer") or {}, messages.ANSWER_WORDS)
    if step.get("silence", True) not in (True, "within a second"):
        raise BadCase(f"{where}: silence is True or \"within a second\"")
    for name, known in WORDS_OF.items():
        refuse_unknown(where, step.get(name) or {}, known)


def check(case):
    """Raise BadCase when the case says what nobody understands."""
    where = case.get("id", "a case without id")
    refuse_unknown(where, case, CASE_WORDS)
    missing = {"id", "title", "requirements", "steps"} - case.keys()
    if missing:
        raise BadCase(f"{where}: missing: {', '.join(sorted(missing))}")
    if not case["title"].endswith("."):
        raise BadCase(f"{where}: the title is no sentence")
    refuse_unknown(where, case.get("agent", {}), KEYS)
    for kind in ("node", "home-agent"):
        for wanted in [case.get(kind, {}), *case.get(kind + "s", {}).values()]:
            refuse_unknown(where, wanted, {"shares"})
    for step in case["steps"]:
        check_step(where, step)


def load(directory=None):
    """All cases, checked, in the order of the files' names."""
    cases = []
    for path in sorted(glob.glob(os.path.join(directory or os.path.join(HERE, "cases"), "*.py"))):
        cases += cases_of(path)
    for case in cases:
        check(case)
    ids = [case["id"] for case in cases]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        raise BadCase(f"used twice: {', '.join(sorted(twice))}")
    return cases


def algorithms_of(case):
    """Those of the associations that the case needs."""
    wanted = [case.get(kind, {}) for kind in ("node", "home-agent")]
    wanted += [one for kind in ("nodes", "home-agents") for one in case.get(kind, {}).values()]
    return {one["shares"] for one in wanted if "shares" in one}


def applies(case, profile):
    """By the profile alone: before there is an associations file, and for the page of coverage."""
    return profile.unmet(case.get("agent", {})) is None and algorithms_of(case) <= set(profile["algorithms"])
