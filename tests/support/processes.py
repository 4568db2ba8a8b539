"""Processes that a test leaves to nobody."""

import ctypes
import os
import signal

from waiting import wait_for

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """For preexec_fn: a process that is killed when the test that started it ends, however that ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def anonymous_octets(pid):
    """Of memory that is the process's own, and no file's."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) << 10 for line in file if line.startswith("Anonymous:"))


def stop_running(process, number=signal.SIGSTOP):
    """Send SIGSTOP, or SIGKILL, and wait until none of its threads runs any more: the signal alone says only that it will be so."""
    process.send_signal(number)
    state = os.WSTOPPED if number == signal.SIGSTOP else os.WEXITED
    wait_for(lambda: os.waitid(os.P_PID, process.pid, state | os.WNOHANG | os.WNOWAIT), "it does not run")
