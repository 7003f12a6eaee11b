"""Labelled answers: a folder with the questions, the answers, and what each rater said of them.

    questions.jsonl        {"id", "guide", "text", "category", "key_points": [str], "pitfalls": [str]}
    answers.jsonl          {"id", "question_id", "design", "manner", "answer"}
    ratings/<rater>.jsonl  {"id", "key_points": [verdict], "pitfalls": [bool], "overall": 1..5 or null}
    ratings/agreed.jsonl   the same, where raters who differed have settled it

Raters have a file each, so that nobody need see another's, and any number of them can be added. What holds of an answer
is what is agreed; else, part by part, what most raters say, and the first of them (by name) where there is no majority.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from interviewer.domain.errors import InterviewerError
from interviewer.domain.grading import Verdict
from interviewer.domain.guide import Category, Frozen, KeyPoint, Pitfall, Question

AGREED = "agreed"
T = TypeVar("T", bound=Frozen)


class CasesError(InterviewerError):
    """Labelled cases that cannot be read: which file and line, and what is wrong."""


class AskedQuestion(Frozen):
    """A question of a case set, with the statements that its answers are judged by."""

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    guide: str = ""
    category: Category = Category.OTHER
    key_points: tuple[str, ...] = Field(min_length=1)
    pitfalls: tuple[str, ...] = ()

    def question(self) -> Question:
        """As the product grades it; key points are k1, k2, ... and pitfalls p1, p2, ..."""
        return Question(
            id=self.id,
            text=self.text,
            line=1,
            category=self.category,
            key_points=tuple(KeyPoint(id=f"k{n}", text=t, line=1) for n, t in enumerate(self.key_points, 1)),
            pitfalls=tuple(Pitfall(id=f"p{n}", text=t, line=1) for n, t in enumerate(self.pitfalls, 1)),
        )


class Answered(Frozen):
    """An answer to a question. `design` is what it was written to be; `manner` how its writer was to sound."""

    id: str = Field(min_length=1)
    question_id: str
    answer: str
    design: str = ""
    manner: str = ""


class Rating(Frozen):
    """What one rater says of one answer, in the order of the question's statements."""

    id: str
    key_points: tuple[Verdict, ...]
    pitfalls: tuple[bool, ...] = ()
    overall: float | None = Field(default=None, ge=1, le=5)


class Case(Frozen):
    """A labelled answer. `ratings` are by rater, without the agreed one; `label` is what holds."""

    id: str
    question: Question
    answer: str
    guide: str = ""
    design: str = ""
    manner: str = ""
    ratings: dict[str, Rating] = Field(default_factory=dict)
    label: Rating

    @property
    def cluster(self) -> str:
        """Answers to one question are not independent of each other."""
        return self.question.id


class CaseSet(Frozen):
    """Cases of one folder. `digest` changes with any question, answer or label."""

    name: str
    cases: tuple[Case, ...]
    digest: str

    @property
    def raters(self) -> tuple[str, ...]:
        """Everyone who rated anything, by name."""
        return tuple(sorted({rater for case in self.cases for rater in case.ratings}))


def load_cases(folder: Path) -> CaseSet:
    """The labelled cases of a folder, in the order of its answers; one that nobody rated is left out.

    Raises CasesError with file and line.
    """
    asked = {q.id: q for q in read_lines(folder / "questions.jsonl", AskedQuestion)}
    questions = {q.id: q.question() for q in asked.values()}
    answers = read_lines(folder / "answers.jsonl", Answered)
    known = {answer.id for answer in answers}
    ratings = {path.stem: _ratings(path, known) for path in sorted((folder / "ratings").glob("*.jsonl"))}
    agreed = ratings.pop(AGREED, {})
    found = []
    for answer in answers:
        if answer.question_id not in questions:
            raise CasesError(f"{folder / 'answers.jsonl'}: {answer.id} answers no question that is there.")
        question = questions[answer.question_id]
        mine = {rater: given[answer.id] for rater, given in ratings.items() if answer.id in given}
        for rater, rating in [*mine.items(), *([(AGREED, agreed[answer.id])] if answer.id in agreed else [])]:
            _fits(rating, question, folder / "ratings" / f"{rater}.jsonl")
        label = agreed.get(answer.id) or (majority(list(mine.values())) if mine else None)
        if label:
            found.append(
                Case(
                    id=answer.id,
                    question=question,
                    answer=answer.answer,
                    guide=asked[question.id].guide,
                    design=answer.design,
                    manner=answer.manner,
                    ratings=mine,
                    label=label,
                )
            )
    return CaseSet(name=folder.name, cases=tuple(found), digest=digest_of(found))


def digest_of(cases: Iterable[Case]) -> str:
    """A short digest of everything that a result depends on."""
    joined = hashlib.sha256()
    for case in cases:
        joined.update(case.model_dump_json().encode() + b"\n")
    return joined.hexdigest()[:16]


def majority(ratings: Sequence[Rating]) -> Rating:
    """What most of them say, part by part; the first where there is no majority. `overall` is the mean."""
    overall = [r.overall for r in ratings if r.overall is not None]
    return Rating(
        id=ratings[0].id,
        key_points=tuple(_most(parts) for parts in zip(*(r.key_points for r in ratings), strict=True)),
        pitfalls=tuple(_most(parts) for parts in zip(*(r.pitfalls for r in ratings), strict=True)),
        overall=fmean(overall) if overall else None,
    )


def _most(values: Sequence[Any]) -> Any:
    counts = Counter(values)
    (value, votes), *rest = counts.most_common()
    return values[0] if rest and rest[0][1] == votes else value


def read_lines(path: Path, kind: type[T]) -> list[T]:
    """The lines of a JSONL file, each as `kind`; empty lines are passed over. Raises CasesError."""
    return [one for _, one in _numbered(path, kind)]


def _numbered(path: Path, kind: type[T]) -> Iterator[tuple[int, T]]:
    """The lines of a JSONL file with their numbers. Raises CasesError."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise CasesError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CasesError(f"{path} is not in UTF-8.") from None
    seen = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        one = _read_line(line, kind, f"{path}:{number}")
        name = getattr(one, "id", number)
        if name in seen:
            raise CasesError(f"{path}:{number}: {name} is there twice.")
        seen.add(name)
        yield number, one


def _read_line(line: str, kind: type[T], where: str) -> T:
    try:
        return kind.model_validate(json.loads(line))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        raise CasesError(f"{where}: {place}: {first['msg']}.") from None
    except ValueError as error:
        raise CasesError(f"{where}: no JSON: {error}.") from None


def _ratings(path: Path, known: Collection[str]) -> dict[str, Rating]:
    """A rater's ratings by answer. Raises CasesError for one of an answer that is not known."""
    found = {}
    for number, rating in _numbered(path, Rating):
        if rating.id not in known:
            raise CasesError(
                f"{path}:{number}: there is no answer {rating.id!r} to rate.",
                "Mend the id, take the line out, or put the answer into answers.jsonl.",
            )
        found[rating.id] = rating
    return found


def fits(rating: Rating, question: Question) -> bool:
    """Whether a rating has as many verdicts as the question has statements."""
    return (len(rating.key_points), len(rating.pitfalls)) == (len(question.key_points), len(question.pitfalls))


def _fits(rating: Rating, question: Question, path: Path) -> None:
    if not fits(rating, question):
        raise CasesError(
            f"{path}: {rating.id} rates {len(rating.key_points)} key points and {len(rating.pitfalls)} pitfalls;"
            f" {question.id} has {len(question.key_points)} and {len(question.pitfalls)}.",
            "Was the question changed after it was rated? Rate it again with `interviewer eval label`.",
        )
