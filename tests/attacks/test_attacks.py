"""All attacks at once, shortly. `tests/attacks/run --minutes 10` is the long form."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from attack import Attack  # noqa: E402


def test_nothing_breaks_when_all_attacks_come_at_once(tmp_path):
    attack = Attack(str(tmp_path), seconds=6, rate=2000)
    try:
        numbers = attack.run()
    finally:
        attack.end()
    assert numbers["lost"] == numbers["resurrected"] == numbers["unexplained"] == 0
    assert numbers["honest_answered"] > 0
