"""A real agentd for tests: its own directory, port, configuration and associations.

    with Agent(directory) as agent:
        agent.ctl("bindings")            # records, parsed from agentctl --json
        agent.kill()                     # SIGKILL
        agent.start()                    # again, over the same directory

Readiness is awaited by asking agentctl, never by waiting a while. HEARTH_BUILD names the build that is tested.
HEARTH_AGENTCTL may name an agentctl without sanitizers of the same source, for what is asked again and again.
"""

import copy
import json
import os
import signal
import socket
import subprocess

import yaml
from waiting import wait_for, wait_until_holds

BUILD = os.environ.get("HEARTH_BUILD") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build")

# What a test gets unless it says otherwise: small enough to start at once, root so that any directory will do.
CONFIGURATION = {
    "home-agent": {"address": "127.0.0.1"},
    "registration": {"minimum-interval": 0, "lifetime-jitter": 0},
    "capacity": {"nodes": 1000, "associations": 2000, "bindings": 4000},
    "storage": {"log-segment": 4, "log-segments": 4, "store-map": 64, "checkpoint-interval": 1},
    "process": {"user": "root", "log-level": "debug"},
    "snmp": {"mode": "off"},
}

ASSOCIATIONS = [
    {"kind": "mobile", "home": "10.0.0.1", "spi": 256, "algorithm": "hmac-md5", "key": bytes(range(16)).hex()},
    {"kind": "mobile", "home": "10.0.0.2", "spi": 256, "algorithm": "hmac-md5", "key": bytes(range(16, 32)).hex()},
]


asked_before = set()  # words that the agentctl of the build was asked with


def program(name):
    """Path of a built program."""
    path = os.path.join(BUILD, "agentd/programs", name)
    assert os.access(path, os.X_OK), f"{path} is not built; name a build with HEARTH_BUILD"
    return path


def association_line(association):
    """A row like those of ASSOCIATIONS as a line of an association file."""
    fields = [f"{name}={value}" for name, value in association.items() if name != "kind"]
    return " ".join([association["kind"]] + fields) + "\n"


def free_port(address):
    """A UDP port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Refused(Exception):
    """agentctl ended with a status other than 0."""

    def __init__(self, status, text):
        super().__init__(f"agentctl ended with {status}: {text}")
        self.status = status
        self.text = text


class Agent:
    """One agentd. Attributes for clients: address, port, associations, log_path, data_directory."""

    def __init__(self, directory, configuration=None, associations=None):
        self.directory = directory
        self.associations = ASSOCIATIONS if associations is None else associations
        self.configuration = copy.deepcopy(CONFIGURATION)
        for section, options in (configuration or {}).items():
            self.configuration.setdefault(section, {}).update(options or {})
            if options is None:  # no such section: a process without a home agent
                del self.configuration[section]
        self.address = self.configuration.get("home-agent", {}).get("address")
        self.data_directory = os.path.join(directory, "data")
        self.socket_path = os.path.join(directory, "agentd.sock")
        self.log_path = os.path.join(directory, "agentd.log")
        self.configuration_path = os.path.join(directory, "agentd.yaml")
        self.process = None
        self.prepare()

    def prepare(self):
        """Write the files that agentd reads."""
        os.makedirs(self.data_directory, mode=0o700, exist_ok=True)
        associations = self.write_associations("associations", self.associations)
        if self.address:
            if "port" not in self.configuration["home-agent"]:
                self.configuration["home-agent"]["port"] = free_port(self.address)
            self.port = self.configuration["home-agent"]["port"]
        self.configuration["storage"].setdefault("directory", self.data_directory)
        self.configuration["storage"].setdefault("associations", associations)
        self.configuration["process"].setdefault("control-socket", self.socket_path)
        self.write_configuration()

    def write_associations(self, name, rows):
        path = os.path.join(self.directory, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.writelines(association_line(row) for row in rows)
        return path

    def add_group(self, number, home_agent, associations=(), **sections):
        """One more home agent of the process, from its next start on: options of home-agent, and of other sections. The path of
        its file."""
        path = os.path.join(self.directory, f"group-{number}.yaml")
        configuration = {
            "home-agent": home_agent,
            "registration": dict(self.configuration["registration"]),
            "capacity": dict(self.configuration["capacity"]),
            "storage": {"store-map": self.configuration["storage"]["store-map"], "checkpoint-interval": 1,
                        "associations": self.write_associations(f"associations-{number}", associations)},
        }
        for section, options in sections.items():
            configuration.setdefault(section, {}).update(options)
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump(configuration, file, sort_keys=False)
        self.configuration.setdefault("groups", {})[f"group-{number}"] = path
        self.write_configuration()
        return path

    def write_configuration(self):
        with open(self.configuration_path, "w", encoding="utf-8") as file:
            yaml.safe_dump(self.configuration, file, sort_keys=False)

    def spawn(self, prefix=()):
        """Start the process without awaiting anything. `prefix`: a command that runs it, such as ip netns exec."""
        assert self.process is None, "it runs already"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, program("agentd"), "--config", self.configuration_path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )

    def start(self, prefix=()):
        """Start and await that it answers."""
        self.spawn(prefix)
        wait_for(self.answers, "agentd answers agentctl")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"agentd ended with {self.process.returncode} while starting:\n{self.log()}")
        if not os.path.exists(self.configuration["process"]["control-socket"]):
            return False  # there is nobody to ask yet
        try:
            return bool(self.ctl("status"))
        except Refused:
            return False

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def ctl_raw(self, *arguments, stdin=None, json_output=True, environment=None, agentctl=None):
        """Run agentctl, that of the build or another; the finished process."""
        command = [agentctl or program("agentctl"), "--socket", self.configuration["process"]["control-socket"]]
        command += ["--json"] if json_output else []
        return subprocess.run(
            command + list(arguments), input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, env=environment,
        )

    def ctl(self, *arguments, stdin=None):
        """The answer of agentctl, parsed. Refused with status and text when it is not 0. It is asked time and again for what is
        awaited: a sanitizer in it looks at the first of equal questions, and for leaks only if asked by ctl_raw."""
        again = arguments in asked_before and stdin is None
        asked_before.add(arguments)
        options = f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"
        done = self.ctl_raw(*arguments, stdin=stdin, environment={**os.environ, "ASAN_OPTIONS": options},
                            agentctl=os.environ.get("HEARTH_AGENTCTL") if again else None)
        if done.returncode != 0:
            raise Refused(done.returncode, done.stderr.strip())
        return json.loads(done.stdout)

    def figures(self):
        """What became of requests, by kind; nothing must be under way. Each has one outcome, which is counted after the reply has
        left."""
        def each_has_its_outcome():
            rows = {row.pop("kind"): row for row in self.ctl("figures")}
            assert list(rows) == ["initial", "refresh", "move", "deregister"]
            for kind, row in rows.items():
                assert row["received"] == row["accepted"] + row["denied"] + row["unanswered"], f"{kind}: {row}"
            return rows

        return wait_until_holds(each_has_its_outcome)

    def stop(self):
        """SIGTERM; the exit status."""
        return self.end(signal.SIGTERM)

    def kill(self):
        """SIGKILL, as a crash would."""
        return self.end(signal.SIGKILL)

    def end(self, number):
        process, self.process = self.process, None
        process.send_signal(number)
        try:
            return process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"agentd did not end after signal {number}:\n{self.log()}") from None

    def restart(self):
        self.stop()
        return self.start()

    def __enter__(self):
        return self.start() if self.process is None else self

    def __exit__(self, kind, value, traceback):
        if self.process is None:
            return
        running = self.process.poll() is None
        if not running or kind is not None:
            print(f"---- log of agentd\n{self.log()[-20000:]}")
        if not running:
            status, self.process = self.process.returncode, None
            raise AssertionError(f"agentd ended by itself with {status}")
        status = self.stop()
        if kind is None:
            assert status == 0, f"agentd ended with {status} after SIGTERM:\n{self.log()[-20000:]}"
