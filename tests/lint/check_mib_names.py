#!/usr/bin/env python3
"""Names and numbers of objects in the manual and in the example scripts are those of the modules.

Read are the Markdown pages and deploy/snmp. Every word in back quotes that looks like an object is one; every number below the
roots of the modules is one, or an object and an index; and in a line with as many names as numbers they belong together, one
by one. The outlines of check_mib say what there is. `--self-test` plants faults.
"""

import re
import sys

import sources

OUTLINES = ("tests/lint/mib_outline/MIP-MIB", "tests/lint/mib_outline/HEARTH-MIB")
NAME = re.compile(r"`((?:hearth|mip|ha|fa|ma|mn)[A-Z]\w*)(?=`|:)")
NUMBER = re.compile(r"(?<![\d.])(1\.3\.6\.1\.(?:2\.1\.44|4\.1\.32473\.1)(?:\.\d+)*)")
KIND = re.compile(r"^(\w+) ([\d.]+): (\w+)")
LAST_IN_INDEX = {"column", "scalar"}  # only these have instances behind them


def read_outlines():
    """name: (number, kind)."""
    found = {}
    for outline in OUTLINES:
        for line in sources.text_of(outline).splitlines():
            match = KIND.match(line)
            if match:
                found[match[1]] = (match[2], match[3])
    return found


def object_of(number, by_number):
    """The object that a number is, or is an instance of; None when it is neither."""
    arcs = number.split(".")
    for size in range(len(arcs), 0, -1):
        name, kind = by_number.get(".".join(arcs[:size]), (None, None))
        if name:
            return name if size == len(arcs) or kind in LAST_IN_INDEX else None
    return None


def judge(path, text, objects):
    by_number = {number: (name, kind) for name, (number, kind) in objects.items()}
    for count, line in enumerate(text.splitlines(), 1):
        names, numbers = NAME.findall(line), NUMBER.findall(line)
        for name in names:
            if name not in objects:
                yield f"{path}:{count}: there is no object {name}"
        meant = [object_of(number, by_number) for number in numbers]
        for number, name in zip(numbers, meant):
            if not name:
                yield f"{path}:{count}: {number} is no object"
        if len(names) != len(numbers) or None in meant:
            continue
        for name, number, other in zip(names, numbers, meant):
            if name in objects and name != other:
                yield f"{path}:{count}: {number} is {other}, not {name}"


OBJECTS = {"hearthOne": ("1.3.6.1.4.1.32473.1.1", "node"), "hearthTwo": ("1.3.6.1.4.1.32473.1.1.2", "column"),
           "mipThree": ("1.3.6.1.2.1.44.1.1", "scalar")}
CASES = [
    ("`hearthTwo` 1.3.6.1.4.1.32473.1.1.2", 0),
    ("`hearthTwo` 1.3.6.1.4.1.32473.1.1.2.4.7 and `mipThree` 1.3.6.1.2.1.44.1.1.0", 0),
    ("`hearthTwo` of `hearthOne`: 1.3.6.1.4.1.32473.1.1.2", 0),
    ("`hearthFour`", 1),
    ("1.3.6.1.4.1.32473.1.1.3", 1),
    ("1.3.6.1.2.1.44.9", 1),
    ("`hearthTwo` 1.3.6.1.4.1.32473.1.1", 1),
    ("`hearthTwo` 1.3.6.1.2.1.44.1.1.0, `mipThree` 1.3.6.1.4.1.32473.1.1.2", 2),
    ("`hearth-two` and `hap` are no objects, and 11.3.6.1.2.1.44.9 no number of ours", 0),
]


def self_test():
    wrong = 0
    for text, expected in CASES:
        said = list(judge("case", text, OBJECTS))
        if len(said) != expected:
            print(f"self-test: judged wrongly: {text}: {said}")
            wrong += 1
    print(f"check_mib_names self-test: {len(CASES)} cases, {wrong} wrong")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    objects = read_outlines()
    names = [name for name in sources.files() if name.endswith(".md") or name.startswith("deploy/snmp/")]
    complaints = [said for name in names for said in judge(name, sources.text_of(name), objects)]
    return sources.report("check_mib_names", complaints, len(names))


if __name__ == "__main__":
    sys.exit(main())
