#!/usr/bin/env python3
"""Write advertisements.json: agent advertisements octet by octet from the figures of RFC 1256 section 3, RFC 5944 section 2.1
and RFC 4721 section 2, with the fields they mean and what tshark calls them. No code of ours is used."""
import json
import pathlib
import socket
import struct

HERE = pathlib.Path(__file__).resolve().parent
BITS = {"R": 15, "B": 14, "H": 13, "F": 12, "M": 11, "G": 10, "T": 8, "U": 7, "X": 6, "I": 5}
# The same as tshark 4.0 calls them. It has no name for I.
TSHARK = {"R": "r", "B": "b", "H": "h", "F": "f", "M": "m", "G": "g", "T": "rt", "U": "u", "X": "x"}


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets + bytes(len(octets) % 2)) // 2}H", octets + bytes(len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def address(text):
    return socket.inet_aton(text)


def message(fields):
    word = sum(1 << BITS[letter] for letter in fields["flags"])
    octets = struct.pack("!BBHBBH", 9, fields["code"], 0, len(fields["routers"]), 2, fields["lifetime"])
    for router, preference in fields["routers"]:
        octets += address(router) + struct.pack("!i", preference)
    octets += struct.pack("!BBHHH", 16, 6 + 4 * len(fields["coas"]), fields["seq"], fields["reg_lifetime"], word)
    octets += b"".join(address(care_of) for care_of in fields["coas"])
    if "prefix_lengths" in fields:
        octets += bytes([19, len(fields["prefix_lengths"]), *fields["prefix_lengths"]])
    if "challenge" in fields:
        challenge = bytes.fromhex(fields["challenge"])
        octets += bytes([24, len(challenge)]) + challenge
    octets += bytes(len(octets) % 2)
    return octets[:2] + struct.pack("!H", checksum(octets)) + octets[4:]


def expected(fields):
    """What tshark is to find, name by name; of names that come again, all of them in order."""
    rows = [("icmp.type", "9"), ("icmp.code", str(fields["code"])), ("icmp.checksum.status", "1")]
    rows += [("icmp.num_addrs", str(len(fields["routers"]))), ("icmp.addr_entry_size", "2")]
    rows += [("icmp.lifetime", str(fields["lifetime"]))]
    rows += [("icmp.router_address", router) for router, _ in fields["routers"]]
    rows += [("icmp.pref_level", str(preference)) for _, preference in fields["routers"]]
    rows += [("icmp.mip.seq", str(fields["seq"])), ("icmp.mip.life", str(fields["reg_lifetime"]))]
    rows += [(f"icmp.mip.{TSHARK[letter]}", str(int(letter in fields["flags"]))) for letter in TSHARK]
    rows += [("icmp.mip.coa", care_of) for care_of in fields["coas"]]
    rows += [("icmp.mip.prefixlength", str(length)) for length in fields.get("prefix_lengths", [])]
    if "challenge" in fields:
        rows.append(("icmp.mip.challenge", ":".join(fields["challenge"][i : i + 2] for i in range(0, len(fields["challenge"]), 2))))
    return rows


BASE = {"code": 16, "lifetime": 30, "routers": [], "seq": 0, "reg_lifetime": 1800, "flags": "F", "coas": ["198.51.100.2"]}
MANY = [[f"198.51.100.{number}", number - 8] for number in range(1, 18)]


def cases():
    for letter in BITS:
        yield f"flag-{letter}", {**BASE, "flags": "".join(known for known in BITS if known in ("F", letter))}
    yield "no-foreign-agent", {**BASE, "flags": "H", "coas": []}
    yield "home-agent", {**BASE, "code": 0, "flags": "H", "coas": [], "routers": [["192.0.2.1", 0]], "reg_lifetime": 65535}
    yield "all-flags", {**BASE, "flags": "RBHFMGTUXI", "seq": 65535}
    yield "after-rollover", {**BASE, "seq": 256}
    yield "farewell", {**BASE, "lifetime": 0, "seq": 4711}
    yield "no-prefix-length", {**BASE, "prefix_lengths": []}
    yield "one-prefix-length", {**BASE, "routers": [["198.51.100.1", -2147483648]], "prefix_lengths": [24]}
    yield "two-prefix-lengths", {**BASE, "routers": [["198.51.100.1", 5], ["203.0.113.1", -5]], "prefix_lengths": [0, 32]}
    yield "many-routers", {**BASE, "code": 0, "routers": MANY, "prefix_lengths": [25] * len(MANY)}
    yield "most-care-of-addresses", {**BASE, "coas": [f"203.0.113.{number}" for number in range(1, 63)]}
    yield "shortest-challenge", {**BASE, "challenge": "01020304"}
    yield "odd-challenge", {**BASE, "challenge": "c0ffee0011"}
    yield "longest-challenge", {**BASE, "challenge": bytes(range(255)).hex()}
    everything = {**BASE, "code": 0, "lifetime": 9000, "flags": "HFMGTUX", "seq": 300, "coas": ["198.51.100.2", "198.51.100.3"]}
    everything.update(routers=[["198.51.100.1", 1]], prefix_lengths=[26], challenge="00112233445566778899aabbccddeeff")
    yield "everything", everything


def main():
    vectors = []
    for name, fields in cases():
        octets = message(fields)
        vectors.append({"id": name, "layer": "icmp_message", "hex": octets.hex(), "fields": {"type": 9, **fields},
                        "expect": expected(fields)})
    lines = ",\n".join("  " + json.dumps(vector) for vector in vectors)
    text = f'{{\n "note": "Written by make_advertisements.py.",\n "vectors": [\n{lines}\n ]\n}}\n'
    (HERE / "advertisements.json").write_text(text)


if __name__ == "__main__":
    main()
