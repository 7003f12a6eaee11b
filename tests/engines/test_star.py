"""Which part of a story is missing, on small stories."""

from __future__ import annotations

import pytest

from interviewer.engines.star import lacking

SITUATION = "When I worked at a bakery chain, the ovens failed every Monday."
TASK = "I was asked to find out why before Easter."
ACTION = "I logged the temperatures and replaced a valve."
RESULT = "In the end failures fell by 80 percent."


@pytest.mark.parametrize(
    ("story", "lacks"),
    [
        (f"{SITUATION} {TASK} {ACTION} {RESULT}", ()),
        (f"{TASK} {ACTION} {RESULT}", ("situation",)),
        (f"{SITUATION} {ACTION} {RESULT}", ("task",)),
        (f"{SITUATION} {TASK} {RESULT}", ("action",)),
        (f"{SITUATION} {TASK} {ACTION}", ("result",)),
        ("Teamwork matters and communication is key.", ("situation", "task", "action", "result")),
        ("", ("situation", "task", "action", "result")),
        ("I’d moved to a new flat. I then built a shelf.", ("situation", "task", "result")),
    ],
)
def test_parts(story: str, lacks: tuple[str, ...]) -> None:
    assert lacking(story) == lacks


WE = "When the site went down we had to act. We rolled back, we called the vendor, and our manager told us it was fine."


@pytest.mark.parametrize(
    ("story", "missing"),
    [
        (WE, True),
        (f"{WE} I wrote the rollback script, and I told my colleagues what I saw.", False),
        ("I was alone on call. I rolled back, I called the vendor, and we were fine.", False),
        ("We did. We won. Us.", False),
    ],
    ids=["only we", "we and I", "I", "too short to tell"],
)
def test_we_without_i(story: str, missing: bool) -> None:
    assert ("own" in lacking(story)) is missing
