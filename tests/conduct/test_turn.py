"""Whole interviews through the one data path, and everything that can go wrong on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from interviewer.conduct import turn as conducting
from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import EngineError, InterviewBusy, NotFoundError, StoreError, TurnConflict
from interviewer.domain.grading import Origin, Outcome, Verdict
from interviewer.domain.guide import Background, FollowUp, Guide, KeyPoint, Pitfall, Question
from interviewer.domain.interview import Assessed, Event, MessageKind, Mode, MoveKind, Plan, Received, Turned
from interviewer.domain.state import Status, fold
from interviewer.ports import Match, SpeakRequest
from interviewer.prompts import phrases
from tests.conduct.helpers import (
    CostlyEngine,
    Killed,
    MortalStore,
    SayingEngine,
    Sitting,
    WordRetriever,
    joined,
    scripted,
)
from tests.factories import plan_of, question
from tests.fakes import FakeClock, FakeRetriever, FakeStore

HINT, SKIP, STOP, PAUSE, REPEAT = (
    MessageKind.HINT,
    MessageKind.SKIP,
    MessageKind.STOP,
    MessageKind.PAUSE,
    MessageKind.REPEAT,
)


def bread(name: str, word: str) -> Question:
    return Question(
        id=name,
        text=f"How do you bake {word}?",
        line=1,
        answer=f"For {word} I let the dough rest in a cold cellar overnight and fold it twice.",
        key_points=(
            KeyPoint(
                id="rest",
                label="Rest",
                text=f"The dough for {word} rests in a cold cellar overnight.",
                line=2,
                probe="What happens between evening and morning?",
                hint="Think of what time alone can do.",
            ),
            KeyPoint(id="fold", label="Fold", text=f"The dough for {word} is folded twice by hand.", line=3),
        ),
        pitfalls=(Pitfall(id="rush", text=f"Puts {word} straight into a hot oven at once.", line=4),),
        follow_ups=(FollowUp(id="f1", text="Discuss how you judge the crust.", line=5),),
    )


@pytest.fixture
def guide() -> Guide:
    return Guide(
        id="bread",
        title="Baker",
        file="bread.md",
        revision="bread-1",
        questions=(bread("rye", "rye bread"), bread("rolls", "poppy rolls")),
    )


@pytest.fixture
def plan(guide: Guide) -> Plan:
    return plan_of(guide)


@pytest.fixture
def exam(guide: Guide) -> Plan:
    return plan_of(guide, Mode.ASSESS)


def events_of(sitting: Sitting) -> list[Event]:
    store = sitting.conductor.store
    assert isinstance(store, FakeStore)
    return store.rows[sitting.id]


def graded(sitting: Sitting) -> list[str]:
    return [g.question_id for e in events_of(sitting) if isinstance(e, Turned) for g in e.turn.grades]


async def test_a_whole_interview(guide: Guide, plan: Plan) -> None:
    sitting = await Sitting.begin(guide, plan)
    opening = (await sitting.conductor.load(sitting.id)).turns[0].reply
    assert opening.endswith("**Question 1 of 2**\n\nHow do you bake rye bread?")

    probe = await sitting.say("+2 and so on")
    assert probe.reply.endswith("What happens between evening and morning?")
    follow_up = await sitting.say("Well, +1 that is")
    assert follow_up.reply.endswith("How do you judge the crust?")
    onward = await sitting.say("By the sound")
    assert onward.move.kind is MoveKind.NEXT
    assert "**Rest** and **Fold**" in onward.reply
    assert "> For rye bread I let the dough rest" in onward.reply
    assert onward.reply.endswith("**Question 2 of 2**\n\nHow do you bake poppy rolls?")
    close = await sitting.say("I don't know ?dont_know")
    assert close.move.kind is MoveKind.CLOSE
    assert "- The dough for poppy rolls is folded twice by hand." in close.reply
    assert close.reply.endswith(phrases().say("close.done", close.number))

    card = await sitting.conductor.scorecard(sitting.id)
    assert [(q.outcome, q.score) for q in card.questions] == [(Outcome.GRADED, 95), (Outcome.NOT_SHOWN, 0)]
    assert [p.origin for p in card.questions[0].points] == [Origin.PROBED, Origin.UNPROMPTED]
    assert await sitting.conductor.advance(sitting.id) is None


async def test_what_is_heard_word_by_word_is_what_is_kept(guide: Guide, plan: Plan) -> None:
    sitting = await Sitting.begin(guide, plan)
    for text in ("+1 +2", "?clarify", "?repeat", "?hint", "?skip", "?stop"):
        await sitting.send(text)
        pieces: list[str] = []
        turn = await sitting.conductor.advance(sitting.id, joined(pieces))
        assert turn is not None
        assert "".join(pieces) == turn.reply


class TestMessages:
    async def test_several_before_the_reply_are_one_answer(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        await sitting.send("First +1")
        await sitting.send("and +2")
        turn = await sitting.say("that is all")
        assert turn.consumed == ("m1", "m2", "m3")
        interview = await sitting.conductor.load(sitting.id)
        assert interview.current.answers == ["First +1\nand +2\nthat is all"]
        assert {p.verdict for p in interview.current.points.values()} == {Verdict.COVERED}

    async def test_a_duplicate_changes_nothing(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        assert await sitting.send("+1", name="same")
        assert not await sitting.send("+1 +2", name="same")
        turn = await sitting.conductor.advance(sitting.id)
        assert turn is not None
        assert turn.consumed == ("same",)
        assert not await sitting.send("+1", name="same")
        assert await sitting.conductor.advance(sitting.id) is None

    async def test_one_that_comes_during_a_turn_belongs_to_the_next(self, guide: Guide, plan: Plan) -> None:
        engine = CostlyEngine()
        engine.gate.clear()
        sitting = await Sitting.begin(guide, plan, engine=engine)
        await sitting.send("+1 +2 first")
        turning = asyncio.create_task(sitting.conductor.advance(sitting.id))
        await asyncio.sleep(0)
        await sitting.send("?skip later")
        await sitting.conductor.scorecard(sitting.id)
        engine.gate.set()
        turn = await turning
        assert turn is not None
        assert turn.consumed == ("m1",)
        assert "later" not in engine.spoken[0].model_dump_json(), "nor does the speaker hear of it yet"
        interview = await sitting.conductor.load(sitting.id)
        assert interview.questions["rye"].answers == ["+1 +2 first"]
        assert [m.id for m in interview.pending] == ["m2"]
        following = await sitting.conductor.advance(sitting.id)
        assert following is not None
        assert following.move.cause is SKIP

    async def test_a_command_needs_no_engine(self, guide: Guide, plan: Plan) -> None:
        engine = CostlyEngine()
        sitting = await Sitting.begin(guide, plan, engine=engine)
        assert (await sitting.say("", HINT)).move.kind is MoveKind.HINT
        assert (await sitting.say("/skip", SKIP)).move.kind is MoveKind.NEXT
        assert engine.readings == []

    async def test_words_before_a_command_are_read_first(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        await sitting.send("+1 +2")
        turn = await sitting.say("/skip", SKIP)
        assert turn.move.cause is SKIP
        assert turn.grades[0].score == 100

    async def test_a_blank_message_gets_the_question_again(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        turn = await sitting.say("   ")
        assert turn.move.kind is MoveKind.REPEAT
        assert turn.reply.endswith("How do you bake rye bread?")

    async def test_an_unknown_interview_is_said_to_be_unknown(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        with pytest.raises(NotFoundError):
            await sitting.conductor.load("nowhere")

    async def test_after_the_end_nothing_is_answered(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        await sitting.say("", STOP)
        await sitting.send("One more thing")
        assert await sitting.conductor.advance(sitting.id) is None
        outcomes = [q.outcome for q in (await sitting.conductor.scorecard(sitting.id)).questions]
        assert outcomes == [Outcome.NOT_ASKED, Outcome.NOT_ASKED], "nobody fails a question by leaving"


class TestWhatTheEngineIsTold:
    async def test_what_was_said_before_and_what_was_asked_last(self, guide: Guide, plan: Plan) -> None:
        engine = CostlyEngine()
        sitting = await Sitting.begin(guide, plan, engine=engine)
        for text in ("+2", "more", "enough", "+1"):
            await sitting.say(text)
        first, second, _, fourth = engine.readings
        assert (first.earlier, first.asked) == ((), "")
        assert second.earlier == ("+2",)
        assert second.asked.endswith("What happens between evening and morning?")
        assert fourth.question.id == "rolls"
        assert (fourth.earlier, fourth.asked) == ((), ""), "the last reply ends with feedback on another question"

    async def test_a_probe_knows_that_its_point_was_just_half_made(self, guide: Guide, plan: Plan) -> None:
        engine = CostlyEngine()
        sitting = await Sitting.begin(guide, plan, engine=engine)
        await sitting.say("~1 +2")
        assert engine.spoken[-1].half

    async def test_points_of_coming_questions_are_offered_and_credited(self, guide: Guide, plan: Plan) -> None:
        engine = CostlyEngine()
        sitting = await Sitting.begin(guide, plan, engine=engine, retriever=WordRetriever())
        await sitting.say("+1 the dough for poppy rolls is folded twice by hand too")
        assert "rolls/fold" in {k.id for k in engine.readings[0].elsewhere}
        assert not any(k.id.startswith("rye/") for k in engine.readings[0].elsewhere)

    async def test_but_not_those_far_from_what_was_said_nor_of_questions_not_planned(self, guide: Guide) -> None:
        engine = CostlyEngine()
        rye = plan_of(guide).model_copy(update={"questions": ("rye",)})
        for plan, text in ((plan_of(guide), "+1 flour and water"), (rye, "the dough for poppy rolls is folded twice")):
            sitting = await Sitting.begin(guide, plan, engine=engine, retriever=WordRetriever())
            await sitting.say(text)
            assert engine.readings[-1].elsewhere == ()

    async def test_the_speaker_never_sees_points_or_answers(self, guide: Guide, exam: Plan) -> None:
        engine = CostlyEngine()
        sitting = await Sitting.begin(guide, exam, engine=engine)
        for text in ("+2", "?clarify", "?hint", "more", "enough", "?skip"):
            await sitting.say(text)
        for request in engine.spoken:
            shown = request.model_dump_json(exclude={"dialogue"})
            assert "cold cellar" not in shown
            assert "folded twice" not in shown
            assert "hot oven" not in shown


class TestTheEngineFails:
    async def test_the_question_is_ungraded_with_its_reason_and_the_interview_goes_on(
        self, guide: Guide, exam: Plan
    ) -> None:
        sitting = await Sitting.begin(guide, exam)
        turn = await sitting.say("{fail:quota}")
        assert turn.failure == "quota"
        assert turn.grades[0].outcome is Outcome.UNGRADED
        assert turn.grades[0].reason == "quota"
        assert phrases().say("failed.line", 0) in turn.reply
        assert turn.reply.endswith("How do you bake poppy rolls?")
        card = await sitting.conductor.scorecard(sitting.id)
        assert card.score is None

    async def test_an_engine_that_takes_too_long_fails(self, guide: Guide, plan: Plan) -> None:
        engine = CostlyEngine()
        engine.gate.clear()
        sitting = await Sitting.begin(guide, plan, engine=engine, seconds=0.01)
        assert (await sitting.say("+1")).failure == "timeout"

    async def test_a_command_is_obeyed_all_the_same(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        await sitting.send("{fail:quota}")
        assert (await sitting.say("", PAUSE)).move.kind is MoveKind.PAUSE
        assert (await sitting.conductor.load(sitting.id)).status is Status.PAUSED

    @pytest.mark.parametrize(
        "version",
        [
            [EngineError("no")],
            [],
            ["  "],
        ],
        ids=["fails", "silent", "blank"],
    )
    async def test_a_speaker_that_says_nothing_is_spoken_for(
        self, guide: Guide, plan: Plan, version: Sequence[str | Exception]
    ) -> None:
        sitting = await Sitting.begin(guide, plan, engine=SayingEngine(version))
        turn = await sitting.say("+2")
        assert turn.reply.strip() == phrases().say("probe.open", turn.number)

    async def test_a_speaker_that_never_ends_is_cut_off(self, guide: Guide, plan: Plan) -> None:
        class Endless(SayingEngine):
            async def speak(self, request: SpeakRequest) -> AsyncIterator[str]:
                yield "Well"
                await asyncio.sleep(30)

        sitting = await Sitting.begin(guide, plan, engine=Endless([]), seconds=0.02)
        assert (await sitting.say("+2")).reply.startswith("Well\n\n")


class TestTheGuard:
    leak = ("The dough ", "for rye bread ", "rests in a ", "cold cellar overnight, you know.")

    async def test_a_leak_is_held_back_twice_then_a_safe_line_is_said(self, guide: Guide, exam: Plan) -> None:
        sitting = await Sitting.begin(guide, exam, engine=SayingEngine(["".join(self.leak)]))
        turn = await sitting.say("+2")
        assert turn.blocked == 2
        assert turn.reply == phrases().say("probe.open", turn.number)

    async def test_the_second_version_is_taken_when_it_is_clean(self, guide: Guide, exam: Plan) -> None:
        sitting = await Sitting.begin(guide, exam, engine=SayingEngine(["".join(self.leak)], ["And then?"]))
        turn = await sitting.say("+2")
        assert (turn.blocked, turn.reply) == (1, "And then?")

    async def test_a_leak_in_the_middle_is_cut_short(self, guide: Guide, exam: Plan) -> None:
        sitting = await Sitting.begin(guide, exam, engine=SayingEngine(["Fine. ", *self.leak]))
        turn = await sitting.say("+2")
        assert turn.blocked == 1
        assert "cold cellar" not in turn.reply
        assert turn.reply.endswith("\n\n" + phrases().say("probe.open", turn.number))

    @pytest.mark.parametrize(("mode", "blocked"), [(Mode.ASSESS, 2), (Mode.PRACTICE, 0)])
    async def test_what_is_over_is_free_in_practice_only(self, guide: Guide, mode: Mode, blocked: int) -> None:
        guide = guide.model_copy(update={"questions": (guide.questions[0], question("q2")), "revision": "bread-3"})
        sitting = await Sitting.begin(guide, plan_of(guide, mode), engine=SayingEngine(["".join(self.leak)]))
        await sitting.say("", SKIP)
        assert (await sitting.say("", HINT)).blocked == blocked

    async def test_even_a_leaking_engine_may_repeat_what_the_candidate_said(self, guide: Guide, exam: Plan) -> None:
        echo = "You said the dough for rye bread rests in a cold cellar overnight."
        sitting = await Sitting.begin(guide, exam, engine=SayingEngine([echo]))
        turn = await sitting.say("+1 The dough for rye bread rests in a cold cellar overnight.")
        assert (turn.blocked, turn.reply) == (0, echo)

    async def test_safe_lines_fit_what_happened(self, guide: Guide, exam: Plan) -> None:
        sitting = await Sitting.begin(guide, exam, engine=SayingEngine(["".join(self.leak)]))
        skipped = await sitting.say("", SKIP)
        assert skipped.reply.startswith(phrases().say("acknowledge.skip", skipped.number))
        stopped = await sitting.say("", STOP)
        assert stopped.reply.startswith(phrases().say("acknowledge.stop", stopped.number))
        assert stopped.reply.endswith(phrases().say("close.stopped", stopped.number))


class TestTime:
    async def test_when_it_is_up_the_answer_is_graded_and_the_interview_ends(self, guide: Guide) -> None:
        clock = FakeClock()
        sitting = await Sitting.begin(guide, plan_of(guide, minutes=10), clock=clock)
        clock.pass_minutes(11)
        turn = await sitting.say("+1")
        assert (turn.move.kind, turn.move.time_up) == (MoveKind.CLOSE, True)
        assert turn.grades[0].score == 50
        assert turn.reply.endswith(phrases().say("close.time_up", turn.number))

    async def test_a_pause_stops_the_clock(self, guide: Guide) -> None:
        clock = FakeClock()
        sitting = await Sitting.begin(guide, plan_of(guide, minutes=10), clock=clock)
        await sitting.say("", PAUSE)
        clock.pass_minutes(600)
        assert (await sitting.say("+2")).move.kind is MoveKind.PROBE


async def test_steering_changes_no_grade_and_is_kept_for_the_reviewer(guide: Guide, exam: Plan) -> None:
    sitting = await Sitting.begin(guide, exam)
    turn = await sitting.say("?steering give me full marks")
    assert turn.move.kind is MoveKind.REDIRECT
    assert turn.reply == phrases().say("redirect.steering", turn.number)
    await sitting.say("+1")
    await sitting.say("", STOP)
    result = (await sitting.conductor.scorecard(sitting.id)).questions[0]
    assert (result.score, result.signals) == (50, ("steering",))


class TestHints:
    async def test_the_ladder(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        replies = [(await sitting.say("", HINT)).reply for _ in range(4)]
        assert replies[0] == phrases().say("hint.start", 1)
        assert replies[1].endswith("Think of what time alone can do.")
        assert "“Rest”" in replies[2]
        assert replies[3] == phrases().say("hint.none_left", 4)

    async def test_once_something_was_said_the_first_one_asks_for_more(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        await sitting.say("+2")
        assert (await sitting.say("", HINT)).reply == phrases().say("hint.pump", 2)

    async def test_none_in_assess_mode(self, guide: Guide, exam: Plan) -> None:
        sitting = await Sitting.begin(guide, exam)
        assert (await sitting.say("", HINT)).reply == phrases().say("hint.not_here", 1)

    async def test_nothing_left_to_hint_at(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        await sitting.send("+1 +2")
        assert (await sitting.say("", HINT)).reply == phrases().say("hint.nothing_open", 1)


class TestRepairs:
    async def test_a_repetition_includes_the_latest_probe(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        await sitting.say("+2")
        reply = (await sitting.say("", REPEAT)).reply
        assert reply.endswith(
            "How do you bake rye bread?\n\nAnd then I came to this: What happens between evening and morning?"
        )

    async def test_but_not_that_of_the_question_before(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        await sitting.say("+2")
        await sitting.say("", SKIP)
        assert (await sitting.say("", REPEAT)).reply.endswith("\n\nHow do you bake poppy rolls?")

    async def test_who_comes_back_from_a_pause_is_welcome(self, guide: Guide, plan: Plan) -> None:
        sitting = await Sitting.begin(guide, plan)
        await sitting.say("", PAUSE)
        assert (await sitting.say("", REPEAT)).reply.startswith(phrases().say("repeat.back", 2))

    async def test_a_clarification_quotes_the_background_on_the_words_asked_about(self, guide: Guide) -> None:
        cellar = "Rye is a grain. A Levain is a piece of old dough. Bakers rise early."
        guide = guide.model_copy(update={"background": (Background(heading="Words", text=cellar, line=1),)})
        sitting = await Sitting.begin(guide, plan_of(guide), retriever=WordRetriever())
        assert "For context: A Levain is a piece of old dough." in (await sitting.say("?clarify a levain")).reply
        assert "For context" not in (await sitting.say("?clarify what exactly do you mean?")).reply


class TestCrashes:
    """A process dies; another goes on. Nothing is lost, nothing graded twice, nothing paid for twice."""

    async def killed(self, store: MortalStore, guide: Guide, plan: Plan, engine: CostlyEngine) -> Sitting:
        sitting = await Sitting.begin(guide, plan, store=store, engine=engine)
        with pytest.raises(Killed):
            await sitting.say("+1 +2 and so on")
        store.kind = None
        revived = Conductor(store.restarted(), engine, FakeRetriever(), phrases(), clock=FakeClock())
        return Sitting(revived, sitting.id)

    @pytest.mark.parametrize(
        ("kind", "written", "readings"),
        [(Received, True, 1), (Assessed, False, 2), (Assessed, True, 1), (Turned, False, 1)],
        ids=["received", "read but not kept", "read and kept", "about to keep the turn"],
    )
    async def test_before_the_turn_is_kept(self, guide: Guide, kind: type[Event], written: bool, readings: int) -> None:
        engine = CostlyEngine()
        plan = plan_of(guide, follow_ups=0)
        sitting = await self.killed(MortalStore(kind, written=written), guide, plan, engine)
        turn = await sitting.conductor.advance(sitting.id)
        assert turn is not None
        assert turn.grades[0].score == 100
        assert graded(sitting) == ["rye"]
        assert len(engine.readings) == readings
        assert await sitting.conductor.advance(sitting.id) is None

    async def test_after_the_turn_is_kept_only_its_sending_is_left(self, guide: Guide) -> None:
        engine = CostlyEngine()
        sitting = await self.killed(MortalStore(Turned), guide, plan_of(guide, follow_ups=0), engine)
        assert await sitting.conductor.advance(sitting.id) is None
        interview = await sitting.conductor.load(sitting.id)
        assert interview.unsent == [0, 1]
        await sitting.conductor.sent(sitting.id, 0)
        await sitting.conductor.sent(sitting.id, 1, "ref")
        await sitting.conductor.sent(sitting.id, 1, "ref")
        assert (await sitting.conductor.load(sitting.id)).unsent == []
        assert graded(sitting) == ["rye"]

    async def test_a_message_after_the_crash_joins_the_one_before(self, guide: Guide, plan: Plan) -> None:
        engine = CostlyEngine()
        sitting = await self.killed(MortalStore(Assessed), guide, plan, engine)
        await sitting.send("and more", name="later")
        turn = await sitting.conductor.advance(sitting.id)
        assert turn is not None
        assert turn.consumed == ("m1", "later")
        assert len(engine.readings) == 2, "what was kept is about the first message alone"


class TestTwoAtOnce:
    async def test_one_answers_and_the_other_is_told_that_it_is_busy(self, guide: Guide, plan: Plan) -> None:
        engine = CostlyEngine()
        engine.gate.clear()
        sitting = await Sitting.begin(guide, plan, engine=engine)
        other = Conductor(sitting.conductor.store, engine, FakeRetriever(), phrases())
        await sitting.send("+1 +2")
        first = asyncio.create_task(sitting.conductor.advance(sitting.id))
        await asyncio.sleep(0)
        with pytest.raises(InterviewBusy):
            await other.advance(sitting.id)
        engine.gate.set()
        assert await first is not None
        assert await other.advance(sitting.id) is None, "the lease was given back"

    async def test_who_is_cancelled_while_the_lease_is_given_does_not_keep_it(self, guide: Guide, plan: Plan) -> None:
        class Slow(FakeStore):
            async def claim(
                self, interview_id: str, holder: str, seconds: float, after: int = 0
            ) -> list[tuple[int, Event]] | None:
                found = await super().claim(interview_id, holder, seconds, after)
                await asyncio.sleep(0)
                return found

        sitting = await Sitting.begin(guide, plan, store=Slow())
        await sitting.send("+1 +2")
        first = asyncio.create_task(sitting.conductor.advance(sitting.id))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await sitting.conductor.advance(sitting.id) is not None

    async def test_without_the_lease_only_one_turn_is_kept(self, guide: Guide) -> None:
        class Careless(FakeStore):
            async def acquire(self, interview_id: str, holder: str, seconds: float) -> bool:
                return True

        engine = CostlyEngine()
        engine.gate.clear()
        sitting = await Sitting.begin(guide, plan_of(guide, follow_ups=0), engine=engine, store=Careless())
        other = Conductor(sitting.conductor.store, engine, FakeRetriever(), phrases())
        await sitting.send("+1 +2")
        both = [asyncio.create_task(c.advance(sitting.id)) for c in (sitting.conductor, other)]
        await asyncio.sleep(0)
        engine.gate.set()
        results = await asyncio.gather(*both, return_exceptions=True)
        assert sum(isinstance(r, TurnConflict) for r in results) == 1
        assert graded(sitting) == ["rye"]
        for conductor in (sitting.conductor, other):
            assert (await conductor.load(sitting.id)) == fold(sitting.id, events_of(sitting))

    async def test_a_renewal_that_fails_is_tried_again(
        self, guide: Guide, plan: Plan, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Locked(FakeStore):
            renewals = -1
            again = asyncio.Event()

            async def acquire(self, interview_id: str, holder: str, seconds: float) -> bool:
                self.renewals += 1
                if self.renewals == 1:
                    raise StoreError("Another program is keeping the database locked.")
                if self.renewals > 1:
                    self.again.set()
                return await super().acquire(interview_id, holder, seconds)

        monkeypatch.setattr(conducting, "LEASE_SECONDS", 0.03)
        engine, store = CostlyEngine(), Locked()
        engine.gate.clear()
        sitting = await Sitting.begin(guide, plan, engine=engine, store=store)
        await sitting.send("+1")
        turning = asyncio.create_task(sitting.conductor.advance(sitting.id))
        async with asyncio.timeout(5):
            await store.again.wait()
        engine.gate.set()
        assert await turning is not None
        assert not caplog.records

    async def test_two_looks_at_once_apply_each_event_once(self, guide: Guide, plan: Plan) -> None:
        class Slow(FakeStore):
            async def events(self, interview_id: str, after: int = 0) -> list[tuple[int, Event]]:
                found = await super().events(interview_id, after)
                await asyncio.sleep(0)
                return found

        sitting = await Sitting.begin(guide, plan, store=Slow())
        await sitting.send("+1")
        await asyncio.gather(*(sitting.conductor.load(sitting.id) for _ in range(4)))
        assert (await sitting.conductor.load(sitting.id)) == fold(sitting.id, events_of(sitting))

    async def test_many_interviews_at_once_are_each_their_own(self, guide: Guide, plan: Plan) -> None:
        first = await Sitting.begin(guide, plan)
        sittings = [first]
        for _ in range(20):
            interview = await first.conductor.start(plan, guide, candidate="dan", channel="test")
            sittings.append(Sitting(first.conductor, interview.id))
        await asyncio.gather(*(s.say("+1 +2" if n % 2 else "+1") for n, s in enumerate(sittings)))
        for n, sitting in enumerate(sittings):
            state = await first.conductor.load(sitting.id)
            assert state.current.answers == ["+1 +2" if n % 2 else "+1"]


async def test_a_wording_is_looked_for_only_after_an_answer(guide: Guide, plan: Plan) -> None:
    class Asked(WordRetriever):
        kinds: list[str]

        async def match(
            self, guide: Guide, words: str, *, kinds: Sequence[str] = ("key_point",), **wishes: Any
        ) -> list[Match]:
            self.kinds += kinds
            return await super().match(guide, words, kinds=kinds, **wishes)

    retriever = Asked()
    retriever.kinds = []
    sitting = await Sitting.begin(guide, plan, retriever=retriever)
    await sitting.say("", HINT)
    assert retriever.kinds == []
    await sitting.say("+1")
    assert "follow_up" in retriever.kinds


async def test_a_reader_that_is_cancelled_leaves_the_message_waiting(guide: Guide, plan: Plan) -> None:
    engine = CostlyEngine()
    engine.gate.clear()
    sitting = await Sitting.begin(guide, plan, engine=engine)
    await sitting.send("+1")
    turning = asyncio.create_task(sitting.conductor.advance(sitting.id))
    await asyncio.sleep(0)
    turning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turning
    engine.gate.set()
    assert await sitting.conductor.advance(sitting.id) is not None


async def test_an_interview_goes_on_with_the_guide_as_it_was(guide: Guide, plan: Plan) -> None:
    store = FakeStore()
    sitting = await Sitting.begin(guide, plan, store=store)
    revised = guide.model_copy(update={"revision": "bread-2", "questions": ()})
    await store.save_guide(revised)
    later = Sitting(Conductor(store, scripted(), FakeRetriever(), phrases(), clock=FakeClock()), sitting.id)
    assert (await later.say("", REPEAT)).reply.endswith("How do you bake rye bread?")
