from __future__ import annotations

import pytest

from interviewer.domain.grading import Outcome, Verdict
from interviewer.domain.interview import Mode
from interviewer.domain.scorecard import Advice, Scorecard
from interviewer.domain.state import Status
from interviewer.reports import view

from .samples import CONFLICT, CONTAINERS, DISK, PIPELINE, make_card, point


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED])
def test_an_assessment_that_is_not_over_discloses_nothing(status: Status) -> None:
    hidden = view.disclosed(make_card(mode=Mode.ASSESS, status=status))
    assert (hidden.score, hidden.band, hidden.categories, hidden.questions, hidden.advice) == (None, None, (), (), ())


def test_an_assessment_that_is_over_and_practice_disclose_all(card: Scorecard, assessed: Scorecard) -> None:
    assert view.disclosed(card) is card
    assert view.disclosed(assessed) is assessed


def test_questions_still_to_come_stay_unknown(card: Scorecard) -> None:
    assert [n for n, _ in view.shown(card)] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [n for n, _ in view.shown(make_card(status=Status.PAUSED))] == [1, 2, 3, 4, 5, 6, 7]


def test_points_come_in_groups_by_verdict() -> None:
    assert [(g.kind, len(g.points)) for g in view.groups(CONTAINERS)] == [("made", 1), ("opposite", 1), ("missing", 1)]


def test_points_without_an_answer_to_judge_have_no_verdict() -> None:
    for result in (CONFLICT, DISK):
        assert [g.heading for g in view.groups(result)] == ["What the guide looks for"]
    assert view.groups(DISK.model_copy(update={"points": ()})) == []


def test_a_point_made_early_under_a_question_that_was_then_skipped_is_shown_as_made() -> None:
    points = (CONFLICT.points[0].model_copy(update={"verdict": Verdict.COVERED}), CONFLICT.points[1])
    assert [g.kind for g in view.groups(CONFLICT.model_copy(update={"points": points}))] == ["made", "missing"]


def test_weights_are_marked_where_they_differ() -> None:
    assert view.marks(PIPELINE, PIPELINE.points[1]) == ["weight 2"]
    assert view.marks(CONTAINERS, CONTAINERS.points[0]) == []
    assert view.marks(DISK, point("A", confidence=0.1)) == []


def test_an_ungraded_answer_has_no_pitfalls() -> None:
    assert view.pitfalls(CONTAINERS)
    assert view.pitfalls(CONTAINERS.model_copy(update={"outcome": Outcome.UNGRADED})) == ()


@pytest.mark.parametrize(
    ("label", "text", "shown"),
    [
        ("Tests", "Tests: fast ones first.", ("Tests", "fast ones first.")),
        ("Tests", "fast ones first.", ("Tests", "fast ones first.")),
        (None, "Tests: fast ones first.", ("", "Tests: fast ones first.")),
        ("Fast tests", "Fast tests.", ("", "Fast tests.")),
    ],
)
def test_headline(label: str | None, text: str, shown: tuple[str, str]) -> None:
    assert view.headline(label, text) == shown


def test_notes_hold_review_marks_and_signals(card: Scorecard) -> None:
    assert [(n.number, len(n.sentences)) for n in view.notes(card)] == [(2, 1), (3, 1)]


def test_steps_say_where_and_how_it_stands(card: Scorecard) -> None:
    assert [(s.number, s.verdict) for s in view.steps(card)] == [
        (5, "Skipped"),
        (2, "Said the opposite"),
        (4, "Not made"),
    ]


def test_advice_needs_its_question() -> None:
    gone = Advice(question_id="gone", question="Q?", point="P.")
    worded = Advice(question_id="containers", question="Q?", point="Limits.")
    (step,) = view.steps(make_card(advice=(gone, worded)))
    assert step == view.Step(2, "Q?", "", "Limits.", "Not made")


def test_categories_keep_questions_that_do_not_count(card: Scorecard) -> None:
    lines = view.categories(card)
    assert [line.name for line in lines] == ["Technical", "Behavioral", "Situational", "Problem solving"]
    assert lines[2].score is None
    assert sum(len(line.questions) for line in lines) == len(card.questions)
