"""What an agent that is behind leaves undone, and that nobody is shut out by it for longer than it lasts."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

from agent import ASSOCIATIONS, Agent, program
from processes import stop_running
from waiting import wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import Association, Mobile  # noqa: E402

CARE_OF = "198.51.100.7"


def mobile_of(agent, row, **details):
    association = Association(row["spi"], row["key"], row["algorithm"])
    return Mobile(row["home"], association, (agent.address, agent.port), **details)


def counter(agent, name):
    return next(row["value"] for row in agent.ctl("counters") if row["name"] == name)


def state_of(process):
    """As the kernel calls it: S of one that sleeps."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0]


@contextlib.contextmanager
def standing_still(agent, seconds):
    """Whatever is sent inside, the agent finds it when it comes back after so long at least."""
    try:
        stop_running(agent.process)
        yield
        until = time.monotonic() + seconds
        wait_for(lambda: time.monotonic() > until, "what was sent is old")
    finally:
        agent.process.send_signal(signal.SIGCONT)


def load_command(agent, *arguments):
    return [program("agentload"), "--target", f"{agent.address}:{agent.port}", *arguments]


def accepted(mobile):
    reply = mobile.register(CARE_OF)
    return reply is not None and mobile.is_valid(reply) and reply.code == 0


def test_request_that_waited_too_long_is_dropped(tmp_path):
    with Agent(str(tmp_path), {"overload": {"request-age": 500}}) as agent:
        mobile = mobile_of(agent, ASSOCIATIONS[0], timeout=1.0)
        wait_for(lambda: accepted(mobile), "the node is registered")
        before = counter(agent, "requests")
        dropped = counter(agent, "dropped-stale")
        with standing_still(agent, 0.6):
            mobile.send(mobile.request(CARE_OF))
        wait_for(lambda: counter(agent, "dropped-stale") == dropped + 1, "the old request is dropped")
        assert counter(agent, "requests") == before
        wait_for(lambda: accepted(mobile), "the next request is answered")
        mobile.close()


def test_without_a_limit_no_request_is_too_old(tmp_path):
    with Agent(str(tmp_path), {"overload": {"request-age": 0}}) as agent:
        mobile = mobile_of(agent, ASSOCIATIONS[0])
        with standing_still(agent, 0.6):
            mobile.send(mobile.request(CARE_OF))
        reply = mobile.receive()
        assert reply is not None and reply.code == 0
        assert counter(agent, "dropped-stale") == 0
        mobile.close()


FLOODER, NEIGHBOUR = "127.0.0.2", "127.0.0.3"


def test_flood_from_one_address_is_limited_under_overload(tmp_path):
    with Agent(str(tmp_path), {"overload": {"request-age": 0, "source-failures": 100},
                               "registration": {"reply-to-failed-authentication": True}}) as agent:
        neighbour = mobile_of(agent, ASSOCIATIONS[0], bind=(NEIGHBOUR, 0))
        behind = mobile_of(agent, ASSOCIATIONS[1], bind=(FLOODER, 0), timeout=1.0)
        with standing_still(agent, 0.1):
            subprocess.run(load_command(agent, "--nodes", "2", "--first-home", "10.0.0.1", "--source", FLOODER, "--sockets",
                                        "1", "--count", "3000", "flood"), check=True, stdout=subprocess.DEVNULL)
            neighbour.send(neighbour.request(CARE_OF))
        reply = neighbour.receive()
        assert reply is not None and reply.code == 0
        assert counter(agent, "dropped-source-limit") > 2500
        assert counter(agent, "security-violations") >= 100
        # Each datagram of the flood failed, or was not looked at; a denial that was not sent is no failure more.
        wait_for(lambda: counter(agent, "security-violations") + counter(agent, "dropped-source-limit")
                 - counter(agent, "denials-muted") == counter(agent, "datagrams") - 1, "each failure counts once")
        assert counter(agent, "denials-muted") > 0
        # Nobody else sends any more: the node at the flooder's address is heard, in spite of its failures.
        wait_for(lambda: accepted(behind), "a node at the address of the flood is answered")
        assert agent.figures()["initial"]["unanswered"] == counter(agent, "denials-muted")
        neighbour.close()
        behind.close()


def nodes(agent, count, first="10.0.0.0"):
    listed = subprocess.run([program("agentload"), "associations", "--nodes", str(count), "--first-home", first], check=True,
                            capture_output=True, text=True).stdout
    path = os.path.join(agent.directory, "more")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(listed)
    agent.ctl("association", "import", path)


RECORD = 32  # octets of a request in agentload's record


def asks(agent, record, count, *arguments):
    """An agentload that has said so many requests, and waits for the answers. It sleeps nowhere between record and sending."""
    process = subprocess.Popen(load_command(agent, "--record", record, "--window", str(count), *arguments), stdout=subprocess.PIPE)
    wait_for(lambda: os.path.exists(record) and os.path.getsize(record) >= count * RECORD and state_of(process) == "S",
             "all requests were said")
    return process


def test_nobody_gives_way_after_a_stall(tmp_path):
    """All that waits is looked at in the order in which it came: a refresh among it is no reason to drop the rest."""
    few = 12
    with Agent(str(tmp_path), {"overload": {"request-age": 0}}) as agent:
        nodes(agent, few, "10.0.1.0")
        known = mobile_of(agent, ASSOCIATIONS[0])
        assert known.register(CARE_OF).code == 0
        with standing_still(agent, 0.1):
            known.send(known.request(CARE_OF))
            registering = asks(agent, str(tmp_path / "record"), few, "--nodes", str(few), "--first-home", "10.0.1.0", "--timeout", "30",
                               "register")
        registered = json.loads(registering.communicate()[0])
        assert (registered["accepted"], registered["sent"]) == (few, few)
        assert known.receive().code == 0
        assert counter(agent, "dropped-given-way") == 0
        known.close()


def test_refreshes_come_before_new_registrations_under_overload(tmp_path):
    with Agent(str(tmp_path), {"overload": {"request-age": 0}}, associations=[]) as agent:
        nodes(agent, 200)
        known = ["--nodes", "100", "--timeout", "30"]
        subprocess.run(load_command(agent, *known, "--window", "100", "register"), check=True, stdout=subprocess.DEVNULL)
        with standing_still(agent, 0.1):
            refreshing = asks(agent, str(tmp_path / "known"), 100, *known, "--count", "100", "refresh")
            registering = asks(agent, str(tmp_path / "new"), 100, "--nodes", "100", "--first-home", "10.0.0.100", "register")
        refreshed, registered = (json.loads(process.communicate()[0]) for process in (refreshing, registering))
        assert refreshed["accepted"] == refreshed["sent"] == 100
        assert registered["accepted"] == 100 and registered["again"] > 0
        assert 0 < counter(agent, "dropped-given-way") < registered["sent"]
