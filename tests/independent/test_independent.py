"""A real agentd before independent eyes: a mobile node made of scapy and hashlib, and tshark over every reply.

That nothing is answered is shown without waiting: a request that must be answered follows on the same socket, and its
reply is the first thing that arrives.
"""

import json
import os
import subprocess
import sys

import pytest

import scapy_client
from conftest import FOREIGN_AGENT
from scapy_client import FOREIGN_HOME, MOBILE_HOME, Association, S, T, ntp_time

HERE = os.path.dirname(os.path.abspath(__file__))
ACCEPTED = (0, 1)
CARE_OF = [f"198.51.100.{n}" for n in range(1, 10)]
SOUND = {"care_of": CARE_OF[8], "lifetime": 60}


def accepted(mobile, reply):
    assert reply is not None, "no reply came"
    assert reply.code in ACCEPTED, f"code {reply.code}"
    assert mobile.is_valid(reply)
    return reply


def denied(mobile, reply, code):
    """Refused with that code, and signed all the same."""
    assert reply is not None, "no reply came"
    assert reply.code == code
    assert reply.is_signed_by(mobile.association)
    return reply


def silent(mobile, octets, after=None):
    """Nothing answers `octets`: a sound request after it is answered first."""
    mobile.send(octets)
    witness = after or mobile
    witness.sent.update(mobile.sent)
    request = witness.request(**SOUND)
    witness.socket, own = mobile.socket, witness.socket
    try:
        witness.send(request)
        reply = witness.receive()
    finally:
        witness.socket = own
    assert reply is not None, "not even the sound request was answered"
    assert reply.octets[12:20] == request[16:24], f"it was answered with code {reply.code}"
    accepted(witness, reply)


def test_registration_is_accepted(bench):
    mobile = bench.mobile()
    request = mobile.request(CARE_OF[0], lifetime=300)
    reply = accepted(mobile, mobile.exchange(request))
    assert reply.code == 0
    assert reply.lifetime == 300
    assert reply.home == mobile.home
    assert reply.home_agent == bench.agent.address
    assert reply.octets[12:20] == request[16:24]
    assert [extension.kind for extension in reply.extensions] == [MOBILE_HOME]


def test_refresh_is_accepted(bench):
    mobile = bench.mobile()
    for lifetime in (300, 200, 600):
        assert accepted(mobile, mobile.register(CARE_OF[0], lifetime=lifetime)).lifetime == lifetime


def test_refresh_takes_no_second_place(bench):
    mobile = bench.mobile()
    for _ in range(4):
        accepted(mobile, mobile.register(CARE_OF[0], flags=S))
    accepted(mobile, mobile.register(CARE_OF[1], flags=S))
    denied(mobile, mobile.register(CARE_OF[2], flags=S), 135)


def test_second_care_of_address_stays_beside_the_first(bench):
    mobile = bench.mobile()
    accepted(mobile, mobile.register(CARE_OF[0]))
    accepted(mobile, mobile.register(CARE_OF[1], flags=S))
    denied(mobile, mobile.register(CARE_OF[2], flags=S), 135)
    accepted(mobile, mobile.register(CARE_OF[0], flags=S))  # both places are still theirs
    accepted(mobile, mobile.register(CARE_OF[1], flags=S))


def test_without_s_the_others_are_replaced(bench):
    mobile = bench.mobile()
    accepted(mobile, mobile.register(CARE_OF[0]))
    accepted(mobile, mobile.register(CARE_OF[1], flags=S))
    accepted(mobile, mobile.register(CARE_OF[2]))
    accepted(mobile, mobile.register(CARE_OF[3], flags=S))
    denied(mobile, mobile.register(CARE_OF[0], flags=S), 135)


def test_deregistering_one_leaves_the_other(bench):
    mobile = bench.mobile()
    accepted(mobile, mobile.register(CARE_OF[0]))
    accepted(mobile, mobile.register(CARE_OF[1], flags=S))
    assert accepted(mobile, mobile.deregister(CARE_OF[0])).lifetime == 0
    accepted(mobile, mobile.register(CARE_OF[2], flags=S))
    denied(mobile, mobile.register(CARE_OF[3], flags=S), 135)


def test_deregistering_all_leaves_none(bench):
    mobile = bench.mobile()
    accepted(mobile, mobile.register(CARE_OF[0]))
    accepted(mobile, mobile.register(CARE_OF[1], flags=S))
    assert accepted(mobile, mobile.deregister()).lifetime == 0
    accepted(mobile, mobile.register(CARE_OF[2], flags=S))
    accepted(mobile, mobile.register(CARE_OF[3], flags=S))
    denied(mobile, mobile.register(CARE_OF[4], flags=S), 135)


def test_deregistering_what_is_not_there_succeeds(bench):
    mobile = bench.mobile()
    assert accepted(mobile, mobile.deregister(CARE_OF[0])).lifetime == 0
    assert accepted(mobile, mobile.deregister()).lifetime == 0


@pytest.mark.parametrize("asked, granted", [(1799, 1799), (1800, 1800), (1801, 1800), (65534, 1800), (65535, 1800)])
def test_lifetime_is_cut_to_the_maximum(bench, asked, granted):
    mobile = bench.mobile()
    assert accepted(mobile, mobile.register(CARE_OF[0], lifetime=asked)).lifetime == granted


def test_infinity_is_granted_where_it_is_allowed(bench_with):
    mobile = bench_with({"registration": {"max-lifetime": 65535}}).mobile()
    assert accepted(mobile, mobile.register(CARE_OF[0], lifetime=65535)).lifetime == 65535
    assert accepted(mobile, mobile.register(CARE_OF[0], lifetime=65534)).lifetime == 65534


def test_one_binding_is_accepted_with_1(bench_with):
    mobile = bench_with({"registration": {"bindings-per-node": 1}}).mobile()
    assert accepted(mobile, mobile.register(CARE_OF[0])).code == 1
    assert accepted(mobile, mobile.register(CARE_OF[1], flags=S)).code == 1


@pytest.mark.parametrize("number", [201, 202, 203, 204, 205])
def test_other_algorithms_and_keys(bench, number):
    """Keyed MD5 in both coverages, HMAC-MD5 with a key of 64 octets, HMAC-SHA1 and HMAC-SHA-256."""
    mobile = bench.mobile(number)
    accepted(mobile, mobile.register(CARE_OF[0]))


@pytest.mark.parametrize("number, algorithm", [(201, "keyed-md5-rfc2002"), (202, "keyed-md5"), (201, "hmac-md5"), (204, "hmac-md5"), (205, "hmac-sha1")])
def test_another_algorithm_does_not_verify(bench, number, algorithm):
    wrong = bench.mobile(number, algorithm=algorithm)
    silent(wrong, wrong.request(CARE_OF[0]), bench.mobile(number))


def test_wrong_key_is_met_with_silence(bench):
    witness = bench.mobile()
    wrong = bench.add(
        scapy_client.Mobile(witness.home, Association(witness.association.spi, bytes(16)), bench.target)
    )
    silent(wrong, wrong.request(CARE_OF[0]), witness)


def test_wrong_key_is_told_where_the_operator_wants_it(bench_with):
    bench = bench_with({"registration": {"reply-to-failed-authentication": "yes"}})
    right, wrong = bench.mobile(5), bench.mobile(5, key=bytes(16))
    reply = wrong.register(CARE_OF[0])
    assert reply.code == 131
    assert not reply.is_signed_by(wrong.association)
    assert reply.is_signed_by(right.association)
    accepted(right, right.register(CARE_OF[0]))


def test_the_witness_of_silence_notices_an_answer(bench_with):
    """silent() itself: it must fail where agentd does answer."""
    bench = bench_with({"registration": {"reply-to-failed-authentication": "yes"}})
    right, wrong = bench.mobile(5), bench.mobile(5, key=bytes(16))
    with pytest.raises(AssertionError, match="it was answered with code 131"):
        silent(wrong, wrong.request(CARE_OF[0]), right)


def test_unknown_spi_and_home_are_met_with_silence(bench):
    witness = bench.mobile()
    for home, spi in ((witness.home, 999), (witness.home, 0), ("10.0.9.9", witness.association.spi)):
        stranger = bench.add(scapy_client.Mobile(home, Association(spi, witness.association.key), bench.target))
        silent(stranger, stranger.request(CARE_OF[0]), witness)


def test_unsigned_request_is_met_with_silence(bench):
    mobile = bench.mobile()
    silent(mobile, mobile.request(CARE_OF[0], sign=False))


def test_every_cut_of_a_request_is_met_with_silence(bench):
    """No proper beginning of a signed request is answered."""
    mobile = bench.mobile()
    whole = mobile.request(CARE_OF[0])
    for size in range(len(whole)):
        mobile.send(whole[:size])
    silent(mobile, b"")


def test_every_flipped_bit_is_met_with_silence(bench):
    mobile = bench.mobile()
    whole = mobile.request(CARE_OF[0])
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        mobile.send(bytes(flipped))
        if bit % 64 == 63:  # so that no queue on the way runs over
            silent(mobile, b"")
            whole = mobile.request(CARE_OF[0])
    silent(mobile, b"")


@pytest.mark.parametrize("kind", [1, 31, 35, 36, 40, 127])
def test_unknown_extension_below_128_is_met_with_silence(bench, kind):
    mobile = bench.mobile(1)
    silent(mobile, mobile.request(CARE_OF[0], extensions=bytes([kind, 2, 0, 0])))


@pytest.mark.parametrize("kind", [128, 134, 144, 255])
def test_unknown_extension_above_127_is_skipped(bench, kind):
    mobile = bench.mobile(1)
    accepted(mobile, mobile.register(CARE_OF[0], extensions=bytes([kind, 3, 1, 2, 3, 0, 0])))


def test_broken_extension_behind_a_valid_authentication_is_told(bench):
    mobile = bench.mobile()
    denied(mobile, mobile.exchange(mobile.request(CARE_OF[0]) + bytes([131, 9, 1])), 134)
    accepted(mobile, mobile.register(CARE_OF[0]))


@pytest.mark.parametrize("offset_s", [-3600, -10, 10, 86400])
def test_stale_identification_resynchronises_the_client(bench, offset_s):
    mobile = bench.mobile()
    mobile.clock_offset_s = offset_s
    request = mobile.request(CARE_OF[0])
    before_s = ntp_time() >> 32
    reply = denied(mobile, mobile.exchange(request), 133)
    after_s = ntp_time() >> 32
    assert before_s <= reply.identification >> 32 <= after_s
    assert reply.octets[16:20] == request[20:24]
    mobile.adopt_time_of(reply)
    accepted(mobile, mobile.register(CARE_OF[0]))


def test_older_than_the_last_is_refused_inside_the_window(bench):
    mobile = bench.mobile()
    first, second = mobile.request(CARE_OF[0]), mobile.request(CARE_OF[1])
    accepted(mobile, mobile.exchange(second))
    denied(mobile, mobile.exchange(first), 133)


def test_same_identification_for_something_else_is_refused(bench):
    mobile = bench.mobile()
    identification = mobile.identification()
    accepted(mobile, mobile.register(CARE_OF[0], identification=identification))
    denied(mobile, mobile.register(CARE_OF[1], identification=identification), 133)


def test_retransmission_is_answered_the_same(bench):
    mobile = bench.mobile()
    request = mobile.request(CARE_OF[0], lifetime=300, flags=S)
    first = accepted(mobile, mobile.exchange(request))
    for _ in range(3):
        again = accepted(mobile, mobile.exchange(request))
        assert (again.code, again.identification) == (first.code, first.identification)
        assert (again.home, again.home_agent) == (first.home, first.home_agent)
        assert 0 < again.lifetime <= first.lifetime  # what is left of it
    accepted(mobile, mobile.register(CARE_OF[1], flags=S))  # it took one place, not more


def test_replay_after_a_crash_is_refused(bench_with):
    bench = bench_with()
    mobile = bench.mobile()
    first = mobile.request(CARE_OF[0])
    accepted(mobile, mobile.exchange(first))
    accepted(mobile, mobile.register(CARE_OF[1], flags=S))
    bench.agent.kill()
    bench.agent.start()
    denied(mobile, mobile.exchange(first), 133)
    denied(mobile, mobile.register(CARE_OF[2], flags=S), 135)  # both bindings are still there
    accepted(mobile, mobile.register(CARE_OF[1], flags=S))


def test_reply_goes_where_the_request_came_from(bench):
    for address in ("127.0.0.1", "127.0.0.2", "127.0.7.9"):
        for _ in range(2):
            mobile = bench.mobile(2, bind=(address, 0))
            accepted(mobile, mobile.register(CARE_OF[0]))
            denied(mobile, mobile.register(CARE_OF[0], identification=5), 133)


def test_other_home_agent_address_is_told_ours(bench):
    mobile = bench.mobile()
    for home_agent in ("192.0.2.1", "0.0.0.0", "255.255.255.255"):
        reply = denied(mobile, mobile.register(CARE_OF[0], home_agent=home_agent), 136)
        assert reply.home_agent == bench.agent.address


def test_reverse_tunnel_is_denied_unless_offered(bench, bench_with):
    mobile = bench.mobile()
    denied(mobile, mobile.register(CARE_OF[0], flags=T), 137)
    mobile = bench_with({"registration": {"reverse-tunnel": "yes"}}).mobile()
    accepted(mobile, mobile.register(CARE_OF[0], flags=T))


def test_impossible_care_of_addresses_are_refused(bench):
    mobile = bench.mobile()
    for care_of in (mobile.home, "127.0.0.9", "255.255.255.255"):
        denied(mobile, mobile.register(care_of), 134)
    denied(mobile, mobile.register("0.0.0.0"), 145)
    denied(mobile, mobile.register("224.0.0.5"), 129)


def foreign_mobile(bench, foreign, **changes):
    return bench.mobile(3, bind=(bench.foreign_address(), 0), foreign=foreign, **changes)


def test_foreign_agent_signs_and_gets_signed(bench):
    foreign = bench.foreign_association()
    mobile = foreign_mobile(bench, foreign)
    reply = accepted(mobile, mobile.register(CARE_OF[0]))
    assert [extension.kind for extension in reply.extensions] == [MOBILE_HOME, FOREIGN_HOME]
    assert reply.is_signed_by(foreign, FOREIGN_HOME)


def test_foreign_agent_must_sign(bench):
    mobile = foreign_mobile(bench, None)
    denied(mobile, mobile.register(CARE_OF[0]), 132)
    mobile = foreign_mobile(bench, Association(FOREIGN_AGENT["spi"], bytes(16)))
    denied(mobile, mobile.register(CARE_OF[0]), 132)
    mobile = foreign_mobile(bench, None)
    assert accepted(mobile, mobile.deregister()).lifetime == 0  # a deregistration need not be


def test_foreign_agent_is_told_of_a_wrong_mobile_node(bench):
    mobile = foreign_mobile(bench, bench.foreign_association(), key=bytes(16))
    reply = mobile.register(CARE_OF[0])
    assert reply.code == 131
    assert reply.is_signed_by(bench.foreign_association(), FOREIGN_HOME)


def test_signature_of_an_unknown_foreign_agent_is_met_with_silence(bench):
    mobile = bench.mobile(4, foreign=bench.foreign_association())  # from an address that is not that agent's
    silent(mobile, mobile.request(CARE_OF[0]), bench.mobile(4))


def test_other_messages_are_met_with_silence(bench):
    mobile = bench.mobile()
    for octets in (b"", b"\x01", b"\x03" + bytes(41), b"\x12" + bytes(45), b"\xff" * 1400, bytes(65000)):
        silent(mobile, octets)


def test_command_tells_the_outcome(bench):
    row = bench.rows["10.0.0.6"]
    command = [
        sys.executable, os.path.join(HERE, "scapy_client.py"), "--target", f"{bench.target[0]}:{bench.target[1]}",
        "--home", row["home"], "--spi", str(row["spi"]), "--key", row["key"], "--care-of", CARE_OF[0],
        "--lifetime", "5000", "--timeout", "20",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    outcome = json.loads(done.stdout)
    assert done.returncode == 0
    assert (outcome["code"], outcome["lifetime"], outcome["authenticator_ok"]) == (0, 1800, True)
