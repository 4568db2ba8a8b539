"""The judge of a cluster's answers, on histories whose faults are known: it must see each, and nothing else."""

import json
import os
import signal
import struct
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "../support"))

import answers as judge  # noqa: E402
from agent import BUILD  # noqa: E402
from answers import MS, Answer, Leading  # noqa: E402
from processes import die_with_parent  # noqa: E402
from switched import Switch  # noqa: E402
from waiting import wait_for  # noqa: E402

A, B, C = 1, 2, 3
HOME, OTHER = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))
STALE, DOUBLE = "stale_answers", "double_grants"


def leads(member, term, ms):
    return Leading(ms * MS, member, term)


def accepts(member, identification, ms, home=HOME, code=1, lifetime=1800):
    return Answer(ms * MS, member, code, lifetime, home, identification)


def denies(member, identification, ms, home=HOME):
    return Answer(ms * MS, member, 133, 0, home, identification)


CASES = {
    # name: (what was answered, who led when, what must be found)
    "one leader": ([accepts(A, 1, 10), accepts(A, 2, 20)], [leads(A, 1, 0)], []),
    "a failover": ([accepts(A, 1, 10), accepts(B, 2, 120)], [leads(A, 1, 0), leads(B, 2, 100)], []),
    "the same request, answered again by the next leader":
        ([accepts(A, 1, 10), accepts(B, 1, 120, lifetime=1799)], [leads(A, 1, 0), leads(B, 2, 100)], []),
    "an acceptance after the next leader led":
        ([accepts(A, 1, 10), accepts(A, 2, 120, OTHER)], [leads(A, 1, 0), leads(B, 2, 100)], [STALE]),
    "a denial after the next leader led":
        ([accepts(A, 1, 10), denies(A, 2, 120, OTHER)], [leads(A, 1, 0), leads(B, 2, 100)], [STALE]),
    "leadership that went there and back":
        ([accepts(A, 1, 10), accepts(B, 2, 120), accepts(A, 3, 220)],
         [leads(A, 1, 0), leads(B, 2, 100), leads(A, 3, 200)], []),
    "an answer between two terms of its own":
        ([accepts(A, 1, 10), accepts(A, 3, 150), accepts(A, 4, 220)],
         [leads(A, 1, 0), leads(B, 2, 100), leads(A, 3, 200)], [STALE]),
    "a stale answer, two leaders later":
        ([accepts(A, 1, 310)], [leads(A, 1, 0), leads(B, 2, 100), leads(C, 3, 200)], [STALE]),
    "a leader of a lower term that says so late is the stale one":
        ([accepts(B, 1, 110), accepts(A, 2, 220, OTHER)], [leads(B, 5, 100), leads(A, 4, 200)], [STALE]),
    "an answer of who never led": ([accepts(C, 1, 10)], [leads(A, 1, 0)], [STALE]),
    "an answer just before the line that says so": ([accepts(A, 1, 98)], [leads(A, 1, 100)], []),
    "two leaders take turns, each in its term": (
        [accepts(member, 10 * term + i, 100 * term + 10 * i) for term, member in enumerate((A, B, A, B), 1) for i in range(1, 9)],
        [leads(member, term, 100 * term) for term, member in enumerate((A, B, A, B), 1)], []),
    "another code for the same request":
        ([accepts(A, 1, 10, code=0), accepts(B, 1, 120, code=1)], [leads(A, 1, 0), leads(B, 2, 100)], [DOUBLE]),
    "a longer lifetime for the same request":
        ([accepts(A, 1, 10, lifetime=900), accepts(B, 1, 120, lifetime=903)], [leads(A, 1, 0), leads(B, 2, 100)], [DOUBLE]),
    "the same lifetime, ten seconds later":
        ([accepts(A, 1, 10), accepts(B, 1, 10010)], [leads(A, 1, 0), leads(B, 2, 100)], [DOUBLE]),
    "what is left after ten seconds":
        ([accepts(A, 1, 10), accepts(B, 1, 10010, lifetime=1790)], [leads(A, 1, 0), leads(B, 2, 100)], []),
    "a repeated answer that overtakes the first one": ([accepts(A, 1, 10, lifetime=1799), accepts(A, 1, 10)], [leads(A, 1, 0)], []),
    "an older request is accepted after a newer one, by another member":
        ([accepts(A, 2, 10), accepts(B, 1, 120)], [leads(A, 1, 0), leads(B, 2, 100)], [DOUBLE]),
    "an older request of another node": ([accepts(A, 2, 10), accepts(B, 1, 120, OTHER)], [leads(A, 1, 0), leads(B, 2, 100)], []),
    "an older request is denied after a newer one":
        ([accepts(A, 2, 10), denies(B, 1, 120)], [leads(A, 1, 0), leads(B, 2, 100)], []),
    "answers of one member that overtake each other": ([accepts(A, 2, 10), accepts(A, 1, 10)], [leads(A, 1, 0)], []),
    "both at once":
        ([accepts(B, 2, 120), accepts(A, 1, 130)], [leads(A, 1, 0), leads(B, 2, 100)], [STALE, DOUBLE]),
}


@pytest.mark.parametrize("name", CASES)
def test_findings(name):
    answers, leadings, wanted = CASES[name]
    found = judge.judge(answers, leadings)
    assert [finding.kind for finding in found] == wanted, found


def test_leading_is_read_from_a_log():
    log = ("2026-11-28T22:10:00.250Z notice listens on 192.0.2.1, UDP port 434\n"
           "2026-11-28T22:10:01.007Z notice this member leads the cluster, in term 12\n"
           "2026-11-28T22:10:02.000Z notice this member does not lead any more: term 13\n"
           "something else leads, term 4\n")
    assert list(judge.read_leading(B, log)) == [Leading(1795903801007 * MS, B, 12)]


def reply(code, lifetime, home, identification):
    return struct.pack(">BBH4s4sQ", 3, code, lifetime, home, bytes((192, 0, 2, 1)), identification) + bytes(22)


def test_tap_sees_who_answered_what(tmp_path):
    """Through a cut, too, and after a host came back."""
    path = tmp_path / "tap"
    with Switch() as switch:
        for number, host in enumerate(("m1", "m2", "client"), 11):
            switch.plug(host, f"192.0.2.{number}/24")
        tap = subprocess.Popen([*switch.inside(), os.path.join(BUILD, "tests/chaos/tap"), str(path), "434", "m1", "m2"],
                               stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        assert tap.stdout.readline() == "ready\n"

        def send(host, octets, port=434):
            """Until the tap has it: neighbours may have to be found first."""
            before = path.stat().st_size
            with switch.socket(host) as socket:
                socket.bind(("", port))

                def written():
                    assert tap.poll() is None
                    socket.sendto(octets, ("192.0.2.13", 9))
                    return path.stat().st_size > before or port != 434
                wait_for(written, "the tap wrote")
        send("m1", reply(0, 1800, HOME, 1))
        send("m1", reply(0, 1800, HOME, 99), port=435)
        send("m2", reply(133, 0, OTHER, 2))
        switch.cut([("m2", "client")])
        send("m2", reply(133, 0, OTHER, 4))
        switch.replug("m1")
        send("m1", reply(1, 900, HOME, 3))
        tap.send_signal(signal.SIGTERM)
        output, _ = tap.communicate(timeout=60)
    assert json.loads(output)["dropped"] == 0
    seen = judge.read_tap(path, (A, B))
    assert {answer[1:] for answer in seen} == {(A, 0, 1800, HOME, 1), (B, 133, 0, OTHER, 2), (B, 133, 0, OTHER, 4),
                                             (A, 1, 900, HOME, 3)}
    assert all(before.ns <= after.ns for before, after in zip(seen, seen[1:]))


def test_what_was_promised(tmp_path):
    """Acceptances that the load never got are in the record afterwards, the others are not twice."""
    sent = [judge.RECORD.pack(1, 0, 0, 1800, HOME, bytes((172, 16, 0, i)), i, 5) for i in (1, 2, 3)]
    got = judge.RECORD.pack(2, 1, 0, 1800, HOME, bytes(4), 1, 6)
    (tmp_path / "record").write_bytes(b"".join(sent) + got + b"torn")
    judge.promised(tmp_path / "record", [accepts(A, 1, 6), accepts(A, 2, 7), denies(A, 3, 8)], tmp_path / "promised")
    octets = (tmp_path / "promised").read_bytes()
    assert octets == b"".join(sent) + got + judge.RECORD.pack(2, 1, 0, 1800, HOME, bytes(4), 2, 7)
