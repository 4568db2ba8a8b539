#!/usr/bin/python3
"""Print docs/protocol-coverage.md: what the documents demand of home agents, foreign agents and mobile nodes, and the cases that hold
agentd and mobiled to it.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import catalogue  # noqa: E402
import profiles  # noqa: E402
from applicability import applies  # noqa: E402
from foreign import catalogue as foreign_catalogue  # noqa: E402
from foreign import laboratory as foreign_laboratory  # noqa: E402
from foreign import variants as foreign_variants  # noqa: E402
from mobile import catalogue as mobile_catalogue  # noqa: E402
from mobile import laboratory as mobile_laboratory  # noqa: E402
from mobile import variants as mobile_variants  # noqa: E402
from requirements import REQUIREMENTS  # noqa: E402
from variants import VARIANTS  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))

HEAD = """# Coverage of the protocol

Written by `docs/generate` from `tests/conformance/requirements.py` and the cases; do not edit. One row per demand, in our
own words; the number is its place in the section. A case *in italics* is about something that agentd does not do yet: it
is in the suite for every agent, and does not apply to ours today. Cases whose names begin with `foreign-` are those for foreign
agents, those with `mobile-` are for mobile nodes. How to run the suites: [conformance.md](conformance.md).

What packets show and no answer over UDP does is held by tests of our own: those in `*.txt` are packets in and packets out
(`tests/dataplane/packets/`) that go through user space and the BPF program, those in `*.py` have a real agentd between real hosts
(`tests/dataplane/`), those in `*.c` are of one module (`tests/unit/`).

"""
TITLES = {"order": "The order of checks"}


def profiles_of_agentd():
    base = profiles.read(os.path.join(HERE, "hearth.profile"))
    common = {"source-addresses": "a", "discovery": "192.0.2.255"}
    return [base.overlaid({**common, **variant["profile"]}) for variant in VARIANTS.values()]


def cases_by_requirement(cases):
    found = {name: [] for name in REQUIREMENTS}
    for case in cases:
        for name in case["requirements"]:
            found[name].append(case["id"])
    return found


def summary(cases, ours, found):
    musts = [name for name, row in REQUIREMENTS.items() if row["level"] in ("MUST", "MUST NOT")]
    reasons = sum(1 for row in REQUIREMENTS.values() if row["reason"])
    proved = sum(1 for row in REQUIREMENTS.values() if row["proofs"])
    return (
        f"{len(cases)} cases, {len(ours)} of which apply to agentd or mobiled today; {len(REQUIREMENTS)} demands, {len(musts)} of "
        f"them MUST or MUST NOT; {proved} are held by tests of our own, {reasons} have a reason why there is neither.\n"
    )


def sections():
    """(document, section) in order."""
    return list(dict.fromkeys((row["document"], row["section"]) for row in REQUIREMENTS.values()))


def cases_of_all():
    """All cases, and the ids of those that apply to agentd or mobiled."""
    of_home, of_foreign = catalogue.load(), foreign_catalogue.load()
    ours = {case["id"] for case in of_home if any(applies(case, profile) for profile in profiles_of_agentd())}
    settings = [foreign_laboratory.profile_of(variant) for variant in foreign_variants.VARIANTS]
    ours |= {case["id"] for case in of_foreign if any(foreign_catalogue.applies(case, profile) for profile in settings)}
    of_mobile = mobile_catalogue.load()
    ours |= set(mobile_catalogue.places({variant: mobile_laboratory.profile_of(variant) for variant in mobile_variants.VARIANTS}))
    return of_home + of_foreign + of_mobile, ours


def page():
    cases, ours = cases_of_all()
    found = cases_by_requirement(cases)
    lines = [HEAD, summary(cases, ours, found)]
    document = None
    for document_of_section, section in sections():
        if document_of_section != document:
            document = document_of_section
            lines.append(f"\n## {TITLES.get(document, document)}\n")
        word = "Step" if document == "order" else "Section"
        lines.append(f"\n### {word} {section}\n\n| | level | binds | demand | cases, or tests |\n|---|---|---|---|---|\n")
        for name, row in REQUIREMENTS.items():
            if (row["document"], row["section"]) == (document, section):
                lines.append(line_of(name, row, found[name], ours))
    return "".join(lines)


def line_of(name, row, cases, ours):
    number = name.rsplit("-", 1)[1]
    shown = ", ".join(f"`{case}`" if case in ours else f"*`{case}`*" for case in cases)
    shown = "; ".join(filter(None, (shown, *(words for _, _, words in row["proofs"])))) or row["reason"] or "**missing**"
    return f"| {number} | {row['level']} | {row['whom']} | {row['text']} | {shown} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
