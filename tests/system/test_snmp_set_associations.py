"""Associations and mobile nodes that managers make, change and remove by SNMP."""

import hashlib
import os
import sys

import pytest
from managed import MODES, Managed
from snmp import WRITING_USER, Refused, numbers

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import Association, Mobile  # noqa: E402

MIP, HEARTH = "1.3.6.1.2.1.44.1", "1.3.6.1.4.1.32473.1.1"
STATUS, ALGORITHM, KEY, REPLAY, TOLERANCE, NAME, HOME_TYPE, HOME, POOL, VERSION = 6, 7, 8, 9, 10, 11, 12, 13, 14, 16
TYPE, MODE, MIP_KEY, MIP_REPLAY = 3, 4, 5, 6  # columns of mipSecAssocTable
CREATE_AND_GO, DESTROY = 4, 6
HMAC_MD5, HMAC_SHA256, CHAP = 1, 5, 6
HOME_USE, AAA_USE = 1, 2
NONE, TIMESTAMPS, NONCES = 1, 2, 3
SECRET, OTHER_SECRET = bytes(range(40, 56)), bytes(range(60, 92))
CARE_OF = "192.0.2.9"


def arcs(octets):
    return ".".join(str(octet) for octet in octets)


def digest(name, realm=0):
    return hashlib.sha256(realm.to_bytes(4, "big") + name.encode()).digest()[:16]


def octets_of(address):
    return bytes(int(part) for part in address.split("."))


def association(column, peer, spi=256, kind=1, use=HOME_USE, group=0, realm=0):
    """`peer`: an address, or a name with @."""
    identity = digest(peer) if "@" in peer else octets_of(peer)
    return f"{HEARTH}.5.1.1.{column}.{group}.{kind}.{realm}.{len(identity)}.{arcs(identity)}.{spi}.{use}"


def sec_assoc(column, address, spi):
    return f"{MIP}.2.1.1.{column}.{address}.{spi}"


def node(column, peer, group=0):
    identity = digest(peer) if "@" in peer else octets_of(peer)
    return f"{HEARTH}.6.1.1.{column}.{group}.0.{len(identity)}.{arcs(identity)}"


POLICY, LIMIT = 9, 10


def setting(column, name, group=0):
    return f"{HEARTH}.11.1.1.{column}.{group}." + arcs(name.encode())


def new(peer, key=SECRET, algorithm=HMAC_SHA256, **place):
    return [(association(STATUS, peer, **place), "i", CREATE_AND_GO), (association(ALGORITHM, peer, **place), "i", algorithm),
            (association(KEY, peer, **place), "x", key)]


def counter(managed, name):
    return next(row["value"] for row in managed.agent.ctl("counters") if row["name"] == name)


def audit(agent):
    return [(row["who"], row["what"], row["subject"]) for row in agent.ctl("audit") if row["who"].startswith("snmp")]


def state(managed):
    return managed.agent.ctl("association", "list"), managed.agent.ctl("nodes"), audit(managed.agent)


@pytest.fixture(params=MODES)
def managed(request, tmp_path):
    with Managed(str(tmp_path), request.param) as running:
        yield running


@pytest.fixture(scope="module")
def steady(tmp_path_factory):
    with Managed(str(tmp_path_factory.mktemp("steady")), "embedded") as running:
        running.writer().set((setting(2, "pool.east"), "i", CREATE_AND_GO),
                             (setting(3, "pool.east"), "s", "10.64.0.1-10.64.0.9 sticky"),
                             *new("eva@example.net"), (association(NAME, "eva@example.net"), "s", "eva@example.net"),
                             (association(POOL, "eva@example.net"), "s", "east"))
        yield running


def registers(managed, home, key, spi=256, algorithm="hmac-sha256"):
    mobile = Mobile(home, Association(spi, key.hex(), algorithm), (managed.agent.address, managed.agent.port), timeout=2)
    try:
        reply = mobile.register(CARE_OF)
        return reply is not None and reply.code == 0 and mobile.is_valid(reply)
    finally:
        mobile.close()


# ---- hearthAssociationTable ----

def test_a_node_is_made_changed_and_removed(managed):
    peer, read = "10.9.0.1", managed.reader()
    managed.manager(WRITING_USER).set(*new(peer))
    assert registers(managed, peer, SECRET)
    assert read.value(association(ALGORITHM, peer)) == HMAC_SHA256
    assert read.value(association(KEY, peer)) == b""
    assert read.value(association(REPLAY, peer)) == TIMESTAMPS
    version = read.value(association(VERSION, peer))
    # what protects from replays, with the key that it has
    managed.writer().set((association(TOLERANCE, peer), "u", 30), (association(VERSION, peer), "x", version))
    assert read.value(association(TOLERANCE, peer)) == 30 and read.value(association(VERSION, peer)) > version
    assert registers(managed, peer, SECRET)
    # another key and algorithm
    managed.writer().set((association(ALGORITHM, peer), "i", HMAC_MD5), (association(KEY, peer), "x", OTHER_SECRET))
    assert read.value(association(TOLERANCE, peer)) == 30
    assert registers(managed, peer, OTHER_SECRET, algorithm="hmac-md5") and not registers(managed, peer, SECRET)
    # an old version
    with pytest.raises(Refused) as refused:
        managed.writer().set((association(STATUS, peer), "i", DESTROY), (association(VERSION, peer), "x", version))
    assert (refused.value.status, refused.value.failed) == ("inconsistentValue", numbers(association(VERSION, peer)))
    managed.writer().set((association(STATUS, peer), "i", DESTROY))
    assert read.value(association(STATUS, peer)) is None and read.value(node(LIMIT, peer)) is None
    assert [what for _, what, _ in audit(managed.agent)] == [
        "association removed", "association replaced", "association changed", "association added"]
    assert managed.agent.log().find(SECRET.hex()) == managed.agent.log().find(OTHER_SECRET.hex()) == -1


def test_a_pool_and_its_node_are_made_together(managed):
    peer = "ann@example.net"
    pool = [(setting(2, "pool.east"), "i", CREATE_AND_GO), (setting(3, "pool.east"), "s", "10.64.0.1-10.64.0.9 sticky")]
    named = [*new(peer), (association(NAME, peer), "s", peer), (association(POOL, peer), "s", "east")]
    with pytest.raises(Refused):  # the pool is not there yet
        managed.writer().set(*named)
    managed.writer().set(*pool, *named)
    assert managed.reader().value(association(NAME, peer)) == peer.encode()
    assert managed.reader().value(association(POOL, peer)) == b"east"
    managed.writer().set((setting(2, "policy.gold.burst"), "i", CREATE_AND_GO), (setting(3, "policy.gold.burst"), "s", "9"),
                         (node(POLICY, peer), "s", "gold"), (node(LIMIT, peer), "u", 3))
    assert (managed.reader().value(node(POLICY, peer)), managed.reader().value(node(LIMIT, peer))) == (b"gold", 3)
    managed.writer().set((node(POLICY, peer), "s", ""))
    assert managed.reader().value(node(POLICY, peer)) == b""
    managed.agent.restart()
    managed.await_objects()
    assert (managed.reader().value(node(POLICY, peer)), managed.reader().value(node(LIMIT, peer))) == (b"", 3)
    assert managed.reader().value(association(NAME, peer)) == peer.encode()


ROW, EVA = "10.0.0.1", "eva@example.net"
WRONG = {
    "a key that is too short": (new("10.9.0.2", key=bytes(15)), "wrongLength", 2),
    "a key that is too long": (new("10.9.0.2", key=bytes(65)), "wrongLength", 2),
    "no such algorithm": (new("10.9.0.2", algorithm=7), "wrongValue", 1),
    "no key": (new("10.9.0.2")[:2], "inconsistentValue", 0),
    "no algorithm": ([new("10.9.0.2")[0], new("10.9.0.2")[2]], "inconsistentValue", 0),
    "a row that is there": (new(ROW), "inconsistentValue", 0),
    "no row and no status": (new("10.9.0.2")[1:], "inconsistentName", 0),
    "an algorithm without its key": ([(association(ALGORITHM, ROW), "i", HMAC_SHA256)], "inconsistentValue", 0),
    "a reserved SPI": (new("10.9.0.2", spi=255), "noCreation", 0),
    "no address": (new("0.0.0.0"), "noCreation", 0),
    "no such kind of peer": (new("10.9.0.2", kind=3), "noCreation", 0),
    "no such use": (new("10.9.0.2", use=3), "noCreation", 0),
    "an agent by name": (new("bob@example.net", kind=2), "noCreation", 0),
    "chap between node and home agent": (new("10.9.0.2", algorithm=CHAP), "inconsistentValue", 1),
    "no protection for a node": ([*new("10.9.0.2"), (association(REPLAY, "10.9.0.2"), "i", NONE)], "inconsistentValue", 3),
    "protection for an agent": ([*new("10.9.0.2", kind=2), (association(REPLAY, "10.9.0.2", kind=2), "i", NONCES)],
                                "inconsistentValue", 3),
    "a tolerance that is too short": ([(association(TOLERANCE, ROW), "u", 3)], "wrongValue", 0),
    "a tolerance that is too long": ([(association(TOLERANCE, ROW), "u", 3601)], "wrongValue", 0),
    "a name of another": ([*new("bob@example.net"), (association(NAME, "bob@example.net"), "s", "eve@example.net"),
                           (association(POOL, "bob@example.net"), "s", "east")], "inconsistentValue", 3),
    "a node without its name": ([*new("bob@example.net"), (association(POOL, "bob@example.net"), "s", "east")],
                                "inconsistentValue", 0),
    "a node without an address": ([*new("bob@example.net"), (association(NAME, "bob@example.net"), "s", "bob@example.net")],
                                  "inconsistentValue", 0),
    "no such pool": ([*new("bob@example.net"), (association(NAME, "bob@example.net"), "s", "bob@example.net"),
                      (association(POOL, "bob@example.net"), "s", "west")], "inconsistentValue", 4),
    "another pool than it has": ([(association(POOL, EVA), "s", "west")], "inconsistentValue", 0),
    "another address than it has": ([(association(HOME, ROW), "x", bytes(4))], "inconsistentValue", 0),
    "a kind of address without one": ([(association(HOME_TYPE, ROW), "i", 1)], "inconsistentValue", 0),
    "a key for what goes": ([(association(STATUS, ROW), "i", DESTROY), (association(KEY, ROW), "x", SECRET)], "inconsistentValue", 1),
    "a group that there is not": (new("10.9.0.2", group=1), "noCreation", 0),
    "a good one before a bad one": ([*new("10.9.0.2"), *new("10.9.0.3", key=bytes(3))], "wrongLength", 5),
    "a limit that is too high": ([(node(LIMIT, ROW), "u", 9)], "wrongValue", 0),
    "no such policy": ([(node(POLICY, ROW), "s", "silver")], "inconsistentValue", 0),
    "no such node": ([(node(LIMIT, "10.9.0.2"), "u", 2)], "inconsistentName", 0),
    "a name of a node": ([(node(4, ROW), "s", "x@y")], "notWritable", 0),
    "a short key of MIP-MIB": ([(sec_assoc(MIP_KEY, ROW, 256), "x", bytes(15))], "wrongLength", 0),
    "half a row of MIP-MIB": ([(sec_assoc(TYPE, "10.9.0.2", 256), "i", 2), (sec_assoc(MIP_KEY, "10.9.0.2", 256), "x", SECRET)],
                              "inconsistentName", 0),
    "a row of another algorithm": ([(sec_assoc(TYPE, "10.9.0.2", 256), "i", 1), (sec_assoc(MODE, "10.9.0.2", 256), "i", 1),
                                    (sec_assoc(MIP_KEY, "10.9.0.2", 256), "x", SECRET),
                                    (sec_assoc(MIP_REPLAY, "10.9.0.2", 256), "i", 2)], "inconsistentValue", 0),
    "a mode that does not go with it": ([(sec_assoc(MODE, ROW, 256), "i", 2)], "inconsistentValue", 0),
}


@pytest.mark.parametrize("objects, status, failed", WRONG.values(), ids=WRONG.keys())
def test_each_wrong_has_its_error_and_changes_nothing(steady, objects, status, failed):
    before = state(steady)
    with pytest.raises(Refused) as refused:
        steady.writer().set(*objects)
    assert (refused.value.status, refused.value.failed) == (status, numbers(objects[failed][0]))
    assert state(steady) == before


def test_there_is_room_for_no_more_than_fit(tmp_path):
    with Managed(str(tmp_path), "embedded", configuration={"capacity": {"associations": 3, "nodes": 3, "bindings": 6}}) as managed:
        managed.writer().set(*new("10.9.0.1"))
        with pytest.raises(Refused) as refused:
            managed.writer().set(*new("10.9.0.2"))
        assert refused.value.status == "resourceUnavailable" and counter(managed, "snmp-set-no-room") == 1


# ---- mipSecAssocTable ----

def row_of(address, spi, replay=TIMESTAMPS, key=SECRET):
    return [(sec_assoc(TYPE, address, spi), "i", 2), (sec_assoc(MODE, address, spi), "i", 2),
            (sec_assoc(MIP_KEY, address, spi), "x", key), (sec_assoc(MIP_REPLAY, address, spi), "i", replay)]


def test_a_standard_manager_makes_and_changes_rows(managed):
    read = managed.reader()
    managed.writer().set(*row_of("10.9.0.1", 300))
    assert registers(managed, "10.9.0.1", SECRET, spi=300, algorithm="keyed-md5-rfc2002")
    assert [read.value(sec_assoc(column, "10.9.0.1", 300)) for column in (TYPE, MODE, MIP_KEY, MIP_REPLAY)] == [2, 2, b"", TIMESTAMPS]
    managed.writer().set((sec_assoc(MIP_REPLAY, "10.9.0.1", 300), "i", NONCES))
    assert read.value(sec_assoc(MIP_REPLAY, "10.9.0.1", 300)) == NONCES
    managed.writer().set(*row_of("10.9.0.1", 300, key=SECRET[::-1]))
    assert registers(managed, "10.9.0.1", SECRET[::-1], spi=300, algorithm="keyed-md5-rfc2002")
    # an HMAC has no name there, and keeps its own
    managed.writer().set((sec_assoc(MIP_KEY, "10.0.0.2", 256), "x", SECRET))
    assert read.value(association(ALGORITHM, "10.0.0.2")) == HMAC_MD5
    assert registers(managed, "10.0.0.2", SECRET, algorithm="hmac-md5")
    # what protects nothing is a foreign agent's
    managed.writer().set(*row_of("192.0.2.5", 400, replay=1))
    assert read.value(association(REPLAY, "192.0.2.5", spi=400, kind=2)) == NONE


def test_of_several_groups_the_context_says_which(tmp_path):
    managed = Managed(str(tmp_path), "embedded")
    port = managed.agent.port
    managed.agent.add_group(1, {"address": "127.0.0.3", "port": port})
    with managed:
        with pytest.raises(Refused) as refused:
            managed.writer().set(*row_of("10.9.0.1", 300))
        assert refused.value.status == "resourceUnavailable" and counter(managed, "snmp-set-not-as-one") == 1
        in_group = managed.manager(WRITING_USER, context="group-1")
        in_group.set(*row_of("10.9.0.1", 300))
        assert managed.reader().value(association(ALGORITHM, "10.9.0.1", spi=300, group=1)) == 3
        assert managed.reader().value(association(ALGORITHM, "10.9.0.1", spi=300, group=0)) is None
        with pytest.raises(Refused) as refused:
            managed.writer().set((node(LIMIT, "10.9.0.1", group=1), "u", 3), (node(LIMIT, "10.0.0.1", group=0), "u", 3))
        assert refused.value.status == "resourceUnavailable"
        assert managed.reader().value(node(LIMIT, "10.9.0.1", group=1)) == 2


# ---- what another agent does with the rest of a request ----

OTHER_AGENT = "1.3.6.1.4.1.99999"  # of a program that snmpd runs


@pytest.fixture
def beside_another(tmp_path):
    """Through a master, one of whose own objects refuses each SET when it is carried out."""
    script = tmp_path / "refuses"
    script.write_text("#!/bin/sh\n[ \"$1\" = -s ] && echo not-writable\nexit 0\n")
    script.chmod(0o755)
    with Managed(str(tmp_path / "one"), "agentx", lines=[f"pass .{OTHER_AGENT} {script}"]) as running:
        yield running


def is_undone(managed, *objects):
    """Is all of it as it was, and so for agentd?"""
    other, undone = (f"{OTHER_AGENT}.1.0", "i", 1), counter(managed, "snmp-set-not-undone")
    before = managed.agent.ctl("association", "list"), managed.agent.ctl("nodes")
    for request in ((*objects, other), (other, *objects)):
        with pytest.raises(Refused):
            managed.manager(WRITING_USER).set(*request)
    after = managed.agent.ctl("association", "list"), managed.agent.ctl("nodes")
    return before == after and counter(managed, "snmp-set-not-undone") == undone


def test_keys_are_back_when_another_agent_fails(beside_another):
    managed, peer = beside_another, "10.9.0.1"
    managed.manager(WRITING_USER).set(*new(peer), *new("10.9.0.2"))
    managed.manager(WRITING_USER).set(*new(peer, key=OTHER_SECRET, spi=257))
    assert is_undone(managed, *new("10.9.0.3"))
    assert is_undone(managed, (association(ALGORITHM, peer), "i", HMAC_SHA256), (association(KEY, peer), "x", OTHER_SECRET))
    assert registers(managed, peer, SECRET) and not registers(managed, peer, OTHER_SECRET)
    assert is_undone(managed, (association(STATUS, peer, spi=257), "i", DESTROY))
    assert registers(managed, peer, OTHER_SECRET, spi=257)
    # The last association of a node goes with the node, and so do its bindings.
    assert not is_undone(managed, (association(STATUS, "10.9.0.2"), "i", DESTROY))
    assert not registers(managed, "10.9.0.2", SECRET)
