"""A network of its own for an agentd that is a foreign agent, and the suite: a visited link, and a link that home agents lie behind.
Needs root.

    with Laboratory(directory, "preset") as laboratory:
        laboratory.run("--only", "foreign-reply-")      # the finished process of tests/conformance/run-foreign
        laboratory.session(2.0)                         # or in this process
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE = os.path.join(HERE, "..")
sys.path.insert(0, os.path.join(SUITE, "../support"))

import profiles  # noqa: E402
from foreign import engine, links, peers  # noqa: E402
from foreign.keys import KEYS  # noqa: E402
from foreign.variants import AGENT, CARE_OF, ROUTER, VARIANTS  # noqa: E402
from laboratory import MutableAgent  # noqa: E402
from namespaces import Link, ip, socket_in  # noqa: E402

PROFILE = os.path.join(SUITE, "hearth-foreign.profile")
NODES = 150


def profile_of(variant):
    return profiles.read(PROFILE, KEYS).overlaid(VARIANTS[variant]["profile"])


class Network(Link):
    """The agent's host, and another with one end of both links: `ends` towards home agents, `visited` towards mobile nodes."""

    def __init__(self):
        super().__init__(f"{CARE_OF[0]}/24", f"{ROUTER}/24")
        self.visited = [end.replace("hv", "hm") for end in self.ends]

    def __enter__(self):
        super().__enter__()
        ip("link", "add", self.visited[0], "netns", self.names[0], "type", "veth", "peer", "name", self.visited[1],
           "netns", self.names[1])
        for name, end in zip(self.names, self.visited):
            ip("-n", name, "link", "set", end, "up")
        ip("-n", self.names[0], "address", "add", f"{AGENT}/24", "dev", self.visited[0])
        for address in CARE_OF[1:]:
            ip("-n", self.names[0], "address", "add", f"{address}/32", "dev", self.ends[0])
        ip("-n", self.names[0], "route", "add", "default", "via", ROUTER)
        return self

    def links(self):
        """Those of the other host, for this process."""
        return links.Links(self.visited[1], self.ends[1], lambda family, kind, protocol: socket_in(self.names[1], kind, family, protocol))


class Laboratory:
    """One agentd with the settings of a variant, and the associations that the cases want."""

    def __init__(self, directory, variant, binary=None, environment=None, nodes=NODES):
        self.variant, self.profile = variant, profile_of(variant)
        self.associations_path = os.path.join(directory, "foreign.associations")
        with open(os.open(self.associations_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.writelines(peers.generated(self.profile, nodes))
        self.network = Network()
        self.agent = MutableAgent(directory, self.configuration(), "", binary, environment or {})

    def configuration(self):
        configuration = {
            "foreign-agent": {"care-of": ",".join(CARE_OF), "associations": self.associations_path, "max-visitors": 60000},
            "advertisement": {"link-1": f"{self.network.visited[0]} foreign", "answers": 10000, "answers-in-all": 100000},
            "process": {"log-level": "notice"},
        }
        for section, options in VARIANTS[self.variant]["configuration"].items():
            configuration.setdefault(section, {}).update(options)
        return configuration

    def run(self, *arguments):
        """tests/conformance/run-foreign against the agent; its output is in .stdout."""
        settings = [f"--set={key}: {value}" for key, value in VARIANTS[self.variant]["profile"].items()]
        return subprocess.run(
            [
                *self.network.inside(1), os.path.join(SUITE, "run-foreign"), "--visited", self.network.visited[1], "--home",
                self.network.ends[1], "--associations", self.associations_path, "--profile", PROFILE, *settings, *arguments,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
        )

    def session(self, timeout_s):
        """One that has begun."""
        stock = peers.Stock(*peers.read(self.associations_path), self.profile)
        session = engine.Session(self.network.links(), stock, self.profile, timeout_s)
        session.start()
        return session

    def __enter__(self):
        self.network.__enter__()
        try:
            self.agent.start(self.network.inside(0))
        except BaseException:
            self.network.__exit__()
            raise
        return self

    def __exit__(self, kind, value, traceback):
        try:
            self.agent.__exit__(kind, value, traceback)
        finally:
            self.network.__exit__()
