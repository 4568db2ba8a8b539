"""Each thing that is wrong with a reply is noticed."""

import pytest

import messages
import replies
import wire
from associations import parse
from engine import Scene, Session
from profiles import Profile

KEY = "00112233445566778899aabbccddeeff"
NODES, AGENTS = parse([
    f"mobile home=10.64.0.1 spi=256 algorithm=hmac-md5 key={KEY}",
    f"mobile home=10.64.0.2 nai=a@example.com spi=256 algorithm=hmac-md5 key={KEY}",
    f"mobile home=10.64.0.3 spi=256 algorithm=hmac-md5 key={KEY} replay=nonce",
    f"foreign-agent address=127.0.1.1 spi=512 algorithm=hmac-md5 key={KEY[::-1]}",
])
TARGET = ("127.0.0.1", 434)
SPI, FOREIGN_SPI, BYTES, FOREIGN_BYTES = 256, 512, bytes.fromhex(KEY), bytes.fromhex(KEY[::-1])


class Bench:
    """A request that was sent, and replies to it that are right but for one thing."""

    def __init__(self, node=0, agent=None, **send):
        session = Session(TARGET, None, AGENTS, Profile())
        self.scene = Scene(session, {})
        self.sender = messages.Sender(NODES[node])
        self.scene.senders = {"mn": self.sender}
        link = type("Link", (), {"target": TARGET, "name": lambda self: ("127.0.0.9", 5000)})()
        if NODES[node].replay == "nonce":
            self.sender.nonces = [7]
        self.sent = messages.request({"care-of": "198.51.100.1", **send}, self.scene, self.sender, link, agent)

    def reply(self, code=1, lifetime=300, home=None, home_agent="127.0.0.1", identification=None, before=b"", then=b"",
              key=BYTES, spi=SPI, sign=1, foreign=0, foreign_key=FOREIGN_BYTES):
        identification = self.sent.identification if identification is None else identification
        octets = wire.build_reply(code, lifetime, home or NODES[0].home, home_agent, identification) + before
        for _ in range(sign):
            octets = wire.sign(octets, wire.MOBILE_HOME, spi, "hmac-md5", key)
        octets += then
        for _ in range(foreign):
            octets = wire.sign(octets, wire.FOREIGN_HOME, FOREIGN_SPI, "hmac-md5", foreign_key)
        return octets

    def judge(self, octets, expect=None, source=TARGET):
        return replies.judge(octets, source, self.sent, expect or {}, self.scene)


def refused(bench, octets, why, expect=None, source=TARGET):
    with pytest.raises(replies.Wrong, match=why):
        bench.judge(octets, expect, source)


def test_right_reply_is_right():
    bench = Bench()
    assert bench.judge(bench.reply(), {"code": "accepted", "lifetime": "asked"}).code == 1
    assert bench.judge(bench.reply(before=wire.simple(200, b"x")), {"with": [200]}).code == 1


WRONG = {
    "code": ({"code": 0}, "code is 0", {"code": 1}),
    "longer-lifetime": ({"lifetime": 301}, "longer than 300", {}),
    "lifetime-zero": ({"lifetime": 0}, "lifetime is 0", {}),
    "home": ({"home": "10.64.0.9"}, "home address is 10.64.0.9", {}),
    "home-agent": ({"home_agent": "127.0.0.2"}, "home agent is 127.0.0.2", {}),
    "identification": ({"identification": 5}, "low half", {}),
    "unsigned": ({"sign": 0}, "0 Mobile-Home", {}),
    "signed-twice": ({"sign": 2}, "2 Mobile-Home", {}),
    "wrong-key": ({"key": bytes(16)}, "not one by the node", {}),
    "wrong-spi": ({"spi": 257}, "not one by the node", {}),
    "foreign-authentication": ({"foreign": 1}, "where none belongs", {}),
    "mobile-foreign": ({"then": wire.sign(b"", 33, 1, "hmac-md5", BYTES)}, "Mobile-Foreign", {}),
    "mn-aaa": ({"then": wire.sign(b"", 36, 1, "hmac-md5", BYTES, 1)}, "generalized", {}),
    "not-skippable": ({"before": wire.short(44, 0, bytes(5))}, r"nobody may skip: \[44\]", {}),
    "message-string": ({"before": wire.short(145, 1, b"hi")}, "rules out", {}),
    "nai-after": ({"then": wire.simple(131, b"a")}, "131 stands after", {}),
    "challenge-before": ({"before": wire.simple(132, b"a")}, "132 stands before", {}),
    "extension-missing": ({}, "0 extensions 131", {"with": [131]}),
    "extension-present": ({"before": wire.simple(200, b"")}, "does not belong", {"without": [200]}),
    "broken-chain": ({"then": b"\xc8\xff"}, "malformed", {}),
}


@pytest.mark.parametrize("what", sorted(WRONG))
def test_wrong_reply_is_refused(what):
    change, why, expect = WRONG[what]
    bench = Bench()
    refused(bench, bench.reply(**change), why, expect)


@pytest.mark.parametrize("source", [("127.0.0.1", 435), ("127.0.0.2", 434)])
def test_reply_from_elsewhere_is_refused(source):
    bench = Bench()
    refused(bench, bench.reply(), "it came from", source=source)


def test_high_half_is_copied_when_it_is_accepted():
    bench = Bench()
    refused(bench, bench.reply(identification=bench.sent.identification + (1 << 32)), "was sent")


def test_mismatch_has_the_time():
    bench, now = Bench(identification="now-1000s"), wire.ntp_now() >> 32
    assert bench.judge(bench.reply(code=133, identification=now << 32 | bench.sent.low)).code == 133
    refused(bench, bench.reply(code=133), "not the time of day")
    refused(bench, bench.reply(code=133, identification=now + 60 << 32 | bench.sent.low), "not the time of day")
    refused(bench, bench.reply(code=133, identification=now << 32 | bench.sent.low ^ 1), "low half")


def test_nonce_must_be_fresh():
    bench = Bench(node=2)
    home = NODES[2].home
    refused(bench, bench.reply(home=home), "used before")
    for nonce in (8, 9):
        bench.judge(bench.reply(home=home, identification=nonce << 32 | bench.sent.low))
    assert bench.sender.nonces == [7, 8, 9]
    refused(bench, bench.reply(home=home, identification=8 << 32 | bench.sent.low), "used before")


def test_nai_comes_back():
    bench = Bench(node=1)
    home = NODES[1].home
    assert bench.judge(bench.reply(home=home, before=wire.simple(131, b"a@example.com"))).code == 1
    refused(bench, bench.reply(home=home), "NAI")
    refused(bench, bench.reply(home=home, before=wire.simple(131, b"b@example.com")), "NAI")
    refused(bench, bench.reply(home=home, before=2 * wire.simple(131, b"a@example.com")), "NAI")


def test_foreign_agent_is_told():
    bench = Bench(agent=AGENTS[0])
    assert bench.judge(bench.reply(foreign=1)).code == 1
    refused(bench, bench.reply(), "0 Foreign-Home")
    refused(bench, bench.reply(foreign=2), "2 Foreign-Home")
    refused(bench, bench.reply(foreign=1, foreign_key=BYTES), "does not verify")
    last = wire.simple(137, bytes(6))
    refused(bench, bench.reply(foreign=1) + last, "not the last")


def test_deregistration_is_not_signed_for_the_foreign_agent():
    bench = Bench(agent=AGENTS[0], lifetime=0)
    assert bench.judge(bench.reply(lifetime=0)).code == 1
    refused(bench, bench.reply(lifetime=0, foreign=1), "where none belongs")
    refused(bench, bench.reply(lifetime=1), "longer than 0")


def test_acknowledgment_is_judged():
    bench = Bench(agent=AGENTS[0])
    bench.sent.identifier = 77
    bench.sent.fields["home"] = "10.64.0.1"

    def acknowledgment(flags=0, home="10.64.0.1", identifier=77, key=FOREIGN_BYTES):
        octets = wire.build_acknowledgment(flags, home, identifier)
        return wire.sign(octets, wire.FOREIGN_HOME, FOREIGN_SPI, "hmac-md5", key)

    def judged(octets, expect=None):
        return replies.judge_acknowledgment(octets, TARGET, bench.sent, expect or {})

    assert judged(acknowledgment()).identifier == 77
    assert judged(acknowledgment(flags=0x8000), {"inform": True}).flags == 0x8000
    for wrong in (
        acknowledgment(flags=0x8000), acknowledgment(flags=1), acknowledgment(home="10.64.0.2"),
        acknowledgment(identifier=78), acknowledgment(key=BYTES), acknowledgment()[:12], acknowledgment()[:-1],
    ):
        with pytest.raises(replies.Wrong):
            judged(wrong)
