"""Mobile nodes that look for a home agent by broadcast, on a link of their own (RFC 5944 sections 3.6.1.2 and 3.8.3.2)."""

import select
import socket

import pytest

from agent import Agent
from namespaces import Link, ip
from scapy_client import MOBILE_HOME, Association, Reply, build_request, ntp_time

HOME_AGENT = "192.0.2.1"
ROW = {"kind": "mobile", "home": "10.0.0.1", "spi": 300, "algorithm": "hmac-md5", "key": bytes(range(16)).hex()}
ASSOCIATION = Association(300, ROW["key"])
CARE_OF = "192.0.2.77"


def request(home_agent, sign=ASSOCIATION):
    return sign.sign(build_request(ROW["home"], home_agent, CARE_OF, 300, ntp_time()))


@pytest.fixture(params=[1, 3], ids=["one thread", "three threads"])
def bench(request, tmp_path):
    with Link(f"{HOME_AGENT}/24", f"{CARE_OF}/24") as link:
        agent = Agent(str(tmp_path), {"home-agent": {"address": HOME_AGENT, "port": 434},
                                      "process": {"network-threads": request.param}}, [ROW])
        try:
            agent.start(prefix=link.inside(0))
            yield agent, link
        finally:
            if agent.process:
                agent.stop()


def node_socket(link):
    node = link.socket(1)
    node.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    node.bind((CARE_OF, 0))
    node.settimeout(20)
    return node


def exchange(node, octets, destination):
    node.sendto(octets, (destination, 434))
    return node.recvfrom(2048)


@pytest.mark.parametrize("destination", ["192.0.2.255", "255.255.255.255"])
def test_a_broadcast_is_told_the_address(bench, destination):
    agent, link = bench
    with node_socket(link) as node:
        octets, source = exchange(node, request("192.0.2.255"), destination)
        reply = Reply(octets)
        assert (reply.code, reply.home_agent, source) == (136, HOME_AGENT, (HOME_AGENT, 434))
        assert reply.is_signed_by(ASSOCIATION, MOBILE_HOME)
        # what it learnt serves, and nothing was bound before
        assert agent.ctl("bindings") == []
        octets, source = exchange(node, request(reply.home_agent), HOME_AGENT)
        assert Reply(octets).code == 0


def test_one_answer_is_enough(bench):
    _, link = bench
    with node_socket(link) as node:
        for _ in range(20):
            assert Reply(exchange(node, request("192.0.2.255"), "192.0.2.255")[0]).code == 136
        # Whatever else had been sent in answer to those came before this.
        assert Reply(exchange(node, request(HOME_AGENT), HOME_AGENT)[0]).code == 0
        assert select.select([node], [], [], 0)[0] == []


def test_who_is_not_known_hears_nothing(bench):
    _, link = bench
    stranger = Association(300, bytes(16).hex())
    with node_socket(link) as node:
        node.sendto(request("192.0.2.255", stranger), ("192.0.2.255", 434))
        assert Reply(exchange(node, request("192.0.2.255"), "192.0.2.255")[0]).code == 136
        assert select.select([node], [], [], 0)[0] == []


def test_it_can_be_turned_off(tmp_path):
    with Link(f"{HOME_AGENT}/24", f"{CARE_OF}/24") as link:
        agent = Agent(str(tmp_path), {"home-agent": {"address": HOME_AGENT, "port": 434},
                                      "registration": {"discovery": False}}, [ROW])
        agent.start(prefix=link.inside(0))
        try:
            with node_socket(link) as node:
                node.sendto(request("192.0.2.255"), ("192.0.2.255", 434))
                assert Reply(exchange(node, request(HOME_AGENT), HOME_AGENT)[0]).code == 0
                assert select.select([node], [], [], 0)[0] == []
        finally:
            agent.stop()


def test_an_address_that_comes_later_is_bound_already(tmp_path):
    """As on a member of a cluster that did not lead when it started; here the test moves the address."""
    with Link("192.0.2.11/24", f"{CARE_OF}/24") as link:
        agent = Agent(str(tmp_path), {"home-agent": {"address": HOME_AGENT, "port": 434, "interface": link.ends[0],
                                                     "announce-hook": "/bin/true"}}, [ROW])
        agent.start(prefix=link.inside(0))
        with agent, node_socket(link) as node:
            ip("-n", link.names[0], "address", "add", f"{HOME_AGENT}/32", "dev", link.ends[0])
            for destination in ("192.0.2.255", "255.255.255.255"):
                octets, source = exchange(node, request("192.0.2.255"), destination)
                assert (Reply(octets).code, source) == (136, (HOME_AGENT, 434))
            octets, source = exchange(node, request(HOME_AGENT), HOME_AGENT)
            assert (Reply(octets).code, source) == (0, (HOME_AGENT, 434))
