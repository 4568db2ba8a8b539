"""Registration revocation (RFC 3543) between agentd and foreign agents that share no code with it.

That nothing answers is shown without waiting: something that must be answered follows, and its answer comes first.
"""

import pytest

from agent import Agent
from foreign_agent import ACK_I, ACKNOWLEDGMENT, PORT, REVOCATION, A, ForeignAgent, I, support
from namespaces import Link, ip
from scapy_client import FOREIGN_HOME, MOBILE_HOME, Association, Reply, build_request, ntp_time
from waiting import wait_for

HOME_AGENT = "192.0.2.1"
AGENTS = ["192.0.2.77", "192.0.2.78"]
FOREIGN_ROWS = [
    {"kind": "foreign-agent", "address": address, "spi": 800 + i, "algorithm": algorithm, "key": bytes(range(i, i + 16)).hex()}
    for i, (address, algorithm) in enumerate(zip(AGENTS, ("hmac-md5", "hmac-sha256")))
]
NODES = [
    {"kind": "mobile", "home": f"10.0.0.{n}", "spi": 300 + n, "algorithm": "hmac-md5", "bindings": 3,
     "key": bytes(range(n, n + 16)).hex()}
    for n in range(1, 4)
]


def association_of(row):
    return Association(row["spi"], row["key"], row["algorithm"])


class Bench:
    """agentd on one side of a link, two foreign agents on the other."""

    def __init__(self, directory, link, options):
        self.link = link
        ip("-n", link.names[1], "address", "add", f"{AGENTS[1]}/24", "dev", link.ends[1])
        options = {"home-agent": {"address": HOME_AGENT, "port": PORT}, **options}
        self.agent = Agent(directory, options, NODES + FOREIGN_ROWS)
        self.agents = []

    def start(self):
        self.agent.start(prefix=self.link.inside(0))

    def foreign_agent(self, which=0):
        made = ForeignAgent(self.link.socket(1), AGENTS[which], association_of(FOREIGN_ROWS[which]), HOME_AGENT)
        self.agents.append(made)
        return made

    def counter(self, name):
        return next(row["value"] for row in self.agent.ctl("counters") if row["name"] == name)

    def bound(self):
        """Home and care-of addresses of what is in the store, when it holds all that was applied."""
        def settled():
            status = self.agent.ctl("status")
            return status["store_index"] == status["applied_index"]

        wait_for(settled, "the store holds what was applied")
        return sorted((row["home"], row["care_of"]) for row in self.agent.ctl("bindings"))

    def finish(self):
        """What agentd sent."""
        heard = [entry for made in self.agents for entry in made.seen if entry[0] == (HOME_AGENT, PORT)]
        for made in self.agents:
            made.close()
        return heard


@pytest.fixture
def bench_with(tmp_path, judge, request):
    with Link(f"{HOME_AGENT}/24", f"{AGENTS[0]}/24") as link:
        made = []

        def start(options=None):
            made.append(Bench(str(tmp_path), link, options or {}))
            made[0].start()
            return made[0]

        try:
            yield start
            judge.hear(request.node.name, made[0].finish())
        finally:
            for bench in made:
                if bench.agent.process:
                    bench.agent.stop()


@pytest.fixture
def bench(bench_with):
    return bench_with()


NODE = NODES[0]["home"]
KEY = association_of(NODES[0])
WITNESS = NODES[2]["home"], association_of(NODES[2])


def silent(foreign):
    """Whatever was sent before is not answered: the answer to this comes first."""
    foreign.send(foreign.request(*WITNESS))
    reply = Reply(foreign.receive())
    assert reply.home == WITNESS[0]
    assert reply.code in (0, 1)


def support_in(reply):
    """What the home agent says of revocation in a reply: I and its clock. None: nothing."""
    found = [extension for extension in reply.extensions if extension.kind == 137]
    if not found:
        return None
    kinds = [extension.kind for extension in reply.extensions]
    assert kinds.index(137) > kinds.index(MOBILE_HOME)
    assert kinds.index(137) < kinds.index(FOREIGN_HOME)
    assert found[0].data[:2] in (b"\0\0", b"\x80\0")
    return found[0].data[0] == 0x80, int.from_bytes(found[0].data[2:], "big")


# ---- what is agreed on ----


def test_support_is_answered_in_kind(bench):
    foreign = bench.foreign_agent()
    assert support_in(foreign.register(NODE, KEY, offer=False)) is None
    plain, first = support_in(foreign.register(NODE, KEY))
    inform, second = support_in(foreign.register(NODE, KEY, inform=True))
    assert (plain, inform) == (False, True)
    assert first <= second
    assert support_in(foreign.register(NODE, KEY, lifetime=0)) is None


def test_support_of_a_colocated_node_through_an_agent_is_not_agreed_on(bench):
    foreign = bench.foreign_agent()
    assert support_in(foreign.register(NODE, KEY, flags=0x20, care_of="198.51.100.9")) is None


def test_support_that_the_node_wrote_is_not_the_agents(bench):
    foreign = bench.foreign_agent()
    message = build_request(NODE, HOME_AGENT, foreign.address, 300, ntp_time()) + support(foreign.stamp())
    foreign.send(foreign.association.sign(KEY.sign(message), FOREIGN_HOME))
    reply = Reply(foreign.receive())
    assert reply.code in (0, 1)
    assert support_in(reply) is None


def test_support_can_be_declined(bench_with):
    bench = bench_with({"registration": {"revocation": "no"}})
    foreign = bench.foreign_agent()
    assert support_in(foreign.register(NODE, KEY)) is None
    foreign.revoke(NODE)
    silent(foreign)
    assert bench.counter("revocations-unknown") == 1


# ---- revoked by the foreign agent ----


@pytest.mark.parametrize("agreed, asked, answered", [(True, True, True), (True, False, False), (False, True, False)])
def test_a_revocation_ends_the_binding_and_is_acknowledged(bench, agreed, asked, answered):
    foreign = bench.foreign_agent()
    foreign.register(NODE, KEY, inform=agreed)
    identifier = foreign.revoke(NODE, flags=I if asked else 0)
    answer = foreign.receive_message(ACKNOWLEDGMENT)
    assert (answer.home, answer.identifier, answer.flags) == (NODE, identifier, ACK_I if answered else 0)
    assert bench.bound() == []
    wait_for(lambda: bench.counter("revocations-acknowledged") == 1, "it is counted after it has left")
    assert bench.counter("revocations") == 1
    # The agent that asked for it is not told of it in turn.
    assert bench.counter("revocations-sent") == 0


def test_only_the_binding_that_is_named_ends(bench):
    first, second = bench.foreign_agent(0), bench.foreign_agent(1)
    first.register(NODE, KEY, flags=0x80)
    second.register(NODE, KEY, flags=0x80)
    first.revoke(NODE)
    first.receive_message(ACKNOWLEDGMENT)
    assert bench.bound() == [(NODE, AGENTS[1])]
    second.revoke(NODE)
    second.receive_message(ACKNOWLEDGMENT)
    assert bench.bound() == []


def test_a_new_transmission_is_acknowledged_again_and_a_replay_is_not(bench):
    foreign = bench.foreign_agent()
    foreign.register(NODE, KEY)
    first = foreign.revoke(NODE)
    assert foreign.receive_message(ACKNOWLEDGMENT).identifier == first
    second = foreign.revoke(NODE)
    assert foreign.receive_message(ACKNOWLEDGMENT).identifier == second
    for identifier in (first, second, second - 100):
        foreign.revoke(NODE, identifier=identifier)
    silent(foreign)
    assert bench.counter("revocations-replayed") == 3
    assert bench.counter("revocations-acknowledged") == 2


def test_an_old_revocation_does_not_end_a_new_registration(bench):
    foreign = bench.foreign_agent()
    foreign.register(NODE, KEY)
    old = foreign.revoke(NODE)
    foreign.receive_message(ACKNOWLEDGMENT)
    stamp = foreign.stamp()
    foreign.register(NODE, KEY, stamp=stamp)
    for identifier in (old, stamp, stamp - 1, stamp + (1 << 31)):
        foreign.revoke(NODE, identifier=identifier)
    silent(foreign)
    assert (NODE, foreign.address) in bench.bound()
    assert bench.counter("revocations-replayed") == 4
    foreign.revoke(NODE)
    foreign.receive_message(ACKNOWLEDGMENT)


def test_an_agents_clock_may_wrap(bench):
    foreign = bench.foreign_agent()
    foreign.register(NODE, KEY, stamp=0xFFFFFFFE)
    foreign.revoke(NODE, identifier=3)
    assert foreign.receive_message(ACKNOWLEDGMENT).identifier == 3


def test_bad_revocations_are_met_with_silence(bench):
    """None of them ends anything."""
    foreign, other = bench.foreign_agent(0), bench.foreign_agent(1)
    foreign.register(NODE, KEY)
    foreign.register(NODES[1]["home"], association_of(NODES[1]), offer=False)
    wrong = Association(foreign.association.spi, bytes(16).hex())
    unknown = Association(999, FOREIGN_ROWS[0]["key"])
    foreign.revoke(NODE, association=wrong)
    foreign.revoke(NODE, association=unknown)
    other.revoke(NODE, care_of=foreign.address, association=foreign.association)
    foreign.send(foreign.unsigned_revocation(NODE))
    foreign.revoke(NODE, flags=A)
    foreign.revoke(NODE, flags=A | I)
    other.revoke(NODE, care_of=foreign.address)
    foreign.revoke(NODE, home_agent="192.0.2.9")
    foreign.revoke(NODE, home_agent="0.0.0.0")
    foreign.revoke("10.9.9.9")
    foreign.revoke(NODE, care_of=other.address)
    foreign.revoke(NODES[1]["home"])  # it was not agreed on
    silent(foreign)
    silent(other)
    assert bench.counter("revocations-unauthenticated") == 4
    assert bench.counter("revocations-reflected") == 2
    assert bench.counter("revocations-unknown") == 6
    assert bench.counter("revocations-acknowledged") == 0
    assert {(NODE, foreign.address), (NODES[1]["home"], foreign.address)} <= set(bench.bound())


def test_every_cut_and_flipped_bit_is_met_with_silence(bench):
    foreign = bench.foreign_agent()
    foreign.register(NODE, KEY)
    whole = foreign.association.sign(foreign.unsigned_revocation(NODE), FOREIGN_HOME)
    for size in range(len(whole)):
        foreign.send(whole[:size])
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        foreign.send(bytes(flipped))
        if bit % 64 == 63:
            silent(foreign)
    silent(foreign)
    assert (NODE, foreign.address) in bench.bound()
    foreign.send(whole)
    foreign.receive_message(ACKNOWLEDGMENT)


def test_two_authentications_are_one_too_many(bench):
    foreign = bench.foreign_agent()
    foreign.register(NODE, KEY)
    once = foreign.association.sign(foreign.unsigned_revocation(NODE), FOREIGN_HOME)
    foreign.send(foreign.association.sign(once, FOREIGN_HOME))
    silent(foreign)
    foreign.send(once)
    foreign.receive_message(ACKNOWLEDGMENT)


def test_a_crash_between_revocation_and_acknowledgment(bench):
    """What was put in order stays so: the binding does not come back, and the next transmission is acknowledged."""
    foreign = bench.foreign_agent()
    for _ in range(3):
        foreign.register(NODE, KEY)
        before = bench.counter("revocations-acknowledged")
        taken = foreign.revoke(NODE)
        wait_for(lambda: bench.counter("revocations-acknowledged") > before, "it is in order")
        bench.agent.kill()
        assert foreign.receive_message(ACKNOWLEDGMENT).identifier == taken  # and lost, let us say
        bench.start()
        assert NODE not in dict(bench.bound())
        foreign.revoke(NODE, identifier=taken)
        silent(foreign)
        again = foreign.revoke(NODE)
        assert foreign.receive_message(ACKNOWLEDGMENT).identifier == again


# ---- revoked by the home agent ----


def drop(bench, home):
    bench.agent.ctl("association", "remove", home)


@pytest.mark.parametrize("inform", [False, True])
def test_a_node_that_is_removed_is_revoked_at_its_agent(bench, inform):
    foreign = bench.foreign_agent()
    _, told = support_in(foreign.register(NODE, KEY, inform=inform))
    drop(bench, NODE)
    message = foreign.receive_message(REVOCATION)
    assert (message.home, message.home_domain, message.foreign_domain) == (NODE, HOME_AGENT, foreign.address)
    assert message.flags == (A | I if inform else A)
    assert message.identifier > told
    foreign.acknowledge(message, flags=ACK_I)
    wait_for(lambda: bench.counter("revocations-confirmed") == 1, "the acknowledgment is taken")
    wait_for(lambda: bench.counter("revocations-sent") == 1, "it is counted after it has left")


def test_a_binding_that_the_operator_removes_is_revoked(bench):
    first, second = bench.foreign_agent(0), bench.foreign_agent(1)
    first.register(NODE, KEY, flags=0x80)
    second.register(NODE, KEY, flags=0x80)
    bench.agent.ctl("bindings", "remove", NODE, second.address)
    message = second.receive_message(REVOCATION)
    assert (message.home, message.foreign_domain) == (NODE, second.address)
    second.acknowledge(message)
    wait_for(lambda: bench.counter("revocations-confirmed") == 1, "the acknowledgment is taken")
    assert bench.bound() == [(NODE, first.address)]


def test_nobody_is_told_who_did_not_agree(bench):
    foreign = bench.foreign_agent()
    foreign.register(NODE, KEY, offer=False)
    foreign.register(NODES[1]["home"], association_of(NODES[1]))
    drop(bench, NODE)
    drop(bench, NODES[1]["home"])
    assert foreign.receive_message(REVOCATION).home == NODES[1]["home"]


def test_a_revocation_is_repeated_until_it_is_acknowledged(bench):
    foreign = bench.foreign_agent()
    foreign.register(NODE, KEY)
    drop(bench, NODE)
    messages = [foreign.receive_message(REVOCATION) for _ in range(3)]
    identifiers = [message.identifier for message in messages]
    assert identifiers == sorted(set(identifiers))
    assert identifiers[2] - identifiers[1] >= identifiers[1] - identifiers[0] >= 1
    foreign.acknowledge(messages[1])  # late, and good all the same
    wait_for(lambda: bench.counter("revocations-confirmed") == 1, "the acknowledgment is taken")
    assert bench.counter("revocations-sent") == 3


def test_bad_acknowledgments_count_for_nothing(bench):
    foreign, other = bench.foreign_agent(0), bench.foreign_agent(1)
    foreign.register(NODE, KEY)
    drop(bench, NODE)
    message = foreign.receive_message(REVOCATION)
    foreign.acknowledge(message, association=Association(foreign.association.spi, bytes(16).hex()))
    other.acknowledge(message)
    foreign.acknowledge(message, home=NODES[1]["home"])
    foreign.acknowledge(message, later=100)
    silent(foreign)
    silent(other)
    assert bench.counter("revocations-confirmed") == 0
    assert bench.counter("revocations-unauthenticated") == 1
    assert bench.counter("revocation-acks-unexpected") == 3
    foreign.acknowledge(message)
    wait_for(lambda: bench.counter("revocations-confirmed") == 1, "the acknowledgment is taken")
    foreign.acknowledge(message)
    wait_for(lambda: bench.counter("revocation-acks-unexpected") == 4, "a second one is of nothing any more")


def test_a_reflected_revocation_is_met_with_silence(bench):
    foreign = bench.foreign_agent()
    foreign.register(NODE, KEY)
    foreign.register(NODES[1]["home"], association_of(NODES[1]))
    drop(bench, NODE)
    foreign.send(foreign.receive_message(REVOCATION).octets)
    silent(foreign)
    assert bench.counter("revocations-reflected") == 1


def test_a_node_that_moves_is_revoked_at_the_agent_it_left(bench):
    first, second = bench.foreign_agent(0), bench.foreign_agent(1)
    first.register(NODE, KEY, inform=True)
    second.register(NODE, KEY, inform=True)
    message = first.receive_message(REVOCATION)
    assert message.flags == A  # the node need not be told: it did it
    assert message.foreign_domain == first.address
    first.acknowledge(message)
    wait_for(lambda: bench.counter("revocations-confirmed") == 1, "the acknowledgment is taken")


def test_a_node_that_keeps_its_binding_is_not_revoked(bench):
    first, second = bench.foreign_agent(0), bench.foreign_agent(1)
    first.register(NODE, KEY, flags=0x80)
    second.register(NODE, KEY, flags=0x80)
    second.register(NODE, KEY)
    assert first.receive_message(REVOCATION).foreign_domain == first.address
    assert bench.bound() == [(NODE, second.address)]


def test_who_deregisters_through_an_agent_is_revoked_only_elsewhere(bench):
    first, second = bench.foreign_agent(0), bench.foreign_agent(1)
    first.register(NODE, KEY, flags=0x80)
    second.register(NODE, KEY, flags=0x80)
    second.register(NODE, KEY, lifetime=0, care_of=NODE)  # all of them
    first.acknowledge(first.receive_message(REVOCATION))
    wait_for(lambda: bench.counter("revocations-confirmed") == 1, "the acknowledgment is taken")
    silent(second)
    assert bench.counter("revocations-sent") == 1


def test_who_comes_back_in_time_is_not_revoked(bench):
    """A node that is back before the agent was told: the agent keeps it."""
    first, second = bench.foreign_agent(0), bench.foreign_agent(1)
    first.register(NODE, KEY)
    second.register(NODE, KEY)
    first.receive_message(REVOCATION)
    first.register(NODE, KEY)
    wait_for(lambda: bench.counter("revocations-needless") == 1, "the next transmission is withdrawn")
    assert (NODE, first.address) in bench.bound()
    second.acknowledge(second.receive_message(REVOCATION))
