"""Run cases against a mobile node. A case is data (catalogue.py); this file says what agents and routers of its link say in it, awaits what
the node makes of that, and lets judge.py judge.

The node begins anew with each case. That a reply is discarded is shown by the request that comes again; that it is taken, by packets
that go the way that it opened.
"""

import secrets
import time

import messages as words_of_home
import wire
from engine import Failed, NotApplicable
from foreign import packets
from mobile import judge, links, messages, peers, tunnels
from replies import Wrong, require

ECHO_S = 0.05  # between packets that try the way
ECHO_REQUEST, ECHO_REPLY = 8, 0


class Session:
    """The node under test: `host` has its link and makes it begin and end."""

    def __init__(self, host, secrets_of_it, profile, timeout_s=4.0):
        self.host, self.secrets, self.profile, self.timeout_s = host, secrets_of_it, profile, timeout_s
        self.heard = []  # octets of all requests, for other decoders

    def start(self):
        """There is nothing to be known of the node before the first case."""

    def run(self, case):
        """`pass`, `fail` or `n/a`, and why."""
        reason = self.profile.unmet(case.get("node", {}))
        if reason:
            return "n/a", reason
        scene = Scene(self, case)
        try:
            self.host.begin()
            scene.play()
        except NotApplicable as why:
            return "n/a", str(why)
        except (Failed, Wrong) as why:
            return "fail", str(why)
        finally:
            self.host.over()
        return "pass", ""

    def stragglers(self):
        """Nothing comes after the end of a case: the node has begun anew."""
        return []

    def close(self):
        self.host.close()


class Scene:
    """One case under way: who is played, what the node was told and has said."""

    def __init__(self, session, case):
        self.session, self.case, self.profile, self.secrets = session, case, session.profile, session.secrets
        self.link = session.host.link
        self.roles = peers.roles(self.profile)
        self.via = "own" if self.profile["care-of"] == "own" else "fa"
        self.home = self.profile["home"] or "0.0.0.0"
        self.home_agent, self.requested = self.profile["home-agent"], self.profile["requested-home-agent"]
        self.clock, self.newest, self.nonce = 0, None, None  # of the home agent, as the node knows them
        self.request, self.asked_at, self.frame = None, None, None  # the last request, and its frame
        self.requests = []
        self.replied, self.replied_at = None, 0.0  # words of the last reply that counts, and when it went
        self.node_link = None
        self.announced = 0  # packets of gratuitous ARP, since the beginning
        self.solicited_at = None
        self.unanswered = []  # (address asked for, link address that asked): who must not be answered

    # ---- names

    def address(self, word):
        if word in words_of_home.ADDRESSES:
            return words_of_home.ADDRESSES[word]
        if word == "home":
            return self.home
        if word == "home-agent":
            return self.home_agent
        if word == "own":
            return self.profile["address"]
        if word.startswith("care-of of "):
            return self.roles[word[11:]].care_of
        return self.roles[word].address if word in self.roles else word

    def home_agent_of(self, request):
        """The field of a reply."""
        return self.roles["ha"].address if request.home_agent == packets.ALL_ONES or not self.home_agent else request.home_agent

    # ---- what comes

    def next(self, seconds):
        """(kind, frame) of the next that matters, or None after that time. ARP is served in passing."""
        end = time.monotonic() + seconds
        while True:
            frame = self.link_receive(max(0.0, end - time.monotonic()))
            if frame is None:
                return None
            kind = self.kind_of(frame)
            if kind:
                return kind, frame

    def link_receive(self, seconds):
        return self.session.host.receive(seconds)

    def kind_of(self, frame):
        if frame.kind == packets.ETHERNET_ARP:
            return self.take_arp(frame)
        if frame.kind != packets.ETHERNET_IP:
            return None
        if frame.protocol == packets.UDP and frame.port_there == packets.PORT and frame.payload[:1] == bytes([wire.REQUEST]):
            self.node_link = frame.link
            return "request"
        if frame.protocol == packets.ICMP and frame.payload[:1] == bytes([packets.SOLICITATION]):
            return self.take_solicitation(frame)
        return "data" if frame.protocol in (packets.ICMP, 4, 47, 55, packets.UDP) else None

    def take_solicitation(self, frame):
        judge.judge_solicitation(frame, self)
        gap = frame.at - self.solicited_at if self.solicited_at else None
        require(gap is None or gap >= judge.INTERVAL_S, f"it solicits {gap} s after the last time")
        self.node_link = frame.link
        return "solicitation"

    def take_arp(self, frame):
        operation, link, address = frame.packet[7], frame.packet[8:14], packets.text_of(frame.packet[14:18])
        target = packets.text_of(frame.packet[24:28])
        away = self.request is not None and self.request.lifetime > 0
        about_home = self.home in (address, target)
        if frame.to == packets.BROADCAST_LINK and about_home and address == target:
            require(not away or self.coming_home, "away from home it tells everybody where its home address is")
            self.announced += 1
            return "announcement"
        if operation == 1:
            require(not (away and about_home) or self.coming_home, "away from home it asks everybody by ARP from its home address")
            self.answer_arp(target, address, link)
            return None
        require((address, frame.to) not in self.unanswered, f"it answers who asks by ARP for {address} and must not be answered")
        return "arp"

    coming_home = False

    def answer_arp(self, target, address, link):
        """Of all that we play; the router answers for whoever is far away, as its own address alone."""
        known = {role.address: role.link for role in self.roles.values()}
        if target not in known:
            return
        body = b"\0\1\x08\0\6\4\0\2" + known[target] + packets.octets_of(target) + link + packets.octets_of(address)
        self.link.send(packets.frame(link, known[target], body, packets.ETHERNET_ARP))

    def await_(self, wanted, seconds=None):
        """The next of that kind; a request that is not wanted is a failure, and so is silence."""
        end = time.monotonic() + (seconds or self.session.timeout_s)
        while (found := self.next(max(0.0, end - time.monotonic()))) is not None:
            kind, frame = found
            if kind == "request" and self.crossed(frame):
                continue
            if kind == wanted:
                return frame
            if kind == "request" and wanted != "announcement":
                raise Failed(f"unexpected: {describe(frame)}")
        raise Failed(f"no {wanted} came")

    def crossed(self, frame):
        """Was this request on its way before our answer to the one before it? Then that is given once more."""
        if self.replied is None or frame.at >= self.replied_at:
            return False
        self.keep(wire.Request(frame.payload), frame)
        self.sends_reply(self.replied)
        return True

    def keep(self, request, frame):
        self.request, self.frame, self.asked_at = request, frame, frame.at
        self.newest = request.identification
        self.requests.append((request, frame))

    # ---- the play

    def play(self):
        for number, step in enumerate(self.case["steps"], 1):
            try:
                for word, act in STEPS.items():
                    if word in step:
                        act(self, step[word])
            except (Failed, Wrong) as reason:
                raise Failed(f"step {number}: {reason}") from None

    def send(self, role_link, packet, to=None):
        self.link.send(packets.frame(to or self.node_link or packets.BROADCAST_LINK, role_link, packet))

    def advertise(self, words):
        """One advertisement, or several of a list."""
        for one in words if isinstance(words, list) else [words]:
            role = self.roles[one.get("by", "fa")]
            message = messages.advertisement(one, role, self)
            destination = {"node": self.profile["address"] or self.home}.get(one.get("to"), one.get("to", messages.ALL_HOSTS))
            packet = packets.ip(packets.ICMP, self.address(one.get("from", role.address)), destination, message, one.get("ttl", 1))
            link = packets.BROADCAST_LINK if one.get("link") == "all" else packets.link_of(destination)
            self.send(role.link, packet, link)
            if "H" in role.offers:
                self.coming_home = True

    def expect_request(self, expect):
        frame = self.await_("request", max(expect.get("patience", 0), self.session.timeout_s))
        try:
            request = wire.Request(frame.payload)
        except wire.Malformed as error:
            raise Wrong(f"it is malformed: {error}") from None
        self.session.heard.append(frame.payload)
        self.coming_home = expect.get("via") == "home"
        if "clock" in expect:
            self.clock = expect["clock"]
        judge.judge_request(frame, request, expect, self)
        self.via = expect.get("via", self.via)
        self.keep(request, frame)
        self.replied = None

    def sends_reply(self, words):
        request, frame = self.requests[words.get("of", 0) - 1]
        octets = messages.reply(words, self, request)
        agent = self.agent_of(words)
        source = self.address(words.get("from", agent.address if agent else self.home_agent_of(request)))
        link = agent.link if agent else self.roles["ha" if self.via == "home" else "fa"].link
        link = self.roles[words["sender"]].link if "sender" in words else link
        destination = self.address(words.get("to", frame.source if frame.source != "0.0.0.0" else packets.ALL_ONES))
        datagram = packets.udp(source, packets.PORT, destination, frame.port + words.get("port", 0), octets, words.get("checksum"))
        other = bytes.fromhex("025e0000ffff") if words.get("link") == "other" else frame.link
        self.send(link, packets.ip(packets.UDP, source, destination, datagram), other)
        if words.get("heeded", True):
            self.learn(words, octets)
            self.replied, self.replied_at = words, links.now()

    def agent_of(self, words):
        by = words.get("by", self.via).removeprefix("own by ")
        return self.roles[by] if by in self.roles and by != "ha" else None

    def learn(self, words, octets):
        """What the node knows now that it has been told."""
        reply, code = wire.Reply(octets), words.get("code", 0)
        if self.profile["replay"] == "nonce" and messages.is_of_home(code):
            self.nonce = reply.high
        elif code in (133, 136):
            self.clock = reply.high - (wire.ntp_now() >> 32)
            self.newest = None
        if code in (0, 1):
            self.home, self.home_agent = reply.home, reply.home_agent
        if code == 136:
            self.home_agent = reply.home_agent
        agent = self.agent_of(words)
        found = reply.of(wire.CHALLENGE)
        if agent and found:
            agent.challenge = found[0].data

    def expect_way(self, words):
        """Packets come for the node by the way that it has asked for, until one is answered, by the way that it must take."""
        words = words if isinstance(words, dict) else {}
        marker = secrets.token_bytes(16)
        how = tunnels.of(words.get("in", "own" if self.via.startswith("own") else None), self.profile)
        back = how if words.get("reverse", self.profile["reverse-tunnel"] != "no") else None
        if self.via in self.roles and words.get("delivery", self.profile["encapsulating-delivery"]):
            back = "to agent"
        end = time.monotonic() + self.session.timeout_s
        while time.monotonic() < end:
            self.send_echo(marker, how)
            frame = self.answered(ECHO_S, words.get("asking", False))
            if frame and marker in frame.packet and not self.goes_as_before(frame):
                judge.judge_answer(frame, back, marker, self)
                if self.via in self.roles and self.via != "ha":
                    require(frame.to == self.roles[self.via].link, "the answer does not go to the foreign agent")
                return
        raise Failed("packets for its home address are not answered, or go to the agent that was left")

    def goes_as_before(self, frame):
        """To the agent that was left: for a moment, until the node has seen the reply, it may."""
        others = [role.link for name, role in self.roles.items() if name not in (self.via, "ha")]
        return self.via in self.roles and frame.to in others and frame.to != self.roles[self.via].link

    def send_echo(self, marker, how):
        echo = packets.icmp(ECHO_REQUEST, 0, b"\0\1\0\1", marker)
        packet = packets.ip(packets.ICMP, peers.CORRESPONDENT, self.home, echo)
        role = self.roles["ha" if self.via == "home" else self.via.removeprefix("own by ") if self.via != "own" else "fa"]
        if how:
            packet = tunnels.wrap(how, packet, self.home_agent, self.profile["address"], self.frame.port)
        self.send(role.link, packet, self.frame.link)

    def answered(self, seconds, asking):
        """What answers; a request is only right where the node has reason to ask."""
        found = self.next(seconds)
        if found and found[0] == "request" and not asking and not self.crossed(found[1]):
            raise Failed(f"it asks again where it should be content: {describe(found[1])}")
        return found[1] if found and found[0] == "data" else None

    def expect_keepalive(self, _):
        judge.judge_keepalive(self.await_("data"), self)

    def expect_quiet(self, seconds):
        """No request for so long."""
        end = time.monotonic() + seconds
        while (found := self.next(max(0.0, end - time.monotonic()))) is not None:
            if found[0] == "request":
                raise Failed(f"unexpected: {describe(found[1])}")
            if found[0] == "solicitation":
                raise Failed("it solicits")

    def expect_solicitations(self, gaps):
        """One, and then one after each gap, which are the least in seconds."""
        frame = self.await_("solicitation")
        for least in gaps:
            before, frame = frame, self.await_("solicitation", 4 * least + self.session.timeout_s)
            require(frame.at - before.at >= least, f"it solicits after {frame.at - before.at:.2f} s, not {least}")

    def ask_by_arp(self, words):
        """Somebody asks for an address, and is answered, or not."""
        role = self.roles[words.get("by", "fa")]
        wanted = self.address(words.get("for", "home"))
        body = packets.arp_request(role.link, wanted, role.address)
        to = self.frame.link if words.get("unicast") else packets.BROADCAST_LINK
        self.unanswered = [one for one in self.unanswered if one != (wanted, role.link)]
        if not words["answered"]:
            self.unanswered.append((wanted, role.link))
        self.link.send(packets.frame(to, role.link, body, packets.ETHERNET_ARP))
        if words["answered"]:
            frame = self.await_("arp")
            told = frame.told_by_arp()
            require(told == (wanted, self.frame.link), f"it is told that {told and told[0]} is at {told and told[1].hex(':')}")
            require(frame.to == role.link, "the answer is not for who asked alone")

    def expect_announcements(self, count):
        while self.announced < count:
            frame = self.await_("announcement")
            require(frame.packet[8:14] == frame.link, "it announces another link address than its own")

    def end(self, _):
        self.session.host.end()


# What a step may say, in the order in which it is done.
STEPS = {
    "advertise": Scene.advertise, "end": Scene.end, "solicitations": Scene.expect_solicitations, "arp": Scene.ask_by_arp,
    "announced": Scene.expect_announcements, "request": Scene.expect_request, "reply": Scene.sends_reply,
    "keepalive": Scene.expect_keepalive, "forwards": Scene.expect_way, "quiet": Scene.expect_quiet,
}


def describe(frame):
    return f"a request to {frame.destination} from {frame.source}, care-of address {packets.text_of(frame.payload[12:16])}"
