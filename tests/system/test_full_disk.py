"""A disk that is really full: what was accepted stays, the rest is denied with code 130 and said plainly, and it heals."""

import re
import subprocess

import pytest
from agent import Agent, program
from disks import FILLER, fill
from waiting import wait_for

NODES = 2000
CONFIGURATION = {
    "capacity": {"nodes": NODES, "associations": NODES, "bindings": NODES},
    "storage": {"log-segment": 1, "log-segments": 4},
}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 16 MiB; mounting needs root, which tests/run asks for."""
    path = tmp_path / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(path)], check=True)
    yield path
    subprocess.run(["umount", str(path)], check=True)


@pytest.fixture
def associations(tmp_path):
    """The associations of agentload's nodes, as rows of tests/support/agent.py."""
    text = subprocess.run([program("agentload"), "--nodes", str(NODES), "associations"], capture_output=True, text=True,
                          check=True).stdout
    return [dict([("kind", line.split()[0])] + [word.split("=") for word in line.split()[1:]]) for line in text.splitlines()]


def move(agent, count):
    """Moves of all nodes, as often as `count` says; answers by reply code."""
    done = subprocess.run(
        [program("agentload"), "--target", f"{agent.address}:{agent.port}", "--nodes", str(NODES), "--count", str(count), "move"],
        capture_output=True, text=True)
    return {int(code): int(n) for code, n in re.findall(r'"(\d+)": (\d+)', done.stdout.split('"codes"')[1])}


def counter(agent, name):
    return next(row["value"] for row in agent.ctl("counters") if row["name"] == name)


def full(agent):
    """The alarms of a full file system, which others of the store and the log may come and go beside."""
    return [row["text"] for row in agent.ctl("alarms") if row["kind"] == "store-nearly-full" and "file system" in row["text"]]


def test_full_disk_denies_says_so_and_heals(tmp_path, small_disk, associations):
    configuration = {**CONFIGURATION, "storage": {**CONFIGURATION["storage"], "directory": str(small_disk / "data")}}
    with Agent(str(tmp_path), configuration, associations) as agent:
        assert set(move(agent, NODES)) == {1}
        fill(small_disk)
        # More than the log can hold: in the end it is at its cap.
        seen = wait_for(lambda: (codes := move(agent, 10 * NODES)).get(130) and codes, "code 130")
        assert set(seen) <= {1, 130}
        assert counter(agent, "denied-no-resources") >= seen[130]
        wait_for(lambda: agent.ctl("status")["store_failing"] is True, "the store has failed, too")
        wait_for(lambda: "the store cannot be written: no space left on the disk" in agent.log(), "the log says so")
        assert "denied with code 130" in agent.log()
        (text,) = wait_for(lambda: full(agent), "the full file system is an alarm")
        assert "data is nearly full: 0 of 16 MiB are free" in text

        # Accepted ones are in the log: a crash on the full disk loses none of them.
        agent.kill()
        agent.start()
        assert agent.ctl("status")["bindings"] == NODES

        (small_disk / FILLER).unlink()
        wait_for(lambda: agent.ctl("status")["store_failing"] is False and agent.ctl("status")["store_lag_ms"] == 0,
                 "the store holds everything")
        wait_for(lambda: not full(agent), "the alarm is over")
        assert set(move(agent, NODES)) == {1}
