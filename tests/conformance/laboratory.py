"""A network of its own for an agentd and the suite: home agent, foreign agents and nodes have addresses like real ones, and
the home network has a broadcast address. Needs root.

    with Laboratory(directory, "preset") as laboratory:
        laboratory.run("--only", "auth-")      # the finished process of tests/conformance/run
"""

import functools
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))

from agent import BUILD, Agent, program  # noqa: E402
from namespaces import Link, ip  # noqa: E402
from variants import SETTINGS, VARIANTS  # noqa: E402

HOME_AGENT, ROUTER, HOME_PREFIX, HOME_BROADCAST = "192.0.2.1", "192.0.2.77", 24, "192.0.2.255"
FOREIGN_AGENTS = "198.51.100.0/26"  # the first of them, as make_associations hands them out
FOREIGN_AGENT_COUNT = 12
NODES = ("203.0.113.1", "203.0.113.2")  # where requests without a foreign agent come from
PORT = 434


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL).stdout


@functools.cache
def generated(*settings):
    """The associations for a profile; the same for all agents that have it."""
    return output_of(
        os.path.join(HERE, "make_associations"), "--profile", os.path.join(HERE, "hearth.profile"),
        "--foreign-agents", FOREIGN_AGENTS, *settings,
    )


class Network(Link):
    """The home agent's host on the home network, and another there that everybody else's addresses lie behind."""

    def __init__(self):
        super().__init__(f"{HOME_AGENT}/{HOME_PREFIX}", f"{ROUTER}/{HOME_PREFIX}")

    def __enter__(self):
        super().__enter__()
        first = FOREIGN_AGENTS.rsplit(".", 1)[0]
        for address in [f"{first}.{n}" for n in range(1, FOREIGN_AGENT_COUNT + 1)] + list(NODES):
            ip("-n", self.names[1], "address", "add", f"{address}/32", "dev", self.ends[1])
        ip("-n", self.names[0], "route", "add", "default", "via", ROUTER)
        ip("-n", self.names[1], "route", "add", "default", "dev", self.ends[1])
        return self


class Laboratory:
    """One agentd with the settings of a variant, and the associations that the cases want."""

    def __init__(self, directory, variant, binary=None, environment=None):
        self.variant = VARIANTS[variant]
        self.directory = directory
        self.associations_path = os.path.join(directory, "conformance.associations")
        self.network = Network()
        self.agent = MutableAgent(directory, self.configuration(), self.make_associations(), binary, environment or {})

    def settings(self):
        """The profile of the variant as arguments."""
        values = {"source-addresses": " ".join(NODES), "discovery": HOME_BROADCAST, **self.variant["profile"]}
        return [f"--set={key}: {value}" for key, value in values.items()]

    def make_associations(self):
        """The file for the suite; the same with settings, for agentd, is returned."""
        text = generated(*self.settings())
        with open(os.open(self.associations_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        return "".join(f"set {name} {value}\n" for name, value in SETTINGS.items()) + text

    def configuration(self):
        configuration = {
            "home-agent": {"address": HOME_AGENT, "port": PORT},
            "process": {"log-level": "notice"},
            "capacity": {"nodes": 4000, "associations": 4000, "bindings": 16000},
        }
        for section, options in self.variant["configuration"].items():
            configuration.setdefault(section, {}).update(options)
        return configuration

    def run(self, *arguments):
        """tests/conformance/run against the agent; its output is in .stdout."""
        return subprocess.run(
            [
                *self.network.inside(1), os.path.join(HERE, "run"), "--target", f"{HOME_AGENT}:{PORT}",
                "--associations", self.associations_path, "--profile", os.path.join(HERE, "hearth.profile"),
                *self.settings(), *arguments,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
        )

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


class MutableAgent(Agent):
    """An agentd of another build, with an environment, and an associations file as it stands."""

    def __init__(self, directory, configuration, associations, binary, environment):
        super().__init__(directory, configuration, [])
        with open(self.configuration["storage"]["associations"], "w", encoding="utf-8") as file:
            file.write(associations)
        self.binary = binary or program("agentd")
        self.environment = environment

    def spawn(self, prefix=()):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, self.binary, "--config", self.configuration_path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.environment},
            )
