"""agentctl trace: what passes is shown as it passes, also as packets that other programs read; clients that are slow or go."""

import json
import os
import re
import signal
import socket
import struct
import subprocess

import pytest
from agent import Agent, Refused, program
from named import KEY, Association, Mobile, Named
from waiting import wait_for

CARE_OF = "198.51.100.7"


def mobile_of(agent, number=0):
    row = agent.associations[number]
    return Mobile(row["home"], Association(row["spi"], row["key"], row["algorithm"]), (agent.address, agent.port))


@pytest.fixture
def mobile(agent):
    node = mobile_of(agent)
    yield node
    node.close()


class Trace:
    """agentctl trace in the background; it runs when the constructor returns."""

    def __init__(self, agent, *words, json_output=True):
        self.agent = agent
        before = agent.ctl("status")["traces"]
        command = [program("agentctl"), "--socket", agent.socket_path] + (["--json"] if json_output else [])
        self.process = subprocess.Popen(command + ["trace", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        wait_for(lambda: agent.ctl("status")["traces"] == before + 1, "the trace runs")

    def next(self):
        return json.loads(self.process.stdout.readline())

    def stop(self, number=signal.SIGINT):
        """What was still to be read, and the exit status."""
        self.process.send_signal(number)
        return self.end()

    def end(self):
        out, errors = self.process.communicate(timeout=60)
        assert errors == ""
        return out, self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


# ---- what is shown ----


def test_a_registration_is_shown_while_it_passes(agent, mobile):
    other = mobile_of(agent, 1)
    with Trace(agent, mobile.home) as trace:
        assert other.register(CARE_OF).code == 0  # of no concern
        wire = mobile.request(CARE_OF, lifetime=600)
        assert mobile.exchange(wire).code == 0
        request, reply = trace.next(), trace.next()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", request.pop("time")) and reply.pop("time")
        peer = f"127.0.0.1:{mobile.socket.getsockname()[1]}"
        identification = wire[16:24].hex()
        assert request == {"direction": "in", "peer": peer, "type": "request", "home": mobile.home, "care_of": CARE_OF,
                           "lifetime_s": 600, "identification": identification, "code": None, "reason": None, "missed": 0}
        assert reply == {"direction": "out", "peer": peer, "type": "reply", "home": mobile.home, "care_of": None,
                         "lifetime_s": 600, "identification": identification, "code": 0, "reason": "granted", "missed": 0}
        mobile.deregister()
        assert (trace.next()["type"], trace.next()["code"]) == ("deregistration", 0)
        assert trace.stop() == ("", 0)
    wait_for(lambda: agent.ctl("status")["traces"] == 0, "the trace has ended")
    assert f"{mobile.home}: trace by root (uid 0): begun" in agent.log()
    assert f"{mobile.home}: trace by root (uid 0): ended" in agent.log()
    other.close()


def test_denials_and_silence_have_their_reason(agent, mobile):
    with Trace(agent, mobile.home) as trace:
        assert mobile.register(CARE_OF, home_agent="192.0.2.77").code == 136
        assert trace.next()["reason"] is None
        reply = trace.next()
        assert (reply["code"], reply["reason"]) == (136, "the home agent address is not ours")
        mobile.send(mobile.request(CARE_OF)[:-1] + b"\0")
        silent = trace.next()
        assert (silent["type"], silent["reason"]) == ("request", "the mobile node's authenticator does not verify")
        wire = mobile.request(CARE_OF)
        assert [mobile.exchange(wire).code for _ in range(2)] == [0, 0]
        assert [trace.next()["reason"] for _ in range(4)] == [None, "granted", None, "repeated answer to a retransmission"]


def test_a_node_that_comes_too_soon_is_shown(tmp_path):
    with Agent(str(tmp_path), {"registration": {"minimum-interval": 60000, "burst": 1}}) as agent:
        node = mobile_of(agent)
        with Trace(agent, node.home) as trace:
            assert node.register(CARE_OF).code == 0
            node.send(node.request(CARE_OF))
            shown = [trace.next() for _ in range(3)]
            assert shown[2]["reason"] == "the node registers more often than it may"
        node.close()


def test_a_node_is_followed_by_name_and_by_the_address_that_it_gets(agent):
    agent.ctl("pool", "set", "p", "10.64.0.1-10.64.0.1", "sticky")
    agent.ctl("association", "add", "mobile", "nai=ann@example.net", "pool=p", "spi=256", "algorithm=hmac-md5", stdin=KEY)
    ann = Named(agent, "ann@example.net")
    with Trace(agent, "ann@EXAMPLE.net") as by_name, Trace(agent, "10.64.0.1") as by_address:
        assert ann.register(CARE_OF).home == "10.64.0.1"
        for trace in (by_name, by_address):
            assert [trace.next()["home"] for _ in range(2)] == ["0.0.0.0", "10.64.0.1"]
    ann.close()


def test_a_node_that_is_not_known_can_be_watched(agent):
    stranger = Mobile("10.9.9.9", Association(256, KEY), (agent.address, agent.port))
    with Trace(agent, "10.9.9.9") as trace:
        stranger.send(stranger.request(CARE_OF))
        assert trace.next()["reason"] == "there is no security association with the mobile node"
    stranger.close()


def test_a_number_of_entries_and_a_table(agent, mobile):
    with Trace(agent, mobile.home, "--count", "3", json_output=False) as trace:
        mobile.register(CARE_OF)
        mobile.register(CARE_OF)
        out, status = trace.end()
    lines = out.splitlines()
    assert status == 0 and len(lines) == 6
    assert lines[0].split()[:5] == ["time", "direction", "peer", "type", "home"]
    assert lines[1].split()[4] == mobile.home and "granted" in lines[2]
    assert lines[-1] == "3 rows; missed 0"
    assert len({line.index(mobile.home) for line in lines[1:4]}) == 1  # columns stand below each other


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_no_failure(agent, mobile, number):
    with Trace(agent, mobile.home) as trace:
        assert trace.stop(number) == ("", 0)


def test_an_agent_that_ends_is_one(agent, mobile):
    with Trace(agent, mobile.home) as trace:
        agent.stop()
        assert trace.process.wait(timeout=60) == 1
        assert "agentd closed the connection" in trace.process.stderr.read()
    agent.start()


@pytest.mark.parametrize("words, status, expected", [
    ([], 2, "usage"), (["--count", "1"], 2, "usage"), (["10.0.0.1", "--count", "0"], 2, "usage"),
    (["10.0.0.1", "--count"], 2, "usage"), (["10.0.0.1", "--frob", "1"], 2, "usage"), (["0.0.0.0"], 2, "usage"),
    (["\u00e9"], 2, "usage"), (["10.0.0.1", "x"], 2, "usage"), (["10.0.0.1", "--count", "1", "--count", "2"], 2, "usage"),
    (["10.0.0.1", "--pcap", "/no/such/directory/file"], 1, "/no/such/directory/file cannot be written: No such file"),
])
def test_what_cannot_be_watched(steady, words, status, expected):
    done = steady.ctl_raw("trace", *words)
    assert done.returncode == status and expected in done.stderr
    assert steady.ctl("status")["traces"] == 0


def test_there_are_four_at_most(agent, mobile):
    traces = [Trace(agent, mobile.home) for _ in range(4)]
    with pytest.raises(Refused) as refused:
        agent.ctl("trace", mobile.home)
    assert refused.value.status == 1 and "4 traces run already" in refused.value.text
    mobile.register(CARE_OF)
    for trace in traces:
        assert trace.next()["type"] == "request"
        trace.process.kill()
        trace.process.communicate()
    wait_for(lambda: agent.ctl("status")["traces"] == 0, "all that were killed are gone")


# ---- packets ----


def tshark(path, *fields):
    command = ["tshark", "-n", "-r", path, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_packets_are_read_by_others_with_right_checksums(tmp_path):
    with Agent(str(tmp_path), {"home-agent": {"port": 434}}) as agent:
        node = mobile_of(agent)
        path = str(tmp_path / "trace.pcap")
        with Trace(agent, node.home, "--count", "4", "--pcap", path) as trace:
            assert [node.register(CARE_OF, home_agent=address).code for address in ("127.0.0.1", "192.0.2.7")] == [0, 136]
            out, status = trace.end()
        assert status == 0 and all("octets" not in json.loads(line) for line in out.splitlines())
        assert os.stat(path).st_mode & 0o777 == 0o600
        rows = tshark(path, "ip.src", "ip.dst", "udp.srcport", "udp.dstport", "ip.checksum.status", "udp.checksum.status",
                      "mip.type", "mip.homeaddr", "mip.code")
        port = str(node.socket.getsockname()[1])
        assert rows == [
            ["127.0.0.1", "127.0.0.1", port, "434", "1", "1", "1", node.home, ""],
            ["127.0.0.1", "127.0.0.1", "434", port, "1", "1", "3", node.home, "0"],
            ["127.0.0.1", "127.0.0.1", port, "434", "1", "1", "1", node.home, ""],
            ["127.0.0.1", "127.0.0.1", "434", port, "1", "1", "3", node.home, "136"],
        ]
        with open(path, "rb") as file:
            octets = file.read()
        assert all(wire in octets for _, _, wire in node.seen)  # as they were on the wire
        explained = agent.ctl("explain", path)
        assert {row["packet"] for row in explained} == {1, 3}
        node.close()


def test_what_was_written_is_whole_after_an_interruption(agent, mobile, tmp_path):
    path = str(tmp_path / "trace.pcap")
    with Trace(agent, mobile.home, "--pcap", path) as trace:
        mobile.register(CARE_OF)
        assert [trace.next()["type"] for _ in range(2)] == ["request", "reply"]
        trace.process.kill()
        trace.process.wait()
    assert len(tshark(path, "frame.number")) == 2


@pytest.mark.parametrize("content", [b"1 0123\n", b"x", bytes(100)])
def test_only_packets_give_way_to_packets(agent, mobile, tmp_path, content):
    path = tmp_path / "cluster.key"
    path.write_bytes(content)
    done = agent.ctl_raw("trace", mobile.home, "--count", "1", "--pcap", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"agentctl: {path} is there already and is no pcap file, so it stays\n"
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [
    b"", bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000") + bytes(5000), bytes.fromhex("0a0d0d0a") + bytes(60),
])
def test_captures_and_empty_files_give_way(agent, mobile, tmp_path, content):
    path = tmp_path / "trace.pcap"
    path.write_bytes(content)
    with Trace(agent, mobile.home, "--count", "2", "--pcap", str(path)) as trace:
        mobile.register(CARE_OF)
        assert trace.end()[1] == 0
    assert len(tshark(str(path), "frame.number")) == 2


def test_a_trace_that_is_refused_leaves_files_as_they_were(agent, mobile, tmp_path):
    capture = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
    (tmp_path / "old.pcap").write_bytes(capture)
    traces = [Trace(agent, mobile.home) for _ in range(4)]
    for name in ("old.pcap", "new.pcap"):
        assert agent.ctl_raw("trace", mobile.home, "--pcap", str(tmp_path / name)).returncode == 1
    assert (tmp_path / "old.pcap").read_bytes() == capture and not (tmp_path / "new.pcap").exists()
    assert [trace.stop() for trace in traces] == [("", 0)] * 4


def test_packets_may_go_into_a_pipe(agent, mobile, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with Trace(agent, mobile.home, "--count", "2", "--pcap", str(path)) as trace:
        mobile.register(CARE_OF)
        assert trace.end()[1] == 0
    octets = os.read(reader, 65536)
    os.close(reader)
    assert octets[:4].hex() == "a1b23c4d" and len(octets) > 24 + 2 * 44


# ---- clients that are slow or go ----


def request_of(verb, *words):
    def field(number, octets):
        return bytes([number << 3 | 2, len(octets)]) + octets

    message = field(1, verb) + b"".join(field(2, word) for word in words)
    return struct.pack("!I", len(message)) + message


def watch(agent, mobile):
    client = socket.socket(socket.AF_UNIX)
    client.connect(agent.socket_path)
    client.settimeout(60)
    client.sendall(request_of(b"trace", mobile.home.encode(), b"octets"))
    assert client.recv(4) == b"\0\0\0\0"  # a page with nothing on it: it runs
    return client


@pytest.mark.parametrize("leave", [
    lambda client: client.close(), lambda client: client.shutdown(socket.SHUT_WR), lambda client: client.sendall(b"\0"),
])
def test_who_goes_or_speaks_out_of_turn_watches_no_more(agent, mobile, leave):
    client = watch(agent, mobile)
    leave(client)
    wait_for(lambda: agent.ctl("status")["traces"] == 0, "the trace has ended")
    assert mobile.register(CARE_OF).code == 0
    client.close()


def test_who_does_not_read_loses_entries_and_hinders_nobody(agent, mobile):
    client = watch(agent, mobile)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    for _ in range(1500):
        mobile.exchange(mobile.request(CARE_OF, home_agent="192.0.2.7"))  # answered all the same, each of them
    received = b""
    while b"\x0a\x06missed" not in received or not re.search(rb"\x0a\x06missed\x18[\x01-\xff]", received):
        received += client.recv(1 << 16)
    client.close()
    wait_for(lambda: agent.ctl("status")["traces"] == 0, "the trace has ended")


def test_many_come_and_go_while_requests_pass(agent, mobile):
    for number in range(60):
        client = watch(agent, mobile) if number % 3 else None
        assert mobile.register(CARE_OF).code == 0
        if client:
            client.close()
        if number % 3 == 2:
            wait_for(lambda: agent.ctl("status")["traces"] == 0, "they are gone")
    assert mobile.register(CARE_OF).code == 0
