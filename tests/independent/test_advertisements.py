"""The golden advertisements, which our codec reads and writes octet for octet, before tshark and scapy.

tshark names every field but the I flag; a decoder of its own finds that one in the reserved bits.
"""

import ipaddress
import json
import os
import subprocess
import sys

import pytest
from scapy.layers.inet import ICMP, IP

from decode_with_tshark import COMPLAINTS, SEVERITY_WARNING, leaves, run_tshark
from scapy.utils import RawPcapWriter

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "golden")
LINKTYPE_RAW = 101
ONES = ("1", "True", "true")
ZEROES = ("0", "False", "false")


def vectors():
    with open(os.path.join(GOLDEN, "advertisements.json"), encoding="utf-8") as file:
        return json.load(file)["vectors"]


def packet(vector):
    return bytes(IP(src="198.51.100.1", dst="224.0.0.1", ttl=1, proto=1) / bytes.fromhex(vector["hex"]))


@pytest.fixture(scope="module")
def decoded(tmp_path_factory):
    """What tshark makes of each, by the vector's name."""
    path = str(tmp_path_factory.mktemp("capture") / "advertisements.pcap")
    writer = RawPcapWriter(path, linktype=LINKTYPE_RAW)
    writer.write_header(None)
    for vector in vectors():
        writer.write_packet(packet(vector), sec=0, usec=0)
    writer.close()
    packets = run_tshark(path, set())
    assert len(packets) == len(vectors())
    return {vector["id"]: seen["_source"]["layers"] for vector, seen in zip(vectors(), packets)}


def plain(value):
    """Numbers and flags as tshark's versions write them: decimal."""
    if value in ONES + ZEROES:
        return str(int(value in ONES))
    return str(int(value, 16)) if value.startswith("0x") else value


def signed(name, value):
    number = int(value, 0) if name == "icmp.pref_level" else None
    return value if number is None else str(number - (1 << 32) if number >= 1 << 31 else number)


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["id"])
def test_tshark_finds_each_field_and_no_fault(decoded, vector):
    layers = decoded[vector["id"]]
    seen = list(leaves(layers))
    assert not [name for name, _ in seen if name in COMPLAINTS]
    assert not [value for name, value in seen if name == "_ws.expert.severity" and int(value) >= SEVERITY_WARNING]
    wanted = {}
    for name, value in vector["expect"]:
        wanted.setdefault(name, []).append(value)
    for name, values in wanted.items():
        found = [signed(name, plain(value)) for other, value in seen if other == name and value is not None]
        assert found == values, name


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["id"])
def test_scapy_agrees_with_the_checksum(vector):
    message = ICMP(bytes.fromhex(vector["hex"]))
    stored = message.chksum
    del message.chksum
    assert (message.type, ICMP(bytes(message)).chksum) == (9, stored)


def test_the_generator_still_writes_the_file(tmp_path):
    """The vectors are derived from the figures, and nobody has changed them by hand."""
    copy = tmp_path / "make_advertisements.py"
    with open(os.path.join(GOLDEN, "make_advertisements.py"), encoding="utf-8") as file:
        copy.write_text(file.read())
    subprocess.run([sys.executable, str(copy)], check=True, timeout=60)
    assert json.loads((tmp_path / "advertisements.json").read_text())["vectors"] == vectors()


def test_care_of_addresses_are_the_last_word_of_their_extension():
    """By hand, without any decoder: where the figure of RFC 5944 section 2.1.1 has them."""
    (vector,) = [entry for entry in vectors() if entry["id"] == "all-flags"]
    octets = bytes.fromhex(vector["hex"])
    assert octets[8:10] == b"\x10\x0a"
    assert int.from_bytes(octets[14:16], "big") == 0xFDE0  # R B H F M G, no r, T U X I, no reserved bit
    assert str(ipaddress.IPv4Address(octets[16:20])) == vector["fields"]["coas"][0]
