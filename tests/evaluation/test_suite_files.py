"""The suites that ship: their options are known, and their limits are of measures that there are."""

from __future__ import annotations

import tomllib

import pytest

from interviewer.evaluation import conducted, injection, measuring, metamorphic, retrieval
from interviewer.evaluation.conduct_rules import RULES
from interviewer.evaluation.definitions import MarginsSet, definition
from interviewer.evaluation.quoted import load_any
from tests.evaluation.suite_runs import cases


def test_the_options_of_every_suite_are_known() -> None:
    assert metamorphic.Options.model_validate(definition("metamorphic").options) == metamorphic.Options()
    assert injection.Options.model_validate(definition("injection").options) == injection.Options()
    assert conducted.Options.model_validate(definition("conduct").options) == conducted.Options()
    assert retrieval.Options.model_validate(definition("retrieval").options) == retrieval.Options()


def test_their_cases_are_the_labelled_answers() -> None:
    for name in ("metamorphic", "injection", "conduct", "retrieval"):
        assert load_any(definition(name).cases_folder).digest == cases().digest


@pytest.mark.parametrize("name", measuring.GRADED_KINDS)
def test_the_margins_of_the_gate_are_in_the_suites_file(name: str) -> None:
    found = definition(name)
    said = tomllib.loads(found.file.read_text(encoding="utf-8"))["margins"]
    grades = {"qwk", "leniency"} | ({"variance"} if found.repeats > 1 else set())
    assert said.keys() == ({"violations"} if found.kind in measuring.CHANGED_KINDS else grades)
    assert found.margins == MarginsSet()


def test_their_limits_are_of_measures_that_there_are() -> None:
    rules = {f"broken: {rule}" for rule in RULES}
    assert set(definition("conduct").most) - {"aimed at what was made"} <= rules
    scopes = [f"{name}, of the {scope}" for scope in retrieval.SCOPES for name in ("recall at 1", "recall at 3")]
    assert set(definition("retrieval").least) <= {*scopes, "mean reciprocal rank, of the guide"}
