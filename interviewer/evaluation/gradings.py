"""From cases and rows to arrays: grades, labels, ratings and statements, aligned."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interviewer.conduct.single import SingleGrade
from interviewer.domain.grading import GradedPitfall, GradedPoint, Verdict, score
from interviewer.domain.guide import Question
from interviewer.evaluation.cases import Case, Rating
from interviewer.evaluation.figures import MISSING, Array, Codes
from interviewer.evaluation.gate import Pairs
from interviewer.evaluation.metrics import steps
from interviewer.evaluation.results import Row

VERDICTS = (Verdict.CONTRADICTED, Verdict.MISSING, Verdict.PARTIAL, Verdict.COVERED)
"""From worst to best: a verdict's code is its place here."""
COVERED = VERDICTS.index(Verdict.COVERED)
_CODE = {verdict: code for code, verdict in enumerate(VERDICTS)}


@dataclass(frozen=True, slots=True)
class Gradings:
    """The cases' own answers as they were graded: grades[case][repeat], None where a repeat is missing or ungraded."""

    cases: tuple[Case, ...]
    grades: tuple[tuple[SingleGrade | None, ...], ...]

    @property
    def scores(self) -> Array:
        """(cases, repeats) on 0..100, NaN where there is none."""
        rows = [[math.nan if g is None or g.score is None else g.score for g in repeats] for repeats in self.grades]
        return np.array(rows, float).reshape(len(self.cases), len(self.grades[0]) if self.grades else 0)

    @property
    def steps(self) -> Array:
        """(cases, repeats) in steps of the band."""
        return steps(self.scores)

    @property
    def human(self) -> Array:
        """(cases,) what holds, in steps."""
        return np.array([overall(case.question, case.label) for case in self.cases], float)

    @property
    def clusters(self) -> list[str]:
        """(cases,) the question of each."""
        return [case.cluster for case in self.cases]

    @property
    def raters(self) -> list[str]:
        """Everyone who rated anything, by name."""
        return sorted({rater for case in self.cases for rater in case.ratings})

    @property
    def ratings(self) -> Array:
        """(cases, raters) in steps, NaN where a rater has not rated a case."""
        names = self.raters
        rows = [[overall(c.question, c.ratings[r]) if r in c.ratings else math.nan for r in names] for c in self.cases]
        return np.array(rows, float).reshape(len(self.cases), len(names))

    def only(self, kept: Iterable[int]) -> Gradings:
        """The same of some cases, by place."""
        places = list(kept)
        return Gradings(tuple(self.cases[i] for i in places), tuple(self.grades[i] for i in places))


@dataclass(frozen=True, slots=True)
class Statements:
    """Key points or pitfalls as they were judged: a row for each statement of each grading.

    label and engine are codes (of VERDICTS, or 1 for a committed pitfall); confidence is the engine's, in its verdict;
    grading numbers the grading, case the case; weight is 1 over the repeats of the case.
    """

    label: Codes
    engine: Codes
    confidence: Array
    weight: Array
    grading: Codes
    case: Codes
    clusters: list[str]

    @property
    def count(self) -> int:
        """Different statements, not counting repeats."""
        return round(float(self.weight.sum()))

    @property
    def coveredness(self) -> Array:
        """How far the engine takes each key point to be covered, to rank them by; NaN where it did not judge.

        Covered points come first, the surer the higher; then partial ones; then missing and contradicted ones, the
        surer the lower.
        """
        known = np.where(self.engine == COVERED, 2 + self.confidence, 1 - self.confidence)
        return np.asarray(np.where(self.engine == VERDICTS.index(Verdict.PARTIAL), 1.5, known), float)

    def by_grading(self, values: npt.ArrayLike) -> Array:
        """Values (statements,) as (gradings, statements of each), NaN beyond those that a grading has."""
        sizes = np.bincount(self.grading)
        place = np.arange(len(self.grading)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        found = np.full((len(sizes), sizes.max(initial=0)), np.nan)
        found[self.grading, place] = np.asarray(values, float)
        return found


def gradings(cases: Sequence[Case], rows: Iterable[Row], repeats: int | None = None) -> Gradings:
    """The rows of the cases' unchanged answers (variant ""); of two of one repeat the later row holds.

    `repeats` is as many as there are unless it is given. A case without any row stays, with nothing graded.
    """
    found: dict[tuple[str, int], SingleGrade] = {}
    for row in rows:
        if not row.variant:
            found[row.case_id, row.repeat] = row.grade
    count = max((repeat + 1 for _, repeat in found), default=0) if repeats is None else repeats
    graded = {key: grade for key, grade in found.items() if grade.status == "graded"}
    return Gradings(
        cases=tuple(cases),
        grades=tuple(tuple(graded.get((case.id, repeat)) for repeat in range(count)) for case in cases),
    )


def pairs(cases: Sequence[Case], before: Iterable[Row], now: Iterable[Row]) -> Pairs:
    """What the gate compares: the same cases, graded twice, the same number of repeats of each."""
    first, second = gradings(cases, before), gradings(cases, now)
    count = min(first.scores.shape[1], second.scores.shape[1])
    return Pairs(first.human, first.steps[:, :count], second.steps[:, :count], first.clusters)


def overall(question: Question, rating: Rating) -> float:
    """A rating as a grade in steps: its overall grade, else what its verdicts earn by the formula."""
    return rating.overall if rating.overall is not None else float(steps(earned(question, rating)))


def earned(question: Question, rating: Rating) -> float:
    """What a rating's verdicts earn by the product's formula, 0..100."""
    points = [GradedPoint(id=k.id, verdict=v) for k, v in zip(question.key_points, rating.key_points, strict=True)]
    pitfalls = [GradedPitfall(id=p.id, committed=c) for p, c in zip(question.pitfalls, rating.pitfalls, strict=True)]
    return score(question, points, pitfalls)


def points(graded: Gradings, rater: str = "") -> Statements:
    """Every key point of every grading, with what holds as its label, or what a rater says; MISSING where nothing."""
    return _statements(
        graded,
        [_labels(case, case.ratings.get(rater) if rater else case.label) for case in graded.cases],
        [[k.id for k in case.question.key_points] for case in graded.cases],
        lambda grade: {f.id: (_CODE[f.verdict], f.confidence) for f in grade.points},
    )


def pitfalls(graded: Gradings) -> Statements:
    """Every pitfall of every grading."""
    return _statements(
        graded,
        [[int(c) for c in case.label.pitfalls] for case in graded.cases],
        [[p.id for p in case.question.pitfalls] for case in graded.cases],
        lambda grade: {f.id: (int(f.committed), f.confidence) for f in grade.pitfalls},
    )


def _labels(case: Case, rating: Rating | None) -> list[int]:
    return [MISSING] * len(case.question.key_points) if rating is None else [_CODE[v] for v in rating.key_points]


def _statements(
    graded: Gradings,
    labels: Sequence[Sequence[int]],
    names: Sequence[Sequence[str]],
    read: Callable[[SingleGrade], Mapping[str, tuple[int, float]]],
) -> Statements:
    """A statement that the engine did not judge has the code MISSING, and counts in no metric."""
    rows: list[tuple[int, int, float, float, int, int]] = []
    grading = 0
    for case, repeats in enumerate(graded.grades):
        there = [grade for grade in repeats if grade is not None]
        for grade in there:
            judged = read(grade)
            for label, name in zip(labels[case], names[case], strict=True):
                code, confidence = judged.get(name, (MISSING, math.nan))
                rows.append((label, code, confidence, 1 / len(there), grading, case))
            grading += 1
    columns = np.array(rows, float).reshape(len(rows), 6).T
    whole = columns[[0, 1, 4, 5]].astype(np.int64)
    return Statements(
        label=whole[0],
        engine=whole[1],
        confidence=columns[2],
        weight=columns[3],
        grading=whole[2],
        case=whole[3],
        clusters=[graded.cases[case].cluster for case in whole[3]],
    )
