"""What the benchmarks share: an agent that is measured, the load, the yardstick, and what a measurement is worth."""

import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))

import agent as support  # noqa: E402
from processes import die_with_parent  # noqa: E402
from waiting import NotYet, wait_for  # noqa: E402, F401

MEMORY_FILE_SYSTEMS = ("tmpfs", "ramfs")


class Invalid(Exception):
    """The measurement does not say what it should."""


def tell(text):
    print(text, file=sys.stderr, flush=True)


class Measured(support.Agent):
    """An agent with so many mobile nodes, whose associations come from agentload."""

    def __init__(self, directory, nodes, options, configuration=None):
        self.nodes = nodes
        self.options = options
        os.mkdir(directory)
        wanted = {
            "capacity": {"nodes": nodes, "associations": nodes, "bindings": nodes},
            "registration": {"max-lifetime": 65534},
            "storage": {"log-segment": 64, "log-segments": 16, "store-map": max(256, nodes * 4096 >> 20),
                        "checkpoint-interval": options.checkpoint_interval},
            "process": {"user": "root", "log-level": "notice", "network-threads": options.network_threads},
        }
        for section, values in (configuration or {}).items():
            wanted.setdefault(section, {}).update(values)
        super().__init__(directory, wanted, associations=[])
        path = self.configuration["storage"]["associations"]
        with open(path, "wb") as file:
            subprocess.run([support.program("agentload"), "associations", "--nodes", str(nodes)], stdout=file,
                           check=True)

    def spawn(self, prefix=()):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, support.program("agentd"), "--config", self.configuration_path], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=die_with_parent)

    def status(self):
        return self.ctl("status")

    def is_settled(self):
        """The store holds everything."""
        status = self.status()
        return status["store_index"] == status["applied_index"]

    def settle(self):
        wait_for(self.is_settled, "the store holds everything", seconds=300)

    def load_arguments(self):
        return ["--target", f"{self.address}:{self.port}", "--nodes", str(self.nodes), "--lifetime", "65534",
                "--window", str(min(self.options.load_window, self.nodes // 2))]

    def register_all(self):
        result = run_load([*self.load_arguments(), "register"])
        if result["accepted"] != self.nodes:
            raise Invalid(f"{result['accepted']} of {self.nodes} nodes were registered")
        self.settle()

    def memory(self):
        """Octets of memory that are this process's own: anonymous, huge pages, shared anonymous."""
        total = 0
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.split(":")[0] in ("Anonymous", "Private_Hugetlb", "Shared_Hugetlb"):
                    total += int(line.split()[1]) << 10
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            total += sum(int(line.split()[1]) << 10 for line in file if line.startswith("RssShmem"))
        return total

    def store_octets(self):
        """Pages of the store's file that were ever used."""
        lines = subprocess.run(["mdb_stat", "-e", os.path.join(self.data_directory, "store")], check=True,
                               capture_output=True, text=True).stdout.splitlines()
        values = dict(line.strip().split(": ") for line in lines if ": " in line)
        return int(values["Number of pages used"]) * int(values["Page size"])

    def time_to_answer(self, number):
        """Seconds from exec to the first accepted answer, after the process was ended by a signal."""
        self.end(number)
        probe = subprocess.Popen(
            [support.program("agentload"), *self.load_arguments(), "--nodes", "1", "--window", "1", "--timeout", "0.002",
             "--tries", "0", "--until-accepted", "refresh"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=die_with_parent)
        started_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self.spawn()
        output, _ = probe.communicate(timeout=120)
        return (json.loads(output)["first_accepted_ns"] - started_ns) / 1e9


def run_command(command, enough=None):
    """Run an agentload to its end, or until `enough`, asked a few times a second, is true; its result."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=die_with_parent)
    while True:
        try:
            output, errors = process.communicate(timeout=0.25)
            break
        except subprocess.TimeoutExpired:
            if enough and enough():
                process.terminate()  # it stops sending, awaits what is under way and reports
                enough = None
    if not output:
        raise Invalid(f"agentload: {errors.strip()}")
    result = json.loads(output)
    if result["bad"] or set(result["codes"]) - {"0", "1"}:
        raise Invalid(f"not all answers were acceptances: {output}")
    return result


def run_load(arguments, enough=None):
    """The same, of an agent in this network namespace."""
    return run_command([support.program("agentload"), *arguments], enough)


class Echo:
    """The yardstick."""

    def __init__(self, options):
        self.port = support.free_port("127.0.0.1")
        self.options = options
        path = os.path.join(support.BUILD, "tests/bench/bench_echo")
        self.process = subprocess.Popen([path, str(self.port)], stdout=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        self.process.stdout.readline()

    def rate(self, nodes):
        return run_load(["--target", f"127.0.0.1:{self.port}", "--nodes", str(nodes), "--echo", "--window",
                         str(self.options.load_window), "--duration", str(self.options.echo_window),
                         "move"])["rate_per_s"]

    def end(self):
        self.process.kill()
        self.process.wait()


def file_system_of(path):
    """Type of the file system that holds a path."""
    best, kind = "", ""
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            _, place, this, *_ = line.split()
            if len(place) >= len(best) and os.path.commonpath([place, os.path.realpath(path)]) == place:
                best, kind = place, this
    return kind


def broken_limits(limits, result):
    """Sentences about what is not as promised; `limits`: rows of key, "at least" or "at most", and the limit."""
    for key, kind, limit in limits:
        if (result[key] < limit) if kind == "at least" else (result[key] > limit):
            yield f"{key} is {result[key]}, {kind} {limit} is wanted"


def end_on(number, frame):
    del frame
    sys.exit(128 + number)
