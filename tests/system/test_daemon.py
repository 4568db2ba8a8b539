"""agentd as a process: rights, limits, signals, files, what the service manager hears, and that keys stay inside."""

import json
import os
import pwd
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess

import pytest
from agent import ASSOCIATIONS, Agent, program
from waiting import wait_for

NOBODY = pwd.getpwnam("nobody")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="starts agentd as root")


def open_agent(directory, **process):
    """An agent whose directories agentd itself must make."""
    directory.chmod(0o755)
    agent = Agent(str(directory), {
        "storage": {"directory": str(directory / "made"), "associations": ""},
        "process": {"control-socket": str(directory / "run/agentd.sock"), **process},
    })
    os.chmod(agent.configuration_path, 0o644)
    return agent


def status_of(agent, name):
    with open(f"/proc/{agent.process.pid}/status", encoding="ascii") as file:
        return re.search(rf"^{name}:[ \t]*(.*)$", file.read(), re.MULTILINE)[1]


def fail_to_start(agent, prefix=()):
    agent.spawn(prefix)
    status = agent.process.wait(timeout=60)
    agent.process = None
    lines = [line for line in agent.log().splitlines() if " error " in line]
    assert len(lines) == 1, agent.log()
    assert status == 1
    return lines[0].split(" error ", 1)[1]


# ---- rights ----


@needs_root
def test_root_becomes_the_user_and_keeps_nothing(open_directory):
    with open_agent(open_directory, user="nobody") as agent:
        assert status_of(agent, "Uid").split() == [str(NOBODY.pw_uid)] * 4
        assert status_of(agent, "Gid").split() == [str(NOBODY.pw_gid)] * 4
        assert status_of(agent, "Groups").split() == []
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status_of(agent, name), 16) == 0, name
        assert status_of(agent, "NoNewPrivs") == "1"


@needs_root
def test_rights_of_a_service_manager_are_given_up(open_directory):
    for name in ("made", "run"):
        (open_directory / name).mkdir()
        os.chown(open_directory / name, NOBODY.pw_uid, NOBODY.pw_gid)
    agent = open_agent(open_directory)
    rights = "+net_bind_service,+net_admin,+net_raw"
    given = ("setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups",
             f"--inh-caps={rights}", f"--ambient-caps={rights}")
    agent.start(given)
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status_of(agent, name), 16) == 0, name
    assert agent.stop() == 0


@needs_root
def test_what_it_makes_belongs_to_the_user_alone(open_directory):
    with open_agent(open_directory, user="nobody") as agent:
        wait_for(lambda: agent.ctl("status")["checkpoints"] > 0, "the store is written")
        for place, mode in ((open_directory / "made", 0o700), (open_directory / "run", 0o750)):
            assert stat.S_IMODE(place.stat().st_mode) == mode
            assert place.stat().st_uid == NOBODY.pw_uid
        for root, _, files in os.walk(open_directory / "made"):
            for name in files:
                status = os.stat(os.path.join(root, name))
                assert status.st_uid == NOBODY.pw_uid and not status.st_mode & 0o077, name
        socket_status = os.stat(open_directory / "run/agentd.sock")
        assert (socket_status.st_uid, stat.S_IMODE(socket_status.st_mode)) == (NOBODY.pw_uid, 0o660)
        agent.restart()


@needs_root
def test_a_low_port_is_bound_before_the_right_is_given_up(open_directory):
    agent = open_agent(open_directory, user="nobody")
    number = os.getpid() & 0x7FFF | 0x8000  # an address that no other run of this test has
    agent.configuration["home-agent"]["address"] = agent.address = f"127.1.{number >> 8}.{number & 255}"
    agent.configuration["home-agent"]["port"] = 434
    agent.write_configuration()
    with agent:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, pytest.raises(OSError):
            probe.bind((agent.address, 434))
        assert int(status_of(agent, "CapEff"), 16) == 0


@needs_root
def test_a_user_that_is_not_there(open_directory):
    said = fail_to_start(open_agent(open_directory, user="nosuchuser"))
    assert said.startswith("process.user: there is no user 'nosuchuser' on this host")


@needs_root
def test_missing_rights_are_said_plainly(open_directory):
    shutil.copy(program("agentd"), open_directory / "agentd")
    as_nobody = ("setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups")
    agent = open_agent(open_directory)
    assert "made: cannot be created: Permission denied" in fail_to_start(agent, as_nobody)
    os.remove(agent.log_path)

    for name in ("made", "run"):
        (open_directory / name).mkdir()
        os.chown(open_directory / name, NOBODY.pw_uid, NOBODY.pw_gid)
    agent.configuration["home-agent"]["port"] = 434
    agent.write_configuration()
    said = fail_to_start(agent, as_nobody)
    assert "port 434" in said and "root or CAP_NET_BIND_SERVICE" in said
    os.remove(agent.log_path)

    agent.configuration["home-agent"]["port"] = agent.port
    agent.write_configuration()
    agent.start(as_nobody)
    assert agent.stop() == 0


def test_a_directory_whose_parent_is_not_there(tmp_path):
    agent = Agent(str(tmp_path), {"storage": {"directory": str(tmp_path / "a/b/c")}})
    assert fail_to_start(agent) == f"directory {tmp_path}/a/b/c: cannot be created: No such file or directory"


# ---- keys stay inside ----


def test_no_core_and_no_dump(agent):
    with open(program("agentd"), "rb") as file:
        watched = b"__asan_init" in file.read()
    with open(f"/proc/{agent.process.pid}/limits", encoding="ascii") as file:
        assert re.search(r"Max core file size\s+0\s+0\s", file.read())
    if not watched:
        assert os.stat(f"/proc/{agent.process.pid}/maps").st_uid == 0  # of a process that may not be dumped


def test_locked_memory_is_allowed_as_far_as_it_goes(agent):
    soft, hard = resource.prlimit(agent.process.pid, resource.RLIMIT_MEMLOCK)
    assert soft == hard


def test_keys_are_in_no_answer_log_or_command_line(agent, tmp_path):
    key = "c0ffee00" * 4
    words = ["association", "add", "mobile", "home=10.7.0.1", "spi=256", "algorithm=hmac-md5"]
    shown = ""
    for arguments, stdin in [
        (words, key), (words, key), (words + ["--replace"], key), (words + ["key=" + key], key), (words, key + "0"),
        (words + [key], key), (["association", "remove", "10.7.0.1", key], None),
    ]:
        for json_output in (True, False):
            done = agent.ctl_raw(*arguments, stdin=stdin, json_output=json_output)
            shown += done.stdout + done.stderr
    lists = tmp_path / "list"
    lists.write_text(f"mobile home=10.7.0.2 spi=256 algorithm=hmac-md5 key={key}\nmobile home=10.7.0.3 key={key}0\n"
                     f"{key}\nmobile {key}=1\nmobile home={key}\n")
    lists.chmod(0o600)
    done = agent.ctl_raw("association", "import", str(lists))
    shown += done.stdout + done.stderr
    for verb in ("status", "bindings", "association list", "counters", "config list"):
        shown += agent.ctl_raw(*verb.split()).stdout
    with open(f"/proc/{agent.process.pid}/cmdline", encoding="ascii") as file:
        shown += file.read()
    agent.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "nothing has changed" in agent.log(), "the configuration is read again")
    shown += agent.log()
    for secret in [key] + [row["key"] for row in ASSOCIATIONS]:
        assert secret not in shown
        assert secret[:16] not in shown


# ---- signals, files, forms of the log ----


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_in_order(agent, number):
    assert agent.end(number) == 0
    assert f"finishing after {number.name}" in agent.log()
    assert agent.log().endswith("notice finished\n")


def test_signals_go_to_the_main_thread_only(agent):
    tasks = f"/proc/{agent.process.pid}/task"
    blocked = {}
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/status", encoding="ascii") as file:
            blocked[int(task)] = int(re.search(r"SigBlk:\s*(\w+)", file.read())[1], 16)
    term = 1 << (signal.SIGTERM - 1)
    assert len(blocked) > 2
    assert not blocked.pop(agent.process.pid) & term
    assert all(mask & term for mask in blocked.values())


def test_end_in_the_middle_of_a_change_is_orderly(agent):
    clients = [
        subprocess.Popen([program("agentctl"), "--socket", agent.socket_path, "config", "set", "registration.max-lifetime",
                          str(600 + i)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for i in range(8)
    ]
    assert agent.stop() == 0
    promised = [client.wait(timeout=60) for client in clients].count(0) > 0
    agent.start()
    values = {row["name"]: row["value"] for row in agent.ctl("config")}
    tried = [str(600 + i) for i in range(8)]
    assert values["registration.max-lifetime"] in tried + ([] if promised else ["1800"])


def test_missing_standard_descriptors_do_no_harm(tmp_path):
    agent = Agent(str(tmp_path))
    agent.spawn(("sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh"))
    wait_for(agent.answers, "agentd answers agentctl")
    for number in range(3):
        assert os.readlink(f"/proc/{agent.process.pid}/fd/{number}") == "/dev/null"
    assert agent.stop() == 0
    assert agent.log() == ""


@pytest.mark.parametrize("form", ["text", "journal", "json"])
def test_forms_of_the_log(tmp_path, form):
    with Agent(str(tmp_path), {"process": {"log-format": form, "log-level": "notice"}}) as agent:
        agent.ctl("config", "set", "registration.max-lifetime", "900")
    lines = agent.log().splitlines()
    assert len(lines) >= 4
    for line in lines:
        if form == "text":
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|notice) .+", line)
        elif form == "journal":
            assert re.fullmatch(r"<[345]>\S.+", line)
        else:
            assert set(json.loads(line)) == {"time", "level", "text"}


# ---- what the service manager hears ----


class Manager:
    """The receiving end of sd_notify."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(60)
        self.heard = []

    def await_word(self, word):
        while True:
            self.heard.append(self.socket.recv(4096).decode())
            if word in self.heard[-1].split("\n"):
                return self.heard[-1]


def test_the_service_manager_is_told(tmp_path, monkeypatch):
    manager = Manager(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    agent = Agent(str(tmp_path / "a"))
    agent.spawn()
    said = manager.await_word("READY=1")
    assert f"STATUS=home agent 127.0.0.1 port {agent.port}" in said
    manager.await_word("WATCHDOG=1")
    agent.process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in manager.await_word("RELOADING=1")
    manager.await_word("READY=1")
    manager.await_word("WATCHDOG=1")
    agent.process.send_signal(signal.SIGTERM)
    manager.await_word("STOPPING=1")
    assert agent.process.wait(timeout=60) == 0
    manager.socket.close()


# ---- manual pages ----


@pytest.mark.parametrize("name, words", [
    ("agentd", ["--manual"]), ("agentd", ["--options", "man"]), ("agentctl", ["--manual"]),
])
def test_manual_pages_are_clean(name, words):
    page = subprocess.run([program(name), *words], check=True, capture_output=True, text=True).stdout
    assert page.startswith('.\\" Written by') and ".SH NAME" in page
    if shutil.which("man"):
        done = subprocess.run(["man", "--warnings", "-l", "-"], input=page, capture_output=True, text=True,
                              env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""})
        assert done.returncode == 0 and done.stderr == "" and name in done.stdout


def test_every_verb_is_in_help_and_manual():
    help_text = subprocess.run([program("agentctl"), "--help"], check=True, capture_output=True, text=True).stdout
    manual = subprocess.run([program("agentctl"), "--manual"], check=True, capture_output=True, text=True).stdout
    verbs = re.findall(r"^  ([a-z]+(?: [a-z]+)?)", help_text, re.MULTILINE)
    assert len(verbs) >= 10
    for verb in verbs:
        assert f".B {verb}" in manual


@pytest.mark.parametrize("name", ["agentd", "agentctl"])
def test_a_full_disk_behind_help_is_a_failure(name):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([program(name), "--help"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1


