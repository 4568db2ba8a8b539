#!/usr/bin/python3
"""A mobile node that shares no code with Hearth: messages by scapy, authenticators by hashlib and hmac.

    scapy_client.py --target 127.0.0.1:434 --home 10.0.0.1 --care-of 198.51.100.2 --spi 256 --key 000102..0f

sends one Registration Request, awaits its reply, prints one JSON object and ends with 0 if a valid reply came (from
whom was asked, identification matching, authenticator right, whatever its code), 1 if none or an invalid one, 2 if the
arguments make no sense. As a module: Mobile for a node with a socket, the functions for single steps.
"""

import argparse
import hashlib
import hmac
import ipaddress
import json
import logging
import secrets
import socket
import sys
import time

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.mobileip import MobileIP, MobileIPRRP, MobileIPRRQ  # noqa: E402
from scapy.packet import Raw  # noqa: E402

MOBILE_HOME, MOBILE_FOREIGN, FOREIGN_HOME = 32, 33, 34
S, B, D, M, G, R, T, X = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01
NTP_OFFSET_S = 2208988800  # from 1900 to 1970

# Each takes the key, what comes before the SPI, and the SPI's octets.
ALGORITHMS = {
    "hmac-md5": lambda key, before, spi: hmac.new(key, before + spi, "md5").digest(),
    "keyed-md5": lambda key, before, spi: hashlib.md5(key + before + spi + key).digest(),
    "keyed-md5-rfc2002": lambda key, before, spi: hashlib.md5(key + before + key).digest(),
    "hmac-sha1": lambda key, before, spi: hmac.new(key, before + spi, "sha1").digest(),
    "hmac-sha256": lambda key, before, spi: hmac.new(key, before + spi, "sha256").digest(),
}
SIZES = {name: len(compute(b"", b"", b"")) for name, compute in ALGORITHMS.items()}


class Association:
    """SPI, key and algorithm shared with one peer."""

    def __init__(self, spi, key, algorithm="hmac-md5"):
        self.spi = spi
        self.key = bytes.fromhex(key) if isinstance(key, str) else key
        self.algorithm = algorithm

    def authenticator(self, before):
        """Over a message up to and with the type and length of the authentication extension."""
        return ALGORITHMS[self.algorithm](self.key, before, self.spi.to_bytes(4, "big"))

    def sign(self, message, kind=MOBILE_HOME):
        """The message with an authentication extension appended."""
        message += bytes([kind, 4 + SIZES[self.algorithm]])
        return message + self.spi.to_bytes(4, "big") + self.authenticator(message)


def ntp_time(seconds=None):
    """Time of day as a 64-bit NTP timestamp."""
    nanoseconds = time.time_ns() if seconds is None else int(seconds * 1e9)
    return (nanoseconds // 10**9 + NTP_OFFSET_S) % 2**32 << 32 | (nanoseconds % 10**9 << 32) // 10**9


def build_request(home, home_agent, care_of, lifetime, identification, flags=0):
    """The fixed part of a Registration Request."""
    fields = {"flags": flags, "lifetime": lifetime, "homeaddr": home, "haaddr": home_agent, "coaddr": care_of}
    return bytes(MobileIP(type=1) / MobileIPRRQ(id=identification, **fields))


class Invalid(Exception):
    """A datagram that is no sound Registration Reply."""


class Extension:
    def __init__(self, kind, data, before):
        self.kind = kind
        self.data = data
        self.before = before  # the message up to and with this extension's type and length


def walk(message, offset):
    """The extensions from offset on; simple layout, which is all that a reply to us may hold."""
    extensions = []
    while offset < len(message):
        kind = message[offset]
        if kind == 0:
            offset += 1
            continue
        if offset + 2 > len(message) or offset + 2 + message[offset + 1] > len(message):
            raise Invalid(f"extension {kind} at octet {offset} runs past the end")
        end = offset + 2 + message[offset + 1]
        extensions.append(Extension(kind, message[offset + 2 : end], message[: offset + 2]))
        offset = end
    return extensions


class Reply:
    """A Registration Reply as scapy reads it."""

    def __init__(self, octets):
        self.octets = octets
        packet = MobileIP(octets)
        if not packet.haslayer(MobileIPRRP) or packet.type != 3 or len(octets) < 20:
            raise Invalid("this is not a Registration Reply")
        fixed = packet[MobileIPRRP]
        self.code = fixed.code
        self.lifetime = fixed.lifetime
        self.home = fixed.homeaddr
        self.home_agent = fixed.haaddr
        self.identification = fixed.id
        tail = bytes(fixed.payload) if isinstance(fixed.payload, Raw) else b""
        if len(tail) != len(octets) - 20:
            raise Invalid("scapy and the length of the reply disagree")
        self.extensions = walk(octets, 20)

    def of_kind(self, kind):
        return [extension for extension in self.extensions if extension.kind == kind]

    def is_signed_by(self, association, kind=MOBILE_HOME):
        """Exactly one authentication extension of that kind, with that SPI, and right."""
        found = self.of_kind(kind)
        if len(found) != 1 or found[0].data[:4] != association.spi.to_bytes(4, "big"):
            return False
        return hmac.compare_digest(found[0].data[4:], association.authenticator(found[0].before))


class Mobile:
    """A mobile node: an association, a socket, a clock that can be set. Keeps every datagram in .seen."""

    def __init__(self, home, association, target, home_agent=None, bind=("0.0.0.0", 0), foreign=None, timeout=20.0):
        self.home = home
        self.association = association
        self.target = target
        self.home_agent = home_agent or target[0]
        self.foreign = foreign  # the association of a foreign agent that passes our requests on
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(bind)
        self.socket.settimeout(timeout)
        self.clock_offset_s = 0
        self.newest = 0
        self.sent = {}  # low half of an identification to the whole
        self.seen = []  # (source, destination, octets)

    def close(self):
        self.socket.close()

    def identification(self):
        """The time of day by our clock, always greater than before."""
        self.newest = max(self.newest + 1, ntp_time() + (self.clock_offset_s << 32))
        return self.newest

    def request(self, care_of, lifetime=300, flags=0, identification=None, home_agent=None, extensions=b"", sign=True):
        """The octets of a request; `extensions` stand before the authentication."""
        if identification is None:
            identification = self.identification()
        message = build_request(
            self.home, home_agent or self.home_agent, care_of, lifetime, identification, flags
        )
        message += extensions
        if sign:
            message = self.association.sign(message)
        if self.foreign:
            message = self.foreign.sign(message, FOREIGN_HOME)
        return message

    def send(self, octets):
        self.socket.sendto(octets, self.target)
        if len(octets) >= 24:
            self.sent[octets[20:24]] = octets[16:24]
        self.seen.append((self.name_for_target(), self.target, octets))

    def name_for_target(self):
        """Our address and port as the target sees them."""
        address, port = self.socket.getsockname()
        if address == "0.0.0.0":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect(self.target)
                address = probe.getsockname()[0]
        return (address, port)

    def receive(self):
        """The next reply, which must come from whom we asked and belong to a request of ours; None if none came."""
        try:
            octets, source = self.socket.recvfrom(65535)
        except TimeoutError:
            return None
        self.seen.append((source, self.name_for_target(), octets))
        if source != self.target:
            raise Invalid(f"a reply from {source[0]}:{source[1]}, though {self.target} was asked")
        reply = Reply(octets)
        if octets[16:20] not in self.sent:
            raise Invalid("the low half of the identification is of no request of ours")
        return reply

    def exchange(self, octets):
        self.send(octets)
        return self.receive()

    def register(self, care_of, **details):
        return self.exchange(self.request(care_of, **details))

    def deregister(self, care_of=None, **details):
        """One care-of address, or all of them."""
        return self.register(care_of or self.home, lifetime=0, **details)

    def adopt_time_of(self, reply):
        """Set our clock by a reply with code 133 (RFC 5944 section 5.7.1); its signature is the caller's to check."""
        self.clock_offset_s += (reply.identification >> 32) - ((ntp_time() >> 32) + self.clock_offset_s)
        self.newest = 0

    def is_valid(self, reply):
        """Signed, and the identification is the one sent; a 133 carries the agent's time in its high half."""
        if not reply.is_signed_by(self.association):
            return False
        sent = int.from_bytes(self.sent[reply.octets[16:20]], "big")
        return reply.identification == sent or reply.code == 133


def report(mobile, reply):
    """What became of it, for people and programs."""
    if reply is None:
        return {"reply": False, "reason": "no reply came"}
    return {
        "reply": True,
        "code": reply.code,
        "lifetime": reply.lifetime,
        "home": reply.home,
        "home_agent": reply.home_agent,
        "identification": f"{reply.identification:016x}",
        "authenticator_ok": reply.is_signed_by(mobile.association),
        "foreign_authenticator_ok": mobile.foreign is not None and reply.is_signed_by(mobile.foreign, FOREIGN_HOME),
        "extensions": [extension.kind for extension in reply.extensions],
        "valid": mobile.is_valid(reply),
        "octets": reply.octets.hex(),
    }


def endpoint(text):
    address, _, port = text.rpartition(":")
    return (str(ipaddress.IPv4Address(address)), int(port))


def address(text):
    return str(ipaddress.IPv4Address(text))


def number(text):
    return int(text, 0)


def octets_of(text):
    return bytes.fromhex(text)


def arguments():
    parser = argparse.ArgumentParser(description="Send one Registration Request as an independent mobile node.")
    parser.add_argument("--target", type=endpoint, required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--home", type=address, required=True)
    parser.add_argument("--care-of", type=address, required=True)
    parser.add_argument("--home-agent", type=address, help="in the request; default the address of the target")
    parser.add_argument("--spi", type=number, required=True)
    parser.add_argument("--key", type=octets_of, required=True, metavar="HEX")
    parser.add_argument("--algorithm", choices=sorted(ALGORITHMS), default="hmac-md5")
    parser.add_argument("--foreign-spi", type=number, help="add a foreign-home authentication")
    parser.add_argument("--foreign-key", type=octets_of, metavar="HEX")
    parser.add_argument("--foreign-algorithm", choices=sorted(ALGORITHMS), default="hmac-md5")
    parser.add_argument("--lifetime", type=number, default=300, help="seconds; 0 deregisters")
    parser.add_argument("--flags", type=number, default=0, help="the flags octet, as 0x80 for S")
    parser.add_argument("--identification", default="now", metavar="now|random|HEX")
    parser.add_argument("--extensions", type=octets_of, default=b"", metavar="HEX", help="before the authentication")
    parser.add_argument("--bind", type=endpoint, default=("0.0.0.0", 0), metavar="ADDRESS:PORT")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds to wait for the reply")
    return parser.parse_args()


def identification_of(text):
    if text == "now":
        return None
    return secrets.randbits(64) if text == "random" else int(text, 16)


def main():
    given = arguments()
    foreign = None
    if given.foreign_spi is not None and given.foreign_key:
        foreign = Association(given.foreign_spi, given.foreign_key, given.foreign_algorithm)
    association = Association(given.spi, given.key, given.algorithm)
    mobile = Mobile(given.home, association, given.target, given.home_agent, given.bind, foreign, given.timeout)
    try:
        reply = mobile.register(
            given.care_of,
            lifetime=given.lifetime,
            flags=given.flags,
            identification=identification_of(given.identification),
            extensions=given.extensions,
        )
        result = report(mobile, reply)
    except Invalid as invalid:
        result = {"reply": True, "valid": False, "reason": str(invalid)}
    print(json.dumps(result))
    return 0 if result.get("valid") else 1


if __name__ == "__main__":
    sys.exit(main())
