"""Run cases against a foreign agent. A case is data (catalogue.py); this file sends what mobile nodes and home agents say in
it, awaits what the agent makes of that, and lets judge.py judge.

That a message is ignored is shown without waiting: a whole good registration of another node follows it, and nothing of the
case may come in between. What comes later, until the end of the run, is charged to the case as well.
"""

import time

import messages as words_of_home
import wire
from associations import Exhausted
from engine import Failed, NotApplicable, Trouble
from foreign import judge, messages, packets
from replies import Wrong

PROBE_LIFETIME_S = 60
HASTE_S = 0.05
TIMEOUT = 78
WITHIN = "within a second"


class Session:
    """The agent under test and everything shared by the cases of one run."""

    def __init__(self, links_of_ours, stock, profile, timeout_s=2.0, hasty=False):
        self.links, self.stock, self.profile = links_of_ours, stock, profile
        self.timeout_s = timeout_s
        self.hasty = hasty  # once a later request has been relayed and answered, nothing is awaited any longer
        self.agent_link = {"visited": None, "home": None}
        self.advertised = None  # the newest challenge that was advertised
        self.offered = {}  # link address of a node: the challenge of its last reply
        self.scenes = {}  # link address of a node: the scene that it is in
        self.by_home = {}  # home address of a node: likewise
        self.by_stamp = {}  # identification of a request: likewise
        self.told = set()  # link addresses of nodes that were told, alone, that the agent has begun anew
        self.late = []  # (case, text)
        self.probe_scene = Scene(self, {"id": "probe"})

    def start(self):
        """Before anything is judged: is the agent there, and does it relay a good request?"""
        self.agent_link["visited"] = self.find_agent()
        self.take_probe()
        self.probe_scene.agents["ha"] = self.stock.home_agent(None, [])
        try:
            self.probe_scene.register({"lifetime": PROBE_LIFETIME_S})
        except (Failed, Wrong) as reason:
            raise Trouble(
                f"a plain registration does not work: {reason}. Does the agent's route to home agents lead to our interface, "
                "and does it know the associations of the file?"
            ) from None

    def find_agent(self):
        """Its link address on the visited link."""
        ours = self.links.visited
        question = packets.arp_request(ours.link, self.profile["agent"])
        ours.send(packets.frame(packets.BROADCAST_LINK, ours.link, question, packets.ETHERNET_ARP))
        end = time.monotonic() + self.timeout_s
        while (left := end - time.monotonic()) > 0:
            frame = self.links.receive(left)
            told = frame and frame.told_by_arp()
            if told and told[0] == self.profile["agent"]:
                return told[1]
        raise Trouble(f"nobody on the visited link has the address {self.profile['agent']}")

    def take_probe(self):
        """A node for good registrations: one that needs no challenge."""
        algorithm = self.profile["algorithms"][0] if self.profile["challenges"] else None
        self.probe_scene.senders["mn"] = self.take(self.probe_scene, algorithm)

    def take(self, scene, algorithm=None):
        """A fresh node, known to be of that scene."""
        node = self.stock.node(algorithm)
        self.scenes[node.link] = self.by_home[node.home] = scene
        return node

    def run(self, case):
        """`pass`, `fail` or `n/a`, and why."""
        try:
            scene = Scene(self, case)
            scene.prepare()
            scene.play()
        except NotApplicable as reason:
            return "n/a", str(reason)
        except (Failed, Wrong) as reason:
            return "fail", str(reason)
        except Exhausted as reason:
            raise Trouble(str(reason)) from None
        return "pass", ""

    # ---- what comes

    def next_of(self, scene, seconds, until=lambda: False):
        """The next message for somebody of the scene; None after that time, or when `until` is true after an advertisement. What is
        another scene's is charged to it."""
        end = time.monotonic() + seconds
        while True:
            frame = self.links.receive(max(0.0, end - time.monotonic()))
            if frame is None:
                return None
            if frame.kind == packets.ETHERNET_ARP:
                self.look_at_arp(frame)
            if frame.is_advertisement():
                self.look_at_advertisement(frame)
                if until():
                    return None
            if not frame.is_message():
                continue
            if frame.side == "home":
                self.agent_link["home"] = frame.link
            owner = self.owner_of(frame) or scene
            if owner is scene:
                return frame
            if not is_timeout(frame):
                self.late.append((owner.case, describe(frame)))

    def next_data(self, seconds):
        """The next packet that is no message, or None after that time."""
        end = time.monotonic() + seconds
        while True:
            frame = self.links.receive(max(0.0, end - time.monotonic()))
            if frame is None or frame.is_data():
                return frame

    def owner_of(self, frame):
        if frame.side == "visited":
            return self.scenes.get(frame.to)
        if frame.payload[:1] == bytes([wire.ACKNOWLEDGMENT]):
            return self.by_home.get(packets.text_of(frame.payload[4:8]))
        return self.by_stamp.get(frame.payload[16:24])

    def look_at_arp(self, frame):
        """Nobody may be asked by broadcast for the link address of a mobile node (RFC 5944 section 4.2.2)."""
        asked = frame.asked_by_arp() if frame.side == "visited" else None
        if asked in self.by_home:
            self.late.append((self.by_home[asked].case, f"the agent asked for {asked} by ARP"))

    def look_at_advertisement(self, frame):
        found = packets.extensions_of_advertisement(frame.payload)
        if packets.CHALLENGE in found:
            self.advertised = found[packets.CHALLENGE]
        if frame.to in self.scenes and packets.sequence_of_advertisement(frame.payload) == 0:
            self.told.add(frame.to)

    def stragglers(self):
        """(case, text) of what came when nothing was expected any more."""
        try:
            self.probe_scene.register({"lifetime": PROBE_LIFETIME_S})
        except (Failed, Wrong) as reason:
            raise Trouble(f"a plain registration does not work in the end: {reason}") from None
        while (frame := self.next_of(self.probe_scene, 0)) is not None:
            self.late.append((self.probe_scene.case, describe(frame)))
        return self.late

    def close(self):
        self.links.close()


def is_timeout(frame):
    """Code 78: the agent has given up what a case left unanswered, as it may."""
    return frame.side == "visited" and frame.payload[:2] == bytes([wire.REPLY, TIMEOUT])


def describe(frame):
    kind = frame.payload[0] if frame.payload else "none"
    if frame.side == "home":
        return f"a message of type {kind} went to {frame.destination} from {frame.source}"
    code = f" with code {frame.payload[1]}" if kind == wire.REPLY and len(frame.payload) > 1 else ""
    return f"a message of type {kind}{code} came to the node from {frame.source}"


class Scene:
    """One case under way: its nodes and home agents, what was sent."""

    def __init__(self, session, case):
        self.session, self.case, self.profile = session, case, session.profile
        self.senders, self.agents, self.labels = {}, {}, {}
        self.challenges_used = {}
        self.began_at = time.monotonic()
        self.last = None

    # ---- what is needed

    def prepare(self):
        case = self.case
        reason = self.profile.unmet(case.get("agent", {}))
        if reason:
            raise NotApplicable(reason)
        for role, wanted in {"mn": case.get("node", {}), **case.get("nodes", {})}.items():
            algorithm = wanted.get("shares")
            if not self.session.stock.has_node(algorithm):
                raise NotApplicable(f"no node that shares {algorithm} in the associations file")
            self.senders[role] = self.session.take(self, algorithm)
        for role, wanted in {"ha": case.get("home-agent", {}), **case.get("home-agents", {})}.items():
            agent = self.session.stock.home_agent(wanted.get("shares"), list(self.agents.values()))
            if agent is None:
                raise NotApplicable(f"no home agent that shares {wanted['shares']} in the associations file")
            self.agents[role] = agent

    # ---- names

    def address(self, word, node=None):
        profile = self.profile
        if word in words_of_home.ADDRESSES:
            return words_of_home.ADDRESSES[word]
        if word == "home":
            return node.home
        if word in self.agents:
            return self.agents[word].address
        if word == "agent":
            return profile["agent"]
        if word.startswith("care-of"):
            number = int(word[8:] or 1)
            if number > len(profile["care-of"]):
                raise NotApplicable(f"needs {number} of care-of")
            return profile["care-of"][number - 1]
        if word == "any-home-agent":
            return profile["any-home-agent"]
        if word == "forbidden-agent":
            return packets.text_of(packets.octets_of(profile["forbidden-home-agents"].split("/")[0])[:3] + b"\x05")
        if word in ("all-agents", "all-ones"):
            return packets.ALL_AGENTS if word == "all-agents" else packets.ALL_ONES
        if word == "co-located":
            return packets.text_of(b"\xc6\x33\x64" + node.link[5:])
        if word.startswith("home of "):
            return self.senders[word[8:]].home
        return word

    def challenge(self, word, node):
        """`due`: what the node must answer now; `advertised`, `used`, `offered` (in its last reply), `unknown`; or hex."""
        used = self.challenges_used.get(node.link)
        offered = self.session.offered.get(node.link)
        if word == "unknown":
            return messages.random_challenge()
        if word == "used":
            return used
        if word.startswith("offered to "):
            return self.session.offered[self.senders[word[11:]].link]
        if word == "offered" or (word == "due" and offered):
            value = offered
        elif word in ("due", "advertised"):
            value = self.solicited(node)
        else:
            return bytes.fromhex(word)
        self.challenges_used[node.link] = value
        return value

    def solicited(self, node):
        """The challenge of an advertisement that the node asked for."""
        session = self.session
        session.advertised = None
        solicitation = packets.icmp(packets.SOLICITATION, 0, bytes(4))
        packet = packets.ip(packets.ICMP, node.home, packets.ALL_ROUTERS, solicitation, 1)
        session.links.visited.send(packets.frame(packets.link_of(packets.ALL_ROUTERS), node.link, packet))
        frame = session.next_of(self, session.timeout_s, lambda: session.advertised is not None)
        if frame:
            raise Failed(f"unasked: {describe(frame)}")
        if session.advertised is None:
            raise Failed("a solicitation was not answered by an advertisement with a challenge")
        return session.advertised

    # ---- the play

    def play(self):
        for number, step in enumerate(self.case["steps"], 1):
            try:
                self.step(step)
            except (Failed, Wrong) as reason:
                raise Failed(f"step {number}: {reason}") from None
        frame = self.session.next_of(self, 0)
        if frame:
            raise Failed(f"unexpected at the end: {describe(frame)}")

    def step(self, step):
        if "tunnelled" in step:
            self.tunnel(step)
            return
        if "revoked" in step:
            self.revoke(step)
            return
        if "register" in step:
            self.register(step["register"], step.get("label"))
            return
        if "send" in step:
            self.last = self.transmit(step["send"])
            if "label" in step:
                self.labels[step["label"]] = self.last
            if "silence" in step:
                self.expect_silence(step["silence"])
                return
            self.follow(step, self.last)
            return
        self.follow(step, self.labels[step["of"]])

    def follow(self, step, sent):
        """What the agent makes of a request, and of what its home agent answers."""
        if "denied" in step and "answer" not in step:
            judge.judge_denial(self.await_message("visited"), sent, step["denied"], self)
            return
        if "relayed" in step:
            frame = self.await_message("home")
            self.judged(frame, judge.judge_relayed, sent, step["relayed"])
            sent.relayed = frame
        if "answer" in step:
            self.answer(step, sent)

    def answer(self, step, sent):
        if "icmp" in step["answer"]:
            self.send_error(step["answer"], sent.relayed)
            judge.judge_denial(self.await_message("visited"), sent, step["denied"], self)
            return
        answer = self.reply(step["answer"], sent)
        if "silence" in step:
            self.expect_silence()
        elif "denied" in step:
            self.judged(self.await_message("visited"), judge.judge_denial, sent, step["denied"])
        elif "refused" in step:
            self.judged(self.await_message("visited"), judge.judge_refusal, answer, step["refused"])
        else:
            self.judged(self.await_message("visited"), judge.judge_passed_on, answer, step.get("reply", {}))

    def tunnel(self, step):
        """A packet that comes for a node through a tunnel: it is delivered, or lost without a word. The latter is shown by another one,
        for a visitor, that follows."""
        words, probe = step["tunnelled"], self.session.probe_scene
        node = self.senders[words.get("node", "mn")]
        home = self.address(words.get("home", "home"), node)
        marker = self.send_tunnelled(home, self.agents["ha"], words)
        if "lost" in step:
            following = probe.send_tunnelled(probe.senders["mn"].home, probe.agents["ha"], {})
            frame = self.session.next_data(self.session.timeout_s)
            if frame is None or frame.payload != following:
                raise Failed("it was not lost without a word" if frame else "not even a packet for a visitor was delivered")
            return
        frame = self.session.next_data(self.session.timeout_s)
        if frame is None:
            raise Failed("it was not delivered")
        self.judged(frame, judge.judge_delivered, node, home, marker)

    def send_tunnelled(self, home, home_agent, words):
        """A packet of somebody's; returns what is in it."""
        marker = messages.random_challenge()
        source = words_of_home.ADDRESSES["nowhere"]
        datagram = packets.udp(source, packets.DATA_PORT, home, packets.DATA_PORT, marker)
        inner = packets.ip(packets.UDP, source, home, datagram)
        packet = packets.ip(packets.IPIP, home_agent.address, self.address(words.get("to", "care-of")), inner)
        ours = self.session.links.home
        ours.send(packets.frame(self.session.agent_link["home"], ours.link, packet))
        return marker

    def revoke(self, step):
        """A home agent revokes; whether the node is told is seen by advertisements to it alone."""
        words, session = step["revoked"], self.session
        link = self.senders[words.get("node", "mn")].link
        revocation, care_of = messages.revocation(words, self), self.address("care-of")
        if "label" in step:
            self.labels[step["label"]] = revocation
        datagram = packets.udp(revocation.home_agent.address, packets.PORT, care_of, packets.PORT, revocation.octets)
        packet = packets.ip(packets.UDP, revocation.home_agent.address, care_of, datagram)
        session.told.discard(link)
        session.links.home.send(packets.frame(session.agent_link["home"], session.links.home.link, packet))
        expect = step.get("acknowledged", {"told": False})
        if "acknowledged" in step:
            self.judged(self.await_message("home"), judge.judge_acknowledgment, revocation, care_of, expect)
        if "ignored" in step or expect.get("told") is False:
            self.expect_silence()
        elif "told" in expect and link not in session.told:
            session.next_of(self, HASTE_S if session.hasty else session.timeout_s, lambda: link in session.told)
        if "told" in expect and (link in session.told) != expect["told"]:
            raise Failed("the node was told that the agent has begun anew" if link in session.told else "the node was not told")

    def judged(self, frame, judge_it, *arguments):
        try:
            judge_it(frame, *arguments, self)
        except Wrong as reason:
            raise Failed(f"{describe(frame)}: {reason}") from None

    def register(self, send, label=None):
        """A registration that goes well from end to end."""
        sent = self.transmit(send)
        if label:
            self.labels[label] = sent
        self.last = sent
        self.follow({"relayed": {}, "answer": {}}, sent)

    # ---- sending

    def transmit(self, send):
        node = self.senders[send.get("node", "mn")]
        if "again" in send:
            sent = self.repeated(send)
        else:
            sent = messages.request(send, self, node, self.agents.get(send.get("home-agent", "ha"), self.agents["ha"]))
        self.session.by_stamp[sent.identification] = self
        sent.source = self.address(send.get("from", sent.fields["home"]), node)
        sent.destination = self.address(send.get("to", "agent"), node)
        sent.port, sent.ttl = node.port, send.get("ttl", 255 if sent.flag("T") else 64)
        datagram = packets.udp(sent.source, sent.port, sent.destination, packets.PORT, sent.octets, send.get("checksum"))
        packet = packets.ip(packets.UDP, sent.source, sent.destination, datagram, sent.ttl)
        to = packets.link_of(sent.destination) or self.session.agent_link["visited"]
        self.session.links.visited.send(packets.frame(to, sent.node.link, packet))
        return sent

    def repeated(self, send):
        """The octets of an earlier request once more; another node may send them."""
        earlier = self.last if send["again"] == "last" else self.labels[send["again"]]
        octets = words_of_home.edited(earlier.octets, send.get("edits", []))
        node = self.senders[send["node"]] if "node" in send else earlier.node
        return messages.Request(octets, node, earlier.home_agent, earlier.fields)

    def reply(self, words, sent):
        """Send a home agent's answer to where the request came from."""
        answer = self.labels[words["again"]] if "again" in words else messages.answer(words, self, sent, sent.relayed.payload)
        self.send_home(
            packets.UDP, words, sent.relayed,
            lambda source, to: packets.udp(
                source, words.get("port", packets.PORT), to, sent.relayed.port, answer.octets, words.get("checksum")
            ),
        )
        return answer

    def send_error(self, words, relayed):
        """An ICMP error by a router on the way, about the request that was relayed."""
        kind, code = words["icmp"]
        quoted = relayed.packet[: words.get("quote", packets.QUOTED)]
        self.send_home(packets.ICMP, words, relayed, lambda source, to: packets.icmp(kind, code, bytes(4), quoted))

    def send_home(self, protocol, words, relayed, payload):
        source = self.address(words.get("from", relayed.destination))
        to = self.address(words.get("to", relayed.source))
        packet = packets.ip(protocol, source, to, payload(source, to))
        home = self.session.links.home
        home.send(packets.frame(self.session.agent_link["home"], home.link, packet))

    # ---- awaiting

    def await_message(self, side):
        """The next message, which must come on that side."""
        session = self.session
        frame = session.next_of(self, HASTE_S if session.hasty else session.timeout_s)
        if frame is None and session.hasty and self is not session.probe_scene:
            frame = self.before_probe()
        if frame is None:
            raise Failed("nothing was relayed to the home agent" if side == "home" else "nothing came to the mobile node")
        if frame.side != side:
            raise Failed(f"{describe(frame)}, which was not expected now")
        return frame

    def expect_silence(self, how=True):
        """`within a second`: who takes longer than that, such as this machine, is owed none."""
        try:
            frame = self.before_probe()
            if frame:
                raise Failed(f"{describe(frame)}, though there must be silence")
        except Failed:
            if how != WITHIN or time.monotonic() < self.began_at + 1:
                raise

    def before_probe(self):
        """What comes of the case before a good registration that begins now has ended; None when nothing does."""
        session, probe = self.session, self.session.probe_scene
        known = len(session.late)
        try:
            probe.register({"lifetime": PROBE_LIFETIME_S})
        except (Failed, Wrong) as reason:
            raise Failed(f"a good registration that followed did not work: {reason}") from None
        mine = [text for case, text in session.late[known:] if case is self.case]
        session.late = [row for row in session.late if row[0] is not self.case]
        if mine:
            raise Failed(f"{mine[0]}, though there must be silence")
        return session.next_of(self, 0)
