"""Run cases against a home agent. A case is data (catalogue.py); this file finds what it needs, sends, awaits, and lets
replies.py judge.

That a message is ignored is shown without waiting: a good request follows it on the same socket, and its answer must be
the first thing that comes. What comes later, until the end of the run, is charged to the case as well.
"""

import ipaddress
import time

import links
import messages
import replies
from associations import Exhausted, PLAIN_NODE, wanted_kind

PROBE_LIFETIME_S = 60
PROBES = 24
HASTE_S = 0.15


class NotApplicable(Exception):
    """This agent, file or machine lacks what the case is about."""


class Failed(Exception):
    """The agent did otherwise."""


class Trouble(Exception):
    """The run makes no sense: nothing said about the agent can be trusted."""


class Session:
    """The agent under test and everything shared by the cases of one run."""

    def __init__(self, target, stock, agents, profile, timeout_s=2.0, hasty=False, again=False):
        self.target = target
        self.stock = stock
        self.agents = agents
        self.profile = profile.overlaid({"home-agent": target[0]}) if profile["home-agent"] is None else profile
        self.timeout_s = timeout_s
        self.hasty = hasty  # an answer that a later request's overtakes is not awaited any longer
        self.again = again  # the agent may know the nodes from an earlier run
        self.probes = []
        self.probe_count = 0
        self.scenes = []

    def take(self, wanted, policy=None):
        """A fresh node; one that another run may have used is deregistered first."""
        return messages.Sender(self.stock.take(wanted, policy))

    def probe(self):
        """Some plain node whose requests must be answered; they take turns."""
        if len(self.probes) < PROBES:
            try:
                self.probes.append(self.take({}))
            except Exhausted:
                if not self.probes:
                    raise
        self.probe_count += 1
        return self.probes[self.probe_count % len(self.probes)]

    def sources(self):
        """Addresses without an association that we may send from."""
        given = self.profile["source-addresses"]
        known = {agent.address for agent in self.agents}
        return [address for address in given if address not in known] or [None]

    def start(self):
        """Before anything is judged: does the agent answer a good request at all, and do the clocks agree?"""
        scene = Scene(self, {"id": "preflight", "send": {}, "expect": {}})
        try:
            reply = scene.probe_on(scene.link("own"))
        except links.Unavailable as error:
            raise Trouble(str(error)) from None
        if reply is None:
            raise Trouble(
                "the agent does not answer a plain registration: is the target right, "
                "and does it know the associations of the file?"
            )

    def run(self, case):
        """`pass`, `fail` or `n/a`, and why."""
        try:
            scene = Scene(self, case)
            self.scenes.append(scene)
            scene.prepare()
            scene.play()
        except (NotApplicable, links.Unavailable) as reason:
            return "n/a", str(reason)
        except (Failed, replies.Wrong) as reason:
            return "fail", str(reason)
        except Exhausted as reason:
            raise Trouble(str(reason)) from None
        return "pass", ""

    def stragglers(self):
        """(case, text) of what came when nothing was expected any more."""
        scene = Scene(self, {"id": "last", "send": {}, "expect": {}})
        link = scene.link("own")
        scene.send_probe(link)
        link.receive(self.timeout_s)
        link.close()
        for earlier in self.scenes:
            for link in earlier.links.values():
                while (found := link.receive(0)) is not None:
                    yield earlier.case, describe(found)

    def close(self):
        for scene in self.scenes:
            for link in scene.links.values():
                link.close()


def describe(found):
    octets, source = found
    if len(octets) >= 20 and octets[0] == 3:
        return f"a reply with code {octets[1]} came from {source[0]}:{source[1]}"
    return f"{len(octets)} octets of type {octets[0] if octets else 'none'} came from {source[0]}:{source[1]}"


class Scene:
    """One case under way: its nodes, its sockets, what was sent."""

    def __init__(self, session, case):
        self.session = session
        self.case = case
        self.profile = session.profile
        self.senders = {}
        self.links = {}
        self.roles = {}  # role of a foreign agent: ForeignAgent
        self.labels = {}
        self.last = None

    # ---- what is needed

    def prepare(self):
        self.need_agents()
        wants = {"mn": self.case.get("node", {}), **self.case.get("nodes", {})}
        policy = self.need_policy(wants)
        for role, wanted in wants.items():
            self.senders[role] = self.session.take(wanted, policy)
        if self.session.again:
            self.clean()

    def need_policy(self, wants):
        """The policy under which the conditions on the agent hold, for all nodes; None is the agent's own settings."""
        found = []
        for policy in [None, *self.profile.policies]:
            limited = with_own_limits(self.profile.with_policy(policy), wants["mn"])
            reason = limited.unmet(self.case.get("agent", {})) or self.lacking(wants, policy)
            if reason is None:
                return policy
            found.append(reason)
        raise NotApplicable(found[0])

    def lacking(self, wants, policy):
        """Which kind of node the file does not have, as text; None when it has all."""
        for wanted in wants.values():
            if not self.session.stock.has(wanted, policy):
                return f"no node like {difference(wanted)} in the associations file"
        return None

    def need_agents(self):
        free = list(self.session.agents)
        for role, wanted in self.case.get("agents", {}).items():
            algorithms = tuple(wanted.get("algorithms", ("hmac-md5",)))
            for agent in free:
                if agent.kind()["algorithms"] == algorithms and links.can_bind(agent.address):
                    self.roles[role] = agent
                    free.remove(agent)
                    break
            else:
                raise NotApplicable(f"no foreign agent with {' and '.join(algorithms)} whose address is ours")

    def clean(self):
        """Deregister the nodes of the case, whatever they have."""
        for sender in self.senders.values():
            if sender.node.replay == "timestamp" and sender.node.home:
                self.exchange({"lifetime": 0, "care-of": "home"}, sender)

    def profile_of(self, node):
        return with_own_limits(self.profile.with_policy(node.policy), node.kind())

    # ---- names

    def link(self, role):
        """`own`; `own-2`, another port; `other`, another address; the role of a foreign agent."""
        if role not in self.links:
            self.links[role] = links.Link(self.source_address(role), self.session.target)
        return self.links[role]

    def source_address(self, role):
        sources = self.session.sources()
        if role in self.roles:
            return self.roles[role].address
        if role in ("own", "own-2"):
            return sources[0]
        if role == "other":
            if len(sources) < 2:
                raise NotApplicable("needs a second of source-addresses")
            return sources[1]
        raise KeyError(f"there is no sender called {role}")

    def foreign_associations(self, agent):
        if agent is not None:
            return agent.associations
        if not self.session.agents:
            raise NotApplicable("no foreign agent in the associations file")
        return self.session.agents[0].associations  # an extension by somebody who is not at this address

    def default_care_of(self, link):
        """A foreign agent's own address, where that can be a care-of address; else a made-up one."""
        address = link.name()[0]
        is_agent = any(link is self.links.get(role) for role in self.roles)
        return "source" if is_agent and not address.startswith("127.") else "coa-1"

    def address(self, word, sender=None, link=None):
        if word in messages.ADDRESSES:
            return messages.ADDRESSES[word]
        if word.startswith("coa-"):
            network = self.profile["care-of"].split("/")[0].split(".")
            return ".".join([*network[:3], str(200 + int(word[4:]))])
        if word in ("agent", "target"):
            return self.profile["home-agent"] if word == "agent" else self.session.target[0]
        if word == "broadcast":
            return self.profile["discovery"]
        if word == "forbidden":
            network = self.profile_of(sender.node)["forbidden-origin"]
            return str(next(ipaddress.IPv4Network(network).hosts()))
        if word in ("home", "source"):
            return (sender.node.home or sender.assigned) if word == "home" else link.name()[0]
        if word == "assigned":
            return sender.assigned
        if word in self.roles:
            return self.roles[word].address
        if word.startswith("home of "):
            return self.senders[word[8:]].node.home
        if word.startswith("assigned of "):
            return self.senders[word[12:]].assigned
        return word

    def nai(self, word, sender):
        """The sender's own, that of another node, or the word itself."""
        if word is None:
            return sender.node.nai
        return self.senders[word[7:]].node.nai if word.startswith("nai of ") else word

    # ---- the play

    def play(self):
        case = self.case
        for step in case.get("before", []):
            self.step(step, "before: ")
        self.step({name: case[name] for name in ("send", "expect", "within") if name in case}, "")
        for step in case.get("after", []):
            self.step(step, "after: ")
        for link in self.links.values():
            found = link.receive(0)
            if found:
                raise Failed(f"unexpected at the end: {describe(found)}")

    def step(self, step, when):
        """One message and what it must bring; `within` repeats it until it does, for so many seconds."""
        for short, expect in (("register", {"code": "accepted"}), ("deregister", {"code": "accepted", "lifetime": 0})):
            if short in step:
                send = step[short]
                if short == "deregister":
                    send = {"lifetime": 0, "care-of": "home", **send}
                step = {**step, "send": send, "expect": {**expect, **step.get("expect", {})}}
        end = time.monotonic() + step["within"] if "within" in step else None
        while True:
            try:
                self.attempt(step)
                return
            except (Failed, replies.Wrong) as reason:
                if end is None or time.monotonic() > end:
                    raise Failed(f"{when}{reason}") from None
                self.watch(0.1)

    def attempt(self, step):
        send, sender = step["send"], self.senders[step["send"].get("node", "mn")]
        expect = step["expect"]
        alternatives = [self.resolve(one, sender) for one in (expect if isinstance(expect, list) else [expect])]
        if needs_first_nonce(send, sender):
            self.synchronise(send, sender)
        sent, found = self.exchange(send, sender, "silence" in alternatives)
        if "label" in step:
            self.labels[step["label"]] = sent
        self.compare(sent, found, alternatives)

    def resolve(self, expect, sender):
        """`unauthentic`: what the agent does when a request that came directly has a wrong authenticator. With the role
        of another node after it: that node's association signs the answer."""
        if not isinstance(expect, str) or not expect.startswith("unauthentic"):
            return expect
        if self.profile_of(sender.node)["answer-failed-authentication"]:
            return {"code": 131, "signed-by": expect.partition(" ")[2] or "any"}
        return "silence"

    def compare(self, sent, found, alternatives):
        if found is None:
            if "silence" not in alternatives:
                raise Failed("no answer came")
            return
        wrong = None
        for expect in alternatives:
            try:
                if expect == "silence":
                    wrong = Failed(f"{describe(found)}, though the message must be ignored")
                    continue
                if "acknowledgment" in expect:
                    replies.judge_acknowledgment(*found, sent, expect["acknowledgment"])
                else:
                    replies.judge(*found, sent, expect, self)
                return
            except (Failed, replies.Wrong) as reason:
                wrong = reason
        if isinstance(wrong, replies.Wrong):
            raise Failed(f"{describe(found)}: {wrong}")
        raise wrong

    def synchronise(self, send, sender):
        """A node with nonces that has none yet asks for one by a request that must be refused with it."""
        first = {name: send[name] for name in ("from", "node") if name in send}
        sent, found = self.exchange({**first, "identification": "nonce none"}, sender)
        self.compare(sent, found, [{"code": [0, 1, 133]}])

    # ---- sending and awaiting

    def build(self, send, sender, link, agent):
        if "again" in send:
            return self.repeat(send, sender, link)
        if "raw" in send:
            return messages.Sent(bytes.fromhex(send["raw"]), sender, link, {"lifetime": 0, "home": "0.0.0.0"}, [], agent)
        if "revocation" in send:
            return messages.revocation(send, self, sender, link, agent)
        return messages.request(send, self, sender, link, agent)

    def repeat(self, send, sender, link):
        """The octets of an earlier message: the last one, or by its label."""
        earlier = self.last if send["again"] == "last" else self.labels[send["again"]]
        octets = messages.edited(earlier.octets, send.get("edits", []))
        agent = self.agent_of(send.get("from", "own"))
        sent = messages.Sent(octets, earlier.sender, link, earlier.fields, earlier.associations, agent)
        sent.asked = earlier.asked
        if hasattr(earlier, "identifier"):
            sent.identifier = earlier.identifier
        return sent

    def agent_of(self, role):
        return self.roles.get(role)

    def exchange(self, send, sender, silent=False):
        """Send; the first thing that comes back before a later request is answered, or None."""
        role = send.get("from", "own")
        link = self.link(role)
        self.keep_distance(sender)
        sent = self.build(send, sender, link, self.agent_of(role))
        self.last = sent
        self.transmit(send, sent, link)
        if silent:
            return sent, self.before_probe(link)
        found = link.receive(HASTE_S if self.session.hasty else self.session.timeout_s)
        if found is None and self.session.hasty:
            found = self.before_probe(link)
        return sent, found

    def transmit(self, send, sent, link):
        if "checksum" in send:
            link.send_with_checksum(sent.octets, send["checksum"])
        elif send.get("to") == "discovery":
            link.send(sent.octets, (self.profile["discovery"], self.session.target[1]))
        elif send.get("to") == "all-ones":
            link.send(sent.octets, ("255.255.255.255", self.session.target[1]))
        else:
            link.send(sent.octets)
        sent.sender.last_sent_at = time.monotonic()

    def keep_distance(self, sender):
        """As far from this node's last request as the agent wants; nothing may come meanwhile."""
        spacing_s = self.profile["spacing"] / 1000
        left = sender.last_sent_at + spacing_s - time.monotonic()
        if spacing_s and left > 0:
            self.watch(left)

    def watch(self, seconds):
        """Time passes; nobody may send us anything."""
        end = time.monotonic() + seconds
        for link in self.links.values():
            found = link.receive(max(0.0, end - time.monotonic()))
            if found:
                raise Failed(f"unasked: {describe(found)}")

    def send_probe(self, link):
        sender = self.session.probe()
        self.keep_distance(sender)
        agent = next((self.roles[role] for role, one in self.links.items() if one is link and role in self.roles), None)
        probe = messages.request({"care-of": "coa-9", "lifetime": PROBE_LIFETIME_S}, self, sender, link, agent)
        link.send(probe.octets)
        sender.last_sent_at = time.monotonic()
        return probe

    def is_answer_to(self, probe, found):
        return found[0][:1] == b"\3" and found[0][12:20] == probe.octets[16:24] and found[0][4:8] == probe.octets[4:8]

    def before_probe(self, link):
        """What comes before a good request is answered that we send now; None when nothing does."""
        probe = self.send_probe(link)
        first = link.receive(self.session.timeout_s)
        if first is None:
            raise Failed("not even a good request that followed was answered")
        if self.is_answer_to(probe, first):
            return None
        second = link.receive(self.session.timeout_s)
        if second is None or not self.is_answer_to(probe, second):
            raise Failed(f"{describe(first)}, and a good request that followed was not answered")
        return first

    def probe_on(self, link):
        """The answer to a good request, or None. Clocks that disagree are Trouble."""
        probe = self.send_probe(link)
        found = link.receive(max(self.session.timeout_s, 5.0))
        if found and found[0][:2] == b"\3\x85":
            agents = int.from_bytes(found[0][12:16], "big")
            ours = int.from_bytes(probe.octets[16:20], "big")
            raise Trouble(
                f"a plain registration is refused with 133: the agent's clock is {agents - ours} s ahead of ours; both "
                "must be right, and the nodes must not have registered with a later time before"
            )
        return found


def with_own_limits(profile, kind):
    """A profile as it is for nodes of a kind: limits in an association go before the agent's."""
    own = {"simultaneous": kind.get("bindings"), "tolerance": kind.get("tolerance")}
    return profile.overlaid({name: str(value) for name, value in own.items() if value is not None})


def needs_first_nonce(send, sender):
    """Only where the case does not say itself which nonce."""
    return (
        sender.node.replay == "nonce" and not sender.nonces and "again" not in send and "raw" not in send
        and not send.get("identification", "nonce last").startswith("nonce none")
    )


def difference(wanted):
    """How a wanted node differs from a plain one."""
    full = wanted_kind(wanted)
    return ", ".join(f"{name}={show(v)}" for name, v in full.items() if v != PLAIN_NODE[name]) or "a plain one"


def show(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "+".join(value) or "none" if isinstance(value, tuple) else value
