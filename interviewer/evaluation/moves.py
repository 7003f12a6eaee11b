"""Which answers a change of the grader moved, and which statements made each of them move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

from interviewer.conduct.single import SingleGrade
from interviewer.domain.grading import PITFALL_PENALTY, VERDICT_CREDIT
from interviewer.evaluation.cases import Case
from interviewer.evaluation.gradings import Gradings, earned, gradings
from interviewer.evaluation.results import Move, PointMove, Row

MOST = 10
COMMITTED, NOT = "committed", "no"
_STILL = 1e-9


class _Judged(NamedTuple):
    """What one grading says of one statement. `worth` is what that earns, in points of the score 0..100."""

    word: str
    quote: str
    worth: float


def moves(cases: Sequence[Case], before: Iterable[Row], now: Iterable[Row], limit: int | None = MOST) -> list[Move]:
    """The answers whose mean score moved, the furthest first, at most `limit`; ties in the order of the cases.

    The statements of each are those on which the gradings differ, the heaviest first.
    """
    first, second = gradings(cases, before), gradings(cases, now)
    found = [_move(case, _graded(first, i), _graded(second, i)) for i, case in enumerate(cases)]
    moved = [m for m in found if m is not None and abs(m.now - m.before) > _STILL]
    return sorted(moved, key=lambda m: -abs(m.now - m.before))[:limit]


def _graded(given: Gradings, place: int) -> list[SingleGrade]:
    return [g for g in given.grades[place] if g is not None and g.score is not None]


def _move(case: Case, before: Sequence[SingleGrade], now: Sequence[SingleGrade]) -> Move | None:
    if not before or not now:
        return None
    return Move(
        item=case.id,
        question=case.question.text,
        answer=case.answer,
        labelled=earned(case.question, case.label),
        before=fmean(g.score or 0.0 for g in before),
        now=fmean(g.score or 0.0 for g in now),
        points=tuple(_statements(case, before, now)),
    )


def _statements(case: Case, before: Sequence[SingleGrade], now: Sequence[SingleGrade]) -> list[PointMove]:
    old, new = [_judged(case, g) for g in before], [_judged(case, g) for g in now]
    labels = [v.value for v in case.label.key_points] + [COMMITTED if c else NOT for c in case.label.pitfalls]
    found: list[tuple[float, PointMove]] = []
    for statement, label in zip([*case.question.key_points, *case.question.pitfalls], labels, strict=True):
        was, is_now = ([j[statement.id] for j in judged if statement.id in j] for judged in (old, new))
        if not was or not is_now or _shares(was) == _shares(is_now):
            continue
        (word, quote), (new_word, new_quote) = _commonest(was), _commonest(is_now)
        weight = abs(fmean(j.worth for j in is_now) - fmean(j.worth for j in was))
        move = PointMove(
            id=statement.id,
            text=statement.text,
            labelled=label,
            before=word,
            now=new_word,
            quote_before=quote,
            quote_now=new_quote,
        )
        found.append((weight, move))
    return [move for _, move in sorted(found, key=lambda each: -each[0])]


def _judged(case: Case, grade: SingleGrade) -> dict[str, _Judged]:
    total = sum(k.weight for k in case.question.key_points)
    weights = {k.id: 100 * k.weight / total for k in case.question.key_points}
    found = {
        f.id: _Judged(f.verdict.value, f.quote, weights.get(f.id, 0.0) * VERDICT_CREDIT[f.verdict])
        for f in grade.points
    }
    for f in grade.pitfalls:
        found[f.id] = _Judged(COMMITTED if f.committed else NOT, f.quote, -PITFALL_PENALTY * f.committed)
    return found


def _shares(judged: Sequence[_Judged]) -> dict[str, float]:
    return {word: count / len(judged) for word, count in Counter(j.word for j in judged).items()}


def _commonest(judged: Sequence[_Judged]) -> tuple[str, str]:
    """The word that most repeats say, "covered (2 of 3)" where not all do, and its first quote."""
    word, count = Counter(j.word for j in judged).most_common(1)[0]
    quote = next((j.quote for j in judged if j.word == word and j.quote), "")
    return (word if count == len(judged) else f"{word} ({count} of {len(judged)})"), quote
