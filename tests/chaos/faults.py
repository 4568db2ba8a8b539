"""What can befall a member of a cluster: a table of faults. Each begins, lasts a while, and ends; a member suffers one at a time."""

import errno
import os
import signal

from agent import Refused
from cluster import CLIENT
from switched import pairs


class Fault:
    """`dice` decides the details; `member` is whom it befalls."""

    needs_disk = False  # a file system of its own
    needs_preload = False
    may_end = False  # the member may end by itself meanwhile

    def __init__(self, cluster, member, dice):
        self.cluster = cluster
        self.member = member
        self.dice = dice
        self.prepare()

    def prepare(self):
        pass

    def begin(self):
        raise NotImplementedError

    def end(self):
        raise NotImplementedError

    def describe(self):
        return f"{self.name} of member {self.member.number}"


class Kill(Fault):
    """kill -9, and started again."""

    name = "kill"

    def begin(self):
        self.member.kill()

    def end(self):
        self.member.spawn()


class Stop(Fault):
    """An orderly end, and started again. Who has not come up yet may end by the signal itself."""

    name = "stop"

    def begin(self):
        came_up = self.member.came_up()
        status = self.member.stop()
        if status != 0 and (came_up or status != -signal.SIGTERM):
            raise AssertionError(f"member {self.member.number} ended with {status} after SIGTERM")

    def end(self):
        self.member.spawn()


class Freeze(Fault):
    """SIGSTOP, and SIGCONT."""

    name = "freeze"

    def begin(self):
        self.member.freeze()

    def end(self):
        self.member.thaw()


class PowerCut(Fault):
    """Nobody is told: the link goes down with the process."""

    name = "power_cut"

    def begin(self):
        self.member.power_off()

    def end(self):
        self.member.power_on()


class NetworkFault(Fault):
    """Directions in which nothing passes meanwhile."""

    directions = ()

    def begin(self):
        self.cluster.cut(self.cluster.cuts + list(self.directions))

    def end(self):
        for direction in self.directions:
            self.cluster.cuts.remove(direction)
        self.cluster.apply_network()

    def everybody_else(self):
        return [other.host for other in self.cluster.others(self.member)]

    def describe(self):
        return f"{super().describe()}: " + ", ".join(f"{one}>{other}" for one, other in self.directions)


class Partition(NetworkFault):
    """Some members hear the others no more, and the client is on one side, or on both."""

    name = "partition"

    def prepare(self):
        others = self.everybody_else()
        company = self.dice.sample(others, self.dice.choice((0, 0, len(others) // 2)))
        groups = [[self.member.host, *company], [host for host in others if host not in company]]
        side = self.dice.choice((0, 1, None))
        if side is not None:
            groups[side].append(CLIENT)
        self.directions = pairs(*groups)


class OneWay(NetworkFault):
    """The member is heard by nobody, or hears nobody; the client may be spared."""

    name = "one_way"

    def prepare(self):
        others = self.everybody_else() + self.dice.choice(([], [CLIENT]))
        outward = self.dice.random() < 0.5
        self.directions = [(self.member.host, other) if outward else (other, self.member.host) for other in others]


class Partial(NetworkFault):
    """Two members, who hear all others, do not hear each other."""

    name = "partial"

    def prepare(self):
        self.directions = pairs([self.member.host], [self.dice.choice(self.everybody_else())])


class Unreachable(NetworkFault):
    """The client and the member do not hear each other, or one of them the other."""

    name = "unreachable"

    def prepare(self):
        both = pairs([self.member.host], [CLIENT])
        self.directions = self.dice.choice((both, both[:1], both[1:]))


class Slow(Fault):
    """What goes to the member comes late, and not all of it."""

    name = "slow"

    def prepare(self):
        self.kilobits = self.dice.choice((400, 1000, 4000))

    def begin(self):
        self.cluster.slow(self.member, self.kilobits)

    def end(self):
        self.cluster.slow(self.member, 0)

    def describe(self):
        return f"{super().describe()}: {self.kilobits} kbit/s"


class FullDisk(Fault):
    name = "full_disk"
    needs_disk = True
    may_end = True

    def prepare(self):
        self.path = os.path.join(self.member.data_directory, "..", "filler")

    def begin(self):
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            while True:
                os.write(descriptor, bytes(1 << 16))
        except OSError as why:
            if why.errno != errno.ENOSPC:
                raise
        finally:
            os.close(descriptor)

    def end(self):
        os.unlink(self.path)


class FailingDisk(Fault):
    """Writes and flushes fail: the member must end, and may come back when its disk has."""

    name = "failing_disk"
    needs_preload = True
    may_end = True

    def begin(self):
        with open(self.member.failing_path, "wb"):
            pass

    def end(self):
        os.unlink(self.member.failing_path)


class Command(Fault):
    """An operator's command, which may be refused."""

    command = ()
    undo = ()

    def order(self, words):
        try:
            if words and self.member.runs():
                self.member.ctl("cluster", *words)
        except Refused:
            pass

    def begin(self):
        self.order(self.command)

    def end(self):
        self.order(self.undo)


class Transfer(Command):
    """Leadership is handed over."""

    name = "transfer"
    command = ("transfer",)


class Drain(Command):
    name = "drain"
    command = ("drain",)
    undo = ("undrain",)


# Each with how often it comes, relative to the others.
FAULTS = {fault: weight for fault, weight in (
    (Kill, 4), (PowerCut, 3), (Freeze, 4), (Partition, 4), (OneWay, 3), (Partial, 3), (Unreachable, 1), (Slow, 2),
    (FullDisk, 2), (FailingDisk, 2), (Transfer, 2), (Drain, 1), (Stop, 1))}
NAMES = tuple(fault.name for fault in FAULTS)
