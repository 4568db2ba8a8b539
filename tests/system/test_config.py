"""Configuration files, good and bad, through the real program: --check, a start, and SIGHUP with the agent running."""

import os
import signal
import subprocess

import pytest
from agent import program
from waiting import wait_for

ADDRESS = "home-agent: {address: 192.0.2.1}\n"

# text of a file, the sentence expected after its name
BAD = {
    "nothing": ("", ": home-agent.address is missing: it must be an IPv4 address of one host"),
    "a list": ("- a\n", ":1: the file must consist of sections"),
    "unknown section": ("regstration:\n  max-lifetime: 1\n", ":1: there is no section 'regstration'; did you mean 'registration'?"),
    "unknown option": (ADDRESS + "registration:\n  max-lifetme: 1\n",
                       ":3: there is no option 'max-lifetme' in section registration; did you mean 'max-lifetime'?"),
    "option twice": (ADDRESS + "process:\n  user: a\n  user: b\n", ":4: process.user is given twice, first on line 3"),
    "section twice": (ADDRESS + "process: {user: a}\nprocess: {user: b}\n", ":3: process.user is given twice, first on line 2"),
    "too small": (ADDRESS + "registration:\n  replay-tolerance: 3\n",
                  ":3: registration.replay-tolerance: '3' is not allowed: it must be a whole number from 4 to 3600 seconds"),
    "too large": (ADDRESS + "capacity:\n  nodes: 16777217\n",
                  ":3: capacity.nodes: '16777217' is not allowed: it must be a whole number from 1 to 16777216"),
    "not a number": (ADDRESS + "process:\n  network-threads: many\n", ":3: process.network-threads: 'many' is not allowed"),
    "a fraction": (ADDRESS + "process:\n  network-threads: 1.5\n", ":3: process.network-threads: '1.5' is not allowed"),
    "not a flag": (ADDRESS + "registration:\n  revocation: perhaps\n",
                   ":3: registration.revocation: 'perhaps' is not allowed: it must be yes or no"),
    "not an address": ("home-agent:\n  address: ha.example\n", ":2: home-agent.address: 'ha.example' is not allowed"),
    "not one host": ("home-agent:\n  address: 224.0.0.11\n", ":2: home-agent.address: '224.0.0.11' is not allowed"),
    "not a choice": (ADDRESS + "process:\n  log-format: xml\n",
                     ":3: process.log-format: 'xml' is not allowed: it must be one of text, journal, json"),
    "relative path": (ADDRESS + "storage:\n  directory: data\n",
                      ":3: storage.directory: 'data' is not allowed: it must be a path from the root, beginning with /"),
    "nested too deep": (ADDRESS + "process:\n  user: {name: a}\n", ":3: process.user must be one plain value"),
    "a list of values": (ADDRESS + "process:\n  user: [a]\n", ":3: process.user must be one plain value"),
    "anchor": ("home-agent: &a\n  address: 192.0.2.1\n", ":1: anchors are not allowed here"),
    "alias": (ADDRESS + "process: *a\n", ":2: aliases are not allowed here"),
    "tag": ("home-agent:\n  address: !ip 192.0.2.1\n", ":2: tags are not allowed here"),
    "two documents": (ADDRESS + "---\n" + ADDRESS, ":2: a second document begins here; there must be one"),
    "tabs": ("home-agent:\n\taddress: 192.0.2.1\n", ":2: not YAML:"),
    "capacities that do not fit": (ADDRESS + "capacity:\n  nodes: 10\n  associations: 9\n",
                                   ":4: capacity.associations: 9 is not allowed: every node has one, so it must be at least "
                                   "capacity.nodes, 10"),
    "a store that does not fit": (ADDRESS + "storage:\n  store-map: 16\n", ":3: storage.store-map: 16 is not allowed"),
    "too long": (ADDRESS + "storage:\n  directory: /" + "x" * 300 + "\n", ":3: storage.directory is longer than 255 octets"),
    "too large a file": (ADDRESS + "#" * (1 << 20), ": larger than 1048576 octets"),
}


def check(path):
    return subprocess.run([program("agentd"), "--check", str(path)], capture_output=True, text=True)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_line(tmp_path, name):
    text, expected = BAD[name]
    path = tmp_path / "agentd.yaml"
    path.write_text(text)
    done = check(path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(str(path) + expected), done.stderr
    assert done.stderr.count("\n") == 1
    started = subprocess.run([program("agentd"), "--config", str(path)], capture_output=True, text=True, timeout=60)
    assert started.returncode == 1
    assert " error " + str(path) + expected in started.stderr


@pytest.mark.parametrize("octets, expected", [
    (b"home-agent: {address: 192.0.2.1} # \xff\n", ": octet 36: not UTF-8 text"),
    (ADDRESS.encode("utf-16"), ": octet 1: not UTF-8 text"),
    (b"home-agent: {address: \"192.0.2.1\\0\"}\n", ":1: home-agent.address contains a NUL character"),
    (b"\0", ": octet 1: not UTF-8 text"),
])
def test_octets_that_are_no_text(tmp_path, octets, expected):
    path = tmp_path / "agentd.yaml"
    path.write_bytes(octets)
    done = check(path)
    assert done.returncode == 1
    assert done.stderr.startswith(str(path) + expected), done.stderr


@pytest.mark.parametrize("path, expected", [("/nowhere/agentd.yaml", "cannot be opened: No such file"), ("/", "cannot be read: Is a directory")])
def test_files_that_cannot_be_read(path, expected):
    done = check(path)
    assert done.returncode == 1 and done.stderr.startswith(path + ": " + expected)


@pytest.mark.parametrize("text", [
    ADDRESS,
    "---\n" + ADDRESS + "...\n",
    "home-agent:\n  'address': \"192.0.2.1\" # here\nregistration:\ncapacity:\n",
    "home-agent:\r\n  address: 192.0.2.1\r\n",
    "\ufeff" + ADDRESS,
])
def test_good_files_are_ok(tmp_path, text):
    path = tmp_path / "agentd.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    done = check(path)
    assert (done.returncode, done.stdout) == (0, f"{path}: ok\n")


@pytest.mark.parametrize("words", [
    ["--check"], ["--config"], ["--check", "a", "b"], ["--options"], ["--options", "html"], ["--example", "x"], ["run"], ["-h"],
])
def test_wrong_words_are_usage_errors(words):
    done = subprocess.run([program("agentd"), *words], capture_output=True, text=True)
    assert done.returncode == 2 and "usage" in done.stderr and done.stdout == ""


# ---- SIGHUP ----


def reload(agent, text, count=1):
    """Send SIGHUP; await that the log has said `text` this many times."""
    agent.process.send_signal(signal.SIGHUP)
    wait_for(lambda: agent.log().count(text) >= count, f"the log says {text}")


def settings(agent):
    return {row["name"]: row["value"] for row in agent.ctl("config")}


def test_live_options_are_taken_over_and_named(agent):
    agent.configuration["process"]["log-level"] = "info"
    agent.configuration["storage"]["checkpoint-interval"] = 3
    agent.write_configuration()
    reload(agent, "process.log-level: info, was debug")
    wait_for(lambda: "storage.checkpoint-interval: 3, was 1" in agent.log(), "the interval is named")
    assert settings(agent)["process.log-level"] == "info"
    assert settings(agent)["storage.checkpoint-interval"] == "3"


def test_options_that_need_a_restart_stay_and_are_named_until_it(agent):
    agent.configuration["process"]["network-threads"] = 2
    agent.write_configuration()
    sentence = "process.network-threads: stays 1; 2 takes effect with a restart"
    reload(agent, sentence)
    assert settings(agent)["process.network-threads"] == "1"
    reload(agent, sentence, 2)
    agent.restart()
    assert settings(agent)["process.network-threads"] == "2"


def test_options_of_the_cluster_are_not_taken_from_the_file(agent):
    agent.configuration["registration"] = {"max-lifetime": 900}
    agent.write_configuration()
    reload(agent, "registration.max-lifetime: the file says 900, but it belongs to the cluster")
    assert settings(agent)["registration.max-lifetime"] == "1800"
    agent.restart()
    assert settings(agent)["registration.max-lifetime"] == "1800"
    agent.ctl("config", "set", "registration.max-lifetime", "900")
    assert settings(agent)["registration.max-lifetime"] == "900"


def test_a_setting_of_the_cluster_survives_a_reload(agent):
    agent.ctl("config", "set", "registration.max-lifetime", "700")
    agent.configuration["process"]["log-level"] = "info"
    agent.write_configuration()
    reload(agent, "process.log-level: info, was debug")
    assert settings(agent)["registration.max-lifetime"] == "700"


def test_an_unchanged_file_changes_nothing(agent):
    before = settings(agent)
    reload(agent, "nothing has changed")
    assert settings(agent) == before


@pytest.mark.parametrize("text, expected", [
    ("home-agent: {address: 127.0.0.1}\nprocess:\n  log-level: loud\n", ":3: process.log-level: 'loud' is not allowed"),
    ("", ": home-agent.address is missing"),
    (None, ": cannot be opened"),
])
def test_a_bad_file_leaves_the_old_one_in_force(agent, text, expected):
    before = settings(agent)
    if text is None:
        os.remove(agent.configuration_path)
    else:
        with open(agent.configuration_path, "w", encoding="utf-8") as file:
            file.write(text)
    reload(agent, "was not taken over; the configuration stays as it was")
    assert agent.configuration_path + expected in agent.log()
    assert settings(agent) == before
    agent.write_configuration()
    reload(agent, "nothing has changed")


def test_many_reloads_at_once_do_no_harm(agent):
    for number in range(200):
        agent.configuration["process"]["log-level"] = "info" if number % 2 else "debug"
        agent.write_configuration()
        agent.process.send_signal(signal.SIGHUP)
    wait_for(lambda: settings(agent)["process.log-level"] == "info", "the last one is in force")
