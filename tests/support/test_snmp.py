"""The SNMP daemons and tools of tests, with snmpd's own objects: what was read is what is there, and what is refused says why."""

import subprocess

import pytest
from snmp import (
    EVERYBODY, READER, READING_USER, WRITER, WRITING_USER, Community, Manager, NoAnswer, Receiver, Refused, Snmpd, Subagent,
    User, numbers,
)
from snmp_tools import environment, program, read_varbinds
from waiting import wait_for

SYSTEM = "1.3.6.1.2.1.1"
OBJECT_ID, UP_TIME, CONTACT, NAME, LOCATION, SERVICES = (f"{SYSTEM}.{column}.0" for column in range(2, 8))
BOOTS = "1.3.6.1.6.3.10.2.1.2.0"
HOST_DATE = "1.3.6.1.2.1.25.1.2.0"
NOTHING = "1.3.6.1.2.1.44"
PLACE = "a cellar with a name that is longer than one line of octets"
EVENT, DETAIL = "1.3.6.1.4.1.32473.1.0.4", "1.3.6.1.4.1.32473.1.1.10.2.0"
TIMES_OUT = {"timeout": 0.2}


@pytest.fixture
def snmpd(tmp_path):
    with Snmpd(str(tmp_path / "snmpd"), ["sysServices 72", f"sysLocation {PLACE}"]) as running:
        yield running


def test_types_and_values(snmpd):
    reader = snmpd.reader()
    objects = reader.get(OBJECT_ID, UP_TIME, LOCATION, SERVICES)
    assert [varbind.oid for varbind in objects] == [numbers(oid) for oid in (OBJECT_ID, UP_TIME, LOCATION, SERVICES)]
    assert [varbind.type for varbind in objects] == ["OBJECT IDENTIFIER", "TimeTicks", "OCTET STRING", "INTEGER"]
    assert objects[0].value[:6] == (1, 3, 6, 1, 4, 1)
    assert objects[1].value >= 0
    assert [objects[2].value, objects[3].value] == [PLACE.encode(), 72]
    assert reader.get("1.3.6.1.2.1.4.20.1.1.127.0.0.1")[0][1:] == ("IpAddress", "127.0.0.1")
    assert reader.get("1.3.6.1.2.1.11.1.0")[0].type == "Counter32"
    assert reader.getnext("1.3.6.1.2.1.31.1.1.1.6")[0].type == "Counter64"
    assert reader.getnext("1.3.6.1.2.1.2.2.1.5")[0].type == "Gauge32"


def test_what_is_not_there(snmpd):
    reader = snmpd.reader()
    assert [varbind.type for varbind in reader.get(f"{SYSTEM}.3.1", NOTHING)] == ["noSuchInstance", "noSuchObject"]
    assert [varbind.type for varbind in reader.getnext("2.1")] == ["endOfMibView"]
    assert reader.walk(NOTHING) == reader.bulkwalk(NOTHING) == []
    assert reader.value(NOTHING) is None


def test_walks_agree(snmpd):
    reader = snmpd.reader()
    walked = [varbind.oid for varbind in reader.walk(SYSTEM)]
    assert len(walked) > 10 and walked == sorted(walked)
    assert walked == [varbind.oid for varbind in reader.bulkwalk(SYSTEM, repetitions=7)]
    bulk = [varbind.oid for varbind in reader.bulkget(UP_TIME, SYSTEM, repetitions=2, non_repeaters=1)]
    assert bulk == [numbers(CONTACT), walked[0], walked[1]]


def test_writes(snmpd):
    writer = snmpd.writer()
    assert writer.set((CONTACT, "s", "at night"), (NAME, "x", b"three"))[0].value == b"at night"
    assert [varbind.value for varbind in snmpd.reader().get(CONTACT, NAME)] == [b"at night", b"three"]
    with pytest.raises(Refused) as refused:
        snmpd.reader().set((CONTACT, "s", "me"))
    assert (refused.value.status, refused.value.failed) == ("noAccess", numbers(CONTACT))
    with pytest.raises(Refused) as refused:
        writer.set((CONTACT, "i", 4))
    assert refused.value.status == "wrongType"
    with pytest.raises(Refused) as refused:
        writer.set((LOCATION, "s", "of the configuration"))
    assert refused.value.status == "notWritable"


def test_what_was_written_survives_a_restart(snmpd):
    boots = snmpd.reader().value(BOOTS)
    snmpd.writer().set((CONTACT, "s", "at night"))
    snmpd.restart()
    assert snmpd.reader().value(CONTACT) == b"at night"
    assert snmpd.reader().value(BOOTS) == boots + 1


def test_users(snmpd):
    reader, writer = (snmpd.manager(user) for user in (READING_USER, WRITING_USER))
    writer.set((NAME, "s", "three"))
    assert reader.value(NAME) == b"three"
    with pytest.raises(Refused) as refused:
        reader.set((NAME, "s", "me"))
    assert refused.value.status == "noAccess"
    with pytest.raises(Refused) as refused:
        snmpd.manager(User(READING_USER.name, secret="another secret")).get(NAME)
    assert refused.value.status.startswith("Authentication failure")
    with pytest.raises(Refused) as refused:
        snmpd.manager(User("nobody")).get(NAME)
    assert refused.value.status == "Unknown user name"
    snmpd.kill()
    snmpd.start()
    assert reader.value(SERVICES) == 72


def test_who_is_not_let_in_hears_nothing(snmpd):
    with pytest.raises(NoAnswer):
        snmpd.manager(Community("guess"), **TIMES_OUT).get(NAME)
    snmpd.stop()
    snmpd.who = [who for who in EVERYBODY if who is not WRITER]
    snmpd.configure([])
    snmpd.start()
    assert snmpd.reader().get(NAME)
    with pytest.raises(NoAnswer):
        snmpd.writer(**TIMES_OUT).get(NAME)


def test_a_stalled_master(snmpd):
    snmpd.freeze()
    with pytest.raises(NoAnswer):
        snmpd.reader(**TIMES_OUT).get(NAME)
    snmpd.thaw()
    assert snmpd.reader().get(NAME)
    snmpd.freeze()
    assert snmpd.stop() == 0


@pytest.mark.parametrize("agentx", ["unix", "tcp"])
def test_a_subagent(tmp_path, agentx):
    """What the master does not have comes from a subagent that has it, while that is there."""
    with Snmpd(str(tmp_path / "snmpd"), agentx=agentx, options=["-I", "-hr_system"]) as snmpd:
        assert snmpd.agentx.startswith(f"{agentx}:")
        assert snmpd.reader().get(HOST_DATE)[0].type == "noSuchObject"
        with Subagent(str(tmp_path / "subagent"), snmpd, ["hr_system"], HOST_DATE[:-2]):
            assert snmpd.reader().value(HOST_DATE)
        wait_for(lambda: snmpd.reader().value(HOST_DATE) is None, "it is gone")


def test_a_master_of_nobody(tmp_path):
    with Snmpd(str(tmp_path / "snmpd"), agentx=None) as snmpd:
        assert snmpd.agentx is None and snmpd.reader().get(NAME)
        assert snmpd.reader().value(HOST_DATE)


def notify(tool, receiver, who, *arguments, directory, own=()):
    """Send a notification by one of the tools; its exit status says whether an inform was acknowledged."""
    command = [program(tool), *who.arguments, *own, receiver.target, "", EVENT, *arguments]
    return subprocess.run(command, env=environment(str(directory)), capture_output=True, check=False).returncode


def test_notifications(tmp_path):
    user, engine = User("sender"), "8000000001020304"
    with Receiver(str(tmp_path / "receiver"), users=[user], engines=[engine]) as receiver:
        def send(tool, who, *arguments, own=()):
            assert notify(tool, receiver, who, *arguments, directory=tmp_path / "sender", own=own) == 0

        send("snmptrap", READER, DETAIL, "s", PLACE, UP_TIME, "t", "99")
        first = receiver.await_notification(EVENT)
        assert (first["kind"], first["version"], first["community"]) == ("trap", "2c", READER.name)
        assert first["values"] == {numbers(DETAIL): PLACE.encode(), numbers(UP_TIME): 99}
        assert [varbind.type for varbind in first["objects"]] == ["OCTET STRING", "TimeTicks"]
        assert first["uptime"] > 0

        send("snmptrap", user, DETAIL, "s", "", own=["-e", f"0x{engine}", "-n", "group-1"])
        second = receiver.await_notification(EVENT)
        assert (second["version"], second["user"], second["context"]) == ("3", user.name, "group-1")
        assert second["values"] == {numbers(DETAIL): b""}

        send("snmpinform", user, DETAIL, "i", "1")
        send("snmpinform", READER, DETAIL, "i", "2")
        last = receiver.await_notification(where=lambda notification: notification["values"][numbers(DETAIL)] == 2)
        assert (last["kind"], last["notification"]) == ("inform", numbers(EVENT))
        assert [notification["kind"] for notification in receiver.notifications()] == ["trap", "trap", "inform", "inform"]

        receiver.freeze()
        own = ["-t", "0.2", "-r", "0"]
        assert notify("snmpinform", receiver, READER, DETAIL, "i", "3", directory=tmp_path / "sender", own=own) != 0


def test_what_the_tools_print():
    rows = read_varbinds('.1.3.1 = ""\n.1.3.2 = Hex-STRING: 00 0A \nFF \n.1.3.3 = Timeticks: (5) 0:00:00.05\n'
                         ".1.3.4 = INTEGER: -3\n.1.3.5 = OID: .1.3\n.1.3.6 = Opaque: Float: 0.5\n.1.3.7 = Counter64: 5\n")
    assert [row.value for row in rows] == [b"", b"\x00\x0a\xff", 5, -3, (1, 3), "Float: 0.5", 5]
    with pytest.raises(AssertionError):
        read_varbinds("Timeout\n")


def test_a_manager_of_nobody(tmp_path):
    with pytest.raises(NoAnswer):
        Manager("127.0.0.1:9", READER, timeout=0.1, tries=2).get(UP_TIME)
