"""The checker itself, on histories whose faults are known: agentload verify must see each, and nothing else."""

import json
import os
import struct
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from agent import program  # noqa: E402

SENT, ANSWERED, OBSERVED = 1, 2, 3
BIND, UNBIND, UNBIND_ALL, ADD = 0, 1, 2, 3
ACCEPTED_ADDITION, ACCEPTED, ID_MISMATCH = 0, 1, 133
LIFETIME = 1800
FAR = 1 << 60  # a time in milliseconds that has not come yet: nothing has expired

HOME = "10.0.0.1"
FIRST, SECOND, THIRD = "172.16.0.1", "172.16.0.2", "172.16.0.3"


def octets(address):
    return bytes(map(int, address.split(".")))


def record(what, identification, home=HOME, care_of="0.0.0.0", code=0, effect=BIND, lifetime=LIFETIME, value=FAR):
    return struct.pack(">BBBxHxx4s4sQQ", what, code, effect, lifetime, octets(home), octets(care_of), identification,
                       value)


def sent(identification, care_of, **fields):
    return record(SENT, identification, care_of=care_of, **fields)


def unbind(identification, care_of=HOME):
    effect = UNBIND_ALL if care_of == HOME else UNBIND
    return record(SENT, identification, care_of=care_of, effect=effect, lifetime=0)


def add(identification, care_of):
    return record(SENT, identification, care_of=care_of, effect=ADD)


def accepted(identification, **fields):
    return record(ANSWERED, identification, code=ACCEPTED, **fields)


def added(identification):
    return record(ANSWERED, identification, code=ACCEPTED_ADDITION)


def denied(identification):
    return record(ANSWERED, identification, code=ID_MISMATCH)


def observed(moment, care_of="0.0.0.0", identification=0):
    return record(OBSERVED, moment, care_of=care_of, value=identification)


CASES = {
    # name: (entries of the record, listing, what must be found)
    "a promised binding is there":
        ([sent(1, FIRST), accepted(1)], [(HOME, FIRST, 1)], {}),
    "a promised binding is missing":
        ([sent(1, FIRST), accepted(1)], [], {"lost": 1}),
    "a promised move is missing":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND), accepted(2)], [(HOME, FIRST, 1)], {"lost": 1}),
    "a promised refresh is missing":
        ([sent(1, FIRST), accepted(1), sent(2, FIRST), accepted(2)], [(HOME, FIRST, 1)], {"lost": 1}),
    "the identification is right but the care-of address is not":
        ([sent(1, FIRST), accepted(1)], [(HOME, SECOND, 1)], {"unexplained": 1}),
    "without an answer it may be there":
        ([sent(1, FIRST)], [(HOME, FIRST, 1)], {}),
    "without an answer it may be missing":
        ([sent(1, FIRST)], [], {}),
    "an unanswered move may have happened":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND)], [(HOME, SECOND, 2)], {}),
    "an unanswered move may not have happened":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND)], [(HOME, FIRST, 1)], {}),
    "an unanswered move does not explain that there is none":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND)], [], {"lost": 1}),
    "an unanswered request before a promise explains nothing":
        ([sent(1, FIRST), sent(2, SECOND), accepted(2)], [(HOME, FIRST, 1)], {"lost": 1}),
    "a denied request has no effect":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND), denied(2)], [(HOME, SECOND, 2)], {"lost": 1}),
    "deregistered and gone":
        ([sent(1, FIRST), accepted(1), unbind(2), accepted(2)], [], {}),
    "deregistered and back":
        ([sent(1, FIRST), accepted(1), unbind(2), accepted(2)], [(HOME, FIRST, 1)], {"resurrected": 1}),
    "an unanswered deregistration may have happened":
        ([sent(1, FIRST), accepted(1), unbind(2)], [], {}),
    "an unanswered deregistration may not have happened":
        ([sent(1, FIRST), accepted(1), unbind(2)], [(HOME, FIRST, 1)], {}),
    "deregistered, then an unanswered registration":
        ([sent(1, FIRST), accepted(1), unbind(2), accepted(2), sent(3, SECOND)], [(HOME, SECOND, 3)], {}),
    "an unanswered registration does not bring back an older one":
        ([sent(1, FIRST), accepted(1), unbind(2), accepted(2), sent(3, SECOND)], [(HOME, FIRST, 1)],
         {"resurrected": 1}),
    "deregistering another care-of address leaves the binding":
        ([sent(1, FIRST), accepted(1), unbind(2, SECOND), accepted(2)], [(HOME, FIRST, 1)], {}),
    "deregistering another care-of address is no excuse":
        ([sent(1, FIRST), accepted(1), unbind(2, SECOND), accepted(2)], [], {"lost": 1}),
    "the right one of two bindings that an unanswered deregistration leaves open":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND), unbind(3, SECOND), accepted(3)], [(HOME, FIRST, 1)], {}),
    "a binding that nobody asked for":
        ([sent(1, FIRST), accepted(1)], [(HOME, FIRST, 7)], {"unexplained": 1}),
    "a node that nobody knows":
        ([sent(1, FIRST), accepted(1)], [("10.0.0.0", FIRST, 1), (HOME, FIRST, 1), ("10.0.0.9", FIRST, 1)],
         {"unexplained": 2}),
    "two bindings of a node that may have one":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND)], [(HOME, FIRST, 1), (HOME, SECOND, 2)], {"resurrected": 1}),
    "the same care-of address twice":
        ([sent(1, FIRST), accepted(1)], [(HOME, FIRST, 1), (HOME, FIRST, 1)], {"unexplained": 1}),
    "two bindings at once":
        ([add(1, FIRST), added(1), add(2, SECOND), added(2)], [(HOME, SECOND, 2), (HOME, FIRST, 1)], {}),
    "one of two bindings is missing":
        ([add(1, FIRST), added(1), add(2, SECOND), added(2)], [(HOME, SECOND, 2)], {"lost": 1}),
    "one of two bindings is an older one":
        ([add(1, FIRST), added(1), add(2, SECOND), added(2), add(3, FIRST), added(3)],
         [(HOME, FIRST, 1), (HOME, SECOND, 2)], {"lost": 1}),
    "an addition that was taken as a replacement":
        ([add(1, FIRST), accepted(1), add(2, SECOND), accepted(2)], [(HOME, SECOND, 2)], {}),
    "what a replacement replaced is back":
        ([add(1, FIRST), accepted(1), add(2, SECOND), accepted(2)], [(HOME, FIRST, 1), (HOME, SECOND, 2)],
         {"resurrected": 1}),
    "an unanswered addition may have happened":
        ([add(1, FIRST), added(1), add(2, SECOND)], [(HOME, FIRST, 1), (HOME, SECOND, 2)], {}),
    "an unanswered addition may not have happened":
        ([add(1, FIRST), added(1), add(2, SECOND)], [(HOME, FIRST, 1)], {}),
    "one of two bindings was deregistered":
        ([add(1, FIRST), added(1), add(2, SECOND), added(2), unbind(3, FIRST), accepted(3)], [(HOME, SECOND, 2)], {}),
    "one of two bindings was deregistered and is back":
        ([add(1, FIRST), added(1), add(2, SECOND), added(2), unbind(3, FIRST), accepted(3)],
         [(HOME, FIRST, 1), (HOME, SECOND, 2)], {"resurrected": 1}),
    "all of two bindings were deregistered":
        ([add(1, FIRST), added(1), add(2, SECOND), added(2), unbind(3), accepted(3)], [(HOME, SECOND, 2)],
         {"resurrected": 1}),
    "a registration without S replaces all":
        ([add(1, FIRST), added(1), add(2, SECOND), added(2), sent(3, THIRD), accepted(3)], [(HOME, THIRD, 3)], {}),
    "two bindings that were seen":
        ([add(1, FIRST), add(2, SECOND), observed(3, FIRST, 1), observed(3, SECOND, 2)], [(HOME, SECOND, 2)],
         {"lost": 1}),
    "what was seen after a restart is promised":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND), observed(3, SECOND, 2)], [(HOME, FIRST, 1)], {"lost": 1}),
    "what was seen to be gone stays gone":
        ([sent(1, FIRST), observed(2)], [(HOME, FIRST, 1)], {"resurrected": 1}),
    "a promise after what was seen":
        ([sent(1, FIRST), observed(2), sent(3, SECOND), accepted(3)], [(HOME, SECOND, 3)], {}),
    "a lifetime that has ended":
        ([sent(1, FIRST, value=1000), accepted(1, value=1000)], [], {}),
    "a lifetime that has ended, seen in between":
        ([sent(1, FIRST, value=1000), accepted(1, value=1000), observed(2, FIRST, 1)], [], {}),
    "a lifetime that never ends":
        ([sent(1, FIRST, value=1000, lifetime=65535), accepted(1, value=1000, lifetime=65535)], [], {"lost": 1}),
    "an answer that came twice":
        ([sent(1, FIRST), accepted(1), accepted(1)], [(HOME, FIRST, 1)], {}),
    "sent twice and accepted twice":
        ([sent(1, FIRST), sent(1, FIRST), accepted(1), accepted(1, lifetime=1799)], [(HOME, FIRST, 1)], {}),
    "sent twice and promised once":
        ([sent(1, FIRST), sent(1, FIRST), accepted(1)], [], {"lost": 1}),
    "sent twice, denied and then accepted":
        ([sent(1, FIRST), sent(1, FIRST), denied(1), accepted(1)], [], {"lost": 1}),
    "one copy was denied, the other one may have been taken":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND), sent(2, SECOND), denied(2)], [(HOME, SECOND, 2)], {}),
    "one copy was denied, the other one may be lost":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND), sent(2, SECOND), denied(2)], [(HOME, FIRST, 1)], {}),
    "both copies were denied":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND), sent(2, SECOND), denied(2), denied(2)],
         [(HOME, SECOND, 2)], {"lost": 1}),
    "copies of an addition without an answer":
        ([add(1, FIRST), added(1), add(2, SECOND), add(2, SECOND)], [(HOME, FIRST, 1), (HOME, SECOND, 2)], {}),
    "nodes do not mix":
        ([sent(1, FIRST), accepted(1), sent(2, SECOND, home="10.0.0.2"), accepted(2, home="10.0.0.2")],
         [("10.0.0.2", SECOND, 2)], {"lost": 1}),
}


def verify(tmp_path, entries, listing, *options):
    path = tmp_path / "record"
    path.write_bytes(b"".join(entries))
    text = "".join(f"{home} {care_of} {identification}\n" for home, care_of, identification in listing)
    return subprocess.run([program("agentload"), "verify", "--record", str(path), *options], input=text,
                          capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", CASES)
def test_findings(tmp_path, name):
    entries, listing, wanted = CASES[name]
    done = verify(tmp_path, entries, listing)
    result = json.loads(done.stdout)
    found = {key: result[key] for key in ("lost", "resurrected", "unexplained") if result[key]}
    assert found == wanted, done.stderr
    assert done.returncode == (1 if wanted else 0)
    assert bool(done.stderr) == bool(wanted), "each finding is told, and nothing else"


def test_order_of_entries_does_not_matter(tmp_path):
    """An answer may stand far behind its request, and another node's between them."""
    entries = [sent(1, FIRST), sent(2, SECOND, home="10.0.0.2"), accepted(2, home="10.0.0.2"), accepted(1)]
    result = json.loads(verify(tmp_path, entries, [(HOME, FIRST, 1), ("10.0.0.2", SECOND, 2)]).stdout)
    assert (result["nodes"], result["acknowledged"], result["lost"]) == (2, 2, 0)


def test_a_request_that_was_sent_twice_is_one(tmp_path):
    entries = [sent(1, FIRST), sent(1, FIRST), accepted(1), accepted(1), sent(2, SECOND), sent(2, SECOND)]
    result = json.loads(verify(tmp_path, entries, [(HOME, SECOND, 2)]).stdout)
    assert (result["acknowledged"], result["unanswered"]) == (1, 1)


def test_settling(tmp_path):
    """What was found is appended, and judged by from then on."""
    open_ended = [sent(1, FIRST), accepted(1), sent(2, SECOND)]
    assert verify(tmp_path, open_ended, [(HOME, SECOND, 2)], "--settle").returncode == 0
    entries = [(tmp_path / "record").read_bytes()]
    assert len(entries[0]) == 4 * 32
    assert verify(tmp_path, entries, [(HOME, SECOND, 2)]).returncode == 0
    assert json.loads(verify(tmp_path, entries, [(HOME, FIRST, 1)]).stdout)["lost"] == 1


def test_torn_end(tmp_path):
    """A load that was killed leaves half an entry: it is left out."""
    done = verify(tmp_path, [sent(1, FIRST), accepted(1), sent(2, SECOND)[:17]], [(HOME, FIRST, 1)])
    assert done.returncode == 0
    assert json.loads(done.stdout)["unanswered"] == 0


def test_damaged_record(tmp_path):
    done = verify(tmp_path, [b"\xff" * 32], [])
    assert done.returncode == 1
    assert "damaged" in done.stderr and not done.stdout


@pytest.mark.parametrize("form", ["{:016x}", "{:016X}", "{:#x}", "{:d}"])
@pytest.mark.parametrize("identification", [1, 0x1234567890123456, 0xEEB1B0AC6AB2374A])
def test_forms_of_an_identification(tmp_path, form, identification):
    """16 digits are hexadecimal, as agentctl prints them, though they look decimal."""
    listing = [(HOME, FIRST, form.format(identification))]
    assert verify(tmp_path, [sent(identification, FIRST), accepted(identification)], listing).returncode == 0


@pytest.mark.parametrize("identification", ["0x", "eeb1b0ac6ab2374", "00eeb1b0ac6ab2374a", "0xg", "+1", "18446744073709551616"])
def test_what_is_no_identification(tmp_path, identification):
    done = verify(tmp_path, [sent(1, FIRST)], [(HOME, FIRST, identification)])
    assert done.returncode == 1 and "line 1" in done.stderr


@pytest.mark.parametrize("line", ["10.0.0.1 172.16.0.1\n", "10.0.0.1 172.16.0.1 -1\n", "10.0.0.1 x 1\n", "a b c d\n",
                                  "10.0.0.1 172.16.0.1 1 2\n", "\n"])
def test_listing_that_is_none(tmp_path, line):
    path = tmp_path / "record"
    path.write_bytes(sent(1, FIRST))
    done = subprocess.run([program("agentload"), "verify", "--record", str(path)], input=f"10.0.0.1 172.16.0.1 1\n{line}",
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "line 2" in done.stderr
