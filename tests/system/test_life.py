"""The life of an agentd as its operator sees it: start, refusals, reload, crash, end."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys

import pytest
from agent import ASSOCIATIONS, Agent, Refused, program
from waiting import wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import Association, Mobile  # noqa: E402

CARE_OF = "198.51.100.7"


def mobile_of(agent, row):
    return Mobile(row["home"], Association(row["spi"], row["key"], row["algorithm"]), (agent.address, agent.port))


def bind(agent, row, care_of=CARE_OF, lifetime=600):
    mobile = mobile_of(agent, row)
    try:
        reply = mobile.register(care_of, lifetime=lifetime)
        assert reply is not None and reply.code == 0 and mobile.is_valid(reply)
    finally:
        mobile.close()


def bound(agent, row):
    return [binding["care_of"] for binding in agent.ctl("bindings") if binding["home"] == row["home"]]


def start_and_fail(agent):
    """What agentd says when it cannot start; it must end by itself, with a failure."""
    agent.spawn()
    status = agent.process.wait(timeout=120)
    agent.process = None
    assert status != 0
    return agent.log()


def test_status_says_what_it_serves(agent):
    status = agent.ctl("status")
    assert status["address"] == agent.address
    assert status["port"] == agent.port
    assert status["associations"] == len(ASSOCIATIONS)
    assert status["bindings"] == 0


def test_binding_appears_and_goes(agent):
    row = ASSOCIATIONS[0]
    bind(agent, row)
    wait_for(lambda: bound(agent, row) == [CARE_OF], "the binding is listed")
    bind(agent, row, care_of=row["home"], lifetime=0)
    wait_for(lambda: bound(agent, row) == [], "the binding is gone")


def test_binding_survives_a_crash(agent):
    row = ASSOCIATIONS[0]
    bind(agent, row)
    assert agent.kill() == -signal.SIGKILL
    agent.start()
    assert agent.ctl("status")["bindings"] == 1
    wait_for(lambda: bound(agent, row) == [CARE_OF], "the binding is listed again")


def test_deregistration_survives_a_crash(agent):
    row = ASSOCIATIONS[0]
    bind(agent, row)
    bind(agent, row, care_of=row["home"], lifetime=0)
    agent.kill()
    agent.start()
    assert agent.ctl("status")["bindings"] == 0


def test_orderly_end_leaves_nothing_to_replay(agent):
    bind(agent, ASSOCIATIONS[0])
    assert agent.stop() == 0
    agent.start()
    status = agent.ctl("status")
    assert status["bindings"] == 1
    assert bound(agent, ASSOCIATIONS[0]) == [CARE_OF]


def test_second_agentd_on_the_same_directory_is_refused(agent, tmp_path):
    second = Agent(str(tmp_path / "second"), {"storage": {"directory": agent.data_directory}})
    assert "another process has" in start_and_fail(second)
    assert agent.ctl("status")["associations"] == len(ASSOCIATIONS)


def test_taken_port_is_said_plainly(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        said = start_and_fail(Agent(str(tmp_path), {"home-agent": {"port": port}}))
    assert str(port) in said


def test_foreign_address_is_said_plainly(tmp_path):
    said = start_and_fail(Agent(str(tmp_path), {"home-agent": {"address": "192.0.2.200", "port": 4340}}))
    assert "192.0.2.200" in said


@pytest.mark.parametrize(
    "line, expected",
    [
        ("mobile home=10.0.0.3 spi=256 algorithm=hmac-md5", "field key is missing"),
        ("mobile nai=ann@example.net pool=p spi=256 algorithm=hmac-md5 key=" + "00" * 16, "there is no such pool"),
        ("set registration.max-lifetim 60", "did you mean 'registration.max-lifetime'?"),
        ("set registration.max-lifetime 70000", "'70000' is not allowed"),
        ("set home-agent.port 4340", "home-agent.port belongs to the node"),
        ("set pool.p 10.1.0.1", "a pool is FIRST-LAST"),
    ],
)
def test_a_file_of_associations_that_cannot_be_taken_is_named_by_line(tmp_path, line, expected):
    agent = Agent(str(tmp_path))
    path = agent.configuration["storage"]["associations"]
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"set registration.bindings-per-node 3\n{line}\n")
    said = start_and_fail(agent)
    assert f"{path}:4: " in said
    assert expected in said


@pytest.mark.parametrize(
    "section, option, value, expected",
    [
        ("home-agent", "port", 0, "65535"),
        ("home-agent", "address", "nowhere", "nowhere"),
        ("registration", "max-lifetime", 70000, "70000"),
        ("process", "log-level", "loud", "notice"),
        ("process", "no-such-option", 1, "no-such-option"),
    ],
)
def test_check_names_file_line_option_and_what_is_allowed(tmp_path, section, option, value, expected):
    options = {"home-agent": {"port": 434}}
    options.setdefault(section, {})[option] = value
    agent = Agent(str(tmp_path), options)
    done = subprocess.run([program("agentd"), "--check", agent.configuration_path], capture_output=True, text=True)
    with open(agent.configuration_path, encoding="utf-8") as file:
        line = 1 + [text.strip().split(":")[0] for text in file].index(option)
    assert done.returncode != 0
    assert f"{agent.configuration_path}:{line}" in done.stderr
    assert option in done.stderr
    assert expected in done.stderr


def test_root_is_given_up(open_directory):
    directory = str(open_directory)
    agent = Agent(directory, {"process": {"user": "nobody"}})
    shutil.chown(directory, "nobody")
    shutil.chown(agent.data_directory, "nobody")
    shutil.chown(agent.configuration["storage"]["associations"], "nobody")
    with agent:
        with open(f"/proc/{agent.process.pid}/status", encoding="ascii") as file:
            facts = {name: value for name, _, value in (line.partition(":") for line in file)}
        nobody = pwd.getpwnam("nobody")
        assert set(facts["Uid"].split()) == {str(nobody.pw_uid)}
        assert set(facts["Gid"].split()) == {str(nobody.pw_gid)}
        assert facts["Groups"].split() in ([], [str(nobody.pw_gid)])
        assert int(facts["CapEff"], 16) == int(facts["CapPrm"], 16) == int(facts["CapInh"], 16) == 0
        bind(agent, ASSOCIATIONS[0])
        agent.kill()
        agent.start()
        assert agent.ctl("status")["bindings"] == 1


def test_unknown_user_is_said_plainly(tmp_path):
    said = start_and_fail(Agent(str(tmp_path), {"process": {"user": "no-such-user"}}))
    assert "no-such-user" in said


@pytest.mark.parametrize(
    "configuration, said",
    [
        ({"advertisement": {"link-2": "nowhere0 home"}}, "advertisement.link-2: nowhere0: there is no such interface"),
        ({"home-networks": {"network-3": "10.9.0.0/16 link nowhere0"}}, "home-networks.network-3: nowhere0: there is no such interface"),
        ({"foreign-agent": {"care-of": "192.0.2.9,192.0.2.10", "associations": "/nowhere"}}, "foreign-agent.associations: /nowhere: No such"),
        ({"snmp": {"mode": "embedded", "configuration": "/nowhere"}}, "snmp.configuration: /nowhere: No such file"),
    ],
)
def test_check_tells_what_the_host_lacks_of_each_role(tmp_path, configuration, said):
    agent = Agent(str(tmp_path), configuration)
    done = subprocess.run([program("agentd"), "--check", agent.configuration_path], capture_output=True, text=True)
    assert done.returncode == 0 and f"before the start on this host: {said}" in done.stderr


def test_check_tells_what_the_host_lacks(tmp_path):
    agent = Agent(str(tmp_path), {"process": {"user": "nobody-of-that-name"}})
    done = subprocess.run([program("agentd"), "--check", agent.configuration_path], capture_output=True, text=True)
    assert done.returncode == 0
    assert "before the start on this host: process.user: there is no user 'nobody-of-that-name'" in done.stderr
    agent = Agent(str(tmp_path), {"storage": {"associations": "/nowhere"}})
    done = subprocess.run([program("agentd"), "--check", agent.configuration_path], capture_output=True, text=True)
    assert "storage.associations: /nowhere: No such file" in done.stderr
    agent = Agent(str(tmp_path), {"home-agent": {"announce-hook": "/etc/passwd"}})
    done = subprocess.run([program("agentd"), "--check", agent.configuration_path], capture_output=True, text=True)
    assert "home-agent.announce-hook: /etc/passwd: Permission denied" in done.stderr
    agent = Agent(str(tmp_path), {"dataplane": {"route-hook": "/etc/passwd"}})
    done = subprocess.run([program("agentd"), "--check", agent.configuration_path], capture_output=True, text=True)
    assert "dataplane.route-hook: /etc/passwd: Permission denied" in done.stderr
    agent = Agent(str(tmp_path), {"home-agent": {"address": "192.0.2.1", "port": 434, "interface": "nowhere0"}})
    done = subprocess.run([program("agentd"), "--check", agent.configuration_path], capture_output=True, text=True)
    assert "home-agent.interface: nowhere0: there is no such interface" in done.stderr


def test_check_accepts_what_runs(agent):
    done = subprocess.run([program("agentd"), "--check", agent.configuration_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def settings(agent):
    return {row["name"]: row["value"] for row in agent.ctl("config", "list")}


def test_reload_takes_over_what_is_live(agent):
    agent.configuration["process"]["log-level"] = "info"
    agent.write_configuration()
    agent.process.send_signal(signal.SIGHUP)
    wait_for(lambda: settings(agent)["process.log-level"] == "info", "the new level is in force")


def test_reload_of_a_broken_file_changes_nothing(agent):
    before = settings(agent)
    agent.configuration["process"]["log-level"] = "loud"
    agent.write_configuration()
    agent.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "loud" in agent.log(), "the error is logged")
    assert settings(agent) == before


def test_associations_come_and_go_at_run_time(agent):
    row = {"kind": "mobile", "home": "10.0.0.77", "spi": 300, "algorithm": "hmac-md5", "key": "5a" * 16}
    agent.ctl("association", "add", "mobile", "home=10.0.0.77", "spi=300", "algorithm=hmac-md5", stdin=row["key"] + "\n")
    bind(agent, row)
    assert [known["spi"] for known in agent.ctl("association", "list", "10.0.0.77")] == [300]
    agent.ctl("association", "remove", "10.0.0.77")
    assert "10.0.0.77" not in [known["address"] for known in agent.ctl("association", "list")]
    wait_for(lambda: bound(agent, row) == [], "its binding is gone")
    agent.kill()
    agent.start()
    assert "10.0.0.77" not in [known["address"] for known in agent.ctl("association", "list")]


def test_refusals_have_status_1_and_a_sentence(agent):
    with pytest.raises(Refused) as refused:
        agent.ctl("association", "remove", "10.9.9.9")
    assert refused.value.status == 1
    assert refused.value.text


def test_keys_are_never_shown(agent):
    bind(agent, ASSOCIATIONS[0])
    shown = agent.log()
    for verb in ("status", "bindings", "association list", "counters", "config list"):
        for json_output in (True, False):
            done = agent.ctl_raw(*verb.split(), json_output=json_output)
            assert done.returncode == 0, f"{verb}: {done.stderr}"
            shown += done.stdout + done.stderr
    for row in ASSOCIATIONS:
        assert row["key"] not in shown.lower()
        assert bytes.fromhex(row["key"]).decode("latin-1") not in shown


def test_agentctl_without_an_agentd_says_so(tmp_path):
    agent = Agent(str(tmp_path))
    done = agent.ctl_raw("status")
    assert done.returncode == 1
    assert agent.socket_path in done.stderr
