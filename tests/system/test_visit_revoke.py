"""Registration revocation (RFC 3543) between agentd as a foreign agent and home agents: another agentd, and one that is played here.

That nothing comes of a message is shown without waiting: it is counted, and the visitor is there.
"""

import socket
import struct

import pytest
from namespaces import socket_in
from test_visit_relay import AGENTS_KEY, CARE_OF, HERE, HOME_AGENT, KEY, MOBILE, SCRIPTED, World, wire
from visiting import Advertisement, datagram, ip_packet, udp_packet
from waiting import wait_for

A, I, ACK_I = 0x8000, 0x4000, 0x8000
SPI, ALGORITHM = 700, "hmac-sha256"


def signed(message, key=AGENTS_KEY):
    return wire.sign(message, wire.FOREIGN_HOME, SPI, ALGORITHM, key)


def told(heard):
    """An advertisement to this node alone, of an agent that has begun anew."""
    found = Advertisement(heard)
    return found if found.sequence == 0 and heard.destination == MOBILE and heard.to_link == socket.PACKET_HOST else None


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture
def counted(world):
    before = {row["name"]: row["value"] for row in world.agent.ctl("counters")}
    return lambda name: world.counter("visit-" + name) - before["visit-" + name]


def homes(world):
    return [row["home"] for row in world.visitors()]


def test_a_binding_that_is_removed_at_home_ends_the_visitor_and_its_forwarding(world, counted):
    assert "X" in world.advertised.flags
    assert world.ask(world.request(flags="T")).code == 0
    (row,) = world.visitors()
    assert row["features"] == "revocable,revocation-inform"
    wait_for(lambda: world.home_agent.ctl("bindings"), "the binding is in the home agent's store")
    world.home_agent.ctl("bindings", "remove", MOBILE)
    wait_for(lambda: not homes(world), "the foreign agent was told")
    assert world.node.hear(told).care_of == [CARE_OF]
    wait_for(lambda: {row["name"]: row["value"] for row in world.home_agent.ctl("counters")}["revocations-confirmed"] == 1,
             "the home agent heard the acknowledgment")
    assert counted("revocations") == counted("revocations-acknowledged") == 1
    with socket_in(world.home, socket.SOCK_RAW, protocol=socket.IPPROTO_IPIP) as tunnel:
        tunnel.bind((HOME_AGENT, 0))
        tunnel.sendto(ip_packet(HOME_AGENT, MOBILE, 17, udp_packet(HOME_AGENT, MOBILE, 7, 7, b"late")[20:]), (CARE_OF, 0))
    wait_for(lambda: counted("no-visitor") == 1, "what comes through the tunnel is nobody's")


def test_a_visitor_that_is_removed_here_ends_the_binding_at_home(world, counted):
    def acknowledged():
        return {row["name"]: row["value"] for row in world.home_agent.ctl("counters")}["revocations-acknowledged"]

    before = acknowledged()
    assert world.ask(world.request(flags="T")).code == 0
    wait_for(lambda: world.home_agent.ctl("bindings"), "the binding is in the home agent's store")
    assert world.agent.ctl("visitors", "remove", MOBILE) == {"home": MOBILE, "removed": 1}
    assert homes(world) == []
    wait_for(lambda: not world.home_agent.ctl("bindings"), "the binding has ended")
    wait_for(lambda: counted("revocations-confirmed") == 1, "the home agent acknowledged")
    wait_for(lambda: acknowledged() == before + 1, "it counts that after its acknowledgment has left")
    assert world.node.hear(told)  # the home agent wants it to know
    assert counted("revocations-given-up") == 0


def test_nobody_is_removed_who_is_not_there(world):
    for words, message in ((["remove", MOBILE], "no visitor has the home address 10.0.0.1"),
                           (["remove", "10.0.0.9", HOME_AGENT], "of that home agent"),
                           (["remove", "nonsense"], "is no home address"),
                           (["remove", MOBILE, "nonsense"], "is no address of a home agent")):
        done = world.agent.ctl_raw("visitors", *words)
        assert done.returncode != 0 and message in done.stderr


class Scripted:
    """A home agent that says what a test wants."""

    def __init__(self, world):
        self.world = world
        self.socket = socket_in(world.home)
        self.socket.bind((SCRIPTED, 434))
        self.socket.settimeout(20)

    def hear(self, kind):
        while True:
            message = self.socket.recv(2000)
            if message[0] == kind:
                return message

    def say(self, message):
        self.socket.sendto(message, (CARE_OF, 434))

    def register(self, stamp, inform=True):
        """The node is granted what it asks for; `stamp` is the home agent's clock. None: no revocation."""
        world = self.world
        request = world.request(home_agent=SCRIPTED)
        world.node.say(MOBILE, HERE, 5000, request)
        relayed = self.hear(wire.REQUEST)
        (support,) = [e for e in wire.walk(relayed, 24) if e.kind == wire.REVOCATION_SUPPORT]
        assert support.data[:2] == b"\x80\0"
        reply = wire.build_reply(0, 300, MOBILE, SCRIPTED, int.from_bytes(request[16:24], "big"))
        reply = wire.sign(reply, wire.MOBILE_HOME, 256, "hmac-md5", KEY)
        if stamp is not None:
            reply += wire.simple(wire.REVOCATION_SUPPORT, struct.pack("!HI", 0x8000 if inform else 0, stamp))
        self.say(signed(reply))
        world.node.hear(lambda heard: datagram(heard)[1] == 5000)
        assert SCRIPTED in [row["home_agent"] for row in world.visitors()]
        return int.from_bytes(support.data[2:], "big")

    def close(self):
        self.socket.close()


@pytest.fixture
def scripted(world):
    made = Scripted(world)
    yield made
    made.close()


def revocation(identifier, flags=A, home=MOBILE, home_agent=SCRIPTED, care_of=CARE_OF):
    return wire.build_revocation(flags, home, home_agent, care_of, identifier)


def test_forged_and_replayed_revocations_change_nothing(world, scripted, counted):
    stamp = 1_000_000
    scripted.register(stamp)
    bad = [
        ("revocations-unauthenticated", revocation(stamp + 1)),
        ("revocations-unauthenticated", signed(revocation(stamp + 1), KEY)),
        ("revocations-unauthenticated", wire.sign(revocation(stamp + 1), wire.FOREIGN_HOME, 701, ALGORITHM, AGENTS_KEY)),
        ("revocations-reflected", signed(revocation(stamp + 1, flags=0))),
        ("revocations-replayed", signed(revocation(stamp))),
        ("revocations-replayed", signed(revocation(stamp - 1000))),
        ("revocations-unknown", signed(revocation(stamp + 1, home="10.0.0.7"))),
        ("revocations-unknown", signed(revocation(stamp + 1, home_agent=HOME_AGENT))),
        ("revocations-unknown", signed(revocation(stamp + 1, care_of=SCRIPTED))),
        ("replies-malformed", b"\x07\0\x80\0"),
    ]
    for counter, message in bad:
        before = counted(counter)
        scripted.say(message)
        wait_for(lambda: counted(counter) == before + 1, f"it counts as {counter}")
    world.node.send(ip_packet(SCRIPTED, CARE_OF, 17, udp_packet(SCRIPTED, CARE_OF, 434, 434, signed(revocation(stamp + 1)))[20:]),
                    world.node.agent)
    wait_for(lambda: counted("replies-from-links") == 1, "no home agent is on the visited link")
    assert MOBILE in homes(world) and counted("revocations-acknowledged") == 0

    scripted.say(signed(revocation(stamp + 1, flags=A)))
    ack = wire.Acknowledgment(scripted.hear(wire.ACKNOWLEDGMENT))
    assert (ack.home, ack.identifier, ack.flags) == (MOBILE, stamp + 1, 0)
    assert wire.verifies(ack.extensions[-1], ALGORITHM, AGENTS_KEY)
    assert MOBILE not in homes(world)
    scripted.say(signed(revocation(stamp + 1)))
    wait_for(lambda: counted("revocations-replayed") == 3, "the same again is a replay")
    scripted.say(signed(revocation(stamp + 3)))
    assert wire.Acknowledgment(scripted.hear(wire.ACKNOWLEDGMENT)).identifier == stamp + 3
    assert not [found for found in world.node.waiting(told) if found]  # the home agent did not want it
    assert counted("revocations-acknowledged") == 2


def test_without_an_agreement_there_is_no_revocation(world, scripted, counted):
    scripted.register(None)
    scripted.say(signed(revocation(2_000_000)))
    wait_for(lambda: counted("revocations-unknown") == 1, "it was not agreed on")
    assert world.agent.ctl("visitors", "remove", MOBILE, SCRIPTED)["removed"] == 1
    assert world.node.hear(told)
    assert counted("revocations-sent") == 0


def test_a_revocation_of_ours_is_sent_again_until_it_is_acknowledged(world, scripted, counted):
    ours = scripted.register(3_000_000, inform=False)
    world.agent.ctl("visitors", "remove", MOBILE)
    assert world.node.hear(told)  # what the home agent did not ask to decide is decided here
    seen = []
    for _ in range(2):
        message = scripted.hear(wire.REVOCATION)
        flags, home, home_agent, care_of, identifier = struct.unpack("!H4s4s4sI", message[2:20])
        assert flags == 0 and [socket.inet_ntoa(octets) for octets in (home, home_agent, care_of)] == [MOBILE, SCRIPTED, CARE_OF]
        assert wire.verifies(wire.walk(message, 20)[-1], ALGORITHM, AGENTS_KEY)
        seen.append(identifier)
    assert ours < seen[0] < seen[1]
    for counter, message in (("revocations-unauthenticated", signed(wire.build_acknowledgment(0, MOBILE, seen[1]), KEY)),
                             ("revocation-acks-unexpected", signed(wire.build_acknowledgment(0, MOBILE, seen[1] + 1000)))):
        scripted.say(message)
        wait_for(lambda: counted(counter) == 1, f"it counts as {counter}")
    assert counted("revocations-confirmed") == 0
    scripted.say(signed(wire.build_acknowledgment(ACK_I, MOBILE, seen[0])))
    wait_for(lambda: counted("revocations-confirmed") == 1, "any of them may be acknowledged")
    assert not [found for found in world.node.waiting(told) if found]  # once is enough


def test_who_registers_again_is_not_revoked(world, scripted, counted):
    scripted.register(4_000_000)
    world.agent.ctl("visitors", "remove", MOBILE)
    scripted.hear(wire.REVOCATION)
    scripted.register(4_000_010)
    scripted.say(signed(revocation(4_000_011, flags=A | I)))
    assert wire.Acknowledgment(scripted.hear(wire.ACKNOWLEDGMENT)).flags == ACK_I
    assert world.node.hear(told)
    assert counted("revocations-given-up") == counted("revocations-confirmed") == 0


def test_a_grant_that_is_refused_here_is_revoked(world, scripted, counted):
    """RFC 4636 section 6: the home agent is told that nobody is served."""
    request = world.request(home_agent=SCRIPTED)
    world.node.say(MOBILE, HERE, 5000, request)
    scripted.hear(wire.REQUEST)
    reply = wire.build_reply(0, 300, MOBILE, SCRIPTED, int.from_bytes(request[16:24], "big"))
    reply = wire.sign(reply, wire.MOBILE_HOME, 256, "hmac-md5", KEY) + wire.long(wire.CRITICAL_VENDOR, 0, struct.pack("!IH", 254, 1))
    scripted.say(signed(reply + wire.simple(wire.REVOCATION_SUPPORT, struct.pack("!HI", 0, 5_000_000))))
    refused = world.node.hear(lambda heard: datagram(heard)[1] == 5000 and wire.Reply(datagram(heard)[2]))
    assert refused.of(wire.FA_ERROR)[0].data == bytes([101])
    message = scripted.hear(wire.REVOCATION)
    assert SCRIPTED not in [row["home_agent"] for row in world.visitors()]
    scripted.say(signed(wire.build_acknowledgment(0, MOBILE, int.from_bytes(message[16:20], "big"))))
    wait_for(lambda: counted("revocations-confirmed") == 1, "it is over")


@pytest.mark.parametrize("lifetime", [300, 0])
def test_a_home_agent_with_a_key_does_not_speak_for_another(world, scripted, counted, lifetime):
    """It would take the visitor away, end it, or have its binding revoked at home: its grants name no other."""
    assert world.ask(world.request(flags="T")).code == 0
    (before,) = [row for row in world.visitors() if row["home_agent"] == HOME_AGENT]
    wait_for(lambda: world.home_agent.ctl("bindings"), "the binding is in the home agent's store")
    asked = world.request(home_agent=SCRIPTED, lifetime=lifetime, key=bytes(16))
    world.node.say(MOBILE, HERE, 5066, asked, link=b"\x02\0\0\0\0\x66")
    relayed = scripted.hear(wire.REQUEST)
    named = wire.build_reply(0, lifetime, MOBILE, HOME_AGENT, int.from_bytes(relayed[16:24], "big"))
    support = wire.simple(wire.REVOCATION_SUPPORT, struct.pack("!HI", 0x8000, 1))
    for reply in (wire.sign(named, wire.MOBILE_HOME, 256, "hmac-md5", KEY) + support, named + support):  # the second one is malformed, too
        dropped = counted("replies-dropped")
        scripted.say(signed(reply))
        wait_for(lambda: counted("replies-dropped") == dropped + 1, "it is dropped")
    (after,) = [row for row in world.visitors() if row["home_agent"] == HOME_AGENT]
    assert [after[name] for name in ("home", "link_address", "flags")] == [before[name] for name in ("home", "link_address", "flags")]
    assert counted("revocations-sent") == 0
    assert world.home_agent.ctl("bindings")


def test_revocation_can_be_required_of_home_agents(tmp_path):
    made = World(tmp_path, revocation="required")
    scripted = Scripted(made)
    try:
        assert made.ask(made.request()).code == 0  # agentd agrees
        request = made.request(home_agent=SCRIPTED)
        made.node.say(MOBILE, HERE, 5000, request)
        scripted.hear(wire.REQUEST)
        reply = wire.build_reply(0, 300, MOBILE, SCRIPTED, int.from_bytes(request[16:24], "big"))
        scripted.say(signed(wire.sign(reply, wire.MOBILE_HOME, 256, "hmac-md5", KEY)))
        refused = made.node.hear(lambda heard: datagram(heard)[1] == 5000 and wire.Reply(datagram(heard)[2]))
        assert refused.of(wire.FA_ERROR)[0].data == bytes([65])
        assert [row["home_agent"] for row in made.visitors()] == [HOME_AGENT]
    finally:
        scripted.close()
        made.close()
