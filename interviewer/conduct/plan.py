"""Chooses the questions of an interview: the same plan for the same guide, wishes and seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from interviewer.domain.errors import GuideError
from interviewer.domain.guide import Category, Difficulty, Guide, Question
from interviewer.domain.interview import Mode, Plan
from interviewer.ports import Retriever

MINUTES_A_QUESTION = 5
DEFAULT_QUESTIONS = 5
_ORDER = (Category.TECHNICAL, Category.BEHAVIORAL, Category.SITUATIONAL, Category.PROBLEM_SOLVING, Category.OTHER)
_LEVEL = {Difficulty.EASY: 0, Difficulty.MEDIUM: 1, None: 1, Difficulty.HARD: 2}


def make_plan(
    guide: Guide,
    retriever: Retriever | None = None,
    *,
    count: int | None = None,
    topic: str | None = None,
    mode: Mode = Mode.PRACTICE,
    minutes: int | None = None,
    seed: int = 0,
    only: Sequence[str] = (),
) -> Plan:
    """A plan of questions that can be graded, spread over the categories, or nearest to a topic; easier ones first.

    `count` is as asked for, or what fits into `minutes`, or DEFAULT_QUESTIONS; never more than there are. `only` takes
    these question ids, in this order. Raises GuideError when the guide has nothing to ask.
    """
    askable = [q for q in guide.questions if q.key_points]
    if not askable:
        raise GuideError(
            f"“{guide.title}” has no question with key points, so there is nothing to ask.",
            "Run `interviewer guide check` on it to see what is missing.",
        )
    wanted = count or (max(1, minutes // MINUTES_A_QUESTION) if minutes else DEFAULT_QUESTIONS)
    chosen = _chosen(askable, wanted, random.Random(seed), guide, topic, retriever, only)
    return Plan(
        guide_id=guide.id,
        guide_title=guide.title,
        guide_revision=guide.revision,
        questions=tuple(q.id for q in chosen),
        mode=mode,
        seed=seed,
        minutes=minutes,
        topic=topic,
    )


def _chosen(
    askable: list[Question],
    wanted: int,
    chance: random.Random,
    guide: Guide,
    topic: str | None,
    retriever: Retriever | None,
    only: Sequence[str],
) -> list[Question]:
    by_id = {q.id: q for q in askable}
    if only:
        return [by_id[q] for q in dict.fromkeys(only) if q in by_id][:wanted] or _spread(askable, wanted, chance)
    if topic and retriever:
        near = [by_id[q] for q, _ in retriever.choose(guide, topic, len(askable)) if q in by_id]
        return near[:wanted]
    return _spread(askable, wanted, chance)


def _spread(questions: list[Question], wanted: int, chance: random.Random) -> list[Question]:
    """In turn one of each category, at random within it; then category by category, the easier first."""
    pools = {c: [q for q in questions if q.category is c] for c in _ORDER}
    for pool in pools.values():
        chance.shuffle(pool)
    taken: list[Question] = []
    while len(taken) < min(wanted, len(questions)):
        for pool in pools.values():
            if pool and len(taken) < wanted:
                taken.append(pool.pop())
    return sorted(taken, key=lambda q: (_ORDER.index(q.category), _LEVEL[q.difficulty]))
