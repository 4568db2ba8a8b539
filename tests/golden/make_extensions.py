#!/usr/bin/env python3
"""Write extensions.json: vectors in the form of vectors.json, for extensions and algorithms that have none there.

Octets are put together here as the figures of the RFCs draw them, authenticators come from Python's hashlib and hmac:
nothing is shared with the code under test. `expect` is what tshark calls the fields.
"""
import hashlib
import hmac
import ipaddress
import json
import pathlib
import struct

HOME, AGENT, CARE_OF, FOREIGN = "192.0.2.10", "192.0.2.1", "198.51.100.77", "198.51.100.2"
IDENTIFICATION = 0xE900000012345678
NAI = b"user@example.com"
MOBILE_HOME = (32, 256, bytes(range(0x00, 0x10)))
FOREIGN_HOME = (34, 768, bytes(range(0x20, 0x30)))
AAA_KEY = bytes(range(0x30, 0x40))
LONG_CHALLENGE = bytes((7 * i + 3) & 255 for i in range(250))
NAMES = {32: "MN-HA", 34: "FA-HA", 36: "MN-AAA"}
SIZES = {"hmac-md5": 16, "hmac-sha256": 32, "chap-md5": 16}


def address(text):
    return ipaddress.IPv4Address(text).packed


def compute(algorithm, key, covered, challenge):
    if algorithm == "chap-md5":
        value = challenge or b"\0"
        return hashlib.md5(value[:1] + key + hashlib.md5(covered).digest() + value[-237:]).digest()
    return hmac.new(key, covered, algorithm.removeprefix("hmac-")).digest()


def simple(kind, data):
    return bytes([kind, len(data)]) + data


def short(kind, subtype, data):
    return bytes([kind, len(data) + 1, subtype]) + data


class Message:
    def __init__(self, octets, fields, expect):
        self.octets = octets
        self.fields = fields
        self.expect = expect
        self.auth = []

    def add(self, octets, fields=None, expect=()):
        self.octets += octets
        self.fields |= fields or {}
        self.expect += [["mip.ext.type", str(octets[0])], *map(list, expect)]
        return self

    def sign(self, kind, spi, key, algorithm="hmac-md5", challenge=None):
        length = 4 + SIZES[algorithm]
        header = bytes([36, 1]) + struct.pack("!H", length) if kind == 36 else bytes([kind, length])
        covered = self.octets + header + struct.pack("!I", spi)
        authenticator = compute(algorithm, key, covered, challenge)
        row = {"ext": NAMES[kind], "ext_type": kind, "spi": spi, "key_hex": key.hex(), "algorithm": algorithm}
        row |= {"covered_hex": covered.hex(), "authenticator_hex": authenticator.hex(), "offset": len(self.octets)}
        if challenge is not None:
            row["challenge_hex"] = challenge.hex()
        self.auth.append(row)
        self.octets = covered + authenticator
        self.expect += [["mip.ext.type", str(kind)], ["mip.auth.spi", f"0x{spi:08x}"]]
        self.expect += [["mip.auth.auth", authenticator.hex(":")]]
        return self

    def vector(self, name, source, description):
        return {
            "id": name, "description": description, "source": source, "layer": "udp_payload",
            "hex": self.octets.hex(), "length": len(self.octets), "fields": self.fields, "auth": self.auth,
            "expect": self.expect,
        }


def request(flags=0, home=HOME, agent=AGENT, care_of=CARE_OF, lifetime=300):
    octets = struct.pack("!BBH", 1, flags, lifetime) + address(home) + address(agent) + address(care_of)
    fields = {"type": 1, "flags": f"0x{flags:02x}", "lifetime": lifetime, "home_address": home, "home_agent": agent}
    fields |= {"care_of_address": care_of, "identification": f"{IDENTIFICATION:016x}"}
    expect = [["mip.type", "1"], ["mip.homeaddr", home], ["mip.haaddr", agent], ["mip.coa", care_of]]
    return Message(octets + struct.pack("!Q", IDENTIFICATION), fields, expect)


def reply(code=0, home=HOME, lifetime=300):
    octets = struct.pack("!BBH", 3, code, lifetime) + address(home) + address(AGENT)
    fields = {"type": 3, "code": code, "lifetime": lifetime, "home_address": home, "home_agent": AGENT}
    fields |= {"identification": f"{IDENTIFICATION:016x}"}
    expect = [["mip.type", "3"], ["mip.code", str(code)], ["mip.homeaddr", home], ["mip.haaddr", AGENT]]
    return Message(octets + struct.pack("!Q", IDENTIFICATION), fields, expect)


def revocation(agent, inform, foreign_domain):
    identifier = 0x65433001
    octets = struct.pack("!BBH", 7, 0, agent << 15 | inform << 14)
    octets += address(HOME) + address(AGENT) + address(foreign_domain) + struct.pack("!I", identifier)
    fields = {"type": 7, "A": agent, "I": inform, "home_address": HOME, "home_domain": AGENT}
    fields |= {"foreign_domain": foreign_domain, "revocation_id": f"{identifier:08x}"}
    expect = [["mip.type", "7"], ["mip.rev.a", str(agent)], ["mip.rev.i", str(inform)], ["mip.rev.fda", foreign_domain]]
    return Message(octets, fields, expect)


def nai(message):
    return message.add(simple(131, NAI), {"nai": NAI.decode()}, [("mip.nai", NAI.decode())])


def challenge(message, octets):
    return message.add(simple(132, octets), {"challenge": octets.hex()})


def revocation_support(message, inform, timestamp):
    fields = {"revocation_support": {"I": inform, "timestamp": timestamp}}
    octets = simple(137, struct.pack("!HI", inform << 15, timestamp))
    return message.add(octets, fields, [("mip.ext.rev.i", str(inform)), ("mip.ext.rev.tstamp", str(timestamp))])


def udp_reply(message, code, forced, keepalive):
    fields = {"udp_tunnel_reply": {"code": code, "F": forced, "keepalive": keepalive}}
    octets = short(44, 0, struct.pack("!BHH", code, forced << 15, keepalive))
    expect = [("mip.ext.utrp.code", str(code)), ("mip.ext.utrp.f", str(forced))]
    return message.add(octets, fields, [*expect, ("mip.ext.utrp.keepalive", str(keepalive))])


def requests():
    yield request(0x20).sign(*MOBILE_HOME, "hmac-sha256").vector(
        "rrq-hmac-sha256", "RFC 5944 5.1 (MAY)", "HMAC-SHA-256, not truncated")
    message = nai(request(0x20)).sign(*MOBILE_HOME)
    yield message.sign(36, 2, AAA_KEY, "chap-md5", b"").vector(
        "rrq-chap-colocated", "RFC 4721 3.5, 8", "CHAP of a node that got no challenge: the value 0, one octet")
    message = challenge(nai(request(care_of=FOREIGN)).sign(*MOBILE_HOME), LONG_CHALLENGE)
    yield message.sign(36, 2, AAA_KEY, "chap-md5", LONG_CHALLENGE).vector(
        "rrq-chap-long-challenge", "RFC 4721 8", "CHAP with a challenge of which octets are left out")
    message = nai(request(0x20, home="0.0.0.0", agent="0.0.0.0")).add(
        short(139, 1, address(AGENT)), {"requested_ha": AGENT},
        [("mip.ext.dynha.subtype", "1"), ("mip.ext.dynha.ha", AGENT)])
    yield message.sign(*MOBILE_HOME).vector(
        "rrq-dynamic-ha-short", "RFC 4433, RFC 5944 1.11", "Requested HA (139/1) in the layout that may be skipped")
    message = request(care_of=FOREIGN).add(
        simple(134, struct.pack("!HIH", 0, 9, 1) + b"n"), {"nvse": True},
        [("mip.ext.nvse.vendor_id", "9"), ("mip.ext.nvse.vendor_type", "1")])
    cvse = bytes([38, 0]) + struct.pack("!HIH", 7, 9, 2) + b"c"
    message = message.sign(*MOBILE_HOME).add(
        cvse, {"cvse": cvse.hex()}, [("mip.ext.cvse.vendor_id", "9"), ("mip.ext.cvse.vendor_type", "0x0002")])
    yield message.sign(*FOREIGN_HOME).vector(
        "rrq-vendors", "RFC 3115", "a normal extension of the mobile node, a critical one of the foreign agent")
    message = revocation_support(request(care_of=FOREIGN).sign(*MOBILE_HOME), 1, 0x65432100)
    yield message.sign(*FOREIGN_HOME).vector("rrq-revocation-support", "RFC 3543 3.2", "the foreign agent's")


def replies():
    yield udp_reply(nai(reply()), 0, 1, 110).sign(*MOBILE_HOME).vector(
        "rrp-udp-tunnel", "RFC 3519 3.2", "a tunnel through UDP, forced")
    yield udp_reply(reply(), 64, 0, 0).sign(*MOBILE_HOME).vector(
        "rrp-udp-tunnel-declined", "RFC 3519 3.2", "none, no reason")
    message = nai(reply(143, lifetime=0)).add(
        bytes([139, 2, 0, 4]) + address("192.0.2.2"), {"redirected_ha": "192.0.2.2"})
    yield message.sign(*MOBILE_HOME).vector(
        "rrp-redirected", "RFC 4433 3.4.2", "code 143 and the other home agent, as that RFC draws it")
    message = reply().add(simple(46, bytes(2) + address("198.51.100.200")), {"gfa": "198.51.100.200"})
    yield message.sign(*MOBILE_HOME).sign(*FOREIGN_HOME).vector(
        "rrp-gfa", "RFC 4857 9.1", "the gateway's address comes back before the MHAE")
    message = challenge(reply().sign(*MOBILE_HOME), bytes.fromhex("c0ffee0011223344"))
    yield message.sign(*FOREIGN_HOME).vector(
        "rrp-challenge", "RFC 4721 3.4", "the challenge comes back behind the MHAE, before the FHAE")


def revocations():
    yield revocation(0, 0, FOREIGN).sign(*FOREIGN_HOME).vector(
        "revocation-by-fa", "RFC 3543 3.3", "A=0 I=0")
    message = revocation(1, 1, CARE_OF).add(
        short(145, 1, b"moved"), {"message": "moved"}, [("mip.ext.msgstr.text", "moved")])
    yield message.sign(*MOBILE_HOME).vector(
        "revocation-direct", "RFC 3543 3.3, RFC 4917", "to a co-located node, with a text, under its own key")


def text():
    rows = [json.dumps(vector) for make in (requests, replies, revocations) for vector in make()]
    return '{\n "note": "Written by make_extensions.py.",\n "vectors": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"


if __name__ == "__main__":
    (pathlib.Path(__file__).parent / "extensions.json").write_text(text())
