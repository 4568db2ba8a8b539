"""What lies in a store, read without a line of Hearth: rows by mdb_dump, sealed secrets by XChaCha20-Poly1305 of our own.

A blob is: format (1 octet), number of the key (4), nonce (24), ciphertext, tag (16).
"""

import hmac
import struct
import subprocess

MASK = 0xFFFFFFFF


class Unopened(Exception):
    """The key or the context is not the one it was sealed with."""


def rotate_left(value, bits):
    value &= MASK
    return (value << bits | value >> 32 - bits) & MASK


def quarter_round(s, a, b, c, d):
    for x, y, z, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & MASK
        s[z] = rotate_left(s[z] ^ s[x], bits)


def rounds(key, last_four):
    start = list(struct.unpack("<4I8I4I", b"expand 32-byte k" + key + last_four))
    s = list(start)
    for _ in range(10):
        for i in range(4):
            quarter_round(s, i, i + 4, i + 8, i + 12)
        for i in range(4):
            quarter_round(s, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12)
    return start, s


def chacha_block(key, counter, nonce):
    start, end = rounds(key, struct.pack("<I", counter) + nonce)
    return struct.pack("<16I", *((a + b) & MASK for a, b in zip(start, end)))


def chacha(key, nonce, octets):
    out = b""
    for i in range(0, len(octets), 64):
        out += bytes(a ^ b for a, b in zip(octets[i:i + 64], chacha_block(key, 1 + i // 64, nonce)))
    return out


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i:i + 16] + b"\1", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")


def padded(octets):
    return octets + bytes(-len(octets) % 16)


def subkey(key, nonce):
    _, end = rounds(key, nonce[:16])
    return struct.pack("<8I", *end[:4], *end[12:]), bytes(4) + nonce[16:]


def tag_of(key, nonce, bound, ciphertext):
    message = padded(bound) + padded(ciphertext) + struct.pack("<QQ", len(bound), len(ciphertext))
    return poly1305(chacha_block(key, 0, nonce)[:32], message)


def key_number(blob):
    return int.from_bytes(blob[1:5], "big")


def open_blob(keys, context, blob):
    """The secret in a blob; `keys` by their numbers."""
    assert blob[0] == 1 and len(blob) >= 45
    key, nonce = subkey(keys[key_number(blob)], blob[5:29])
    ciphertext, tag = blob[29:-16], blob[-16:]
    if not hmac.compare_digest(tag, tag_of(key, nonce, blob[:5] + context, ciphertext)):
        raise Unopened(f"a blob of {len(blob)} octets under key {key_number(blob)}")
    return chacha(key, nonce, ciphertext)


def keys_of_file(path):
    """Number to key, of a file of lines `key NUMBER HEX`."""
    with open(path, encoding="ascii") as file:
        words = [line.split() for line in file if line.startswith("key ")]
    return {int(number): bytes.fromhex(key) for _, number, key in words}


def rows_of(data_directory, table):
    """Keys and values of one table of a store that nobody writes."""
    text = subprocess.run(["mdb_dump", "-s", table, f"{data_directory}/store"], check=True, capture_output=True,
                          text=True).stdout
    body = text.split("HEADER=END\n", 1)[1].split("DATA=END", 1)[0]
    lines = [bytes.fromhex(line.strip()) for line in body.splitlines()]
    return dict(zip(lines[0::2], lines[1::2]))


def opened_associations(data_directory, keys):
    """(row key of the peer, SPI, use) to (number of the cluster's key, key of the association)."""
    peers = {value[1:9]: key for key, value in rows_of(data_directory, "peers").items()}
    found = {}
    for key, value in rows_of(data_directory, "associations").items():
        peer, spi, use = peers[key[:8]], key[8:12], key[12:] or b"\0"
        # format, algorithm (1), tolerance (2), created (8), no unsealed key (1), replay (1), size (1), blob
        assert value[0] == 3 and value[12] == 0 and value[14] == len(value) - 15
        blob = value[15:]
        secret = open_blob(keys, b"k" + spi + use + peer, blob)
        found[peer, int.from_bytes(spi, "big"), use[0]] = (key_number(blob), secret)
    return found


def opened_secret(data_directory, keys, name="secret.nonce"):
    """A secret of the cluster, and the number of the key under which it is sealed."""
    blob = rows_of(data_directory, "settings")[name.encode()]
    return key_number(blob), open_blob(keys, b"s" + name.encode(), blob)
