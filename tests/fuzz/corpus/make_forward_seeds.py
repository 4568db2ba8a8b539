#!/usr/bin/env python3
"""Write the seeds of fuzz_forward from the cases of tests/dataplane/packets: one file per case that fits its small world."""
import hashlib
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parent.parent / "dataplane" / "packets"
MTUS = {"65535": 1, "576": 2, "68": 3, "40": 4}
ENCAPSULATIONS = {"ipip": 0, "minimal": 1, "gre": 2}
CATEGORIES = {"dhcp": 1, "limited": 2, "directed": 4, "link-groups": 8, "groups": 16}
ARRIVALS = {"wire": 0, "routed": 1, "host": 2}


def entry(kind, low=0):
    """An order octet for that entry of forward(), `low` being what its bits from the fourth on say modulo 3."""
    return next(n for n in range(64) if n % 5 == kind and (n >> 3) % 3 == low)


def octets_of(words):
    out = b""
    for word in words:
        pair, _, times = word.partition("*")
        out += bytes.fromhex(pair.replace("..", "00")) * int(times or 1)
    return out


def setting(a, b, c, words):
    """The three octets of set_up, with one line of a case taken into account."""
    if words[0] == "bind" and words[1] == "10.0.0.5":
        facts = dict(word.split("=") for word in words[2:] if "=" in word)
        if b & 256:
            b |= 64
        b |= 256 | ENCAPSULATIONS[facts.get("encapsulation", "ipip")]
        b |= (4 if "udp" in words else 0) | (8 if "udp" in words and "port" not in facts else 0)
        b |= (16 if "B" in facts.get("flags", "") else 0) | (32 if "D" in facts.get("flags", "") else 0)
    elif words[0] == "fence":
        a |= 128
    elif words[0] == "network" and words[2] == "virtual":
        b |= 128
    elif words[:2] == ["set", "link-mtu"]:
        a |= MTUS.get(words[2], 0)
    elif words[:2] == ["set", "df"]:
        a |= 8
    elif words[:2] == ["set", "errors"]:
        c |= 64
    elif words[:2] == ["set", "broadcasts"]:
        c |= 32
    elif words[:2] == ["set", "categories"]:
        c = c & ~31 | sum(CATEGORIES.get(name, 0) for name in words[2].split(","))
    return a, b, c


def seed_of(lines):
    a, b, c, steps, packet = 0, 0, 22, [], None
    for words in (line.split() for line in lines):
        a, b, c = setting(a, b, c, words)
        if words[0] == "in":
            kind = ["home", "tunnel", "icmp", "broadcast", "datagram"].index(words[1])
            packet = bytearray()
            steps.append((entry(kind, ARRIVALS[words[2]] if kind == 0 else 0), packet))
        elif words[0] == "+" and packet is not None:
            packet += octets_of(words[1:])
        else:
            packet = None
    out = bytes([a, b & 255, c])
    for order, packet in steps[:4]:
        if order % 5 == 4:
            packet = packet[28:]
        raw = b"\1\0\0" + bytes(packet)
        out += bytes([order, 0]) + len(raw).to_bytes(2, "big") + raw
    return out if len(out) < 3500 else None


def main():
    out = HERE / "forward"
    out.mkdir(exist_ok=True)
    for path in sorted(CASES.glob("*.txt")):
        for block in path.read_text().split("\n\n")[1:]:
            seed = seed_of(block.strip().splitlines())
            if seed:
                (out / hashlib.sha1(seed).hexdigest()[:16]).write_bytes(seed)


if __name__ == "__main__":
    main()
