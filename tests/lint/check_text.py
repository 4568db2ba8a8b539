#!/usr/bin/env python3
"""Small things that a reader should never meet, in all text files of the project.

Each row of RULES is a pattern, where it is forbidden, why, and two examples: one that must be found and one that must
not. `--self-test` runs the examples, so that a rule without teeth cannot stay.
"""

import collections
import fnmatch
import os
import re
import sys

import sources

Rule = collections.namedtuple("Rule", "where pattern why bad good")

C = ("*.c", "*.h")
PYTHON = ("*.py", "#!python")
SHELL = ("*.sh", "#!shell")
ALL = ("*",)

# Test data and texts that are not ours to change, and this file, which has to spell what it forbids.
EXEMPT = ("LICENSE", "tests/golden/*", "tests/fuzz/corpus/*", "tests/lint/check_text.py", "*.png", "*.svg")
# The one place where tests may pause while they await a condition.
MAY_SLEEP = ("tests/support/waiting.py",)

RULES = [
    Rule(ALL, r"[ \t]+$", "white space at the end of a line", "a = 1; ", "a = 1;"),
    Rule(ALL, r"\r", "a carriage return", "a\r", "a"),
    Rule(ALL, r"\b(TODO|FIXME|XXX)\b", "a note to oneself; file an issue instead", "/* FIXME: later */", "/* fix it */"),
    Rule(ALL, r"^(<<<<<<<|>>>>>>>) ", "a merge conflict", "<<<<<<< mine", "1 << 7"),
    Rule(("*.py", "#!python", "*.yaml", "*.yml", "*.json"), r"\t", "a tab", "\tpass", "    pass"),
    Rule(
        C, r"(//|/\*)\s*(CU_ASSERT|CU_FAIL|assert\s*\(|_Static_assert)", "an assertion that was commented out",
        "// CU_ASSERT_EQUAL(a, b);", "CU_ASSERT_EQUAL(a, b); /* asserted */",
    ),
    Rule(PYTHON, r"^\s*#\s*assert\s", "an assertion that was commented out", "    # assert a == b", "assert a  # b"),
    Rule(
        SHELL + ("*.yml", "*.yaml", "*.cmake", "CMakeLists.txt"), r"\|\|\s*(true\b|:(\s|$)|exit 0)",
        "a gate that cannot fail", "make check || true", "make check || exit 1",
    ),
    Rule(
        C, r"\b(strcpy|strcat|sprintf|vsprintf|gets|strncpy|strncat|alloca)\s*\(",
        "a function that does not know the size of its target", "strcpy(a, b);", "snprintf(a, sizeof(a), b);",
    ),
    Rule(C, r"^typedef struct\b", "a typedef that hides a struct", "typedef struct a b;", "struct a b;"),
    Rule(
        ("tests/*.c", "tests/*.py", "tests/#!python"), r"\b(sleep|usleep|nanosleep)\s*\(",
        "a pause in a test; await a condition (tests/support/waiting.py)", "time.sleep(1)", "asleep = 1",
    ),
    Rule(
        ("tests/*.sh", "tests/#!shell"), r"^\s*sleep\s", "a pause in a test; await a condition", "sleep 1", "asleep 1",
    ),
]


def kind_of(text):
    """'#!python', '#!shell' or ''."""
    first = text.split("\n", 1)[0]
    if not first.startswith("#!"):
        return ""
    return "#!python" if "python" in first else "#!shell" if "sh" in first.rsplit("/", 1)[-1] else "#!"


def applies(where, name, kind):
    for pattern in where:
        if "#!" in pattern:
            prefix, wanted = pattern.split("#!")
            if name.startswith(prefix) and kind == "#!" + wanted:
                return True
        elif fnmatch.fnmatch(name, pattern) or ("/" not in pattern and fnmatch.fnmatch(os.path.basename(name), pattern)):
            return True
    return False


def complaints_of(name, text, executable):
    """All violations of one file, as printable lines."""
    kind = kind_of(text)
    if bool(kind) != executable:
        yield f"{name}: {'has a #! line but is not executable' if kind else 'is executable but has no #! line'}"
    if text and not text.endswith("\n"):
        yield f"{name}: the last line does not end"
    for rule in RULES:
        if not applies(rule.where, name, kind) or ("sleep" in rule.pattern and name in MAY_SLEEP):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if re.search(rule.pattern, line):
                yield f"{name}:{number}: {rule.why}: {line.strip()[:80]}"


def example_name(rule):
    """A file name and first line to which a rule applies."""
    first = rule.where[0].replace("*", "a", 1) if rule.where[0] != "*" else "a.txt"
    return first


def self_test():
    wrong = 0
    for rule in RULES:
        name = example_name(rule)
        for text, expected in ((rule.bad, 1), (rule.good, 0)):
            found = [c for c in complaints_of(name, text + "\n", False) if rule.why in c]
            if len(found) != expected:
                print(f"self-test: {rule.why}: {text!r} in {name}: {len(found)} complaints, expected {expected}")
                wrong += 1
    cases = [
        ("a.py", "#!/usr/bin/python3\n", False, 1),
        ("run", "#!/bin/bash\nmake || true\n", True, 1),
        ("tests/run", "#!/bin/bash\nsleep 3\n", True, 1),
        ("tests/tool", "#!/usr/bin/env python3\ntime.sleep(3)\n", True, 1),
        ("a.c", "int a;\n", True, 1),
        ("a.c", "int a;", False, 1),
        ("deploy/demo", "#!/bin/bash\nsleep 3\n", True, 0),
    ]
    for name, text, executable, expected in cases:
        if len(list(complaints_of(name, text, executable))) != expected:
            print(f"self-test: {name}: {text!r} was judged wrongly")
            wrong += 1
    print(f"check_text self-test: {2 * len(RULES) + len(cases)} cases, {wrong} wrong")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    complaints, looked_at = [], 0
    for name in sources.files():
        if any(fnmatch.fnmatch(name, pattern) for pattern in EXEMPT):
            continue
        try:
            text = sources.text_of(name)
        except UnicodeDecodeError:
            complaints.append(f"{name}: is not text in UTF-8; test data belongs to tests/golden or tests/fuzz/corpus")
            continue
        looked_at += 1
        complaints.extend(complaints_of(name, text, os.access(os.path.join(sources.ROOT, name), os.X_OK)))
    return sources.report("check_text", complaints, looked_at)


if __name__ == "__main__":
    sys.exit(main())
