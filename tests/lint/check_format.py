#!/usr/bin/env python3
"""Every C file is as clang-format would write it (.clang-format). `--fix` rewrites; `--self-test` proves the teeth."""

import subprocess
import sys

import sources


def complaints_of(name, text):
    """Lines that clang-format would change, as it prints them."""
    command = ["clang-format", "--style=file", "--dry-run", "-Werror", "--ferror-limit=3", f"--assume-filename={name}"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=sources.ROOT)
    if done.returncode == 0:
        return []
    places = [line.replace("<stdin>", name) for line in done.stderr.splitlines() if "error:" in line]
    return places or [f"{name}: clang-format: {done.stderr.strip()}"]


def self_test():
    good = "int f(int a)\n{\n\treturn a;\n}\n"
    cases = [
        (good, False),
        (good.replace("\t", "    "), True),
        (good.replace("\n{", " {"), True),
        ("// clang-format off\nint   a;\n// clang-format on\n", False),
    ]
    wrong = [text for text, refused in cases if bool(complaints_of("proto/a.c", text)) != refused]
    for text in wrong:
        print(f"self-test: judged wrongly: {text!r}")
    print(f"check_format self-test: {len(cases)} cases, {len(wrong)} wrong")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    names = sources.files(".c", ".h")
    if sys.argv[1:] == ["--fix"]:
        return subprocess.run(["clang-format", "--style=file", "-i"] + names, cwd=sources.ROOT).returncode
    complaints = [complaint for name in names for complaint in complaints_of(name, sources.text_of(name))]
    return sources.report("check_format", complaints, len(names))


if __name__ == "__main__":
    sys.exit(main())
