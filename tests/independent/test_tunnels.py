"""Our tunnels before independent eyes: what we wrap, scapy and tshark decode; what scapy wraps, we decode.

build/tests/independent/tunnels is the codec, driven line by line. Neither scapy nor the standard library knows minimal
encapsulation (RFC 2004): it is built here by hand, and tcpdump reads it. tshark 4.0 knows
all but that, and inside UDP takes every packet for IP in IP.
"""

import itertools
import json
import logging
import os
import struct
import subprocess
import tempfile

import pytest

from agent import BUILD

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import ICMP, IP, UDP, IPOption_RR, IPOption_Router_Alert, checksum, defrag  # noqa: E402
from scapy.layers.l2 import GRE  # noqa: E402
from scapy.utils import RawPcapWriter  # noqa: E402

HOME_AGENT, CARE_OF = "192.0.2.1", "198.51.100.2"
SENDER, MOBILE = "203.0.113.7", "192.0.2.10"
KEY, SEQUENCE = 0xA1B2C3D4, 5
PROTOCOLS = {"ipip": 4, "minimal": 55, "gre": 47}
GRE_FLAGS = ["".join(flags) for n in range(4) for flags in itertools.combinations("cks", n)]
FORMS = [(name, udp + flags) for name in PROTOCOLS for udp in ("", "u") for flags in (GRE_FLAGS if name == "gre" else [""])]
LINKTYPE_RAW = 101


def inner_packets():
    """Name to packet. Sizes odd and even, options, DF, what is no UDP, and fragments."""
    plain = {"src": SENDER, "dst": MOBILE, "ttl": 63, "tos": 0x10, "id": 0xBEEF}
    packets = {
        "plain": IP(**plain) / UDP(sport=1024, dport=9) / bytes(range(20)),
        "odd": IP(**plain) / UDP(sport=1024, dport=9) / b"odd",
        "df": IP(**plain, flags="DF") / UDP(sport=1024, dport=9) / bytes(1200),
        "echo": IP(**plain) / ICMP(id=7, seq=9) / b"echo",
        "options": IP(**plain, options=[IPOption_Router_Alert()]) / UDP(sport=1024, dport=9) / b"alert",
        "first": IP(**plain, flags="MF") / UDP(sport=1024, dport=9, len=72) / bytes(24),
        "last": IP(**plain, frag=4) / bytes(range(32)),
    }
    return {name: bytes(packet) for name, packet in packets.items()}


INNER = inner_packets()
FRAGMENTS = ("first", "last")


class Codec:
    def __init__(self):
        path = os.path.join(BUILD, "tests/independent/tunnels")
        assert os.access(path, os.X_OK), f"{path} is not built; name a build with HEARTH_BUILD"
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        words = [word.hex() if isinstance(word, bytes) else str(word) for word in words]
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer.endswith("\n"), "the codec died"
        return answer.strip()

    def wrap(self, name, flags, packet):
        return bytes.fromhex(self.ask("wrap", name, flags or "-", HOME_AGENT, CARE_OF, packet))

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0


@pytest.fixture(scope="module")
def codec():
    running = Codec()
    yield running
    running.close()


def is_sound(packet):
    """scapy's own checksum of an IP header is the one that is in it."""
    again = IP(packet)
    del again.chksum
    return IP(bytes(again)).chksum == IP(packet).chksum and IP(packet).len == len(packet)


def minimal_header(packet, short=False):
    """By hand, from RFC 2004 section 3."""
    ip = IP(packet)
    addresses = packet[16:20] + (b"" if short else packet[12:16])
    head = struct.pack("!BBH", ip.proto, 0 if short else 0x80, 0) + addresses
    return head[:2] + struct.pack("!H", checksum(head)) + head[4:]


def minimal_packet(packet, source, destination, udp=False, short=False):
    ip = IP(packet)
    size = ip.ihl * 4
    payload = minimal_header(packet, short) + packet[size:]
    ip.remove_payload()
    del ip.chksum, ip.len
    ip.src, ip.dst, ip.proto = source, destination, 17 if udp else 55
    body = UDP(sport=434, dport=62001) / (bytes([4, 55, 0, 0]) + payload) if udp else payload
    return bytes(ip / body)


def gre_header(flags):
    fields = {"proto": 0x0800}
    if "c" in flags:
        fields["chksum_present"] = 1
    if "k" in flags:
        fields.update(key_present=1, key=KEY)
    if "s" in flags:
        fields.update(seqnum_present=1, sequence_number=SEQUENCE)
    return GRE(**fields)


def wrapped_by_scapy(name, flags, packet, source, destination, short=False):
    udp = "u" in flags
    if name == "minimal":
        return minimal_packet(packet, source, destination, udp, short)
    body = packet if name == "ipip" else bytes(gre_header(flags) / IP(packet))
    outer = IP(src=source, dst=destination, ttl=64, id=0x4321, proto=17 if udp else PROTOCOLS[name])
    if udp:
        return bytes(outer / UDP(sport=434, dport=62001) / (bytes([4, PROTOCOLS[name], 0, 0]) + body))
    return bytes(outer / body)


def expected_name(name, inner):
    return "ipip" if name == "minimal" and inner in FRAGMENTS else name


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("name, flags", FORMS, ids=["-".join(form).strip("-") for form in FORMS])
def test_scapy_would_have_wrapped_the_same(codec, name, flags, inner):
    """Octet for octet, but for what the outer header has of the packet: TOS 0 and no DF of scapy's own."""
    ours = codec.wrap(name, flags, INNER[inner])
    theirs = IP(wrapped_by_scapy(expected_name(name, inner), flags, INNER[inner], HOME_AGENT, CARE_OF))
    theirs.flags = IP(INNER[inner]).flags & 2
    del theirs.chksum
    if expected_name(name, inner) == "minimal":
        theirs.tos = 0x10
    assert is_sound(ours)
    assert ours.hex() == bytes(theirs).hex()


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("name, flags", FORMS, ids=["-".join(form).strip("-") for form in FORMS])
def test_what_scapy_wrapped_is_unwrapped(codec, name, flags, inner):
    name = expected_name(name, inner)
    packet = wrapped_by_scapy(name, flags, INNER[inner], CARE_OF, HOME_AGENT)
    found = codec.ask("unwrap", packet).split()
    assert found[0] == name
    assert found[1].strip("-") == flags
    assert found[2:4] == [CARE_OF, HOME_AGENT]
    assert found[4] == (hex(KEY) if "k" in flags else "0")
    assert found[5] == (str(SEQUENCE) if "s" in flags else "0")
    assert found[6] == INNER[inner].hex()


@pytest.mark.parametrize("udp", [False, True])
def test_short_minimal_header(codec, udp):
    """S is 0 where the tunnel begins at the source."""
    packet = bytes(IP(src=HOME_AGENT, dst=MOBILE, ttl=64, id=3) / UDP(sport=1, dport=2) / b"short")
    expected = minimal_packet(packet, HOME_AGENT, CARE_OF, udp, short=True)
    assert codec.wrap("minimal", "u" if udp else "", packet).hex() == expected.hex()
    assert codec.ask("unwrap", expected).split()[6] == packet.hex()


def output_over(packets, command):
    """What a command prints that reads them from a capture."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "packets.pcap")
        writer = RawPcapWriter(path, linktype=LINKTYPE_RAW)
        writer.write_header(None)
        for packet in packets:
            writer.write_packet(packet, sec=0, usec=0)
        writer.close()
        return subprocess.run([*command, "-r", path], capture_output=True, text=True, timeout=300, check=True).stdout


def decoded_by_tshark(packets):
    """Per packet a dict from field to the list of its values, complaints among them."""
    command = ["tshark", "-n", "-T", "json", "--no-duplicate-keys", "-d", "udp.port==434,mip"]
    for option in ("ip.check_checksum:TRUE", "udp.check_checksum:TRUE", "ip.defragment:FALSE"):
        command += ["-o", option]
    found = [fields_of(packet["_source"]["layers"]) for packet in json.loads(output_over(packets, command))]
    assert len(found) == len(packets)
    return found


def fields_of(tree, fields=None):
    fields = {} if fields is None else fields
    for key, value in tree.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                fields.setdefault(key, [])
                fields_of(each, fields)
            else:
                fields.setdefault(key, []).append(each)
    return fields


def test_tshark_decodes_what_we_wrapped(codec):
    """All forms in one capture: addresses of both headers, every checksum, keys, and nothing that is malformed."""
    cases = [(name, flags, inner) for name, flags in FORMS for inner in INNER]
    packets = [codec.wrap(*case[:2], INNER[case[2]]) for case in cases]
    for (name, flags, inner), fields in zip(cases, decoded_by_tshark(packets)):
        case = f"{name} {flags} {inner}: {fields}"
        assert "_ws.malformed" not in fields, case
        assert fields["ip.src"][0] == HOME_AGENT and fields["ip.dst"][0] == CARE_OF, case
        if expected_name(name, inner) == "ipip" or (name, "u" in flags) == ("gre", False):
            assert SENDER in fields["ip.src"] and MOBILE in fields["ip.dst"], case
        assert set(fields["ip.checksum.status"]) == {"1"}, case
        if "u" in flags:
            assert fields["mip.nattt.nexthdr"] == [str(PROTOCOLS[expected_name(name, inner)])], case
            assert fields["udp.checksum.status"][0] == "1", case
        else:
            assert fields["ip.proto"][0] == str(PROTOCOLS[expected_name(name, inner)]), case
        if name == "gre" and "u" not in flags:
            assert fields["gre.proto"] == ["0x0800"], case
            assert fields.get("gre.checksum.status", []) == ["1"] * ("c" in flags), case
            assert [int(key, 16) for key in fields.get("gre.key", [])] == [KEY] * ("k" in flags), case
            assert fields.get("gre.sequence_number", []) == [str(SEQUENCE)] * ("s" in flags), case


def test_tcpdump_decodes_what_we_wrapped_minimally(codec):
    """It verifies the checksum of the minimal header, too."""
    names = [name for name in INNER if name not in FRAGMENTS]
    packets = [codec.wrap("minimal", "", INNER[name]) for name in names]
    protocols = [IP(INNER[name]).proto for name in names]
    lines = [line for line in output_over(packets, ["tcpdump", "-nv"]).splitlines() if "mobile:" in line]
    expected = [f"{HOME_AGENT} > {CARE_OF}: mobile: [S] {SENDER} > {MOBILE} (oproto={number})" for number in protocols]
    assert [line.strip() for line in lines] == expected
    broken = bytearray(packets[0])
    broken[22] ^= 1
    assert "bad checksum" in output_over([bytes(broken)], ["tcpdump", "-nv"])


@pytest.mark.parametrize("kind, code, mtu", [(3, 4, 1400), (3, 1, 0), (11, 0, 0), (3, 13, 0)])
def test_scapy_reads_our_errors(codec, kind, code, mtu):
    told = bytes.fromhex(codec.ask("tell", HOME_AGENT, kind, code, mtu, INNER["df"]))
    ip = IP(told)
    assert is_sound(told)
    assert (ip.src, ip.dst, ip.proto, len(told)) == (HOME_AGENT, SENDER, 1, 576)
    assert checksum(told[20:]) == 0
    assert (ip[ICMP].type, ip[ICMP].code) == (kind, code)
    assert struct.unpack("!H", told[26:28])[0] == mtu
    assert told[28:] == INNER["df"][:548]


def test_errors_are_not_answered(codec):
    error = bytes(IP(src=SENDER, dst=MOBILE) / ICMP(type=11) / INNER["plain"])
    assert codec.ask("tell", HOME_AGENT, 3, 1, 0, error).startswith("refused")
    assert codec.ask("tell", HOME_AGENT, 3, 1, 0, INNER["last"]).startswith("refused")


@pytest.mark.parametrize("name, flags", FORMS, ids=["-".join(form).strip("-") for form in FORMS])
def test_quotes_of_a_scapy_router(codec, name, flags):
    """A router on the way counts three hops and quotes 100 octets behind the outer header."""
    sent = IP(codec.wrap(name, flags, INNER["df"]))
    sent.ttl -= 3
    del sent.chksum
    quoted = bytes(sent)[:120]
    router = bytes(IP(src="198.51.100.254", dst=HOME_AGENT) / ICMP(type=3, code=4, nexthopmtu=1300) / quoted)
    kind, code, mtu, found, remote, identification, inner = codec.ask("quote", router).split()
    assert (kind, code, mtu, found, remote) == ("3", "4", "1300", name, CARE_OF)
    assert int(identification) == sent.id
    inner = bytes.fromhex(inner)
    assert is_sound(inner[:20] + bytes(IP(inner).len - 20))
    assert (IP(inner).src, IP(inner).dst, IP(inner).len) == (SENDER, MOBILE, len(INNER["df"]))
    assert INNER["df"][20:].startswith(inner[20:]) and len(inner) > 28


@pytest.mark.parametrize("mtu", [68, 100, 576, 577, 583, 1499])
@pytest.mark.parametrize("options", [[], [IPOption_Router_Alert()], [IPOption_RR(length=7, routers=["0.0.0.0"])]])
def test_scapy_puts_our_fragments_together(codec, mtu, options):
    packet = bytes(IP(src=SENDER, dst=MOBILE, id=77, options=options) / UDP(sport=1, dport=2) / (bytes(range(251)) * 8))
    pieces = [bytes.fromhex(piece) for piece in codec.ask("fragments", mtu, packet).split()]
    assert len(pieces) > 1 and all(len(piece) <= mtu and is_sound(piece) for piece in pieces)
    alone, whole, missing = defrag([IP(piece) for piece in pieces])
    assert (len(alone), len(whole), len(missing)) == (0, 1, 0)
    size = IP(packet).ihl * 4
    assert bytes(whole[0].payload) == packet[size:]
    copied = bool(options) and options[0].copy_flag
    assert [IP(piece).ihl * 4 for piece in pieces[1:]] == [size if copied else 20] * (len(pieces) - 1)
    assert IP(pieces[0]).ihl * 4 == size


@pytest.mark.parametrize("change", [{"routing_present": 1}, {"strict_route_source": 1}, {"recursion_control": 4}, {"version": 1},
                                    {"proto": 0x86DD}])
def test_other_gre_is_refused(codec, change):
    """RFC 1701's bits, another version, another payload (RFC 2784 sections 2.3 and 2.4)."""
    header = bytearray(bytes(GRE(proto=0x0800)))
    header[0] |= 0x40 * ("routing_present" in change) | 0x08 * ("strict_route_source" in change)
    header[0] |= change.get("recursion_control", 0)
    header[1] |= change.get("version", 0)
    if "proto" in change:
        header[2:4] = struct.pack("!H", change["proto"])
    packet = bytes(IP(src=CARE_OF, dst=HOME_AGENT, proto=47) / (bytes(header) + INNER["plain"]))
    assert codec.ask("unwrap", packet).startswith("refused")
