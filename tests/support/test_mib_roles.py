"""Every entry of MIP-MIB is served by the program whose role it is, tested and documented, or is a node: nothing is forgotten."""

import os
import re

import pytest
from mib_outline import lines_of, read_module

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
ENTRIES = 195  # of RFC 2006
PROGRAMS = {"agentd", "mobiled"}
NODE = "node"
OUTLINE = re.compile(r"^(\w+)(?: ([\d.]+))?: (\w+)(?:;.*access (\w+))?")
NODES = {"node", "group", "compliance", "Bits"}  # the last is the textual convention
RANGE = re.compile(r"`(\w+)` \|.*up to `(\w+)`")


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def read_outline():
    """name: (number, kind, access)."""
    return {match[1]: (tuple(map(int, match[2].split("."))) if match[2] else None, match[3], match[4])
            for match in map(OUTLINE.match, lines_of("MIP-MIB"))}


def read_roles():
    """name: (programs, tests)."""
    rows = [line.split() for line in text_of("tests/support/mib_roles.txt").splitlines() if not line.startswith("#")]
    assert len({row[0] for row in rows}) == len(rows), "an entry twice"
    return {name: (set(programs.split(",")), tests) for name, programs, *tests in rows}


OBJECTS, ROLES = read_outline(), read_roles()
SERVED = [name for name, (programs, _) in ROLES.items() if programs != {NODE}]


def test_all_entries_are_there():
    assert len(OBJECTS) == ENTRIES and set(ROLES) == set(OBJECTS)


def test_only_what_is_no_object_is_a_node():
    assert {name for name, (programs, _) in ROLES.items() if programs == {NODE}} == \
        {name for name, (_, kind, _) in OBJECTS.items() if kind in NODES}
    assert all(ROLES[name][0] <= PROGRAMS for name in SERVED)


@pytest.mark.parametrize("name", SERVED)
def test_it_is_tested(name):
    _, tests = ROLES[name]
    assert len(tests) >= (2 if OBJECTS[name][2] == "readwrite" else 1), "and what can be written is written in a test, too"
    for test in tests:
        path, function = test.split("::")
        assert f"\ndef {function}(" in text_of(f"tests/{path}"), test


def is_within(name, first, last):
    number, begin, end = (OBJECTS[one][0] for one in (name, first, last))
    return number[:-1] == begin[:-1] == end[:-1] and begin <= number <= end


@pytest.mark.parametrize("name", SERVED)
def test_it_is_documented(name):
    """By its name, its table's, or as one of those from a first one up to a last one; and each in the module."""
    manual = text_of("docs/mib.md")
    table = [other for other, (number, kind, _) in OBJECTS.items() if kind == "table" and OBJECTS[name][0][:len(number)] == number]
    named = any(f"`{one}`" in manual for one in (name, *table))
    ranges = [match.groups() for match in RANGE.finditer(manual) if all(one in OBJECTS for one in match.groups())]
    assert named or any(is_within(name, first, last) for first, last in ranges), "docs/mib.md does not name it"
    definition = re.search(rf"^{name} (?:OBJECT-TYPE|NOTIFICATION-TYPE)\n.*?::=", text_of("mib/MIP-MIB.txt"), re.MULTILINE | re.DOTALL)
    assert definition and "DESCRIPTION" in definition[0]


def test_each_role_is_walked_as_a_whole():
    """What the tests that walk a program's objects find missing is all that can be read."""
    walked = ("system/test_snmp_tree.py::test_all_are_there_and_nothing_else",
              "system/test_snmp_foreign.py::test_a_walk_has_all_of_its_roles_in_order_and_nothing_else",
              "dataplane/test_mobiled_snmp.py::test_all_of_a_mobile_node_is_there_in_order_and_nothing_else")
    for one in read_module("MIP-MIB"):
        assert not one.readable or set(ROLES[one.name][1]) & set(walked), one.name
