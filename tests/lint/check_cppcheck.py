#!/usr/bin/env python3
"""cppcheck over every C file of the compilation database of a build (HEARTH_BUILD, or build/).

What it says wrongly is silenced in cppcheck.suppressions, one line with its reason each. `--self-test` plants a defect
and expects to be told.
"""

import json
import os
import subprocess
import sys
import tempfile

import sources

BUILD = os.environ.get("HEARTH_BUILD", os.path.join(sources.ROOT, "build"))
OPTIONS = [
    "cppcheck", "--quiet", "--enable=warning,performance,portability", "--inline-suppr", "--error-exitcode=1",
    "--std=c11", "--template={file}:{line}: {severity}: {id}: {message}",
    "--suppressions-list=" + os.path.join(sources.ROOT, "tests/lint/cppcheck.suppressions"),
]


def self_test():
    bad = "int f(void);\nint f(void)\n{\n\tint a[2] = { 0 };\n\treturn a[5];\n}\n"
    good = "int f(int a);\nint f(int a)\n{\n\treturn a;\n}\n"
    wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        for text, refused in ((bad, True), (good, False)):
            path = os.path.join(directory, "a.c")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = subprocess.run(OPTIONS + [path], capture_output=True, text=True)
            if (done.returncode != 0) != refused:
                print(f"self-test: judged wrongly: {text!r}: {done.stdout}{done.stderr}")
                wrong += 1
    print(f"check_cppcheck self-test: 2 cases, {wrong} wrong")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    database = os.path.join(BUILD, "compile_commands.json")
    if not os.path.isfile(database):
        print(f"check_cppcheck: there is no {database}; build first, or name a build with HEARTH_BUILD")
        return 1
    with open(database, encoding="utf-8") as file:
        units = [row for row in json.load(file) if sources.is_written(row["file"], BUILD)]
    with tempfile.TemporaryDirectory() as directory:
        ours = os.path.join(directory, "compile_commands.json")
        with open(ours, "w", encoding="utf-8") as file:
            json.dump(units, file)
        done = subprocess.run(
            OPTIONS + ["-j2", f"--project={ours}"], capture_output=True, text=True, cwd=sources.ROOT
        )
    lines = (done.stdout + done.stderr).replace(sources.ROOT + "/", "").splitlines()
    if done.returncode != 0 and not lines:
        lines = [f"cppcheck ended with {done.returncode} and said nothing"]
    return sources.report("check_cppcheck", lines, len(units))


if __name__ == "__main__":
    sys.exit(main())
