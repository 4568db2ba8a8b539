"""Backup under load, loss of everything, restore: what was acknowledged before the backup is there; and what is refused."""

import copy
import errno
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys

import pytest
from agent import ASSOCIATIONS, Agent, program
from waiting import wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import Association, Mobile  # noqa: E402

NODES = 500
LOADED = {
    "capacity": {"nodes": NODES, "associations": NODES, "bindings": NODES},
    "storage": {"log-segment": 1, "log-segments": 8, "store-map": 64},
}


def with_keys(directory, configuration=None):
    """A configuration whose cluster keys stand beside the data directory, so that they outlive it."""
    path = os.path.join(directory, "cluster.key")
    subprocess.run([program("agentctl"), "key", "new", path], check=True, capture_output=True, timeout=60)
    configuration = copy.deepcopy(configuration or {})
    configuration.setdefault("storage", {})["cluster-key"] = path
    return configuration


@pytest.fixture
def agent(tmp_path):
    with Agent(str(tmp_path), with_keys(tmp_path)) as running:
        yield running


def agentload(agent, *arguments, **options):
    command = [program("agentload"), "--target", f"{agent.address}:{agent.port}", "--nodes", str(NODES), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def loaded_associations():
    text = subprocess.run([program("agentload"), "--nodes", str(NODES), "associations"], capture_output=True, text=True,
                          check=True).stdout
    return [dict([("kind", line.split()[0])] + [word.split("=") for word in line.split()[1:]]) for line in text.splitlines()]


def restore(agent, backup):
    return subprocess.run([program("agentd"), "--restore", str(backup), "--config", agent.configuration_path],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)


def verify(backup):
    done = subprocess.run([program("agentctl"), "--json", "backup", "--verify", str(backup)], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def start_and_fail(agent):
    agent.spawn()
    status = agent.process.wait(timeout=120)
    agent.process = None
    assert status != 0
    return agent.log()


def mobile_of(agent, row):
    return Mobile(row["home"], Association(row["spi"], row["key"], row["algorithm"]), (agent.address, agent.port))


def register(agent, row, care_of="198.51.100.7", lifetime=600):
    mobile = mobile_of(agent, row)
    try:
        reply = mobile.register(care_of, lifetime=lifetime)
        assert reply is not None and mobile.is_valid(reply)
        return reply.code
    finally:
        mobile.close()


def wiped(agent):
    shutil.rmtree(agent.data_directory)
    os.mkdir(agent.data_directory, mode=0o700)


def test_restore_after_losing_everything_under_load(tmp_path):
    """Registrations go on while the copy is made; the agent is killed and its directory wiped while they still go on."""
    record, backup = tmp_path / "record", tmp_path / "backup"
    with Agent(str(tmp_path), with_keys(tmp_path, LOADED), loaded_associations()) as agent:
        assert agentload(agent, "--record", str(record), "register").returncode == 0
        load = subprocess.Popen(
            [program("agentload"), "--target", f"{agent.address}:{agent.port}", "--nodes", str(NODES), "--duration", "60",
             "--rate", "2000", "--timeout", "0.2", "mix"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        applied = agent.ctl("status")["applied_index"]
        wait_for(lambda: agent.ctl("status")["applied_index"] > applied + 500, "the load is under way")
        told = agent.ctl("backup", str(backup))
        assert told["index"] >= applied + 500
        assert told["mobile_nodes"] == told["associations"] == NODES
        after = agent.ctl("status")["applied_index"]
        wait_for(lambda: agent.ctl("status")["applied_index"] > after + 500, "the load goes on")
        agent.kill()
        load.kill()
        load.communicate()
        wiped(agent)

        done = restore(agent, backup)
        assert done.returncode == 0, done.stderr
        assert f"of {NODES} mobile nodes" in done.stdout and f"{NODES} associations" in done.stdout
        agent.start()
        status = agent.ctl("status")
        assert status["bindings"] == told["bindings"]
        assert status["applied_index"] >= told["index"]
        # Newer requests of every node are taken, and held: through a crash as well.
        assert agentload(agent, "--record", str(tmp_path / "after"), "move", "--count", str(NODES)).returncode == 0
        agent.kill()
        agent.start()
        assert agent.ctl("status")["bindings"] == NODES


def test_every_registration_before_the_backup_is_there(tmp_path):
    record, backup = tmp_path / "record", tmp_path / "backup"
    with Agent(str(tmp_path), with_keys(tmp_path, LOADED), loaded_associations()) as agent:
        for mode in ("register", "move", "mix"):
            agentload(agent, "--record", str(record), "--count", str(3 * NODES), mode)
        applied = agent.ctl("status")["applied_index"]
        assert agent.ctl("backup", str(backup))["index"] >= applied
        agentload(agent, "--count", str(NODES), "move")  # after it, and in no record
        agent.kill()
        wiped(agent)
        assert restore(agent, backup).returncode == 0
        agent.start()
        listing = "".join(f"{row['home']} {row['care_of']} 0x{row['identification']}\n" for row in agent.ctl("bindings"))
        done = agentload(agent, "--record", str(record), "verify", input=listing)
        result = json.loads(done.stdout)
        assert done.returncode == 0, done
        assert result["acknowledged"] > 2 * NODES
        assert result["lost"] == result["resurrected"] == result["unexplained"] == 0

        # What was accepted before the backup is still known as seen.
        replayed = json.loads(agentload(agent, "--record", str(record), "--count", "100", "--timeout", "0.2", "replay").stdout)
        assert replayed["replayed"] > 0 and replayed["replays_accepted"] == 0


def test_restored_store_is_another_one(agent, tmp_path):
    """A log of before does not fit it, and entries after it are replayed like any others."""
    row = ASSOCIATIONS[0]
    backup = tmp_path / "backup"
    assert register(agent, row) == 0
    agent.ctl("backup", str(backup))
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert os.listdir(tmp_path).count("backup") == 1 and not list(tmp_path.glob("backup.*"))
    agent.stop()
    old = tmp_path / "old"
    shutil.move(agent.data_directory, old)
    os.mkdir(agent.data_directory, mode=0o700)
    assert restore(agent, backup).returncode == 0

    shutil.copytree(old / "log", os.path.join(agent.data_directory, "log"))
    assert "belongs to another store" in start_and_fail(agent)
    shutil.rmtree(os.path.join(agent.data_directory, "log"))
    agent.start()
    index = agent.ctl("status")["applied_index"]
    for other in ASSOCIATIONS:
        assert register(agent, other, care_of="198.51.100.9") == 0
    agent.kill()
    agent.start()
    assert agent.ctl("status")["applied_index"] == index + 2
    assert agent.ctl("status")["bindings"] == 2

    # An acknowledged entry is in the log: without the log it is damage, not a new beginning.
    wait_for(lambda: agent.ctl("status")["store_index"] == index + 2, "the store holds it")
    agent.kill()
    shutil.rmtree(os.path.join(agent.data_directory, "log"))
    assert "the log ends with entry" in start_and_fail(agent)


def test_what_keeps_a_restored_agent_from_starting_is_said(agent, tmp_path):
    backup, keys = tmp_path / "backup", tmp_path / "cluster.key"
    agent.ctl("backup", str(backup))
    agent.stop()

    def restored():
        wiped(agent)
        done = restore(agent, backup)
        assert done.returncode == 0
        return done.stderr
    assert restored() == ""
    keys.rename(tmp_path / "elsewhere")
    assert f"before the start: there is no {keys}" in restored()
    keys.write_text("key 7 " + "07" * 32 + "\n")
    keys.chmod(0o600)
    assert f"before the start: cluster key 1 is not in {keys}" in restored()
    (tmp_path / "elsewhere").rename(keys)
    agent.configuration["capacity"] = {"nodes": 1, "associations": 1, "bindings": 2}
    agent.prepare()
    said = restored()
    assert "capacity.nodes is 1, and the backup holds 2" in said and "capacity.associations is 1" in said
    assert "raise the options of section capacity" in start_and_fail(agent)


def test_directory_that_is_not_empty_is_refused(agent, tmp_path):
    backup = tmp_path / "backup"
    agent.ctl("backup", str(backup))
    done = restore(agent, backup)
    assert done.returncode == 1
    assert "is not empty" in done.stderr and agent.data_directory in done.stderr
    assert agent.ctl("status")["associations"] == len(ASSOCIATIONS)
    agent.stop()
    wiped(agent)
    pathlib.Path(agent.data_directory, "notes").touch()
    assert "it holds notes" in restore(agent, backup).stderr
    assert os.listdir(agent.data_directory) == ["notes"]


def bad_files(backup, tmp_path):
    """Name, octets, and what is said."""
    octets = backup.read_bytes()
    yield "empty", b"", "no backup"
    yield "text", b"not a backup\n" * 100, "no backup"
    yield "half", octets[:len(octets) // 2], "no backup"
    yield "short", octets[:-1], "no backup"
    yield "longer", octets + b"x", "no backup"
    yield "newer", octets[:-72] + b"\x02" + octets[-71:], "newer version"
    for place in (100, len(octets) // 2, len(octets) - 100):
        yield f"flipped-{place}", octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1:], "is damaged"
    yield "trailer", octets[:-30] + bytes([octets[-30] ^ 1]) + octets[-29:], "damaged at its end"


def test_bad_files_are_refused_and_leave_nothing(agent, tmp_path):
    backup = tmp_path / "backup"
    register(agent, ASSOCIATIONS[0])
    agent.ctl("backup", str(backup))
    assert verify(backup)[1]["bindings"] == 1
    agent.stop()
    wiped(agent)
    for name, octets, expected in bad_files(backup, tmp_path):
        path = tmp_path / f"bad-{name}"
        path.write_bytes(octets)
        done = restore(agent, path)
        assert done.returncode == 1, name
        assert expected in done.stderr and str(path) in done.stderr, (name, done.stderr)
        assert os.listdir(agent.data_directory) == [], name
        status, said = verify(path)
        assert status == 1 and expected in said, (name, said)
    missing = restore(agent, tmp_path / "missing")
    assert missing.returncode == 1 and "No such file" in missing.stderr
    assert restore(agent, tmp_path).returncode == 1
    assert os.listdir(agent.data_directory) == []
    assert restore(agent, backup).returncode == 0
    agent.start()
    assert agent.ctl("status")["bindings"] == 1


def test_interrupted_restore_is_not_a_beginning(agent, tmp_path):
    backup = tmp_path / "backup"
    agent.ctl("backup", str(backup))
    agent.stop()
    wiped(agent)
    left = pathlib.Path(agent.data_directory, "restoring", "store")
    left.mkdir(parents=True)
    (left / "data.mdb").write_bytes(b"the first half")
    assert "a restore was interrupted here" in start_and_fail(agent)
    assert restore(agent, backup).returncode == 0
    assert os.listdir(agent.data_directory) == ["store"]
    agent.start()
    assert agent.ctl("status")["associations"] == len(ASSOCIATIONS)


def test_restore_makes_the_directory_and_gives_it_to_the_user(open_directory):
    directory = str(open_directory)
    agent = Agent(directory, with_keys(directory, {"process": {"user": "nobody"}}))
    storage = agent.configuration["storage"]
    for path in (directory, agent.data_directory, storage["associations"], storage["cluster-key"]):
        shutil.chown(path, "nobody")
    backup = open_directory / "backup"
    with agent:
        agent.ctl("backup", str(backup))
        assert backup.stat().st_uid == 0
    os.remove(agent.configuration["storage"]["associations"])
    shutil.rmtree(agent.data_directory)
    assert restore(agent, tmp_file := open_directory / "missing").returncode == 1 and not tmp_file.exists()
    assert not os.path.exists(agent.data_directory)
    assert restore(agent, backup).returncode == 0
    with agent:
        assert agent.ctl("status")["associations"] == len(ASSOCIATIONS)


@pytest.fixture
def small_disk(tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(path)], check=True)
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_full_disk_leaves_no_half_file(tmp_path, small_disk):
    with Agent(str(tmp_path), with_keys(tmp_path, LOADED), loaded_associations()) as agent:
        target = small_disk / "backup"
        agent.ctl("backup", str(target))
        yesterday = target.read_bytes()
        with open(small_disk / "filler", "wb", buffering=0) as filler:
            with pytest.raises(OSError) as why:
                while True:
                    filler.write(bytes(4096))
            assert why.value.errno == errno.ENOSPC
        done = agent.ctl_raw("backup", str(target))
        assert done.returncode == 1
        assert "no space left" in done.stderr.lower()
        assert sorted(os.listdir(small_disk)) == ["backup", "filler"]
        assert target.read_bytes() == yesterday
        target.unlink()

        # Nor does a restore onto it.
        backup = tmp_path / "backup"
        agent.ctl("backup", str(backup))
        agent.stop()
        (small_disk / "filler").unlink()
        agent.configuration["storage"]["directory"] = str(small_disk / "data")
        agent.write_configuration()
        (small_disk / "data").mkdir(mode=0o700)
        with open(small_disk / "filler", "wb", buffering=0) as filler:
            filler.write(bytes(180 << 10))
        done = restore(agent, backup)
        assert done.returncode == 1
        assert "no space left" in done.stderr.lower()
        assert os.listdir(small_disk / "data") == []
        agent.configuration["storage"]["directory"] = agent.data_directory
        agent.write_configuration()
        agent.start()


def test_store_that_cannot_be_written_gives_no_backup(tmp_path):
    """The agent's own disk is full: it cannot bring what was acknowledged to the store, and says so at once."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=True)
    try:
        configuration = {**LOADED, "storage": {**LOADED["storage"], "directory": str(disk / "data"), "log-segments": 3}}
        with Agent(str(tmp_path), with_keys(tmp_path, configuration), loaded_associations()) as agent:
            with open(disk / "filler", "wb", buffering=0) as filler:
                with pytest.raises(OSError):
                    while True:
                        filler.write(bytes(4096))
            agentload(agent, "--count", str(NODES), "register")
            done = agent.ctl_raw("backup", str(tmp_path / "backup"))
            assert done.returncode == 1
            assert "the store cannot be written: no space left on the disk" in done.stderr
            assert not list(tmp_path.glob("backup*"))
            (disk / "filler").unlink()
            assert agent.ctl("backup", str(tmp_path / "backup"))["bindings"] == NODES
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("words", [[], ["a", "b"], ["--verify"], ["--verify", "a", "b"], ["--force"], ["a", "--limit", "3"]])
def test_wrong_words_are_usage_errors(steady, words):
    done = steady.ctl_raw("backup", *words)
    assert done.returncode == 2 and "usage" in done.stderr


@pytest.mark.parametrize("target, said", [
    ("/nonexistent/backup", "No such file"), ("/dev/null", "is no file"), ("/tmp", "is no file"),
])
def test_targets_that_are_no_file_are_refused(steady, target, said):
    done = steady.ctl_raw("backup", target)
    assert done.returncode == 1 and said in done.stderr and target in done.stderr


@pytest.mark.parametrize("content", [None, b"", b"word\n", bytes(300), b"HABackup" + bytes(72 + 8)])
def test_only_a_backup_gives_way_to_a_backup(agent, tmp_path, content):
    target = tmp_path / "cluster.key"  # None: the keys that the agent needs
    if content is not None:
        target = tmp_path / "other"
        target.write_bytes(content)
    before = target.read_bytes(), target.stat().st_ino
    done = agent.ctl_raw("backup", str(target))
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == f"agentctl: {target} is there already and is no backup, so it stays\n"
    assert (target.read_bytes(), target.stat().st_ino) == before
    assert not list(tmp_path.glob(target.name + ".*"))


def test_a_backup_gives_way_even_a_damaged_one(agent, tmp_path):
    target = tmp_path / "backup"
    agent.ctl("backup", str(target))
    with open(target, "r+b") as file:
        file.write(b"damage")
    assert verify(target)[0] == 1
    agent.ctl("backup", str(target))
    assert verify(target)[0] == 0


def test_backup_is_told_in_both_forms_and_never_shows_a_key(agent, tmp_path):
    register(agent, ASSOCIATIONS[0])
    table = agent.ctl_raw("backup", str(tmp_path / "a"), json_output=False)
    told = agent.ctl("backup", str(tmp_path / "b"))
    assert table.returncode == 0
    assert set(told) == set(re.findall(r"^(\w+) ", table.stdout, re.M))
    assert told["bindings"] == 1 and told["octets"] == (tmp_path / "b").stat().st_size
    status, again = verify(tmp_path / "b")
    assert status == 0 and again == told
    for row in ASSOCIATIONS:
        assert row["key"] not in table.stdout + json.dumps(told) + agent.log()
