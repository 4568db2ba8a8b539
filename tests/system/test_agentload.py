"""The load generator's storms and floods, held against an agent, and against a target that never answers."""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys

import pytest
from agent import Agent, program
from processes import stop_running
from waiting import wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import NTP_OFFSET_S  # noqa: E402

NODES = 200


def run_load(target, *arguments):
    """agentload to its end; its exit status and result."""
    done = subprocess.run(
        [program("agentload"), "--target", f"{target[0]}:{target[1]}", "--nodes", str(NODES), *arguments],
        capture_output=True, text=True, timeout=300)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def associations():
    lines = subprocess.run([program("agentload"), "associations", "--nodes", str(NODES)], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    for line in lines:
        kind, *fields = line.split()
        yield {"kind": kind, **dict(field.split("=", 1) for field in fields)}


@pytest.fixture
def loaded(tmp_path):
    """An agent that knows the load's nodes, and looks at each datagram, however late and forged they are."""
    with Agent(str(tmp_path), {"overload": {"request-age": 0, "source-failures": 0}}, list(associations())) as agent:
        yield agent
        agent.figures()


def counters(agent):
    return {row["name"]: row["value"] for row in agent.ctl("counters")}


def bindings(agent):
    return [(row["home"], row["care_of"], row["identification"], row["source"]) for row in agent.ctl("bindings")]


def test_what_agentctl_lists_is_a_listing(loaded, tmp_path):
    """Verified as `agentload --help` says, with identifications as agentctl prints them."""
    record = str(tmp_path / "record")
    assert run_load((loaded.address, loaded.port), "--record", record, "register")[0] == 0
    settle(loaded)
    listing = "".join(" ".join(row[:3]) + "\n" for row in bindings(loaded))
    done = subprocess.run([program("agentload"), "--record", record, "verify"], input=listing, capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["lost"] == 0, done.stderr
    usage = subprocess.run([program("agentload"), "--help"], capture_output=True, text=True, check=True).stdout
    assert "16 hexadecimal digits" in usage and "agentctl --json bindings" in usage


def settle(agent):
    """Everything that was taken is in the store, which `bindings` reads."""
    def is_settled():
        status = agent.ctl("status")
        return status["store_index"] == status["applied_index"] and status["bindings"] == NODES
    wait_for(is_settled, "the store holds everything")


def flood(agent, kind, *arguments):
    status, result = run_load((agent.address, agent.port), "--kind", kind, *arguments, "flood")
    assert status == 0
    return result


def test_storm_registers_every_node_once(loaded):
    status, result = run_load((loaded.address, loaded.port), "--rate", "2000", "storm")
    assert status == 0
    assert result["begun"] == result["completed"] == NODES
    assert sum(result["completed_by_try"]) == NODES
    assert result["bad"] == result["denied"] == result["given_up"] == 0
    assert loaded.ctl("status")["bindings"] == NODES


class Silence:
    """A target that takes datagrams and answers none."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.target = self.socket.getsockname()
        self.requests = []

    def take_until_end(self, process):
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            while process.poll() is None:
                if selector.select(0.05):
                    self.requests.append(self.socket.recv(2048))
        return process.communicate()[0]


def identifications_by_node(requests):
    """Seconds of Unix time."""
    by_node = {}
    for octets in requests:
        ntp = int.from_bytes(octets[16:24], "big")
        by_node.setdefault(octets[4:8], []).append((ntp >> 32) - NTP_OFFSET_S + (ntp & 0xFFFFFFFF) / 2**32)
    return by_node


def test_storm_retransmits_anew_with_doubling_pauses():
    silence = Silence()
    process = subprocess.Popen(
        [program("agentload"), "--target", "127.0.0.1:%d" % silence.target[1], "--nodes", "3", "--rate", "1000",
         "--timeout", "0.2", "--tries", "4", "storm"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    result = json.loads(silence.take_until_end(process))
    assert process.returncode == 1
    assert (result["begun"], result["given_up"], result["sent"], result["again"]) == (3, 3, 12, 9)
    by_node = identifications_by_node(silence.requests)
    assert len(by_node) == 3
    for times in by_node.values():
        assert len(times) == 4 and times == sorted(set(times))
        assert times[3] - times[0] > 1.0  # 0.2 + 0.4 + 0.8, where equal pauses would make 0.6


def test_retransmissions_are_the_same_octets():
    silence = Silence()
    process = subprocess.Popen(
        [program("agentload"), "--target", "127.0.0.1:%d" % silence.target[1], "--nodes", "2", "--retransmit", "0.3",
         "--timeout", "1.9", "--tries", "2", "register"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    result = json.loads(silence.take_until_end(process))
    assert process.returncode == 1
    assert (result["sent"], result["again"], result["copies"], result["lost"]) == (4, 2, 8, 4)
    assert len(silence.requests) == 12 and len(set(silence.requests)) == 4, "after 0.3 and 0.9 s, each request"


def test_retransmissions_are_in_the_record(loaded, tmp_path):
    """Whoever hears late sends late: each copy is answered, none has an effect of its own."""
    record = str(tmp_path / "record")
    stop_running(loaded.process)
    process = subprocess.Popen(
        [program("agentload"), "--target", f"{loaded.address}:{loaded.port}", "--nodes", str(NODES), "--record", record,
         "--retransmit", "0.01", "--timeout", "30", "register"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    wait_for(lambda: os.path.exists(record) and os.path.getsize(record) >= 3 * NODES * 32, "requests were sent thrice")
    os.kill(loaded.process.pid, signal.SIGCONT)
    result = json.loads(process.communicate()[0])
    assert (result["accepted"], result["sent"]) == (NODES, NODES) and result["copies"] >= 2 * NODES
    settle(loaded)
    listing = "".join(" ".join(row[:3]) + "\n" for row in bindings(loaded))
    done = subprocess.run([program("agentload"), "--record", record, "verify"], input=listing, capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["acknowledged"] == NODES, done.stderr


def test_watch_tells_of_each_acceptance(loaded):
    done = subprocess.run(
        [program("agentload"), "--target", f"{loaded.address}:{loaded.port}", "--timeout", "0.6", "--count", "5", "watch"],
        capture_output=True, text=True, timeout=60)
    *lines, result = done.stdout.splitlines()
    assert done.returncode == 0 and json.loads(result) == {"mode": "watch", "sent": 5, "accepted": 5, "denied": 0, "bad": 0}
    times = [tuple(map(int, line.split())) for line in lines]
    assert len(times) == 5 and all(sent < accepted for sent, accepted in times)
    assert all(after[0] - before[0] >= 600_000_000 for before, after in zip(times, times[1:]))


def test_storm_needs_a_rate():
    done = subprocess.run([program("agentload"), "storm"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--rate" in done.stderr


def test_forged_flood_moves_nothing(loaded):
    before = counters(loaded)
    result = flood(loaded, "forged", "--count", "2000", "--rate", "2000")
    assert (result["sent"], result["answers"]) == (2000, 0)
    wait_for(lambda: counters(loaded)["security-violations"] - before["security-violations"] == 2000, "all were looked at")
    assert loaded.ctl("status")["bindings"] == 0


@pytest.mark.parametrize("kind", ["forged", "malformed", "oversize"])
def test_every_datagram_is_counted_once(loaded, kind):
    before = counters(loaded)["datagrams"]
    flood(loaded, kind, "--count", "2000", "--rate", "10000")  # some of the malformed say that they are revocations
    wait_for(lambda: counters(loaded)["datagrams"] - before >= 2000, "all were dealt with")
    flood(loaded, kind, "--count", "1", "--rate", "10000")
    wait_for(lambda: counters(loaded)["datagrams"] - before >= 2001, "one more was dealt with")
    assert counters(loaded)["datagrams"] - before == 2001


def test_oversize_flood_is_dropped_unread(loaded):
    flood(loaded, "oversize", "--count", "300", "--rate", "3000")
    wait_for(lambda: counters(loaded)["dropped-oversize"] == 300, "all were dropped")
    assert counters(loaded)["requests"] == 0


def test_valid_flood_registers_and_its_replay_does_not(loaded, tmp_path):
    record = str(tmp_path / "record")
    status, _ = run_load((loaded.address, loaded.port), "--record", record, "register")
    assert status == 0
    assert loaded.figures()["initial"]["accepted"] == NODES
    result = flood(loaded, "valid", "--count", str(NODES), "--rate", "2000")
    assert result["sent"] == NODES
    wait_for(lambda: counters(loaded)["accepted-one-binding"] == 2 * NODES, "all were registered again")
    settle(loaded)
    before = bindings(loaded)
    result = flood(loaded, "replayed", "--record", record, "--count", "1000", "--rate", "10000")
    assert result["sent"] == 1000
    assert set(result["codes"]) <= {"133"}  # each node has registered anew since
    wait_for(lambda: counters(loaded)["denied-id-mismatch"] == 1000, "all replays were denied")
    settle(loaded)
    assert bindings(loaded) == before


def test_flood_from_a_source_that_is_not_ours_is_refused():
    done = subprocess.run([program("agentload"), "--source", "192.0.2.77", "--count", "1", "flood"], capture_output=True,
                          text=True)
    assert done.returncode == 1
    assert done.stdout == ""


def test_flood_wants_a_kind_that_there_is():
    done = subprocess.run([program("agentload"), "--kind", "friendly", "flood"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "friendly" in done.stderr
