"""agentctl explain: every form of input, every kind of answer, and that nothing changes by asking."""

import struct
import time

import pytest
from agent import Agent
from named import KEY, Association, Mobile, Named, nai_extension
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap, wrpcapng
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


def of(rows, part):
    return {row["name"]: row["value"] for row in rows if row["part"] == part}


def deciding(rows):
    """Name and value of the check that decides, which is one at most."""
    found = [(row["name"], row["value"]) for row in rows if row["decides"]]
    assert len(found) <= 1
    return found[0] if found else None


def packet(wire, agent, at, source=CARE_OF):
    made = Ether(dst="02:00:00:00:00:01") / IP(src=source, dst=agent.address) / UDP(sport=5434, dport=agent.port) / Raw(wire)
    made.time = at
    return made


# ---- forms of input ----


def test_octets_digits_files_and_standard_input_say_the_same(agent, mobile, tmp_path):
    wire = mobile.request(CARE_OF)
    (tmp_path / "raw").write_bytes(wire)
    (tmp_path / "hex").write_text("\n".join(wire.hex(":")[at:at + 48] for at in range(0, 3 * len(wire), 48)))
    answers = [agent.ctl("explain", wire.hex()), agent.ctl("explain", str(tmp_path / "raw")),
               agent.ctl("explain", str(tmp_path / "hex")), agent.ctl("explain", "-", stdin=wire.hex())]
    assert all(answer == answers[0] for answer in answers)
    assert of(answers[0], "answer")["code"] == 0
    assert of(answers[0], "packet")["judged-at"] == "now"


def test_requests_are_found_in_a_file_of_packets(agent, mobile, tmp_path):
    good, bad = mobile.request(CARE_OF), mobile.request(CARE_OF)[:-1] + b"\0"
    other = Ether() / IP(src=CARE_OF, dst=agent.address) / UDP(sport=1, dport=agent.port ^ 1) / Raw(good)
    path = str(tmp_path / "a.pcap")
    wrpcap(path, [other, packet(good, agent, time.time()), packet(bad, agent, time.time())])
    rows = agent.ctl("explain", path)
    assert {row["packet"] for row in rows} == {2, 3}
    second, third = ([row for row in rows if row["packet"] == number] for number in (2, 3))
    assert of(second, "packet")["source"] == f"{CARE_OF}:5434"
    assert of(second, "answer")["code"] == 0
    assert of(third, "answer")["code"] == "none" and deciding(third) == ("authenticator", "silence")


def test_a_request_is_judged_at_the_time_of_its_capture(agent, mobile, tmp_path):
    then = time.time() - 3600
    mobile.clock_offset_s = -3600
    path = str(tmp_path / "a.pcap")
    wrpcap(path, [packet(mobile.request(CARE_OF), agent, then)])
    for options, code in (((), 0), (("--at", "capture"), 0), (("--at", "now"), 133)):
        rows = agent.ctl("explain", path, *options)
        assert of(rows, "answer")["code"] == code
        at = of(rows, "packet")["judged-at"]
        assert at == ("now" if code else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(then))))


@pytest.mark.parametrize("words, status, expected", [
    (["explain"], 2, "usage"), (["explain", "01", "02"], 2, "usage"), (["explain", "01", "--source"], 2, "usage"),
    (["explain", "01", "--source", "x"], 2, "usage"), (["explain", "01", "--port", "0"], 2, "usage"),
    (["explain", "01", "--port", "65536"], 2, "usage"), (["explain", "01", "--at", "then"], 2, "usage"),
    (["explain", "01", "--frob"], 2, "usage"),
    (["explain", "/no/such/file"], 1, "/no/such/file cannot be opened: No such file or directory"),
    (["explain", "0123f"], 1, "not hexadecimal digits, two for each octet, at character 5"),
    (["explain", "01", "--at", "capture"], 1, "known only of a file of captured packets"),
    (["explain", "/dev/null"], 1, "/dev/null: there is nothing in it"),
])
def test_what_cannot_be_explained(agent, words, status, expected):
    done = agent.ctl_raw(*words)
    assert done.returncode == status and expected in done.stderr
    assert done.stdout == ""


def test_files_that_cannot_be_read_say_why(agent, mobile, tmp_path):
    path = str(tmp_path / "file")
    wrpcapng(path, [packet(mobile.request(CARE_OF), agent, time.time())])
    assert "editcap -F pcap" in agent.ctl_raw("explain", path).stderr
    header = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for octets, expected in ((header, "none of its 0 packets is a whole datagram to UDP port"),
                             (header[:-4] + b"\x93\0\0\0", "its link type 147 is not known here"),
                             (header + b"\0\0", "it ends in the middle of packet 1"),
                             (header[:9], "it ends in its header")):
        with open(path, "wb") as file:
            file.write(octets)
        done = agent.ctl_raw("explain", path)
        assert done.returncode == 1 and expected in done.stderr


# ---- answers ----


def test_fields_and_extensions_are_told_without_secrets(agent, mobile):
    wire = mobile.request(CARE_OF, flags=0xC2, lifetime=900, extensions=nai_extension("ann@example.net"))
    done = agent.ctl_raw("explain", wire.hex(), json_output=False)
    assert wire[-16:].hex() not in done.stdout and agent.associations[0]["key"] not in done.stdout
    rows = agent.ctl("explain", wire.hex(), "--source", "192.0.2.9", "--port", "777")
    assert of(rows, "request") == {
        "flags": "SBT", "lifetime": 900, "home": "10.0.0.1", "home-agent": agent.address, "care-of": CARE_OF,
        "identification": wire[16:24].hex()}
    assert of(rows, "extension") == {
        "nai": "ann@example.net", "mobile-home": "type 32, SPI 256, 16 octets of authenticator"}
    assert [row["meaning"] for row in rows if row["name"] == "mobile-home"] == ["valid"]
    assert of(rows, "packet")["source"] == "192.0.2.9:777"
    assert deciding(rows) == ("reverse-tunnel", 137)
    assert of(rows, "answer")["code"] == 137 and of(rows, "answer")["effect"] == "nothing changes"


@pytest.mark.parametrize("spoil, check, code", [
    (lambda m: m.request(CARE_OF, home_agent="192.0.2.77"), "home-agent", 136),
    (lambda m: m.request("0.0.0.0"), "care-of-zero", 145),
    (lambda m: m.request(CARE_OF, identification=1 << 32), "identification", 133),
    (lambda m: m.request(CARE_OF, sign=False), "authorization-present", None),
    (lambda m: m.request(CARE_OF, extensions=b"\x7f\0"), "extensions-known", None),
    (lambda m: m.request(CARE_OF)[:-3], "authorization-present", None),  # its last extension is no longer one
    (lambda m: m.request(CARE_OF)[:-3] + b"abc", "authenticator", None),
])
def test_the_check_that_decides_is_named_and_the_agent_does_the_same(agent, mobile, spoil, check, code):
    wire = spoil(mobile)
    rows = agent.ctl("explain", wire.hex())
    assert deciding(rows)[0] == check
    assert of(rows, "answer")["code"] == (code if code is not None else "none")
    if code is not None:
        assert mobile.exchange(wire).code == code


def test_an_unknown_node_and_no_request_at_all(agent):
    stranger = Mobile("10.9.9.9", Association(256, KEY), (agent.address, agent.port))
    rows = agent.ctl("explain", stranger.request(CARE_OF).hex())
    assert of(rows, "node") == {"node": "unknown"}
    assert of(rows, "answer")["code"] == "none"
    for wire in ("03", "0300012c" + "00" * 20, "01" * 3000):
        assert of(agent.ctl("explain", wire), "answer")["code"] == "none"
    assert deciding(agent.ctl("explain", stranger.request(CARE_OF).hex(), "--broadcast"))
    stranger.close()


def test_what_comes_after_the_checks_is_told_too(tmp_path):
    configuration = {"registration": {"minimum-interval": 60000, "burst": 1}}
    with Agent(str(tmp_path), configuration) as agent:
        node = mobile_of(agent)
        assert node.register(CARE_OF).code == 0
        rows = agent.ctl("explain", node.request(CARE_OF).hex())
        assert deciding(rows) is None
        (answer,) = [row for row in rows if row["part"] == "answer"]
        assert (answer["value"], answer["meaning"]) == ("none", "the node registers more often than it may")
        node.close()


def test_a_full_pool_is_told_and_a_free_address_named(agent):
    agent.ctl("pool", "set", "p", "10.64.0.1-10.64.0.1", "sticky")
    for name in ("ann", "bob"):
        agent.ctl("association", "add", "mobile", f"nai={name}", "pool=p", "spi=256", "algorithm=hmac-md5", stdin=KEY)
    ann, bob = Named(agent, "ann"), Named(agent, "bob")
    for _ in range(3):  # it is not kept by being named
        rows = agent.ctl("explain", ann.request(CARE_OF).hex())
        assert (of(rows, "answer")["code"], of(rows, "answer")["home"]) == (0, "10.64.0.1")
    assert agent.ctl("pool")[0]["leased"] == 0
    assert ann.register().home == "10.64.0.1"
    rows = agent.ctl("explain", bob.request(CARE_OF).hex())
    assert of(rows, "answer")["code"] == 130 == bob.register().code
    assert of(rows, "answer")["reason"] == "no home address of its pool is free"
    ann.close()
    bob.close()


def test_a_retransmission_is_recognized(agent, mobile):
    wire = mobile.request(CARE_OF)
    assert mobile.exchange(wire).code == 0
    assert of(agent.ctl("explain", wire.hex()), "answer")["reason"] == "repeated answer to a retransmission"


def test_asking_changes_nothing(agent, mobile):
    def everything():
        status = {name: value for name, value in agent.ctl("status").items() if name not in ("uptime_s", "cluster_time")}
        return (status, agent.ctl("nodes"), agent.ctl("association", "list"), agent.ctl("pool"), agent.ctl("counters"))

    def settled():
        """Everything, once the store holds all that the start wrote and what follows from that is done."""
        first = everything()
        return first if first[0]["store_index"] == first[0]["applied_index"] and everything() == first else None

    wire = mobile.request(CARE_OF)
    before = wait_for(settled, "nothing moves any more after the start")
    log = agent.log()
    for _ in range(5):
        assert of(agent.ctl("explain", wire.hex()), "answer")["code"] == 0
        agent.ctl("explain", wire[:-1].hex())
    assert everything() == before
    assert agent.log() == log
    assert mobile.exchange(wire).code == 0  # it is as new as it was
