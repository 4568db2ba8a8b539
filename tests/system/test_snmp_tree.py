"""Every object that agentd serves: all of them in order, each by GET, from each to the next, and from what is none of them.

What there must be is read from the outlines of the modules. The agent under test has something of everything: nodes by address
and by name, bindings, failures, a pool, an alarm, settings. Over a real snmpd, and embedded."""

import socket
import struct

import pytest
from agent import ASSOCIATIONS
from managed import MODES, Managed
from mib_outline import read_module
from named import Association, Mobile, Named
from waiting import wait_for

MIP, HEARTH = (1, 3, 6, 1, 2, 1, 44, 1), (1, 3, 6, 1, 4, 1, 32473, 1, 1)
OF_HOME_AGENT = (MIP + (1,), MIP + (2,), MIP + (6,))
# Of roles that agentd does not play here.
OF_OTHERS = (MIP + (3,), MIP + (4,), MIP + (5,))
TOGETHER = 50  # objects of one request
NAMED = {"kind": "mobile", "nai": "ann@example.net", "spi": 300, "algorithm": "hmac-sha256", "key": bytes(range(32)).hex(),
         "pool": "east"}
FOREIGN = {"kind": "foreign-agent", "address": "192.0.2.77", "spi": 400, "algorithm": "keyed-md5", "key": bytes(range(16)).hex()}

# What a lone node without a data plane cannot know, or has no row of.
ABSENT = {
    "hearthGroupFailoverTime": "there was no change of the leader",
    "hearthGroupFailoverDuration": "there was no change of the leader",
    "hearthGroupAddressHere": "it has no interface for the home agent's address",
    "hearthBindingInPackets": "it forwards nothing",
    "hearthBindingInOctets": "it forwards nothing",
    "hearthBindingOutPackets": "it forwards nothing",
    "hearthBindingOutOctets": "it forwards nothing",
    "hearthReplyLatencyMedian": "there was no full minute yet",
    "hearthReplyLatencyHigh": "there was no full minute yet",
    "hearthReplyLatencyMax": "there was no full minute yet",
    "hearthRequestPerMinute": "there was no full minute yet",
    "hearthRequestPerMinutePeak": "there was no full minute yet",
    "hearthRequestPerMinutePeakTime": "there was no full minute yet",
}
ABSENT_TABLES = {
    HEARTH + (3, 1): "it is of no cluster",
    HEARTH + (9, 1): "it forwards nothing",
}


def begins(oid, root):
    return oid[:len(root)] == root


def is_served(oid):
    return begins(oid, HEARTH) or any(begins(oid, root) for root in OF_HOME_AGENT)


def expected_objects():
    """All that may be read, by number."""
    return {one.oid: one for module in ("MIP-MIB", "HEARTH-MIB") for one in read_module(module) if one.readable and is_served(one.oid)}


def walk_all(manager):
    return [varbind for root in (MIP, HEARTH) for varbind in manager.bulkwalk(root)]


def object_of(oid, objects):
    for size in range(len(oid), len(HEARTH), -1):
        if oid[:size] in objects:
            return objects[oid[:size]]
    return objects.get(oid[:len(HEARTH)])


def parts(items):
    items = list(items)
    return [items[start:start + TOGETHER] for start in range(0, len(items), TOGETHER)]


def violate(agent):
    """A request of a known node with a wrong authenticator, and one of nobody."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for home in ("10.0.0.1", "10.99.99.99"):
            fixed = struct.pack("!BBH4s4s4sQ", 1, 0, 300, socket.inet_aton(home), socket.inet_aton(agent.address),
                                socket.inet_aton("192.0.2.9"), 0x0123456789ABCDEF)
            sender.sendto(fixed + struct.pack("!BBI", 32, 20, 256) + bytes(16), (agent.address, agent.port))


def add(agent, row):
    """An association, by agentctl."""
    words = [f"{name}={value}" for name, value in row.items() if name not in ("kind", "key")]
    agent.ctl("association", "add", row["kind"], *words, stdin=row["key"])


def bind(mobile, care_of):
    """A binding, and a request that is denied since its time is long ago."""
    try:
        reply = mobile.register(care_of, lifetime=600)
        assert reply is not None and reply.code == 0
        reply = mobile.register(care_of, identification=1 << 32)
        assert reply is not None and reply.code == 133
    finally:
        mobile.close()


def fill(agent):
    """Something of everything."""
    agent.ctl("pool", "set", "east", "10.5.0.1-10.5.0.1", "released")
    add(agent, NAMED)
    add(agent, {**NAMED, "nai": "bob@example.net"})  # for whom the pool has no address
    for number, row in enumerate(ASSOCIATIONS, 1):
        key = Association(row["spi"], row["key"], row["algorithm"])
        bind(Mobile(row["home"], key, (agent.address, agent.port)), f"192.0.2.{number}")
    bind(Named(agent, NAMED["nai"], Association(NAMED["spi"], NAMED["key"], NAMED["algorithm"])), "192.0.2.9")
    violate(agent)
    agent.ctl("config", "set", "registration.bindings-per-node", "3")
    agent.ctl("node", "set", "10.0.0.2", "bindings=2")
    wait_for(lambda: len(agent.ctl("bindings")) >= 3, "the bindings are in the store")
    wait_for(lambda: agent.ctl("alarms"), "it is told that the pool is exhausted")


@pytest.fixture(name="managed", params=MODES, scope="module")
def open_managed(tmp_path_factory, request):
    directory = tmp_path_factory.mktemp(request.param)
    with Managed(str(directory / "one"), request.param, associations=ASSOCIATIONS + [FOREIGN]) as managed:
        fill(managed.agent)
        yield managed


@pytest.fixture(name="walked", scope="module")
def walk(managed):
    return walk_all(managed.reader())


def test_they_come_in_order(walked):
    oids = [varbind.oid for varbind in walked]
    assert oids == sorted(set(oids))


def test_all_are_there_and_nothing_else(walked):
    objects = expected_objects()
    found = {object_of(varbind.oid, objects) for varbind in walked}
    assert None not in found, [varbind for varbind in walked if not object_of(varbind.oid, objects)]
    missing = {one.name for one in objects.values()} - {one.name for one in found}
    excused = set(ABSENT) | {one.name for one in objects.values() if any(begins(one.oid, root) for root in ABSENT_TABLES)}
    assert missing <= excused, f"not served: {sorted(missing - excused)}"
    assert not missing & {one.name for one in objects.values() if one.scalar} - set(ABSENT)


def test_types_are_those_of_the_modules(walked):
    objects = expected_objects()
    assert [(one.name, varbind.type) for varbind in walked
            for one in [object_of(varbind.oid, objects)] if varbind.type != one.wire] == []


def test_each_is_got(managed, walked):
    reader = managed.reader()
    for some in parts(walked):
        got = reader.get(*(varbind.oid for varbind in some))
        assert [(varbind.oid, varbind.type) for varbind in got] == [(varbind.oid, varbind.type) for varbind in some]


def test_from_each_to_the_next(managed, walked):
    """Also from the last one of a module to what is behind it, which is none of ours."""
    reader = managed.reader()
    oids = [varbind.oid for varbind in walked]
    for some in parts(range(len(oids))):
        after = [varbind.oid for varbind in reader.getnext(*(oids[place] for place in some))]
        for place, oid in zip(some, after):
            wanted = next_of(oids[place], oids[place + 1:place + 2])
            if not wanted or not begins(wanted, oids[place][:7]):
                assert not begins(oid, oids[place][:7])
            elif oid != wanted:
                assert_next_now(reader, oids[place])


def strange_names(oid, column):
    """Names around an object: cut short, overlong, with arcs that are out of range or next to those that are there."""
    index = len(column)
    yield oid[:index]
    yield oid[:index + (len(oid) - index) // 2]
    yield oid + (0,)
    yield oid + (4294967295,) * (128 - len(oid))
    for place in {index, len(oid) - 1}:
        for arc in (oid[place] + 1, 256, 4294967295):
            yield oid[:place] + (arc,) + oid[place + 1:]


def next_of(oid, oids):
    for other in oids:
        if other > oid:
            return other
    return None


def assert_next_now(reader, name):
    """Some objects are there from the first full minute on: what is next is looked up again."""
    def agree():
        oids = [varbind.oid for varbind in walk_all(reader) if begins(varbind.oid, name[:7])]
        return reader.getnext(name)[0].oid == next_of(name, oids)
    wait_for(agree, f"GETNEXT of {name} is what a walk has there")


def test_from_what_is_no_object(managed, walked):
    """Around the last row of each column."""
    reader = managed.reader()
    oids = [varbind.oid for varbind in walked]
    objects = expected_objects()
    last = {object_of(oid, objects).oid: oid for oid in oids}
    asked = sorted({name for column, oid in last.items() for name in strange_names(oid, column)})
    for some in parts(asked):
        for name, varbind in zip(some, reader.getnext(*some)):
            wanted = next_of(name, [oid for oid in oids if begins(oid, name[:7])])
            if wanted and varbind.oid != wanted:
                assert_next_now(reader, name)
    absent = [name for name in asked if name not in set(oids)]
    for some in parts(absent):
        for name, varbind in zip(some, reader.get(*some)):
            known = object_of(name, objects)
            if known and known.name in ABSENT:
                continue
            assert varbind.type in ("noSuchObject", "noSuchInstance"), varbind
            assert (varbind.type == "noSuchInstance") == bool(known), (name, varbind)


def test_what_belongs_to_other_roles_does_not_exist(managed):
    reader = managed.reader()
    others = [one.oid + ((0,) if one.scalar else (0,) * 8) for one in read_module("MIP-MIB")
              if one.readable and any(begins(one.oid, root) for root in OF_OTHERS)]
    assert len(others) > 80
    for some in parts(others):
        assert {varbind.type for varbind in reader.get(*some)} == {"noSuchObject"}


def test_rows_come_and_go_between_requests(managed):
    """A walk goes on behind a row that is gone, and finds one that came before its place."""
    column = HEARTH + (5, 1, 1, 7)  # hearthAssociationAlgorithm
    reader, agent = managed.reader(), managed.agent
    first = reader.getnext(column)[0].oid
    row = {"kind": "mobile", "home": "10.0.0.9", "spi": 900, "algorithm": "hmac-md5", "key": bytes(range(16)).hex()}
    add(agent, row)
    added = column + (0, 1, 0, 4, 10, 0, 0, 9, 900, 1)
    assert reader.value(added) == 1
    before = max(varbind.oid for varbind in reader.walk(column) if varbind.oid < added)
    assert reader.getnext(before)[0].oid == added
    behind = reader.getnext(added)[0].oid
    agent.ctl("association", "remove", "10.0.0.9")
    assert reader.get(added)[0].type == "noSuchInstance"
    assert reader.getnext(added)[0].oid == behind
    assert reader.getnext(column)[0].oid == first
