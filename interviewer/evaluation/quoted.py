"""Labelled answers with the words that show each verdict: evals/answers, one JSON line a question, a file a guide.

    {"guide", "question_id", "question", "category", "key_points": [str], "pitfalls": [str], "answers": [
        {"design", "manner", "answer", "key_points": [{"verdict", "quote"}], "pitfalls": [{"committed", "quote"}]}]}

They have one writer each and were not rated a second time, so they are no measure of agreement. What they are for:
answers that are changed (metamorphic, injection), candidates (conduct), quotes to be found again (retrieval).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from interviewer.domain.grading import Verdict
from interviewer.domain.guide import Category, Frozen, Question
from interviewer.evaluation.cases import (
    AskedQuestion,
    Case,
    CasesError,
    CaseSet,
    Rating,
    digest_of,
    load_cases,
    read_lines,
)

WRITER = "writer"


class QuotedPoint(Frozen):
    """A verdict on a key point, and the answer's words for it; None where it is missing."""

    verdict: Verdict
    quote: str | None = None


class QuotedPitfall(Frozen):
    """Whether a pitfall was committed, and the answer's words for it."""

    committed: bool
    quote: str | None = None


class QuotedAnswer(Frozen):
    """An answer, with a finding for each statement of its question, in the question's order."""

    design: str = ""
    manner: str = ""
    answer: str
    key_points: tuple[QuotedPoint, ...]
    pitfalls: tuple[QuotedPitfall, ...] = ()


class QuotedQuestion(Frozen):
    """A question with its answers: one line of a file."""

    guide: str
    question_id: str = ""
    question: str
    category: Category = Category.OTHER
    key_points: tuple[str, ...]
    pitfalls: tuple[str, ...] = ()
    answers: tuple[QuotedAnswer, ...] = ()

    def asked(self) -> Question:
        """As the product grades it; see cases.AskedQuestion. Its id is "guide/question"."""
        name = f"{self.guide}/{self.question_id or self.question}"
        return AskedQuestion(
            id=name,
            text=self.question,
            guide=self.guide,
            category=self.category,
            key_points=self.key_points,
            pitfalls=self.pitfalls,
        ).question()

    def quotes(self, point: str, verdict: Verdict) -> list[str]:
        """The words of all answers that show this verdict on a key point, which is named by its text.

        None where it is not among the statements: a guide may have been edited since its answers were labelled.
        """
        if point not in self.key_points:
            return []
        found = [a.key_points[self.key_points.index(point)] for a in self.answers]
        return [p.quote for p in found if p.verdict is verdict and p.quote]


class Said(Frozen):
    """Words that show a covered key point, and the point's text."""

    guide: str
    question_id: str
    question: str
    text: str
    quote: str
    answer: str


def read_quoted(folder: Path) -> list[QuotedQuestion]:
    """Every question of a folder's JSONL files, by file and line. Raises CasesError with file and line."""
    found = [q for path in sorted(folder.glob("*.jsonl")) for q in read_lines(path, QuotedQuestion)]
    for each in found:
        sizes = {(len(a.key_points), len(a.pitfalls)) for a in each.answers}
        if not sizes <= {(len(each.key_points), len(each.pitfalls))}:
            raise CasesError(f"{folder}: {each.guide}/{each.question_id} has an answer with other statements.")
    return found


def load_any(folder: Path) -> CaseSet:
    """The cases of a folder, rated ones (see cases) or quoted ones. Raises CasesError."""
    if (folder / "answers.jsonl").is_file() or any(folder.glob("answers.*.jsonl")):
        return load_cases(folder)
    cases = tuple(case for question in read_quoted(folder) for case in cases_of(question))
    return CaseSet(name=folder.name, cases=cases, digest=digest_of(cases))


def cases_of(question: QuotedQuestion) -> Iterator[Case]:
    """The answers to a question as cases, named "guide/question/number" from 1; the writer is their only rater."""
    asked = question.asked()
    for number, each in enumerate(question.answers, 1):
        rating = Rating(
            id=f"{asked.id}/{number}",
            key_points=tuple(p.verdict for p in each.key_points),
            pitfalls=tuple(p.committed for p in each.pitfalls),
        )
        yield Case(
            id=rating.id,
            question=asked,
            answer=each.answer,
            guide=question.guide,
            design=each.design,
            manner=each.manner,
            ratings={WRITER: rating},
            label=rating,
        )


def said_of(questions: list[QuotedQuestion]) -> list[Said]:
    """Every covered point with its quote."""
    return [
        Said(
            guide=q.guide,
            question_id=q.question_id,
            question=q.question,
            text=q.key_points[number],
            quote=point.quote,
            answer=answer.answer,
        )
        for q in questions
        for answer in q.answers
        for number, point in enumerate(answer.key_points)
        if point.verdict is Verdict.COVERED and point.quote
    ]
