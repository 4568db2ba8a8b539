"""Routes to virtual home networks: announced by a hook while this node leads, withdrawn when it does not.

The hook adds and deletes a route in the namespace of a router; build/tests/dataplane/route is the part of agentd that calls
it, without agentd.
"""

import os
import signal
import subprocess
import time

import pytest
from agent import BUILD
from switched import Switch
from waiting import wait_for

NETWORKS = ("10.64.0.0/16", "10.65.0.0/24")
ONE, TWO = "192.0.2.11", "192.0.2.12"


class Router:
    """Where the hooks put their routes."""

    def __init__(self, switch, directory):
        self.name = switch.namespace("router")
        self.directory = directory
        self.called = directory / "called"
        self.failing, self.hanging = directory / "failing", directory / "hanging"

    def hook(self, gateway):
        """A program that routes by a gateway; it does not take away what another one put there."""
        path = self.directory / f"hook-{gateway}"
        path.write_text(f"""#!/bin/sh
echo "$*" >>{self.called}
[ ! -e {self.hanging} ] || sleep 600
[ ! -e {self.failing} ] || exit 1
case $1 in
announce) ip -n {self.name} route replace "$2" via {gateway} ;;
withdraw) ip -n {self.name} route delete "$2" via {gateway} 2>&1 || true ;;
*) exit 2 ;;
esac
""")
        path.chmod(0o755)
        return str(path)

    def gateway(self, network):
        words = subprocess.run(["ip", "-n", self.name, "route", "show", network], check=True, capture_output=True,
                               text=True).stdout.split()
        return words[words.index("via") + 1] if "via" in words else None

    def calls(self):
        return self.called.read_text().splitlines() if self.called.exists() else []


class Member:
    def __init__(self, hook, *networks, expect="ready"):
        self.process = subprocess.Popen([os.path.join(BUILD, "tests/dataplane/route"), hook, *networks], text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.first = self.process.stdout.readline().strip()
        assert self.first == expect or expect is None

    def say(self, line):
        self.process.stdin.write(line + "\n")
        return self.process.stdout.readline().strip()

    def announces(self, count):
        wait_for(lambda: self.say("status") == str(count), f"{count} routes are announced")

    def counters(self):
        return {name.removeprefix("home-route-"): int(value)
                for name, value in (item.split("=") for item in self.say("counters").split())}

    def end(self):
        _, log = self.process.communicate("end\n", timeout=60)
        assert self.process.returncode == 0, log
        return log


@pytest.fixture
def router(tmp_path):
    with Switch() as switch:
        switch.plug("router", "192.0.2.1/24")
        yield Router(switch, tmp_path)


@pytest.fixture
def members():
    made = []

    def make(*words, **options):
        made.append(Member(*words, **options))
        return made[-1]

    yield make
    for member in made:
        member.process.kill()
        member.process.communicate()


def test_leader_has_the_routes(router, members):
    one = members(router.hook(ONE), *NETWORKS)
    wait_for(lambda: sorted(router.calls()) == [f"withdraw {network}" for network in NETWORKS],
             "what a predecessor may have left is withdrawn")
    assert one.say("status") == "0"
    one.say("lead")
    one.announces(2)
    assert [router.gateway(network) for network in NETWORKS] == [ONE, ONE]
    one.say("give")
    one.announces(0)
    assert [router.gateway(network) for network in NETWORKS] == [None, None]
    assert one.counters() == {"announced": 2, "withdrawn": 4}
    log = one.end()
    assert f"home network {NETWORKS[0]}: announced by " in log and f"home network {NETWORKS[1]}: withdrawn by " in log


def test_routes_follow_leadership(router, members):
    one, two = members(router.hook(ONE), NETWORKS[0]), members(router.hook(TWO), NETWORKS[0])
    one.say("lead")
    one.announces(1)
    two.say("lead")
    two.announces(1)
    assert router.gateway(NETWORKS[0]) == TWO
    one.say("give")
    one.announces(0)
    assert router.gateway(NETWORKS[0]) == TWO


def test_deadline_alone_withdraws(router, members):
    one = members(router.hook(ONE), NETWORKS[0])
    one.say("own 50")
    one.announces(1)
    one.announces(0)
    assert router.gateway(NETWORKS[0]) is None
    one.say("own 100000")
    one.announces(1)


def test_short_silence_moves_nothing(router, members):
    one = members(router.hook(ONE), NETWORKS[0])

    def silence_was_short():
        """The moment passes, and lies ahead again, before half a second is over."""
        one.say("lead")
        one.announces(1)
        before, began = one.counters()["announced"], time.monotonic()
        one.say("own 1")
        one.say("status")
        one.say("lead")
        if time.monotonic() > began + 0.4:
            return False  # this host was busy with something else
        one.announces(1)
        assert one.counters()["announced"] == before
        return True
    wait_for(silence_was_short, "a short silence")


def test_hook_that_fails_is_run_again(router, members):
    router.failing.touch()
    one = members(router.hook(ONE), NETWORKS[0])
    one.say("lead")
    wait_for(lambda: one.counters().get("failures", 0) >= 3, "it is run again")
    assert one.say("status") == "0"
    router.failing.unlink()
    one.announces(1)
    assert router.gateway(NETWORKS[0]) == ONE
    assert "cannot be announced: the hook failed" in one.end()
    assert router.gateway(NETWORKS[0]) is None, "who ends withdraws"


def test_hook_that_hangs_is_ended(router, members):
    one = members(router.hook(ONE), NETWORKS[0])
    wait_for(router.calls, "the first withdrawal")
    router.hanging.touch()
    one.say("lead")
    wait_for(lambda: one.counters().get("timeouts"), "it is ended by force")
    router.hanging.unlink()
    one.announces(1)


def test_what_was_left_is_withdrawn(router, members):
    one = members(router.hook(ONE), NETWORKS[0])
    one.say("lead")
    one.announces(1)
    one.process.send_signal(signal.SIGKILL)
    one.process.wait()
    assert router.gateway(NETWORKS[0]) == ONE
    members(router.hook(ONE), NETWORKS[0])
    wait_for(lambda: router.gateway(NETWORKS[0]) is None, "the next process withdraws it")


def test_what_does_not_fit_is_refused(router, members):
    assert "No such file" in members("/nonexistent", NETWORKS[0], expect=None).first
    assert members(router.hook(ONE), expect=None).first == "no network"
    assert not router.calls()
