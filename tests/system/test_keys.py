"""Secrets at rest and their rotation: key files, what is on the disk and what is not, a new cluster key, a new key of a node."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading

import pytest
import sealed
from agent import Agent, Refused, program
from waiting import wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import Association, Mobile  # noqa: E402

CARE_OF = "198.51.100.7"
# Keys that occur nowhere by chance.
KEYS = [bytes((17 * number + 29 * i + 5) & 255 for i in range(16)).hex() for number in range(4)]
ROWS = [
    {"kind": "mobile", "home": "10.0.0.1", "spi": 256, "algorithm": "hmac-md5", "key": KEYS[0]},
    {"kind": "foreign-agent", "address": "198.51.100.9", "spi": 512, "algorithm": "hmac-md5", "key": KEYS[1]},
]
MANY = 6000


def start_and_fail(agent):
    """What agentd says last when it cannot start; it must end by itself, with a failure."""
    agent.spawn()
    status = agent.process.wait(timeout=120)
    agent.process = None
    assert status != 0
    return agent.log().strip().splitlines()[-1]


def key_file(agent):
    return pathlib.Path(agent.data_directory) / "cluster.key"


def key_new(path):
    done = subprocess.run([program("agentctl"), "key", "new", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def reload(agent, expected):
    """SIGHUP; await what the log then says behind what it said so far."""
    before = len(agent.log())
    agent.process.send_signal(signal.SIGHUP)
    wait_for(lambda: expected in agent.log()[before:], f"the log says: {expected}")
    return agent.log()[before:]


def keys_of(agent):
    return {row["key"]: row for row in agent.ctl("key", "list")}


def states(agent):
    return {number: row["state"] for number, row in keys_of(agent).items()}


def rotate(agent):
    answer = agent.ctl("key", "rotate")
    assert answer["result"] == "begun"
    # While a change is under way a key is in use, though nothing is sealed under it any more.
    wait_for(lambda: set(states(agent).values()) <= {"seals", "unused"}, "everything is sealed under the first key")
    return answer


def register(agent, row, key=None, timeout=20.0):
    mobile = Mobile(row["home"], Association(row["spi"], key or row["key"], row["algorithm"]), (agent.address, agent.port),
                    timeout=timeout)
    try:
        reply = mobile.register(CARE_OF)
        return reply is not None and reply.code == 0 and mobile.is_valid(reply)
    finally:
        mobile.close()


def octets_on_disk(agent):
    """Every octet of store and log, and of whatever else stands in the directory."""
    found = b""
    for path in sorted(pathlib.Path(agent.data_directory).rglob("*")):
        if path.is_file() and path.name != "cluster.key":
            found += path.read_bytes()
    return found


def forms_of(secret):
    """How a secret could be read: as octets, as digits, as digits of either case."""
    return [secret, secret.hex().encode(), secret.hex().upper().encode()]


# ---- the key file ----


def test_a_new_store_gets_a_key_and_a_notice(tmp_path):
    with Agent(str(tmp_path), associations=ROWS) as agent:
        path = key_file(agent)
        assert path.stat().st_mode & 0o7777 == 0o600
        assert f"keep a copy of {path} elsewhere" in agent.log()
        row = keys_of(agent)[1]
        assert row["state"] == "seals" and row["associations"] == 2 and row["secrets"] == 1
        assert len(row["fingerprint"]) == 16
        assert path.read_text().split()[2] not in agent.log()
        agent.restart()
        assert agent.log().count("keep a copy") == 1


def test_a_store_without_its_key_is_refused_by_number(tmp_path):
    agent = Agent(str(tmp_path), associations=ROWS)
    with agent:
        assert register(agent, ROWS[0])
    lost = key_file(agent).rename(tmp_path / "lost")
    said = start_and_fail(agent)
    assert "there is no" in said and str(key_file(agent)) in said and "sealed under cluster key 1" in said
    assert not key_file(agent).exists(), "it must not be made anew"
    # A file, but with other keys.
    key_new(key_file(agent))
    said = start_and_fail(agent)
    assert "does not open with cluster key 1" in said and str(key_file(agent)) in said
    key_file(agent).write_text(key_file(agent).read_text().replace("key 1 ", "key 7 "))
    said = start_and_fail(agent)
    assert "is sealed under cluster key 1, which is not in" in said
    lost.rename(key_file(agent))
    with agent:
        assert register(agent, ROWS[0])


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620])
def test_a_key_file_open_to_others_is_refused(tmp_path, mode):
    agent = Agent(str(tmp_path), associations=ROWS)
    key_new(key_file(agent))
    key_file(agent).chmod(mode)
    assert "chmod 600 mends that" in start_and_fail(agent)
    key_file(agent).chmod(0o600)
    with agent:
        assert register(agent, ROWS[0])


def test_a_key_file_elsewhere_must_be_there(tmp_path):
    path = tmp_path / "keys" / "cluster.key"
    path.parent.mkdir()
    agent = Agent(str(tmp_path), {"storage": {"cluster-key": str(path)}}, associations=ROWS)
    said = start_and_fail(agent)
    assert f"there is no {path} (storage.cluster-key)" in said and "agentctl key new" in said
    key_new(path)
    with agent:
        assert register(agent, ROWS[0])
        assert not key_file(agent).exists()


def test_agentctl_makes_and_extends_a_key_file(tmp_path):
    path = tmp_path / "k"
    made = key_new(path).split()
    assert made[:5] == ["file", str(path), "key", "1", "fingerprint"]
    assert key_new(path).split()[3] == "2"
    words = [line.split() for line in path.read_text().splitlines()]
    assert [(word[0], word[1]) for word in words] == [("key", "2"), ("key", "1")]
    for arguments, status in ((["key", "new"], 2), (["key", "new", str(path), "x"], 2), (["key", "new", str(tmp_path)], 1)):
        done = subprocess.run([program("agentctl"), *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == status and done.stderr and not done.stdout


# ---- what is on the disk ----


class Recorder:
    """Stands between agentctl and agentd, and keeps every octet that agentd answers."""

    def __init__(self, path, target):
        self.path, self.target = path, target
        self.heard = b""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.serve(client)

    def serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self.target)
            threading.Thread(target=self.pass_on, args=(client, server), daemon=True).start()
            while octets := server.recv(65536):
                self.heard += octets
                client.sendall(octets)

    @staticmethod
    def pass_on(client, server):
        try:
            while octets := client.recv(65536):
                server.sendall(octets)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other side has gone

    def close(self):
        self.listener.close()


def test_no_key_is_on_the_disk_or_in_an_answer(tmp_path):
    agent = Agent(str(tmp_path), associations=ROWS)
    with agent:
        recorder = Recorder(str(tmp_path / "recorder.sock"), agent.socket_path)
        agent.configuration["process"]["control-socket"] = recorder.path
        agent.ctl("association", "add", "mobile", "home=10.0.0.2", "spi=300", "algorithm=hmac-md5", stdin=KEYS[2] + "\n")
        listed = tmp_path / "more"
        listed.write_text(f"mobile home=10.0.0.3 spi=300 algorithm=keyed-md5 key={KEYS[3]}\n")
        listed.chmod(0o600)
        agent.ctl("association", "import", str(listed))
        assert register(agent, ROWS[0])
        key_new(key_file(agent))
        reload(agent, "cluster keys read again: 2 seals")
        rotate(agent)
        for verb in ("status", "bindings", "association list", "counters", "config list", "key list", "flushes", "version"):
            agent.ctl(*verb.split())
        with pytest.raises(Refused):
            agent.ctl("config", "set", "secret.nonce", "00" * 32)
        recorder.close()
        agent.configuration["process"]["control-socket"] = agent.socket_path
        running = octets_on_disk(agent)
    stopped = octets_on_disk(agent)
    keys = sealed.keys_of_file(key_file(agent))
    number, nonce_secret = sealed.opened_secret(agent.data_directory, keys)
    assert number == 2 and len(nonce_secret) == 32
    assert len(recorder.heard) > 5000
    places = {"disk": running + stopped, "answers": recorder.heard, "log": agent.log().encode()}
    for secret in [bytes.fromhex(key) for key in KEYS] + list(keys.values()) + [nonce_secret]:
        for form in forms_of(secret):
            for place, octets in places.items():
                assert form not in octets, f"{form!r} can be read in: {place}"


def test_an_independent_reader_opens_the_rows_with_the_key_only(tmp_path):
    agent = Agent(str(tmp_path), associations=ROWS)
    with agent:
        agent.ctl("association", "add", "mobile", "home=10.0.0.1", "spi=300", "algorithm=hmac-md5", stdin=KEYS[2] + "\n")
    keys = sealed.keys_of_file(key_file(agent))
    mobile, foreign = bytes([1, 0, 0, 0, 0, 4, 10, 0, 0, 1]), bytes([2, 0, 0, 0, 0, 4, 198, 51, 100, 9])
    assert sealed.opened_associations(agent.data_directory, keys) == {
        (mobile, 256, 0): (1, bytes.fromhex(KEYS[0])),
        (foreign, 512, 0): (1, bytes.fromhex(KEYS[1])),
        (mobile, 300, 0): (1, bytes.fromhex(KEYS[2])),
    }
    with pytest.raises(sealed.Unopened):
        sealed.opened_associations(agent.data_directory, {1: bytes(32)})


# ---- stores of earlier programs ----


def load_store(agent, tables):
    """Put these tables into a store in place of the one that is there."""
    store, fresh = pathlib.Path(agent.data_directory) / "store", pathlib.Path(agent.directory) / "fresh"
    fresh.mkdir()
    text = ""
    for table, rows in tables.items():
        lines = "".join(f" {key.hex()}\n {value.hex()}\n" for key, value in sorted(rows.items()))
        text += ("VERSION=3\nformat=bytevalue\n" f"database={table}\ntype=btree\nmapsize=67108864\nmaxreaders=126\n"
                 f"db_pagesize=4096\nHEADER=END\n{lines}DATA=END\n")
    subprocess.run(["mdb_load", str(fresh)], input=text, text=True, check=True, capture_output=True, timeout=60)
    (store / "lock.mdb").unlink(missing_ok=True)
    shutil.copy(fresh / "data.mdb", store / "data.mdb")


@pytest.mark.parametrize("old_format", [1, 2])
def test_a_store_of_an_earlier_program_is_sealed_at_the_start(tmp_path, old_format):
    agent = Agent(str(tmp_path), associations=ROWS)
    with agent:
        assert register(agent, ROWS[0])
    keys = sealed.keys_of_file(key_file(agent))
    opened = sealed.opened_associations(agent.data_directory, keys)
    peers = {value[1:9]: key for key, value in sealed.rows_of(agent.data_directory, "peers").items()}
    tables = {name: sealed.rows_of(agent.data_directory, name)
              for name in ("meta", "peers", "associations", "replay", "bindings", "settings", "nodes")}
    for place, value in tables["associations"].items():
        _, key = opened[peers[place[:8]], int.from_bytes(place[8:12], "big"), 0]
        old = bytes([old_format]) + value[1:12] + bytes([len(key)]) + key
        tables["associations"][place] = old + (value[13:14] if old_format > 1 else b"")
    del tables["settings"][b"secret.nonce"], tables["meta"][b"cluster-key"]
    load_store(agent, tables)
    key_file(agent).unlink()
    assert bytes.fromhex(KEYS[0]) in octets_on_disk(agent)

    with agent:
        assert "the keys of 2 associations stood unsealed in the store" in agent.log()
        assert keys_of(agent)[1]["associations"] == 2
        assert register(agent, ROWS[0])
        agent.restart()
        assert agent.log().count("stood unsealed") == 1
        assert register(agent, ROWS[0])
    again = sealed.opened_associations(agent.data_directory, sealed.keys_of_file(key_file(agent)))
    assert {place: key for place, (_, key) in again.items()} == {place: key for place, (_, key) in opened.items()}


# ---- a new key of the cluster ----


def many_rows():
    return [{"kind": "mobile", "home": f"10.1.{i >> 8}.{i & 255}", "spi": 256, "algorithm": "hmac-md5",
             "key": f"{i + 1:032x}"} for i in range(MANY)]


def test_a_rotation_is_resumed_after_a_crash_and_the_old_key_can_go(tmp_path):
    rows = many_rows()
    capacity = {"nodes": MANY, "associations": 2 * MANY, "bindings": 2 * MANY}
    with Agent(str(tmp_path), {"capacity": capacity}, associations=rows) as agent:
        old = key_file(agent).read_text()
        key_new(key_file(agent))
        reload(agent, "cluster keys read again: 2 seals")
        assert keys_of(agent)[1]["associations"] == MANY
        answer = agent.ctl("key", "rotate")
        assert answer == {"result": "begun", "key": 2, "left": MANY + 1}
        wait_for(lambda: keys_of(agent)[2]["associations"] > 0, "some are sealed anew")
        agent.kill()
        begun = agent.log().count("sealing")
        agent.start()  # and it goes on without a word
        wait_for(lambda: states(agent) == {2: "seals", 1: "unused"}, "all are sealed anew")
        finished_before = "everything is sealed under cluster key 2" in agent.log().split("ready after")[1]
        assert finished_before or agent.log().count("sealing") == begun + 1
        assert keys_of(agent)[2]["associations"] == MANY and keys_of(agent)[2]["secrets"] == 1
        assert agent.ctl("key", "rotate")["result"] == "nothing to do"

        key_file(agent).write_text(key_file(agent).read_text().replace(old, ""))
        reload(agent, "cluster keys read again: 2 seals")
        assert states(agent) == {2: "seals"}
        agent.kill()
        agent.start()
        assert all(register(agent, row) for row in rows[::MANY // 20])
        agent.stop()
        opened = sealed.opened_associations(agent.data_directory, sealed.keys_of_file(key_file(agent)))
        assert {key.hex() for number, key in opened.values() if number == 2} == {row["key"] for row in rows}
        agent.start()


def test_registrations_go_on_while_keys_are_sealed_anew(tmp_path):
    rows = many_rows()
    capacity = {"nodes": MANY, "associations": 2 * MANY, "bindings": 2 * MANY}
    with Agent(str(tmp_path), {"capacity": capacity}, associations=rows) as agent:
        key_new(key_file(agent))
        reload(agent, "cluster keys read again: 2 seals")
        agent.ctl("key", "rotate")
        answered = 0
        while states(agent) != {2: "seals", 1: "unused"}:
            row = rows[(answered * 37) % MANY]
            assert register(agent, row)
            answered += 1
            # A key that is replaced meanwhile stays what it was replaced with.
            agent.ctl("association", "add", "--replace", "mobile", "home=10.1.23.111", "spi=256", "algorithm=hmac-md5",
                      stdin=f"{answered:032x}\n")
        assert answered > 0
        agent.restart()
        replaced = {"home": "10.1.23.111", "spi": 256, "algorithm": "hmac-md5"}
        assert register(agent, replaced, key=f"{answered:032x}")


def test_a_key_that_is_needed_cannot_go(agent):
    old = key_file(agent).read_text()
    key_new(key_file(agent))
    both = key_file(agent).read_text()
    new = both.replace(old, "")
    key_file(agent).write_text(new)
    said = reload(agent, "the cluster's keys stay as they were")
    assert "key 1 is missing, but 3 rows are sealed under it" in said
    assert states(agent) == {1: "seals"}

    key_file(agent).write_text(both)
    reload(agent, "cluster keys read again: 2 seals")
    assert states(agent) == {2: "seals", 1: "in use"}
    rotate(agent)
    # The one that seals cannot go either, though the other one could take over.
    key_file(agent).write_text(old)
    said = reload(agent, "the cluster's keys stay as they were")
    assert "key 2 is missing, but 3 rows are sealed under it" in said
    key_file(agent).write_text(new + old.replace(old.split()[2], "5a" * 32))
    said = reload(agent, "the cluster's keys stay as they were")
    assert "key 1 is another one than before" in said
    key_file(agent).write_text("key 1\n")
    said = reload(agent, "the cluster's keys stay as they were")
    assert "key 1 must be 64 hexadecimal digits" in said
    key_file(agent).write_text(new)
    reload(agent, "cluster keys read again: 2 seals")
    assert states(agent) == {2: "seals"}
    agent.restart()


def test_an_unused_key_that_seals_waits_for_another(agent):
    key_new(key_file(agent))
    old, new = key_file(agent).read_text().splitlines()[1], key_file(agent).read_text().splitlines()[0]
    reload(agent, "cluster keys read again: 2 seals")
    key_file(agent).write_text(old + "\n")
    assert "key 2 is missing, which seals until now" in reload(agent, "the cluster's keys stay as they were")
    key_file(agent).write_text(old + "\n" + new + "\n")
    reload(agent, "cluster keys read again: 1 seals")
    key_file(agent).write_text(old + "\n")
    reload(agent, "cluster keys read again: 1 seals")
    assert states(agent) == {1: "seals"}


def test_a_backup_from_before_needs_the_old_key(tmp_path):
    agent = Agent(str(tmp_path), associations=ROWS)
    backup = tmp_path / "backup"
    with agent:
        assert agent.ctl("backup", str(backup))["cluster_keys"] == "1"
        old = key_file(agent).read_text()
        key_new(key_file(agent))
        reload(agent, "cluster keys read again: 2 seals")
        rotate(agent)
        new = key_file(agent).read_text().replace(old, "")
        key_file(agent).write_text(new)
        reload(agent, "cluster keys read again: 2 seals")
    shutil.rmtree(agent.data_directory)
    os.mkdir(agent.data_directory, 0o700)
    key_file(agent).write_text(new)
    key_file(agent).chmod(0o600)
    done = subprocess.run([program("agentd"), "--restore", str(backup), "--config", agent.configuration_path],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "is sealed under cluster key 1, which is not in" in start_and_fail(agent)
    key_file(agent).write_text(new + old)
    with agent:
        assert register(agent, ROWS[0])
        wait_for(lambda: states(agent) == {2: "seals", 1: "unused"}, "what was restored is sealed under the first key")
        assert agent.ctl("backup", str(backup))["cluster_keys"] == "2"
        agent.restart()
        assert register(agent, ROWS[0])


# ---- a new key of a mobile node ----


def test_a_mobile_node_gets_a_new_key_without_a_gap(tmp_path):
    old = {"kind": "mobile", "home": "10.0.0.1", "spi": 256, "algorithm": "hmac-md5", "key": KEYS[0]}
    new = {**old, "spi": 257, "key": KEYS[2]}

    def last_used():
        return {row["spi"]: row["last_used"] for row in agent.ctl("association", "list", "10.0.0.1")}

    with Agent(str(tmp_path), associations=[old]) as agent:
        assert last_used() == {256: None}
        assert register(agent, old)
        agent.ctl("association", "add", "mobile", "home=10.0.0.1", "spi=257", "algorithm=hmac-md5", stdin=new["key"] + "\n")
        wait_for(lambda: last_used()[256], "the old one was used")
        assert last_used()[257] is None
        assert register(agent, old), "both are valid at once"
        assert register(agent, new)
        assert register(agent, old)
        assert register(agent, new)
        wait_for(lambda: last_used()[257], "the new one was used")
        used = last_used()
        wait_for(lambda: register(agent, new) and last_used()[257] > used[257], "the new one was used again")
        assert last_used()[256] == used[256], "the old one rests"
        assert not register(agent, old, key=KEYS[3], timeout=0.5), "a wrong key is no use"
        assert last_used()[256] == used[256]

        agent.ctl("association", "remove", "10.0.0.1", "256")
        assert list(last_used()) == [257]
        assert [binding["home"] for binding in agent.ctl("bindings", "10.0.0.1")] == ["10.0.0.1"], "it stays bound"
        assert not register(agent, old, timeout=0.5)
        assert register(agent, new)
        agent.kill()
        agent.start()
        assert register(agent, new)
        assert not register(agent, old, timeout=0.5)


# ---- the keys of members ----

def node_key(verb, path):
    return subprocess.run([program("agentctl"), "--json", "cluster", "key", verb, str(path)], capture_output=True, text=True,
                          timeout=60)


def test_the_key_of_a_member_is_made_once_and_only_its_public_half_is_told(tmp_path):
    path = tmp_path / "node.key"
    made = node_key("make", path)
    assert (made.returncode, made.stderr) == (0, "")
    assert path.stat().st_mode & 0o7777 == 0o600
    text = path.read_text()
    secret = next(line.split()[1] for line in text.splitlines() if line.startswith("secret "))
    answer = json.loads(made.stdout)
    assert answer["file"] == str(path) and len(answer["public-key"]) == 64 and secret not in made.stdout
    shown = node_key("show", path)
    assert (shown.returncode, shown.stderr) == (0, "") and json.loads(shown.stdout) == answer
    again = node_key("make", path)
    assert (again.returncode, again.stdout) == (1, "") and again.stderr == f"agentctl: {path} cannot be made: File exists\n"
    assert path.read_text() == text and os.listdir(tmp_path) == ["node.key"]


def test_a_key_of_a_member_that_others_can_read_is_not_used(tmp_path):
    path = tmp_path / "node.key"
    assert node_key("make", path).returncode == 0
    path.chmod(0o644)
    shown = node_key("show", path)
    assert (shown.returncode, shown.stdout) == (1, "") and "chmod 600" in shown.stderr
    path.chmod(0o600)
    path.write_text("key 1 " + "ab" * 32 + "\n")
    shown = node_key("show", path)
    assert (shown.returncode, shown.stdout) == (1, "") and "abab" not in shown.stderr
    assert shown.stderr == f"agentctl: {path}:1: a line must be: secret and 64 hexadecimal digits\n"


def test_a_check_tells_of_a_key_that_is_not_the_one_named_and_of_two_members(tmp_path):
    path, config = tmp_path / "node.key", tmp_path / "agentd.yaml"

    def check(node):
        config.write_text("home-agent: {address: 192.0.2.1}\nprocess: {user: root}\n"
                          f"storage: {{directory: {tmp_path}}}\ncluster:\n  node: {node}\n"
                          f"  member-1: 198.51.100.1:7434 data {named}\n  member-2: 198.51.100.2:7434 data {'ab' * 32}\n")
        done = subprocess.run([program("agentd"), "--check", str(config)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[0] == f"{config}: ok"
        assert f"this node is member {node} (data at 198.51.100.{node}:7434) of a cluster of 2" in done.stdout
        assert "2 members survive the loss of 0" in done.stderr
        return done.stderr

    named = "cd" * 32
    assert f"there is no {path} (cluster.key)" in check(1)
    named = json.loads(node_key("make", path).stdout)["public-key"]
    assert "before the start on this host" not in check(1)
    assert f"cluster.member-2: it names another public key than that of {path}, which is {named}" in check(2)
