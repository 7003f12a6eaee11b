"""A suite from its definition to its outcome: limits of its own, and what is wrong with a definition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from interviewer.domain.errors import EngineError, NotFoundError
from interviewer.domain.interview import Assessment
from interviewer.engines.scripted import ScriptedEngine
from interviewer.evaluation import definitions as definitions_module
from interviewer.evaluation import measuring
from interviewer.evaluation.cases import CasesError
from interviewer.evaluation.definitions import Definition, definition, definitions
from interviewer.evaluation.measuring import Rooms, parts_of
from interviewer.evaluation.results import Measure, Outcome, SuiteResult
from interviewer.evaluation.subjects import Subject
from interviewer.ports import AssessRequest
from interviewer.prompts import phrases
from tests.conduct.helpers import CONTENT, WordRetriever, content_guide
from tests.evaluation.suite_runs import ANSWERS
from tests.evaluation.test_conducted import conductor

MEASURES = (Measure(name="recall", value=0.8), Measure(name="leaks", value=0.1), Measure(name="none", value=None))


def suite(kind: str, **more: Any) -> Definition:
    return Definition(name="own", kind=kind, cases=str(ANSWERS), file=Path("own.toml"), **more)


def held(given: Definition, kind: type[ScriptedEngine] = ScriptedEngine) -> SuiteResult:
    engine = kind(phrases())
    rooms = Rooms(conductor(engine), WordRetriever(), [content_guide(CONTENT[0])])
    return asyncio.run(measuring.held(given, Subject(engine), rooms)).result


def test_limits_are_told_where_they_are_passed_and_where_nothing_was_measured() -> None:
    assert suite("conduct", least={"recall": 0.8}, most={"leaks": 0.1}).beyond(MEASURES) == ()
    assert suite("conduct", least={"recall": 0.81}, most={"leaks": 0.09, "none": 1.0, "no such": 1.0}).beyond(
        MEASURES
    ) == (
        "recall is 0.800; it should be at least 0.81.",
        "leaks is 0.100; it should be at most 0.09.",
        "none was not measured; it should be at most 1.",
        "no such was not measured; it should be at most 1.",
    )


@pytest.mark.parametrize(
    ("kind", "name", "options"),
    [("retrieval", "recall at 1, of the question", {}), ("conduct", "words a turn", {"candidates": ["expert"]})],
)
def test_a_suite_with_limits_passes_within_and_is_a_regression_beyond(
    kind: str, name: str, options: dict[str, object]
) -> None:
    within = held(suite(kind, least={name: 0.0}, options=options))
    assert (within.outcome, within.warnings) == (Outcome.PASS, ())
    beyond = held(suite(kind, least={name: 1000.0}, options=options))
    assert beyond.outcome is Outcome.REGRESSION
    assert "it should be at least 1000" in beyond.warnings[0]


def test_what_asks_nothing_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "read_quoted", lambda _: [])
    for kind in ("conduct", "retrieval"):
        assert held(suite(kind, least={"x": 1.0})).outcome is Outcome.INVALID


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("metamorphic", {"seeed": 1}, "own.toml: options.seeed: Extra inputs"),
        ("injection", {"each": 0}, "own.toml: options.each: Input should be greater"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(kind: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(CasesError) as error:
        parts_of(suite(kind, options=options))
    assert said in error.value.message


def test_options_of_suites_with_limits_are_checked_too() -> None:
    with pytest.raises(CasesError, match=r"options\.cuts"):
        held(suite("retrieval", options={"cuts": []}))
    with pytest.raises(CasesError, match=r"options\.long"):
        held(suite("conduct", options={"long": 80}))


def test_files_and_folders_that_are_not_there_are_told() -> None:
    with pytest.raises(NotFoundError, match=r"nowhere\.toml"):
        parts_of(suite("injection", options={"attacks": ["nowhere"]}))
    with pytest.raises(CasesError, match="no folder of cases 'nowhere'"):
        parts_of(definition("agreement").model_copy(update={"cases": "nowhere"}))


def test_a_suite_that_lost_its_kind_is_told_and_data_of_suites_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definitions_module, "resource_folder", lambda _: tmp_path)
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "own.toml").write_text('kind = "agreement"', "utf-8")
    (tmp_path / "suites" / "data.toml").write_text('say = ["So."]', "utf-8")
    assert [d.name for d in definitions()] == ["own"]
    (tmp_path / "suites" / "lost.toml").write_text('kin = "agreement"\nrepeats = 3', "utf-8")
    with pytest.raises(CasesError, match=r"lost\.toml says no kind, and has repeats"):
        definitions()


class Out(ScriptedEngine):
    """An endpoint that is out."""

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        raise EngineError("connection")
        yield


@pytest.mark.parametrize(("allowed", "outcome"), [(0.02, Outcome.INVALID), (1.0, Outcome.REGRESSION)])
def test_interviews_while_the_endpoint_is_out_say_nothing(allowed: float, outcome: Outcome) -> None:
    limits = {"broken: failed": 0.0}
    found = held(suite("conduct", most=limits, most_ungraded=allowed, options={"candidates": ["expert"]}), Out)
    assert found.outcome is outcome
    assert found.ungraded > 0
    assert any("turns did not come out" in p for p in found.problems) == (outcome is Outcome.INVALID)
