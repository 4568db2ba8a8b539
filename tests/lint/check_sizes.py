#!/usr/bin/env python3
"""Sizes of C files and functions stay small, and only get smaller.

Two kinds of limits. Fixed ones (LIMITS) hold for all time. The ratchet, sizes.json, holds the present maxima of files
and functions: what is larger fails, and `--tighten` lowers it to what is measured (it never raises). `--self-test`
proves that violations are found. Tests are measured like the product, but their files may be longer: they are lists of
cases.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile

import sources

LIMITS = {
    "file lines": 600,
    "test file lines": 800,
    "function lines": 80,
    "file median": 250,
    "function median": 15,
    "function p90": 45,
}
RATCHET = os.path.join(sources.ROOT, "tests/lint/sizes.json")


def functions_of(paths):
    """(path, line, name, lines) of every function, by universal-ctags."""
    command = ["ctags", "--options=NONE", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f", "--fields=+ne"]
    command += ["--output-format=json", "-o", "-", "--sort=no", "-L", "-"]
    listed = subprocess.run(command, input="\n".join(paths), check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and "end" in tag:
            yield tag["path"], tag["line"], tag["name"], tag["end"] - tag["line"] + 1


def p90(values):
    return sorted(values)[(len(values) * 9) // 10]


def file_kind(path):
    return "test file lines" if path.startswith("tests/") else "file lines"


def judge(files, functions, ratchet):
    """Complaints, the maxima measured, and a line of figures. `files` is {path: lines}, `functions` rows of functions_of()."""
    complaints = []
    limit = {what: min(value, ratchet.get(what, value)) for what, value in LIMITS.items()}
    for path, lines in files.items():
        allowed = limit[file_kind(path)]
        if lines > allowed:
            complaints.append(f"{path}: {lines} lines, at most {allowed} are allowed")
    for path, line, name, lines in functions:
        if lines > limit["function lines"]:
            complaints.append(f"{path}:{line}: {name} has {lines} lines, at most {limit['function lines']} are allowed")
    lengths = [row[3] for row in functions]
    figures = {
        "file median": statistics.median(files.values()),
        "function median": statistics.median(lengths),
        "function p90": p90(lengths),
    }
    for what, value in figures.items():
        if value > LIMITS[what]:
            complaints.append(f"{what} is {value}, at most {LIMITS[what]} is allowed")
    summary = (
        f"sizes: {len(files)} files, median {figures['file median']}, p90 {p90(list(files.values()))}, "
        f"max {max(files.values())}; {len(lengths)} functions, median {figures['function median']}, "
        f"p90 {figures['function p90']}, max {max(lengths)}"
    )
    maxima = {"function lines": max(lengths)}
    for path, lines in files.items():
        maxima[file_kind(path)] = max(lines, maxima.get(file_kind(path), 0))
    return complaints, maxima, summary


def self_test():
    long_function = "int long_one(void)\n{\n" + "\tcall();\n" * 90 + "\treturn 0;\n}\n"
    short_function = "static int short_one(int a)\n{\n\treturn a;\n}\n"
    wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "a.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write(short_function + long_function)
        rows = list(functions_of([path]))
        measured = {row[2]: row[3] for row in rows}
    if measured != {"short_one": 4, "long_one": 94}:
        print(f"self-test: functions are measured wrongly: {measured}")
        wrong += 1
    short = [("a.c", 1, "f", 10)] * 20
    cases = [
        ("a long function", {"a.c": 100}, short + [("a.c", 1, "g", 81)], {}, True),
        ("a long file", {"a.c": 601, "b.c": 10, "c.c": 10}, short, {}, True),
        ("a long test", {"tests/a.c": 801, "b.c": 10, "c.c": 10}, short, {}, True),
        ("a test that is long enough", {"tests/a.c": 800, "b.c": 10, "c.c": 10}, short, {}, False),
        ("the ratchet on files", {"a.c": 300, "b.c": 10, "c.c": 10}, short, {"file lines": 299}, True),
        ("the ratchet on functions", {"a.c": 100}, short, {"function lines": 9}, True),
        ("the p90", {"a.c": 100}, short + [("a.c", 1, "g", 46)] * 3, {}, True),
        ("the function median", {"a.c": 100}, [("a.c", 1, "g", 16)] * 9, {}, True),
        ("the file median", {"a.c": 251}, short, {}, True),
        ("nothing", {"a.c": 250}, short, {"file lines": 250, "function lines": 10}, False),
    ]
    for what, files, functions, ratchet, refused in cases:
        if bool(judge(files, functions, ratchet)[0]) != refused:
            print(f"self-test: {what} was judged wrongly")
            wrong += 1
    print(f"check_sizes self-test: {len(cases) + 1} cases, {wrong} wrong")
    return 1 if wrong else 0


def tighten(ratchet, maxima):
    """Lower the ratchet to what is measured."""
    lowered = {what: min(value, ratchet.get(what, value)) for what, value in sorted(maxima.items())}
    with open(RATCHET, "w", encoding="utf-8") as file:
        json.dump(lowered, file, indent=4)
        file.write("\n")
    print(f"sizes.json: {lowered}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    os.chdir(sources.ROOT)
    with open(RATCHET, encoding="utf-8") as file:
        ratchet = json.load(file)
    names = sources.files(".c", ".h")
    files = {name: sources.text_of(name).count("\n") for name in names}
    complaints, maxima, summary = judge(files, list(functions_of(names)), ratchet)
    print(summary)
    if sys.argv[1:] == ["--tighten"]:
        tighten(ratchet, maxima)
        return 0
    return sources.report("check_sizes", complaints, len(names))


if __name__ == "__main__":
    sys.exit(main())
