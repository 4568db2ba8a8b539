#!/usr/bin/env python3
"""Print the fold constants of tests/unit/test_authenticator.c and test_generalized.c.

The first computes an authenticator for every key size and 201 lengths of message and folds
them into one; this does the same with Python's hashlib, which shares no code with us. The
second does so with CHAP, for every size of challenge.
"""
import hashlib
import hmac

KEY_SIZES = range(16, 65)
MESSAGE_SIZES = range(201)
SPI_SIZE = 4


def without_spi(covered):
    return covered[:-SPI_SIZE] if len(covered) >= SPI_SIZE else b""


ALGORITHMS = {
    "hmac-md5": lambda key, covered: hmac.new(key, covered, "md5").digest(),
    "keyed-md5": lambda key, covered: hashlib.md5(key + covered + key).digest(),
    "keyed-md5-rfc2002": lambda key, covered: hashlib.md5(key + without_spi(covered) + key).digest(),
    "hmac-sha1": lambda key, covered: hmac.new(key, covered, "sha1").digest(),
    "hmac-sha256": lambda key, covered: hmac.new(key, covered, "sha256").digest(),
}


def fold(compute):
    folded = [0] * len(compute(b"", b""))
    for key_size in KEY_SIZES:
        key = bytes((7 * i + key_size) & 255 for i in range(key_size))
        for size in MESSAGE_SIZES:
            covered = bytes((3 * i + size) & 255 for i in range(size))
            folded = [(a * 31 + b) & 255 for a, b in zip(folded, compute(key, covered))]
    return bytes(folded).hex()


def chap(key, covered, challenge):
    challenge = challenge or b"\0"  # the value 0 of a node that got none
    return hashlib.md5(challenge[:1] + key + hashlib.md5(covered).digest() + challenge[-237:]).digest()


def fold_chap():
    folded = [0] * 16
    for key_size in KEY_SIZES:
        key = bytes((7 * i + key_size) & 255 for i in range(key_size))
        for size in range(256):
            challenge = bytes((5 * i + size + 1) & 255 for i in range(size))
            covered = bytes((3 * i + size) & 255 for i in range(size % 100))
            folded = [(a * 31 + b) & 255 for a, b in zip(folded, chap(key, covered, challenge))]
    return bytes(folded).hex()


if __name__ == "__main__":
    for name, compute in ALGORITHMS.items():
        print(name, fold(compute))
    print("chap", fold_chap())
