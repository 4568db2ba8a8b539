"""Crashes and power cuts under load, and whether every promise was kept.

A chain is one data directory over several lives of agentd. Each life ends in a kill -9 (at a random time, or at a random
call that touches the disk, also while it starts) or, with the recorder's help, in a power cut. The next life must start,
and hold what was acknowledged in all lives before; then accepted requests are replayed to it, and the load goes on.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))

import agent as support  # noqa: E402
from powercut import Disk, Style, read_journal  # noqa: E402
from processes import die_with_parent  # noqa: E402
from waiting import wait_for  # noqa: E402

COUNTS = ("runs", "kills", "power_cuts", "stops", "acknowledged", "unanswered", "lost", "resurrected", "unexplained",
          "replayed", "replays_accepted", "restarts", "restarts_failed", "crashed", "escaped")
FAULTS = ("lost", "resurrected", "unexplained", "replays_accepted", "restarts_failed", "crashed", "escaped")


def recorder_path():
    return os.path.join(support.BUILD, "tests/chaos/recorder.so")


class Victim(support.Agent):
    """An agentd that is about to die."""

    binary = None
    environment = None

    def spawn(self, prefix=()):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, self.binary, "--config", self.configuration_path], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=self.environment, preexec_fn=die_with_parent)

    def gone(self):
        return self.process.poll() is not None

    def is_ready(self):
        """It answers, or it is gone."""
        return self.gone() or self.answers_now()

    def answers_now(self):
        try:
            return bool(self.ctl("status"))
        except support.Refused:
            return False

    def store_is_current(self):
        status = self.ctl("status")
        return status["store_index"] == status["applied_index"]


def run_agentload(arguments, **options):
    return subprocess.run([support.program("agentload"), *arguments], capture_output=True, text=True, timeout=120,
                          preexec_fn=die_with_parent, **options)


class Chain:
    """One data directory, over several lives of an agent."""

    def __init__(self, directory, options, dice, recorded):
        self.options = options
        self.dice = dice
        self.recorded = recorded
        self.nodes = dice.choice((20, 200, 1000))
        self.bindings = dice.choice((1, 2, 3, 8))  # of one node at once
        self.disk = Disk() if recorded else None
        self.record = os.path.join(directory, "record")
        self.journal = os.path.join(directory, "journal")
        self.counted = {"acknowledged": 0, "unanswered": 0}  # of the record, in earlier checks
        self.startup_entries = 100
        self.victim = Victim(directory, self.configuration(), self.associations())
        self.victim.binary = options.binary
        self.load = None

    def configuration(self):
        return {
            "capacity": {"nodes": self.nodes, "associations": self.nodes, "bindings": self.bindings * self.nodes},
            "storage": {"log-segment": self.dice.choice((1, 2)), "log-segments": 3, "store-map": 16,
                        "checkpoint-interval": 1},
            "process": {"user": "root", "log-level": "notice",
                        "network-threads": self.dice.choice((1, 1, 2))},
        }

    def associations(self):
        lines = run_agentload(["associations", "--nodes", str(self.nodes), "--bindings", str(self.bindings)]).stdout.splitlines()
        rows = []
        for line in lines:
            kind, *fields = line.split()
            rows.append({"kind": kind, **dict(field.split("=", 1) for field in fields)})
        return rows

    # ---- a life ----

    def start(self, kill_at=0):
        """True when it answers, False when it died on the way."""
        self.victim.environment = dict(os.environ)
        if self.recorded:
            if os.path.exists(self.journal):
                os.unlink(self.journal)
            self.victim.environment.update({
                "LD_PRELOAD": recorder_path(),
                "HEARTH_RECORDER_DIRECTORY": os.path.realpath(self.victim.data_directory),
                "HEARTH_RECORDER_JOURNAL": self.journal,
                "HEARTH_RECORDER_KILL_AT": str(kill_at),
            })
        self.victim.spawn()
        wait_for(self.victim.is_ready, "agentd answers or ends")
        alive = not self.victim.gone()
        if alive and self.recorded and not kill_at:
            self.startup_entries = sum(1 for _ in read_journal(self.journal))
        return alive

    def agentload(self, *arguments, **options):
        target = ["--target", f"{self.victim.address}:{self.victim.port}", "--nodes", str(self.nodes),
                  "--record", self.record]
        return run_agentload([*target, *arguments], **options)

    def check(self, totals):
        """Hold what it has against what was promised, twice: replays in between must not change anything."""
        if not os.path.exists(self.record):
            return
        self.verify(totals, settle=True)
        done = self.agentload("replay", "--count", "150", "--timeout", "0.2", "--seed",
                              str(self.dice.randrange(1 << 31)))
        result = self.result_of(done)
        totals["replayed"] += result["replayed"]
        totals["replays_accepted"] += result["replays_accepted"]
        self.verify(totals, settle=False)

    def verify(self, totals, settle):
        wait_for(self.victim.store_is_current, "the store holds what was applied")
        listing = "".join(f"{row['home']} {row['care_of']} 0x{row['identification']}\n"
                          for row in self.victim.ctl("bindings"))
        result = self.result_of(self.agentload("verify", *(["--settle"] if settle else []), input=listing))
        for name in ("lost", "resurrected", "unexplained"):
            totals[name] += result[name]
        for name, before in self.counted.items():
            totals[name] += result[name] - before
            self.counted[name] = result[name]

    def result_of(self, done):
        sys.stderr.write(done.stderr)
        if not done.stdout:
            raise AssertionError(f"agentload ended with {done.returncode} and without a result")
        return json.loads(done.stdout)

    def start_load(self):
        self.load = subprocess.Popen(
            [support.program("agentload"), "--target", f"{self.victim.address}:{self.victim.port}",
             "--nodes", str(self.nodes), "--record", self.record, "--seed", str(self.dice.randrange(1 << 31)),
             "--window", str(self.dice.choice((1, 16, 128, 512))), "--timeout", "0.05", "--duration", "30", "mix"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent)

    def end_load(self):
        """Whatever reached its sockets is recorded before it ends."""
        if self.load:
            self.load.terminate()
            self.load.wait(timeout=60)
            self.load = None

    def await_end(self, seconds, number):
        """Let the load run until the agent dies at its appointed call, or end it by a signal after a while."""
        try:
            self.victim.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.victim.process.send_signal(number)
            self.victim.process.wait(timeout=60)
        self.end_load()

    def ended_as_meant(self):
        """Killed, or stopped in peace: not by a fault of its own."""
        return self.victim.process.returncode in (-signal.SIGKILL, 0)

    # ---- between two lives ----

    def bury(self, totals, power):
        """After the end of a process: the directory as the next one finds it."""
        self.victim.process = None
        if not self.recorded:
            return
        directory = self.victim.data_directory
        self.disk.follow(self.journal)
        self.disk.adopt(directory)
        escaped = self.disk.differences(directory)
        if escaped:
            print(f"changes that escaped the recorder: {', '.join(escaped)}", file=sys.stderr)
            totals["escaped"] += len(escaped)
        if power:
            shutil.rmtree(directory)
            os.mkdir(directory, mode=0o700)
            self.disk.cut(directory, self.dice, Style(self.dice.choice(self.options.styles)))

    def end(self):
        if self.load:
            self.load.kill()
            self.load.wait()
        if self.victim.process:
            self.victim.process.kill()
            self.victim.process.wait()


class Crash:
    """All runs."""

    def __init__(self, options):
        self.options = options
        self.dice = random.Random(options.seed)
        self.totals = dict.fromkeys(COUNTS, 0)
        self.base = tempfile.mkdtemp(prefix="hearth-crash-", dir=options.directory)
        self.chain = None
        self.chains = 0

    def new_chain(self):
        if self.chain:
            self.chain.end()
            shutil.rmtree(self.chain.victim.directory)
        self.chains += 1
        directory = os.path.join(self.base, str(self.chains))
        os.mkdir(directory)
        recorded = not self.options.without_recorder and (self.options.power_only or self.dice.random() < 0.85)
        self.chain = Chain(directory, self.options, self.dice, recorded)

    def faults(self):
        return sum(self.totals[name] for name in FAULTS)

    def end_of_life(self):
        """How this life ends: (kind, entries of the recorder until then or 0, seconds until then)."""
        chain, dice = self.chain, self.dice
        kind = "kills"
        if chain.recorded and not self.options.kill_only and (self.options.power_only or dice.random() < 0.65):
            kind = "power_cuts"
        draw = dice.random()
        if draw > 0.95 and kind == "kills":
            return "stops", 0, dice.uniform(0.02, 0.8)
        if chain.recorded and draw < 0.2:
            return kind, dice.randint(1, chain.startup_entries), 1.0
        if chain.recorded and draw < 0.5:
            return kind, chain.startup_entries + dice.randint(1, 6000), 1.0
        return kind, 0, dice.uniform(0.02, 0.8)

    def one_run(self):
        if self.chain is None or self.dice.random() < 0.2:
            self.new_chain()
        chain, totals = self.chain, self.totals
        kind, kill_at, seconds = self.end_of_life()
        before = self.faults()
        totals["runs"] += 1
        totals[kind] += 1
        totals["restarts"] += 1
        if chain.start(kill_at):
            self.live(seconds, signal.SIGTERM if kind == "stops" else signal.SIGKILL)
            totals["crashed"] += not chain.ended_as_meant()
        elif not kill_at or chain.victim.process.returncode != -signal.SIGKILL:
            totals["restarts_failed"] += 1
        if self.faults() == before:
            chain.bury(totals, kind == "power_cuts")
        if self.faults() > before:
            self.tell_fault()
            self.chain.end()
            self.chain = None

    def live(self, seconds, number):
        """Check what earlier lives promised, then promise more. It may die in the middle of either."""
        try:
            self.chain.check(self.totals)
        except (support.Refused, AssertionError):
            if not self.chain.victim.gone():
                raise
        self.chain.start_load()
        self.chain.await_end(seconds, number)

    def tell_fault(self):
        totals = {name: self.totals[name] for name in FAULTS if self.totals[name]}
        print(f"run {self.totals['runs']} of seed {self.options.seed}, chain {self.chains}: {totals}\n"
              f"---- end of the log of agentd\n{self.chain.victim.log()[-3000:]}", file=sys.stderr)
        if self.options.keep:
            target = os.path.join(self.options.keep, f"run-{self.totals['runs']}")
            shutil.copytree(self.chain.victim.directory, target, ignore=shutil.ignore_patterns("*.sock"))
            print(f"kept in {target}", file=sys.stderr)

    def last_check(self):
        """What the last life promised."""
        if self.chain and self.chain.start():
            self.chain.check(self.totals)
        elif self.chain:
            self.totals["restarts_failed"] += 1
            self.tell_fault()

    def run(self):
        started = time.monotonic()
        while self.totals["runs"] < self.options.runs:
            self.one_run()
            if self.options.expect_loss and self.totals["lost"]:
                break
            if self.totals["runs"] % 20 == 0:
                print(f"{self.totals['runs']} runs, {self.totals['acknowledged']} acknowledged, "
                      f"{self.faults()} faults", file=sys.stderr)
        if not self.options.expect_loss:
            self.last_check()
        return {**self.totals, "seed": self.options.seed, "seconds": round(time.monotonic() - started, 1)}

    def clean_up(self):
        if self.chain:
            self.chain.end()
        shutil.rmtree(self.base, ignore_errors=True)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/chaos/run crash", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200, help="lives of an agent [%(default)s]")
    parser.add_argument("--seed", type=int, default=None, help="of all choices; random if not given")
    parser.add_argument("--kill-only", action="store_true", help="no power cuts")
    parser.add_argument("--power-only", action="store_true", help="nothing but power cuts")
    parser.add_argument("--without-recorder", action="store_true",
                        help="for programs that cannot be preloaded, as with sanitizers; implies --kill-only")
    parser.add_argument("--styles", default=",".join(Style.NAMES),
                        help="how much of what was not flushed a power cut spares [%(default)s]")
    parser.add_argument("--expect-loss", action="store_true",
                        help="the agent is broken on purpose: success is a fault, at best that something is lost")
    parser.add_argument("--binary", default=None, help="the agentd to test; of HEARTH_BUILD if not given")
    parser.add_argument("--directory", default=None, help="where the data is kept meanwhile; a temporary one")
    parser.add_argument("--keep", default=None, help="copy what a fault was found in into this directory")
    options = parser.parse_args(arguments)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    options.styles = options.styles.split(",")
    if not set(options.styles) <= set(Style.NAMES):
        parser.error(f"--styles: allowed are {', '.join(Style.NAMES)}")
    options.binary = options.binary or support.program("agentd")
    if not options.without_recorder and not os.path.exists(recorder_path()):
        parser.error(f"{recorder_path()} is not built; name a build with HEARTH_BUILD")
    return options


def end_on(number, frame):
    del frame
    sys.exit(128 + number)


def main(arguments):
    options = parse(arguments)
    signal.signal(signal.SIGTERM, end_on)
    signal.signal(signal.SIGINT, end_on)
    crash = Crash(options)
    try:
        totals = crash.run()
    finally:
        crash.clean_up()
    print(json.dumps(totals))
    if options.expect_loss:  # who cannot even start after a cut has lost all; with flushes nobody fails to (chaos.crash)
        return 0 if any(totals[name] for name in FAULTS) else 1
    return 1 if any(totals[name] for name in FAULTS) or not totals["acknowledged"] else 0
