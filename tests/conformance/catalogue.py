"""The cases, read from cases/*.py. Those files are data: each is a docstring and one list CASES of literals, and nothing
in them is executed. What a case may say is checked here, so that a slip of the pen is no silent pass.
"""

import ast
import glob
import os

import messages
import replies
from associations import wanted_kind
from profiles import KEYS

HERE = os.path.dirname(os.path.abspath(__file__))

CASE_WORDS = {
    "id", "title", "requirements", "node", "nodes", "agents", "agent", "before", "send", "expect", "within", "after"
}
STEP_WORDS = {"send", "expect", "register", "deregister", "within", "label"}
CHAIN_WORDS = set(messages.PLAIN) | set(messages.AUTHENTICATIONS) | {"nai"}


class BadCase(Exception):
    """A case that says something the engine does not know."""


def refuse_unknown(where, given, known):
    unknown = set(given) - set(known)
    if unknown:
        raise BadCase(f"{where}: unknown: {', '.join(sorted(map(str, unknown)))}")


def check_chain(where, chain):
    for item in chain:
        word = item if isinstance(item, str) else next(iter(item))
        refuse_unknown(where, [word], CHAIN_WORDS)


def check_send(where, send):
    refuse_unknown(where, send, messages.SEND_WORDS)
    for name in ("chain", "first", "then"):
        check_chain(where, send.get(name, []))
    for edit in send.get("edits", []):
        refuse_unknown(where, edit, messages.EDITS)


def check_expect(where, expect):
    for one in expect if isinstance(expect, list) else [expect]:
        if one != "silence" and not (isinstance(one, str) and one.startswith("unauthentic")):
            refuse_unknown(where, one, set(replies.EXPECTATIONS) | replies.MODIFIERS | {"acknowledgment"})


def check_step(where, step):
    refuse_unknown(where, step, STEP_WORDS)
    if len(step.keys() & {"send", "register", "deregister"}) != 1:
        raise BadCase(f"{where}: one of send, register and deregister is needed")
    if "send" in step and "expect" not in step:
        raise BadCase(f"{where}: there is no expect")
    check_send(where, step.get("send") or step.get("register") or step.get("deregister") or {})
    check_expect(where, step.get("expect", {}))


def check(case):
    """Raise BadCase when the case says what nobody understands."""
    where = case.get("id", "a case without id")
    refuse_unknown(where, case, CASE_WORDS)
    missing = {"id", "title", "requirements", "send", "expect"} - case.keys()
    if missing:
        raise BadCase(f"{where}: missing: {', '.join(sorted(missing))}")
    if not case["title"].endswith("."):
        raise BadCase(f"{where}: the title is no sentence")
    refuse_unknown(where, case.get("agent", {}), KEYS)
    try:
        for wanted in [case.get("node", {}), *case.get("nodes", {}).values()]:
            wanted_kind(wanted)
    except KeyError as error:
        raise BadCase(f"{where}: {error}") from None
    for wanted in case.get("agents", {}).values():
        refuse_unknown(where, wanted, {"algorithms"})
    for step in [*case.get("before", []), {"send": case["send"], "expect": case["expect"]}, *case.get("after", [])]:
        check_step(where, step)


def cases_of(path):
    """The list CASES of one file, without running it."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    for statement in tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.Assign) and [t.id for t in statement.targets] == ["CASES"]:
            return ast.literal_eval(statement.value)
        raise BadCase(f"{path}:{statement.lineno}: only a docstring and CASES belong here")
    raise BadCase(f"{path}: there is no CASES")


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
