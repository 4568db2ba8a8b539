"""The cases for mobile nodes, read from cases/*.py as those for home agents are (catalogue.py of that suite). What a case may say is
checked here.
"""

import glob
import os

from catalogue import BadCase, cases_of, refuse_unknown
from messages import EDITS
from mobile import engine, judge, messages
from mobile.keys import KEYS

HERE = os.path.dirname(os.path.abspath(__file__))

CASE_WORDS = {"id", "title", "requirements", "node", "steps"}
STEP_WORDS = set(engine.STEPS)
ARP_WORDS = {"by", "for", "unicast", "answered"}
FORWARDS_WORDS = {"in", "reverse", "delivery", "asking"}
WORDS_OF = {
    "advertise": messages.ADVERTISE_WORDS, "request": judge.REQUEST_WORDS, "reply": messages.REPLY_WORDS, "arp": ARP_WORDS,
}


def check_step(where, step):
    refuse_unknown(where, step, STEP_WORDS)
    for name, known in WORDS_OF.items():
        given = step.get(name, [])
        for one in given if isinstance(given, list) else [given]:
            refuse_unknown(where, one, known)
    refuse_unknown(where, step["forwards"] if isinstance(step.get("forwards"), dict) else {}, FORWARDS_WORDS)
    reply = step.get("reply", {})
    for name in ("chain", "first", "then"):
        refuse_unknown(where, [item if isinstance(item, str) else next(iter(item)) for item in reply.get(name, [])], messages.CHAIN_WORDS)
    for edit in reply.get("edits", []):
        refuse_unknown(where, edit, EDITS)


def check(case):
    """Raise BadCase when the case says what nobody understands."""
    where = case.get("id", "a case without id")
    refuse_unknown(where, case, CASE_WORDS)
    missing = {"id", "title", "requirements", "steps"} - case.keys()
    if missing:
        raise BadCase(f"{where}: missing: {', '.join(sorted(missing))}")
    if not case["title"].endswith("."):
        raise BadCase(f"{where}: the title is no sentence")
    refuse_unknown(where, case.get("node", {}), KEYS)
    for step in case["steps"]:
        check_step(where, step)
    if not any(step.keys() & {"request", "forwards", "quiet", "solicitations", "announced", "arp", "keepalive"} for step in case["steps"]):
        raise BadCase(f"{where}: nothing is expected")


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


def applies(case, profile):
    """By the profile alone."""
    return profile.unmet(case.get("node", {})) is None


def places(profiles_by_variant, known_failures=()):
    """{case: the first variant that it applies in}, without cases that fail anyhow."""
    found = {}
    for variant, profile in profiles_by_variant.items():
        for case in load():
            if case["id"] not in known_failures and applies(case, profile):
                found.setdefault(case["id"], variant)
    return found
