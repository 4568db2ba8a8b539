"""What a foreign agent shows managers, and what is advertised: in a process that has no home agent, whoever answers for it."""

import os
import struct

import pytest
from managed import MODES, Way
from mib_outline import read_module
from namespaces import ip
from snmp_tools import Refused
from test_visit_relay import (AGENTS_KEY, CARE_OF, HERE, HERE_KEYS, HOME_AGENT, KEY, KEYED, KEYED_KEY, MOBILE, SCRIPTED, SILENT, World, at,
                              reply_of, wire)
from visiting import Advertisement, datagram
from waiting import wait_for

MIP = (1, 3, 6, 1, 2, 1, 44, 1)
HEARTH = (1, 3, 6, 1, 4, 1, 32473, 1, 1)
OBJECTS = {one.name: one for one in read_module("MIP-MIB")}
# Of MIP-MIB what this process has no part in.
OF_HOME_AGENT = [name for name in OBJECTS if name.startswith(("ha", "mn"))]
TRUE, FALSE = 1, 2
TOGETHER = 40


def index(address):
    return tuple(int(part) for part in address.split("."))


def scalar(name):
    return OBJECTS[name].oid + (0,)


class Seen(World):
    """The world of mobile nodes, whose foreign agent is managed."""

    def __init__(self, directory, mode):
        self.way = Way(str(directory / "way"), mode)
        super().__init__(directory, {"snmp": self.way.section()})
        if mode == "embedded":
            self.way.prefix = self.link.inside(0)
        self.way.start()
        self.way.await_objects()
        self.reader = self.way.reader()

    def close(self):
        super().close()
        self.way.stop()

    def value(self, name, row=(0,)):
        return self.reader.value(OBJECTS[name].oid + tuple(row))

    def column(self, name):
        oid = OBJECTS[name].oid
        return {varbind.oid[len(oid):]: varbind.value for varbind in self.reader.walk(oid)}


@pytest.fixture(name="seen", params=MODES, scope="module")
def see(tmp_path_factory, request):
    world = Seen(tmp_path_factory.mktemp(request.param), request.param)
    yield world
    world.close()


def test_the_roles_are_told(seen):
    assert seen.value("mipEntities") == bytes([0x40])
    assert seen.value("mipEnable") == 1
    assert seen.value("mipEncapsulationSupported") == bytes([0xE0])
    assert seen.value("mipSecTotalViolations") == 0


def violate(seen, number):
    """By the node, whose authenticator for the foreign agent is wrong: its request."""
    wrong = wire.sign(seen.request(home=KEYED, key=KEYED_KEY), wire.MOBILE_FOREIGN, 300, "hmac-md5", KEY)
    assert seen.ask(wrong, home=KEYED, number=number).code == 67
    return wrong


def test_a_walk_has_all_of_its_roles_in_order_and_nothing_else(seen):
    violate(seen, 61)
    assert seen.ask(seen.request(lifetime=300)).code == 0
    walked = [varbind.oid for varbind in seen.reader.bulkwalk(MIP)]
    assert walked == sorted(set(walked))
    found = {name for name, one in OBJECTS.items() for oid in walked if oid[:len(one.oid)] == one.oid}
    wanted = {name for name, one in OBJECTS.items() if one.readable and name not in OF_HOME_AGENT}
    assert found == wanted and len(wanted) == 3 + 1 + 4 + 6 + 11 + 1 + 2 + 24
    for oid in walked:
        assert seen.reader.get(oid)[0].oid == oid
    assert [seen.reader.getnext(oid)[0].oid for oid in walked[:-1]] == walked[1:]
    private = [varbind.oid for varbind in seen.reader.bulkwalk(HEARTH)]
    assert private and private == sorted(set(private))


def test_objects_of_other_roles_do_not_exist(seen):
    absent = [OBJECTS[name].oid + (0,) for name in OF_HOME_AGENT if OBJECTS[name].readable]
    assert len(absent) > 60
    for start in range(0, len(absent), TOGETHER):
        assert {varbind.type for varbind in seen.reader.get(*absent[start:start + TOGETHER])} == {"noSuchObject"}


def test_associations_are_shown_without_their_keys(seen):
    rows = sorted(index(row.get("address", row.get("home"))) + (row["spi"],) for row in HERE_KEYS)
    assert len(rows) == 3
    assert list(seen.column("mipSecKey")) == rows and set(seen.column("mipSecKey").values()) == {b""}
    for name in ("mipSecAlgorithmType", "mipSecAlgorithmMode", "mipSecReplayMethod"):
        assert seen.column(name) == dict.fromkeys(rows, 1)  # HMAC has no name there, and nothing of it protects from replays
    for row in (rows[0], index("10.9.9.9") + (256,)):
        refused(seen, "notWritable", ("mipSecKey", "x", bytes(16), row))
        refused(seen, "notWritable", ("mipSecReplayMethod", "i", 1, row), ("mipSecAlgorithmType", "i", 2, row))
    assert list(seen.column("mipSecKey")) == rows


BAD_AUTHENTICATOR = 2


def test_who_fails_authentication_is_a_row(seen):
    total, before = seen.value("mipSecTotalViolations"), seen.column("mipSecViolationCounter").get(index(KEYED), 0)
    wrong = violate(seen, 62)
    row = index(KEYED)
    assert seen.value("mipSecViolationCounter", row) == before + 1 and seen.value("mipSecTotalViolations") == total + 1
    assert (seen.value("mipSecRecentViolationReason", row), seen.value("mipSecRecentViolationSPI", row)) == (BAD_AUTHENTICATOR, 300)
    halves = seen.value("mipSecRecentViolationIDHigh", row) % (1 << 32), seen.value("mipSecRecentViolationIDLow", row) % (1 << 32)
    assert halves == struct.unpack("!II", wrong[16:24])
    assert seen.value("mipSecRecentViolationTime", row) > 0
    row, request = index(SCRIPTED), seen.request(home_agent=SCRIPTED)
    assert row not in seen.column("mipSecViolationCounter")
    with at(seen.home, SCRIPTED, 434) as scripted:
        seen.node.say(MOBILE, HERE, 5063, request, link=b"\x02\0\0\0\0\x3f")
        while scripted.recv(2000)[:len(request)] != request:
            pass
        denial = reply_of(request, 129, home_agent=SCRIPTED)
        scripted.sendto(wire.sign(denial, wire.FOREIGN_HOME, 700, "hmac-sha256", KEY), (CARE_OF, 434))
        wait_for(lambda: row in seen.column("mipSecViolationCounter"), "the reply is noted")
        scripted.sendto(wire.sign(denial, wire.FOREIGN_HOME, 700, "hmac-sha256", AGENTS_KEY), (CARE_OF, 434))
        assert seen.node.hear(lambda heard: datagram(heard)[1] == 5063 and wire.Reply(datagram(heard)[2])).code == 129
    assert (seen.value("mipSecRecentViolationReason", row), seen.value("mipSecRecentViolationSPI", row)) == (BAD_AUTHENTICATOR, 700)
    assert seen.value("mipSecTotalViolations") == total + 2


def test_a_visitor_is_a_row_while_it_is_served(seen):
    asked = seen.request(flags="GT", lifetime=300)
    assert seen.ask(asked).code == 0
    row = index(MOBILE)
    assert seen.value("faVisitorIPAddress", row) == seen.value("faVisitorHomeAddress", row) == MOBILE
    assert seen.value("faVisitorHomeAgentAddress", row) == HOME_AGENT
    assert seen.value("faVisitorTimeGranted", row) == 300
    assert 280 <= seen.value("faVisitorTimeRemaining", row) <= 300
    assert seen.value("faVisitorRegFlags", row) == bytes([0x40])  # gre
    identification = int.from_bytes(asked[16:24], "big")
    halves = seen.value("faVisitorRegIDHigh", row) % (1 << 32), seen.value("faVisitorRegIDLow", row) % (1 << 32)
    assert halves == (identification >> 32, identification % (1 << 32))
    assert seen.value("faVisitorRegIsAccepted", row) == TRUE
    assert seen.ask(seen.request(lifetime=0)).code == 0
    assert seen.column("faVisitorIPAddress") == {}
    assert seen.reader.get(OBJECTS["faVisitorHomeAddress"].oid + row)[0].type == "noSuchInstance"


def test_who_waits_for_its_reply_is_a_row_that_is_not_accepted(seen):
    seen.node.say("10.0.0.9", HERE, 5009, seen.request(home="10.0.0.9", home_agent=SILENT, lifetime=100), link=b"\x02\0\0\0\0\x09")
    row = index("10.0.0.9")
    wait_for(lambda: row in seen.column("faVisitorRegIsAccepted"), "the request is shown")
    assert seen.value("faVisitorRegIsAccepted", row) == FALSE
    assert seen.value("faVisitorHomeAgentAddress", row) == SILENT
    assert seen.value("faVisitorTimeGranted", row) == seen.value("faVisitorTimeRemaining", row) == 0
    wait_for(lambda: row not in seen.column("faVisitorRegIsAccepted"), "it is given up")


def test_counters_are_the_foreign_agents_own(seen):
    before = {name: seen.value(name) for name in ("faRegRequestsReceived", "faRegRequestsRelayed", "faRegLifetimeTooLong",
                                                   "faRegRepliesRecieved", "faRegRepliesRelayed")}
    assert seen.ask(seen.request(lifetime=601), number=31).code == 69
    assert seen.ask(seen.request(lifetime=300)).code == 0
    grown = {name: seen.value(name) - value for name, value in before.items()}
    assert grown == {"faRegRequestsReceived": 2, "faRegRequestsRelayed": 1, "faRegLifetimeTooLong": 1, "faRegRepliesRecieved": 1,
                     "faRegRepliesRelayed": 1}
    assert seen.value("faPoorlyFormedRequests") == seen.value("faAdmProhibited") == 0
    assert seen.ask(seen.request(lifetime=0)).code == 0


def test_what_is_offered_and_advertised(seen):
    assert seen.column("faCOAStatus") == {index(CARE_OF): 1}
    assert seen.value("faIsBusy") == seen.value("faRegistrationRequired") == FALSE
    row = index(HERE)
    wanted = {"maAdvMaxRegLifetime": 600, "maAdvPrefixLengthInclusion": FALSE, "maAdvAddress": "224.0.0.1", "maAdvMaxInterval": 600,
              "maAdvMinInterval": 450, "maAdvMaxAdvLifetime": 1800, "maAdvResponseSolicitationOnly": TRUE, "maAdvStatus": 1}
    assert {name: seen.value(name, row) for name in wanted} == wanted
    sent, answers, asked = (seen.value(name) for name in
                            ("maAdvertisementsSent", "maAdvsSentForSolicitation", "maSolicitationsReceived"))
    seen.node.solicit(MOBILE)
    wait_for(lambda: seen.value("maAdvsSentForSolicitation") == answers + 1, "the answer is counted")
    assert (seen.value("maAdvertisementsSent"), seen.value("maSolicitationsReceived")) == (sent + 1, asked + 1)


def test_nothing_of_net_snmp_is_on_the_disk_through_snmpd(seen):
    if seen.way.mode == "agentx":
        assert not os.path.exists(os.path.join(seen.agent.configuration["storage"]["directory"], "snmp"))


# ---- writing ----

ROW = index(HERE)
CREATE, CREATE_AND_WAIT, DESTROY, ACTIVE, NOT_IN_SERVICE = 4, 5, 6, 1, 2


def put(seen, *objects):
    """Set columns of the row of the link, or whatever is named with an index of its own."""
    seen.way.writer().set(*((OBJECTS[name].oid + tuple(row), kind, value) for name, kind, value, *rest in objects
                            for row in (rest or [ROW])))


def refused(seen, status, *objects):
    with pytest.raises(Refused) as caught:
        put(seen, *objects)
    assert caught.value.status == status


def ask_agent(seen):
    seen.node.waiting(Advertisement)
    seen.node.solicit(MOBILE)
    return seen.node.hear(Advertisement)


def test_registration_required_is_the_r_bit(seen):
    put(seen, ("faRegistrationRequired", "i", TRUE, (0,)))
    assert seen.value("faRegistrationRequired") == TRUE
    assert "R" in ask_agent(seen).flags
    put(seen, ("faRegistrationRequired", "i", FALSE, (0,)))
    assert "R" not in ask_agent(seen).flags
    refused(seen, "wrongValue", ("faRegistrationRequired", "i", 3, (0,)))
    refused(seen, "notWritable", ("faIsBusy", "i", TRUE, (0,)))


def test_an_active_row_is_changed_out_of_service_alone(seen):
    refused(seen, "inconsistentValue", ("maAdvMaxAdvLifetime", "i", 1700))
    refused(seen, "inconsistentValue", ("maAdvMaxAdvLifetime", "i", 1700), ("maAdvStatus", "i", ACTIVE))
    put(seen, ("maAdvStatus", "i", NOT_IN_SERVICE))
    assert seen.value("maAdvStatus", ROW) == NOT_IN_SERVICE
    put(seen, ("maAdvMaxAdvLifetime", "i", 1700), ("maAdvMaxRegLifetime", "i", 500), ("maAdvPrefixLengthInclusion", "i", TRUE))
    put(seen, ("maAdvMaxInterval", "i", 400), ("maAdvMinInterval", "i", 300), ("maAdvAddress", "a", "255.255.255.255"),
        ("maAdvResponseSolicitationOnly", "i", FALSE), ("maAdvStatus", "i", ACTIVE))
    heard = ask_agent(seen)
    assert (heard.lifetime, heard.registration_lifetime, heard.prefix_lengths) == (1700, 500, [24])
    assert [seen.value(name, ROW) for name in ("maAdvMaxInterval", "maAdvMinInterval", "maAdvAddress")] == [400, 300, "255.255.255.255"]
    assert seen.value("maAdvResponseSolicitationOnly", ROW) == FALSE
    assert seen.ask(seen.request(lifetime=501), number=41).code == 69
    put(seen, ("maAdvStatus", "i", NOT_IN_SERVICE), ("maAdvMaxAdvLifetime", "i", 1800), ("maAdvMaxRegLifetime", "i", 600),
        ("maAdvPrefixLengthInclusion", "i", FALSE), ("maAdvAddress", "a", "224.0.0.1"), ("maAdvMaxInterval", "i", 600),
        ("maAdvMinInterval", "i", 450), ("maAdvResponseSolicitationOnly", "i", TRUE))
    put(seen, ("maAdvStatus", "i", ACTIVE))
    assert ask_agent(seen).lifetime == 1800


def test_what_cannot_be_is_refused_and_nothing_is_changed(seen):
    put(seen, ("maAdvStatus", "i", NOT_IN_SERVICE))
    refused(seen, "inconsistentValue", ("maAdvMinInterval", "i", 700))
    refused(seen, "inconsistentValue", ("maAdvMaxAdvLifetime", "i", 599))
    refused(seen, "wrongValue", ("maAdvMaxInterval", "i", 3))
    refused(seen, "wrongValue", ("maAdvAddress", "a", "224.0.0.11"))
    refused(seen, "wrongType", ("maAdvAddress", "i", 1))
    refused(seen, "inconsistentValue", ("maAdvPrefixLengthInclusion", "i", TRUE), ("maAdvMinInterval", "i", 700))
    assert seen.value("maAdvPrefixLengthInclusion", ROW) == FALSE
    refused(seen, "inconsistentValue", ("maAdvStatus", "i", CREATE))
    put(seen, ("maAdvStatus", "i", ACTIVE))
    refused(seen, "noCreation", ("maAdvStatus", "i", CREATE, index("198.51.100.66")))


def test_a_row_that_is_destroyed_is_silent_until_it_is_made_again(seen):
    ask_agent(seen)
    put(seen, ("maAdvStatus", "i", DESTROY))
    assert seen.column("maAdvStatus") == {}
    put(seen, ("maAdvStatus", "i", CREATE_AND_WAIT), ("maAdvMaxRegLifetime", "i", 300))
    assert seen.column("maAdvStatus") == {ROW: NOT_IN_SERVICE}
    put(seen, ("maAdvMaxRegLifetime", "i", 900), ("maAdvStatus", "i", ACTIVE))
    assert seen.column("maAdvStatus") == {ROW: ACTIVE}
    assert seen.ask(seen.request(lifetime=900)).lifetime == 900  # more than that of the agent
    assert seen.value("faVisitorTimeGranted", index(MOBILE)) == 900
    assert seen.ask(seen.request(lifetime=0)).code == 0
    put(seen, ("maAdvStatus", "i", NOT_IN_SERVICE), ("maAdvMaxRegLifetime", "i", 600))
    put(seen, ("maAdvStatus", "i", ACTIVE))
    assert ask_agent(seen).registration_lifetime == 600


def test_a_care_of_address_is_offered_and_taken_away(seen):
    other, nobody = "192.0.2.19", "224.0.0.5"
    ip("-n", seen.link.names[0], "address", "add", f"{other}/32", "dev", "lo")
    seen.home_agent.ctl("association", "add", "foreign-agent", f"address={other}", "spi=700", "algorithm=hmac-sha256",
                        stdin=AGENTS_KEY.hex())
    put(seen, ("faCOAStatus", "i", CREATE, index(other)))
    assert seen.column("faCOAStatus") == {index(CARE_OF): ACTIVE, index(other): ACTIVE}
    assert ask_agent(seen).care_of == [CARE_OF, other]
    assert seen.ask(seen.request(care_of=other)).code == 0
    refused(seen, "inconsistentValue", ("faCOAStatus", "i", DESTROY, index(other)))
    refused(seen, "inconsistentValue", ("faCOAStatus", "i", CREATE, index(other)))
    refused(seen, "noCreation", ("faCOAStatus", "i", CREATE, index(nobody)))
    assert seen.ask(seen.request(lifetime=0, care_of=other)).code == 0
    put(seen, ("faCOAStatus", "i", DESTROY, index(other)))
    assert ask_agent(seen).care_of == [CARE_OF]
    refused(seen, "inconsistentValue", ("faCOAStatus", "i", DESTROY, index(CARE_OF)))
    assert seen.ask(seen.request(lifetime=300)).code == 0
    assert seen.ask(seen.request(lifetime=0)).code == 0


def test_several_objects_are_written_or_none(seen):
    refused(seen, "inconsistentValue", ("faRegistrationRequired", "i", TRUE, (0,)), ("faCOAStatus", "i", DESTROY, index(CARE_OF)))
    assert seen.value("faRegistrationRequired") == FALSE


def test_the_switch_silences_the_agent(seen):
    put(seen, ("mipEnable", "i", 2, (0,)))
    assert seen.value("mipEnable") == 2
    before = seen.counter("solicitations")
    seen.node.waiting(Advertisement)
    seen.node.solicit(MOBILE)
    wait_for(lambda: seen.counter("solicitations") == before + 1, "the solicitation is heard")
    assert [one for one in seen.node.waiting(Advertisement) if one.lifetime] == []
    put(seen, ("mipEnable", "i", 1, (0,)))
    assert ask_agent(seen).lifetime == 1800
    assert seen.ask(seen.request(lifetime=300)).code == 0
    assert seen.ask(seen.request(lifetime=0)).code == 0


def test_what_was_written_ends_with_the_process(seen):
    put(seen, ("faRegistrationRequired", "i", TRUE, (0,)))
    seen.agent.stop()
    seen.agent.start(prefix=seen.link.inside(0))
    wait_for(lambda: seen.way.answers() and seen.column("maAdvStatus"), "it is there again")
    assert seen.value("faRegistrationRequired") == FALSE
