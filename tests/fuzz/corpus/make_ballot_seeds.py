#!/usr/bin/env python3
"""Write the seeds of fuzz_ballot: files that its repair makes valid, in corpus/ballot/.

The first octet is the repair (see fuzz_ballot.c); checksums are zero here and filled in by the target.
"""
import pathlib
import struct

SLOT = 4096
FIRST, SECOND, SHORT = 1, 2, 4


def slot(number, groups, form=1, incarnation=9):
    octets = b"HAballot" + struct.pack("<IIQQQ5Q", form, len(groups), number, 7, incarnation, 1, 2, 3, 0, 0)
    octets += b"".join(struct.pack("<IIQQQ", *group) for group in groups)
    return octets + bytes(SLOT - len(octets))


def main():
    group = (0, 2, 5, 100, 4)
    seeds = {
        "both": bytes([FIRST | SECOND]) + slot(2, [group]) + slot(3, [group, group]),
        "first-only": bytes([FIRST]) + slot(2, [group]) + slot(3, [group]),
        "all-groups": bytes([FIRST | SECOND]) + slot(8, [group] * 64) + slot(7, []),
        "too-many": bytes([FIRST | SECOND]) + slot(8, [group] * 65) + slot(7, []),
        "newer": bytes([FIRST]) + slot(2, [], form=2),
        "nobody": bytes([SECOND]) + slot(0, []) + slot(1, [], incarnation=0),
        "short": bytes([FIRST | SHORT]) + slot(2, []),
    }
    folder = pathlib.Path(__file__).parent / "ballot"
    folder.mkdir(exist_ok=True)
    for name, octets in seeds.items():
        (folder / name).write_bytes(octets.rstrip(b"\0"))


if __name__ == "__main__":
    main()
