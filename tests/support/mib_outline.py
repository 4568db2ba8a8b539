"""The objects of the modules, from their outlines (tests/lint/mib_outline): what a manager may expect of an agent."""

import os
import re
from typing import NamedTuple

DIRECTORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lint/mib_outline")
LINE = re.compile(r"^(\w+) ([\d.]+): (column|scalar); (.+?); access (\w+)")
TYPE = re.compile(r"^(\w+): (.+)$")

# a type of the modules: what it is on the wire
WIRE = {
    "Integer32": "INTEGER", "Enumeration": "INTEGER", "TruthValue": "INTEGER", "RowStatus": "INTEGER", "InetAddressType": "INTEGER",
    "Counter32": "Counter32", "Counter64": "Counter64", "Unsigned64": "Counter64", "Gauge32": "Gauge32", "Unsigned32": "Gauge32",
    "InetPortNumber": "Gauge32", "TimeStamp": "TimeTicks", "TimeTicks": "TimeTicks", "IpAddress": "IpAddress",
    "OctetString": "OCTET STRING", "Bits": "OCTET STRING", "SnmpAdminString": "OCTET STRING", "DateAndTime": "OCTET STRING",
}


class Object(NamedTuple):
    name: str
    oid: tuple
    scalar: bool
    wire: str
    readable: bool


MODULES = ("MIP-MIB", "HEARTH-MIB")


def lines_of(module):
    with open(os.path.join(DIRECTORY, module), encoding="ascii") as file:
        return file.read().splitlines()


def read_types():
    """WIRE, and what the modules name themselves."""
    types = dict(WIRE)
    for match in filter(None, (TYPE.match(line) for module in MODULES for line in lines_of(module))):
        types.setdefault(match[1], types.get(match[2].split()[0]))
    return types


def read_module(module):
    """Columns and scalars of one module, in the order of their numbers."""
    types = read_types()
    return sorted((
        Object(name, tuple(map(int, number.split("."))), kind == "scalar", types[syntax.split()[0]], access in ("readonly", "readwrite"))
        for name, number, kind, syntax, access in (match.groups() for match in map(LINE.match, lines_of(module)) if match)
    ), key=lambda one: one.oid)
