#!/usr/bin/python3
"""What tshark says about datagrams of port 434.

    printf '192.0.2.1:434 192.0.2.10:49152 0300012c...' | decode_with_tshark.py

reads lines `source:port destination:port octets` (octets in hexadecimal, # begins a comment), wraps them in a capture
file, has tshark decode them and prints a JSON list: per datagram the decoded fields and the complaints. Ends with 0 if
there is none, 1 if tshark complains about any datagram, 2 if something was asked that tshark cannot judge: it has no
decoder for the message type, or takes the extension for something else than it is.
"""

import ipaddress
import json
import logging
import os
import subprocess
import sys
import tempfile

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import IP, UDP  # noqa: E402
from scapy.utils import RawPcapWriter  # noqa: E402

# Decoded field by field by tshark 4.0. For 16 to 19 it throws, the others have no decoder.
KNOWN_TYPES = {1, 3, 4, 7, 15}
# Walked as plain type, length, data, though their length has two octets: what follows is misread.
MISREAD_EXTENSIONS = {"40", "41", "42", "43", "48"}
LINKTYPE_RAW = 101
SEVERITY_WARNING = 0x600000
COMPLAINTS = ("_ws.malformed", "_ws.short", "_ws.unreassembled")


class Refused(Exception):
    """tshark is no judge of this."""


def parse(lines):
    """Lines as above to (source, destination, octets)."""
    datagrams = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            ends = [word.rpartition(":") for word in words[:2]]
            source, destination = [(str(ipaddress.IPv4Address(end[0])), int(end[2])) for end in ends]
            (octets,) = words[2:]
            datagrams.append((source, destination, bytes.fromhex(octets)))
        except ValueError as error:
            raise Refused(f"line {number} is not `source:port destination:port octets`: {error}") from None
    return datagrams


def check_known(datagrams):
    for index, (_, _, octets) in enumerate(datagrams):
        kind = octets[0] if octets else None
        if kind not in KNOWN_TYPES:
            raise Refused(f"datagram {index}: tshark has no decoder for message type {kind}, so it is no judge of it")


def write_capture(path, datagrams):
    writer = RawPcapWriter(path, linktype=LINKTYPE_RAW)
    writer.write_header(None)
    for source, destination, octets in datagrams:
        packet = IP(src=source[0], dst=destination[0]) / UDP(sport=source[1], dport=destination[1]) / octets
        writer.write_packet(bytes(packet), sec=0, usec=0)
    writer.close()


def run_tshark(path, ports):
    """The packets of the capture as tshark's JSON, all given ports taken for 434."""
    command = ["tshark", "-r", path, "-n", "-T", "json", "--no-duplicate-keys"]
    command += ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    for port in sorted(ports):
        command += ["-d", f"udp.port=={port},mip"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Refused(f"tshark ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def leaves(tree, name=""):
    """Every (name, value) of a decoded packet, whatever its depth."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if isinstance(value, (dict, list)):
                yield key, None
            yield from leaves(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value, name)
    else:
        yield name, tree


def complaints_of(layers):
    """What tshark has to find fault with: a warning, an error, or octets it could make nothing of."""
    found = [f"not decoded as Mobile IP but as {list(layers)}"] if "mip" not in layers else []
    if "data" in layers and "4" not in fields_of(layers).get("mip.type", []):  # tunnelled data is the user's own
        found.append("octets were left over that tshark could not decode")
    for name, value in leaves(layers):
        if name in COMPLAINTS:
            found.append(name)
        if name == "_ws.expert.severity" and int(value) >= SEVERITY_WARNING:
            found.append(f"expert severity {int(value):#x}")
        if name == "_ws.expert.message" and value:
            found.append(f"expert: {value}")
    severe = any(entry.startswith("expert severity") for entry in found)
    return [entry for entry in found if severe or not entry.startswith("expert:")]


def fields_of(layers):
    """The fields of the message, each a list, since extensions repeat."""
    fields = {}
    for name, value in leaves(layers.get("mip", {})):
        if name.startswith("mip.") and value is not None:
            fields.setdefault(name, []).append(value)
    return fields


def decode(datagrams):
    """Per datagram a dict of `fields` and `complaints`. Refused when tshark cannot judge one of them."""
    check_known(datagrams)
    if not datagrams:
        raise Refused("there are no datagrams to decode")
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "datagrams.pcap")
        write_capture(path, datagrams)
        ports = {end[1] for source, destination, _ in datagrams for end in (source, destination)}
        packets = run_tshark(path, ports)
    if len(packets) != len(datagrams):
        raise Refused(f"tshark saw {len(packets)} of {len(datagrams)} datagrams")
    results = []
    for index, packet in enumerate(packets):
        layers = packet["_source"]["layers"]
        fields = fields_of(layers)
        misread = MISREAD_EXTENSIONS.intersection(fields.get("mip.ext.type", []))
        if misread:
            raise Refused(f"datagram {index}: tshark misreads extension {', '.join(sorted(misread))}")
        results.append({"fields": fields, "complaints": complaints_of(layers)})
    return results


def main():
    try:
        results = decode(parse(sys.stdin))
    except Refused as refused:
        print(f"decode_with_tshark.py: {refused}", file=sys.stderr)
        return 2
    json.dump(results, sys.stdout, indent=1)
    print()
    return 1 if any(result["complaints"] for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
