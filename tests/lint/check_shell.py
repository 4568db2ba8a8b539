#!/usr/bin/env python3
"""shellcheck over every shell script. `--self-test` plants a defect and expects to be told."""

import subprocess
import sys

import sources

COMMAND = ["shellcheck", "--exclude=SC1091,SC2317", "--format=gcc"]


def is_script(name):
    with open(f"{sources.ROOT}/{name}", "rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and first.rstrip().endswith(b"sh")


def self_test():
    cases = [("#!/bin/bash\nrm -rf $1/x\n", True), ('#!/bin/bash\nrm -rf "${1:?}/x"\n', False)]
    wrong = 0
    for text, refused in cases:
        done = subprocess.run(COMMAND + ["-"], input=text, capture_output=True, text=True)
        if (done.returncode != 0) != refused:
            print(f"self-test: judged wrongly: {text!r}: {done.stdout}")
            wrong += 1
    print(f"check_shell self-test: {len(cases)} cases, {wrong} wrong")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    names = [name for name in sources.files() if is_script(name)]
    done = subprocess.run(COMMAND + names, capture_output=True, text=True, cwd=sources.ROOT)
    lines = done.stdout.splitlines() + done.stderr.splitlines()
    return sources.report("check_shell", lines, len(names))


if __name__ == "__main__":
    sys.exit(main())
