"""ARP on a home link for mobile nodes that are away (RFC 5944 section 4.6): who is answered, what is announced, and who is
silent.

Home agents and hosts stand on one switch; build/tests/dataplane/absent is the part of agentd that speaks for absent nodes,
without agentd. The mobile node is a host like others: it has its home address while it is at home.
"""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from agent import BUILD
from namespaces import ip
from neighbour import EVERYBODY, NOBODY, Neighbour, mac_text
from processes import stop_running
from switched import HOST_LINK, Switch
from waiting import wait_for

PREFIX = "192.0.2.0/24"
HOME = "192.0.2.99"
OTHER_HOME = "192.0.2.98"
VIRTUAL_MAC = "00:00:5e:00:01:21"
HOSTS = {"one": "192.0.2.11/24", "two": "192.0.2.12/24", "near": "192.0.2.77/24", "node": HOME + "/24"}
LIMITS = (0, 0)  # messages a second that are heard, addresses that are announced; 0: as agentd has it
AGAIN_MS = 150  # until an announcement is repeated
MODES = pytest.mark.parametrize("mac", ["plain", VIRTUAL_MAC])
PATHS = pytest.mark.parametrize("path", ["user", "tc"])


class Absent:
    """One process that may speak for absent nodes."""

    def __init__(self, switch, host, mac="plain", limits=LIMITS, again_ms=AGAIN_MS, prefix=(), expect="ready", prefix_of_home=PREFIX, link=HOST_LINK, bpf=None):
        self.switch, self.host, self.mac = switch, host, mac
        words = [*prefix, os.path.join(BUILD, "tests/dataplane/absent"), link, prefix_of_home, mac, *map(str, (*limits, again_ms)), *([bpf] if bpf else [])]
        self.process = subprocess.Popen([*switch.inside(host), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, bufsize=1)
        self.first = self.process.stdout.readline().strip()
        assert self.first == expect or expect is None

    def say(self, line):
        self.process.stdin.write(line + "\n")
        return self.process.stdout.readline().strip()

    def counters(self):
        return {name.removeprefix("home-arp-"): int(value)
                for name, value in (item.split("=") for item in self.say("counters").split())}

    def count(self, name):
        return self.counters().get(name, 0)

    def wait_for_count(self, name, value=1):
        wait_for(lambda: self.count(name) >= value, f"{name} counts {value}")

    def lead(self):
        """Who was no leader has announced all again before it is asked for anything."""
        takeovers = self.count("takeovers")
        self.say("lead")
        if self.mac == "plain":
            self.wait_for_count("takeovers", takeovers + 1)
            wait_for(lambda: not self.is_announcing(), "all are announced")

    def settle(self):
        """All that is to be said has been said, repetitions too."""
        wait_for(lambda: self.say("status").startswith("0 "), "nothing is left to say")

    def is_announcing(self):
        return self.say("status").split()[1] == "announcing"

    def own_mac(self):
        return self.mac if self.mac != "plain" else hardware(self.switch, self.host)

    def end(self):
        _, log = self.process.communicate("end\n", timeout=60)
        assert self.process.returncode == 0, log
        return log


def hardware(switch, host):
    """As the switch gives it."""
    return "02:00:" + ":".join(f"{int(part):02x}" for part in switch.addresses[host].split("/")[0].split("."))


def carry_away(switch):
    """The mobile node is on another link now: nothing of it is heard on this one."""
    switch.unplug("node")


@pytest.fixture
def switch():
    with Switch(HOSTS) as made:
        yield made


@pytest.fixture
def path():
    """Who answers, where a test does not say."""
    return "user"


@pytest.fixture
def agents(switch, path, request):
    """Makes them, and ends them whatever state they are in."""
    made = []
    bpf = request.getfixturevalue("bpf") if path == "tc" else None

    def make(*words, **options):
        made.append(Absent(switch, *words, bpf=bpf, **options))
        return made[-1]

    yield make
    for agent in made:
        agent.process.kill()
        agent.process.communicate()


@pytest.fixture
def near(switch):
    with Neighbour(switch, "near", HOME) as made:
        yield made


def learn(switch, near, mac):
    """The kernel of the neighbour asks in its own way, and has the node in its cache then."""
    with switch.socket("near") as client:
        client.sendto(b"so that it is known", (HOME, 9))
    wait_for(lambda: near.known_mac() == mac, "the neighbour knows the node")


def is_silent_for(near, agent):
    """The agent is asked something it answers in any case: it answers in order, and what comes before that is silence."""
    near.hear()
    before = len(near.others)
    near.request(OTHER_HOME)
    wait_for(lambda: near.hear() and any(frame.sender == OTHER_HOME and not frame.gratuitous for frame in near.others[before:]),
             f"an answer for {OTHER_HOME}")
    near.hear()
    return not any(not frame.gratuitous for frame in near.heard)


@pytest.fixture
def away(switch, agents):
    """An agent that leads and speaks for the node and another one."""
    def make(mac="plain", **options):
        carry_away(switch)
        one = agents("one", mac, **options)
        one.lead()
        assert one.say(f"leave {OTHER_HOME}") == one.say(f"leave {HOME}") != "what?"
        one.wait_for_count("left", 2)
        return one
    return make


# ---- answers ----

@PATHS
@MODES
def test_absent_node_is_answered_for(switch, away, near, mac, path):
    one = away(mac)
    assert near.ask() == one.own_mac()
    assert near.claims() == {one.own_mac()}
    learn(switch, near, one.own_mac())
    by, not_by = ("tc-arp-answered", "answers")[:: 1 if path == "tc" else -1]
    assert one.count(by) >= 2 and one.count(not_by) == 0


@PATHS
def test_question_to_the_agent_alone_is_answered(away, near):
    one = away()
    near.forget_heard()
    ours = bytes.fromhex(one.own_mac().replace(":", ""))
    near.send(1, near.mac, near.own, NOBODY, HOME, destination=ours)
    answer = wait_for(lambda: near.hear() and next((frame for frame in near.heard if not frame.gratuitous), None), "an answer")
    assert (answer.sender_mac, answer.destination) == (one.own_mac(), mac_text(near.mac))


@PATHS
def test_node_at_home_is_not_answered_for(switch, agents, near):
    one = agents("one")
    one.lead()
    one.say(f"leave {OTHER_HOME}")
    near.request(HOME)
    one.wait_for_count("unbound")
    assert near.ask() == hardware(switch, "node")
    assert near.claims() == {hardware(switch, "node")}


@PATHS
@pytest.mark.parametrize("kind, counted", [("announcement", "gratuitous"), ("announcing answer", "gratuitous"),
                                           ("probe", "probes"), ("under the agent's MAC", "own"),
                                           ("from nobody", "malformed"), ("from a group", "malformed"),
                                           ("to another host", "elsewhere"), ("of another kind", "malformed")])
def test_who_is_not_answered(away, near, kind, counted):
    one = away()
    near.forget_heard()
    ours = bytes.fromhex(one.own_mac().replace(":", ""))
    frames = {
        "announcement": (1, near.mac, HOME, NOBODY, HOME),
        "announcing answer": (2, near.mac, HOME, near.mac, HOME),
        "probe": (1, near.mac, "0.0.0.0", NOBODY, HOME),
        "under the agent's MAC": (1, ours, near.own, NOBODY, HOME),
        "from nobody": (1, NOBODY, near.own, NOBODY, HOME, EVERYBODY, near.mac),
        "from a group": (1, b"\x01\0\x5e\0\0\1", near.own, NOBODY, HOME, EVERYBODY, near.mac),
        "to another host": (1, near.mac, near.own, NOBODY, HOME, b"\2\0\0\0\0\1"),
        "of another kind": (3, near.mac, near.own, NOBODY, HOME),
    }
    before = one.count(counted)
    if kind == "to another host":  # which the interface lets through only then
        ip("-n", one.switch.namespace("one"), "link", "set", HOST_LINK, "promisc", "on")
    near.send(*frames[kind])
    one.wait_for_count(counted, before + 1)
    assert is_silent_for(near, one)


@PATHS
def test_returned_node_is_not_answered_by_us(switch, away, near):
    """It has announced itself, and its request has not been accepted yet."""
    one = away()
    with Neighbour(switch, "two", HOME) as returned:
        returned.send(1, returned.mac, HOME, NOBODY, HOME)
        one.wait_for_count("gratuitous")
        returned.send(1, returned.mac, "192.0.2.12", NOBODY, HOME)
        one.wait_for_count("own")
    assert near.ask() == one.own_mac()  # others are, until then


# ---- leaving and returning ----

@MODES
def test_leaving_is_announced(switch, agents, near, mac):
    learn(switch, near, hardware(switch, "node"))
    one = agents("one", mac)
    one.lead()
    carry_away(switch)
    near.forget_heard()
    one.say(f"leave {HOME}")
    frame = near.wait_for_announcement()
    assert (frame.sender_mac, frame.source, frame.destination) == (one.own_mac(), one.own_mac(), mac_text(EVERYBODY))
    heard = wait_for(lambda: near.hear() and len(near.heard) >= 6 and near.heard, "it is repeated twice")
    assert [frame.operation for frame in heard] == [1, 2] * 3
    assert near.known_mac() == one.own_mac()
    wait_for(lambda: one.say("status") == "0 done 0", "that is all")
    near.hear()
    assert len(near.heard) == 6


def test_who_is_away_already_is_not_announced(away, near):
    one = away()
    one.settle()
    near.forget_heard()
    assert one.say(f"leave {HOME}") == one.say(f"leave {OTHER_HOME}")
    assert one.say("status").startswith("0 ") and one.count("left") == 6


@MODES
def test_returning_is_announced_with_the_nodes_own_mac(switch, away, near, mac):
    one = away(mac)
    node = hardware(switch, "node")
    near.ask()
    one.settle()
    near.forget_heard()
    switch.plug_back("node")
    one.say(f"return {HOME}")
    frame = near.wait_for_announcement()
    assert (frame.sender_mac, frame.target) == (node, HOME)
    assert frame.source == one.own_mac(), "switches must not look for the node where the agent is"
    one.settle()
    near.hear()
    assert one.count("returned") >= 1  # each time from when the node has answered, which it does when it can
    assert {frame.sender_mac for frame in near.heard if frame.gratuitous} == {node}
    assert near.ask() == node and near.known_mac() in (node, None)
    assert "unknown" not in one.counters()


def test_node_that_spoke_of_itself_needs_no_asking(switch, away, near):
    """A node that answers no question for a while, after its own announcement."""
    one = away()
    with Neighbour(switch, "two", HOME) as node:
        node.send(1, node.mac, HOME, NOBODY, HOME)
        one.wait_for_count("gratuitous")
        one.settle()
        near.forget_heard()
        one.say(f"return {HOME}")
        frame = near.wait_for_announcement()
        assert frame.sender_mac == mac_text(node.mac)
        one.settle()
        assert one.count("returned") == 4


def test_node_that_is_elsewhere_is_not_announced(away, near):
    """Its binding has ended, but it is not at home; nobody knows where."""
    one = away()
    one.settle()
    near.forget_heard()
    one.say(f"return {HOME}")
    one.wait_for_count("unknown")
    near.hear()
    assert not near.heard and one.count("asked") == 2
    near.request(HOME)
    one.wait_for_count("unbound")
    assert is_silent_for(near, one)


def test_refused_return_changes_nothing(switch, away, near):
    """The node has announced itself and was refused: the binding stays, and so do the answers."""
    one = away()
    with Neighbour(switch, "two", HOME) as node:
        node.send(1, node.mac, HOME, NOBODY, HOME)
        one.wait_for_count("gratuitous")
    one.settle()
    near.forget_heard()
    assert near.ask() == one.own_mac()
    assert not any(frame.gratuitous for frame in near.heard)


def test_node_that_leaves_again_is_not_announced_at_home(switch, away, near):
    one = away()
    one.settle()
    near.forget_heard()
    one.say(f"return {HOME}")
    one.say(f"leave {HOME}")
    one.wait_for_count("left", 2 * 3 + 3)
    near.hear()
    assert {frame.sender_mac for frame in near.heard if frame.gratuitous} == {one.own_mac()}


# ---- who leads ----

@PATHS
@MODES
def test_standby_is_silent(switch, agents, near, mac):
    carry_away(switch)
    one = agents("one", mac)
    one.say(f"leave {HOME}")
    near.request(HOME)
    one.wait_for_count("fenced")
    one.settle()
    near.hear()
    assert not near.heard and "left" not in one.counters()


def test_new_leader_repeats_what_the_old_one_began(switch, agents, near):
    carry_away(switch)
    one = agents("one", VIRTUAL_MAC, again_ms=1000)
    one.say(f"leave {HOME}")
    wait_for(lambda: one.say("status").startswith("1 "), "the repetitions wait")
    one.lead()
    assert near.wait_for_announcement().sender_mac == VIRTUAL_MAC


@PATHS
def test_deadline_alone_silences(away, near):
    one = away()
    near.ask()
    one.settle()
    one.say("own 50")
    wait_for(lambda: near.request(HOME) or one.count("fenced"), "it answers no more")
    near.hear()
    near.forget_heard()
    fenced = one.count("fenced")
    near.request(HOME)
    one.wait_for_count("fenced", fenced + 1)
    near.hear()
    assert not near.heard


def test_stopped_process_is_silent_also_when_it_goes_on(away, near):
    one = away()
    near.ask()
    one.settle()
    one.say("own 200")
    began = time.clock_gettime(time.CLOCK_BOOTTIME)
    stop_running(one.process)
    near.forget_heard()
    near.request(HOME)  # waits in the socket of the process
    assert not near.kernel_answers("one")
    wait_for(lambda: time.clock_gettime(time.CLOCK_BOOTTIME) > began + 0.2, "the deadline has passed")
    one.process.send_signal(signal.SIGCONT)
    one.wait_for_count("fenced", 2)
    near.hear()
    assert not near.heard


def test_takeover_announces_all(switch, agents, near):
    """Members with MACs of their own."""
    carry_away(switch)
    one, two = agents("one"), agents("two")
    homes = [f"192.0.2.{number}" for number in range(100, 140)]
    for agent in (one, two):
        for home in [HOME, *homes]:
            agent.say(f"leave {home}")
        agent.settle()
    one.lead()
    learn(switch, near, one.own_mac())
    one.say("give")
    near.forget_heard()
    near.others.clear()
    two.say("lead")
    wait_for(lambda: two.count("again") == 2 * 41, "all are announced twice")
    near.hear()
    told = {(frame.sender, frame.sender_mac) for frame in near.others + near.heard if frame.gratuitous}
    assert told == {(home, two.own_mac()) for home in [HOME, *homes]}
    assert not two.is_announcing() and two.say("status") == "0 done 82"
    assert near.known_mac() == two.own_mac()
    assert one.count("again") == 2 * 41


def test_takeover_is_paced_and_ends_with_leadership(switch, agents, near):
    carry_away(switch)
    one = agents("one", limits=(1000, 100))
    one.say("fill 250")
    one.settle()
    one.say("lead")
    near.forget_heard()
    one.wait_for_count("again")
    assert one.is_announcing()
    one.say("give")
    wait_for(lambda: not one.is_announcing(), "it ends")
    assert 0 < one.count("again") < 250


def test_takeover_with_virtual_mac_announces_nothing(switch, agents, near):
    carry_away(switch)
    one = agents("one", VIRTUAL_MAC)
    one.say("fill 100")
    one.lead()
    near.ask()
    assert not one.is_announcing() and "takeovers" not in one.counters()


# ---- limits, links, rights ----

def test_flood_of_requests_is_bounded_and_counted(away, near):
    one = away(limits=(500, 5000))
    near.forget_heard()
    for _ in range(5000):
        near.request(HOME)
    one.wait_for_count("limited")
    wait_for(lambda: near.hear() and near.heard, "some are answered")
    wait_for(lambda: near.request(HOME) or near.ask(), "and so are those that come later")


def test_interface_that_comes_back_is_heard_again(switch, away, near):
    one = away()
    near.ask()
    name = switch.namespace("one")
    ip("-n", name, "link", "set", HOST_LINK, "down")
    ip("-n", name, "link", "set", HOST_LINK, "up")
    assert near.ask() == one.own_mac()
    ip("-n", name, "link", "delete", HOST_LINK)
    ip("link", "add", HOST_LINK, "address", "02:00:00:00:00:21", "netns", name, "type", "veth", "peer", "name", "again",
       "netns", switch.name)
    ip("-n", switch.name, "link", "set", "again", "master", "switch", "up")
    ip("-n", name, "link", "set", HOST_LINK, "up")
    near.forget_heard()
    assert near.ask() == "02:00:00:00:00:21"


def test_link_that_does_not_fit_is_refused(agents):
    assert "there is no such interface" in agents("one", link="eth9", expect=None).first
    assert agents("one", link="lo", expect=None).first == "no ARP there"


NOBODY_USER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs")
ONE_RIGHT = (*NOBODY_USER, "--inh-caps=+net_raw", "--ambient-caps=+net_raw")


@pytest.fixture
def open_program(open_directory, monkeypatch):
    """The program where any user can run it."""
    place = open_directory / "tests/dataplane"
    place.mkdir(parents=True)
    shutil.copy(os.path.join(BUILD, "tests/dataplane/absent"), place)
    monkeypatch.setattr(sys.modules[__name__], "BUILD", str(open_directory))


def test_rights_are_given_up(away, near, open_program):
    one = away(prefix=ONE_RIGHT)
    tasks = f"/proc/{one.process.pid}/task"
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/status", encoding="ascii") as file:
            rights = [line.split()[1] for line in file if line.startswith(("CapPrm", "CapEff", "CapAmb"))]
        assert {int(right, 16) for right in rights} == {0}
    assert near.ask() == one.own_mac()


def test_missing_right_is_said_plainly(agents, open_program):
    assert "needs CAP_NET_RAW" in agents("one", expect=None, prefix=NOBODY_USER).first
