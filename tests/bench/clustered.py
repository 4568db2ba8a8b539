"""A cluster that is measured: members on a switch, so many mobile nodes, their load."""

import json
import os
import subprocess

from measuring import Invalid, die_with_parent, run_command, support, tell, wait_for

from cluster import ADDRESS, CLIENT, PORT, Cluster

START_S = 600
ECHO_PORT = 4342
CLIENT_HOME = "10.0.0.0"  # of the node that a watch registers; the load's follow
FIRST_HOME = "10.0.0.1"


class MeasuredCluster(Cluster):
    """`nodes` of the load; one more is there for a watch."""

    def __init__(self, directory, nodes, shape, configuration=None):
        self.nodes = nodes
        self.record = os.path.join(directory, "record")
        associations = os.path.join(directory, "associations")
        with open(os.open(associations, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            subprocess.run([support.program("agentload"), "associations", "--nodes", str(nodes + 1), "--first-home",
                            CLIENT_HOME], stdout=file, check=True)
        wanted = {
            "capacity": {"nodes": nodes + 1, "associations": nodes + 1, "bindings": nodes + 1},
            "registration": {"max-lifetime": 65534},
            "storage": {"log-segment": 64, "log-segments": 16, "store-map": max(256, nodes * 4096 >> 20),
                        "associations": associations},
            "process": {"user": "root", "log-level": "notice"},
        }
        for section, options in (configuration or {}).items():
            wanted.setdefault(section, {}).update(options)
        super().__init__(directory, *shape, configuration=wanted, associations=[])

    def start(self, *members):
        members = members or self.members.values()
        for member in members:
            if member.process is None:
                member.spawn()
        for member in members:
            wait_for(member.answers, f"member {member.number} answers", seconds=START_S)

    # ---- load ----

    def load(self, *arguments):
        """Of all nodes but the watch's."""
        return self.load_command("--nodes", self.nodes, "--first-home", FIRST_HOME, "--lifetime", 65534, *arguments)

    def measure(self, *arguments, enough=None):
        """agentload to its end, or until `enough`; its result, with its answers all acceptances."""
        return run_command(self.load(*arguments), enough)

    def register_all(self, window, *arguments):
        self.await_leader(seconds=START_S)
        result = self.measure("--window", window, "--tries", 0, *arguments, "register")
        if result["accepted"] != self.nodes:
            raise Invalid(f"{result['accepted']} of {self.nodes} nodes were registered")

    def echo_rate(self, host, address, seconds, window):
        """Datagrams a second that a bare echo on a host returns to the client."""
        echo = subprocess.Popen([*self.switch.inside(host), os.path.join(support.BUILD, "tests/bench/bench_echo"),
                                 str(ECHO_PORT), address], stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        try:
            echo.stdout.readline()
            command = [*self.switch.inside(CLIENT), support.program("agentload"), "--target", f"{address}:{ECHO_PORT}",
                       "--nodes", str(self.nodes), "--echo", "--window", str(window), "--duration", str(seconds), "move"]
            return run_command(command)["rate_per_s"]
        finally:
            echo.kill()
            echo.wait()

    def watch_command(self):
        return [*self.inside(), support.program("agentload"), "--target", f"{ADDRESS}:{PORT}", "--first-home", CLIENT_HOME]

    # ---- state ----

    def lost(self):
        """Promises of the record that a data member does not keep, as the worst one has it."""
        worst = 0
        for member in self.data():
            listing = "".join(line + "\n" for line in member.listing().splitlines() if not line.startswith(CLIENT_HOME + " "))
            done = subprocess.run([support.program("agentload"), "--record", self.record, "verify"], input=listing,
                                  capture_output=True, text=True, timeout=600)
            if not done.stdout:
                raise Invalid(f"agentload verify: {done.stderr.strip()}")
            tell(done.stdout.strip() + done.stderr)
            result = json.loads(done.stdout)
            worst = max(worst, result["lost"] + result["resurrected"] + result["unexplained"])
        return worst

