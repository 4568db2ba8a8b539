"""Fixtures for looking at a real agentd with eyes that share no code with it."""

import os
import socket
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from agent import Agent  # noqa: E402
from decode_with_tshark import decode  # noqa: E402
from scapy_client import Association, Mobile  # noqa: E402

FOREIGN_AGENT = {"spi": 768, "algorithm": "hmac-md5", "key": bytes(range(64, 80)).hex()}
HOMES = 150
NAMED = 10  # the first of them are for tests that ask for one by number


def mobile_row(number, algorithm="hmac-md5", **options):
    key = bytes((number + i) & 255 for i in range(16)).hex()
    return {"kind": "mobile", "home": f"10.0.0.{number}", "spi": 256 + number, "algorithm": algorithm, "key": key, **options}


def foreign_agent_address():
    """An address of this host that is no loopback address, which no foreign agent may have. None if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 434))  # sends nothing
        except OSError:
            return None
        return probe.getsockname()[0]


def association_rows():
    """Mobile nodes, one more per other algorithm, one with a longer key, and a foreign agent if we can play one."""
    rows = [mobile_row(number) for number in range(1, HOMES + 1)]
    rows.append(mobile_row(201, "keyed-md5"))
    rows.append(mobile_row(202, "keyed-md5-rfc2002"))
    rows.append({**mobile_row(203), "key": bytes(range(64)).hex()})
    rows.append(mobile_row(204, "hmac-sha1"))
    rows.append(mobile_row(205, "hmac-sha256"))
    address = foreign_agent_address()
    return rows + [{"kind": "foreign-agent", "address": address, **FOREIGN_AGENT}] * (address is not None)


class Judge:
    """What was heard in the cases of a file. tshark looks at it all at once: it takes longer to start than most cases do."""

    def __init__(self):
        self.heard = []
        self.cases = []

    def hear(self, case, datagrams):
        self.heard += datagrams
        self.cases += [case] * len(datagrams)

    def judge(self):
        """Each must decode without complaint."""
        results = decode(self.heard) if self.heard else []
        complaints = [(case, result["complaints"], octets.hex())
                      for case, (_, _, octets), result in zip(self.cases, self.heard, results) if result["complaints"]]
        assert not complaints, complaints


class Bench:
    """A running agentd and the mobile nodes that talk to it; the judge hears all that they hear."""

    def __init__(self, agent, judge):
        self.agent = agent
        self.judge = judge
        self.target = (agent.address, agent.port)
        self.rows = {row["home"]: row for row in agent.associations if row["kind"] == "mobile"}
        self.fresh = iter(range(NAMED, HOMES + 1))
        self.mobiles = []

    def mobile(self, number=None, bind=("127.0.0.1", 0), foreign=None, **changes):
        """A node of an association, one that nobody used yet unless a number is given. `changes` to its association."""
        row = self.rows[f"10.0.0.{number or next(self.fresh)}"]
        details = {"spi": row["spi"], "key": row["key"], "algorithm": row["algorithm"], **changes}
        return self.add(Mobile(row["home"], Association(**details), self.target, bind=bind, foreign=foreign))

    def add(self, mobile):
        self.mobiles.append(mobile)
        return mobile

    def foreign_address(self):
        if foreign_agent_address() is None:
            pytest.skip("this host has no address but loopback ones, so nobody here can be a foreign agent")
        return foreign_agent_address()

    def foreign_association(self):
        return Association(FOREIGN_AGENT["spi"], FOREIGN_AGENT["key"], FOREIGN_AGENT["algorithm"])

    def finish(self, case):
        """Close the nodes; every reply since the last time must decode without complaint."""
        self.judge.hear(case, [datagram for mobile in self.mobiles for datagram in mobile.seen if datagram[0] == self.target])
        for mobile in self.mobiles:
            mobile.close()
        self.mobiles = []


def start_agentd(directory, options=None, associations=None):
    """An agentd over its own directory, not yet running; `options` as {section: {name: value}}."""
    return Agent(str(directory), options, association_rows() if associations is None else associations)


@pytest.fixture(scope="module")
def shared_agent(tmp_path_factory):
    """One agentd with default settings for tests that each use a node of their own."""
    with start_agentd(tmp_path_factory.mktemp("agent")) as running:
        yield running


@pytest.fixture(scope="module")
def judge():
    """Speaks when the last case of the file is over."""
    made = Judge()
    yield made
    made.judge()


@pytest.fixture(scope="module")
def shared_bench(shared_agent, judge):
    return Bench(shared_agent, judge)


@pytest.fixture
def bench(shared_bench, request):
    """The shared agentd; what this test heard is judged by tshark."""
    yield shared_bench
    shared_bench.finish(request.node.name)


@pytest.fixture
def bench_with(tmp_path, judge, request):
    """A function that starts an agentd with options of the test's own, and gives its bench."""
    started = []

    def start(options=None, associations=None):
        agent = start_agentd(tmp_path / str(len(started)), options, associations)
        agent.__enter__()
        started.append((agent, Bench(agent, judge)))
        return started[-1][1]

    yield start
    try:
        for _, own in started:
            own.finish(request.node.name)
    finally:
        for agent, _ in started:
            agent.__exit__(None, None, None)
