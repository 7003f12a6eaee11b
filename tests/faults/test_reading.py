"""Every fault of an endpoint while it reads an answer: its reason, whether it is tried again, and for how long."""

from __future__ import annotations

import json
import socket
import time
from typing import NamedTuple

import pytest

from interviewer.domain.errors import EngineError, EngineUnusable
from interviewer.domain.grading import Verdict, verify_points
from tests.faults.server import (
    Act,
    begun,
    error_event,
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
from tests.faults.setup import ANSWER, GOOD, engine_at, readings, sheet, talking_to

HALF = GOOD[:70]
SECONDS = 3.0


class Case(NamedTuple):
    """A fault that lasts: the reason it ends with, the requests that it costs, and whether it stops the interview."""

    name: str
    act: Act
    reason: str
    requests: int
    unusable: bool = False


LASTING = [
    Case("401", status(401, "invalid_api_key"), "auth", 1, unusable=True),
    Case("403", status(403), "forbidden", 1, unusable=True),
    Case("404 model", status(404, "model_not_found"), "model", 1, unusable=True),
    Case("404 path", status(404), "address", 1, unusable=True),
    Case("a web page", page(), "address", 1, unusable=True),
    Case("429", status(429, "rate_limit_exceeded"), "rate_limit", 2),
    Case("429, retry in 0.05 s", status(429, headers={"Retry-After": "0.05"}), "rate_limit", 2),
    Case("429, retry in 60 s", status(429, headers={"Retry-After": "60"}), "rate_limit", 1),
    Case("no credit", status(429, "insufficient_quota"), "quota", 1, unusable=True),
    Case("500", status(500), "server", 2),
    Case("503", status(503), "overloaded", 2),
    Case("hang before the first byte", hang(), "stalled", 2),
    Case("hang in mid-stream", begun(HALF, stall), "stalled", 2),
    Case("keep-alives before the first word", begun("", keep_alive), "stalled", 2),
    Case("keep-alives in mid-stream", begun(HALF, keep_alive), "stalled", 2),
    Case("reset before the first byte", reset, "dropped", 2),
    Case("reset in mid-stream", begun(HALF, reset), "dropped", 2),
    Case("an error in mid-stream", begun(HALF, error_event), "server", 2),
    Case("closes without finish_reason", begun(HALF, vanish), "incomplete", 2),
    Case("cut at length", begun(HALF, finished("length")), "cut_off", 1),
    Case("refusal", refusal, "refusal", 1),
    Case("content filter, in the reply", begun(HALF, finished("content_filter")), "filtered", 1),
    Case("content filter, on the prompt", status(400, "content_filter"), "filtered", 1),
    Case("empty choices", no_choices, "empty", 2),
    Case("invalid JSON", streamed("I think the candidate did well."), "format", 2),
    Case("JSON of another shape", streamed('{"score": 5}'), "format", 2),
    Case("unknown ids", streamed(GOOD.replace("k1", "k7")), "format", 2),
    Case("unknown verdict", streamed(sheet("excellent")), "format", 2),
    Case("context overflow", status(400, "context_length_exceeded"), "too_long", 1),
    Case("another 400", status(400, "invalid_request"), "rejected", 1),
]


@pytest.mark.parametrize("case", LASTING, ids=lambda c: c.name)
async def test_a_fault_that_lasts_ends_with_its_reason_in_time(case: Case) -> None:
    async with talking_to(case.act, seconds=SECONDS) as (engine, endpoint):
        began = time.perf_counter()
        with pytest.raises(EngineError) as caught:
            await readings(engine)
        assert caught.value.reason == case.reason
        assert isinstance(caught.value, EngineUnusable) is case.unusable
        assert caught.value.remedy
        assert len(endpoint.exchanges) == case.requests
        assert time.perf_counter() - began < SECONDS


PASSING = [c for c in LASTING if c.requests == 2 and c.reason != "format"]


@pytest.mark.parametrize("case", PASSING, ids=lambda c: c.name)
async def test_a_fault_that_passes_leaves_no_trace(case: Case) -> None:
    async with talking_to(case.act, streamed(GOOD)) as (engine, _):
        found = await readings(engine)
    assert [f.evidence for f in found] == [False, True]
    assert [p.verdict for p in found[-1].points] == [Verdict.COVERED, Verdict.MISSING]


async def test_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    engine = engine_at(f"http://127.0.0.1:{port}/v1")
    with pytest.raises(EngineUnusable) as caught:
        await readings(engine)
    assert caught.value.reason == "unreachable"
    await engine.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://no-such-host.invalid/v1", "dns"),
        ("localhost:11434/v1", "address"),
        ("ftp://127.0.0.1/v1", "address"),
        ("http://127.0.0.1:99999/v1", "address"),
    ],
)
async def test_an_address_that_leads_nowhere(url: str, reason: str) -> None:
    engine = engine_at(url)
    with pytest.raises(EngineUnusable) as caught:
        await readings(engine)
    assert caught.value.reason == reason
    await engine.close()


async def test_an_endpoint_that_worked_and_is_gone_leaves_one_answer_ungraded() -> None:
    async with talking_to(streamed(GOOD)) as (engine, endpoint):
        await readings(engine)
        await endpoint.stop()
        with pytest.raises(EngineError) as caught:
            await readings(engine)
    assert caught.value.reason == "unreachable"
    assert not isinstance(caught.value, EngineUnusable)


@pytest.mark.parametrize("slow", [hang(), begun("", keep_alive)], ids=["hang", "keep-alives"])
async def test_the_time_of_all_tries_is_bounded(slow: Act) -> None:
    async with talking_to(slow, seconds=0.45) as (engine, _):
        began = time.perf_counter()
        with pytest.raises(EngineError) as caught:
            await readings(engine)
    assert caught.value.reason in ("timeout", "stalled")
    assert time.perf_counter() - began < 0.9


async def test_words_that_come_for_ever_are_bounded_too() -> None:
    endless = streamed("so " * 40_000, rate=50)
    async with talking_to(endless, seconds=0.5) as (engine, _):
        began = time.perf_counter()
        with pytest.raises(EngineError) as caught:
            await readings(engine)
    assert caught.value.reason == "timeout"
    assert time.perf_counter() - began < 1.0


async def test_how_one_try_ended_says_nothing_of_the_next() -> None:
    async with talking_to(begun("", finished("stop")), begun(HALF, vanish), status(500)) as (engine, _):
        with pytest.raises(EngineError) as caught:
            await readings(engine)
    assert caught.value.reason != "format"


async def test_a_sheet_that_is_whole_counts_however_the_stream_ends() -> None:
    for end in (vanish, finished("length")):
        async with talking_to(begun(GOOD, end)) as (engine, endpoint):
            assert (await readings(engine))[-1].evidence
        assert len(endpoint.exchanges) == 1


async def test_a_wrong_shape_is_shown_to_the_model_once() -> None:
    async with talking_to(streamed('{"score": 5}'), streamed(f"Sorry.\n```json\n{GOOD}\n```")) as (engine, endpoint):
        found = await readings(engine)
    assert found[-1].points[0].verdict is Verdict.COVERED
    assert len(found[-1].calls) == 2
    told = endpoint.exchanges[1].body["messages"]
    assert told[-2] == {"role": "assistant", "content": '{"score": 5}'}
    assert "k1" in told[-1]["content"]
    assert endpoint.exchanges[1].body["response_format"] == {"type": "json_object"}


async def test_unknown_ids_beside_the_known_ones_are_ignored() -> None:
    extra = json.loads(GOOD)
    extra["points"]["k9"] = "covered"
    extra["quotes"]["k9"] = "anything"
    async with talking_to(streamed(json.dumps(extra))) as (engine, _):
        assert [p.id for p in (await readings(engine))[-1].points] == ["warmth", "soil"]


async def test_quotes_that_are_not_there_do_not_count() -> None:
    async with talking_to(streamed(sheet(quote="I never said this"))) as (engine, _):
        checked = verify_points((await readings(engine))[-1].points, ANSWER)
    assert checked[0].verdict is Verdict.MISSING
    assert checked[0].unsupported


async def test_an_endpoint_that_ignores_stream() -> None:
    async with talking_to(unstreamed(GOOD)) as (engine, _):
        found = await readings(engine)
    assert found[-1].evidence
    assert found[-1].calls[0].completion_tokens == len(GOOD) // 4
