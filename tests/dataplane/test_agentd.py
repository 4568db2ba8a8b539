"""agentd on a host that it gives the home agent's address: alone, so it always leads."""

import os
import pwd
import signal

import pytest
from agent import Agent
from namespaces import ip
from neighbour import Neighbour
from processes import stop_running
from scapy_client import Association, Reply, build_request, ntp_time
from switched import HOST_LINK, Switch
from test_address import ADDRESS, HOSTS, NET_ADMIN, VIRTUAL_MAC, devices, has_address, rights_of
from waiting import wait_for

ROW = {"kind": "mobile", "home": "10.0.0.1", "spi": 300, "algorithm": "hmac-md5", "key": bytes(range(16)).hex()}


@pytest.fixture
def switch():
    with Switch({host: HOSTS[host] for host in ("one", "near")}) as made:
        yield made


@pytest.fixture
def near(switch):
    with Neighbour(switch, "near", ADDRESS) as made:
        yield made


@pytest.fixture
def agent(switch, open_directory):
    nobody = pwd.getpwnam("nobody")
    made = Agent(str(open_directory), {"home-agent": {"address": ADDRESS, "port": 434, "interface": HOST_LINK},
                                       "process": {"user": "nobody"}}, [ROW])
    for place in (made.directory, made.data_directory, made.configuration["storage"]["associations"]):
        os.chown(place, nobody.pw_uid, nobody.pw_gid)
    yield made
    if made.process:
        made.kill()


def register(switch):
    with switch.socket("near") as node:
        node.settimeout(60)
        node.bind(("192.0.2.77", 0))
        request = build_request(ROW["home"], ADDRESS, "192.0.2.77", 300, ntp_time())
        node.sendto(Association(300, ROW["key"]).sign(request), (ADDRESS, 434))
        octets, source = node.recvfrom(2048)
    assert source == (ADDRESS, 434)
    return Reply(octets).code


def rights_of_threads(agent):
    """What each thread of agentd may still do, where that is anything."""
    tasks, found = f"/proc/{agent.process.pid}/task", {}
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/status", encoding="ascii") as file:
            status = file.read()
        rights = rights_of(status)
        if any(rights.values()):
            found[status.split()[1]] = rights
    return found


def test_an_interface_without_a_broadcast_address_is_no_trouble(switch, tmp_path):
    address = HOSTS["one"].split("/", maxsplit=1)[0]
    ip("-n", switch.namespace("one"), "address", "flush", "dev", HOST_LINK)
    ip("-n", switch.namespace("one"), "address", "add", HOSTS["one"], "dev", HOST_LINK)
    with Agent(str(tmp_path), {"home-agent": {"address": address, "port": 434}}, [ROW]).start(prefix=switch.inside("one")) as alone:
        assert "will not be heard" not in alone.log()


def test_it_is_reached_under_the_virtual_mac(switch, near, agent):
    agent.start(prefix=switch.inside("one"))
    near.wait_for_announcement()
    assert near.ask() == VIRTUAL_MAC
    assert register(switch) == 0
    assert near.known_mac() == VIRTUAL_MAC
    status = agent.ctl("status")
    assert status["address_here"] is True and status["address_mac"] == VIRTUAL_MAC
    assert [status["address_device"]] == devices(switch, "one")
    assert rights_of_threads(agent) == {"address": {"CapInh": 0, "CapPrm": NET_ADMIN, "CapEff": NET_ADMIN, "CapAmb": 0}}
    assert agent.stop() == 0
    assert not has_address(switch, "one") and devices(switch, "one") == []


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_it_is_gone_when_agentd_is(switch, near, agent, number):
    agent.start(prefix=switch.inside("one"))
    near.wait_for_announcement()
    stop_running(agent.process, number)
    assert not near.kernel_answers("one")
    wait_for(lambda: not has_address(switch, "one"), "the kernel takes the address away")


def test_a_crash_leaves_nothing_in_the_way(switch, near, agent):
    agent.start(prefix=switch.inside("one"))
    near.wait_for_announcement()
    agent.kill()
    near.forget_heard()
    agent.start(prefix=switch.inside("one"))
    near.wait_for_announcement()
    assert register(switch) == 0
    assert len(devices(switch, "one")) == 1
