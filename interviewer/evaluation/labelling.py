"""Rating answers by hand: what is still to be rated, blind, and where what was said is kept.

A rater sees neither what an answer was written to be, nor what others said of it, and meets the answers in an order of
their own. Every rating is in the rater's file before the next answer is shown.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from interviewer.domain.grading import Verdict
from interviewer.domain.guide import Question
from interviewer.evaluation.cases import (
    AGREED,
    Answered,
    AskedQuestion,
    Case,
    CasesError,
    Rating,
    fits,
    load_cases,
    read_lines,
)

LETTERS = {"c": Verdict.COVERED, "p": Verdict.PARTIAL, "m": Verdict.MISSING, "x": Verdict.CONTRADICTED}
FAR_APART = 1.0
"""Overall ratings further apart than this are settled by a third person."""


@dataclass(frozen=True)
class ToRate:
    """An answer to rate; `votes` are what raters said of it, without their names, where that is to be settled."""

    question: Question
    answer: Answered
    votes: tuple[Rating, ...] = ()


class Labelling:
    """One person's rating of a case set. `rater` names their file; with `settling` it is what raters differ on.

    Raises CasesError when the set cannot be read.
    """

    def __init__(self, folder: Path, rater: str, *, settling: bool = False) -> None:
        if settling:
            rater = AGREED
        elif not rater.replace("-", "").replace("_", "").isalnum() or rater == AGREED:
            raise CasesError(f"{rater!r} cannot be a rater's name.", "Use letters, digits and hyphens.")
        self._path = folder / "ratings" / f"{rater}.jsonl"
        self._done = {r.id: r for r in read_lines(self._path, Rating)} if self._path.exists() else {}
        everything = _differing(load_cases(folder).cases) if settling else _all_of(folder)
        self.total = len(everything)
        self.waiting = sorted(
            (each for each in everything if not self._is_done(each)), key=lambda e: _order(rater, e.answer.id)
        )

    def _is_done(self, each: ToRate) -> bool:
        """Whether it is rated, and its question still has as many statements as then."""
        rating = self._done.get(each.answer.id)
        return rating is not None and fits(rating, each.question)

    def rate(self, rating: Rating) -> None:
        """Keep a rating, in place of an earlier one of the same answer; a crash leaves the old file or the new one.

        Raises CasesError when it cannot be written.
        """
        self._done[rating.id] = rating
        self.waiting = [each for each in self.waiting if each.answer.id != rating.id]
        new = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with new.open("w", encoding="utf-8") as file:
                file.writelines(f"{each.model_dump_json()}\n" for each in self._done.values())
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise CasesError(f"{self._path} cannot be written: {error.strerror}.") from None


def read_verdicts(letters: str, count: int) -> tuple[Verdict, ...]:
    """Verdicts from letters such as "c p m". Raises ValueError with what is wrong with them."""
    typed = "".join(letters.split()).lower()
    wrong = sorted(set(typed) - set(LETTERS))
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no verdict: c covered, p partial, m missing, x contradicted.")
    if len(typed) != count:
        raise ValueError(f"That is {len(typed)} for {count} points; give one letter each.")
    return tuple(LETTERS[letter] for letter in typed)


def read_committed(letters: str, count: int) -> tuple[bool, ...]:
    """Whether each pitfall was committed, from letters such as "n y". Raises ValueError with what is wrong."""
    typed = "".join(letters.split()).lower()
    wrong = sorted(set(typed) - {"y", "n"})
    if wrong:
        raise ValueError(f"{wrong[0]!r} is neither y, committed, nor n, not committed.")
    if len(typed) != count:
        raise ValueError(f"That is {len(typed)} for {count} pitfalls; give one letter each.")
    return tuple(letter == "y" for letter in typed)


def read_overall(typed: str) -> float:
    """A whole rating from 1 to 5. Raises ValueError."""
    if typed.strip() not in ("1", "2", "3", "4", "5"):
        raise ValueError("Give a number from 1, little shown, to 5, strong.")
    return float(typed)


def differ(ratings: Sequence[Rating]) -> bool:
    """Whether raters differ on any statement, or are far apart overall."""
    overall = [r.overall for r in ratings if r.overall is not None]
    apart = max(overall) - min(overall) > FAR_APART if overall else False
    return apart or len({(r.key_points, r.pitfalls) for r in ratings}) > 1


def _all_of(folder: Path) -> list[ToRate]:
    questions = {q.id: q.question() for q in read_lines(folder / "questions.jsonl", AskedQuestion)}
    answers = read_lines(folder / "answers.jsonl", Answered)
    lost = [a.id for a in answers if a.question_id not in questions]
    if lost:
        raise CasesError(f"{folder / 'answers.jsonl'}: {lost[0]} answers no question that is there.")
    return [ToRate(questions[a.question_id], a) for a in answers]


def _differing(cases: Iterable[Case]) -> list[ToRate]:
    found = []
    for case in cases:
        if len(case.ratings) > 1 and differ(list(case.ratings.values())):
            votes = sorted(case.ratings.values(), key=lambda r: _order(case.id, r.model_dump_json()))
            answer = Answered(id=case.id, question_id=case.question.id, answer=case.answer)
            found.append(ToRate(case.question, answer, tuple(votes)))
    return found


def _order(salt: str, name: str) -> str:
    return hashlib.sha256(f"{salt}\0{name}".encode()).hexdigest()
