"""What an endpoint cannot do is found out, done without, and remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interviewer.domain.grading import Verdict
from interviewer.engines.llm_known import Abilities, Knowledge, Method
from tests.faults.server import Act, Exchange, split, status, streamed
from tests.faults.setup import GOOD, readings, talking_to, words


def picky(*known: str) -> Act:
    """An endpoint that knows only these of json_schema, tools and json_object, and says so."""

    async def act(exchange: Exchange) -> None:
        form = (exchange.body.get("response_format") or {}).get("type")
        if form and form not in known:
            await status(400, message=f"response_format of type '{form}' is not supported")(exchange)
        elif exchange.body.get("tools") and "tools" not in known:
            await status(400, message="tools are not supported by this model")(exchange)
        else:
            await streamed(GOOD, field="tool" if exchange.body.get("tools") else "content")(exchange)

    return act


METHODS: list[tuple[tuple[str, ...], Method, int]] = [
    (("json_schema",), "json_schema", 1),
    (("tools", "json_object"), "tool", 2),
    (("json_object",), "json_object", 3),
    ((), "plain", 4),
]


@pytest.mark.parametrize(("known", "method", "requests"), METHODS)
async def test_the_best_method_that_works_is_found_and_remembered(
    known: tuple[str, ...], method: Method, requests: int, tmp_path: Path
) -> None:
    file = tmp_path / "endpoints.json"
    async with talking_to(picky(*known), knowledge=Knowledge(file)) as (engine, endpoint):
        found = await readings(engine)
        assert found[-1].points[0].verdict is Verdict.COVERED
        assert len(endpoint.exchanges) == requests
        await readings(engine)
        assert len(endpoint.exchanges) == requests + 1
    assert Knowledge(file).get(endpoint.url, "m").method == ("json_schema" if requests == 1 else method)


REFUSED = ["temperature", "stream_options", "max_tokens"]


@pytest.mark.parametrize("parameter", REFUSED)
async def test_a_parameter_that_is_refused_is_left_out(parameter: str) -> None:
    async def act(exchange: Exchange) -> None:
        if parameter in exchange.body:
            await status(400, "unsupported_parameter", f"Unsupported parameter: '{parameter}'")(exchange)
        else:
            await split(streamed(GOOD), streamed("Yes."))(exchange)

    async with talking_to(act) as (engine, endpoint):
        await readings(engine)
        await readings(engine)
        assert (await words(engine))[0] == "Yes."
    assert [parameter in e.body for e in endpoint.exchanges] == [True, False, False, False]


async def test_the_schema_is_strict_ordered_and_of_enumerated_ids() -> None:
    async with talking_to(streamed(GOOD)) as (engine, endpoint):
        await readings(engine)
    form = endpoint.exchanges[0].body["response_format"]["json_schema"]
    assert form["strict"] is True
    assert list(form["schema"]["properties"]) == ["kind", "points", "pitfalls", "steering", "quotes"]
    assert list(form["schema"]["properties"]["quotes"]["properties"]) == ["k1", "k2", "p1"]


async def test_candidate_text_is_in_the_user_part_only_and_after_all_that_stays_the_same() -> None:
    async with talking_to(streamed(GOOD)) as (engine, endpoint):
        await readings(engine, message="one thing")
        await readings(engine, message="something else")
    first, second = (e.body["messages"] for e in endpoint.exchanges)
    assert [m["role"] for m in first] == ["system", "user"]
    assert first[0] == second[0]
    assert "one thing" not in first[0]["content"]
    assert "one thing" in first[1]["content"]


async def test_several_readings_vote() -> None:
    covered, missing = GOOD, GOOD.replace("covered", "missing")
    async with talking_to(streamed(covered), streamed(missing), streamed(covered), samples=3) as (engine, _):
        final = (await readings(engine))[-1]
    assert final.points[0].verdict is Verdict.COVERED
    assert final.points[0].confidence == pytest.approx(2 / 3)
    assert final.points[1].confidence == 1
    assert len(final.calls) == 3


async def test_a_reading_that_fails_has_no_vote() -> None:
    async with talking_to(streamed(GOOD), status(400), streamed(GOOD), samples=3) as (engine, _):
        final = (await readings(engine))[-1]
    assert len(final.calls) == 2


def test_a_file_of_knowledge_that_is_damaged_is_done_without(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.json"
    for text in ("{", "[]", '{"x": {"method": "magic", "refuses": []}}', '{"x": 1}'):
        file.write_text(text)
        assert Knowledge(file).get("u", "m") == Abilities()
    Knowledge(file).put("https://u:secret@host/v1", "m", Abilities("tool", frozenset({"temperature"})))
    assert Knowledge(file).get("https://u:secret@host/v1", "m").method == "tool"
    assert "secret" not in file.read_text()
    assert json.loads(file.read_text())
