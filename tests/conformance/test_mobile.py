"""mobiled before the suite for mobile nodes: every case in the first variant that it applies in, many at a time. What it sends is read
by tshark too.
"""

import os
import struct
import subprocess
import sys

import pytest

import wire
from foreign import packets
from mobile import catalogue
from mobile.laboratory import HOSTS, PROFILE, SUITE, Host, Laboratory, profile_of, secret_lines, write_secret
from mobile.variants import KNOWN_FAILURES, VARIANTS

CASES = {case["id"]: case for case in catalogue.load()}
PLACES = catalogue.places({variant: profile_of(variant) for variant in VARIANTS})


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    return Laboratory(str(tmp_path_factory.mktemp("mobile")), HOSTS)


@pytest.fixture(scope="module")
def results(laboratory):
    """{case: (result, why)}."""
    jobs = [(variant, CASES[case], None) for case, variant in PLACES.items()]
    return {case["id"]: result for (_, case, _), result in laboratory.run(jobs)}


def test_everything_that_applies_passes(results):
    failed = {case: why for case, (result, why) in results.items() if result != "pass"}
    assert {case: why for case, why in failed.items() if case not in KNOWN_FAILURES} == {}
    assert set(failed) == set(KNOWN_FAILURES), "a known failure is none any more: take its row out"
    assert len(results) >= 150


def test_every_case_applies_to_mobiled():
    assert set(CASES) - set(PLACES) == set()


FIELDS = {
    "mip.type": lambda request: "1", "mip.flags": lambda request: f"{request.bits:#04x}", "mip.life": lambda request: str(request.lifetime),
    "mip.homeaddr": lambda request: request.home, "mip.haaddr": lambda request: request.home_agent, "mip.coa": lambda request: request.care_of,
}


def captured(path, payloads):
    """A file of packets with these messages."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))  # packets of IP
        for payload in payloads:
            packet = packets.ip(packets.UDP, "192.0.2.1", "192.0.2.2", packets.udp("192.0.2.1", 40000, "192.0.2.2", packets.PORT, payload))
            file.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)


def test_tshark_reads_what_it_sends(results, laboratory, tmp_path):
    """Another decoder reads the same fields, and finds nothing malformed; it does not know the layout of Dynamic HA extensions."""
    known = [octets for octets in laboratory.heard if not wire.Request(octets).of(wire.DYNAMIC_HOME_AGENT)]
    assert len(known) >= len(results)
    captured(tmp_path / "requests.pcap", known)
    fields = [word for name in (*FIELDS, "_ws.malformed") for word in ("-e", name)]
    done = subprocess.run(
        ["tshark", "-r", str(tmp_path / "requests.pcap"), "-T", "fields", *fields], check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert rows == [[read(wire.Request(octets)) for read in FIELDS.values()] + [""] for octets in known]


# What was there ends first, with its device.
BEGIN = """#!/bin/sh
[ -e {pid} ] && kill -9 $(cat {pid})
while {inside} ip link show mobile0 >/dev/null 2>&1; do sleep 0.02; done
rm -f {status}
{inside} {binary} --config {configuration} >{log} 2>&1 &
echo $! >{pid}
until [ -S {status} ]; do kill -0 $! || exit 1; sleep 0.02; done
"""


def test_command_judges_a_node_that_begins_by_a_command(tmp_path):
    """run-mobile as anybody runs it, with some of the cases."""
    with Host(str(tmp_path / "host")) as host:
        host.become("agent")
        begin = tmp_path / "begin"
        begin.write_text(BEGIN.format(
            pid=tmp_path / "pid", inside=" ".join(host.network.inside(host.network.names[0])), binary=host.binary, status=host.path("status"),
            configuration=host.path("mobiled.yaml"), log=host.path("log"),
        ))
        begin.chmod(0o700)
        write_secret(str(tmp_path / "associations"), secret_lines(profile_of("agent")))
        done = subprocess.run(
            [*host.network.inside(host.network.names[1]), sys.executable, os.path.join(SUITE, "run-mobile"), "--link", host.network.OURS,
             "--begin", str(begin), "--associations", str(tmp_path / "associations"), "--profile", PROFILE, "--timeout-ms", "20000",
             "--only", "^mobile-(agent-plain|home-plain|own-plain|reply-key|end-agent)$"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
        )
        subprocess.run(["kill", "-9", (tmp_path / "pid").read_text().strip()], check=False)
    assert done.stdout.splitlines()[-2:] == ["2 not applicable", "3 passed, 0 failed"], done.stdout
    assert done.returncode == 0
