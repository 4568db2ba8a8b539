"""Notifications of a real agentd at a real receiver: through snmpd and from agentd itself, as traps and informs, of v2c and v3."""

import os
import socket
import struct

import pytest
from managed import ENABLED, MODES, Managed
from snmp import READING_USER, Receiver
from waiting import wait_for

AUTH_FAILURE = "1.3.6.1.2.1.44.2.0.1"
VIOLATION = (1, 3, 6, 1, 2, 1, 44, 1, 2, 3, 1)
HOME = (10, 0, 0, 1)


def forge(agent, count=1, identification=0x0123456789ABCDEF):
    """Requests of a known mobile node under a wrong key."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            fixed = struct.pack("!BBH4s4s4sQ", 1, 0, 300, bytes(HOME), socket.inet_aton(agent.address),
                                socket.inet_aton("192.0.2.9"), identification)
            sender.sendto(fixed + struct.pack("!BBI", 32, 20, 256) + os.urandom(16), (agent.address, agent.port))


def counter(agent, name):
    return {record["name"]: record["value"] for record in agent.ctl("counters")}[name]


@pytest.fixture(name="receiver")
def open_receiver(tmp_path):
    with Receiver(str(tmp_path / "receiver"), users=[READING_USER]) as receiver:
        yield receiver


@pytest.mark.parametrize("mode", MODES)
def test_a_failed_authentication_is_told_with_who_and_how(tmp_path, receiver, mode):
    with Managed(str(tmp_path / "one"), mode, [f"trap2sink {receiver.target} public"]) as managed:
        forge(managed.agent)
        told = receiver.await_notification(AUTH_FAILURE)
        values = told["values"]
        assert told["version"] == "2c" and told["kind"] == "trap"
        assert [values[VIOLATION + (column,) + HOME] for column in (3, 5, 6)] == [256, 0x89ABCDEF - (1 << 32), 0x01234567]
        assert values[VIOLATION + (7,) + HOME] == 2  # badAuthenticator
        assert counter(managed.agent, "snmp-notifications-sent") >= 1


def inform(target, *options):
    """The line that sends informs of v3 to it."""
    user = READING_USER
    return " ".join(["trapsess -Ci -v3", *options, f"-u {user.name} -l authPriv -a SHA -A {user.secret} -x AES -X {user.secret}",
                     target])


@pytest.mark.parametrize("mode", MODES)
def test_informs_of_v3_are_acknowledged(tmp_path, receiver, mode):
    user = READING_USER
    with Managed(str(tmp_path / "one"), mode, [inform(receiver.target)]) as managed:
        forge(managed.agent)
        told = receiver.await_notification(AUTH_FAILURE)
        assert (told["kind"], told["version"], told["user"]) == ("inform", "3", user.name)


@pytest.mark.parametrize("mode", MODES)
def test_informs_of_v3_are_repeated_to_an_engine_that_is_named(tmp_path, mode):
    """The receiver comes after they were sent first; until then nobody waits for it."""
    receiver = Receiver(str(tmp_path / "receiver"), users=[READING_USER], own_engine="8000000001020304")
    with Managed(str(tmp_path / "one"), mode, [inform(receiver.target, "-e 0x8000000001020304")]) as managed:
        forge(managed.agent)
        wait_for(lambda: counter(managed.agent, "snmp-notifications-sent") == 1, "it was sent")
        assert managed.reader(timeout=2).value(ENABLED) is not None
        with receiver:
            told = receiver.await_notification(AUTH_FAILURE)
            assert (told["kind"], told["version"], told["user"]) == ("inform", "3", READING_USER.name)


def test_who_does_not_answer_informs_keeps_no_manager_waiting(tmp_path):
    """Its engine is asked for, a second long, before each of them; managers who wait two seconds are answered between."""
    count = 5
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        with Managed(str(tmp_path / "one"), "embedded", [inform(target, "-t 1 -r 0")]) as managed:
            manager = managed.reader(timeout=2)
            forge(managed.agent, count)

            def all_are_sent():
                assert manager.value(ENABLED) is not None
                return counter(managed.agent, "snmp-notifications-sent") == count

            wait_for(all_are_sent, "each was sent, late")


@pytest.mark.parametrize("mode", MODES)
def test_a_flood_is_held_back_and_counted(tmp_path, receiver, mode):
    with Managed(str(tmp_path / "one"), mode, [f"trap2sink {receiver.target} public"]) as managed:
        sent = 0
        while counter(managed.agent, "snmp-notifications-held-back") == 0:
            forge(managed.agent, 50)
            sent += 50
        assert sent > 60
        assert len([told for told in receiver.notifications() if told["notification"][-6:] == (2, 1, 44, 2, 0, 1)]) <= 60


def test_what_happens_without_a_master_is_told_to_the_next_one(tmp_path, receiver):
    with Managed(str(tmp_path / "one"), "agentx", [f"trap2sink {receiver.target} public"]) as managed:
        managed.snmpd.stop()
        wait_for(lambda: counter(managed.agent, "snmp-master-lost") == 1, "agentd sees that snmpd is gone")
        forge(managed.agent)
        managed.snmpd.start()
        assert receiver.await_notification(AUTH_FAILURE)["values"][VIOLATION + (3,) + HOME] == 256
