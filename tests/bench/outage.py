"""How long a service was away: a watch that sends a fresh request every few milliseconds, and knows when each one left."""

import json
import statistics
import subprocess
import threading
import time

from measuring import Invalid, die_with_parent, wait_for

RETRY_S = 0.005
SMOOTH_S = 1.0
SMOOTH_GAP_S = 0.05  # without any acceptance: a busy machine needs no longer


def now_ns():
    """The clock of agentload's watch."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Watch:
    """Runs `agentload watch` by a command that ends before its mode, and gathers what it tells."""

    def __init__(self, command):
        self.process = subprocess.Popen([*command, "--timeout", str(RETRY_S), "watch"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        preexec_fn=die_with_parent)
        self.result = None  # at the end
        self.lines = []  # (when the request left, when its acceptance came)
        self.thread = threading.Thread(target=self.gather, daemon=True)
        self.thread.start()

    def gather(self):
        for line in self.process.stdout:
            if line[0] == "{":
                self.result = json.loads(line)
            else:
                self.lines.append(tuple(map(int, line.split())))

    def accepted_after(self, event_ns):
        """When the first request that left after the event was accepted; None as long as none was."""
        return min((accepted for sent, accepted in self.lines[-100:] if sent >= event_ns), default=None)

    def runs_smoothly(self):
        """For a while now there was no gap between acceptances, up to this moment."""
        end_ns = now_ns()
        since_ns = end_ns - int(SMOOTH_S * 1e9)
        came = [accepted for _, accepted in self.lines[-int(SMOOTH_S / RETRY_S):] if accepted >= since_ns]
        return max(after - before for before, after in zip([since_ns, *came], [*came, end_ns])) < SMOOTH_GAP_S * 1e9

    def await_smooth(self):
        """Everything has been well for a while, which begins now."""
        begin_ns = now_ns()
        wait_for(lambda: now_ns() - begin_ns > SMOOTH_S * 1e9 and self.runs_smoothly(), "the service answers")

    def outage_ms(self, event_ns, seconds=30):
        """From an event that has happened to the first acceptance of what was asked for after it."""
        return (wait_for(lambda: self.accepted_after(event_ns), "the service is back", seconds=seconds) - event_ns) / 1e6

    def longest_gap_ms(self, from_ns, to_ns):
        """The longest time between two acceptances, of which one is within these."""
        came = [accepted for _, accepted in self.lines]
        return max(after - before for before, after in zip(came, came[1:]) if after >= from_ns and before <= to_ns) / 1e6

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.thread.join()


def percentile(values, part):
    """The smallest value that so large a part of all does not exceed."""
    ordered = sorted(values)
    if not ordered:
        raise Invalid("nothing was measured")
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def summary(name, values):
    """Keys of a result."""
    return {f"{name}_p50_ms": round(statistics.median(values), 1), f"{name}_p90_ms": round(percentile(values, 0.9), 1),
            f"{name}_max_ms": round(max(values), 1)}
