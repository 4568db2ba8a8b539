"""The control socket and agentctl: every verb in both forms, files of associations, and clients that mean no good."""

import contextlib
import json
import os
import re
import socket
import stat
import struct
import subprocess
import sys

import pytest
from agent import ASSOCIATIONS, Agent, Refused, program
from waiting import wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import Association, Mobile  # noqa: E402

KEY = "00112233445566778899aabbccddeeff"
ADD = ("association", "add", "mobile", "home=10.1.0.1", "spi=256", "algorithm=hmac-md5")
REQUEST_MAX = 2 << 20
CLIENTS_MAX = 16


def key_file(path, text=KEY + "\n", mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def lines_of(count, network=2):
    return "".join(
        f"mobile home=10.{network}.{i >> 8}.{i & 255} spi=256 algorithm=hmac-md5 key={i:032x}\n" for i in range(count)
    )


# ---- verbs ----


@pytest.mark.parametrize("verb", ["status", "version", "counters", "figures", "groups", "config list", "config", "bindings",
                                  "association list", "association", "nodes"])
def test_every_question_has_an_answer_in_both_forms(steady, verb):
    parsed = steady.ctl(*verb.split())
    table = steady.ctl_raw(*verb.split(), json_output=False)
    assert table.returncode == 0 and table.stdout and not table.stderr
    rows = parsed if isinstance(parsed, list) else [parsed]
    for row in rows:
        for name, value in row.items():
            assert name in table.stdout
            if isinstance(value, str) and value and name not in ("cluster_time", "started"):
                assert value in table.stdout


def test_counters_have_unique_names_and_help(steady):
    rows = steady.ctl("counters")
    assert len({row["name"] for row in rows}) == len(rows) > 20
    assert all(row["help"] and row["value"] >= 0 for row in rows)


def test_figures_tell_requests_by_what_they_ask_for(tmp_path):
    with Agent(str(tmp_path)) as agent:
        row = ASSOCIATIONS[0]
        mobile = Mobile(row["home"], Association(row["spi"], row["key"], row["algorithm"]), (agent.address, agent.port))
        started = agent.ctl("status")
        assert (started["bindings_peak"], started["bindings_peak_time"]) == (0, started["started"])
        assert started["leader_since"] == started["started"] and started["leader_changes"] == 0
        assert started["failover"] is started["failover_ms"] is started["reply_median_us"] is started["reply_max_us"] is None
        for care_of, lifetime in (("198.51.100.7", 300), ("198.51.100.7", 300), ("198.51.100.8", 300), ("198.51.100.8", 0)):
            reply = mobile.register(care_of, lifetime=lifetime)
            assert reply is not None and reply.code in (0, 1)
        rows = agent.figures()
        assert all((row["received"], row["accepted"], row["per_minute"], row["peak_time"]) == (1, 1, 0, None) for row in rows.values())
        counted = {row["name"]: row["value"] for row in agent.ctl("counters") if row["module"] == "requests"}
        assert counted == {f"{kind}-{outcome}": rows[kind][outcome] for kind in rows
                           for outcome in ("received", "accepted", "denied", "unanswered")}
        status, groups = agent.ctl("status"), agent.ctl("groups")
        assert status["bindings"] == 0 and status["bindings_peak"] == 1
        names = ("bindings_peak", "bindings_peak_time", "leader_since", "leader_changes", "failover", "failover_ms")
        assert [{name: row[name] for name in names} for row in groups] == [{name: status[name] for name in names}]
        mobile.close()


@pytest.mark.parametrize("words", [
    ["frobnicate"], [], ["association", "frobnicate"], ["status", "now"], ["bindings", "10.0.0.1", "10.0.0.2"],
    ["bindings", "\u00e9"], ["bindings", "--limit", "0"], ["bindings", "--limit"], ["bindings", "--limit", "x"],
    ["bindings", "--after", "x"], ["bindings", "--after", "10.0.0.1,"], ["bindings", "--replace"],
    ["config", "set", "registration.max-lifetime"], ["association", "remove"], ["association", "remove", "10.0.0.1", "x"],
    ["association", "import"], ["association", "import", "a", "b"], ["association", "list", "--limit", "1"],
    ["--timeout", "0", "status"], ["--timeout", "x", "status"], ["--socket"], ["status", "--key-file", "x"],
    ["association", "add"], ["counters", "--li"], ["counters", "--"],
])
def test_wrong_words_are_usage_errors(steady, words):
    done = steady.ctl_raw(*words, stdin=KEY)
    assert done.returncode == 2, done
    assert "usage" in done.stderr
    assert done.stdout == ""


LINES = [
    (["frobnicate"], "there is no command 'frobnicate'"), ([], "a command is missing"),
    (["association", "frobnicate"], "there is no command 'association frobnicate'"), (["node"], "a word is missing after 'node'"),
    (["--frob", "status"], "there is no option --frob"), (["--timeout", "x", "status"], "--timeout: 'x' is not a number of seconds"),
    (["--timeout", "86401", "status"], "--timeout: '86401' is not a number of seconds from 1 to 86400"),
    (["status", "--timeout"], "--timeout: a value must follow"), (["--socket=/x", "status"], "--socket=/x: the value stands apart"),
    (["status", "--json=1"], "--json=1: --json takes no value"), (["status", "--key-file", "x"], "status has no such option"),
    (["association", "add", "--key-file", ""], "--key-file: the name of the file is empty"),
    (["status", "now"], "'now': status takes no operand"), (["bindings", "10.0.0.1", "10.0.0.2"], "'10.0.0.2': bindings takes no more"),
    (["bindings", "--replace"], "bindings has no option --replace"), (["bindings", "--limit=3"], "--limit=3: the value stands apart"),
    (["bindings", "--limit", "0"], "--limit: '0' is not a number from 1"), (["bindings", "--limit"], "--limit: a value must follow"),
    (["bindings", "--after", "x"], "--after: 'x' is not HOME"), (["bindings", "\u00e9"], "'\u00e9' is neither an IPv4 address nor a NAI"),
    (["config", "set", "registration.max-lifetime"], "an operand is missing"), (["config", "unset", "a", "b"], "'b': config unset takes"),
    (["association", "remove", "10.0.0.1", "x"], "'x' is no SPI"), (["association", "add"], "an operand is missing"),
    (["association", "remove", "10.0.0.1", "256", "use=x"], "'use=x' is neither"), (["association", "remove"], "an operand is missing"),
    (["association", "import"], "the file is missing"), (["association", "import", "a", "b"], "'b': association import takes no more"),
    (["association", "import", "--all", "a"], "association import has no option --all"), (["key", "new"], "the file is missing"),
    (["cluster", "key"], "cluster key needs make or show"), (["cluster", "key", "new", "a"], "cluster key needs make or show"),
    (["cluster", "key", "make"], "the file is missing"), (["cluster", "key", "show", "a", "b"], "'b': cluster key takes no more"),
    (["cluster", "key", "show", "--all"], "cluster key has no option --all"), (["cluster", "key", "make", ""], "the name of the file is"),
    (["key", "new", "a", "b"], "'b': key new takes no more"), (["backup"], "the file is missing"),
    (["backup", "a", "b"], "'b': backup takes no more"), (["backup", "--verify", "a", "b"], "'b': backup takes no more"),
    (["backup", "--force"], "backup has no option --force"), (["node", "set", "10.0.0.1"], "what to set is missing"),
    (["node", "set", "10.0.0.1", "x=1"], "'x=1' is neither policy=NAME nor bindings=N"),
    (["bindings", "remove", "10.0.0.1", "x"], "'x' is no care-of address"), (["pool", "release", "ann"], "'ann' is no IPv4 address"),
    (["pool", "remove", "X"], "'X' is no name of a pool"), (["audit", "undo", "x"], "'x' is no number of a change"),
    (["audit", "--after", "x"], "--after: 'x' is no number of a change"), (["trace", "10.0.0.1", "x"], "'x': trace takes no more"),
    (["backup", ""], "the name of the file is empty"), (["backup", "--verify", ""], "the name of the file is empty"),
    (["association", "import", ""], "the name of the file is empty"), (["key", "new", ""], "the name of the file is empty"),
    (["explain", ""], "the name of the file is empty"), (["trace", "10.0.0.1", "--pcap", ""], "--pcap: the name of the file is"),
    (["trace"], "the mobile node is missing"), (["trace", "10.0.0.1", "--count", "0"], "--count: '0' is not a number from 1"),
    (["trace", "10.0.0.1", "--frob", "1"], "trace has no option --frob"), (["trace", "10.0.0.1", "--pcap"], "--pcap: a value must"),
    (["explain", "01", "--port", "0"], "--port: '0' is not a port"), (["explain"], "the request is missing"),
    (["cluster", "status", "now"], "'now': cluster status takes no operand"), (["cluster", "admit"], "an operand is missing"),
    (["cluster", "drain", "2"], "'2': cluster drain takes no operand"), (["cluster"], "a word is missing after 'cluster'"),
    (["explain", "01", "--at", "then"], "--at: 'then' is not now or capture"), (["explain", "01", "02"], "'02': explain takes no more"),
]


@pytest.mark.parametrize("words, why", LINES)
def test_one_line_says_what_is_wrong(steady, words, why):
    done = steady.ctl_raw(*words, stdin=KEY)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("agentctl: ") and done.stderr.count("\n") == 1
    assert why in done.stderr and "usage" in done.stderr


@pytest.mark.parametrize("words", [
    [KEY], ["association", KEY], ["--frob=" + KEY, "status"], ["status", KEY], ["status", "--timeout", KEY], ["trace", "10.0.0.1", KEY],
    ["association", "remove", "10.0.0.1", KEY], ["association", "import", "a", "--key=" + KEY], ["association", "list", "--key", KEY],
    ["key", "new", "a", KEY], ["cluster", "key", "show", "a", KEY], [KEY, "--help"], ["association", "remove", "mobile", "10.0.0.1", "256", "use=mn-ha", KEY],
])
def test_a_key_in_a_wrong_place_is_not_told(steady, words):
    done = steady.ctl_raw(*words, stdin=KEY)
    assert done.returncode == 2 and KEY not in done.stderr and KEY[:16] not in done.stderr


@pytest.mark.parametrize("words", [["status"], ["transfer"], ["transfer", "2"], ["drain"], ["undrain"], ["admit", "2"]])
def test_a_lone_node_is_of_no_cluster(steady, words):
    done = steady.ctl_raw("cluster", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "agentctl: this node is alone, and of no cluster: cluster.node is 0\n"
    status = steady.ctl("status")
    assert status["member"] is None and status["role"] == "leader"


def test_a_directory_is_no_file_of_associations(steady):
    done = steady.ctl_raw("association", "import", "/etc")
    assert done.returncode == 1 and done.stderr == "agentctl: /etc cannot be opened: Is a directory\n"


def test_help_is_also_of_one_command(steady):
    def help_of(*words):
        done = steady.ctl_raw(*words, "--help", json_output=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert help_of("config", "set").startswith("usage: agentctl config set NAME VALUE [--if-version N]\n")
    assert help_of("trace", "10.0.0.1", "--count").count("usage: ") == 1
    assert re.findall("usage: agentctl (.*?)\n", help_of("policy")) == ["policy list"]
    assert help_of("audit").count("usage: ") == 2 and help_of("association").count("usage: agentctl association ") == 4
    whole = help_of()
    assert "--socket PATH" in whole and "/run/hearth/agentd.sock" in whole and "30 seconds" in whole and "--version" in whole
    assert steady.ctl_raw("--version").stdout == steady.ctl_raw("status", "--version").stdout != ""
    done = steady.ctl_raw("frobnicate", "--help")
    assert (done.returncode, done.stdout) == (2, "")


def test_a_key_on_the_command_line_is_told_whatever_standard_input_is(steady):
    words = ["association", "add", "mobile", "home=10.1.0.1", "spi=256", "algorithm=hmac-md5", "key=" + KEY]
    done = steady.ctl_raw(*words)  # from /dev/null
    assert done.returncode == 2 and "does not belong on a command line" in done.stderr and KEY not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_options_of_agentctl_may_stand_anywhere(steady):
    done = steady.ctl_raw("status", "--timeout", "5", "--json", json_output=False)
    assert done.returncode == 0 and json.loads(done.stdout)["port"] == steady.port


def test_settings_of_the_cluster_change_at_once_and_stay(agent):
    agent.ctl("config", "set", "registration.max-lifetime", "600")
    agent.restart()
    assert {row["name"]: row["value"] for row in agent.ctl("config")}["registration.max-lifetime"] == "600"
    assert "registration.max-lifetime 600: config set by" in agent.log()


@pytest.mark.parametrize("name, value, expected", [
    ("registration.max-lifetime", "0", "a whole number from 1 to 65535 seconds"),
    ("registration.max-lifetme", "60", "did you mean 'registration.max-lifetime'?"),
    ("registration.bindings-per-node", "9", "a whole number from 1 to 8"),
    ("nonsense", "1", "there is no option 'nonsense'"),
    ("home-agent.port", "435", "edit its configuration file and restart"),
    ("process.log-level", "debug", "edit its configuration file and reload"),
])
def test_settings_that_may_not_be_so(steady, name, value, expected):
    before = steady.ctl("config")
    with pytest.raises(Refused) as refused:
        steady.ctl("config", "set", name, value)
    assert refused.value.status == 1
    assert expected in refused.value.text
    assert steady.ctl("config") == before


# ---- associations one by one ----


def test_an_association_is_added_listed_replaced_and_removed(agent, tmp_path):
    assert agent.ctl(*ADD, stdin=KEY + "\n") == {
        "result": "added", "address": "10.1.0.1", "nai": None, "spi": 256, "use": "mn-ha"}
    with pytest.raises(Refused) as refused:
        agent.ctl(*ADD, stdin=KEY)
    assert refused.value.status == 1 and "has an association with SPI 256 already" in refused.value.text
    with pytest.raises(Refused) as refused:
        agent.ctl(*ADD, "bindings=3", "--replace", stdin=KEY)
    assert "another limit" in refused.value.text
    agent.ctl(*ADD, "--replace", "--key-file", key_file(tmp_path / "key"))
    agent.ctl("association", "add", "mobile", "home=10.1.0.1", "spi=0x101", "algorithm=keyed-md5", stdin=KEY)
    rows = agent.ctl("association", "list", "10.1.0.1")
    assert [(row["spi"], row["algorithm"], row["replay"]) for row in rows] == [
        (256, "hmac-md5", "timestamps"), (257, "keyed-md5", "timestamps")]
    assert agent.ctl("association", "remove", "10.1.0.1", "257")["result"] == "removed"
    with pytest.raises(Refused):
        agent.ctl("association", "remove", "10.1.0.1", "257")
    agent.ctl("association", "remove", "10.1.0.1")
    assert "10.1.0.1" not in [row["address"] for row in agent.ctl("association", "list")]


def test_one_address_can_be_both_kinds_of_peer(agent):
    agent.ctl(*ADD, stdin=KEY)
    agent.ctl("association", "add", "foreign-agent", "address=10.1.0.1", "spi=300", "algorithm=hmac-md5", stdin=KEY)
    rows = agent.ctl("association", "list", "10.1.0.1")
    assert [row["kind"] for row in rows] == ["mobile", "foreign-agent"]
    assert rows[1]["tolerance_s"] is None and rows[1]["bindings"] is None
    with pytest.raises(Refused) as refused:
        agent.ctl("association", "remove", "10.1.0.1")
    assert "say mobile or foreign-agent" in refused.value.text
    agent.ctl("association", "remove", "foreign-agent", "10.1.0.1")
    assert [row["kind"] for row in agent.ctl("association", "list", "10.1.0.1")] == ["mobile"]


@pytest.mark.parametrize("words, key, status, expected", [
    (["mobile", "home=10.1.0.1", "spi=255", "algorithm=hmac-md5"], KEY, 1, "field spi must be"),
    (["mobile", "home=10.1.0.1", "algorithm=hmac-md5"], KEY, 2, "field spi is missing"),
    (["mobile", "home=10.1.0.1", "spi=256", "algorithm=hmac-md5"], KEY[:-2], 1, "field key must be"),
    (["mobile", "home=10.1.0.1", "spi=256", "algorithm=hmac-md5"], KEY * 5, 1, "field key must be"),
    (["mobile", "home=10.1.0.1", "spi=256", "algorithm=hmac-md5"], "", 1, "there is no key in it"),
    (["mobile", "home=10.1.0.1", "spi=256", "algorithm=hmac-md5"], KEY + "\n" + KEY, 1, "more than one line"),
    (["mobile", "home=10.1.0.1", "spi=256", "algorithm=hmac-md5"], "00" * 300, 1, "longer than any key"),
    (["mobile", "home=10.1.0.1", "spi=256", "algorithm=hmac-md5", "key=" + KEY], KEY, 2, "does not belong on a command"),
    (["gateway"], KEY, 2, "the first word must be"),
    (["mobile", "x" * 600], KEY, 1, "too long"),
    (["#"], KEY, 2, "usage"),
])
def test_associations_that_may_not_be_so(steady, words, key, status, expected):
    before = steady.ctl("association", "list")
    done = steady.ctl_raw("association", "add", *words, stdin=key)
    assert done.returncode == status, done.stderr
    assert expected in done.stderr
    assert KEY not in done.stderr + done.stdout
    assert steady.ctl("association", "list") == before


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_file_open_to_others_is_refused(steady, tmp_path, mode):
    path = key_file(tmp_path / "key", mode=mode)
    done = steady.ctl_raw(*ADD, "--key-file", path)
    assert done.returncode == 1 and path in done.stderr and "chmod 600" in done.stderr


# ---- import ----


def test_an_import_does_what_it_can_and_names_the_rest(agent, tmp_path):
    text = "# two good ones, in six lines\n" + lines_of(1) + "\nmobile home=10.2.0.1 spi=1 key=" + KEY + "\n"
    text += lines_of(1) + "mobile " + "x" * 2000 + "\n" + lines_of(2).splitlines()[1]
    path = key_file(tmp_path / "list", text)
    done = agent.ctl_raw("association", "import", path, json_output=False)
    assert done.returncode == 1
    assert done.stdout == "2 done, 3 refused\n"
    said = sorted(done.stderr.splitlines())
    assert said[0].startswith(f"{path}:4: field spi must be")
    assert said[1].startswith(f"{path}:5: mobile node 10.2.0.0 has an association with SPI 256 already")
    assert said[2].startswith(f"{path}:6: longer than 512 octets")
    assert KEY not in done.stderr
    again = json.loads(agent.ctl_raw("association", "import", path, "--replace").stdout)
    assert (again["done"], again["refused"]) == (3, 2)
    assert sorted(row["line"] for row in again["errors"]) == [4, 6]


def test_an_import_longer_than_a_batch_is_complete_after_a_crash(tmp_path):
    count = 5000
    with Agent(str(tmp_path / "a"), {"capacity": {"nodes": 6000, "associations": 6000, "bindings": 12000}}) as agent:
        done = agent.ctl("association", "import", key_file(tmp_path / "list", lines_of(count)))
        assert done == {"errors": [], "done": count, "refused": 0}
        wait_for(lambda: agent.log().count("association import by") == 1, "the import is logged, once")
        agent.kill()
        agent.start()
        rows = [row for row in agent.ctl("association", "list") if row["address"].startswith("10.2.")]
        assert len(rows) == count == len({row["address"] for row in rows})
        table = agent.ctl_raw("association", "list", json_output=False).stdout.splitlines()
        assert len([line for line in table if " 10.2." in line]) == count


def test_an_import_beyond_the_capacity_says_so_for_each_line(agent, tmp_path):
    done = agent.ctl_raw("association", "import", key_file(tmp_path / "list", lines_of(1500)))
    parsed = json.loads(done.stdout)
    assert done.returncode == 1
    assert parsed["done"] + parsed["refused"] == 1500
    assert parsed["done"] == agent.configuration["capacity"]["nodes"] - len(agent.associations)
    assert all("capacity" in row["error"] for row in parsed["errors"])


@pytest.mark.parametrize("text, mode, expected", [
    (lines_of(1), 0o644, "chmod 600"),
    (None, None, "cannot be opened"),
])
def test_a_file_that_cannot_be_imported(steady, tmp_path, text, mode, expected):
    path = tmp_path / "list"
    if text is not None:
        key_file(path, text, mode)
    done = steady.ctl_raw("association", "import", str(path), json_output=False)
    assert done.returncode == 1 and expected in done.stderr and str(path) in done.stderr


# ---- what agentctl says when nobody answers ----


def test_nobody_there(tmp_path):
    done = subprocess.run([program("agentctl"), "--socket", str(tmp_path / "none"), "status"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"agentctl: agentd does not answer on {tmp_path / 'none'}: is it running?\n"


def test_a_path_too_long_for_a_socket(tmp_path):
    done = subprocess.run([program("agentctl"), "--socket", "/" + "x" * 200, "status"], capture_output=True, text=True)
    assert done.returncode == 1 and "too long" in done.stderr


@pytest.mark.parametrize("answer, expected", [
    (b"", "closed the connection"),
    (b"\0\0", "closed the connection"),
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what answers is not agentd"),
    (b"\0\0\0\4\xff\xff\xff\xff", "what answers is not agentd"),
    (b"\0\0\0\1", "closed the connection"),
])
def test_somebody_else_there(tmp_path, answer, expected):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        with subprocess.Popen([program("agentctl"), "--socket", path, "status"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as client:
            connection, _ = server.accept()
            connection.recv(1000)
            connection.sendall(answer)
            connection.close()
            out, errors = client.communicate(timeout=60)
    assert client.returncode == 1 and expected in errors and out == ""


def test_a_silent_agent_is_given_up(tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        done = subprocess.run([program("agentctl"), "--socket", path, "--timeout", "1", "status"], capture_output=True,
                              text=True, timeout=60)
    assert done.returncode == 1 and "does not answer in time" in done.stderr


# ---- the socket ----


def test_the_socket_is_for_owner_and_group(agent):
    status = os.stat(agent.socket_path)
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o660
    agent.stop()
    assert not os.path.exists(agent.socket_path)


def test_a_socket_left_by_a_crash_is_replaced(agent):
    agent.kill()
    assert os.path.exists(agent.socket_path)
    agent.start()
    assert agent.ctl("version")


def test_a_file_in_place_of_the_socket_is_left_alone(tmp_path):
    agent = Agent(str(tmp_path))
    with open(agent.socket_path, "w", encoding="utf-8") as file:
        file.write("precious")
    agent.spawn()
    assert agent.process.wait(timeout=60) == 1
    assert "there is something else than a socket" in agent.log()
    with open(agent.socket_path, encoding="utf-8") as file:
        assert file.read() == "precious"


def test_a_socket_in_use_is_refused(steady, tmp_path):
    second = Agent(str(tmp_path / "b"), {"process": {"control-socket": steady.socket_path}})
    second.spawn()
    assert second.process.wait(timeout=60) == 1
    assert "another process answers there" in second.log()
    assert steady.ctl("version")


# ---- bindings ----


def test_bindings_are_listed_page_by_page_in_the_order_of_homes(tmp_path):
    homes = [f"10.0.0.{number}" for number in (2, 9, 10, 100)]
    rows = [{"kind": "mobile", "home": home, "spi": 256, "algorithm": "hmac-md5", "key": KEY} for home in homes]
    with Agent(str(tmp_path), associations=rows) as agent:
        for row in rows:
            mobile = Mobile(row["home"], Association(row["spi"], row["key"], row["algorithm"]), (agent.address, agent.port))
            assert mobile.register("198.51.100.7", lifetime=600).code == 0
            mobile.close()
        wait_for(lambda: len(agent.ctl("bindings")) == len(homes), "all bindings are in the store")
        listed = agent.ctl("bindings")
        assert [row["home"] for row in listed] == homes
        for row in listed:
            assert row["care_of"] == row["endpoint"] == "198.51.100.7"
            assert row["encapsulation"] == "ipip" and row["realm"] == 0
            assert row["granted_s"] == 600 and 0 < row["remaining_s"] <= 600
            assert re.fullmatch(r"[0-9a-f]{16}", row["identification"])
            assert re.fullmatch(r"127\.0\.0\.1:\d+", row["source"])
        assert len({row["node"] for row in listed}) == len(homes)

        def again(*words):
            """A second may have passed since the first listing: what is left of a lifetime is not compared."""
            return [{**row, "remaining_s": listed[0]["remaining_s"]} for row in agent.ctl("bindings", *words)]

        listed = [{**row, "remaining_s": listed[0]["remaining_s"]} for row in listed]
        assert again("10.0.0.10") == listed[2:3]
        assert again("--limit", "2") == listed[:2]
        assert again("--limit", "2", "--after", "10.0.0.9,198.51.100.7") == listed[2:]
        assert again("--after", "10.0.0.9") == listed[2:]
        assert again("--after", "10.0.0.9,198.51.100.6") == listed[1:]
        assert again("--after", "255.255.255.255") == []
        table = agent.ctl_raw("bindings", "--limit", "1", json_output=False).stdout
        assert "; more with --after 10.0.0.2,198.51.100.7; the store trails by " in table
        assert again("--limit", "4") == listed
        assert "more with" not in agent.ctl_raw("bindings", "--limit", "4", json_output=False).stdout


# ---- hostile clients ----


@contextlib.contextmanager
def client_of(agent):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(agent.socket_path)
        client.settimeout(60)
        yield client


def frame(message):
    return struct.pack("!I", len(message)) + message


def field(number, octets):
    size, out = len(octets), bytearray([number << 3 | 2])
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    return bytes(out) + bytes([size]) + octets


def request(verb, *words, secret=None):
    message = field(1, verb) + b"".join(field(2, word) for word in words)
    return frame(message + (field(3, secret) if secret is not None else b""))


def read_all(client):
    out = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(1 << 16):
            out += chunk
    return out


def memory_kib(agent):
    with open(f"/proc/{agent.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


@pytest.mark.parametrize("octets", [
    b"\xff\xff\xff\xff", struct.pack("!I", REQUEST_MAX + 1), b"GET / HTTP/1.1\r\n\r\n",
])
def test_a_length_beyond_reason_ends_the_connection(steady, octets):
    with client_of(steady) as client:
        client.sendall(octets)
        assert read_all(client) == b""
    assert steady.ctl("version")


@pytest.mark.parametrize("message", [
    b"", b"\xff" * 40, field(2, b"x"), field(1, b"status")[:-1], b"\x0a\xff\xff\xff\xff\x0f",
    field(1, b"x" * 600), field(1, b"status") + field(2, b"w" * 600), field(1, b"status") + field(2, b"w") * 33,
    pytest.param(field(1, b"status") + b"\x12\x00" * 1000000, id="a million empty words"),
])
def test_a_frame_that_is_no_request_is_answered_and_ends_the_connection(steady, message):
    with client_of(steady) as client:
        client.sendall(frame(message))
        assert b"not a request of this protocol" in read_all(client)
    assert steady.ctl("version")


@pytest.mark.parametrize("verb, words", [
    (b"", []), (b"nonsense", []), (b"status\n\x1b[31m", []), (b"\xff\xfe", []), (b"bindings", [b"\xff"]),
    (b"bindings", [b"--limit"]), (b"bindings", [b"--limit", b"-1"]), (b"bindings", [b"--limit", b"99999999999999999999"]),
    (b"association import", [b"1"]), (b"association import", [b"--replace"]), (b"association add", [b"mobile"] * 30),
    (b"config set", [b"a" * 500, b"b" * 500]), (b"config set", [b"process.user", b"\n"]), (b"association remove", [b"%n%s"]),
])
def test_nonsense_is_answered_with_an_error(steady, verb, words):
    with client_of(steady) as client:
        client.sendall(request(verb, *words) + request(b"version"))
        client.shutdown(socket.SHUT_WR)
        answer = read_all(client)
    (size,) = struct.unpack("!I", answer[:4])
    first, second = answer[4:4 + size], answer[8 + size:]
    assert first[:1] == b"\x12" and b"\x08\0" not in first[:4]  # an end, with an error
    assert b"agentd" in second  # and the next request is answered as if nothing had been


def test_half_a_frame_costs_nobody_else_anything(agent):
    with contextlib.ExitStack() as stack:
        for _ in range(CLIENTS_MAX - 2):
            client = stack.enter_context(client_of(agent))
            client.sendall(struct.pack("!I", REQUEST_MAX) + b"\x0a")
        assert agent.ctl("version")


def test_frames_in_single_octets_and_many_at_once(steady):
    with client_of(steady) as client:
        for octet in request(b"version"):
            client.sendall(bytes([octet]))
        client.sendall(request(b"version") * 500)
        client.shutdown(socket.SHUT_WR)
        assert read_all(client).count(b"agentd") == 501


def take_place(agent, stack):
    """One client that is served; False while those before it are still being noticed as gone."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        client = stack.enter_context(client_of(agent))
        client.sendall(request(b"version"))
        return b"agentd" in client.recv(1000)
    return False


def test_too_many_clients_are_told_so(agent):
    with contextlib.ExitStack() as stack:
        for _ in range(CLIENTS_MAX):
            wait_for(lambda: take_place(agent, stack), "there is a place")
        done = agent.ctl_raw("version")
        assert done.returncode == 1 and "too many clients at once" in done.stderr
    wait_for(lambda: agent.ctl_raw("version").returncode == 0, "a place is free again")


def test_clients_that_leave_in_the_middle(agent):
    asked = [request(b"config list") * 3, request(b"config set", b"registration.max-lifetime", b"700")]
    for number in range(200):
        # Refused at once while those before it are still being noticed as gone.
        with client_of(agent) as client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(asked[number % 2])
    wait_for(lambda: agent.ctl_raw("config").returncode == 0, "a place is free again")


def test_a_slow_reader_is_sent_no_more_than_it_takes(tmp_path):
    count = 20000
    with Agent(str(tmp_path / "a"), {"capacity": {"nodes": count + 2, "associations": count + 2, "bindings": 2 * count + 8}}) as agent:
        agent.ctl("association", "import", key_file(tmp_path / "list", lines_of(count)))
        with client_of(agent) as client:
            client.sendall(request(b"association list"))
            before = memory_kib(agent)
            client.sendall(request(b"association list") * 1000)
            assert agent.ctl("version")  # others are served meanwhile
            assert memory_kib(agent) - before < 32768  # of gigabytes of answers; sanitizers keep what was freed
            client.shutdown(socket.SHUT_WR)
            received = client.recv(1 << 16)
            while received.count(b"hmac-md5") < count:
                received += client.recv(1 << 20)
        assert agent.ctl("version")


def test_a_listing_is_not_disturbed_by_changes_in_the_middle(tmp_path):
    count = 3000
    with Agent(str(tmp_path / "a"), {"capacity": {"nodes": count + 2, "associations": count + 2, "bindings": 2 * count + 8}}) as agent:
        agent.ctl("association", "import", key_file(tmp_path / "list", lines_of(count)))
        with client_of(agent) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(request(b"association list"))
            received = client.recv(1000)
            agent.ctl("association", "remove", "10.2.1.255")
            client.shutdown(socket.SHUT_WR)
            received += read_all(client)
        for i in range(count):
            assert f"10.2.{i >> 8}.{i & 255}".encode() + b"\x0a" in received or i == 511
