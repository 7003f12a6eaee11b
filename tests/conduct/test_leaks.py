"""Nothing is given away: every guide that ships, held at random, with the speaker that says the guide's own lines."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from interviewer.conduct.guard import RUN, Guard, Leak, secrets_of
from interviewer.conduct.plan import make_plan
from interviewer.domain.grading import normalise
from interviewer.domain.guide import Guide, Question
from interviewer.domain.interview import Mode
from interviewer.domain.state import Interview, Status
from interviewer.domain.text import words
from tests.conduct.helpers import CONTENT, Sitting, WordRetriever, content_guide
from tests.factories import guide_of, question

MESSAGES = [
    "+1",
    "+2 ~3",
    "~1 -2 !1",
    "nothing",
    "*lacks-result ~1",
    "?hint",
    "?hint",
    "?clarify What is a canary, an",
    "?repeat",
]
ENDING = ["?dont_know", "?skip", "{fail:timeout}", "?off_topic", "?steering"]


def runs(texts: Iterable[str]) -> set[tuple[str, ...]]:
    found = set()
    for text in texts:
        said = words(normalise(text))
        found |= {tuple(said[i : i + RUN]) for i in range(len(said) - RUN + 1)}
    return found


def secrets(questions: Iterable[Question]) -> set[tuple[str, ...]]:
    return runs(text for q in questions for text in (q.answer, *(i.text for i in (*q.key_points, *q.pitfalls))))


def undisclosed(guide: Guide, interview: Interview) -> list[Question]:
    """In practice, all but the questions that are over; in an assessment everything."""
    practice = interview.plan.mode is Mode.PRACTICE
    return [q for q in guide.questions if not (practice and q.id in {g.question_id for g in interview.grades()})]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("path", CONTENT, ids=[p.stem for p in CONTENT])
async def test_no_reply_repeats_what_is_not_disclosed(path: Path, mode: Mode) -> None:
    guide = content_guide(path)
    put = runs(q.text for q in guide.questions)
    for seed in range(3):
        chance = random.Random(f"{path.stem} {mode} {seed}")
        plan = make_plan(guide, count=6, mode=mode, seed=seed)
        sitting = await Sitting.begin(guide, plan, retriever=WordRetriever())
        while (interview := await sitting.conductor.load(sitting.id)).status is not Status.ENDED:
            turn = await sitting.say(chance.choice(ENDING if chance.random() < 0.2 else MESSAGES))
            interview = await sitting.conductor.load(sitting.id)
            told = runs([turn.reply]) - put
            assert not told & secrets(undisclosed(guide, interview)), turn.reply


async def test_an_assessment_tells_no_verdict_before_its_end() -> None:
    guide = guide_of(question("q1"), question("q2"))
    replies = []
    for text in ("+1 +2 +3", "nothing at all", "-1 -2 -3 !1"):
        plan = make_plan(guide, mode=Mode.ASSESS).model_copy(update={"probes": 0, "follow_ups": 0})
        sitting = await Sitting.begin(guide, plan)
        replies.append((await sitting.say(text)).reply)
    assert len(set(replies)) == 1, "the same words, whether all was right or all was wrong"


def secret_guide() -> Guide:
    point = "Every write goes through the leader before any follower may acknowledge it."
    asked = question("q1")
    return guide_of(asked.model_copy(update={"key_points": (asked.key_points[0].model_copy(update={"text": point}),)}))


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("Every write goes through the leader.", True),
        ("So: EVERY  write — goes through the “leader”…", True),
        ("You mean that followers acknowledge only when the leader has gone through each write?", True),
        ("Every write goes through.", False),
        ("Who may acknowledge a write?", False),
        ("Thank you. What else comes to mind?", False),
        ("The model answer to q1.", False),
        ("", False),
    ],
)
def test_the_guard(text: str, leaks: bool) -> None:
    assert Guard(secrets_of(secret_guide())).leaks(text) is leaks


def test_what_is_over_or_was_said_may_be_repeated() -> None:
    told = "Every write goes through the leader before any follower may acknowledge it."
    known = secrets_of(secret_guide())
    assert not Guard(known, over=["q1"]).leaks(told)
    assert not Guard(known, allowed=[told]).leaks(told)
    assert Guard(known, over=["q2"], allowed=["Every write"]).leaks(told)


async def test_a_leak_that_comes_in_pieces_is_stopped_before_it_is_whole() -> None:
    async def pieces() -> AsyncIterator[str]:
        for piece in ("Well, eve", "ry write go", "es through", " the lead", "er before any follower"):
            yield piece

    heard: list[str] = []

    async def listen() -> None:
        async for piece in Guard(secrets_of(secret_guide())).passed(pieces()):
            heard.append(piece)

    with pytest.raises(Leak):
        await listen()
    assert "".join(heard) == "Well, every write goes through the lead", "never six words of it"
