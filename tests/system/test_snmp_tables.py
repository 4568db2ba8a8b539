"""Tables of mobile nodes: each column of each row says what agentctl says, over both ways; on members that lead and that do not."""

import calendar
import hashlib
import time

import pytest
from managed import MODES, Managed, managed_cluster
from named import KEY, Association, Mobile, Named
from snmp import READING_USER
from waiting import wait_until_holds

MIP, HEARTH = (1, 3, 6, 1, 2, 1, 44, 1), (1, 3, 6, 1, 4, 1, 32473, 1, 1)
SEC_ASSOC, SEC_VIOLATION = (*MIP, 2, 1, 1), (*MIP, 2, 3, 1)
MOBILITY_BINDING, COUNTER = (*MIP, 6, 3, 1, 1), (*MIP, 6, 3, 2, 1)
ASSOCIATION, NODE, BINDING, POOL = (*HEARTH, 5, 1, 1), (*HEARTH, 6, 1, 1), (*HEARTH, 6, 2, 1), (*HEARTH, 7, 1, 1)
TOTAL_VIOLATIONS, UP_TIME = (*MIP, 2, 2, 0), (1, 3, 6, 1, 2, 1, 1, 3, 0)

ALGORITHMS = {"hmac-md5": 1, "keyed-md5": 2, "keyed-md5-rfc2002": 3, "hmac-sha1": 4, "hmac-sha256": 5, "chap": 6}
REPLAYS = {None: 1, "timestamps": 2, "nonces": 3}
TENURES = {"own": 1, "none": 2, "leased": 3, "former": 4}
REASONS = {"no security association": 1, "bad authenticator": 2, "bad identification": 3, "unknown SPI": 4,
           "no authentication": 5, "other": 6}
ENCAPSULATIONS = {"ipip": 1, "minimal": 2, "gre": 3}
FLAGS = {"S": 0x04, "B": 0x08, "D": 0x10, "M": 0x20, "G": 0x40, "r": 0x80}  # as RFC 2006 counts them
FEATURES = {"udp-forced": 0x40, "revocable": 0x20, "revocation-inform": 0x10}
TUNNELLED_IN_UDP = 0x80
NO_DATE = bytes(8)
ANN, BOB, DAN = "ann@example.net", "Bob@Example.net", "dan@example.net"
NODES = 7


# ---- values as SNMP has them ----

def octets_of(address):
    return bytes(int(part) for part in address.split("."))


def inet(address):
    return octets_of(address) if address else b""


def text(value):
    return (value or "").encode()


def truth(value):
    return 1 if value else 2


def signed(number):
    return number - 2**32 if number >= 2**31 else number


def halves(identification):
    """The low one first."""
    return [signed(int(identification[first:first + 8], 16)) for first in (8, 0)]


def bits(words, names):
    return bytes([sum(names.get(word, 0) for word in words)])


def date(words):
    """DateAndTime to the second, of 2026-11-29T12:00:00Z."""
    if words is None:
        return NO_DATE
    year, month, day, hour, minute, second = (int(words[at:at + size]) for at, size in
                                              ((0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2)))
    return year.to_bytes(2, "big") + bytes([month, day, hour, minute, second])


def seconds_of(words):
    return calendar.timegm(time.strptime(words, "%Y-%m-%dT%H:%M:%SZ"))


class Among:
    """Equal to whatever passes."""

    def __init__(self, passes):
        self.passes = passes

    def __eq__(self, other):
        return self.passes(other)

    __hash__ = None


def begins(octets):
    return Among(lambda value: value[:len(octets)] == octets)


def between(low, high):
    return Among(lambda value: low <= value <= high)


class Moments:
    """TimeStamps of the one that answers, beside what agentctl says to the second."""

    def __init__(self, manager):
        self.before = time.time()
        self.uptime = manager.value(UP_TIME)
        self.after = time.time()

    def of(self, words):
        if words is None:
            return 0

        def passes(ticks):
            age = (self.uptime - ticks) / 100
            return self.before - age - 2 <= seconds_of(words) <= self.after - age + 2
        return Among(passes)


# ---- rows, from records of agentctl ----

def identity(row, address):
    """As the end of an index, with its length: by name who has a pool."""
    if row["pool"]:
        name, at, domain = row["nai"].rpartition("@")
        found = hashlib.sha256(row["realm"].to_bytes(4, "big") + (name + at + domain.lower()).encode()).digest()[:16]
    else:
        found = octets_of(row[address])
    return (len(found), *found)


def placed(entry, index, columns):
    return {(*entry, column, *index): value for column, value in columns.items()}


def associations(rows, group=0):
    for row in rows:
        mobile, aaa = row["kind"] == "mobile", row["use"] == "mn-aaa"
        index = (group, 1 if mobile else 2, row["realm"], *identity(row, "address"), row["spi"], 2 if aaa else 1)
        tolerance = 30 if row["nai"] == DAN else 0
        yield placed(ASSOCIATION, index, {
            6: 1, 7: ALGORITHMS[row["algorithm"]], 8: b"", 9: REPLAYS[row["replay"]], 10: tolerance, 11: text(row["nai"]), 12: 0,
            13: b"", 14: text(row["pool"]), 15: begins(date(row["last_used"])),
            16: Among(lambda version: len(version) == 8 and any(version)),
        })


def security_associations(rows):
    for row in rows:
        if not row["pool"]:
            md5 = row["algorithm"].startswith("keyed-md5")
            yield placed(SEC_ASSOC, (*octets_of(row["address"]), row["spi"]), {
                3: 2 if md5 else 1, 4: 2 if md5 else 1, 5: b"", 6: REPLAYS[row["replay"]]})


def nodes(rows, group=0):
    for row in rows:
        yield placed(NODE, (group, row["realm"], *identity(row, "home")), {
            3: row["node"], 4: text(row["nai"]), 5: 1 if row["home"] else 0, 6: inet(row["home"]), 7: TENURES[row["held"]],
            8: text(row["pool"]), 9: text(row["policy"]), 10: row["limit"], 11: row["bindings"]})


def bindings(rows, group=0):
    for row in rows:
        endpoint, _, port = row["endpoint"].partition(":")
        places = [(1, 4, *octets_of(row[name])) for name in ("home", "care_of")]
        index = (group, row["realm"], *places[0], *places[1], 4, *octets_of(endpoint), int(port or 0))
        words = [word for word in row["features"].split(",") if word]
        udp = TUNNELLED_IN_UDP if row["encapsulation"].startswith("udp/") else 0
        columns = {
            8: text(row["nai"]), 9: bits(row["flags"], FLAGS), 10: ENCAPSULATIONS[row["encapsulation"].rpartition("/")[2]],
            11: bytes([bits(words, FEATURES)[0] | udp]), 12: row["granted_s"] or 65535, 13: begins(date(row["expires"]))}
        if row["packets_in"] is not None:
            columns |= {14: row["packets_in"], 15: row["octets_in"], 16: row["packets_out"], 17: row["octets_out"]}
        yield placed(BINDING, index, columns)


def mobility_bindings(before, after):
    """What is left of a lifetime is between what it was before and after."""
    for row, later in zip(before, after):
        low, high = halves(row["identification"])
        left = 65535 if row["granted_s"] is None else between(later["remaining_s"], row["remaining_s"])
        yield placed(MOBILITY_BINDING, (*octets_of(row["home"]), *octets_of(row["care_of"])), {
            1: row["home"], 2: row["care_of"], 3: row["source"].partition(":")[0], 4: bits(row["flags"], FLAGS), 5: low, 6: high,
            7: row["granted_s"] or 65535, 8: left})


def counters(before, after, moments):
    for row, later in zip(before, after):
        if row["held"] in ("own", "leased"):
            columns = {2: row["accepted"], 3: row["denied"], 4: between(row["served_s"], later["served_s"]),
                       5: moments.of(row["accepted_last"])}
            if row["denied_code"]:
                columns |= {6: moments.of(row["denied_last"]), 7: row["denied_code"]}
            yield placed(COUNTER, octets_of(row["home"]), columns)


def violations(rows, moments):
    for row in rows:
        low, high = halves(row["identification"])
        yield placed(SEC_VIOLATION, octets_of(row["home"]), {
            2: row["violations"], 3: signed(row["spi"]), 4: moments.of(row["last"]), 5: low, 6: high, 7: REASONS[row["reason"]]})


def pools(rows, group=0):
    for row in rows:
        first, last = row["range"].split("-")
        yield placed(POOL, (group, *row["pool"].encode()), {
            2: row["realm"], 3: 1, 4: inet(first), 5: inet(last), 6: truth(row["kind"] == "sticky"), 7: row["size"],
            8: row["leased"], 9: row["nodes"]})


# ---- what is compared ----

def judge(manager, entry, rows, walk="bulkwalk"):
    """The whole table is these rows, in order of names."""
    expected = {}
    for row in rows:
        expected = row | expected  # of several of one name the first counts
    found = getattr(manager, walk)(entry)
    assert [varbind.oid for varbind in found] == sorted(expected)
    wrong = {varbind.oid: varbind.value for varbind in found if not expected[varbind.oid] == varbind.value}
    assert not wrong


def details(agent):
    """What agentctl says of each node by itself."""
    return [agent.ctl("nodes", row["nai"] or row["home"])[0] for row in agent.ctl("nodes")]


def judge_mip(agent, manager, walk="bulkwalk", clock=None):
    """`clock`: who has sysUpTime, which is in the default context only."""
    moments, before, served = Moments(clock or manager), agent.ctl("bindings"), details(agent)
    judge(manager, SEC_ASSOC, security_associations(agent.ctl("association", "list")), walk)
    judge(manager, SEC_VIOLATION, violations(agent.ctl("violations"), moments), walk)
    found = {entry: getattr(manager, walk)(entry) for entry in (MOBILITY_BINDING, COUNTER)}
    kept = KeptWalk(found)
    judge(kept, MOBILITY_BINDING, mobility_bindings(before, agent.ctl("bindings")))
    judge(kept, COUNTER, counters(served, details(agent), moments))
    total = next(row["value"] for row in agent.ctl("counters") if row["name"] == "security-violations")
    assert manager.value(TOTAL_VIOLATIONS) == total


class KeptWalk:
    """Walks that were made before what they are compared with was asked."""

    def __init__(self, found):
        self.found = found

    def bulkwalk(self, entry):
        return self.found[entry]


def judge_hearth(agent, manager, walk="bulkwalk"):
    judge(manager, ASSOCIATION, associations(agent.ctl("association", "list")), walk)
    judge(manager, NODE, nodes(agent.ctl("nodes")), walk)
    judge(manager, BINDING, bindings(agent.ctl("bindings")), walk)
    judge(manager, POOL, pools(agent.ctl("pool", "list")), walk)


# ---- alone ----

def add(agent, *words):
    agent.ctl("association", "add", *words, stdin=KEY)


def populate(agent):
    """Nodes of every kind, two of them with a name and no other address; foreign agents, one where a node is at home."""
    agent.ctl("config", "set", "pool.dial-in", "10.64.0.1-10.64.0.3 sticky")
    agent.ctl("config", "set", "pool.a", "10.65.0.1-10.65.0.1 released")
    agent.ctl("config", "set", "policy.gold.max-lifetime", "600")
    agent.ctl("config", "set", "registration.max-lifetime", "65535")
    add(agent, "mobile", f"nai={ANN}", "pool=dial-in", "policy=gold", "spi=256", "algorithm=hmac-md5")
    add(agent, "mobile", f"nai={ANN}", "spi=2", "algorithm=chap", "use=mn-aaa")
    add(agent, "mobile", "nai=cy@example.net", "pool=a", "spi=4000000000", "algorithm=keyed-md5")
    add(agent, "mobile", "home=10.0.0.7", f"nai={BOB}", "spi=257", "algorithm=hmac-sha1", "replay=nonce", "bindings=3")
    add(agent, "mobile", "home=10.0.0.9", f"nai={DAN}", "spi=258", "algorithm=hmac-sha256", "tolerance=30")
    add(agent, "foreign-agent", "address=10.0.0.7", "spi=256", "algorithm=keyed-md5-rfc2002")
    add(agent, "foreign-agent", "address=192.0.2.7", "spi=300", "algorithm=hmac-md5")


def use(agent):
    """Requests that are granted, denied and forged."""
    target = (agent.address, agent.port)
    first = Mobile("10.0.0.1", Association(256, agent.associations[0]["key"]), target)
    second = Mobile("10.0.0.2", Association(256, agent.associations[1]["key"]), target)
    assert first.register("198.51.100.1", flags=0x20).code == 0
    assert first.register("198.51.100.2", flags=0xA8, lifetime=65535).code in (0, 1)
    assert second.register("198.51.100.3", home_agent="192.0.2.77").code == 136
    assert Named(agent, ANN).register().code == 0
    forger = Mobile("10.0.0.2", Association(256, "ff" * 16), target)
    forger.send(forger.request("198.51.100.9"))
    stranger = Mobile("10.200.0.1", Association(0x90000000, KEY), target)
    stranger.send(stranger.request("198.51.100.9"))


def is_told(agent):
    """Nobody answered the forged ones, and bindings get into the store a moment later."""
    assert sorted(row["granted_s"] is None for row in agent.ctl("bindings")) == [False, False, True]
    assert len(agent.ctl("violations")) == 2


@pytest.mark.parametrize("mode", MODES)
def test_tables_say_what_agentctl_says(tmp_path, mode):
    with Managed(str(tmp_path / "one"), mode) as managed:
        agent = managed.agent
        populate(agent)
        judge_hearth(agent, managed.reader())
        use(agent)
        wait_until_holds(lambda: is_told(agent))
        for walk in ("bulkwalk", "walk"):
            wait_until_holds(lambda walk=walk: judge_mip(agent, managed.reader(), walk))
            wait_until_holds(lambda walk=walk: judge_hearth(agent, managed.reader(), walk))
        # Of all nodes only the one that was denied has a row in this column.
        assert [varbind.value for varbind in managed.reader().walk((*COUNTER, 7))] == [136]
        agent.ctl("association", "remove", ANN, "256")
        agent.ctl("bindings", "remove", "10.0.0.1")
        wait_until_holds(lambda: judge_hearth(agent, managed.reader()))
        wait_until_holds(lambda: judge_mip(agent, managed.reader()))


# ---- a cluster ----

@pytest.fixture(params=MODES)
def cluster(request, tmp_path):
    with managed_cluster(str(tmp_path), request.param, NODES) as made:
        yield made


def test_members_of_a_cluster(cluster):
    """Who leads shows its bindings in the default context; who does not shows them in that of the group, and in HEARTH-MIB."""
    for member in cluster.members.values():
        member.way.await_objects()
    assert cluster.await_leader()
    cluster.run_load("--nodes", NODES, "--tries", "0", "register")

    def judge_members(leader):
        cluster.await_level()
        for member in cluster.members.values():
            def judge_member(member=member):
                default, group = member.way.reader(), member.way.manager(READING_USER, context="group-0")
                judge_mip(member, group, clock=default)
                judge_hearth(member, default)
                if member is leader:
                    judge_mip(member, default)
                else:
                    assert default.walk(MOBILITY_BINDING) == default.walk(SEC_ASSOC) == default.walk(COUNTER) == []
            if member.role == "data":
                wait_until_holds(judge_member)
                traffic = member.way.reader().walk((*BINDING, 14))
                assert len(traffic) == len(member.ctl("bindings")) == NODES
            else:
                for entry in (MOBILITY_BINDING, COUNTER, ASSOCIATION, NODE, BINDING, POOL):
                    assert member.way.manager(READING_USER, context="group-0").walk(entry) == []

    cluster.in_one_reign(judge_members)
