"""A part of one processor for what is measured, and the other processors for the load.

Control groups of either version do it, where this process may make one; elsewhere the fence is the processor alone, and
`share` says so. Processes that are outside a group are pinned by taskset.
"""

import os

PERIOD_US = 2500  # short, so that nobody inside waits for long
V1 = "/sys/fs/cgroup/cpu"
V2 = "/sys/fs/cgroup"


def write(directory, name, value):
    with open(os.path.join(directory, name), "w", encoding="ascii") as file:
        file.write(str(value))


def limit_v1(directory, quota_us):
    write(directory, "cpu.cfs_period_us", PERIOD_US)
    write(directory, "cpu.cfs_quota_us", quota_us)


def limit_v2(directory, quota_us):
    write(directory, "cpu.max", f"{quota_us} {PERIOD_US}")


class Fence:
    """`share` of one processor. close() when nobody is in it any more."""

    def __init__(self, share):
        processors = sorted(os.sched_getaffinity(0))
        self.mine, self.others = processors[:1], processors[1:] or processors
        self.directory = None
        self.share = 1.0
        for root, limit in ((V1, limit_v1), (V2, limit_v2)):
            if self.share == 1.0 and share < 1.0 and self.make(root, limit, round(share * PERIOD_US)):
                self.share = share

    def make(self, root, limit, quota_us):
        directory = os.path.join(root, f"hearth-bench-{os.getpid()}")
        try:
            if root == V2:
                write(root, "cgroup.subtree_control", "+cpu")
            os.mkdir(directory)
            self.directory = directory
            limit(directory, quota_us)
            return True
        except OSError:
            self.close()
            return False

    @staticmethod
    def pinned(processors):
        return ("taskset", "--cpu-list", ",".join(map(str, processors)))

    def inside(self):
        """What to run a command with that is measured; put() does the rest."""
        return self.pinned(self.mine)

    def outside(self):
        return self.pinned(self.others)

    def put(self, pid):
        if self.directory:
            write(self.directory, "cgroup.procs", pid)

    def describe(self):
        part = f"{self.share:g} of" if self.directory else "the whole of"
        return f"{part} processor {self.mine[0]}"

    def close(self):
        if self.directory:
            try:
                os.rmdir(self.directory)
            except OSError:
                pass  # it was never made, or its last process is still ending
            self.directory = None
