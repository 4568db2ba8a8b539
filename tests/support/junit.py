#!/usr/bin/env python3
"""Tell tests/run what a JUnit file of ctest says: `junit.py PREFIX FILE` prints one line `pass NAME` or `fail NAME` per
test to standard output, and to standard error the output of those that failed. A test that did not run has failed.
"""

import sys
import xml.etree.ElementTree as tree


def main():
    prefix, path = sys.argv[1:]
    for case in tree.parse(path).getroot().iter("testcase"):
        name = f"{prefix}/{case.get('name')}"
        if case.get("status") == "run":
            print(f"pass {name}")
            continue
        print(f"fail {name}")
        failure = case.find("failure")
        why = failure.get("message") if failure is not None else case.get("status")
        output = case.findtext("system-out") or ""
        print(f"---- {name}: {why}\n{output.rstrip()}\n----", file=sys.stderr)


if __name__ == "__main__":
    main()
