"""Several home agents in one process: alone, each with a log of its own, and as members of a cluster, where they share one and
are led by different members."""

import os
import re
import signal
import subprocess

import pytest
from agent import Agent, Refused, free_port, program
from cluster import REIGNS, Cluster, load_associations
from switched import HOST_LINK
from waiting import wait_for

NODES = 60
GROUPS = (0, 1, 2)
MANY = 60000  # moves; 16 MiB are kept of all groups, at least 8 of each, and a move is about 200 octets
SECOND = "127.0.1.1"


def homes(group):
    """Where the home addresses of a group begin, for agentload."""
    return ("--first-home", f"10.{group}.0.0")


def associations(group):
    return list(load_associations(NODES, 1, *homes(group)))


# ---- alone ----


def make_pair(tmp_path):
    """A process of two home agents, not started."""
    agent = Agent(str(tmp_path), {}, associations(0))
    agent.add_group(1, {"address": SECOND, "port": free_port(SECOND)}, associations(1))
    return agent


def targets(agent):
    """Address and port of each of the two."""
    with open(agent.configuration["groups"]["group-1"], encoding="utf-8") as file:
        port = int(re.search(r"port: (\d+)", file.read())[1])
    return {0: (agent.address, agent.port), 1: (SECOND, port)}


def register(target, group):
    done = subprocess.run([program("agentload"), "--target", f"{target[0]}:{target[1]}", "--nodes", str(NODES), *homes(group),
                           "--tries", "0", "register"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and f'"accepted":{NODES}' in done.stdout.replace(" ", ""), done.stdout + done.stderr


def bindings(agent, group):
    return {(row["home"], row["care_of"], row["identification"]) for row in agent.ctl("--group", str(group), "bindings")}


def await_bindings(agent, group):
    wait_for(lambda: len(bindings(agent, group)) == NODES, f"the store of group {group} has them all")


def test_each_of_two_keeps_its_own(tmp_path):
    """What one knows the other does not, and neither forgets it."""
    with make_pair(tmp_path) as agent:
        for group, target in targets(agent).items():
            register(target, group)
            await_bindings(agent, group)
        before = {group: bindings(agent, group) for group in (0, 1)}
        assert not before[0] & before[1]
        assert all(home.startswith("10.1.") for home, _, _ in before[1])
        agent.kill()
        agent.start()
        assert {group: bindings(agent, group) for group in (0, 1)} == before
        for directory in ("store", "log", "groups/1/store", "groups/1/log"):
            assert os.path.isdir(os.path.join(agent.data_directory, directory))
        assert re.search(r"group 1: recovered \d+ bindings", agent.log()) and re.search(r"group 0: recovered", agent.log())


def test_agentctl_asks_the_group_that_it_is_told(tmp_path):
    with make_pair(tmp_path) as agent:
        ports = {group: port for group, (_, port) in targets(agent).items()}
        rows = {row["group"]: row for row in agent.ctl("groups")}
        assert {group: (row["address"], row["port"], row["role"]) for group, row in rows.items()} == {
            0: ("127.0.0.1", ports[0], "leader"), 1: (SECOND, ports[1], "leader")}
        view = agent.ctl("status", "--group", "1")
        assert view["group"] == 1 and view["address"] == SECOND and view["associations"] == NODES
        assert view["groups"] == f"0 127.0.0.1:{ports[0]} leader, 1 {SECOND}:{ports[1]} leader"
        assert agent.ctl("status")["group"] == 0
        # What is changed in one is not in the other.
        agent.ctl("--group", "1", "config", "set", "registration.max-lifetime", "77")
        lifetimes = [next(row["value"] for row in agent.ctl("--group", str(group), "config", "list")
                          if row["name"] == "registration.max-lifetime") for group in (0, 1)]
        assert lifetimes == ["1800", "77"]
        with pytest.raises(Refused) as refused:
            agent.ctl("--group", "2", "status")
        assert refused.value.status == 1 and "there is no group 2 here, but 0, 1" in refused.value.text
        for wrong in ("17", "-1", "x", ""):
            with pytest.raises(Refused) as refused:
                agent.ctl("--group", wrong, "status")
            assert refused.value.status == 2 and "is not a number of a group from 0 to 16" in refused.value.text


def test_an_agent_alone_has_no_groups(agent):
    assert "group" not in agent.ctl("status")
    assert [row["group"] for row in agent.ctl("groups")] == [0]
    with pytest.raises(Refused) as refused:
        agent.ctl("--group", "1", "status")
    assert "there is no group 1 here, only group 0" in refused.value.text
    assert "group 0" not in agent.log()


def test_a_group_comes_back_from_its_own_backup(tmp_path):
    backup = str(tmp_path / "backup")
    agent = make_pair(tmp_path)
    with agent:
        register(targets(agent)[1], 1)
        agent.ctl("--group", "1", "backup", backup)
        await_bindings(agent, 1)
        before = bindings(agent, 1)
        agent.stop()
        command = [program("agentd"), "--restore", backup, "--config", agent.configuration_path, "--group", "1"]
        full = subprocess.run(command, capture_output=True, text=True)
        assert full.returncode == 1 and "groups/1 is not empty" in full.stderr
        os.rename(os.path.join(agent.data_directory, "groups"), str(tmp_path / "aside"))
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0 and f"restored {NODES} bindings" in done.stdout, done.stderr
        agent.start()
        assert bindings(agent, 1) == before and bindings(agent, 0) == set()
        unknown = subprocess.run([*command[:-1], "7"], capture_output=True, text=True)
        assert unknown.returncode == 1 and "there is no group 7" in unknown.stderr


def test_reload_reaches_every_group(tmp_path):
    """What is of the process in all of them, and what is of a group in that one."""
    with make_pair(tmp_path) as agent:
        def setting(group, name):
            return next(row["value"] for row in agent.ctl("--group", str(group), "config", "list") if row["name"] == name)

        path = agent.configuration["groups"]["group-1"]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("checkpoint-interval: 1", "checkpoint-interval: 7").replace("store-map: 64", "store-map: 65"))
        agent.configuration["overload"] = {"request-age": 777}
        agent.write_configuration()
        agent.process.send_signal(signal.SIGHUP)
        wait_for(lambda: setting(1, "storage.checkpoint-interval") == "7", "group 1 has it")
        assert setting(0, "storage.checkpoint-interval") == "1"
        assert [setting(group, "overload.request-age") for group in (0, 1)] == ["777", "777"]
        assert agent.log().count("overload.request-age: 777, was 1000") == 1
        assert "group 1: storage.store-map: stays 64; 65 takes effect with a restart" in agent.log()


def check(agent):
    done = subprocess.run([program("agentd"), "--check", agent.configuration_path], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_files_of_groups_are_checked_like_the_main_one(tmp_path):
    agent = make_pair(tmp_path)
    path = agent.configuration["groups"]["group-1"]
    assert check(agent) == (0, f"{agent.configuration_path}: ok\n{path}: ok, group 1\n")
    agent.add_group(2, {"address": SECOND, "port": targets(agent)[1][1]})
    status, text = check(agent)
    assert status == 1 and "group-2.yaml: home-agent.address: 127.0.1.1" in text and "group 1 has them already" in text
    agent.add_group(2, {"address": "127.0.1.2", "port": 434}, process={"user": "root"})
    status, text = check(agent)
    assert status == 1 and re.search(r"group-2.yaml:\d+: process.user is of the whole process", text)
    agent.add_group(2, {"address": "127.0.1.2", "port": 434}, storage={"associations": "/nowhere"})
    status, text = check(agent)
    assert status == 0 and "group-2.yaml: before the start on this host: storage.associations: /nowhere" in text
    os.unlink(path)
    agent.spawn()
    assert agent.process.wait(timeout=60) == 1
    agent.process = None
    assert "group-1.yaml: cannot be opened" in agent.log()


# ---- a cluster ----


def address(group):
    return f"192.0.2.{group + 1}"


def make_cluster(tmp_path, *roles):
    """Three home agents on each member; not started."""
    configuration = {
        "capacity": {"nodes": NODES, "associations": NODES, "bindings": NODES},
        "storage": {"log-segment": 2, "log-segments": 6, "store-map": 64, "checkpoint-interval": 1},
        "cluster": {"log-memory": 16},
    }
    cluster = Cluster(str(tmp_path), *roles, configuration=configuration, associations=associations(0))
    for member in cluster.members.values():
        for group in GROUPS[1:]:
            member.add_group(group, {"address": address(group), "interface": HOST_LINK}, associations(group))
    return cluster


def load(cluster, group, *arguments, **options):
    return cluster.run_load("--nodes", NODES, *homes(group), "--record", os.path.join(cluster.directory, f"record-{group}"),
                            *arguments, address=address(group), **options)


def go_on(cluster, group, mode, count=NODES):
    """All nodes of a group, each until it is accepted."""
    result = load(cluster, group, "--retransmit", "0.02", "--timeout", "1", "--tries", "0", "--count", count, mode)
    assert result["accepted"] == count and not result["bad"], result


def verify(cluster, group, *options):
    """Nothing that was promised is missing."""
    leader = cluster.await_leader(group=group)
    wait_for(lambda: (view := leader.view(group)) and view["store_index"] >= view["applied_index"], "the store has it")
    result = load(cluster, group, "verify", *options, input=leader.listing(group))
    assert result["lost"] == result["resurrected"] == result["unexplained"] == 0, result


def leaders(cluster):
    """By group; a value is None where nobody leads now."""
    return {group: cluster.leader(group=group) for group in GROUPS}


def await_leaders(cluster):
    return wait_for(lambda: (found := leaders(cluster)) and all(found.values()) and found, "every group is led")


def await_level(cluster):
    for group in GROUPS:
        cluster.await_level(group=group)


@pytest.fixture
def cluster(tmp_path):
    with make_cluster(tmp_path, "data", "data", "witness") as made:
        await_leaders(made)
        for group in GROUPS:
            go_on(made, group, "register")
        yield made
        made.stop()


def test_leaders_are_spread_and_every_address_answers(cluster):
    """Each group has a leader of its own, and each address is where its leader is, all of them on one link."""
    wait_for(lambda: len(set(leaders(cluster).values()) - {None}) == 2, "both data members lead something")
    found = await_leaders(cluster)
    for group, leader in found.items():
        wait_for(lambda group=group, leader=leader: leader.view(group)["address_here"], "the leader has the address")
        assert leader.view(group)["address_device"] == f"ha-c00002{group + 1:02x}"
        assert leader.view(group)["address_mac"] == f"00:00:5e:00:01:{group + 1:02x}"
    for member in cluster.members.values():
        rows = {row["group"]: row for row in member.ctl("groups")}
        assert {group: row["leader"] for group, row in rows.items()} == {group: leader.number for group, leader in found.items()}
    for group in GROUPS:
        go_on(cluster, group, "move")
        verify(cluster, group)


def test_a_member_may_die(cluster):
    """All groups answer afterwards, with everything that was promised by whichever member led them."""
    for group in GROUPS:
        go_on(cluster, group, "move")
    dead = await_leaders(cluster)[1]
    dead.kill()
    for group in GROUPS:
        assert cluster.await_leader(group=group) is not dead
        verify(cluster, group, "--settle")
        go_on(cluster, group, "move")
    cluster.start(dead)
    await_level(cluster)
    for group in GROUPS:
        assert dead.listing(group) == cluster.leader(group=group).listing(group)
        verify(cluster, group)


def reign_of(cluster, group):
    leader = cluster.leader(group=group)
    return leader, leader and leader.view(group)["term"]


def handed_over_alone(cluster, group):
    """Who led the group, and who does now; None if a reign of the others ended meanwhile, or that one had."""
    others = {other: reign_of(cluster, other) for other in GROUPS if other != group}
    before = await_leaders(cluster)[group]
    heir = next(member for member in cluster.data() if member is not before)
    try:
        before.ctl("--group", str(group), "cluster", "transfer", str(heir.number))
    except Refused:
        return None
    wait_for(lambda: cluster.leader(group=group) is heir, "the other one leads the group")
    return (before, heir) if all(reign_of(cluster, other) == reign for other, reign in others.items()) else None


def test_one_group_is_handed_over_and_the_others_stay(cluster):
    """A busy machine, and a founder who spreads the groups, end reigns too: it need be so only once in a few tries."""
    await_level(cluster)
    found = next((found for _ in range(REIGNS) if (found := handed_over_alone(cluster, 1))), None)
    assert found, f"whenever one group is handed over ({REIGNS} times), others change their leader too"
    before, heir = found
    for group in GROUPS:
        go_on(cluster, group, "move")
        verify(cluster, group)
    # Who is asked for a group that he does not lead says who does.
    with pytest.raises(Refused) as refused:
        before.ctl("--group", "1", "cluster", "transfer")
    assert f"ask member {heir.number}" in refused.value.text


def test_a_drained_member_leads_nothing(cluster):
    """That is of the node: whichever group it is said to."""
    await_level(cluster)
    drained = await_leaders(cluster)[2]
    drained.ctl("--group", "2", "cluster", "drain")
    wait_for(lambda: all(leader not in (None, drained) for leader in leaders(cluster).values()), "others lead all groups")
    assert all(drained.view(group)["drained"] for group in GROUPS)
    for group in GROUPS:
        go_on(cluster, group, "move")
    drained.ctl("cluster", "undrain")
    assert not any(drained.view(group)["drained"] for group in GROUPS)


def test_a_group_is_added_while_the_others_go_on(cluster):
    """One member after the other gets it."""
    await_level(cluster)
    for member in cluster.members.values():
        member.add_group(3, {"address": address(3), "interface": HOST_LINK}, associations(3))
        assert member.stop() == 0
        cluster.start(member)
        await_level(cluster)
    cluster.await_leader(group=3)
    for group in (*GROUPS, 3):
        go_on(cluster, group, "register")
        cluster.await_level(group=group)
        verify(cluster, group)
    wait_for(lambda: not any("other groups" in (member.view()["warnings"] or "") for member in cluster.data()), "nobody is told any more")


def test_an_empty_disk_gets_all_stores_back(cluster):
    await_level(cluster)
    empty = next(member for member in cluster.data() if member is not await_leaders(cluster)[0])
    empty.kill()
    empty.wipe()
    for group in GROUPS:  # more than is kept in memory for it
        cluster.await_leader(group=group)
        go_on(cluster, group, "move", MANY)
    cluster.start(empty)
    leader = cluster.await_leader()
    wait_for(lambda: leader.peers()[empty.number]["state"] == "refused", "the leader refuses another disk")
    leader.ctl("cluster", "admit", str(empty.number))
    await_level(cluster)
    for group in GROUPS:
        assert re.search(f"group {group}: the store of member \\d is here", empty.log())
        assert f"group {group}: another member fetches the store" in leader.log()
    for group in GROUPS:
        assert empty.listing(group) == cluster.leader(group=group).listing(group) != ""
        verify(cluster, group)
    # It holds what it promises: the other one may go now.
    other = next(member for member in cluster.data() if member is not empty)
    other.kill()
    for group in GROUPS:
        assert cluster.await_leader(group=group) is empty
        verify(cluster, group, "--settle")
    cluster.start(other)
    await_level(cluster)


def test_members_with_other_groups_are_told(cluster):
    """The one that has fewer goes on with what it has, once it gave up what its log holds."""
    await_level(cluster)
    odd = next(member for member in cluster.data() if member is not await_leaders(cluster)[0])
    odd.stop()
    path = odd.configuration["groups"].pop("group-2")
    odd.write_configuration()
    odd.spawn()
    assert odd.bury() == 1
    assert "the log holds entries of group 2 too" in odd.log() and "groups.give-up" in odd.log()
    odd.configuration["groups"]["give-up"] = True
    odd.write_configuration()
    cluster.start(odd)
    assert "group 2 was of this node and is not any more" in odd.log()
    sentence = "a member is configured with other groups"
    for member in cluster.data():
        wait_for(lambda member=member: sentence in ((member.view() or {}).get("warnings") or ""), "it is told")
    other = next(member for member in cluster.data() if member is not odd)
    wait_for(lambda: f"member {odd.number} (" in other.log() and "is configured with other groups" in other.log(), "and logged")
    for group in (0, 1):
        cluster.await_level(group=group)
        go_on(cluster, group, "move")
    # Nobody has to be admitted to come back with all of them.
    odd.configuration["groups"] = {**odd.configuration["groups"], "group-2": path, "give-up": False}
    odd.stop()
    odd.write_configuration()
    cluster.start(odd)
    await_level(cluster)
    for group in GROUPS:
        go_on(cluster, group, "move")
        verify(cluster, group)
