"""Mobile nodes and home agents of the suite. What they share with one another is made up; what they share with the foreign
agent is read from a file:

    mobile home=A.B.C.D spi=N algorithm=NAME key=HEX
    home-agent address=A.B.C.D spi=N algorithm=NAME key=HEX

A case takes a node of its own, with its own link address; home agents are shared.
"""

import hashlib
import ipaddress
import secrets

import wire
from associations import Association, Exhausted, FileError, address, fields_of, number, word_of

SECRET = {"spi": number, "algorithm": word_of(*wire.ALGORITHMS), "key": bytes.fromhex}
FIELDS = {"mobile": {"home": address, **SECRET}, "home-agent": {"address": address, **SECRET}}
HOME_SPI, AAA_SPI, FIRST_SPI = 0x1000, 0x2000, 0x3000
FIRST_PORT = 40000
MADE_UP_FROM = 32768  # home addresses below are for the nodes of a file


class Node:
    """A mobile node on the visited link; `agent_association` is what it shares with the foreign agent, or None."""

    def __init__(self, serial, home, agent_association=None):
        self.home, self.agent_association = home, agent_association
        self.nai = f"node-{serial}@example.com"
        self.link = bytes([2, 0x5E]) + serial.to_bytes(4, "big")
        self.port = FIRST_PORT + serial % 20000
        self.home_association = Association(HOME_SPI, "hmac-md5", secrets.token_bytes(16))
        self.aaa_association = Association(AAA_SPI, "hmac-md5", secrets.token_bytes(16))
        self.newest = 0

    def next_stamp(self):
        self.newest = max(self.newest + 1, wire.ntp_now())
        return self.newest


class HomeAgent:
    """`association` is what it shares with the foreign agent, or None."""

    def __init__(self, address_of_it, association=None):
        self.address, self.association = address_of_it, association


def parse(lines, path="associations"):
    """[(home address, association)] and [HomeAgent], in the order of the file."""
    nodes, agents = [], []
    for line_number, line in enumerate(lines, 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        try:
            kind, fields = fields_of(line, FIELDS)
            name = fields.get("home" if kind == "mobile" else "address")
            if name is None:
                raise FileError("home or address must be given")
            association = Association(fields["spi"], fields["algorithm"], fields["key"])
        except FileError as error:
            raise FileError(f"{path}:{line_number}: {error}") from None
        if kind == "mobile":
            nodes.append((name, association))
        else:
            agents.append(HomeAgent(name, association))
    return nodes, agents


def read(path):
    with open(path, encoding="utf-8") as file:
        return parse(file, path)


class Stock:
    """Fresh nodes, and home agents with and without an association. `serial` makes link addresses that no earlier run had."""

    def __init__(self, nodes, agents, profile):
        self.associated = list(nodes)
        self.agents = agents
        self.serial = secrets.randbits(20) << 12
        self.homes = iter(ipaddress.IPv4Network(profile["homes"]).hosts())
        self.strangers = iter(ipaddress.IPv4Network(profile["home-agents"]).hosts())
        for _ in range(MADE_UP_FROM + secrets.randbits(12)):
            next(self.homes)
        self.plain_agents = []

    def has_node(self, algorithm):
        return algorithm is None or any(one.algorithm == algorithm for _, one in self.associated)

    def node(self, algorithm=None):
        """A node that shares nothing with the agent, or an association with that algorithm."""
        self.serial += 1
        if algorithm is None:
            return Node(self.serial, str(next(self.homes)))
        for row in self.associated:
            if row[1].algorithm == algorithm:
                self.associated.remove(row)
                return Node(self.serial, *row)
        raise Exhausted(f"the associations file has not enough nodes with {algorithm}")

    def home_agent(self, algorithm, taken):
        """One that the case has not taken yet; None when the file has none."""
        if algorithm is not None:
            return next((a for a in self.agents if a.association.algorithm == algorithm and a not in taken), None)
        for agent in self.plain_agents:
            if agent not in taken:
                return agent
        known = {agent.address for agent in self.agents}
        self.plain_agents.append(HomeAgent(next(str(a) for a in self.strangers if str(a) not in known)))
        return self.plain_agents[-1]


def generated(profile, nodes, seed="hearth"):
    """The lines of a file: so many nodes with the first algorithm of the profile, a tenth of that with each other, and two home
    agents with each. The same for the same seed."""
    hosts = ipaddress.IPv4Network(profile["homes"]).hosts()
    servers = iter(list(ipaddress.IPv4Network(profile["home-agents"]).hosts())[::-1])
    for place, algorithm in enumerate(profile["algorithms"]):
        count = nodes // 10 + 1 if place else nodes
        rows = [("mobile home", str(next(hosts))) for _ in range(count)]
        rows += [("home-agent address", str(next(servers))) for _ in range(2)]
        for number_of_row, (field, peer) in enumerate(rows):
            key = hashlib.sha256(f"{seed}/{field}/{peer}".encode()).hexdigest()[:32]
            yield f"{field}={peer} spi={FIRST_SPI + number_of_row} algorithm={algorithm} key={key}\n"
