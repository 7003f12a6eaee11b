"""An interview whose program is killed at random moments: the quick version of `python -m bench.chat_torture`."""

from __future__ import annotations

import random

from bench.chat_torture import torture


def test_an_interview_survives_being_killed() -> None:
    kills, ended, turns = torture(6, random.Random(7))
    assert kills >= 6
    assert ended >= 1
    assert turns > 40
