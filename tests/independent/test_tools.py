"""The independent eyes themselves: the scapy client and tshark against the golden vectors. Needs no agentd."""

import json
import os
import runpy
import subprocess
import sys

import pytest

import scapy_client
from decode_with_tshark import KNOWN_TYPES, MISREAD_EXTENSIONS, Refused, decode, parse
from scapy_client import ALGORITHMS, SIZES, Association, Invalid, Reply, build_request, ntp_time, walk

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = [os.path.join(HERE, "../golden", name) for name in ("vectors.json", "extensions.json")]
RFC4433_FORM = ("rrq-dynamic-ha", "rrp-redirected")  # 139 as RFC 4433 draws it: neither walk() nor tshark follows
A, B = ("192.0.2.1", 434), ("192.0.2.10", 49152)



def load(path):
    with open(path, encoding="utf-8") as file:
        return [vector for vector in json.load(file)["vectors"] if vector["layer"] == "udp_payload"]


VECTORS = [vector for path in GOLDEN for vector in load(path)]


def of_type(*kinds):
    return [pytest.param(v, id=v["id"]) for v in VECTORS if int(v["hex"][:2], 16) in kinds]


def octets_of(vector):
    return bytes.fromhex(vector["hex"])


def test_written_vectors_are_fresh():
    script = runpy.run_path(os.path.join(HERE, "../golden/make_extensions.py"))
    with open(GOLDEN[1], encoding="utf-8") as file:
        assert file.read() == script["text"]()


@pytest.mark.parametrize("vector", of_type(1))
def test_scapy_builds_the_request(vector):
    fields = vector["fields"]
    built = build_request(
        fields["home_address"], fields["home_agent"], fields["care_of_address"], fields["lifetime"],
        int(fields["identification"], 16), int(fields["flags"], 16),
    )
    assert built == octets_of(vector)[:24]


@pytest.mark.parametrize("vector", of_type(1, 3, 7, 15))
def test_client_signs_as_listed(vector):
    """Every authentication extension whose algorithm the client has."""
    octets, checked = octets_of(vector), 0
    for auth in vector["auth"]:
        if auth["algorithm"] not in ALGORITHMS or auth["ext_type"] not in (32, 33, 34):
            continue
        association = Association(auth["spi"], auth["key_hex"], auth["algorithm"])
        signed = association.sign(octets[: auth["offset"]], auth["ext_type"])
        assert signed == octets[: auth["offset"] + 6 + SIZES[auth["algorithm"]]]
        wrong = Association(auth["spi"], bytes(16), auth["algorithm"])
        assert wrong.sign(octets[: auth["offset"]], auth["ext_type"]) != signed
        checked += 1
    assert checked == sum(a["algorithm"] in ALGORITHMS and a["ext_type"] in (32, 33, 34) for a in vector["auth"])


@pytest.mark.parametrize("vector", of_type(3))
def test_scapy_reads_the_reply(vector):
    fields = vector["fields"]
    try:
        reply = Reply(octets_of(vector))
    except Invalid:
        assert vector["id"] in ("rrp-keygen-41", *RFC4433_FORM)  # long ones, which a reply to the client never has
        return
    assert (reply.code, reply.lifetime) == (fields["code"], fields["lifetime"])
    assert (reply.home, reply.home_agent) == (fields["home_address"], fields["home_agent"])
    assert reply.identification == int(fields["identification"], 16)
    for auth in vector["auth"]:
        association = Association(auth["spi"], auth["key_hex"], auth["algorithm"])
        assert reply.is_signed_by(association, auth["ext_type"])
        association.spi += 1
        assert not reply.is_signed_by(association, auth["ext_type"])


def test_client_refuses_what_is_no_reply():
    good = bytes.fromhex(next(v for v in VECTORS if v["id"] == "rrp-accept-timestamp")["hex"])
    for octets in [b"", b"\x03", good[:19], b"\x01" + good[1:], good[:-1], good + b"\x20", good + b"\x80\x05abc"]:
        with pytest.raises(Invalid):
            Reply(octets)
    assert len(walk(good + b"\0\0", 20)) == 1


def test_client_tells_ntp_time():
    assert ntp_time(0) == 2208988800 << 32
    assert ntp_time(0.5) == 2208988800 << 32 | 0x80000000
    assert ntp_time(2085978496) == 0
    assert ntp_time() >> 32 <= ntp_time() >> 32


def test_command_ends_with_1_without_a_reply():
    """A port that nobody answers on: the client says so, as JSON."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        command = [
            sys.executable, os.path.join(HERE, "scapy_client.py"), "--target", f"127.0.0.1:{mute.getsockname()[1]}",
            "--home", "10.0.0.1", "--care-of", "198.51.100.2", "--spi", "256", "--key", "00" * 16, "--timeout", "0.1",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        heard, _ = mute.recvfrom(1000)
    assert done.returncode == 1
    assert json.loads(done.stdout)["reply"] is False
    assert heard[:1] == b"\x01" and len(heard) == 46


def test_command_refuses_bad_arguments():
    done = subprocess.run(
        [sys.executable, os.path.join(HERE, "scapy_client.py"), "--target", "nowhere"], capture_output=True, timeout=60
    )
    assert done.returncode == 2


def is_judged(vector):
    """tshark knows the type and every extension of it."""
    kinds = {str(auth["ext_type"]) for auth in vector["auth"]}
    return octets_of(vector)[0] in KNOWN_TYPES and "keygen" not in vector["id"] and not kinds & MISREAD_EXTENSIONS


def test_tshark_agrees_with_the_vectors():
    judged = [vector for vector in VECTORS if is_judged(vector)]
    results = decode([(A, B, octets_of(vector)) for vector in judged])
    assert len(judged) == 44
    compared = 0
    for vector, result in zip(judged, results):
        if vector["id"] in RFC4433_FORM:
            assert result["complaints"]
            continue
        assert result["complaints"] == [], vector["id"]
        for name, value in vector["expect"]:
            if name.startswith("mip."):
                assert value in result["fields"][name], (vector["id"], name)
                compared += 1
    assert compared == sum(
        name.startswith("mip.") for v in judged if v["id"] not in RFC4433_FORM for name, _ in v["expect"]
    )


def test_tshark_is_asked_nothing_it_cannot_judge():
    refused = [vector for vector in VECTORS if not is_judged(vector)]
    assert len(refused) == 14
    for vector in refused:
        with pytest.raises(Refused):
            decode([(A, B, octets_of(vector))])
    with pytest.raises(Refused):
        decode([(A, B, b"")])
    with pytest.raises(Refused):
        decode([])


def test_tshark_complains_about_every_cut():
    """Cut anywhere inside the authentication extension or the fixed part."""
    good = octets_of(next(v for v in VECTORS if v["id"] == "rrp-accept-timestamp"))
    sizes = [size for size in range(1, len(good)) if size != 20]
    results = decode([(A, B, good[:size]) for size in sizes])
    assert [size for size, result in zip(sizes, results) if not result["complaints"]] == []


def test_lines_are_parsed_strictly():
    assert parse(["# nothing", "", "192.0.2.1:434 192.0.2.10:49152 0103 # a comment"]) == [(A, B, b"\x01\x03")]
    for line in ["192.0.2.1:434 192.0.2.10:49152", "192.0.2.1 192.0.2.10:1 00", "a:1 b:2 00", "1.2.3.4:1 1.2.3.4:2 0g"]:
        with pytest.raises(Refused):
            parse([line])


def test_client_shares_no_code_with_us():
    with open(scapy_client.__file__, encoding="utf-8") as source:
        imports = [line.split()[1] for line in source if line.startswith(("import ", "from "))]
    allowed = {"argparse", "hashlib", "hmac", "ipaddress", "json", "logging", "secrets", "socket", "sys", "time"}
    assert all(name in allowed or name.startswith("scapy.") for name in imports)
