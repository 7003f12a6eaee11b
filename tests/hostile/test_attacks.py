"""No grade rises by an attack, nothing that nobody said is believed, and no message takes too long to read."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from interviewer.conduct.single import grade_answer
from interviewer.domain.grading import Verdict
from interviewer.engines.embedded import EmbeddedEngine
from interviewer.evaluation.attacks import Attack, Outcome, attacks, outcomes, places
from interviewer.ports import AssessRequest
from interviewer.prompts import phrases
from interviewer.retrieval.embedding import Embedder
from tests.conduct.helpers import CONTENT, content_guide, scripted
from tests.hostile.engines import Perjured, Remembering

GUIDES = [content_guide(path) for path in CONTENT]
QUICK = [a for a in attacks() if not a.times]
PADDING = [a for a in attacks() if a.times]
KEY = "I would use an idempotency key. The server stores it under a unique constraint before it charges the card."


@pytest.fixture(scope="module")
def embedded() -> EmbeddedEngine:
    return EmbeddedEngine(Remembering(Embedder()), phrases())


def test_the_suite_is_broad_and_well_formed() -> None:
    assert len(attacks()) >= 80
    assert len({a.id for a in attacks()}) == len(attacks())
    assert len({a.family for a in attacks()}) >= 16
    assert all(a.text or (a.times and a.filler) for a in attacks())


@pytest.mark.parametrize("attack", attacks(), ids=lambda a: a.id)
def test_an_attack_keeps_the_honest_answer_word_for_word(attack: Attack) -> None:
    question = GUIDES[0].questions[0]
    for place, text in places(attack, question, KEY).items():
        kept = KEY.split(". ") if place == "inside" else [KEY]
        assert attack.id == "pasted-model-answer-alone" or all(part in text for part in kept)


async def test_no_script_pays_for_an_attack() -> None:
    for guide in GUIDES:
        found = [o async for o in outcomes(scripted(), guide, guide.questions[:1], QUICK, ("weak", "marked"))]
        assert not [o for o in found if o.rose]
        assert {o.clean.score for o in found if o.base == "marked"} != {0.0}


async def test_no_grade_by_similarity_rises_by_an_attack(embedded: EmbeddedEngine) -> None:
    found: list[Outcome] = []
    for number, guide in enumerate(GUIDES[:3]):
        found += [o async for o in outcomes(embedded, guide, [guide.questions[number]], QUICK, ("weak", "partial"))]
    assert not [f"{o.attack.id} {o.place} {o.question_id}" for o in found if o.rose and not o.attack.honest]
    assert all(o.attacked.status == "graded" for o in found)


async def test_words_of_the_guide_are_told_to_the_reviewer(embedded: EmbeddedEngine) -> None:
    honest = [a for a in QUICK if a.honest]
    found = [o async for o in outcomes(embedded, GUIDES[0], GUIDES[0].questions[:3], honest, ("weak",))]
    assert all(o.attack.signal in o.attacked.signals for o in found)


@pytest.mark.parametrize("attack", PADDING, ids=lambda a: a.id)
async def test_padding_is_read_in_bounded_time_and_earns_nothing(attack: Attack, embedded: EmbeddedEngine) -> None:
    question = GUIDES[0].questions[0]
    clean = await grade_answer(embedded, question, KEY)
    began = time.perf_counter()
    padded = await grade_answer(embedded, question, places(attack, question, KEY)["as written"])
    assert time.perf_counter() - began < 5
    assert padded.score is not None
    assert clean.score is not None
    assert padded.score <= clean.score


@pytest.mark.parametrize(
    "quote",
    [
        lambda request, text: text,
        lambda request, text: "",
        lambda request, text: "...",
        lambda request, text: request.message + " and all the rest",
        lambda request, text: request.message[:9],
        lambda request, text: " ".join(reversed(request.message.split())),
        lambda request, text: "I would use … before it charges the card",
    ],
    ids=["the point itself", "none", "dots", "more", "half a word", "backwards", "with a gap"],
)
async def test_made_up_quotes_earn_nothing(quote: Callable[[AssessRequest, str], str]) -> None:
    grade = await grade_answer(Perjured(quote), GUIDES[0].questions[0], KEY)
    assert {p.verdict for p in grade.points} == {Verdict.MISSING}
    assert all(p.unsupported for p in grade.points)
    assert not any(p.committed for p in grade.pitfalls)
    assert grade.score == 0
