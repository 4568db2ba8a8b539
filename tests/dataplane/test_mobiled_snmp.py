"""mobiled as managers see it, and what they ask of it: a context of its own behind the snmpd of its host."""

import os
import signal
import socket
import struct

import pytest
from mib_outline import read_module
from namespaces import socket_in
from snmp import READING_USER, WRITING_USER, Manager, NoAnswer, Refused, Snmpd
from test_mobiled import AT_HOME, FOREIGN, SHARED_SPI, WITH_FOREIGN_AGENTS, agent, await_bound, foreign_agent, leftovers, settings, walk  # noqa: F401
from waiting import wait_for
from walk import AGENT, HOME, ROUTER, Mobiled
from world import SPI

MIP = (1, 3, 6, 1, 2, 1, 44, 1)
OBJECTS = {one.name: one for one in read_module("MIP-MIB")}
CONTEXT = "mobile-node"
TRUE, FALSE = 1, 2
AT_HOME_STATE, REGISTERED, PENDING, UNKNOWN = 1, 2, 3, 5
ENABLED, DISABLED = 1, 2
ACTIVE, CREATE, DESTROY = 1, 4, 6
FOREIGN_AGENT = "198.51.100.1"
FORGED = 0x0123456701234567
OTHER_HOME_AGENT, THIRD = (f"{AGENT.rpartition('.')[0]}.{last}" for last in (99, 98))  # nobody is there
WHERE_NET_SNMP_WRITES = ("/nonexistent", "/var/lib/net-snmp", "/usr/share/snmp", "/root/.snmp", "/.snmp")


BAD_IDENTIFIER = 3
AS_FORGED = {"SPI": SPI, "IDHigh": FORGED >> 32, "IDLow": FORGED & 0xffffffff, "Reason": BAD_IDENTIFIER}


def index(*addresses):
    return tuple(int(part) for address in addresses for part in address.split("."))


class Seen:
    """mobiled on a foreign link with an agent, behind a snmpd of its host."""

    def __init__(self, walk, directory, **options):  # noqa: F811
        self.snmpd = Snmpd(str(directory / "snmpd"), agentx="tcp", prefix=walk.inside("mobile"))
        self.snmpd.start()
        self.mobile = Mobiled(walk, directory, {"snmp": {"mode": "agentx", "master": self.snmpd.agentx}, **options},
                              keys=WITH_FOREIGN_AGENTS).start()
        self.reader = self.manager(READING_USER)
        wait_for(self.answers, "the objects are there")

    def manager(self, who, context=CONTEXT, **options):
        return Manager(self.snmpd.target, who, context=context, prefix=self.snmpd.prefix, **options)

    def answers(self):
        """Of a context that there is not, snmpd says nothing."""
        try:
            return self.manager(READING_USER, timeout=0.5).value(OBJECTS["mnState"].oid + (0,))
        except NoAnswer:
            return False

    def value(self, name, row=(0,)):
        return self.reader.value(OBJECTS[name].oid + tuple(row))

    def column(self, name):
        oid = OBJECTS[name].oid
        return {varbind.oid[len(oid):]: varbind.value for varbind in self.reader.walk(oid)}

    def last_violation(self):
        """Of the foreign agent, in one answer."""
        row = index(FOREIGN_AGENT)
        answers = self.reader.get(*(OBJECTS[f"mipSecRecentViolation{name}"].oid + row for name in AS_FORGED))
        return dict(zip(AS_FORGED, (one.value for one in answers)))

    def put(self, *rows):
        self.manager(WRITING_USER).set(*((OBJECTS["mnHAStatus"].oid + index(address), "i", status) for address, status in rows))

    def refused(self, status, *rows):
        with pytest.raises(Refused) as caught:
            self.put(*rows)
        assert caught.value.status == status

    def switch(self, to, *more):
        self.manager(WRITING_USER).set((OBJECTS["mipEnable"].oid + (0,), "i", to), *more)

    def close(self):
        if self.mobile.process.poll() is None:
            self.mobile.end()
        self.snmpd.stop()


@pytest.fixture(name="seen")
def see(walk, agent, foreign_agent, tmp_path):  # noqa: F811
    walk.go("foreign")
    made = Seen(walk, tmp_path)
    made.mobile.is_("registered", attachment="foreign-agent")
    wait_for(lambda: made.value("mnState") == REGISTERED, "it is told that it is registered")
    yield made
    made.close()


def listing(place):
    return sorted(os.path.join(root, name) for root, _, names in os.walk(place) for name in names) if os.path.isdir(place) else None


def violate(seen, walk, agent):  # noqa: F811
    """Somebody on the link answers in the agent's name, while the home agent does not: it answers another request."""
    ports = [line.split()[3].rpartition(":")[2] for line in walk.run("mobile", "ss", "-Hulnp").stdout.splitlines() if "mobiled" in line]
    authenticator = bytes([32, 20]) + SPI.to_bytes(4, "big") + bytes(16)
    forged = struct.pack("!BBH4s4sQ", 3, 0, 300, socket.inet_aton(HOME), socket.inet_aton(AGENT), FORGED) + authenticator
    agent.process.send_signal(signal.SIGSTOP)
    try:
        walk.go("foreign")
        seen.mobile.is_("asking")
        with socket_in(walk.namespace("router")) as opened:
            opened.bind((FOREIGN_AGENT, 0))
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            wait_for(lambda: opened.sendto(forged, ("198.51.100.255", int(ports[0]))) and seen.last_violation() == AS_FORGED, "it is noted")
    finally:
        agent.process.send_signal(signal.SIGCONT)
    seen.mobile.is_("registered", attachment="foreign-agent")


def test_who_fails_authentication_is_a_row(seen, walk, agent):  # noqa: F811
    assert seen.value("mipSecTotalViolations") == 0 and seen.column("mipSecViolationCounter") == {}
    violate(seen, walk, agent)
    row = index(FOREIGN_AGENT)
    assert set(seen.column("mipSecViolationCounter")) == {row}  # a late reply of the agent's own may count, too
    assert 1 <= seen.value("mipSecViolationCounter", row) <= seen.value("mipSecTotalViolations")
    assert 0 < seen.value("mipSecRecentViolationTime", row) <= seen.manager(READING_USER, context="").value("1.3.6.1.2.1.1.3.0")


def test_all_of_a_mobile_node_is_there_in_order_and_nothing_else(seen, walk, agent):  # noqa: F811
    violate(seen, walk, agent)
    walked = seen.reader.bulkwalk(MIP)
    oids = [varbind.oid for varbind in walked]
    assert oids == sorted(set(oids))
    found = {name: varbind.type for name, one in OBJECTS.items() for varbind in walked if varbind.oid[:len(one.oid)] == one.oid}
    wanted = {name: one.wire for name, one in OBJECTS.items()
              if one.readable and name.startswith(("mn", "mipE", "mipSec"))}
    assert found == wanted and len(wanted) == 4 + 17 + 27 + 3 + 4 + 1 + 6
    assert [seen.reader.getnext(oid)[0].oid for oid in oids[:-1]] == oids[1:]
    assert all(seen.reader.get(oid)[0].oid == oid for oid in oids)
    assert seen.manager(READING_USER, context="").get(OBJECTS["mnState"].oid + (0,))[0].type == "noSuchObject"
    absent = [OBJECTS[name].oid + (0,) for name in ("faIsBusy", "maAdvertisementsSent", "haRegistrationAccepted")]
    assert {varbind.type for varbind in seen.reader.get(*absent)} == {"noSuchObject"}


def test_what_it_hears_and_how_it_is_registered(seen):
    assert seen.value("mipEntities") == bytes([0x80])
    assert (seen.value("mnHomeAddress"), seen.column("mnCurrentHA")) == (HOME, {index(AGENT): TRUE})
    assert seen.column("mnCOA") == {index(FOREIGN_AGENT, ROUTER): ROUTER}
    assert seen.value("mnAdvSourceAddress") == FOREIGN_AGENT
    assert seen.value("mnAdvFlags") == bytes([0x70])  # gre, minEnc, foreignAgent
    assert (seen.value("mnAdvMaxAdvLifetime"), seen.value("mnAdvMaxRegLifetime")) == (9000, 1800)
    assert 0 < seen.value("mnAdvTimeReceived") <= seen.manager(READING_USER, context="").value("1.3.6.1.2.1.1.3.0")
    row = index(FOREIGN_AGENT, ROUTER)
    assert seen.column("mnRegIsAccepted") == {row: TRUE}
    assert (seen.value("mnRegTimeRequested", row), seen.value("mnCOAIsLocal", row)) == (300, FALSE)
    assert 200 < seen.value("mnRegTimeRemaining", row) <= 300
    assert seen.value("mnRegIDHigh", row) and 0 < seen.value("mnRegTimeSent", row)
    sent, accepted = seen.value("mnRegRequestsSent"), seen.value("mnRegRequestsAccepted")
    assert sent >= accepted >= 1 and seen.value("mnRegRepliesRecieved") >= 1
    assert seen.value("mnAdvertisementsReceived") >= 1
    assert seen.value("mnDeRegRequestsSent") == seen.value("mnRepliesHAAuthenticationFailure") == 0


def test_moves_are_counted(seen, walk):  # noqa: F811
    walk.go(*AT_HOME)
    seen.mobile.is_("home")
    wait_for(lambda: seen.value("mnState") == AT_HOME_STATE, "it is told that it is at home")
    assert seen.value("mnMoveFromFAToHA") == 1 and seen.value("mnMoveFromHAToFA") == 0
    assert seen.value("mnDeRegRequestsSent") >= 1 and seen.value("mnDeRegRepliesRecieved") >= 1
    assert seen.value("mnGratuitousARPsSend") >= 2
    assert seen.column("mnRegIsAccepted") == {} and seen.column("mnCOA") == {}
    walk.go("other")
    seen.mobile.is_("registered")
    wait_for(lambda: seen.value("mnMoveFromHAToFA") == 1, "it has moved away")
    walk.go("foreign")
    seen.mobile.is_("registered", foreign_agent=FOREIGN_AGENT)
    wait_for(lambda: seen.value("mnMoveFromFAToFA") >= 1, "it has moved on")


OTHER_METHOD, TIMESTAMPS = 1, 2


def test_associations_are_shown_without_their_keys(seen):
    home, foreign = index(AGENT) + (SPI,), index(FOREIGN_AGENT) + (SHARED_SPI,)
    assert seen.column("mipSecAlgorithmType") == seen.column("mipSecAlgorithmMode") == {home: 1, foreign: 1}  # HMAC has no name there
    assert seen.column("mipSecReplayMethod") == {home: TIMESTAMPS, foreign: OTHER_METHOD}
    assert seen.column("mipSecKey") == {home: b"", foreign: b""}
    seen.put((OTHER_HOME_AGENT, CREATE))
    assert set(seen.column("mipSecKey")) == {home, foreign, index(OTHER_HOME_AGENT) + (SPI,)}
    writer = seen.manager(WRITING_USER)
    for name, kind, value in (("mipSecKey", "x", bytes(16)), ("mipSecReplayMethod", "i", 3), ("mipSecAlgorithmType", "i", 2)):
        for row in (home, foreign, index(THIRD) + (256,)):
            with pytest.raises(Refused) as caught:
                writer.set((OBJECTS[name].oid + row, kind, value))
            assert caught.value.status == "notWritable"


def test_home_agents_are_written(seen, agent):  # noqa: F811
    seen.put((OTHER_HOME_AGENT, CREATE))
    assert seen.column("mnCurrentHA") == {index(AGENT): TRUE, index(OTHER_HOME_AGENT): FALSE}
    assert seen.column("mnHAStatus") == {index(AGENT): ACTIVE, index(OTHER_HOME_AGENT): ACTIVE}
    seen.refused("inconsistentValue", (OTHER_HOME_AGENT, CREATE))
    seen.refused("noCreation", ("224.0.0.5", CREATE))
    seen.refused("noCreation", (THIRD, CREATE), ("224.0.0.5", CREATE))
    assert index(THIRD) not in seen.column("mnHAStatus")
    seen.put((AGENT, DESTROY))
    await_bound(agent)
    wait_for(lambda: seen.column("mnRegIsAccepted") == {index(FOREIGN_AGENT, ROUTER): FALSE}, "the other one is asked")
    assert seen.column("mnCurrentHA") == {index(OTHER_HOME_AGENT): FALSE}
    assert seen.value("mnState") == PENDING and seen.value("mnDeRegRequestsSent") >= 1
    seen.put((AGENT, CREATE), (OTHER_HOME_AGENT, DESTROY))
    seen.mobile.is_("registered")
    await_bound(agent, ROUTER)
    wait_for(lambda: seen.column("mnCurrentHA") == {index(AGENT): TRUE}, "it is told")


def test_the_switch_ends_its_part_until_it_is_on_again(seen, walk, agent):  # noqa: F811
    assert seen.value("mipEnable") == ENABLED and seen.mobile.status()["enabled"]
    away = settings(walk)
    assert walk.addresses("mobile0") == [f"{HOME}/32"]
    seen.switch(DISABLED)
    seen.mobile.is_("off", enabled=False, attachment=None, bindings=[])
    await_bound(agent)
    wait_for(lambda: seen.value("mnState") == UNKNOWN, "it is told that it is off")
    assert seen.value("mipEnable") == DISABLED
    assert seen.column("mnCOA") == seen.column("mnRegIsAccepted") == {} and seen.column("mnCurrentHA") == {index(AGENT): FALSE}
    assert walk.addresses("mobile0") == [] and leftovers(walk) == (["mobile0"], [], [], [])
    off = settings(walk)
    before = {name: seen.value(name) for name in ("mnRegRequestsSent", "mnSolicitationsSent", "mnAdvertisementsReceived", "mnMoveFromFAToHA")}
    walk.go(*AT_HOME)
    wait_for(walk.is_up, "there is a link")
    seen.switch(DISABLED)
    assert {name: seen.value(name) for name in before} == before and seen.mobile.status()["state"] == "off"
    with pytest.raises(Refused) as caught:
        seen.switch(3)
    assert caught.value.status == "wrongValue"
    with pytest.raises(Refused) as caught:
        seen.switch(ENABLED, (OBJECTS["mnHAStatus"].oid + index(AGENT), "i", CREATE))
    assert caught.value.status == "inconsistentValue" and seen.value("mipEnable") == DISABLED
    seen.switch(ENABLED, (OBJECTS["mnHAStatus"].oid + index(OTHER_HOME_AGENT), "i", CREATE))
    assert index(OTHER_HOME_AGENT) in seen.column("mnHAStatus")
    seen.mobile.is_("home", enabled=True)
    walk.go("foreign")
    seen.mobile.is_("registered", foreign_agent=FOREIGN_AGENT)
    await_bound(agent, ROUTER)
    assert seen.value("mipEnable") == ENABLED and settings(walk) == away
    assert seen.mobile.end() == 0
    assert settings(walk) == off != away


def test_the_switch_is_on_again_after_a_start(seen):
    seen.switch(DISABLED)
    seen.mobile.is_("off")
    assert seen.mobile.end() == 0
    seen.mobile.start()
    seen.mobile.is_("registered", enabled=True)
    wait_for(seen.answers, "the objects are there again")
    assert seen.value("mipEnable") == ENABLED


def rights_of(process, thread):
    """The capabilities of its thread of that name."""
    for task in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{task}/status", encoding="ascii") as file:
            rows = dict(line.strip().split(":", 1) for line in file)
        if rows["Name"].strip() == thread:
            return int(rows["CapEff"], 16) | int(rows["CapPrm"], 16)
    raise LookupError(thread)


def test_nothing_is_written_to_the_disk(walk, agent, foreign_agent, tmp_path, open_directory):  # noqa: F811
    """As root, who could make anything anywhere, and as somebody who has no home."""
    before = {place: listing(place) for place in WHERE_NET_SNMP_WRITES}
    walk.go(*FOREIGN)
    for user, directory in (("root", tmp_path), ("nobody", open_directory)):
        process = {"user": user, "status-socket": str(directory / "run" / "status")}
        seen = Seen(walk, directory, process=process)
        seen.mobile.is_("registered")
        if user != "root":
            assert rights_of(seen.mobile.process.pid, "mobiled") != 0 == rights_of(seen.mobile.process.pid, "snmp")
        seen.close()
        assert seen.mobile.process.returncode == 0
        log = seen.mobile.log()
        assert "answers managers through snmpd" in log and "Created directory" not in log
    assert {place: listing(place) for place in WHERE_NET_SNMP_WRITES} == before


def test_it_is_off_unless_wanted(walk, tmp_path):  # noqa: F811
    walk.go(*FOREIGN)
    mobile = Mobiled(walk, tmp_path).start()
    wait_for(mobile.status, "it runs")
    names = {open(f"/proc/{mobile.process.pid}/task/{task}/comm", encoding="ascii").read().strip()
             for task in os.listdir(f"/proc/{mobile.process.pid}/task")}
    assert "snmp" not in names
    assert mobile.end() == 0 and "SNMP" not in mobile.log()
