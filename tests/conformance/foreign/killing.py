"""Which cases fail when the agent is broken. One agent serves all mutants of a variant: the file that tells it which one it is says
another one for each (mutant.h).
"""

import mmap
import os

from foreign import catalogue, engine

PATIENCE_S, SHORT_S = 20.0, 1.5  # with an agent as it should be, and with a broken one


class Switch:
    """The file that names the mutant."""

    SIZE = 4096

    def __init__(self, path):
        with open(path, "wb") as file:
            file.write(bytes(self.SIZE))
        descriptor = os.open(path, os.O_RDWR)
        self.page = mmap.mmap(descriptor, self.SIZE)
        os.close(descriptor)

    def __call__(self, name=""):
        self.page[:] = name.encode().ljust(self.SIZE, b"\0")


def places(profiles_by_variant, known_failures):
    """{case: the first variant that it applies in}, without cases that fail anyhow."""
    found = {}
    for variant, profile in profiles_by_variant.items():
        for case in catalogue.load():
            if case["id"] not in known_failures and catalogue.applies(case, profile):
                found.setdefault(case["id"], variant)
    return found


def killers_of(session, switch, mutant, cases):
    """Those of the cases that the mutant fails; the agent is as it should be again afterwards."""
    failed = set()
    switch(mutant)
    session.hasty, session.timeout_s = bool(mutant), SHORT_S if mutant else PATIENCE_S
    for case in cases:
        try:
            if session.run(case)[0] == "fail":
                failed.add(case["id"])
        except engine.Trouble:
            failed.add(case["id"])
    switch()
    session.hasty, session.timeout_s = False, PATIENCE_S
    return failed | {case["id"] for case in late_of(session) if case in cases}


def late_of(session):
    """Cases for which something came late; the next ones begin with nothing on the way, and another node for probes."""
    session.take_probe()
    session.stragglers()
    late = [case for case, _ in session.late]
    session.late = []
    return late
