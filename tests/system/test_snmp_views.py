"""What each of the users sees and may write that the snippets in deploy/snmp make, and what it costs to leave out the rest."""

import pytest
from agent import ASSOCIATIONS
from managed import MODES, Managed
from snippets import MONITOR, OPERATOR, SECURITY, snippet, without_receiver
from snmp import READER, Refused

MIP, HEARTH = (1, 3, 6, 1, 2, 1, 44, 1), (1, 3, 6, 1, 4, 1, 32473, 1, 1)
KEPT_BACK = ((*MIP, 2, 1), (*HEARTH, 5))  # mipSecAssocTable, hearthAssociations
BEHIND = ((*MIP, 2, 2, 0), (*HEARTH, 6, 1, 1))  # mipSecTotalViolations, hearthNodeEntry
SHOWN = 4 + 11  # objects of an association, in both modules
AGENTS = 5000
CAPACITY = {"nodes": AGENTS + 100, "associations": AGENTS + 100, "bindings": 10}
SNIPPETS = {"agentx": "snmpd.conf", "embedded": "embedded.conf"}
FEW = 200  # objects that a walk reads beyond its end, or at the border of a part


def agents():
    """Foreign agents, which are in no other table."""
    for number in range(AGENTS):
        yield {"kind": "foreign-agent", "address": f"192.168.{number // 250}.{number % 250 + 1}", "spi": 400,
               "algorithm": "keyed-md5", "key": bytes(range(16)).hex()}


def begins(oid, roots):
    return any(oid[:len(root)] == root for root in roots)


def objects_read(agent):
    return next(row["value"] for row in agent.ctl("counters") if row["name"] == "snmp-objects-read")


@pytest.fixture(name="managed", params=MODES, scope="module")
def open_managed(tmp_path_factory, request):
    directory = str(tmp_path_factory.mktemp(request.param))
    with Managed(directory, request.param, without_receiver(snippet(SNIPPETS[request.param])), who=[READER],
                 configuration={"capacity": CAPACITY}, associations=[*ASSOCIATIONS, *agents()]) as managed:
        yield managed


def walked(managed, who, walk):
    """All that somebody sees, and how many objects were read for it."""
    manager, before = managed.manager(who), objects_read(managed.agent)
    found = [varbind.oid for root in (MIP, HEARTH) for varbind in getattr(manager, walk)(root)]
    return found, objects_read(managed.agent) - before


@pytest.mark.parametrize("walk", ["bulkwalk", "walk"])
def test_what_a_view_leaves_out_is_passed_over_at_once(managed, walk):
    found, read = walked(managed, MONITOR, walk)
    assert not [oid for oid in found if begins(oid, KEPT_BACK)]
    assert all(any(begins(oid, [root]) for oid in found) for root in BEHIND)
    assert len(found) <= read <= len(found) + FEW


def test_who_may_see_it_sees_it_all(managed):
    found, _ = walked(managed, SECURITY, "bulkwalk")
    assert len([oid for oid in found if begins(oid, KEPT_BACK)]) == SHOWN * (AGENTS + len(ASSOCIATIONS))
    assert found == sorted(set(found))


def test_nobody_else_gets_it_by_name(managed):
    name = (*HEARTH, 5, 1, 1, 7, 0, 1, 0, 4, 10, 0, 0, 1, 256, 1)
    assert managed.manager(SECURITY).value(name) == 1
    before = objects_read(managed.agent)
    assert managed.manager(MONITOR).get(name)[0].type == "noSuchObject"
    assert objects_read(managed.agent) == before


def refusal(managed, who, *objects):
    with pytest.raises(Refused) as refused:
        managed.manager(who).set(*objects)
    return refused.value.status


def setting(name):
    return (*HEARTH, 11, 1, 1, 3, 0, *name.encode())


def test_who_may_write_what(managed):
    limit = (setting("registration.bindings-per-node"), "s", "3")
    row = (0, 2, 0, 4, 192, 0, 2, 7, 500, 1)
    association = [((*HEARTH, 5, 1, 1, column, *row), kind, value)
                   for column, kind, value in ((6, "i", 4), (7, "i", 5), (8, "x", bytes(32)))]
    replay = ((*MIP, 2, 1, 1, 6, 192, 168, 0, 1, 400), "i", 1)
    assert refusal(managed, MONITOR, limit) == "noAccess"
    managed.manager(OPERATOR).set(limit)
    assert managed.manager(MONITOR).value(limit[0]) == b"3"
    for who in (MONITOR, OPERATOR):
        assert refusal(managed, who, *association) == "noAccess"
        assert refusal(managed, who, replay) == "noAccess"
    managed.manager(SECURITY).set(*association)
    managed.manager(SECURITY).set(replay)
    assert managed.manager(SECURITY).value(association[1][0]) == 5


def test_who_answers_can_be_seen(managed):
    """As the manual has managers look for it: wrong communities, wrong digests, the engine."""
    wanted = ("1.3.6.1.2.1.11.4.0", "1.3.6.1.6.3.15.1.1.5.0", "1.3.6.1.6.3.10.2.1.1.0")
    assert None not in [varbind.value for varbind in managed.manager(MONITOR).get(*wanted)]


def test_both_snippets_make_the_same_users_and_views():
    both = [[line for line in snippet(name) if line.split(" ")[0] in ("createUser", "view", "group", "access")]
            for name in SNIPPETS.values()]
    assert both[0] == both[1] != []
