"""All attacks at once, beside an honest load: what must hold meanwhile and afterwards.

Floods of every kind are thrown at one agent while its nodes register, move and deregister, and everything they asked and
were promised is recorded. Then: the agent is alive and ends in peace (a sanitizer would make that a failure), every
binding that it lists is one that a node asked for, none that was promised is missing, its memory has stopped growing, and
its log has few lines.
"""

import json
import os
import subprocess
import time

import agent as support
from processes import anonymous_octets
from waiting import wait_for

NODES = 2000
FLOODS = ("forged", "forged-unknown", "malformed", "replayed", "oversize")
LOG_LINES_PER_S = 10
LOG_LINES_BESIDE = 100  # of start, end, and what the operator does
GROWTH_MAX = 64 << 20  # octets after the first third; sanitizers keep a little of what is freed
QUARANTINE = "quarantine_size_mb=16"  # so little, of AddressSanitizer


class Broken(AssertionError):
    """Something that must hold does not."""


def associations():
    lines = subprocess.run([support.program("agentload"), "associations", "--nodes", str(NODES)], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    for line in lines:
        kind, *fields = line.split()
        yield {"kind": kind, **dict(field.split("=", 1) for field in fields)}


class Attack:
    """One agent, its nodes, and those who mean it no good."""

    def __init__(self, directory, seconds, rate):
        self.seconds = seconds
        self.rate = rate  # of each flood, datagrams per second
        self.record = os.path.join(directory, "record")
        self.running = []
        os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), QUARANTINE]))
        self.agent = support.Agent(
            directory, {"capacity": {"nodes": NODES, "associations": NODES, "bindings": NODES},
                        "process": {"network-threads": 2, "log-level": "info"}}, list(associations()))

    def arguments(self):
        return ["--target", f"{self.agent.address}:{self.agent.port}", "--nodes", str(NODES), "--record", self.record]

    def load(self, *arguments, **options):
        return subprocess.Popen([support.program("agentload"), *self.arguments(), *arguments], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def result(self, process, given=None):
        output, errors = process.communicate(given, timeout=self.seconds + 300)
        if not output:
            raise Broken(f"agentload: {errors}")
        return json.loads(output)

    def memory(self):
        return anonymous_octets(self.agent.process.pid)

    def begin(self):
        """The floods come from addresses of their own; the captured requests are those of a first round."""
        registered = self.result(self.load("--tries", "0", "register"))
        if registered["accepted"] != NODES:
            raise Broken(f"not all nodes could register: {registered}")
        for number, kind in enumerate(FLOODS):
            self.running.append((kind, self.load("--kind", kind, "--source", f"127.0.0.{2 + number}", "--sockets", "1",
                                                 "--rate", str(self.rate), "--duration", str(self.seconds), "flood")))
        self.running.append(("honest", self.load("--window", "64", "--tries", "0", "--duration", str(self.seconds), "mix")))

    def growth(self):
        """Octets that the agent's memory grew by after the first third."""
        start = time.monotonic()
        wait_for(lambda: time.monotonic() > start + self.seconds / 3, "a third is over", seconds=self.seconds + 60)
        before = self.memory()
        wait_for(lambda: all(process.poll() is not None for _, process in self.running), "all are through",
                 seconds=self.seconds + 300)
        return self.memory() - before

    def verified(self):
        def is_stored():
            status = self.agent.ctl("status")
            return status["store_index"] == status["applied_index"]
        wait_for(is_stored, "the store holds what was applied")
        listing = "".join(f"{row['home']} {row['care_of']} 0x{row['identification']}\n" for row in self.agent.ctl("bindings"))
        return self.result(self.load("verify"), listing)

    def run(self):
        """What happened, as numbers. Broken when something does not hold."""
        began = time.monotonic()
        with self.agent:
            self.begin()
            grown = self.growth()
            results = {name: self.result(process) for name, process in self.running}
            verified = self.verified()
        lines = self.agent.log().count("\n")
        numbers = {"seconds": round(time.monotonic() - began, 1), "grown_bytes": grown, "log_lines": lines,
                   "honest_answered": results["honest"]["answered"], "bindings": verified["bindings"],
                   **{f"{kind}_sent": results[kind]["sent"] for kind in FLOODS},
                   **{name: verified[name] for name in ("lost", "resurrected", "unexplained")}}
        self.judge(numbers, results)
        return numbers

    @staticmethod
    def judge(numbers, results):
        wrong = [name for name in ("lost", "resurrected", "unexplained") if numbers[name]]
        wrong += [kind for kind in FLOODS if kind != "replayed" and results[kind]["accepted"]]
        if results["honest"]["bad"] or not numbers["honest_answered"]:
            wrong.append("honest load")
        if numbers["grown_bytes"] > GROWTH_MAX:
            wrong.append("memory")
        if numbers["log_lines"] > LOG_LINES_BESIDE + LOG_LINES_PER_S * numbers["seconds"]:
            wrong.append("log")
        if wrong:
            raise Broken(f"{', '.join(wrong)}: {json.dumps(numbers)}, honest: {json.dumps(results['honest'])}")

    def end(self):
        for _, process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()
