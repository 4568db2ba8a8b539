"""The octets of the conformance suite against the golden messages, which several other decoders have read too."""

import json
import os

import pytest

import wire

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "../golden/vectors.json"), encoding="utf-8") as file:
    VECTORS = json.load(file)["vectors"]

NAMES = {"chap-md5": "chap"}
FIXED = {wire.REQUEST: 24, wire.REPLY: 20, wire.REVOCATION: 20, wire.ACKNOWLEDGMENT: 12}


def messages(*types):
    chosen = [v for v in VECTORS if v["layer"] == "udp_payload" and v["fields"].get("type") in types]
    return pytest.mark.parametrize("vector", chosen, ids=[v["id"] for v in chosen])


def octets_of(vector):
    return bytes.fromhex(vector["hex"])


@messages(wire.REQUEST)
def test_request_is_built_as_in_the_vector(vector):
    fields = vector["fields"]
    built = wire.build_request(
        int(fields["flags"], 16), fields["lifetime"], fields["home_address"], fields["home_agent"],
        fields["care_of_address"], int(fields["identification"], 16),
    )
    assert built == octets_of(vector)[:24]


@messages(wire.REPLY)
def test_reply_is_built_and_read_as_in_the_vector(vector):
    fields, octets = vector["fields"], octets_of(vector)
    read = wire.Reply(octets)
    assert (read.code, read.lifetime, read.home, read.home_agent, read.identification) == (
        fields["code"], fields["lifetime"], fields["home_address"], fields["home_agent"],
        int(fields["identification"], 16),
    )
    assert wire.build_reply(read.code, read.lifetime, read.home, read.home_agent, read.identification) == octets[:20]


def challenge_of(octets):
    found = [e.data for e in wire.walk(octets, 24) if e.kind == wire.CHALLENGE]
    return found[0] if found else wire.NO_CHALLENGE


@messages(*FIXED)
def test_chain_is_walked_and_authenticators_verify(vector):
    octets = octets_of(vector)
    extensions = {e.begin: e for e in wire.walk(octets, FIXED[octets[0]])}
    for auth in vector.get("auth", []):
        extension = extensions[auth["offset"]]
        algorithm = NAMES.get(auth["algorithm"], auth["algorithm"])
        key = bytes.fromhex(auth["key_hex"])
        assert (extension.kind, extension.spi) == (auth["ext_type"], auth["spi"])
        assert extension.authenticator.hex() == auth["authenticator_hex"]
        assert wire.verifies(extension, algorithm, key, challenge_of(octets) if algorithm == "chap" else b"\0")
        assert not wire.verifies(extension, algorithm, key[:-1] + bytes([key[-1] ^ 1]))
        signed = wire.sign(
            octets[: extension.begin], extension.kind, extension.spi, algorithm, key, extension.subtype,
            challenge_of(octets) if algorithm == "chap" else b"\0",
        )
        assert signed == octets[: extension.end]


def test_revocation_and_acknowledgment():
    by_id = {v["id"]: octets_of(v) for v in VECTORS if "hex" in v}
    revocation = by_id["revocation-by-ha"]
    fields = next(v["fields"] for v in VECTORS if v["id"] == "revocation-by-ha")
    identifier = int.from_bytes(revocation[16:20], "big")
    addresses = [".".join(str(b) for b in revocation[at : at + 4]) for at in (4, 8, 12)]
    assert fields["type"] == wire.REVOCATION
    assert wire.build_revocation(0xC000, *addresses, identifier) == revocation[:20]
    acknowledgment = wire.Acknowledgment(by_id["revocation-ack"])
    assert acknowledgment.flags == 0x8000
    assert (
        wire.build_acknowledgment(0x8000, acknowledgment.home, acknowledgment.identifier) == acknowledgment.octets[:12]
    )


def test_extensions_of_each_layout():
    chain = wire.simple(200, b"ab") + b"\0\0" + wire.long(36, 1, b"cdef") + wire.short(144, 0, b"g") + b"\0"
    found = wire.walk(chain, 0)
    assert [(e.kind, e.subtype, e.data) for e in found] == [(200, None, b"ab"), (36, 1, b"cdef"), (144, 0, b"g")]
    assert [(e.begin, e.end) for e in found] == [(0, 4), (6, 14), (14, 18)]


@pytest.mark.parametrize("form", [bytes([139, 1, 0, 4]) + b"abcd", bytes([139, 5, 1]) + b"abcd"])
def test_both_forms_of_the_dynamic_home_agent_are_walked(form):
    assert [e.kind for e in wire.walk(form + wire.simple(200, b""), 0)] == [139, 200]


@pytest.mark.parametrize("broken", ["20", "2005aa", "2401", "24010005aa", "90", "9000", "c8ff00"])
def test_broken_chain_is_refused(broken):
    with pytest.raises(wire.Malformed):
        wire.walk(bytes.fromhex(broken), 0)


@pytest.mark.parametrize("octets", [b"", b"\3" * 19, b"\1" * 20, b"\3" * 20 + b"\x20\x10"])
def test_what_is_no_reply_is_refused(octets):
    with pytest.raises(wire.Malformed):
        wire.Reply(octets)


def test_sizes_of_authenticators():
    for name, compute in wire.ALGORITHMS.items():
        assert len(compute(b"k" * 16, b"covered", b"challenge")) == wire.size_of(name)


def test_ntp_stamps():
    assert wire.ntp_of(0) == 2208988800 << 32
    assert wire.ntp_of(0, 500_000_000) == 2208988800 << 32 | 1 << 31
    assert wire.ntp_of(2**32 - wire.NTP_OFFSET_S) == 0  # the era ends in 2036
    assert wire.ntp_now() <= wire.ntp_now()
