#!/usr/bin/env python3
"""clang-tidy (.clang-tidy) over every C file of the product in the compilation database of a build (HEARTH_BUILD, or
build/), and the warnings of clang over these and the tests, which are otherwise left to gcc, sanitizers and cppcheck; headers
that the build makes, to who makes them. `--self-test` plants defects and expects to be told.
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

import sources

BUILD = os.environ.get("HEARTH_BUILD", os.path.join(sources.ROOT, "build"))
CONFIGURATION = "--config-file=" + os.path.join(sources.ROOT, ".clang-tidy")
# Warnings of the compiler are no checks of their own: without one, clang-tidy does not begin.
OF_TESTS = ["--checks=-*,clang-diagnostic-*,cert-flp30-c", r"--header-filter=tests/.*\.h$"]


def of_written(lines, build):
    made = os.path.abspath(build) + "/"
    return [line.replace(sources.ROOT + "/", "") for line in lines if not line.startswith(made)]


def complaints_of(path, extra):
    done = subprocess.run(
        ["clang-tidy", "--quiet", CONFIGURATION, path] + extra, capture_output=True, text=True, cwd=sources.ROOT
    )
    lines = [line for line in done.stdout.splitlines() if ": error: " in line]
    if done.returncode != 0 and not lines:
        lines = [f"{path}: clang-tidy ended with {done.returncode}: {done.stderr.strip()}"]
    return of_written(lines, BUILD)


def self_test():
    bad = "#include <stdlib.h>\nint f(void);\nint f(void)\n{\n\tint *a = malloc(4);\n\tfree(a);\n\treturn *a;\n}\n"
    warned = "int f(int a);\nint f(int a)\n{\n\tunsigned b = a;\n\treturn b > 1;\n}\n"
    good = "int f(int a);\nint f(int a)\n{\n\treturn a;\n}\n"
    wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        for text, checks, refused in (
            (bad, [], True), (bad, OF_TESTS, False), (warned, [], True), (warned, OF_TESTS, True), (good, [], False),
            (good, OF_TESTS, False),
        ):
            path = os.path.join(directory, "a.c")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            if bool(complaints_of(path, [*checks, "--", "-std=c11", "-Wconversion"])) != refused:
                print(f"self-test: judged wrongly: {text!r} with {checks}")
                wrong += 1
    told = of_written(["/a/build/b.h:1:1: error: c", "/a/build.h:1:1: error: c", "/a/b.c:1:1: error: c"], "/a/build")
    if told != ["/a/build.h:1:1: error: c", "/a/b.c:1:1: error: c"]:
        print(f"self-test: told about the wrong files: {told}")
        wrong += 1
    print(f"check_tidy self-test: 7 cases, {wrong} wrong")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    database = os.path.join(BUILD, "compile_commands.json")
    if not os.path.isfile(database):
        print(f"check_tidy: there is no {database}; build first, or name a build with HEARTH_BUILD")
        return 1
    with open(database, encoding="utf-8") as file:
        listed = sorted({row["file"] for row in json.load(file)})
    written = [path for path in listed if sources.is_written(path, BUILD)]
    rest = ["-p", BUILD, "--extra-arg=-Wno-unknown-warning-option"]

    def complaints_about(path):
        return complaints_of(path, (OF_TESTS if path.startswith(sources.ROOT + "/tests/") else []) + rest)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = pool.map(complaints_about, written)
        complaints = sorted({line for lines in rows for line in lines})
    return sources.report("check_tidy", complaints, len(written))


if __name__ == "__main__":
    sys.exit(main())
