"""The guard: every honest line passes, every planted leak is held back, whole or in pieces, plain or disguised."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from itertools import islice

import pytest

from interviewer.conduct.guard import Guard, Leak, secrets_of
from interviewer.domain.guide import Guide
from interviewer.evaluation.leaks import (
    CODED_FORMS,
    LIGHT_FORMS,
    PLAIN_FORMS,
    Line,
    honest_lines,
    paraphrased,
    planted,
    strangers,
)
from interviewer.prompts import phrases
from tests.conduct.helpers import CONTENT, content_guide

GUIDES = [content_guide(path) for path in CONTENT]
FORMS = PLAIN_FORMS | CODED_FORMS | LIGHT_FORMS


@pytest.mark.parametrize("guide", GUIDES, ids=lambda g: g.id)
def test_honest_lines_pass(guide: Guide) -> None:
    lines = [*honest_lines(guide, phrases()), *strangers(guide)]
    assert len(lines) > 1000
    assert sum(line.form == "free" for line in lines) >= 30
    assert [line.text for line in lines if line.guard.leaks(line.text)] == []


@pytest.mark.parametrize("form", FORMS)
def test_planted_leaks_are_held_back(form: str) -> None:
    lines = [line for guide in GUIDES for line in islice(planted(guide, {form: FORMS[form]}), 0, None, 4)]
    assert [line.text for line in lines if line.telling and not line.guard.leaks(line.text)] == []


def test_other_words_are_measured_and_not_promised() -> None:
    lines = [line for guide in GUIDES for line in paraphrased(guide)]
    assert len(lines) >= 30
    assert sum(line.guard.leaks(line.text) for line in lines) < len(lines)


async def heard(guard: Guard, pieces: Sequence[str]) -> tuple[str, bool]:
    """What gets through of some pieces, and whether all of it did."""

    async def source() -> AsyncIterator[str]:
        for piece in pieces:
            yield piece

    passed = ""
    try:
        async for piece in guard.passed(source()):
            passed += piece
    except Leak:
        return passed, False
    return passed, True


def cut(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 3, 11, 10_000])
@pytest.mark.parametrize("form", ["verbatim", "look-alikes", "base64", "spaced", "rot13", "reversed", "other endings"])
async def test_a_leak_in_pieces_is_cut_short(size: int, form: str) -> None:
    lines = [line for line in islice(planted(GUIDES[0], {form: FORMS[form]}), 0, None, 30) if line.telling]
    for line in lines:
        passed, whole = await heard(line.guard, cut(f"Thank you, noted. {line.text}", size))
        assert not whole
        assert line.text not in passed


async def test_a_leak_after_a_long_talk_is_cut_short() -> None:
    chatter = "Let me think about how to put this for you, since I'd like to be of use. " * 40
    line = next(planted(GUIDES[0], {"verbatim": str}))
    assert not (await heard(line.guard, cut(chatter + line.text, 5)))[1]
    assert (await heard(line.guard, cut(chatter, 5)))[1]


@pytest.mark.parametrize("size", [2, 6, 40])
async def test_honest_lines_come_through_in_pieces_as_they_are(size: int) -> None:
    lines = [line for line in honest_lines(GUIDES[1], phrases()) if line.form == "free"]
    for line in lines:
        assert await heard(line.guard, cut(line.text, size)) == (line.text, True)


def test_what_was_asked_or_said_or_is_over_may_be_said_again() -> None:
    guide = GUIDES[0]
    question = guide.questions[0]
    secrets, point = secrets_of(guide), question.key_points[0].text
    assert Guard(secrets).leaks(point)
    assert not Guard(secrets, allowed=[point]).leaks(point)
    assert not Guard(secrets, over=[question.id]).leaks(point)


def test_a_pile_of_words_from_the_candidate_does_not_open_a_whole_sentence() -> None:
    guide = GUIDES[0]
    point = next(k.text for k in guide.questions[0].key_points if len(k.text.split()) > 9)
    pile = " ".join(sorted(set(point.split())))
    assert Guard(secrets_of(guide), allowed=[pile]).leaks(point)


def test_a_piece_costs_little() -> None:
    free = [line for line in honest_lines(GUIDES[0], phrases()) if line.form == "free"]
    text = " ".join(line.text for line in free)
    guard = Guard(secrets_of(GUIDES[0]), (), [text])
    pieces = [f"{word} " for word in text.split()]
    asyncio.run(heard(guard, pieces))
    began = time.perf_counter()
    assert asyncio.run(heard(guard, pieces))[1]
    assert (time.perf_counter() - began) / len(pieces) < 0.001


def test_a_line_knows_its_moment() -> None:
    line: Line = next(honest_lines(GUIDES[0], phrases()))
    assert (line.guide_id, line.form) == (GUIDES[0].id, "probe")
