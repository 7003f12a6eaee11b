"""The suite metamorphic: who knows the labels passes, and each canary is noticed by the measure meant for it."""

from __future__ import annotations

import math

import pytest

from interviewer.evaluation.canaries import Oracle, canary
from interviewer.evaluation.metamorphic import Options, items, measure
from interviewer.evaluation.paired import Findings
from interviewer.evaluation.results import Item, Row
from interviewer.ports import Engine
from tests.evaluation.suite_runs import cases, everything_known, labelled, rows_of


def oracle(noise: float = 0.0) -> Oracle:
    return Oracle(everything_known(), labelled(), noise=noise)


def found(engine: Engine, repeats: int = 1, options: Options | None = None) -> Findings:
    return measure(cases(), rows_of(engine, items(cases(), options), repeats), options)


def value(findings: Findings, name: str) -> float:
    measured = next(m for m in findings.measures if m.name == name)
    assert measured.value is not None
    return measured.value


@pytest.fixture(scope="module")
def perfect() -> Findings:
    return found(oracle())


def test_who_knows_the_labels_breaks_nothing(perfect: Findings) -> None:
    assert perfect.violations == ()
    assert value(perfect, "violation rate") == 0
    assert value(perfect, "point deleted: shift") < -0.5
    assert value(perfect, "point negated: shift") < -0.5
    assert value(perfect, "pitfall added: shift") < -0.3
    assert value(perfect, "ladder: shift") < -2
    assert all(value(perfect, f"{m.name}") == 0 for m in perfect.measures if m.name.endswith(": verdicts changed"))
    assert value(perfect, "gain of standing earlier") == 0


def test_a_little_noise_is_no_effect() -> None:
    noisy = found(oracle(0.04), repeats=3)
    assert value(noisy, "violation rate") < 0.01
    for measured in noisy.measures:
        if measured.name.endswith(": verdicts changed"):
            assert abs(measured.value or 0) < 0.03
    assert not noisy.warnings


def test_one_repeat_is_warned_of(perfect: Findings) -> None:
    assert any("graded once" in warning for warning in perfect.warnings)


def test_a_constant_engine_does_not_move_when_it_must() -> None:
    same = found(canary("constant", oracle()))
    assert value(same, "invariance violations") == 0
    for name in ("point deleted", "point negated", "pitfall added", "ladder"):
        assert value(same, f"{name}: violations") == 1
    assert {v.detail for v in same.violations if v.variant == "ladder"} == {"as much without any of the points"}


def test_a_lenient_engine_pays_for_nothing() -> None:
    lenient = found(canary("lenient", oracle()))
    assert value(lenient, "keywords alone: violations") == 1
    assert value(lenient, "echo of the question: violations") == 1
    assert value(lenient, "empty: violations") == 0
    assert value(lenient, "invariance violations") == 0


def test_a_position_biased_engine_turns_on_the_order_of_key_points_alone() -> None:
    biased = found(canary("position", oracle()))
    assert value(biased, "order of key points: verdicts changed") > 0.3
    assert value(biased, "gain of standing earlier") > 0.2
    assert value(biased, "order of key points: violations") > 0.7
    assert {v.variant for v in biased.violations} == {"order of key points"}
    others = [m for m in biased.measures if m.name.endswith(": verdicts changed")]
    assert [m.name for m in others if m.value] == ["order of key points: verdicts changed"]


def test_a_noisy_engine_is_not_taken_for_one_that_minds_the_changes() -> None:
    noisy = found(canary("noisy", oracle()), repeats=3)
    for measured in noisy.measures:
        if measured.name.endswith(": verdicts changed"):
            assert abs(measured.value or 0) < 0.06
    assert value(noisy, "invariance violations") < 0.06


def test_without_repeats_noise_looks_like_an_effect() -> None:
    noisy = found(canary("noisy", oracle()), repeats=1)
    assert value(noisy, "typos: verdicts changed") > 0.2


def test_violations_say_what_turned() -> None:
    chosen = Options(tolerance=0.1, verdicts=1, changes=("order of key points",))
    biased = found(canary("position", oracle()), options=chosen)
    worst = biased.violations[0]
    assert worst.variant == "order of key points"
    assert worst.expected == "no change"
    assert "covered -> partial" in " ".join(v.detail for v in biased.violations)
    assert abs(worst.now - worst.before) > 2


def test_what_was_not_graded_is_left_out_and_told() -> None:
    chosen = Options(changes=("empty", "typos"))
    rows = [r for r in rows_of(oracle(), items(cases(), chosen)) if r.variant != "typos"]
    findings = measure(cases(), rows, chosen)
    assert any("27 of 54 changed answers were not graded" in w for w in findings.warnings)
    assert [t.title for t in findings.tables] == ["Changes that must move a grade, or must not raise it"]


def test_nothing_graded_gives_nothing() -> None:
    findings = measure(cases(), [])
    assert findings.violations == ()
    assert findings.measures == ()


def test_an_item_is_graded_once_whatever_its_changes() -> None:
    made: list[Item] = items(cases())
    assert len({i.id for i in made}) == len(made)
    assert {i.case_id for i in made} == {i.id for i in made if not i.variant}


def test_intervals_hold_the_values(perfect: Findings) -> None:
    for m in perfect.measures:
        assert m.value is not None
        assert m.low is not None
        assert m.high is not None
        assert m.low <= m.value <= m.high
        assert math.isfinite(m.low + m.high)
        assert m.clusters == 27 or m.name.startswith("pitfall added")


def test_rows_of_other_items_do_no_harm() -> None:
    rows: list[Row] = rows_of(oracle(), items(cases(), Options(changes=("typos",))))
    assert value(measure(cases(), rows, Options(changes=("typos",))), "typos: shift") == 0
    assert next(m.name for m in measure(cases(), rows).measures if m.n).startswith("typos")
