"""What is said about a question that is over."""

from __future__ import annotations

import pytest

from interviewer.conduct.feedback import LONGEST_QUOTE, feedback, short
from interviewer.domain.grading import GradedPitfall, GradedPoint, Verdict
from interviewer.domain.guide import Question
from interviewer.domain.scorecard import grade
from interviewer.domain.state import QuestionState
from interviewer.prompts import phrases
from tests.factories import PROVENANCE, question

COVERED, PARTIAL, MISSING, CONTRADICTED = Verdict.COVERED, Verdict.PARTIAL, Verdict.MISSING, Verdict.CONTRADICTED


def told(
    *verdicts: Verdict,
    pitfall: str = "",
    answers: tuple[str, ...] = ("Words.",),
    failure: str = "",
    skipped: bool = True,
    confidence: float = 1.0,
    asked: Question | None = None,
    turn: int = 0,
) -> str:
    asked = asked or question(weights=[1.0] * len(verdicts))
    state = QuestionState(
        answers=[*answers],
        failure=failure,
        points={
            k.id: GradedPoint(id=k.id, verdict=v, confidence=confidence)
            for k, v in zip(asked.key_points, verdicts, strict=True)
        },
        pitfalls={"p1": GradedPitfall(id="p1", committed=True, quote=pitfall, confidence=confidence)}
        if pitfall
        else {},
    )
    return feedback(asked, grade(asked, state, PROVENANCE, skipped=skipped), phrases(), turn)


def say(key: str, **values: str) -> str:
    return phrases().say(f"feedback.{key}", 0, **values)


def test_everything_made() -> None:
    text = told(COVERED, COVERED)
    assert text.startswith("\n\n" + say("all", points="**Statement 1 of q1** and **Statement 2 of q1**"))
    assert say("missed") not in text


def test_each_verdict_is_named_and_what_was_missed_or_half_made_is_told_in_full() -> None:
    text = told(COVERED, PARTIAL, CONTRADICTED, MISSING)
    assert say("made", points="**Statement 1 of q1**") in text
    assert say("partly", points="**Statement 2 of q1**") in text
    assert say("opposite", points="**Statement 3 of q1**") in text
    assert text.index(say("half")) < text.index("- Statement 2 of q1.") < text.index(say("missed"))
    assert text.index(say("missed")) < text.index("- Statement 3 of q1.") < text.index("- Statement 4 of q1.")
    assert "- Statement 1" not in text


@pytest.mark.parametrize(
    ("verdicts", "key"),
    [
        ((MISSING, MISSING, MISSING), "none"),
        ((PARTIAL, MISSING, MISSING), "beginning"),
        ((COVERED, PARTIAL, MISSING), "developing"),
        ((COVERED, COVERED, MISSING), "solid"),
        ((COVERED,) * 6 + (PARTIAL,), "strong"),
    ],
)
def test_the_first_words_fit_the_band(verdicts: tuple[Verdict, ...], key: str) -> None:
    assert told(*verdicts).startswith("\n\n" + say(key))


def test_a_pitfall_is_told_with_the_words_that_show_it() -> None:
    text = told(COVERED, COVERED, pitfall="we never\n tested")
    assert say("pitfall", pitfall="Mistake 1 of q1", quote="we never tested") in text


def test_a_pitfall_in_doubt_is_told_as_something_to_look_at() -> None:
    text = told(COVERED, COVERED, pitfall="we never tested", confidence=0.65)
    assert say("maybe_pitfall", pitfall="Mistake 1 of q1", quote="we never tested") in text
    assert say("pitfall", pitfall="Mistake 1 of q1", quote="we never tested") not in text


def test_so_is_one_whose_words_made_a_point() -> None:
    asked = question()
    state = QuestionState(
        answers=["We tested it."],
        points={"k1": GradedPoint(id="k1", verdict=COVERED, quote="We tested it.")},
        pitfalls={"p1": GradedPitfall(id="p1", committed=True, quote="We tested it.")},
    )
    text = feedback(asked, grade(asked, state, PROVENANCE), phrases(), 0)
    assert say("maybe_pitfall", pitfall="Mistake 1 of q1", quote="We tested it") in text


@pytest.mark.parametrize(("confidence", "named"), [(0.59, False), (0.6, True)])
def test_the_opposite_is_named_only_where_it_is_likely(confidence: float, named: bool) -> None:
    text = told(COVERED, CONTRADICTED, confidence=confidence)
    assert (say("opposite", points="**Statement 2 of q1**") in text) == named
    assert "- Statement 2 of q1." in text


def test_a_skipped_question_is_told_in_full() -> None:
    text = told(MISSING, MISSING, answers=())
    assert text.startswith("\n\n" + say("skipped"))
    assert "- Statement 1 of q1.\n- Statement 2 of q1." in text


def test_a_question_that_was_not_asked_is_not_spoken_of() -> None:
    assert told(MISSING, answers=(), skipped=False) == ""


def test_after_a_failure_there_is_an_apology_and_nothing_else() -> None:
    assert told(MISSING, failure="timeout") == "\n\n" + phrases().say("failed.line", 0)


def test_the_model_answer_is_quoted_line_by_line() -> None:
    asked = question(weights=(1,)).model_copy(update={"answer": "First.\n\n- Second."})
    assert told(COVERED, asked=asked).endswith("**A model answer**\n\n> First.\n>\n> - Second.")


def test_no_model_answer_no_heading() -> None:
    asked = question(weights=(1,)).model_copy(update={"answer": ""})
    assert "model answer" not in told(COVERED, asked=asked)


@pytest.mark.parametrize(("confidence", "owned"), [(0.3, True), (0.9, False)])
def test_doubt_is_owned_up_to(confidence: float, owned: bool) -> None:
    assert (say("unsure") in told(COVERED, MISSING, confidence=confidence)) is owned


@pytest.mark.parametrize("turn", range(6))
def test_no_line_leaves_a_gap(turn: int) -> None:
    for verdicts in ((COVERED, PARTIAL, CONTRADICTED, MISSING), (COVERED,) * 4, (MISSING,) * 4):
        text = told(*verdicts, pitfall="words", turn=turn)
        assert "{" not in text
        assert "  " not in text
        assert ".." not in text


def test_a_long_quote_is_cut_between_words() -> None:
    assert short("a  b\nc") == "a b c"
    cut = short("word " * 100)
    assert len(cut) <= LONGEST_QUOTE + 2
    assert cut.endswith("word …")
