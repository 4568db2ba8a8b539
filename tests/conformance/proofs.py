"""Tests of Hearth's own that show what no case can see: how a row of requirements_tunnels.py names them, and where they are.

A proof is (what it is found by, how the page shows it): the file under tests/, and the words that stand there.
"""

import os

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def packets(file, *cases):
    """Cases of tests/dataplane/packets/, which go through user space and through the BPF program."""
    return tuple((f"dataplane/packets/{file}.txt", f"case {case}\n", f"{file}.txt: {case}") for case in cases)


def unit(name, *tests):
    """Tests of tests/unit/test_NAME.c."""
    return tuple((f"unit/test_{name}.c", f"{{ \"{test}\"", f"test_{name}.c: {test}") for test in tests)


def suite(name, *tests):
    """Tests of tests/dataplane/test_NAME.py: a real agentd between real hosts."""
    return tuple((f"dataplane/test_{name}.py", f"def {test}(", f"test_{name}.py: {test.removeprefix('test_').replace('_', ' ')}")
                 for test in tests)


def is_there(proof):
    path, words, _ = proof
    with open(os.path.join(TESTS, path), encoding="utf-8") as file:
        return words in file.read()
