"""Nodes and agents from a file of mobility security associations, and the stock from which cases take fresh nodes.

    mobile [home=A.B.C.D] [nai=USER@REALM] [pool=NAME] spi=N algorithm=NAME key=HEX [use=mn-ha|mn-aaa]
           [replay=timestamp|nonce] [bindings=N] [realm=N] [tolerance=S] [policy=NAME]
    foreign-agent address=A.B.C.D spi=N algorithm=NAME key=HEX [realm=N]

Several lines with the same home or NAI are several associations of one node.
"""

import ipaddress

import wire


class FileError(Exception):
    """A file that cannot be used; the text names file and line."""


class Exhausted(Exception):
    """The file has such nodes, but all of them are used up."""


class Association:
    """SPI, algorithm and key."""

    def __init__(self, spi, algorithm, key):
        self.spi, self.algorithm, self.key = spi, algorithm, key

    def sign(self, message, kind, **details):
        return wire.sign(message, kind, self.spi, self.algorithm, self.key, **details)

    def verifies(self, extension):
        return extension.spi == self.spi and wire.verifies(extension, self.algorithm, self.key)


class Node:
    """A mobile node with its associations in the order of the file."""

    def __init__(self):
        self.home = self.nai = self.pool = self.policy = self.tolerance = self.bindings = None
        self.replay = "timestamp"
        self.home_associations, self.aaa_associations = [], []

    @property
    def name(self):
        return self.home or self.nai

    def kind(self):
        """What a case can ask for, without the policy."""
        return {
            "home": self.home is not None,
            "nai": self.nai is not None,
            "pool": self.pool is not None,
            "algorithms": tuple(a.algorithm for a in self.home_associations),
            "aaa": tuple(a.algorithm for a in self.aaa_associations),
            "replay": self.replay,
            "bindings": self.bindings,
            "tolerance": self.tolerance,
        }


class ForeignAgent:
    def __init__(self, address):
        self.address = address
        self.associations = []

    def kind(self):
        return {"algorithms": tuple(a.algorithm for a in self.associations)}


def address(text):
    return str(ipaddress.IPv4Address(text))


def number(text):
    return int(text, 0)


def word_of(*allowed):
    def parse(text):
        if text not in allowed:
            raise ValueError(text)
        return text

    return parse


FIELDS = {
    "mobile": {
        "home": address, "nai": str, "pool": str, "spi": number, "algorithm": word_of(*wire.ALGORITHMS),
        "key": bytes.fromhex, "use": word_of("mn-ha", "mn-aaa"), "replay": word_of("timestamp", "nonce"),
        "bindings": number, "realm": number, "tolerance": number, "policy": str,
    },
    "foreign-agent": {
        "address": address, "spi": number, "algorithm": word_of(*wire.ALGORITHMS), "key": bytes.fromhex,
        "realm": number,
    },
}


def fields_of(line, known=FIELDS):
    """The kind of the peer and its fields; `known`: a table like FIELDS."""
    kind, *words = line.split()
    if kind not in known:
        raise FileError(f"the first word must be {' or '.join(known)}")
    fields = {}
    for word in words:
        name, equals, text = word.partition("=")
        if name not in known[kind] or not equals:
            raise FileError(f"there is no field {name} for {kind}")
        try:
            fields[name] = known[kind][name](text)
        except ValueError:
            raise FileError(f"the value of {name} is not understood") from None
    missing = {"spi", "algorithm", "key"} - fields.keys()
    if missing:
        raise FileError(f"{' and '.join(sorted(missing))} must be given")
    return kind, fields


def add_mobile(nodes, fields):
    name = fields.get("home") or fields.get("nai")
    if not name:
        raise FileError("home or nai must be given")
    node = nodes.setdefault(name, Node())
    for attribute in ("home", "nai", "pool", "policy", "tolerance", "bindings"):
        if attribute in fields:
            setattr(node, attribute, fields[attribute])
    association = Association(fields["spi"], fields["algorithm"], fields["key"])
    if fields.get("use") == "mn-aaa":
        node.aaa_associations.append(association)
    else:
        node.home_associations.append(association)
        node.replay = fields.get("replay", node.replay)


def parse(lines, path="associations"):
    """Nodes and foreign agents, each in the order of their first lines."""
    nodes, agents = {}, {}
    for number_of_line, line in enumerate(lines, 1):
        line = line.split("#", 1)[0].strip()
        if not line or line.startswith("set "):  # a setting of agentd
            continue
        try:
            kind, fields = fields_of(line)
            if kind == "mobile":
                add_mobile(nodes, fields)
            elif "address" not in fields:
                raise FileError("address must be given")
            else:
                agent = agents.setdefault(fields["address"], ForeignAgent(fields["address"]))
                agent.associations.append(Association(fields["spi"], fields["algorithm"], fields["key"]))
        except FileError as error:
            raise FileError(f"{path}:{number_of_line}: {error}") from None
    return list(nodes.values()), list(agents.values())


def read(path):
    with open(path, encoding="utf-8") as file:
        return parse(file, path)


# ---- what cases ask for

PLAIN_NODE = {
    "home": True, "nai": False, "pool": False, "algorithms": ("hmac-md5",), "aaa": (), "replay": "timestamp",
    "bindings": None, "tolerance": None,
}


def wanted_kind(wanted):
    """A case's words about a node, completed: what they leave out is as in a plain node."""
    unknown = wanted.keys() - PLAIN_NODE.keys()
    if unknown:
        raise KeyError(f"there is no property {' or '.join(sorted(unknown))} of a node")
    return {**PLAIN_NODE, **{name: tuple(v) if isinstance(v, list) else v for name, v in wanted.items()}}


class Stock:
    """Fresh nodes by kind and policy; each is given out once."""

    def __init__(self, nodes):
        self.shelves = {}
        for node in nodes:
            self.shelves.setdefault(self.shelf(node.kind(), node.policy), []).append(node)
        self.known = set(self.shelves)

    @staticmethod
    def shelf(kind, policy):
        return (tuple(sorted(kind.items())), policy)

    def has(self, wanted, policy=None):
        return self.shelf(wanted_kind(wanted), policy) in self.known

    def take(self, wanted, policy=None):
        shelf = self.shelves.get(self.shelf(wanted_kind(wanted), policy))
        if not shelf:
            raise Exhausted(f"the associations file has not enough nodes like {wanted or 'plain ones'}")
        return shelf.pop(0)
