"""Faults of all kinds in a cluster under load, and whether every promise was kept.

A run is one cluster in network namespaces: two data members and a witness, three data members, or five of both kinds. A load
of registrations, moves, simultaneous bindings and deregistrations goes on, retransmitting as mobile nodes do, while one to
five faults befall members, most often the leader. At the end all faults are over; the members must become level, hold what
was promised, and all hold the same. What left the members is judged answer by answer. Each run has a seed of its own: the
first one's is --seed, the others count on from there.
"""

import argparse
import itertools
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
import answers as judge  # noqa: E402
import faults  # noqa: E402
from cluster import PORT, Cluster, load_associations  # noqa: E402
from processes import die_with_parent  # noqa: E402
from waiting import NotYet, wait_for  # noqa: E402

BROKEN = ("lost", "resurrected", "unexplained", "double_grants", "stale_answers", "diverged", "stuck", "crashed")
COUNTS = ("acknowledged", "unanswered", "answers", "reigns", "ended_by_fault")

SHAPES = (("data", "data", "witness"), ("data", "data", "data"), ("data", "data", "data", "data", "witness"))
DISK_MIB = 48
FAILED = 1  # the status of an agentd that says why it ends; a sanitizer's is another one
LEVEL_S = 60


class Broken(Exception):
    """A promise that was not kept, other than those that are counted."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


class Trial:
    """One run."""

    def __init__(self, seed, directory, options):
        self.seed = seed
        self.directory = directory
        self.options = options
        self.dice = random.Random(seed)
        self.counts = dict.fromkeys(BROKEN + COUNTS + faults.NAMES, 0)
        self.nodes = self.dice.choice((20, 200, 1000))
        self.bindings = self.dice.choice((1, 2, 3, 8))
        self.hurt = set()  # members that may yet end of a fault that is over
        self.record = os.path.join(directory, "record")
        self.tap_path = os.path.join(directory, "tap")
        self.disks = []
        self.cluster = None
        self.tap = None
        self.load = None
        self.story = []

    def tell(self, text):
        self.story.append(f"{time.monotonic() - self.began:7.3f} {text}")

    # ---- before ----

    def configuration(self):
        dice = self.dice
        return {
            "capacity": {"nodes": self.nodes, "associations": self.nodes, "bindings": self.bindings * self.nodes},
            "storage": {"log-segment": dice.choice((2, 3)), "log-segments": 3, "store-map": 16, "checkpoint-interval": 1},
            "cluster": {"log-memory": 16},
            "process": {"user": "root", "log-level": "notice", "network-threads": dice.choice((1, 1, 2))},
        }

    def choose_kinds(self):
        """Kinds of faults to come; what needs a preload cannot be with sanitizers."""
        kinds = [kind for kind in faults.FAULTS if not (kind.needs_preload and self.options.without_preload)
                 and (not self.options.only or kind.name in self.options.only)]
        weights = [faults.FAULTS[kind] for kind in kinds]
        return self.dice.choices(kinds, weights, k=self.dice.choice((1, 2, 2, 3, 3, 4, 5)))

    def prepare_disks(self, kinds):
        """Disks that can be filled; disks that can fail."""
        for member in self.cluster.members.values():
            if any(kind.needs_disk for kind in kinds):
                disk = os.path.dirname(member.data_directory)
                disk = os.path.join(disk, "disk")
                os.mkdir(disk)
                subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", disk], check=True)
                self.disks.append(disk)
                member.data_directory = os.path.join(disk, "data")
                os.mkdir(member.data_directory, mode=0o700)
                member.configuration["storage"]["directory"] = member.data_directory
                member.write_configuration()
            member.failing_path = os.path.join(member.directory, "disk-fails")
            if any(kind.needs_preload for kind in kinds):
                member.environment = {**os.environ, "LD_PRELOAD": os.path.join(support.BUILD, "tests/chaos/failing.so"),
                                      "HEARTH_FAILING": member.failing_path}

    def schedule(self, kinds):
        """(when, begin or end, fault's kind and slot), in order of time. Who it befalls is seen when it begins."""
        at, events = 0.3, []
        for number, kind in enumerate(kinds):
            begin = at + self.dice.uniform(0, 0.8)
            end = begin + self.dice.choice((0.05, 0.2, 0.5, 1.0, 2.0)) * self.dice.uniform(0.5, 1.5)
            events += [(begin, "begin", number, kind), (end, "end", number, kind)]
            at = begin + 0.1 if self.dice.random() < 0.35 else end + self.dice.choice((0, 0.3, 0.8))
        return sorted(events, key=lambda event: event[0])

    # ---- during ----

    def start_tap(self):
        hosts = [member.host for member in self.cluster.members.values()]
        self.tap = subprocess.Popen(
            [*self.cluster.switch.inside(), os.path.join(support.BUILD, "tests/chaos/tap"), self.tap_path, str(PORT), *hosts],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        assert self.tap.stdout.readline() == "ready\n"

    def start_load(self):
        dice = self.dice
        self.load = self.cluster.start_load(
            "--nodes", self.nodes, "--record", self.record, "--seed", dice.randrange(1 << 31), "--window",
            dice.choice((1, 16, 128)), "--rate", dice.choice((300, 1500, 4000)), "--retransmit", 0.05, "--timeout", 1.5,
            "--tries", 2, "--duration", 300, "mix")

    def victim(self, afflicted):
        """Most often the leader, never one who suffers already; None when all do."""
        free = [member for member in self.cluster.members.values() if member not in afflicted]
        leader = self.cluster.leader()
        draw, choice = self.dice.random(), self.dice.random()
        if leader in free and draw < 0.6:
            return leader
        return free[int(choice * len(free))] if free else None

    def live(self, events):
        """The faults, each at its time."""
        active = {}
        for at, what, number, kind in events:
            wait_for(lambda due=self.began + at: time.monotonic() >= due, "its time has come", interval=0.002)
            self.look_after(active)
            if what == "begin":
                member = self.victim({fault.member for fault in active.values()})
                if member is None or (kind is faults.Drain and member.role != "data"):
                    continue
                active[number] = kind(self.cluster, member, self.dice)
                self.tell(active[number].describe())
                active[number].begin()
                self.counts[kind.name] += 1
            elif number in active:
                fault = active.pop(number)
                self.look_after({number: fault})
                fault.end()
                self.tell(f"end of {fault.describe()}")
                if fault.may_end and fault.member.process is None:
                    fault.member.spawn()
                elif fault.may_end:
                    self.hurt.add(fault.member)

    def look_after(self, active):
        """Nobody ends by himself, unless a fault allows it that is active, or was when what failed had begun."""
        allowed = {fault.member for fault in active.values() if fault.may_end}
        for member in self.cluster.members.values():
            if member.process is None or member.process.poll() is None:
                continue
            status = member.bury()
            late = member in self.hurt and member not in allowed
            if status != FAILED or not (member in allowed or late):
                raise Broken("crashed", f"member {member.number} ended by itself with {status}")
            self.counts["ended_by_fault"] += 1
            if late:
                self.hurt.discard(member)
                member.spawn()

    def await_all(self, condition, what):
        wait_for(lambda: self.look_after({}) or condition(), what, seconds=LEVEL_S)

    def recover(self):
        """All faults are over: somebody leads, answers, and all become level."""
        self.tell("all faults are over")
        before = os.path.getsize(self.record)
        try:
            self.await_all(self.cluster.leader, "a member leads")
            self.await_all(lambda: os.path.getsize(self.record) > before, "the load goes on")
            result = self.cluster.end_load(self.load)
            self.load = None
            if result["bad"]:
                raise Broken("unexplained", f"the load got what is no answer: {result}")
            self.await_all(self.cluster.is_level, "all members hold everything")
        except NotYet as why:
            views = {member.number: (member.view(), member.peers()) for member in self.cluster.members.values()}
            self.look_after({})
            raise Broken("stuck", f"{why}; {json.dumps(views)}") from why
        self.look_after({})
        self.tell("level")

    # ---- after ----

    def end_tap(self):
        self.tap.terminate()
        output, _ = self.tap.communicate(timeout=60)
        self.tap = None
        return json.loads(output)

    def judge_answers(self):
        seen = judge.read_tap(self.tap_path, list(self.cluster.members))
        leadings = [leading for member in self.cluster.members.values()
                    for leading in judge.read_leading(member.number, member.log())]
        self.counts["answers"] += len(seen)
        self.counts["reigns"] += len(leadings)
        for finding in judge.judge(seen, leadings):
            self.counts[finding.kind] += 1
            if self.counts[finding.kind] <= 10:
                self.tell(f"{finding.kind}: {finding.text}")
        return seen

    def verify(self, listing, record):
        done = subprocess.run(
            [support.program("agentload"), "--nodes", str(self.nodes), "--record", record, "verify"], input=listing,
            capture_output=True, text=True, timeout=120)
        if not done.stdout:
            raise Broken("lost", f"agentload verify: {done.stderr}")
        self.story += done.stderr.splitlines()
        return json.loads(done.stdout)

    def judge_state(self, seen):
        """What every data member holds, against what was promised and against each other."""
        record = os.path.join(self.directory, "promised")
        judge.promised(self.record, seen, record)
        listings = {member.number: member.listing() for member in self.cluster.data()}
        results = {number: self.verify(listing, record) for number, listing in listings.items()}
        first = next(iter(results.values()))
        for name in ("acknowledged", "unanswered"):
            self.counts[name] += first[name]
        for name in ("lost", "resurrected", "unexplained"):
            self.counts[name] += max(result[name] for result in results.values())
        if len(set(listings.values())) != 1:
            self.counts["diverged"] += 1
            self.tell("members hold different bindings: listing-N")
            for number, listing in listings.items():
                with open(os.path.join(self.directory, f"listing-{number}"), "w", encoding="ascii") as file:
                    file.write(listing)

    # ---- together ----

    def run(self):
        """True when every promise was kept."""
        self.began = time.monotonic()
        associations = list(load_associations(self.nodes, self.bindings))
        shape = self.dice.choices(SHAPES, (5, 4, 1))[0]
        kinds = self.choose_kinds()
        self.cluster = Cluster(self.directory, *shape, configuration=self.configuration(), associations=associations)
        self.prepare_disks(kinds)
        try:
            with self.cluster:
                self.cluster.await_leader(seconds=LEVEL_S)
                self.start_tap()
                self.start_load()
                wait_for(lambda: os.path.exists(self.record) and os.path.getsize(self.record), "the load runs")
                self.tell(f"{shape}, {self.nodes} nodes")
                self.began = time.monotonic()
                self.live(self.schedule(kinds))
                self.recover()
                self.end_tap()
                self.judge_state(self.judge_answers())
                self.cluster.stop()
        except Broken as why:
            self.counts[why.kind] += 1
            self.tell(f"{why.kind}: {why}")
        except NotYet as why:
            self.counts["stuck"] += 1
            self.tell(f"stuck: {why}")
        except (AssertionError, support.Refused) as why:  # a member that ended badly, or does not answer an operator
            self.counts["crashed"] += 1
            self.tell(f"crashed: {why}")
        finally:
            self.clean_up()
        return not any(self.counts[name] for name in BROKEN)

    def clean_up(self):
        for process in (self.load, self.tap):
            if process:
                process.kill()
                process.communicate()
        for disk in self.disks:
            if self.options.keep and any(self.counts[name] for name in BROKEN):
                shutil.copytree(disk, disk + "-kept", dirs_exist_ok=True)
            subprocess.run(["umount", "--lazy", disk], check=False)

    def tell_all(self, out):
        print(f"seed {self.seed}: { {name: self.counts[name] for name in BROKEN if self.counts[name]} }", file=out)
        for line in self.story:
            print(f"  {line}", file=out)
        for member in self.cluster.members.values() if self.cluster else ():
            if os.path.exists(member.log_path):
                lines = member.log().splitlines()[-30:]
                print(f"  ---- log of member {member.number}", *lines, sep="\n  ", file=out)


def run_all(options):
    """(counts of all runs, seeds of those that failed)."""
    totals = dict.fromkeys(BROKEN + COUNTS + faults.NAMES, 0)
    failed = []
    base = tempfile.mkdtemp(prefix="hearth-cluster-", dir=options.directory)
    runs = itertools.count() if options.minutes else range(options.runs)
    end = time.monotonic() + options.minutes * 60 if options.minutes else None
    done = 0
    try:
        for number in runs:
            if end is not None and time.monotonic() > end:
                break
            directory = os.path.join(base, str(options.seed + number))
            os.mkdir(directory)
            trial = Trial(options.seed + number, directory, options)
            kept = trial.run()
            done += 1
            for name, count in trial.counts.items():
                totals[name] += count
            if kept:
                shutil.rmtree(directory)
            else:
                failed.append(trial.seed)
                trial.tell_all(sys.stderr)
                print(f"seed {trial.seed} is kept in {directory}", file=sys.stderr, flush=True)
            if done % 10 == 0:
                print(f"{done} runs, {totals['acknowledged']} acknowledged, {len(failed)} failed", file=sys.stderr, flush=True)
    finally:
        if not failed:
            shutil.rmtree(base, ignore_errors=True)
    return done, totals, failed


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/chaos/run cluster", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="clusters [%(default)s]")
    parser.add_argument("--minutes", type=float, default=0, help="as many as fit, instead")
    parser.add_argument("--seed", type=int, default=None, help="of the first run; random if not given")
    parser.add_argument("--only", default="", help="kinds of faults, with commas between them: " + ", ".join(faults.NAMES))
    parser.add_argument("--without-preload", action="store_true",
                        help="for programs that cannot be preloaded, as with sanitizers: no failing disks")
    parser.add_argument("--directory", default=None, help="where the data is kept meanwhile; a temporary one")
    parser.add_argument("--keep", action="store_true", help="of failed runs, also the small disks")
    options = parser.parse_args(arguments)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    options.only = [name for name in options.only.split(",") if name]
    if not set(options.only) <= set(faults.NAMES):
        parser.error(f"--only: kinds are {', '.join(faults.NAMES)}")
    return options


def end_on(number, frame):
    del frame
    sys.exit(128 + number)


def main(arguments):
    options = parse(arguments)
    signal.signal(signal.SIGTERM, end_on)
    signal.signal(signal.SIGINT, end_on)
    started = time.monotonic()
    done, totals, failed = run_all(options)
    print(json.dumps({"runs": done, **totals, "seed": options.seed, "failed_seeds": failed,
                      "seconds": round(time.monotonic() - started, 1)}))
    return 1 if failed or not totals["acknowledged"] else 0
