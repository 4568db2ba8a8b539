#!/usr/bin/env python3
"""Write the seeds of fuzz_journal: segments that its repair makes valid, in corpus/journal/.

The first octet is the repair (see fuzz_journal.c); checksums are zero here and filled in by the target.
"""
import pathlib
import struct

BLOCK = 4096
FORMAT = 2
SEED = 7
SEGMENT, BATCHES, CHAIN, TWO, FORMAT_1, WHOLE = 1, 2, 4, 8, 16, 32


def record(index, command, form):
    return struct.pack("<IIQQ", 0, len(command), 1, index) + (b"\0" if form > 1 else b"") + command


def batch(number, first, commands, form=FORMAT):
    body = b"".join(record(first + i, command, form) for i, command in enumerate(commands))
    header = struct.pack("<IIQQQQIIQQ", 0x68637462, form, SEED, number, first, 0, len(commands), len(body), 0, 0)
    return header + body


def padded(octets):
    return octets + bytes(-len(octets) % BLOCK)


def main():
    first = padded(batch(1, 1, [b"a", b"bb"]))
    half = padded(batch(1, 1, [b"x" * 100])) + padded(batch(2, 2, [b"y" * 100]))
    other = padded(batch(3, 3, [b"z" * 10])) + padded(batch(4, 4, [b"w"]))
    old = padded(batch(1, 1, [b"a", b"bb"], form=1)) + batch(2, 3, [b"c" * 40], form=1)
    seeds = {
        "format-1": bytes([SEGMENT | BATCHES | CHAIN | FORMAT_1]) + old,
        "whole": bytes([SEGMENT | BATCHES | CHAIN | WHOLE]) + padded(batch(1, 7, [b"a"])) + batch(2, 8, [b"c" * 40]),
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
