"""Faults while the endpoint words a reply: what was heard stays, what follows is code's own, and time is bounded."""

from __future__ import annotations

import asyncio
import time

import pytest

from interviewer.conduct.guard import Guard, secrets_of
from interviewer.conduct.speak import speak
from interviewer.domain.errors import EngineError, EngineUnusable
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Mode, Move, MoveKind
from interviewer.ports import SpeakRequest
from interviewer.prompts import phrases
from tests.faults.server import (
    Act,
    begun,
    finished,
    hang,
    keep_alive,
    no_choices,
    page,
    refusal,
    reset,
    stall,
    status,
    streamed,
    unstreamed,
    vanish,
)
from tests.faults.setup import talking_to, words

FAULTS = {
    "500": (status(500), "server"),
    "hang": (hang(), "stalled"),
    "keep-alives": (begun("", keep_alive), "stalled"),
    "nothing said": (no_choices, "empty"),
    "refusal": (refusal, "refusal"),
    "hang in mid-stream": (begun("Thank you. And ", stall), "stalled"),
    "reset in mid-stream": (begun("Thank you. And ", reset), "dropped"),
    "cut at length": (begun("Thank you. And ", finished("length")), "cut_off"),
    "filtered": (begun("Thank you. And ", finished("content_filter")), "filtered"),
    "no finish_reason": (begun("Thank you. And ", vanish), "incomplete"),
}
GUIDE = Guide(id="g", title="G", file="g.md", revision="speaking")
PROBE = SpeakRequest(move=Move(kind=MoveKind.PROBE), mode=Mode.PRACTICE, question="Why?", category="other", turn=0)


async def test_words_come_with_what_they_cost() -> None:
    async with talking_to(streamed("Thank you. And the soil?")) as (engine, _):
        said, calls = await words(engine)
    assert said == "Thank you. And the soil?"
    assert [(c.role, c.completion_tokens) for c in calls] == [("speaker", 6)]


async def test_words_that_come_in_one_piece() -> None:
    async with talking_to(unstreamed("Thank you.")) as (engine, _):
        assert (await words(engine))[0] == "Thank you."


async def test_ceremony_needs_no_model() -> None:
    async with talking_to(status(500)) as (engine, endpoint):
        assert (await words(engine, MoveKind.REPEAT))[0]
    assert not endpoint.exchanges


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_has_its_reason(name: str) -> None:
    act, reason = FAULTS[name]
    async with talking_to(act) as (engine, _):
        with pytest.raises(EngineError) as caught:
            await words(engine)
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", FAULTS)
async def test_the_reply_is_finished_by_code(name: str) -> None:
    act, reason = FAULTS[name]
    heard: list[str] = []

    async def listen(piece: str) -> None:
        heard.append(piece)

    async with talking_to(act) as (engine, _):
        spoken = await speak(engine, PROBE, Guard(secrets_of(GUIDE)), phrases(), listen, 2.0)
    assert spoken.text == "".join(heard)
    assert spoken.text.endswith(phrases().say("probe.open", 0))
    assert spoken.failure == reason
    if "Thank you" in spoken.text:
        assert spoken.text.startswith("Thank you. And \n\n")


ENDLESS = {"hang": hang(), "keep-alives": begun("", keep_alive), "endless": streamed("so " * 9000, rate=40)}


@pytest.mark.parametrize("act", ENDLESS.values(), ids=ENDLESS)
async def test_the_whole_speech_is_bounded(act: Act) -> None:
    async with talking_to(act, seconds=30) as (engine, _):
        began = time.perf_counter()
        spoken = await speak(engine, PROBE, Guard(secrets_of(GUIDE)), phrases(), _nobody, 0.25)
    assert time.perf_counter() - began < 0.6
    assert spoken.failure == "timeout"


@pytest.mark.parametrize("act", [status(401), status(404, "model_not_found"), page()])
async def test_what_a_person_must_mend_is_not_talked_over(act: Act) -> None:
    async with talking_to(act) as (engine, _):
        with pytest.raises(EngineUnusable):
            await speak(engine, PROBE, Guard(secrets_of(GUIDE)), phrases(), _nobody, 1.0)


async def test_many_speak_at_once() -> None:
    async with talking_to(streamed("Thank you.", first=0.05)) as (engine, _):
        said = await asyncio.gather(*(words(engine) for _ in range(20)))
    assert {text for text, _ in said} == {"Thank you."}


async def _nobody(_: str) -> None:
    """Nobody listens."""
