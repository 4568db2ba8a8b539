"""The home agent's address on a link: who leads is reached, who is stopped or dead is not, and nobody has to tell.

Two hosts that may have the address and a neighbour stand on one switch; build/tests/dataplane/owner is the part of agentd
that has the address, without agentd.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest
from agent import BUILD
from neighbour import Neighbour
from processes import stop_running
from switched import HOST_LINK, Switch
from waiting import wait_for

ADDRESS = "192.0.2.33"
VIRTUAL_MAC = "00:00:5e:00:01:21"  # ends in the last octet of the address
DEVICE = "ha-c0000221"
HOSTS = {"one": "192.0.2.11/24", "two": "192.0.2.12/24", "near": "192.0.2.77/24"}
IP_FREEBIND = 15  # of SOL_IP, not in every Python


class Owner:
    """One process that may have the address."""

    def __init__(self, switch, host, mac="virtual", hook=None, expect="ready", prefix=(), address=ADDRESS):
        self.switch, self.host = switch, host
        words = [*prefix, os.path.join(BUILD, "tests/dataplane/owner"), address, HOST_LINK, mac] + ([hook] if hook else [])
        self.process = subprocess.Popen([*switch.inside(host), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, bufsize=1)
        self.first = self.process.stdout.readline().strip()
        assert self.first == expect or expect is None

    def say(self, line):
        self.process.stdin.write(line + "\n")
        return self.process.stdout.readline().strip()

    def owns(self):
        return self.say("status").startswith("owned")

    def counters(self):
        return {name: int(value) for name, value in (item.split("=") for item in self.say("counters").split())}

    def stop(self, number):
        stop_running(self.process, number)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        """In order; the log."""
        _, log = self.process.communicate("end\n", timeout=60)
        assert self.process.returncode == 0, log
        return log


def has_address(switch, host, address=ADDRESS):
    shown = subprocess.run([*switch.inside(host), "ip", "-4", "address"], check=True, capture_output=True, text=True)
    return f" {address}/32 " in shown.stdout


def devices(switch, host):
    shown = subprocess.run([*switch.inside(host), "ip", "-o", "link"], check=True, capture_output=True, text=True)
    return [line.split(": ")[1].split("@")[0] for line in shown.stdout.splitlines() if " ha-" in line]


def own_mac(switch, host):
    path = f"/sys/class/net/{HOST_LINK}/address"
    read = ["ip", "netns", "exec", switch.namespace(host), "cat", path]
    return subprocess.run(read, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def switch():
    with Switch(HOSTS) as made:
        yield made


@pytest.fixture
def owners(switch):
    """Makes owners, and ends them whatever state they are in."""
    made = []

    def make(*words, **options):
        made.append(Owner(switch, *words, **options))
        return made[-1]

    yield make
    for owner in made:
        owner.process.kill()
        owner.process.communicate()


@pytest.fixture
def near(switch):
    with Neighbour(switch, "near", ADDRESS) as made:
        yield made


MODES = pytest.mark.parametrize("mac", ["virtual", "plain"])


@MODES
def test_leader_is_reached(switch, owners, near, mac):
    one = owners("one", mac)
    assert not has_address(switch, "one") and not near.kernel_answers("one")
    one.say("lead")
    near.wait_for_announcement()
    assert near.ask() == (VIRTUAL_MAC if mac == "virtual" else own_mac(switch, "one"))
    with switch.socket("one") as at, switch.socket("near") as client:
        at.bind((ADDRESS, 434))
        client.settimeout(60)
        client.sendto(b"request", (ADDRESS, 434))
        request, peer = at.recvfrom(100)
        at.sendto(b"reply", peer)
        assert (request, client.recvfrom(100)) == (b"request", (b"reply", (ADDRESS, 434)))
    assert near.known_mac() == (VIRTUAL_MAC if mac == "virtual" else own_mac(switch, "one"))
    assert near.claims() == {near.known_mac()}, "the interface's own MAC must not be told beside a virtual one"


@MODES
def test_announcements_have_both_forms(owners, near, mac):
    owners("one", mac).say("lead")
    heard = wait_for(lambda: near.hear() and len(near.heard) >= 8 and near.heard, "four announcements")
    assert [frame.operation for frame in heard[:4]] == [1, 2, 1, 2]
    assert all(frame.gratuitous and frame.destination == "ff:ff:ff:ff:ff:ff" for frame in heard)


@MODES
def test_handover_is_followed_at_once(switch, owners, near, mac):
    one, two = owners("one", mac), owners("two", mac)
    one.say("lead")
    near.wait_for_announcement()
    with switch.socket("near") as client, switch.socket("one") as first, switch.socket("two") as second:
        for at in (first, second):  # a standby is bound before it has the address
            at.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
            at.bind((ADDRESS, 434))
            at.settimeout(60)
        client.sendto(b"before", (ADDRESS, 434))
        assert first.recv(100) == b"before"
        one.say("give")
        wait_for(lambda: not one.owns(), "the address is given up")
        near.forget_heard()
        two.say("lead")
        near.wait_for_announcement()
        client.sendto(b"after", (ADDRESS, 434))
        assert second.recv(100) == b"after"
        with pytest.raises(OSError):  # the kernel does not let a standby answer
            first.sendto(b"late", ("192.0.2.77", 9))
    assert near.known_mac() == (VIRTUAL_MAC if mac == "virtual" else own_mac(switch, "two"))
    assert one.counters()["address-gives"] == 1 and two.counters()["address-takes"] == 1


@MODES
@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_stopped_or_dead_owner_loses_it(switch, owners, near, mac, number):
    one = owners("one", mac)
    one.say("lead")
    near.wait_for_announcement()
    one.stop(number)
    if mac == "virtual":  # this much is so at once: the kernel was never asked to answer
        assert not near.kernel_answers("one")
    wait_for(lambda: not has_address(switch, "one"), "the kernel takes the address away")
    assert not near.kernel_answers("one")


def test_resumed_owner_does_not_take_it_again(switch, owners, near):
    one, two = owners("one"), owners("two")
    one.say("own 500")  # less than the kernel keeps it
    near.wait_for_announcement()
    one.stop(signal.SIGSTOP)
    two.say("lead")
    wait_for(lambda: not has_address(switch, "one"), "the kernel takes the address away")
    one.go_on()
    wait_for(lambda: one.counters().get("address-lapses"), "it notices that it was stopped")
    assert not one.owns() and not has_address(switch, "one")
    assert one.counters()["address-takes"] == 1


def test_deadline_alone_ends_it(switch, owners, near):
    one = owners("one")
    one.say("own 50")
    near.wait_for_announcement()
    wait_for(lambda: not has_address(switch, "one"), "the address is gone")
    counters = one.counters()
    assert (counters["address-deadlines"], counters["address-gives"]) == (1, 1)
    assert "address-lapses" not in counters
    one.say("own 100000")
    wait_for(one.owns, "a new deadline begins it again")


def test_short_silence_moves_nothing(switch, owners, near):
    one = owners("one")
    for _ in range(3):
        one.say("own 50")
        near.wait_for_announcement()
        one.say("own 100000")
        wait_for(one.owns, "the address is there")
    assert one.counters()["address-takes"] == 1
    assert "address-gives" not in one.counters()


def test_who_has_it_again_announces_it_again(owners, near):
    """Whether or not it was still there: others may have had it meanwhile."""
    one = owners("one")
    one.say("lead")
    wait_for(lambda: one.counters().get("address-announcements", 0) >= 3, "it is announced")
    one.say("give")
    one.say("lead")
    wait_for(lambda: one.counters()["address-announcements"] >= 9, "it is announced as often as at first")


def test_ownership_lasts_and_standby_is_silent(switch, owners, near):
    one, two = owners("one"), owners("two")
    one.say("lead")
    # An announcement a second after the take: the kernel's lifetime has been renewed meanwhile.
    wait_for(lambda: near.hear() and len(near.heard) >= 10 and near.heard, "the fifth announcement")
    assert has_address(switch, "one") and one.counters()["address-takes"] == 1
    assert not has_address(switch, "two") and two.counters() == {}


def test_claims_of_others_are_answered(switch, owners, near):
    one = owners("one")
    one.say("lead")
    near.wait_for_announcement()
    with switch.socket("near") as client, Neighbour(switch, "two", ADDRESS) as rival:
        client.sendto(b"so that it is known", (ADDRESS, 434))
        wait_for(lambda: near.known_mac() == VIRTUAL_MAC, "the neighbour knows the address")
        rival.claim("02:00:00:00:00:99")
        wait_for(lambda: "02:00:00:00:00:99" in near.claims(), "the neighbour hears the claim")
        wait_for(lambda: near.known_mac() == VIRTUAL_MAC, "and then who is right")
    assert one.counters()["address-conflicts"] == 1


@MODES
def test_leftovers_are_cleaned_away(switch, owners, mac):
    one = owners("one", mac)
    one.say("lead")
    wait_for(one.owns, "it is taken")
    one.stop(signal.SIGKILL)
    one.process.wait()
    again = owners("one", mac)
    assert not has_address(switch, "one")
    assert len(devices(switch, "one")) == (1 if mac == "virtual" else 0)
    again.say("lead")
    wait_for(again.owns, "it is taken again")
    log = again.end()
    assert not has_address(switch, "one") and devices(switch, "one") == []
    assert "given up" in log


def test_device_that_was_deleted_is_made_again(switch, owners, near):
    one = owners("one")
    one.say("lead")
    near.wait_for_announcement()
    device, = devices(switch, "one")
    subprocess.run(["ip", "-n", switch.namespace("one"), "link", "delete", device], check=True)
    wait_for(lambda: has_address(switch, "one"), "the address is back")
    assert near.ask() == VIRTUAL_MAC


def test_what_others_change_is_put_right(switch, owners, near):
    one = owners("one")
    one.say("lead")
    near.wait_for_announcement()
    device, = devices(switch, "one")
    subprocess.run(["ip", "-n", switch.namespace("one"), "address", "flush", "dev", device], check=True)
    wait_for(lambda: has_address(switch, "one"), "the address is back")
    subprocess.run(["ip", "-n", switch.namespace("one"), "link", "set", device, "down"], check=True)
    assert near.ask() == VIRTUAL_MAC
    assert one.counters()["address-takes"] == 1


def test_interface_that_does_not_fit_is_refused(switch, owners):
    def ip(*words):
        subprocess.run(["ip", "-n", switch.namespace("one"), *words], check=True)

    ip("address", "add", f"{ADDRESS}/24", "dev", HOST_LINK)
    assert f"{ADDRESS} is an address of this host already, on {HOST_LINK}" in owners("one", expect=None).first
    ip("address", "delete", f"{ADDRESS}/24", "dev", HOST_LINK)
    ip("link", "set", HOST_LINK, "name", "other")
    assert "there is no such interface" in owners("one", expect=None).first


def test_two_addresses_on_one_link(switch, owners, near):
    one = owners("one")
    assert devices(switch, "one") == [DEVICE]
    same = owners("one", address="198.51.100.33", expect=None).first
    assert f"{VIRTUAL_MAC} is in use on it; set home-agent.virtual-router" in same
    other = owners("one", address="198.51.100.34")
    for owner in (one, other):
        owner.say("lead")
        wait_for(owner.owns, "both are taken")
    assert len(devices(switch, "one")) == 2 and near.ask() == VIRTUAL_MAC


def test_hook_is_called_instead(switch, owners, tmp_path):
    called, failing = tmp_path / "called", tmp_path / "failing"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho \"$@ $(env | grep -v -e PWD -e SHLVL -e _= | cut -d= -f1 | tr '\\n' ' ')\" >>{called}\n"
                    f"[ \"$1\" = give ] || [ ! -e {failing} ]\n")
    hook.chmod(0o755)

    def calls():
        return called.read_text().splitlines() if called.exists() else []

    one = owners("one", hook=str(hook))
    wait_for(lambda: len(calls()) == 1, "what a predecessor may have left is given up")
    failing.touch()
    one.say("lead")
    wait_for(lambda: one.counters().get("address-failures", 0) >= 2, "a hook that fails is called again")
    assert not one.owns()
    failing.unlink()
    wait_for(one.owns, "it succeeds")
    assert not has_address(switch, "one")
    log = one.end()
    words = [line.split()[:4] for line in calls()]
    assert words[0] == words[-1] == ["give", ADDRESS, HOST_LINK, "PATH"]
    assert words[1] == words[-2] == ["take", ADDRESS, HOST_LINK, "PATH"]
    assert "the hook failed" in log


NET_ADMIN = 1 << 12
RIGHTS = "+net_bind_service,+net_admin,+net_raw"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs")
SOME_RIGHTS = (*NOBODY, f"--inh-caps={RIGHTS}", f"--ambient-caps={RIGHTS}")


def rights_of(status):
    words = dict(line.split(":") for line in status.splitlines() if line.startswith("Cap"))
    return {name: int(words[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}


def rights_of_thread(owner):
    """Those of the thread that has the address."""
    tasks = f"/proc/{owner.process.pid}/task"

    def find():
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/status", encoding="ascii") as file:
                status = file.read()
            if status.startswith("Name:\taddress\n"):
                return rights_of(status)
        return None
    return wait_for(find, "there is a thread named address")


@pytest.fixture
def open_owner(open_directory, monkeypatch):
    """The program where any user can run it."""
    place = open_directory / "tests/dataplane"
    place.mkdir(parents=True)
    shutil.copy(os.path.join(BUILD, "tests/dataplane/owner"), place)
    monkeypatch.setattr(sys.modules[__name__], "BUILD", str(open_directory))


def test_thread_keeps_one_right(switch, owners, near, open_owner):
    one = owners("one", prefix=SOME_RIGHTS)
    one.say("lead")
    near.wait_for_announcement()
    assert rights_of_thread(one) == {"CapInh": 0, "CapPrm": NET_ADMIN, "CapEff": NET_ADMIN, "CapAmb": 0}
    one.end()
    assert devices(switch, "one") == []


def test_hook_has_no_rights(owners, open_owner, open_directory):
    open_directory.chmod(0o777)
    hook, seen = open_directory / "hook", open_directory / "seen"
    hook.write_text(f"#!/bin/sh\ncat /proc/self/status >{seen}.part && mv {seen}.part {seen}\n")
    hook.chmod(0o755)
    one = owners("one", hook=str(hook), prefix=SOME_RIGHTS)
    assert set(rights_of_thread(one).values()) == {0}
    wait_for(seen.exists, "the hook is called")
    assert set(rights_of(seen.read_text()).values()) == {0}


def test_missing_rights_are_said_plainly(owners, open_owner):
    assert "needs CAP_NET_ADMIN and CAP_NET_RAW" in owners("one", expect=None, prefix=NOBODY).first
