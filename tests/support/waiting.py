"""Await conditions. The only place where a test may pause, and only between two looks at a condition."""

import time


class NotYet(AssertionError):
    """A condition did not come true in time."""


def rest(interval, began):
    """Before the next look: as long as the last one took, if that was longer. What is awaited needs the processors too."""
    time.sleep(max(interval, time.monotonic() - began))


def wait_for(condition, what, seconds=60.0, interval=0.02):
    """Return the first true value of condition(). The limit is generous: it ends a test that hangs, and judges nothing."""
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise NotYet(f"after {seconds:g} s still not: {what}")
        rest(interval, began)


def wait_until_holds(judge, seconds=60.0, interval=0.02):
    """What judge() returns once it asserts nothing wrong: for conditions of several parts. In the end its own error tells."""
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        try:
            return judge()
        except AssertionError:
            if time.monotonic() > end:
                raise
        rest(interval, began)
