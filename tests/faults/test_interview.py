"""What a candidate meets when the endpoint fails: the answer is kept, nothing is graded zero, the interview goes on.

What only a person can mend (a key, an address, a model's name, an empty account) stops it with a clear message
instead; the answer waits, and is read once that is mended.
"""

from __future__ import annotations

import time

import pytest

from interviewer.conduct.plan import make_plan
from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import EngineUnusable
from interviewer.domain.grading import Outcome
from interviewer.domain.interview import Inbound, Mode, MoveKind, Received
from interviewer.engines.llm import LlmEngine
from interviewer.prompts import phrases
from tests.fakes import BEGIN, FakeRetriever, FakeStore, make_guide
from tests.faults.server import Act, Endpoint, Exchange, begun, hang, reset, split, streamed
from tests.faults.setup import ANSWER, GOOD, engine_at, sheet
from tests.faults.test_reading import LASTING, Case

GUIDE = make_guide(2)
SPEECH = streamed("I see, thank you.")
WELL = split(streamed(sheet("covered", "covered")), SPEECH)


class Switch:
    """An act that can be changed while the endpoint serves."""

    def __init__(self, act: Act) -> None:
        self.act = act

    async def __call__(self, exchange: Exchange) -> None:
        await self.act(exchange)


class Sitting:
    """One interview through the real Conductor."""

    def __init__(self, engine: LlmEngine, seconds: float = 3.0) -> None:
        self.store = FakeStore()
        self.conductor = Conductor(self.store, engine, FakeRetriever(), phrases(), seconds=seconds)
        self.heard: list[str] = []

    async def begin(self, mode: Mode = Mode.PRACTICE) -> None:
        plan = make_plan(GUIDE, count=2, mode=mode, seed=1)
        self.id = (await self.conductor.start(plan, GUIDE, candidate="c", channel="test")).id

    async def say(self, text: str = ANSWER) -> str:
        """Answer, and hear the reply."""
        number = len(self.store.rows[self.id])
        await self.conductor.receive(Inbound(id=f"m{number}", interview_id=self.id, text=text, at=BEGIN))
        return await self.reply()

    async def reply(self) -> str:
        self.heard = []
        turn = await self.conductor.advance(self.id, self._listen)
        assert turn is not None
        assert turn.reply == "".join(self.heard)
        return turn.reply

    async def _listen(self, piece: str) -> None:
        self.heard.append(piece)


MID_STREAM = [c for c in LASTING if "mid-stream" in c.name or c.name in ("closes without finish_reason",
              "cut at length", "content filter, in the reply")]  # fmt: skip
EARLY = [c for c in LASTING if not c.unusable and c not in MID_STREAM]


@pytest.mark.parametrize(
    ("case", "mode"),
    [*((c, Mode.PRACTICE) for c in EARLY), (EARLY[0], Mode.ASSESS)],
    ids=lambda value: value.name if isinstance(value, Case) else str(value),
)
async def test_the_answer_is_kept_and_the_interview_goes_on(case: Case, mode: Mode) -> None:
    switch = Switch(split(case.act, SPEECH))
    async with Endpoint(switch) as endpoint:
        engine = engine_at(endpoint.url)
        sitting = Sitting(engine)
        await sitting.begin(mode)
        reply = await sitting.say()
        switch.act = WELL
        await sitting.say("And in the second bed, by the warm wall, beans.")
        await engine.close()
    state = await sitting.conductor.load(sitting.id)
    first, second = (state.questions[q] for q in state.plan.questions)
    assert first.grade is not None
    assert (first.grade.outcome, first.grade.reason, first.grade.score) == (Outcome.UNGRADED, case.reason, None)
    assert first.answers == [ANSWER]
    assert any(line in reply for line in phrases().everything() if "couldn't read that answer" in line)
    assert "Question 2 of 2" in reply
    assert second.grade is not None
    assert second.grade.score == 100


@pytest.mark.parametrize("case", MID_STREAM, ids=lambda c: c.name)
async def test_a_reading_that_breaks_after_its_verdicts_is_mended_by_the_next(case: Case) -> None:
    switch = Switch(split(case.act, SPEECH))
    async with Endpoint(switch) as endpoint:
        engine = engine_at(endpoint.url)
        sitting = Sitting(engine)
        await sitting.begin()
        reply = await sitting.say()
        state = await sitting.conductor.load(sitting.id)
        assert (state.turns[-1].move.kind, state.turns[-1].failure) == (MoveKind.PROBE, case.reason)
        assert reply == "I see, thank you."
        switch.act = WELL
        await sitting.say("They leave nitrogen.")
        await engine.close()
    assert ANSWER in endpoint.exchanges[-2].body["messages"][-1]["content"]
    first = (await sitting.conductor.load(sitting.id)).questions[state.plan.questions[0]]
    assert first.answers == [ANSWER, "They leave nitrogen."]
    assert first.grade is not None
    assert first.grade.outcome is Outcome.GRADED


@pytest.mark.parametrize("case", [c for c in LASTING if c.unusable], ids=lambda c: c.name)
async def test_what_a_person_must_mend_stops_the_interview_and_loses_nothing(case: Case) -> None:
    switch = Switch(case.act)
    async with Endpoint(switch) as endpoint:
        engine = engine_at(endpoint.url)
        sitting = Sitting(engine)
        await sitting.begin()
        with pytest.raises(EngineUnusable) as caught:
            await sitting.say()
        assert caught.value.remedy
        state = await sitting.conductor.load(sitting.id)
        assert [m.text for m in state.pending] == [ANSWER]
        assert len(state.turns) == 1
        switch.act = WELL
        await sitting.reply()
        await engine.close()
    assert sum(isinstance(e, Received) for e in sitting.store.rows[sitting.id]) == 1
    assert (await sitting.conductor.load(sitting.id)).turns[-1].failure == ""


@pytest.mark.parametrize("act", [hang(), begun("Thank", reset)], ids=["hang", "reset"])
async def test_a_reply_that_fails_is_finished_and_the_grade_stands(act: Act) -> None:
    async with Endpoint(split(streamed(GOOD), act)) as endpoint:
        engine = engine_at(endpoint.url)
        sitting = Sitting(engine)
        await sitting.begin()
        reply = await sitting.say()
        await engine.close()
    turn = (await sitting.conductor.load(sitting.id)).turns[-1]
    assert turn.move.kind is MoveKind.PROBE
    assert turn.failure == ""
    assert turn.unspoken in ("stalled", "dropped")
    assert phrases().say("probe.open", turn.number + 1) in reply


async def test_one_turn_has_one_deadline_whatever_hangs() -> None:
    slow = split(streamed(GOOD, first=0.2), hang())
    async with Endpoint(slow) as endpoint:
        engine = engine_at(endpoint.url, seconds=0.5)
        sitting = Sitting(engine, seconds=0.5)
        await sitting.begin()
        began = time.perf_counter()
        await sitting.say()
        assert time.perf_counter() - began < 0.8
        await engine.close()


async def test_after_a_failed_reading_no_more_is_asked_of_the_endpoint() -> None:
    async with Endpoint(hang()) as endpoint:
        engine = engine_at(endpoint.url, seconds=0.4)
        sitting = Sitting(engine, seconds=0.4)
        await sitting.begin()
        began = time.perf_counter()
        await sitting.say()
        assert time.perf_counter() - began < 0.7
        await engine.close()
    assert all(e.structured for e in endpoint.exchanges)


async def test_speaking_begins_while_quotes_are_still_being_written() -> None:
    reading = streamed(sheet(quote="by the warm wall " * 12), rate=150)
    async with Endpoint(split(reading, SPEECH)) as endpoint:
        engine = engine_at(endpoint.url)
        sitting = Sitting(engine)
        await sitting.begin()
        await sitting.say()
        await engine.close()
    turn = (await sitting.conductor.load(sitting.id)).turns[-1]
    graded, spoke = turn.calls
    assert (graded.role, spoke.role) == ("grader", "speaker")
    assert endpoint.exchanges[1].at - endpoint.exchanges[0].at < graded.latency_ms / 1e3 / 2
