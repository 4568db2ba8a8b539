#!/usr/bin/env python3
"""Write the seeds of fuzz_journal: segments that its repair makes valid, in corpus/journal/.

The first octet is the repair (see fuzz_journal.c); checksums are zero here and filled in by the target.
"""
import pathlib
import struct

BLOCK = 4096
FORMAT = 1
SEED = 7
SEGMENT, BATCHES, CHAIN, TWO = 1, 2, 4, 8


def record(index, command):
    return struct.pack("<IIQQ", 0, len(command), 1, index) + command


def batch(number, first, commands):
    body = b"".join(record(first + i, command) for i, command in enumerate(commands))
    header = struct.pack("<IIQQQQIIQQ", 0x68637462, FORMAT, SEED, number, first, 0, len(commands), len(body), 0, 0)
    return header + body


def padded(octets):
    return octets + bytes(-len(octets) % BLOCK)


def main():
    first = padded(batch(1, 1, [b"a", b"bb"]))
    half = padded(batch(1, 1, [b"x" * 100])) + padded(batch(2, 2, [b"y" * 100]))
    other = padded(batch(3, 3, [b"z" * 10])) + padded(batch(4, 4, [b"w"]))
    seeds = {
        "chain": bytes([SEGMENT | BATCHES | CHAIN]) + first + batch(2, 3, [b"c" * 40]),
        "marks-missing": bytes([SEGMENT | BATCHES]) + first + batch(2, 3, [b"c" * 40]),
        "later-batch": bytes([SEGMENT | BATCHES]) + first + batch(9, 3, [b"c" * 40]),
        "two-segments": bytes([SEGMENT | BATCHES | CHAIN | TWO]) + half + other,
        "torn": bytes([SEGMENT]) + batch(1, 1, [b"a"]),
        "header-only": bytes([0]) + b"HEMLseg1" + struct.pack("<I", FORMAT),
    }
    folder = pathlib.Path(__file__).parent / "journal"
    folder.mkdir(exist_ok=True)
    for name, octets in seeds.items():
        (folder / name).write_bytes(octets)


if __name__ == "__main__":
    main()
