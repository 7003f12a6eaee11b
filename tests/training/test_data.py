"""What the reader learns from: labels that point to words of the answer, also where answers are put together anew."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from training.grader.data import CONTRADICTED, COVERED, MISSING, Composer, Example, Question, Statement, read_questions
from training.grader.lines import Lines, kept_lines, put_in, telling

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "training" / "answers", ROOT / "evals" / "answers")


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return read_questions(*FOLDERS)


def words_shown(example: Example) -> dict[str, str]:
    """Of each statement that shows: the words."""
    return {s.text: example.answer[slice(*s.span)] for s in example.statements if s.span}


def test_every_verdict_that_shows_points_to_words_of_its_answer(questions: list[Question]) -> None:
    assert len({q.id for q in questions}) == len(questions) > 750
    for question in questions:
        for answer in question.answers:
            silent = [s for s in answer.statements if s.label == (0 if s.pitfall else MISSING)]
            assert len(words_shown(answer)) == len(answer.statements) - len(silent), (question.id, answer.answer)


def test_put_together_anew_the_words_still_show_it(questions: list[Question]) -> None:
    composer = Composer(questions, seed=1)
    for question in questions[::20]:
        told = {(s.text, a.answer[slice(*s.span)]) for a in question.answers for s in a.statements if s.span}
        for _ in range(5):
            made = composer.compose(question)
            for statement, shown in words_shown(made).items():
                assert any(statement == text and shown in said for text, said in told), (question.id, shown)


def test_a_piece_is_short_and_asks_what_it_shows(questions: list[Question]) -> None:
    composer = Composer(questions, seed=1)
    for question in questions[::20]:
        piece = composer.piece(question)
        assert 1 <= len(piece.statements) <= 2
        for text, shown in words_shown(piece).items():
            assert any(s.text == text and shown in a.answer for a in question.answers for s in a.statements)


def test_lines_that_tell_nothing_move_no_label(questions: list[Question]) -> None:
    lines = Lines(questions, ["It rained."], seed=2)
    for question in questions[::20]:
        answer = question.answers[0]
        disturbed = lines.disturbed(answer)
        assert len(disturbed.answer) > len(answer.answer)
        assert words_shown(disturbed) == words_shown(answer)
        assert [s.label for s in disturbed.statements] == [s.label for s in answer.statements]


def test_a_denial_is_put_in_where_it_shows(questions: list[Question]) -> None:
    answer = next(a for q in questions for a in q.answers if any(s.label == MISSING for s in a.statements))
    number = next(n for n, s in enumerate(answer.statements) if s.label == MISSING)
    line = "No, that is never needed."
    made = put_in(answer, line, random.Random(3), shows=(number, CONTRADICTED))
    denied = made.statements[number]
    assert denied.label == CONTRADICTED
    assert denied.span is not None
    assert made.answer[slice(*denied.span)] == line
    others = {k: v for k, v in words_shown(made).items() if k != denied.text}
    assert others == words_shown(answer)


@pytest.mark.parametrize(
    ("answer", "label", "design", "weights"),
    [
        ("The water dries up.", COVERED, "asag", [1.0]),
        ("It is hot. The water dries up.", COVERED, "asag", [0.5, 0.5]),
        ("It is hot. No idea.", MISSING, "asag", [0.0, 0.0]),
        ("A man sleeps.", COVERED, "nli", [0.0]),
    ],
)
def test_a_short_answer_that_shows_something_does_not_only_talk(
    answer: str, label: int, design: str, weights: list[float]
) -> None:
    rows = telling(Example(answer, (Statement("The water evaporates.", label),), "", design))
    assert rows == [(0.0, weight) for weight in weights]


def test_where_the_words_are_known_only_they_tell() -> None:
    shown = Statement("The water evaporates.", COVERED, span=(11, 30))
    assert telling(Example("It is hot. The water dries up.", (shown,))) == [(0.0, 0.0), (0.0, 1.0)]


def test_no_line_is_learnt_that_the_unseen_attacks_hold() -> None:
    unseen = (ROOT / "evals" / "suites" / "attacks_unseen.toml").read_text(encoding="utf-8")
    assert not [line for line in kept_lines("talk.txt") if line in unseen]
