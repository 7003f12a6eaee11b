from __future__ import annotations

import math
from typing import Any

import pytest

from interviewer.evaluation import report_words as words
from interviewer.evaluation.gate import LENIENCY, QWK, VARIANCE
from interviewer.evaluation.report_closing import closing, loss
from interviewer.evaluation.report_terms import EITHER, HIGHER, LOWER, TERMS, term
from interviewer.evaluation.results import Outcome, Table
from interviewer.evaluation.steadiness import stability_measures
from interviewer.evaluation.tables import agreement_measures

from .report_samples import (
    GOOD,
    OPEN,
    REGRESSED,
    VIOLATIONS,
    agreement,
    difference,
    evidence,
    info,
    metamorphic,
    report,
)

NOW = info("agreement")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "n/a"),
        (math.nan, "n/a"),
        (math.inf, "n/a"),
        (0.0, "0.000"),
        (-0.0, "0.000"),
        (-0.0004, "0.000"),
        (-0.0306, "−0.031"),
        (0.84249, "0.842"),
        (12.34, "12.3"),
        (12345.6, "12,345.6"),
        (1506, "1,506"),
        (0, "0"),
        (-7, "−7"),
    ],
)
def test_a_number_as_it_is_read(value: float | None, said: str) -> None:
    assert words.number(value) == said


@pytest.mark.parametrize(("value", "said"), [(0.02, "+0.020"), (-0.02, "−0.020"), (0.0, "0.000"), (0.0001, "0.000")])
def test_a_sign_says_which_way_and_nought_has_none(value: float, said: str) -> None:
    assert words.number(value, signed=True) == said


def test_figures_of_a_column_have_as_many_decimals() -> None:
    table = Table(title="t", columns=("a", "b", "c"), rows=(("x", 81.25, 0.5), ("y", 5.08, None), ("z", -0.04, 1)))
    assert words.cells(table) == [("x", "81.2", "0.500"), ("y", "5.1", "n/a"), ("z", "0.0", "1")]


def test_no_rows_are_no_cells() -> None:
    assert words.cells(Table(title="t", columns=("a",), rows=())) == []


@pytest.mark.parametrize(
    ("name", "limit", "side"),
    [("qwk", "−0.03", LOWER), ("leniency", "±0.1", EITHER), ("repeat_variance", "+0.01", HIGHER)],
)
def test_a_limit_lies_where_the_loss_does(name: str, limit: str, side: str) -> None:
    each = next(d for d in GOOD if d.name == name)
    assert (words.limit(each), words.side(each)) == (limit, side)


@pytest.mark.parametrize(("gap", "worse", "side"), [(0.2, 0.2, HIGHER), (0.2, -0.2, LOWER), (-0.2, 0.2, LOWER)])
def test_an_unknown_metric_is_worse_where_its_loss_is(gap: float, worse: float, side: str) -> None:
    assert words.side(difference("made_up", 0.5, 0.5 + gap, 0.1, 0.1, worse=worse)) == side


@pytest.mark.parametrize("name", [QWK, LENIENCY, VARIANCE])
def test_the_gates_metrics_are_known(name: str) -> None:
    assert term(name) in TERMS.values()


def test_an_unknown_measure_is_its_own_label() -> None:
    assert term("answer_only QWK of it").label == "Answer only QWK of it"


def test_what_is_measured_of_a_change_is_known_by_its_kind() -> None:
    shift = term("sentence-order: shift")
    assert (shift.label, shift.worse) == ("Sentence-order: shift", EITHER)
    assert shift.plain
    assert term("typos: violations").worse == HIGHER
    assert term("recall at 3, of the guide").worse == LOWER
    assert term("broken: hint order").plain


def test_every_measure_that_is_made_is_known() -> None:
    found = evidence(12, 2)
    cases, rows = list(found.cases.values()), [row for rows in found.now.values() for row in rows]
    made = agreement_measures(cases, rows)[0] + stability_measures(cases, rows)[0]
    assert len(made) > 20
    assert not [m.name for m in made if not term(m.name).plain]


@pytest.mark.parametrize(
    ("each", "said"),
    [
        (REGRESSED[0], "agreement (QWK) fell by 0.061 (limit 0.03)"),
        (REGRESSED[1], "the engine became stricter by 0.237 (limit 0.1)"),
        (difference("leniency", 0.0, 0.3, 0.1, 0.1), "the engine became more lenient by 0.300 (limit 0.1)"),
        (
            difference("qwk", 0.8, 0.78, 0.015, 0.03),
            "agreement (QWK) fell by 0.020, and 0.035 can't be ruled out (limit 0.03)",
        ),
        (difference("repeat_variance", 0.1, 0.3, 0.1, 0.05), "repeat variance rose by 0.200 (limit 0.05)"),
    ],
)
def test_a_loss_in_a_sentence(each: Any, said: str) -> None:
    assert loss(each) == said


def test_a_regression_names_the_worst_loss_first() -> None:
    last = closing(report(agreement(GOOD), agreement(REGRESSED)))
    assert last.headline == "Regression"
    assert last.finding.startswith("the engine became stricter by 0.237 (limit 0.1); agreement (QWK) fell by 0.061")
    assert "interviewer eval bless" in last.advice


def test_violations_alone_are_named_by_kind() -> None:
    last = closing(report(metamorphic()))
    assert last.finding == "changed answers with an unexpected grade: 4 (padding, point deleted and typos)."


def test_violations_are_named_beside_the_losses_of_another_suite() -> None:
    said = closing(report(agreement(REGRESSED), metamorphic())).finding
    assert said.endswith(
        "(limit 0.03); changed answers with an unexpected grade: 4 (padding, point deleted and typos)."
    )


def test_many_kinds_of_violations_are_cut_short() -> None:
    kinds = [VIOLATIONS[0].model_copy(update={"variant": v}) for v in ("a", "b", "c", "d", "e")]
    assert "(a, b, c and 2 more)" in closing(report(metamorphic(violations=tuple(kinds)))).finding


def test_an_open_outcome_says_what_could_have_been_found_and_how_many_more_answers_settle_it() -> None:
    last = closing(report(agreement(OPEN)))
    assert last.headline == "Inconclusive"
    assert last.finding == (
        "agreement (QWK) may be worse by up to 0.044 (limit 0.03); "
        "the smallest loss this run could have found is 0.046."
    )
    assert last.advice == "About 376 more answers would settle it: interviewer eval power"


def test_where_no_number_of_answers_settles_it_none_is_promised() -> None:
    each = OPEN[0].model_copy(update={"cases_needed": None})
    assert closing(report(agreement((each,)))).advice == "More answers or repeats may settle it: interviewer eval power"


def test_a_pass_points_at_the_warnings() -> None:
    assert closing(report(agreement(GOOD))).advice == "But read the warning above."
    assert closing(report(agreement(GOOD, warnings=()))).advice.endswith(
        "interviewer eval bless agreement --engine openai"
    )


def test_an_invalid_run_says_why_and_wins_over_a_regression() -> None:
    broken = agreement((), outcome=Outcome.INVALID, problems=("The cases changed.", "Nothing ran."))
    last = closing(report(agreement(REGRESSED), broken))
    assert (last.headline, last.finding) == ("Invalid run", "The cases changed (and one more problem).")


def test_without_a_baseline_nothing_is_called_no_worse() -> None:
    last = closing(report(agreement((), outcome=None, baseline=None)), program="./interviewer")
    assert last.headline == "Measured"
    assert last.advice == "Keep this run to compare with: ./interviewer eval bless agreement --engine openai"


def test_what_has_limits_of_its_own_is_not_to_be_blessed() -> None:
    held = agreement((), baseline=None, warnings=(), outcome=Outcome.REGRESSION).model_copy(update={"kind": "conduct"})
    assert closing(report(held)).advice == "The limits are in the suite's file."
    both = closing(report(agreement(GOOD, warnings=()), held.model_copy(update={"outcome": Outcome.PASS})))
    assert both.advice.endswith("interviewer eval bless agreement --engine openai")


def test_the_last_line_alone_is_one_line_that_is_safe_to_print() -> None:
    broken = agreement((), outcome=Outcome.INVALID, problems=("The cases\nchanged\x1b[31m \u202eagain.",))
    said = closing(report(broken)).sentence
    assert said == "Invalid run: The cases changed again. Nothing was decided. Mend it and run again."


def test_nothing_ran() -> None:
    assert closing(report()).headline == "Nothing ran"


def test_what_differs_from_the_baseline_besides_the_prompt_is_said() -> None:
    then = info("agreement", model="grader-small", parameters=NOW.parameters | {"repeats": 1})
    del then.parameters["samples"]
    said = words.baseline_line(agreement(GOOD, baseline=then))
    assert said.endswith("Besides, model was grader-small, repeats was 1 and samples was not set.")


def test_beside_a_baseline_an_engine_without_prompts_says_that_a_changed_prompt_does_not_show() -> None:
    embedded = info("agreement", engine="embedded", model="reader", parameters={"made_of": "1", "deterministic": True})
    said = words.baseline_line(agreement(GOOD, info=embedded, baseline=embedded))
    assert said.endswith("The embedded engine reads no prompts; to measure a changed prompt: --engine openai.")
    assert words.baseline_line(agreement((), info=embedded, baseline=None)) == ""
    assert "reads no prompts" not in words.baseline_line(agreement(GOOD, baseline=NOW))


def test_what_was_not_graded_is_said_with_its_reasons() -> None:
    assert "6 not graded (refused 4, timeout 2)" in words.run_line(agreement())
