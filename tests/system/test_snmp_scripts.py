"""The example scripts of deploy/snmp, as an operator calls them, against a real agentd; and the snippets of configuration, as far as
they can be read without the values that an operator puts in."""

import os
import re
import subprocess

import pytest
from agent import ASSOCIATIONS
from managed import Managed
from named import Association, Mobile
from snmp import WRITER, Snmpd
from snmp_tools import environment
from snippets import DIRECTORY, snippet
from waiting import wait_for


def start(way, name, *words):
    return subprocess.Popen(
        [os.path.join(DIRECTORY, name), *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**environment(os.path.join(way.directory, "tools")), "HEARTH_SNMP": f"-v2c -c {WRITER.name} -t 5 -r 0"})


def run(way, name, *words, status=0):
    process = start(way, name, *words)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == status, errors
    return output if status == 0 else errors


@pytest.fixture(name="managed", scope="module")
def open_managed(tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("scripts"))
    with Managed(directory, "embedded") as managed:
        agent = managed.agent
        for row, care_of in zip(ASSOCIATIONS, ("192.0.2.1", "192.0.2.2")):
            mobile = Mobile(row["home"], Association(row["spi"], row["key"], row["algorithm"]), (agent.address, agent.port))
            assert mobile.register(care_of, lifetime=600).code == 0
            if row["home"] == "10.0.0.2":
                assert mobile.register(care_of, identification=1 << 32).code == 133
            mobile.close()
        wait_for(lambda: len(agent.ctl("bindings")) >= 2, "the bindings are in the store")
        yield managed


def test_who_is_bound(managed):
    lines = run(managed, "who-is-bound", managed.target).splitlines()
    assert [line.split()[:3] for line in lines] == [["10.0.0.1", "at", "192.0.2.1"], ["10.0.0.2", "at", "192.0.2.2"]]
    assert all(re.search(r"for \d+ s$", line) for line in lines)
    assert run(managed, "who-is-bound", managed.target, "10.0.0.2").startswith("10.0.0.2 ")


def test_top_failing(managed):
    assert run(managed, "top-failing", managed.target) == "10.0.0.2        denied 1, accepted 1, last code 133\n"


def test_unmask(managed):
    lines = run(managed, "unmask", managed.target).splitlines()
    assert lines[0] == "violations in all: 1"
    assert lines[1] == "10.0.0.2        1 times, last: bad identification, SPI 256"


def test_set_everywhere(managed):
    words = ("registration.bindings-per-node", "3", "0", managed.target)
    for value in ("3", "4"):
        said = run(managed, "set-everywhere", words[0], value, *words[2:])
        assert said == f"{managed.target}: registration.bindings-per-node = {value}\n"
    settings = {row["name"]: row["value"] for row in managed.agent.ctl("config", "list")}
    assert settings[words[0]] == "4"
    errors = run(managed, "set-everywhere", words[0], "99", *words[2:], status=1)
    assert "wrongValue" in errors and "no host took it" in errors


def test_watch_failover(managed):
    watching = start(managed, "watch-failover", "--once", "0", managed.target)
    try:
        assert re.match(rf"\S+ {managed.target}: member \d leads, term \d+|\S+ {managed.target} knows no leader",
                        watching.stdout.readline())
        managed.agent.stop()
        assert re.match(rf"\S+ {managed.target} does not answer", watching.stdout.readline())
        assert watching.wait(timeout=60) == 0
    finally:
        watching.kill()
        watching.communicate()
        managed.agent.start()
        managed.await_objects()


def test_usage(managed):
    for name in ("who-is-bound", "top-failing", "unmask", "set-everywhere", "watch-failover"):
        assert run(managed, name, "--help").startswith(f"usage: {name}")
        assert run(managed, name, status=2).startswith(f"usage: {name}")


def test_snmpd_takes_the_snippet(tmp_path):
    with Snmpd(str(tmp_path / "snmpd"), snippet("snmpd.conf"), agentx=None) as snmpd:
        assert "Unknown token" not in snmpd.log() and "Error" not in snmpd.log()


def test_agentd_takes_the_snippet(tmp_path):
    with Managed(str(tmp_path / "one"), "embedded", snippet("embedded.conf")) as managed:
        assert not [line for line in managed.agent.log().splitlines() if " warning SNMP" in line]
