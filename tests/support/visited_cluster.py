"""A shared foreign agent (shared_agent.py) with a mobile node on its link that is played here, frame by frame.

    with VisitedCluster(directory, "data", "data", "witness", associations=key_rows()) as world:
        assert world.register(MOBILES[0]).code == 0
"""

import contextlib
import os
import socket
import sys

from namespaces import socket_in
from shared_agent import CARE_OF, HERE, HOME_AGENT, VISITED, SharedAgent
from visiting import Advertisement, Visitor, datagram, ip_packet, udp_packet
from waiting import wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../conformance"))

import wire  # noqa: E402

MOBILES = [f"10.0.0.{number}" for number in range(1, 9)]
KEY = bytes(range(16))


def key_rows(homes=MOBILES):
    return [{"kind": "mobile", "home": home, "spi": 256, "algorithm": "hmac-md5", "key": KEY.hex()} for home in homes]


class VisitedCluster(SharedAgent):
    """`node` is the mobile node, whichever home address it says."""

    def begin(self):
        super().begin()
        self.node = Visitor(self.switch.namespace("client"), VISITED)

    def __exit__(self, *exception):
        if self.node:
            self.node.close()
        super().__exit__(*exception)

    node = None

    def request(self, home, lifetime=300, home_agent=HOME_AGENT):
        flags = wire.flags_of("T" if home_agent == HOME_AGENT else "")
        message = wire.build_request(flags, lifetime, home, home_agent, CARE_OF, wire.ntp_now())
        return wire.sign(message, wire.MOBILE_HOME, 256, "hmac-md5", KEY)

    def reply_to(self, message, port=5000):
        low = int.from_bytes(message[20:24], "big")

        def wanted(heard):
            source_port, to, payload = datagram(heard)
            reply = wire.Reply(payload) if (source_port, to) == (434, port) else None
            return reply if reply and reply.low == low else None

        return wanted

    def find_agent(self):
        """By its advertisement: another one may have the address by now, with another link address."""
        self.node.solicit(MOBILES[0])
        with contextlib.suppress(AssertionError):
            self.node.hear(Advertisement, timeout_s=5)

    def register(self, home, lifetime=300, home_agent=HOME_AGENT):
        """As a mobile node does: said again, with a new identification, until it is answered."""
        for _ in range(30):
            message = self.request(home, lifetime, home_agent)
            self.node.say(home, HERE, 5000, message)
            try:
                return self.node.hear(self.reply_to(message), timeout_s=2)
            except AssertionError:
                self.find_agent()
        raise AssertionError("nobody answers the mobile node")

    def renew(self, homes):
        """All of them at once; an answer that does not come is not missed."""
        lows = set()
        for home in homes:
            message = self.request(home)
            lows.add(int.from_bytes(message[20:24], "big"))
            self.node.say(home, HERE, 5000, message)

        def wanted(heard):
            source_port, to, payload = datagram(heard)
            reply = wire.Reply(payload) if (source_port, to) == (434, 5000) else None
            return reply if reply and reply.low in lows else None

        try:
            while lows:
                lows.discard(self.node.hear(wanted, timeout_s=2).low)
        except AssertionError:
            self.find_agent()


def into_the_tunnel(world, home):
    """As from its home agent."""
    packet = ip_packet(HOME_AGENT, home, 17, udp_packet(HOME_AGENT, home, 7, 7, b"inside")[20:])
    with socket_in(world.switch.namespace("home"), socket.SOCK_RAW, protocol=socket.IPPROTO_IPIP) as tunnel:
        tunnel.bind((HOME_AGENT, 0))
        tunnel.sendto(packet, (CARE_OF, 0))


def came_out(world, home):
    return world.node.waiting(lambda heard: heard.payload.endswith(b"inside") and heard.destination == home)


def forwards(world, member, home):
    """Whether the foreign agent gives the mobile node what comes out of a tunnel of its home agent."""
    before = member.counter("visit-no-visitor")
    into_the_tunnel(world, home)
    return wait_for(lambda: came_out(world, home) or member.counter("visit-no-visitor") > before, "the packet has come") is not True
