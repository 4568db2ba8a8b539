#!/usr/bin/python3
"""Apply mutants.py, foreign/mutants.py and mobile/mutants.py: `mutate.py --files PROGRAM` names the sources of agentd or mobiled that it
edits, `mutate.py --write DIRECTORY` writes the edited copies there, `mutate.py --names` prints the mutants. An old text that does not
stand exactly once is an error.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import mutants  # noqa: E402
from foreign import mutants as of_foreign_agents  # noqa: E402
from mobile import mutants as of_mobile_nodes  # noqa: E402

TABLES = {"home": mutants.EDITS, "foreign": of_foreign_agents.EDITS, "mobile": of_mobile_nodes.EDITS}
SHARED = {"foreign": of_foreign_agents.SHARED, "mobile": of_mobile_nodes.SHARED}  # of another table, for this suite too
PROGRAMS = {"agentd": ("home", "foreign"), "mobiled": ("mobile",)}
EDITS = [row for table in TABLES.values() for row in table]

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
NAME = re.compile(r'MUTANT\("([a-z0-9-]+)"\)')
HEADER = '#include "tests/conformance/mutant.h"\n'


class BadEdit(Exception):
    """An edit that does not fit the source any more."""


def files(program=None):
    """All, or those of a program."""
    wanted = {name for suite in PROGRAMS.get(program, TABLES) for name in names(suite)}
    return sorted({path for path, _, new in EDITS if wanted.intersection(NAME.findall(new))})


def names(suite=None):
    """All mutants, or those of a suite, in the order of the table."""
    found = list(dict.fromkeys(name for _, _, new in TABLES.get(suite, EDITS) for name in NAME.findall(new)))
    return found + SHARED.get(suite, [])


def mutated(path, text, edits):
    """The text with its edits; they are looked for in what was there, so their order does not matter."""
    places = []
    for old, new in edits:
        if text.count(old) != 1:
            raise BadEdit(f"{path}: the old text of {', '.join(NAME.findall(new))} stands there {text.count(old)} times, not once")
        if "MUTANT(" in new and not NAME.search(new):
            raise BadEdit(f"{path}: a name that is none in {new!r}")
        places.append((text.index(old), old, new))
    places.sort()
    out, at = [HEADER], 0
    for begin, old, new in places:
        if begin < at:
            raise BadEdit(f"{path}: the edit of {', '.join(NAME.findall(new))} overlaps the one before it")
        out += [text[at:begin], new]
        at = begin + len(old)
    return "".join(out) + text[at:]


def copies():
    """{path: edited text}, or BadEdit with a line for each file that does not fit."""
    done, wrong = {}, []
    for path in files():
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        try:
            done[path] = mutated(path, text, [(old, new) for where, old, new in EDITS if where == path])
        except BadEdit as error:
            wrong.append(str(error))
    if wrong:
        raise BadEdit("\n".join(wrong))
    return done


def write(directory):
    for path, text in copies().items():
        target = os.path.join(directory, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)


def main():
    try:
        if sys.argv[1:2] == ["--files"] and sys.argv[2:] and sys.argv[2] in PROGRAMS:
            print(";".join(files(sys.argv[2])), end="")
        elif sys.argv[1:] == ["--names"]:
            print("\n".join(names()))
        elif sys.argv[1:2] == ["--write"] and len(sys.argv) == 3:
            write(sys.argv[2])
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except (BadEdit, OSError) as error:
        print(f"mutate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
