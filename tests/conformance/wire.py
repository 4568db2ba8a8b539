"""Octets of Mobile IPv4: messages, extensions, authenticators, time stamps. Written from the RFCs, with nothing of ours
that is compiled; the standard library does the hashing. Building never judges, so that a wrong message can be built;
reading refuses what is not sound.
"""

import hashlib
import hmac
import socket
import struct
import time

REQUEST, REPLY, TUNNEL_DATA, REVOCATION, ACKNOWLEDGMENT = 1, 3, 4, 7, 15
PAD = 0
MOBILE_HOME, MOBILE_FOREIGN, FOREIGN_HOME, GENERALIZED = 32, 33, 34, 36
CRITICAL_VENDOR, UDP_TUNNEL_REPLY, FA_ERROR, GFA_ADDRESS = 38, 44, 45, 46
DELIVERY_STYLE, NAI, CHALLENGE, VENDOR, REVOCATION_SUPPORT = 130, 131, 132, 134, 137
DYNAMIC_HOME_AGENT, UDP_TUNNEL_REQUEST, MESSAGE_STRING = 139, 144, 145
MOBILE_AAA = 1  # subtype of GENERALIZED
CHAP_SPI = 2
INFINITE = 0xFFFF
FLAGS = {"S": 0x80, "B": 0x40, "D": 0x20, "M": 0x10, "G": 0x08, "r": 0x04, "T": 0x02, "x": 0x01}
NTP_OFFSET_S = 2208988800  # from 1900 to 1970

# How a type is laid out after its first octet (RFC 5944 sections 1.9 to 1.11); all others are simple.
LONG = {36, 38, 40, 41, 42, 43, 47, 48, 139}
SHORT = {44, 45, 136, 144, 145, 147, 148}


class Malformed(Exception):
    """Octets that are not what they should be."""


# ---- fixed parts


def flags_of(letters):
    """The flags octet: "ST" has two bits set."""
    return sum(FLAGS[letter] for letter in letters)


def build_request(flags, lifetime, home, home_agent, care_of, identification):
    return struct.pack(
        "!BBH4s4s4sQ", REQUEST, flags, lifetime, socket.inet_aton(home), socket.inet_aton(home_agent),
        socket.inet_aton(care_of), identification,
    )


def build_reply(code, lifetime, home, home_agent, identification):
    return struct.pack(
        "!BBH4s4sQ", REPLY, code, lifetime, socket.inet_aton(home), socket.inet_aton(home_agent), identification
    )


def build_revocation(flags, home, home_domain, foreign_domain, identifier):
    """RFC 3543 section 3.3; flags: A 0x8000, I 0x4000."""
    return struct.pack(
        "!BBH4s4s4sI", REVOCATION, 0, flags, socket.inet_aton(home), socket.inet_aton(home_domain),
        socket.inet_aton(foreign_domain), identifier,
    )


def build_acknowledgment(flags, home, identifier):
    """RFC 3543 section 3.4; flags: I 0x8000."""
    return struct.pack("!BBH4sI", ACKNOWLEDGMENT, 0, flags, socket.inet_aton(home), identifier)


# ---- extensions


def simple(kind, data):
    return bytes([kind, len(data)]) + data


def long(kind, subtype, data):
    return struct.pack("!BBH", kind, subtype, len(data)) + data


def short(kind, subtype, data):
    return bytes([kind, 1 + len(data), subtype]) + data


class Extension:
    """One extension of a message: `begin` and `end` are offsets, `body` is where its data begin."""

    def __init__(self, kind, subtype, begin, body, end, message):
        self.kind, self.subtype, self.begin, self.end = kind, subtype, begin, end
        self.data = message[body:end]
        self.covered = message[: body + 4]  # what an authentication extension protects: up to and with its SPI
        self.spi = int.from_bytes(self.data[:4], "big")
        self.authenticator = self.data[4:]

    def __repr__(self):
        return f"{self.kind}/{self.subtype}" if self.subtype is not None else str(self.kind)


def header_of(message, at):
    """Subtype, octets of the header and octets of the data of the extension at an offset."""
    kind = message[at]
    if kind in LONG and not (kind == DYNAMIC_HOME_AGENT and message[at + 1 : at + 2] not in (b"\1", b"\2")):
        if at + 4 > len(message):
            raise Malformed(f"extension {kind} at octet {at} ends within its header")
        return message[at + 1], 4, int.from_bytes(message[at + 2 : at + 4], "big")
    if at + 2 > len(message):
        raise Malformed(f"extension {kind} at octet {at} ends within its header")
    if kind in SHORT:
        if message[at + 1] == 0 or at + 3 > len(message):
            raise Malformed(f"extension {kind} at octet {at} ends before its subtype")
        return message[at + 2], 3, message[at + 1] - 1
    return None, 2, message[at + 1]


def each(message, offset):
    """The extensions from an offset to the end, without pads, one by one; Malformed where the next is not sound."""
    while offset < len(message):
        if message[offset] == PAD:
            offset += 1
            continue
        subtype, header, size = header_of(message, offset)
        end = offset + header + size
        if end > len(message):
            raise Malformed(f"extension {message[offset]} at octet {offset} runs past the end")
        yield Extension(message[offset], subtype, offset, offset + header, end, message)
        offset = end


def walk(message, offset):
    """All of them."""
    return list(each(message, offset))


# ---- authenticators


def _keyed_md5_without_spi(key, covered, _):
    return hashlib.md5(key + covered[:-4] + key).digest()


def _chap(key, covered, challenge):
    """RFC 4721 section 8."""
    return hashlib.md5(challenge[:1] + key + hashlib.md5(covered).digest() + challenge[-237:]).digest()


# Each takes the key, the octets up to and with the SPI, and the challenge, which only CHAP uses.
ALGORITHMS = {
    "hmac-md5": lambda key, covered, _: hmac.new(key, covered, "md5").digest(),
    "keyed-md5": lambda key, covered, _: hashlib.md5(key + covered + key).digest(),
    "keyed-md5-rfc2002": _keyed_md5_without_spi,
    "hmac-sha1": lambda key, covered, _: hmac.new(key, covered, "sha1").digest(),
    "hmac-sha256": lambda key, covered, _: hmac.new(key, covered, "sha256").digest(),
    "chap": _chap,
}
SIZES = {"hmac-sha1": 20, "hmac-sha256": 32}  # octets; 16 for all others
NO_CHALLENGE = b"\0"  # RFC 4721 section 3.5: the challenge of a co-located node is the value 0


def size_of(algorithm):
    return SIZES.get(algorithm, 16)


def authenticator(algorithm, key, covered, challenge=NO_CHALLENGE):
    return ALGORITHMS[algorithm](key, covered, challenge)


def sign(message, kind, spi, algorithm, key, subtype=None, challenge=NO_CHALLENGE, size=None):
    """The message with an authentication extension appended; `size` cuts or fills the authenticator."""
    octets = size_of(algorithm) if size is None else size
    header = bytes([kind, 4 + octets]) if subtype is None else struct.pack("!BBH", kind, subtype, 4 + octets)
    covered = message + header + struct.pack("!I", spi)
    return covered + authenticator(algorithm, key, covered, challenge)[:octets].ljust(octets, b"\0")


def verifies(extension, algorithm, key, challenge=NO_CHALLENGE):
    return hmac.compare_digest(extension.authenticator, authenticator(algorithm, key, extension.covered, challenge))


# ---- reading


class Request:
    """A Registration Request."""

    def __init__(self, octets):
        if len(octets) < 24 or octets[0] != REQUEST:
            raise Malformed(f"{len(octets)} octets of type {octets[0] if octets else 'none'} are no Registration Request")
        self.octets = octets
        _, self.bits, self.lifetime, home, agent, care_of, self.identification = struct.unpack("!BBH4s4s4sQ", octets[:24])
        self.home, self.home_agent, self.care_of = map(socket.inet_ntoa, (home, agent, care_of))
        self.high, self.low = self.identification >> 32, self.identification & 0xFFFFFFFF
        self.flags = "".join(letter for letter, bit in FLAGS.items() if self.bits & bit)
        self.extensions = walk(octets, 24)

    def of(self, kind, subtype=None):
        return [e for e in self.extensions if e.kind == kind and (subtype is None or e.subtype == subtype)]


class Reply:
    """A Registration Reply."""

    def __init__(self, octets):
        if len(octets) < 20 or octets[0] != REPLY:
            raise Malformed(f"{len(octets)} octets of type {octets[0] if octets else 'none'} are no Registration Reply")
        self.octets = octets
        _, self.code, self.lifetime, home, agent, self.identification = struct.unpack("!BBH4s4sQ", octets[:20])
        self.home, self.home_agent = socket.inet_ntoa(home), socket.inet_ntoa(agent)
        self.high, self.low = self.identification >> 32, self.identification & 0xFFFFFFFF
        self.extensions = walk(octets, 20)

    def of(self, kind, subtype=None):
        return [e for e in self.extensions if e.kind == kind and (subtype is None or e.subtype == subtype)]


class Acknowledgment:
    """A Revocation Acknowledgment."""

    def __init__(self, octets):
        if len(octets) < 12 or octets[0] != ACKNOWLEDGMENT:
            raise Malformed(f"{len(octets)} octets of type {octets[0] if octets else 'none'} are no acknowledgment")
        self.octets = octets
        _, self.reserved, self.flags, home, self.identifier = struct.unpack("!BBH4sI", octets[:12])
        self.home = socket.inet_ntoa(home)
        self.extensions = walk(octets, 12)


# ---- time


def ntp_of(seconds, nanoseconds=0):
    """Unix time as a 64-bit NTP time stamp."""
    return (seconds + NTP_OFFSET_S) % 2**32 << 32 | (nanoseconds << 32) // 10**9


def ntp_now():
    now = time.time_ns()
    return ntp_of(now // 10**9, now % 10**9)
