"""The embedded agent as managers know it: who it is, and what it may be asked."""

import os
import socket

import pytest
from managed import Managed
from snmp import READING_USER, Community, NoAnswer, Refused
from waiting import wait_for

ENGINE, BOOTS = (1, 3, 6, 1, 6, 3, 10, 2, 1, 1, 0), (1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0)
RECEIVED = "1.3.6.1.2.1.44.1.6.3.16.0"


def engine_of(managed):
    return [varbind.value for varbind in managed.reader().get(ENGINE, BOOTS)]


def test_the_engine_is_known_again_after_kill_9(tmp_path):
    """Who knows its engine, boots and time takes what comes afterwards, which has more boots."""
    with Managed(str(tmp_path / "one"), "embedded") as managed:
        engine, boots = engine_of(managed)
        managed.agent.kill()
        managed.agent.start()
        managed.await_objects()
        assert engine_of(managed) == [engine, boots + 1]
        assert managed.manager(READING_USER).get(RECEIVED)


def counter(agent, name):
    return {record["name"]: record["value"] for record in agent.ctl("counters")}[name]


def test_who_has_no_right_is_counted(tmp_path):
    with Managed(str(tmp_path / "one"), "embedded") as managed:
        before = counter(managed.agent, "snmp-unauthorised")
        stranger = managed.manager(Community("stranger"), timeout=0.2)
        with pytest.raises(NoAnswer):
            stranger.get(RECEIVED)
        wait_for(lambda: counter(managed.agent, "snmp-unauthorised") == before + 1, "it is counted")


def test_a_refused_request_is_counted_once(tmp_path):
    """However many of its objects are refused. What a walk passes over is none."""
    name, contact = "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.4.0"
    lines = ["view narrow included .1.3.6.1.2.1.1", "rocommunity narrow default -V narrow"]
    with Managed(str(tmp_path / "one"), "embedded", lines) as managed:
        narrow = managed.manager(Community("narrow"))

        def count():
            return counter(managed.agent, "snmp-unauthorised")

        before = count()
        assert [varbind.value for varbind in narrow.get(RECEIVED, ENGINE, BOOTS)] == [None] * 3
        assert count() == before + 1
        with pytest.raises(Refused):
            narrow.set((name, "s", "one"), (contact, "s", "other"))
        assert count() == before + 2
        assert narrow.getnext(RECEIVED)[0].value is None
        assert len(narrow.walk("1.3.6.1.2.1.1")) == len(narrow.bulkwalk("1.3.6.1.2.1.1")) > 0
        assert count() == before + 2


def fail_to_start(tmp_path, mend):
    managed = Managed(str(tmp_path / "one"), "embedded")
    mend(managed)
    managed.agent.spawn()
    assert managed.agent.process.wait(timeout=60) == 1
    managed.agent.process = None
    return [line for line in managed.agent.log().splitlines() if " error " in line][0]


def test_a_file_of_passwords_must_be_closed(tmp_path):
    line = fail_to_start(tmp_path, lambda managed: os.chmod(managed.configuration_path, 0o644))
    assert "chmod o=" in line


def test_a_file_that_is_not_there_ends_the_start(tmp_path):
    assert "No such file" in fail_to_start(tmp_path, lambda managed: os.remove(managed.configuration_path))


def test_a_port_that_is_taken_ends_the_start(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        def take(managed):
            address, port = managed.target.split(":")
            other.bind((address, int(port)))
        assert "cannot be listened for" in fail_to_start(tmp_path, take)


def test_a_word_that_is_none_is_a_warning(tmp_path):
    with Managed(str(tmp_path / "one"), "embedded", ["bogus words"]) as managed:
        assert any(" warning " in line and "bogus" in line for line in managed.agent.log().splitlines())
