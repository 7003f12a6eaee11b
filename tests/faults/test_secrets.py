"""No key, prompt or answer comes out of an engine that fails: not in an error, what caused it, a log or a file."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from pathlib import Path

import pytest

from interviewer.conduct.single import grade_answer
from interviewer.domain.errors import EngineError, InterviewerError
from interviewer.engines.llm_known import Knowledge
from tests.faults.server import Act, Endpoint, Exchange, begun, hang, refusal, reset, status, streamed, vanish
from tests.faults.setup import ANSWER, GOOD, KEY, QUESTION, engine_at, readings, talking_to, words

CANARIES = (KEY, "canary", "Canary", "warm wall", "sheltered", "never-shown")


def echoing(code: int) -> Act:
    """An error that repeats the whole request, its key and all, as careless endpoints do."""

    async def act(exchange: Exchange) -> None:
        told = f"Incorrect: {exchange.headers} {json.dumps(exchange.body)}"
        body = {"error": {"message": told, "type": told, "code": told, "param": told}}
        await exchange.whole(code, body)

    return act


async def echo_in_stream(exchange: Exchange) -> None:
    """The same in the middle of a stream."""
    told = f"{exchange.headers} {json.dumps(exchange.body)}"
    await exchange.line(f"data: {json.dumps({'error': {'message': told, 'code': told}})}")


async def not_json(exchange: Exchange) -> None:
    """An event that is not JSON and holds the answer."""
    await exchange.begin()
    await exchange.line(f"data: {ANSWER} {KEY}")


ACTS: dict[str, Act] = {
    **{str(code): echoing(code) for code in (400, 401, 403, 404, 422, 429, 500, 503)},
    "in the stream": begun(ANSWER, echo_in_stream),
    "not JSON": not_json,
    "prose": streamed(ANSWER),
    "hang": hang(),
    "reset": begun(ANSWER, reset),
    "closes": begun(ANSWER, vanish),
    "refusal": refusal,
    "quota": status(429, "insufficient_quota", KEY),
}


def everything_of(error: BaseException) -> str:
    """All that an error and whatever led to it would show, anywhere."""
    shown = ["".join(traceback.format_exception(error))]
    seen: list[BaseException | None] = [error]
    while seen:
        each = seen.pop()
        if each is not None:
            shown += [str(each), repr(each), repr(each.args), repr(vars(each))]
            seen += [each.__cause__, each.__context__]
    return "\n".join(shown)


def clean(text: str) -> bool:
    return not any(canary in text for canary in CANARIES)


@pytest.mark.parametrize("name", ACTS)
async def test_errors_and_logs_hold_no_secret(
    name: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    knowledge = Knowledge(tmp_path / "endpoints.json")
    async with talking_to(ACTS[name], knowledge=knowledge) as (engine, _):
        with pytest.raises(EngineError) as read:
            await readings(engine)
        try:
            said = (await words(engine))[0]
        except EngineError as error:
            said = everything_of(error)
        try:
            graded = (await grade_answer(engine, QUESTION, ANSWER)).reason
        except InterviewerError as error:
            graded = everything_of(error)
        about = repr(engine) + repr(vars(engine)) + repr(vars(engine.grader))
    assert clean(everything_of(read.value))
    assert clean(graded)
    assert clean(about)
    assert clean(said) or name == "prose"
    assert clean(caplog.text)
    assert clean("".join(capfd.readouterr()))
    assert clean(_files(tmp_path))


def _files(folder: Path) -> str:
    return "".join(f.read_text() for f in folder.iterdir())


async def test_an_error_that_nobody_awaits_holds_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    async with talking_to(echoing(500), samples=3) as (engine, _):
        with pytest.raises(EngineError):
            await readings(engine)
    assert clean(caplog.text)


async def test_tracing_that_another_program_turned_on_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Endpoint(status(200)) as tracer:
        for prefix in ("LANGSMITH", "LANGCHAIN"):
            monkeypatch.setenv(f"{prefix}_TRACING", "true")
            monkeypatch.setenv(f"{prefix}_TRACING_V2", "true")
            monkeypatch.setenv(f"{prefix}_ENDPOINT", tracer.url)
            monkeypatch.setenv(f"{prefix}_API_KEY", "x")
        async with Endpoint(streamed(GOOD)) as endpoint:
            engine = engine_at(endpoint.url)
            await readings(engine)
            await engine.close()
        await asyncio.sleep(0.3)
        assert not tracer.exchanges
