"""Await conditions. The only place where a test may pause, and only between two looks at a condition."""

import time


class NotYet(AssertionError):
    """A condition did not come true in time."""


def wait_for(condition, what, seconds=60.0, interval=0.02):
    """Return the first true value of condition(). The limit is generous: it ends a test that hangs, and judges nothing."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise NotYet(f"after {seconds:g} s still not: {what}")
        time.sleep(interval)


def wait_until_holds(judge, seconds=60.0, interval=0.02):
    """What judge() returns once it asserts nothing wrong: for conditions of several parts. In the end its own error tells."""
    end = time.monotonic() + seconds
    while True:
        try:
            return judge()
        except AssertionError:
            if time.monotonic() > end:
                raise
        time.sleep(interval)
