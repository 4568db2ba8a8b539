"""The real mobiled against the real agentd: it walks from link to link with its one interface, and its connections stay."""

import json
import os
import pwd
import signal
import socket
import struct

import pytest
from agent import Agent
from namespaces import ip
from processes import stop_running
from stream import Stream
from waiting import wait_for
from walk import AGENT, CORRESPONDENT, ROUTER, HOME, HOME_NETWORK, INTERFACE, Mobiled, Walk
from world import KEY, SPI, association, checksum

FOREIGN = ("foreign", "198.51.100.7/24", "198.51.100.1")
OTHER = ("other", "198.51.101.7/24", "198.51.101.1")
SHARED_SPI, SHARED_KEY = 301, bytes(range(16, 32)).hex()  # of the node and the foreign agent
WITH_FOREIGN_AGENTS = f"home {SPI} hmac-md5 {KEY}\nforeign {SHARED_SPI} hmac-md5 {SHARED_KEY}\n"
AT_HOME = ("home", "172.16.1.66/24", None)


@pytest.fixture
def walk():
    with Walk() as made:
        yield made


@pytest.fixture
def agent(walk, open_directory, bpf):
    configuration = {
        "home-agent": {"address": AGENT, "port": 434},
        "registration": {"reverse-tunnel": "yes", "udp-tunnel": "on-request"},
        "home-networks": {"network-1": f"{HOME_NETWORK} router home"},
        "dataplane": {"path": "user", "bpf-directory": bpf},
    }
    made = Agent(str(open_directory), configuration, [association(HOME)])
    made.start(prefix=walk.inside("agent"))
    yield made
    if made.process:
        made.kill()


@pytest.fixture
def foreign_agent(walk, tmp_path):
    """A real one on the router, for both foreign links."""
    directory = tmp_path / "fa"  # its socket has a short name even in a deep directory
    directory.mkdir()
    configuration = {
        "home-agent": None,
        "foreign-agent": {"care-of": ROUTER, "reverse-tunnel": "yes", "challenges": True},
        "advertisement": {"link-1": "foreign foreign every 3-4 lifetime 9000 prefix-lengths", "link-2": "other foreign every 3-4 prefix-lengths"},
    }
    made = Agent(str(directory), configuration, [{**association(HOME), "spi": SHARED_SPI, "key": SHARED_KEY}])
    made.configuration["foreign-agent"]["associations"] = made.configuration["storage"]["associations"]
    made.write_configuration()
    made.start(prefix=walk.inside("router"))
    yield made
    if made.process:
        made.kill()


def bindings(agent):
    """Care-of addresses by the home agent's store, which follows what it has answered."""
    return [row["care_of"] for row in agent.ctl("bindings")]


def await_bound(agent, *care_of):
    wait_for(lambda: sorted(bindings(agent)) == sorted(care_of), f"{list(care_of)} are bound by the store")


def leftovers(walk):
    """What of mobiled is on the host: devices, rules, routes, the home address."""
    def shown(*words):
        return json.loads(walk.run("mobile", "ip", "-j", *words, check=False).stdout or "[]")
    devices = [row["ifname"] for row in shown("link") if row["ifname"] not in ("lo", INTERFACE)]
    rules = [row for row in shown("rule") if row["table"] == "43400"]
    return devices, rules, shown("route", "show", "table", "43400"), [one for one in walk.addresses() if one.startswith(HOME)]


SETTINGS = [f"net.ipv4.conf.{INTERFACE}.{name}" for name in ("arp_ignore", "arp_announce", "rp_filter", "accept_redirects")]
OF_ALL = "net.ipv4.conf.all.accept_redirects"


def settings(walk):
    """What mobiled changes while it is away."""
    return [int(word) for word in walk.run("mobile", "sysctl", "-n", *SETTINGS, OF_ALL).stdout.split()]


def test_walk(walk, agent, open_directory):
    """Away, away elsewhere, home, and away again, with one transfer all the way; as a user with few capabilities."""
    walk.go(*FOREIGN)
    walk.set("mobile", OF_ALL, 1)
    before = settings(walk)
    socket_path = f"{open_directory}/mobiled/status"
    mobile = Mobiled(walk, open_directory, {"process": {"user": "nobody", "status-socket": socket_path}}).start()
    mobile.is_("registered", attachment="co-located", care_of="198.51.100.7", reverse_tunnel=True)
    assert mobile.rights() == (pwd.getpwnam("nobody").pw_uid, {10, 12, 13})
    assert settings(walk) == [1, 2, 0, 0, 0]
    await_bound(agent, "198.51.100.7")
    walk.reaches("correspondent", HOME)
    assert walk.ping("mobile", CORRESPONDENT, count=1) == 1  # with the home address, though nothing says so
    with Stream(walk, "correspondent", "mobile", HOME) as stream:
        stream.await_more()
        walk.go(*OTHER)
        mobile.is_("registered", care_of="198.51.101.7")
        stream.await_more()
        walk.go(*AT_HOME)
        mobile.is_("home", attachment="home")
        await_bound(agent)
        assert settings(walk) == before
        stream.await_more()
        walk.reaches("neighbour", HOME)
        wait_for(lambda: walk.neighbour("neighbour", HOME) == walk.mac("mobile", INTERFACE), "gratuitous ARP is heeded")
        walk.go(*FOREIGN)
        mobile.is_("registered", care_of="198.51.100.7")
        walk.reaches("neighbour", HOME)
        stream.await_more()
        assert stream.end() > 0
    assert mobile.end() == 0
    await_bound(agent)
    assert leftovers(walk) == ([], [], [], []) and settings(walk) == before
    assert not os.path.exists(f"{socket_path}.host")


def redirect(walk, gateway):
    """The router of the foreign link says that the way to the correspondent is another one, about an echo reply: the kernel asks no socket."""
    inner = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 1, 0, socket.inet_aton("198.51.100.7"), socket.inet_aton(CORRESPONDENT))
    inner = inner[:10] + checksum(inner).to_bytes(2, "big") + inner[12:] + struct.pack("!BBHHH", 0, 0, 0xFFFF, 0, 0)
    message = struct.pack("!BBH4s", 5, 1, 0, socket.inet_aton(gateway)) + inner
    message = message[:2] + checksum(message).to_bytes(2, "big") + message[4:]
    with walk.socket("router", kind=socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP) as sender:
        sender.sendto(message, ("198.51.100.7", 0))
    assert walk.ping("router", "198.51.100.7", count=1) == 1  # it comes after


def test_redirects_are_ignored_away(walk, agent, tmp_path):
    """RFC 5944 section 4.2.1: to other routers of a foreign network. When mobiled has ended the host heeds them as before."""
    del agent
    walk.go(*FOREIGN)
    walk.set("mobile", f"net.ipv4.conf.{INTERFACE}.accept_redirects", 1)
    walk.set("mobile", OF_ALL, 1)
    ip("-n", walk.namespace("mobile"), "neighbour", "replace", "198.51.100.66", "lladdr", "02:00:00:00:00:66", "dev", INTERFACE)

    def way():
        return json.loads(walk.run("mobile", "ip", "-j", "route", "get", CORRESPONDENT, "from", "198.51.100.7").stdout)[0]["gateway"]

    mobile = Mobiled(walk, tmp_path).start()
    mobile.is_("registered", care_of="198.51.100.7")
    redirect(walk, "198.51.100.66")
    assert way() == "198.51.100.1"
    assert mobile.end() == 0
    redirect(walk, "198.51.100.66")
    assert way() == "198.51.100.66"


def test_the_interface_is_another_one(walk, agent, tmp_path):
    """With another link address everybody at home is told; one that only has its name is not taken for it."""
    del agent
    walk.go(*AT_HOME)
    mobile = Mobiled(walk, tmp_path).start()
    mobile.is_("home")
    walk.reaches("neighbour", HOME)
    ip("-n", walk.namespace("mobile"), "link", "set", INTERFACE, "address", "02:00:00:00:00:07")
    wait_for(lambda: walk.neighbour("neighbour", HOME) == "02:00:00:00:00:07", "gratuitous ARP is heeded")
    mobile.is_("home")
    ip("-n", walk.namespace("mobile"), "link", "delete", INTERFACE)
    walk.plug("mobile", "foreign", INTERFACE)
    assert mobile.process.wait(timeout=30) == 1
    assert f"{INTERFACE}: that is another interface now" in mobile.log()
    assert leftovers(walk) == ([], [], [], [])


def test_tunnels(walk, agent, tmp_path):
    """Each kind, one after the other: (what is asked for, what came of it); and two at once."""
    walk.go(*FOREIGN)
    for options, shown in (
        ({"encapsulation": "gre"}, {"encapsulation": "gre", "udp_tunnel": False}),
        ({"encapsulation": "minimal"}, {"encapsulation": "minimal"}),
        ({"udp-tunnel": "forced"}, {"udp_tunnel": True}),
        ({"reverse-tunnel": "no"}, {"reverse_tunnel": False}),
    ):
        mobile = Mobiled(walk, tmp_path, {"registration": options}).start()
        mobile.is_("registered", **shown)
        assert walk.reaches("correspondent", HOME)
        assert walk.ping("mobile", CORRESPONDENT, count=1) == 1
        assert (mobile.status()["counters"]["packets-wrapped"] == 0) == ("reverse-tunnel" in options)
        assert mobile.end() == 0
    mobile = Mobiled(walk, tmp_path, {"registration": {"simultaneous": True}}).start()
    mobile.is_("registered", care_of="198.51.100.7")
    walk.go(*OTHER)
    mobile.is_("registered", bindings=["198.51.101.7", "198.51.100.7"])
    await_bound(agent, "198.51.100.7", "198.51.101.7")
    assert walk.reaches("correspondent", HOME)
    assert mobile.end() == 0
    await_bound(agent)


def requests_that_end(mobile):
    return mobile.log().count("lifetime 0 s")


def test_end(walk, agent, tmp_path):
    """Of all bindings, by a home agent that does not listen at first; and by one that never does: then it says what is left."""
    def be_bound_twice():
        walk.go(*FOREIGN)
        mobile = Mobiled(walk, tmp_path, {"registration": {"simultaneous": True}}).start()
        mobile.is_("registered", care_of="198.51.100.7")
        walk.go(*OTHER)
        mobile.is_("registered", bindings=["198.51.101.7", "198.51.100.7"])
        return mobile, requests_that_end(mobile)

    mobile, before = be_bound_twice()
    stop_running(agent.process)
    mobile.process.terminate()
    wait_for(lambda: requests_that_end(mobile) > before + 1, "it asks again")
    agent.process.send_signal(signal.SIGCONT)
    assert mobile.process.wait(timeout=30) == 0, mobile.log()
    await_bound(agent)
    mobile, before = be_bound_twice()
    agent.kill()
    assert mobile.end() == 1
    assert requests_that_end(mobile) > before + 2
    for care_of in ("198.51.101.7", "198.51.100.7"):
        assert f"the binding by {care_of} could not be ended, and lasts " in mobile.log()
    assert leftovers(walk) == ([], [], [], [])


def denial(walk, datagram, link_address=None):
    """Of the foreign agent (66), unsigned: the frame that answers the request in that packet, from its link address or another one."""
    header = (datagram[0] & 15) * 4
    source, destination, port, request = datagram[12:16], datagram[16:20], datagram[header : header + 2], datagram[header + 8 :]
    body = struct.pack("!BBH", 3, 66, 0) + request[4:12] + request[16:24]
    packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(body), 0, 0, 64, 17, 0, destination, source)
    packet = packet[:10] + checksum(packet).to_bytes(2, "big") + packet[12:] + struct.pack("!HHHH", 434, int.from_bytes(port, "big"), 8 + len(body), 0)
    links = (walk.mac("mobile", INTERFACE), link_address or walk.mac("router", "foreign"))
    return b"".join(bytes.fromhex(link.replace(":", "")) for link in links) + b"\x08\x00" + packet + body


def test_denials_of_strangers(walk, tmp_path):
    """No key is shared with the foreign agent: its denial counts from the link address that was asked, and from no other."""
    walk.go("foreign")
    with walk.socket("router", kind=socket.SOCK_RAW, family=socket.AF_PACKET, protocol=socket.htons(0x0800)) as link:
        link.bind(("foreign", 0x0800))
        link.settimeout(30)
        mobile = Mobiled(walk, tmp_path).start()
        wait_for(lambda: mobile.status() or None, "mobiled runs")
        advertise(walk, "224.0.0.1", 1, ROUTER)

        def request():
            """The next packet that is one."""
            while True:
                packet = link.recv(2048)[14:]
                if packet[9] == 17 and packet[22:24] == b"\x01\xb2":
                    return packet

        def deny_until(shows, link_address=None):
            """One request after the other: what is answered late answers the last but one."""
            def once():
                link.send(denial(walk, request(), link_address))
                status = mobile.status()
                return status and shows(status) and status
            return wait_for(once, "a denial is dealt with", seconds=60)

        status = deny_until(lambda status: status["counters"]["discarded-link-address"] > 0, "02:00:00:00:00:66")
        assert (status["state"], status["counters"]["denied"]) == ("asking", 0)
        deny_until(lambda status: status["state"] == "denied" and status["code"] == 66)


def advertise(walk, destination, ttl, care_of):
    """Of a foreign agent on the foreign link (RFC 5944 section 2.1)."""
    agent = struct.pack("!BBHHH4s", 16, 10, 0, 600, 0x1100, socket.inet_aton(care_of))
    message = struct.pack("!BBHBBH", 9, 16, 0, 0, 2, 9) + agent
    message = message[:2] + checksum(message).to_bytes(2, "big") + message[4:]
    with walk.socket("router", kind=socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"foreign")
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, ttl)
        sender.sendto(message, (destination, 0))


def test_advertisements_from_afar(walk, tmp_path):
    """Whoever is not on the link cannot say that there is an agent: to this host alone, or with another TTL."""
    walk.go(*FOREIGN)
    mobile = Mobiled(walk, tmp_path).start()
    mobile.is_("asking", attachment="co-located")
    advertise(walk, "198.51.100.7", 1, "203.0.113.66")
    advertise(walk, "198.51.100.7", 255, "203.0.113.66")
    advertise(walk, "224.0.0.1", 2, "203.0.113.66")
    advertise(walk, "224.0.0.1", 1, ROUTER)
    status = mobile.is_("asking", attachment="foreign-agent", care_of=ROUTER, foreign_agent="198.51.100.1")
    assert status["counters"]["advertisements"] == 1


def test_once_and_killed(walk, agent, tmp_path):
    """Scripts are told what came of it; who is killed leaves nothing that the next start does not take away."""
    walk.go(*FOREIGN)
    walk.set("mobile", OF_ALL, 1)
    before = settings(walk)
    mobile = Mobiled(walk, tmp_path)
    code, result = mobile.once()
    assert (code, result["state"], result["code"], result["care_of"]) == (0, "registered", 0, "198.51.100.7")
    await_bound(agent, "198.51.100.7")  # it stays
    assert leftovers(walk) == ([], [], [], []) and settings(walk) == before
    assert mobile.status() is None
    mobile = Mobiled(walk, tmp_path).start()
    mobile.is_("registered")
    mobile.process.kill()
    mobile.process.wait()
    assert leftovers(walk)[1] != [] and settings(walk) != before
    walk.go(*AT_HOME)
    mobile.start()
    mobile.is_("home")
    assert leftovers(walk)[0] == ["mobile0"] and settings(walk) == before
    mobile.end()
    assert leftovers(walk) == ([], [], [], []) and settings(walk) == before
    mobile.start()
    mobile.is_("home")
    ip("-n", walk.namespace("mobile"), "link", "delete", "mobile0")
    assert mobile.process.wait(timeout=30) == 1
    assert leftovers(walk) == ([], [], [], [])


def test_foreign_agents(walk, agent, foreign_agent, tmp_path):
    """It is found by a solicitation, registered through with its challenge and a key that is shared with it, and left for the
    one of another link; the node has no address on either."""
    walk.go("foreign")
    mobile = Mobiled(walk, tmp_path, keys=WITH_FOREIGN_AGENTS).start()
    mobile.is_("registered", attachment="foreign-agent", care_of=ROUTER, foreign_agent="198.51.100.1")
    await_bound(agent, ROUTER)
    assert walk.neighbour("mobile", "198.51.100.1") == walk.mac("router", "foreign")
    assert walk.run("mobile", "sysctl", "-n", f"net.ipv4.conf.{INTERFACE}.arp_ignore").stdout == "1\n"
    walk.reaches("correspondent", HOME)
    with Stream(walk, "correspondent", "mobile", HOME) as stream:
        stream.await_more()
        walk.go("other")
        mobile.is_("registered", foreign_agent="198.51.101.1")
        stream.await_more()
        walk.go(*AT_HOME)
        mobile.is_("home")
        stream.await_more()
        assert stream.end() > 0
    await_bound(agent)
    assert mobile.end() == 0
    assert leftovers(walk) == ([], [], [], [])
    assert walk.neighbour("mobile", "198.51.101.1") is None


def test_plugged_elsewhere_unseen(walk, agent, foreign_agent, tmp_path):
    """While it could not look, the link went down and up again: nothing that was heard before counts, valid as it may be."""
    del agent, foreign_agent
    walk.go("foreign")
    mobile = Mobiled(walk, tmp_path, keys=WITH_FOREIGN_AGENTS).start()
    mobile.is_("registered", foreign_agent="198.51.100.1")
    stop_running(mobile.process)
    walk.go("other")
    wait_for(walk.is_up, "the link is up")
    mobile.process.send_signal(signal.SIGCONT)
    mobile.is_("registered", foreign_agent="198.51.101.1")


def test_revoked(walk, agent, foreign_agent, tmp_path):
    """Operators end its binding at home, and its visit: it is told by who serves it, registers again, and its connection stays."""
    key = bytes(range(32, 48)).hex()
    agent.ctl("association", "add", "foreign-agent", f"address={ROUTER}", "spi=800", "algorithm=hmac-sha256", stdin=key)
    foreign_agent.stop()
    with open(foreign_agent.configuration["storage"]["associations"], "a", encoding="ascii") as file:
        file.write(f"home-agent address={AGENT} spi=800 algorithm=hmac-sha256 key={key}\n")
    foreign_agent.start(prefix=walk.inside("router"))
    walk.go("foreign")
    mobile = Mobiled(walk, tmp_path, keys=WITH_FOREIGN_AGENTS).start()
    mobile.is_("registered", foreign_agent="198.51.100.1")

    def begun():
        return {row["name"]: row["value"] for row in foreign_agent.ctl("counters")}["visitors-begun"]

    with Stream(walk, "correspondent", "mobile", HOME) as stream:
        stream.await_more()
        agent.ctl("bindings", "remove", HOME)
        wait_for(lambda: begun() == 2, "it has registered again")
        await_bound(agent, ROUTER)
        stream.await_more()
        assert foreign_agent.ctl("visitors", "remove", HOME)["removed"] == 1
        wait_for(lambda: begun() == 3, "and again")
        await_bound(agent, ROUTER)
        stream.await_more()
        assert stream.end() > 0
    assert mobile.end() == 0
