from __future__ import annotations

from datetime import UTC, datetime

import pytest

from interviewer.domain.grading import BAND_NAMES, Origin, Outcome, Verdict, band, score_points
from interviewer.domain.guide import Category
from interviewer.domain.interview import Mode
from interviewer.domain.scorecard import Scorecard
from interviewer.domain.state import Status
from interviewer.reports import words

from .samples import DISK, ROLLBACK, make_card, point


def test_every_member_has_words() -> None:
    assert set(words.VERDICTS) == set(Verdict)
    assert set(words.ORIGINS) == set(Origin)
    assert set(words.CATEGORIES) == set(Category)
    assert set(words.MODES) == set(Mode)
    assert len(words.BAND_MEANINGS) == len(BAND_NAMES)


def test_band_ranges_agree_with_the_bands() -> None:
    for number in range(1, 6):
        low, _, high = words.band_range(number).partition(" to ")
        assert band(float(low)) == band(float(high)) == number


@pytest.mark.parametrize("score", [14.9, 39.9, 61.9, 84.9, 0.0, 100.0])
def test_a_shown_score_is_never_of_another_band(score: float) -> None:
    assert band(float(score_points(score))) == band(score)


@pytest.mark.parametrize(("minutes", "said"), [(0.4, "under a minute"), (1.2, "1 minute"), (34.2, "34 minutes")])
def test_duration(minutes: float, said: str) -> None:
    assert words.duration(minutes) == said


def test_days() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert (words.day(at), words.short_day(at)) == ("2 March 2026", "2 Mar 2026")


def test_tally_counts_every_outcome(card: Scorecard) -> None:
    assert words.tally(card) == "5 questions graded, one skipped, one not graded and one not asked."


def test_tally_of_an_interview_that_goes_on() -> None:
    card = make_card(status=Status.ACTIVE)
    assert words.tally(card).endswith("one still to come.")
    assert words.unfinished(card) == "The interview is still going on: this is how it stands so far."
    assert words.unfinished(make_card(status=Status.PAUSED)).startswith("The interview is paused")


def test_tally_of_nothing() -> None:
    assert words.tally(make_card(questions=())) == ""


def test_an_ungraded_question_is_never_a_zero() -> None:
    said = f"{words.standing(DISK)}. {words.explanation(DISK)}"
    expected = "Not graded. The model did not answer within 60 seconds. This question does not count, for or against."
    assert said == expected


def test_an_ungraded_question_without_a_reason_still_says_something() -> None:
    assert words.explanation(DISK.model_copy(update={"reason": ""})).startswith("The answer could not be read.")


def test_a_graded_question_without_an_anchor_is_not_explained() -> None:
    assert words.explanation(ROLLBACK.model_copy(update={"anchor": ""})) == ""


def test_marks() -> None:
    hinted = point("A", Verdict.COVERED, "q", origin=Origin.HINTED, confidence=0.4, weight=2)
    assert words.marks(hinted, weighted=True) == ["after a hint", "the engine was unsure", "weight 2"]
    missing = point("A", origin=Origin.PROBED)
    assert words.marks(missing, weighted=False) == []


def test_an_unknown_signal_is_told_as_it_is() -> None:
    assert words.signal("very_fast") == ("The engine noted “very fast” in a message. Please read the answer yourself.")


def test_the_formula_states_the_numbers_of_the_code() -> None:
    said = " ".join(words.formula())
    for number in ("50%", "90%", "60%", "takes off 10", "up to 3 pitfalls"):
        assert number in said


def test_provenance_is_one_honest_line(card: Scorecard) -> None:
    assert words.provenance(card) == (
        "Graded by software, the “embedded” engine, with formula 1, against guide revision 3f9a2c1b. Plan seed 42."
    )


@pytest.mark.parametrize("mode", Mode)
def test_intended_use_refuses_a_hiring_decision(mode: Mode) -> None:
    assert "not a hiring decision" in words.intended_use(mode)


@pytest.mark.parametrize(
    ("scores", "said"),
    [([40.2, None, 52.9], "up 12"), ([50, 45], "down 5"), ([50, 51.9], "level"), ([50], "once"), ([], "once")],
)
def test_moved(scores: list[float | None], said: str) -> None:
    assert words.moved(scores) == said


def test_course_and_history() -> None:
    assert words.course([40, None, 52]) == ("Latest score 52 of 100. Up 12 since the first, which was 40. Mean 46.")
    assert words.course([40]) == "Latest score 40 of 100."
    assert words.course([None]) == words.NO_SCORE
    assert words.since([40, 41]) == "Level with the first, which was 40. Mean 40."
    assert words.history(2, 1) == "2 interviews. One more is not over yet and left out."
    assert words.history(0, 3) == "No interview is over yet."


def test_weak_spots() -> None:
    assert words.missed(3, 4, 1, Verdict.PARTIAL) == (
        "Not fully made in 3 of 4 answers. The opposite was said once. Last time: partly made."
    )
    assert words.missed(1, 1, 0, Verdict.MISSING).startswith("Not fully made in your one answer.")
    assert words.weak_question(0, 0, 1, 1) == "Asked once, and skipped."
    assert words.weak_question(40, 50, 3, 2) == "Mean 40 of 100 over 3 interviews, latest 50. Skipped twice."
    assert words.weak_question(40, 40, 1, 0) == "40 of 100, asked once."


def test_standing_of_every_outcome(card: Scorecard) -> None:
    said = {q.outcome: words.standing(q) for q in card.questions}
    assert said[Outcome.NOT_SHOWN] == "Skipped, 0 of 100"
    assert said[Outcome.NOT_ASKED] == "Not asked"
    assert said[Outcome.UNGRADED] == "Not graded"
    assert words.standing(ROLLBACK) == "89 of 100, Strong"
