"""The mobile node's addresses come from real DHCP servers, by a real client that knows nothing of mobiled."""

import os
import re

import pytest
from stream import Stream
from test_mobiled import agent, await_bound, leftovers, walk  # noqa: F401: the fixtures
from waiting import wait_for
from walk import CORRESPONDENT, HOME, INTERFACE, Mobiled

# host: {link: the first three octets of what is leased there}
SERVERS = {"router": {"foreign": "198.51.100", "other": "198.51.101"}, "agent": {"home": "172.16.1"}}
LEASED = range(100, 110)
# It would keep its leases and its socket in places that all hosts of this test share.
ALONE = "for place in /run /var/lib/dhcpcd; do mount -t tmpfs tmpfs $place || exit; done; exec \"$@\""


def serve(walk, host, directory):
    ranges = [f"--dhcp-range={network}.{LEASED[0]},{network}.{LEASED[-1]},255.255.255.0,2m" for network in SERVERS[host].values()]
    links = [f"--interface={link}" for link in SERVERS[host]]
    with open(os.path.join(directory, f"dnsmasq-{host}.log"), "wb") as log:
        walk.start(host, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--port=0", "--user=root",
                   "--bind-interfaces", "--no-ping", "--dhcp-authoritative", "--log-facility=-", *links, *ranges,
                   f"--dhcp-leasefile={directory}/leases-{host}", stdout=log, stderr=log)


@pytest.fixture
def client(walk, tmp_path):  # noqa: F811
    """dhcpcd of the mobile node: it asks for another address whenever there is a carrier again."""
    for host in SERVERS:
        serve(walk, host, tmp_path)
    configuration = tmp_path / "dhcpcd.conf"
    configuration.write_text("noarp\nnoipv4ll\nnodev\nreboot 1\ntimeout 0\nscript /bin/true\noption subnet_mask, broadcast_address, routers\n")
    with open(tmp_path / "dhcpcd.log", "wb") as log:
        process = walk.start("mobile", "unshare", "--mount", "sh", "-c", ALONE, "sh", "dhcpcd", "--nobackground", "--ipv4only",
                             "--config", str(configuration), INTERFACE, stdout=log, stderr=log)
    yield process
    process.terminate()  # its helpers end with it, which a kill would leave
    process.wait(timeout=60)


def carry(walk, link):  # noqa: F811
    """To another link: the cable is pulled, and plugged in there."""
    port = f"mobi-{INTERFACE}"
    walk.links("set", port, "down")
    wait_for(lambda: not walk.is_up(), "the cable is seen to be pulled")  # a client that did not would keep its address
    walk.links("set", port, "master", link, "up")


def leased(walk, network):  # noqa: F811
    """The address that the client got there."""
    def got():
        return [one for one in walk.addresses() if re.fullmatch(rf"{re.escape(network)}\.10\d/24", one)]
    return wait_for(got, f"an address of {network} is leased")[0].split("/")[0]


def test_walk_by_dhcp(walk, agent, client, tmp_path):  # noqa: F811
    """Away, away elsewhere, home and away again with one transfer; each address is the client's to give and to take."""
    carry(walk, "foreign")
    mobile = Mobiled(walk, tmp_path).start()
    care_of = leased(walk, "198.51.100")
    mobile.is_("registered", attachment="co-located", care_of=care_of)
    await_bound(agent, care_of)
    walk.reaches("correspondent", HOME)
    with Stream(walk, "correspondent", "mobile", HOME) as stream:
        stream.await_more()
        carry(walk, "other")
        mobile.is_("registered", attachment="co-located", care_of=leased(walk, "198.51.101"))
        stream.await_more()
        carry(walk, "home")
        leased(walk, "172.16.1")
        mobile.is_("home", attachment="home")
        await_bound(agent)
        stream.await_more()
        carry(walk, "foreign")
        mobile.is_("registered", attachment="co-located", care_of=leased(walk, "198.51.100"))
        stream.await_more()
        assert stream.end() > 0
    assert client.poll() is None
    assert mobile.end() == 0
    assert leftovers(walk) == ([], [], [], [])
    assert walk.ping("mobile", CORRESPONDENT, count=1) == 1  # by what the client was leased, which is as it was
