"""A master that is absent, ends, is killed or stands still: mobile nodes notice nothing, and its return is found by itself."""

import contextlib
import json
import os
import platform
import socket
import subprocess
import threading

import pytest
from agent import BUILD, program
from cluster import load_associations
from managed import Managed
from processes import die_with_parent
from snmp import READER
from waiting import wait_for

NODES = 200
RATE = 300  # registrations a second
ANSWERS = 200  # that a state must last, at least
BINDINGS = "1.3.6.1.2.1.44.1.6.3.1.1"
HOMES = f"{BINDINGS}.1"
WALKERS = 4


class Load:
    """Registrations without end, so many after so many; each has an answer, at its first try, and it is acceptance."""

    def __init__(self, agent):
        self.agent = agent
        self.results = []
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        command = [program("agentload"), "--target", f"{self.agent.address}:{self.agent.port}", "--nodes", str(NODES), "--rate",
                   str(RATE), "--timeout", "60", "--window", "100000", "--count", str(RATE), "move"]
        while not self.ending.is_set():
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                                  preexec_fn=die_with_parent)
            self.results.append(json.loads(done.stdout) if done.stdout else {"error": done.stderr})

    def __enter__(self):
        self.thread.start()
        self.goes_on()
        return self

    def accepted(self):
        return sum(row["value"] for row in self.agent.ctl("counters") if row["name"] in ("accepted", "accepted-one-binding"))

    def goes_on(self):
        """Await some more answers, while things are as they are."""
        before = self.accepted()
        wait_for(lambda: self.accepted() >= before + ANSWERS, "registrations are answered")

    def __exit__(self, kind, value, traceback):
        self.ending.set()
        self.thread.join()
        if kind is not None:
            return
        assert self.results
        for result in self.results:
            assert (result.get("sent"), result.get("accepted"), result.get("again")) == (RATE, RATE, 0), result


def bindings(managed):
    return len(managed.reader().bulkwalk(HOMES))


def await_bindings(managed):
    """A walk while the store still follows finds a node in two places, or in none."""
    wait_for(lambda: bindings(managed) == NODES, "all bindings are there for managers")


def counter(managed, name):
    return next(row["value"] for row in managed.agent.ctl("counters") if row["name"] == name)


@pytest.fixture
def managed(tmp_path):
    """An agentd, not yet started, and its snmpd, neither. However late it is, it answers what is said once."""
    managed = Managed(str(tmp_path / "one"), "agentx", configuration={"overload": {"request-age": 0}},
                      associations=list(load_associations(NODES)))
    yield managed
    try:
        if managed.agent.process:
            assert managed.agent.stop() == 0, managed.agent.log()
    finally:
        managed.stop()


@pytest.fixture
def served(managed):
    """Both, with all bindings there."""
    managed.start()
    managed.agent.start()
    with Load(managed.agent):
        wait_for(lambda: managed.agent.ctl("status")["bindings"] == NODES, "all nodes are bound")
    wait_for(lambda: managed.answers() and bindings(managed) == NODES, "all bindings are there for managers")
    yield managed


def test_absent_at_the_start(managed):
    managed.agent.start()
    with Load(managed.agent) as load:
        managed.start()
        managed.await_objects()
        load.goes_on()
    await_bindings(managed)
    assert counter(managed, "snmp-master-joined") == 1


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_gone_and_back(served, end):
    joined, lost = counter(served, "snmp-master-joined"), counter(served, "snmp-master-lost")
    with Load(served.agent) as load:
        getattr(served.snmpd, end)()
        wait_for(lambda: counter(served, "snmp-master-lost") == lost + 1, "agentd notices")
        load.goes_on()
        served.snmpd.start()
        served.await_objects()
        load.goes_on()
    await_bindings(served)
    assert counter(served, "snmp-master-joined") == joined + 1


def test_stands_still_and_goes_on(served):
    with Load(served.agent) as load:
        served.snmpd.freeze()
        load.goes_on()
        assert served.agent.ctl("bindings"), "agentctl is answered, too"
        served.snmpd.thaw()
        served.await_objects()
        load.goes_on()
    await_bindings(served)


def test_the_end_of_agentd_waits_for_nobody(served):
    served.snmpd.freeze()
    assert served.agent.stop() == 0, served.agent.log()
    served.snmpd.thaw()
    wait_for(lambda: not served.answers(), "the master has noticed")
    assert served.reader().getnext(BINDINGS)[0].oid[:7] != (1, 3, 6, 1, 2, 1, 44)
    served.agent.start()
    served.await_objects()
    await_bindings(served)


BACKLOG = 6  # connections that wait at snmpd to be accepted
CONNECT = {"x86_64": 42, "aarch64": 203}  # the number of the system call


def stands_in_connect(agent):
    """Does the SNMP thread wait for a connection that nobody accepts?"""
    tasks = f"/proc/{agent.process.pid}/task"
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/comm", encoding="ascii") as name, open(f"{tasks}/{task}/syscall", encoding="ascii") as call:
            if name.read().strip() == "snmp":
                return call.read().split()[0] == str(CONNECT[platform.machine()])
    raise AssertionError("there is no such thread")


@pytest.mark.skipif(platform.machine() not in CONNECT, reason="it is not known what connect() is called here")
def test_the_end_of_agentd_waits_for_no_connection(served):
    """A master that stands still accepts nobody. Once as many as it lets wait are there, connecting waits without a limit."""
    served.snmpd.freeze()
    with contextlib.ExitStack() as waiting:
        for _ in range(BACKLOG):
            one = waiting.enter_context(socket.socket(socket.AF_UNIX))
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(served.snmpd.agentx.removeprefix("unix:"))
        wait_for(lambda: stands_in_connect(served.agent), "agentd connects, and is not accepted")
        with Load(served.agent) as load:
            load.goes_on()
        assert served.agent.stop() == 0, served.agent.log()
    served.snmpd.thaw()
    served.agent.start()
    served.await_objects()
    await_bindings(served)


def test_walks_end_or_go_on(served):
    """While the master ends and comes back under several managers: what they are told is in order."""
    command = [os.path.join(BUILD, "tests/bench/bench_walk"), "--bulk", "10", "--community", READER.name, "--walkers", str(WALKERS),
               "--timeout", "0.5", "--tries", "1", "--seconds", "8", served.target,
               *(f"{BINDINGS}.{column}" for column in range(1, 9))]
    walks = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    with Load(served.agent) as load:
        for _ in range(2):
            read = counter(served, "snmp-objects-read")
            wait_for(lambda: counter(served, "snmp-objects-read") > read + 8 * NODES, "walks go on")  # noqa: B023
            served.snmpd.kill()
            served.snmpd.start()
            served.await_objects()
        load.goes_on()
    result = json.loads(walks.communicate(timeout=120)[0])
    assert result["walks"] > 0 and result["violations"] == 0, result
