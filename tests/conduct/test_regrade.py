"""Grading a stored interview again: the same words and moves, read by another engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

from interviewer.conduct.plan import make_plan
from interviewer.conduct.regrade import Change, regrade
from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import EngineError
from interviewer.domain.grading import Outcome, Verdict
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Assessment, Event, Inbound, MessageKind, ModelCall, Regraded
from interviewer.domain.usage import Price, usage
from interviewer.engines.scripted import ScriptedEngine
from interviewer.ports import AssessRequest, SpeakRequest, utc_now
from interviewer.prompts import phrases
from tests.fakes import FakeRetriever, FakeStore, make_guide


class Failing(ScriptedEngine):
    """Cannot read anything."""

    name = "failing"

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        raise EngineError("It is down.", reason="server")
        yield Assessment(kind=MessageKind.ANSWER)

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str]:
        yield "Go on."


async def held(engine: ScriptedEngine, answers: list[str]) -> tuple[FakeStore, str, Guide]:
    """An interview that was held with an engine."""
    store, guide = FakeStore(), make_guide()
    conductor = Conductor(store, engine, FakeRetriever(), phrases())
    plan = make_plan(guide, count=2)
    interview = await conductor.start(plan, guide, candidate="c", channel="test")
    for number, answer in enumerate(answers):
        await conductor.receive(Inbound(id=f"m{number}", interview_id=interview.id, text=answer, at=utc_now()))
        await conductor.advance(interview.id)
    return store, interview.id, guide


async def changes(engine: ScriptedEngine, store: FakeStore, interview_id: str, guide: Guide) -> list[Change]:
    events: list[Event] = [event for _, event in await store.events(interview_id)]
    found = regrade(engine, FakeRetriever(), interview_id, events, guide, seconds=5)
    return [change async for change in found]


async def test_what_failed_is_mended() -> None:
    store, interview_id, guide = await held(Failing(phrases()), ["I would do +1 and +2 as well.", "Then ~1 too."])
    found = await changes(ScriptedEngine(phrases()), store, interview_id, guide)
    assert [(c.before.outcome, c.after.outcome) for c in found] == [(Outcome.UNGRADED, Outcome.GRADED)] * 2
    assert found[0].after.points[0].verdict is Verdict.COVERED
    assert found[0].after.provenance.engine == "scripted"

    await store.append(interview_id, [Regraded(at=utc_now(), grades=tuple(c.after for c in found))])
    conductor = Conductor(store, ScriptedEngine(phrases()), FakeRetriever(), phrases())
    card = await conductor.scorecard(interview_id)
    assert [q.outcome for q in card.questions] == [Outcome.GRADED, Outcome.GRADED]


async def test_the_same_engine_changes_nothing() -> None:
    engine = ScriptedEngine(phrases())
    answers = [
        "I do +1 here.",
        "And ~2 after the probe.",
        "No more.",
        "Nothing else.",
        "+1 again here",
        "more",
        "x",
        "y",
    ]
    store, interview_id, guide = await held(engine, answers)
    found = await changes(engine, store, interview_id, guide)
    assert found
    assert all(c.before == c.after and not c.moved for c in found)


async def test_an_engine_that_fails_now_says_so_and_loses_nothing() -> None:
    store, interview_id, guide = await held(ScriptedEngine(phrases()), ["+1 ?skip"])
    (found,) = await changes(Failing(phrases()), store, interview_id, guide)
    assert (found.after.outcome, found.after.reason) == (Outcome.UNGRADED, "server")
    assert found.before.outcome is Outcome.GRADED


def test_usage_adds_up_and_costs_what_was_priced() -> None:
    call = ModelCall(
        role="grader", model="m", prompt_tokens=1000, cached_tokens=600, completion_tokens=100, latency_ms=500
    )
    (used,) = usage([call, call], {"m": Price(input=2.0, cached=1.0, output=10.0)})
    assert (used.calls, used.prompt_tokens, used.cached_tokens, used.completion_tokens) == (2, 2000, 1200, 200)
    assert used.cost == (800 * 2 + 1200 * 1 + 200 * 10) / 1e6
    assert used.seconds == 0.5
    assert usage([call])[0].cost is None
