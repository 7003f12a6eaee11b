"""Chooses the questions of an interview: the same plan for the same guide, wishes and seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from interviewer.domain.errors import GuideError
from interviewer.domain.guide import Category, Difficulty, Guide, Question
from interviewer.domain.interview import Mode, Plan
from interviewer.domain.text import content_stems
from interviewer.ports import Retriever

MINUTES_A_QUESTION = 5
DEFAULT_QUESTIONS = 5
TOPIC_NEAR = 0.3
"""From this cosine on a question is about a topic: "football" comes to 0.27 at most in the guides that ship."""
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

    `count` is as asked for, or what fits into `minutes`, or DEFAULT_QUESTIONS; never more than there are, and where it
    is left out no more than are about the topic. `only` takes these question ids, in this order. Raises GuideError when
    the guide has nothing to ask, or nothing about the topic.
    """
    askable = [q for q in guide.questions if q.key_points]
    if not askable:
        raise GuideError(
            f"“{guide.title}” has no question with key points, so there is nothing to ask.",
            "Run `interviewer guide check` on it to see what is missing.",
        )
    wanted = count or (max(1, minutes // MINUTES_A_QUESTION) if minutes else DEFAULT_QUESTIONS)
    by_id = {q.id: q for q in askable}
    chosen = [by_id[q] for q in dict.fromkeys(only) if q in by_id][:wanted]
    if not chosen and topic:
        chosen = _about(topic, askable, guide, retriever, fill=count is not None)[:wanted]
    if not chosen:
        chosen = _spread(askable, wanted, random.Random(seed))
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


def _about(
    topic: str, askable: list[Question], guide: Guide, retriever: Retriever | None, *, fill: bool
) -> list[Question]:
    """The questions about a topic: those that name it, then those near to it in meaning; all others too for `fill`.

    Raises GuideError when there is none.
    """
    near = dict(retriever.choose(guide, topic, len(guide.questions))) if retriever else {}
    named = {q.id for q in askable if _names(q, topic)}
    ordered = sorted(askable, key=lambda q: (q.id not in named, -near.get(q.id, -1.0)))
    about = [q for q in ordered if q.id in named or near.get(q.id, -1.0) >= TOPIC_NEAR]
    if not about:
        raise GuideError(
            f"“{guide.title}” has no question about “{topic}”.",
            "Look for one in all guides with `interviewer guide search`, or leave --topic out.",
        )
    return ordered if fill else about


def _names(question: Question, topic: str) -> bool:
    """Whether a question, its id or its key points have all the words of a topic that carry meaning."""
    wanted = set(content_stems(topic))
    said = content_stems(" ".join((question.id, question.text, *(k.text for k in question.key_points))))
    return bool(wanted) and wanted <= set(said)


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
