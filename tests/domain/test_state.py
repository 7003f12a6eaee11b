"""The fold: an interview is what its events make of it, however they are read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.domain.grading import Origin, PitfallFinding, PointFinding, Verdict
from interviewer.domain.interview import (
    EVENT,
    Assessed,
    Edited,
    Event,
    Inbound,
    MessageKind,
    Move,
    Moved,
    MoveKind,
    Received,
    Sent,
    Turn,
    Turned,
    Withdrawn,
    event_key,
)
from interviewer.domain.state import MAX_SILENCE, Status, apply, fold, hear, said
from tests.factories import BEGIN, Talk, guide_of, heard, question

COVERED, PARTIAL, MISSING = Verdict.COVERED, Verdict.PARTIAL, Verdict.MISSING
HINT, SKIP, PAUSE = MessageKind.HINT, MessageKind.SKIP, MessageKind.PAUSE


def message(name: str, text: str = "Words.", command: MessageKind | None = None, at: float = 0) -> Inbound:
    return Inbound(id=name, interview_id="i1", text=text, at=BEGIN + timedelta(seconds=at), command=command)


def turned(number: int, kind: MoveKind, at: float, consumed: tuple[str, ...] = ()) -> Turned:
    move = Move(kind=kind, question_id=None if kind is MoveKind.CLOSE else "q1")
    return Turned(turn=Turn(number=number, at=BEGIN + timedelta(seconds=at), consumed=consumed, move=move, reply="So."))


@pytest.fixture
def talk() -> Talk:
    return Talk(guide_of(question("q1"), question("q2")))


def test_an_interview_begins_with_its_start() -> None:
    with pytest.raises(ValueError, match="begin"):
        fold("i1", [])
    with pytest.raises(ValueError, match="begin"):
        fold("i1", [Received(message=message("m1"))])


def test_after_the_opening_the_first_question_is_on_the_floor(talk: Talk) -> None:
    assert (talk.interview.floor, talk.interview.number, talk.interview.next_question) == ("q1", 1, "q2")
    assert talk.interview.unsent == [0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(MessageKind)), st.sampled_from(list(Verdict)), st.booleans())))
def test_folding_all_is_applying_one_by_one_and_survives_storage(
    said_: list[tuple[MessageKind, Verdict, bool]],
) -> None:
    talk = Talk(guide_of(question("q1"), question("q2")))
    for kind, verdict, fails in said_:
        if talk.interview.status is Status.ENDED:
            break
        found = None if fails else heard(kind, points={"k1": verdict}, early=["q2/k1"], signals=("steering",))
        talk.hear(found, failure="timeout" if fails else "")
        talk.happen(Sent(number=len(talk.interview.turns) - 1, at=talk.now))
    stored = [EVENT.validate_json(EVENT.dump_json(event)) for event in talk.events]
    assert fold("i1", stored) == talk.interview
    keys = [event_key(event) for event in talk.events]
    assert len(keys) == len(set(keys))


def test_a_draft_can_be_changed_without_changing_the_interview(talk: Talk) -> None:
    before = fold("i1", talk.events)
    draft = talk.interview.draft()
    hear(draft, "Words.", heard(points={"k1": COVERED}, pitfalls=["p1"], early=["q2/k1"], signals=("steering",)))
    apply(draft, Received(message=message("m9")))
    apply(draft, turned(1, MoveKind.PROBE, 5, ("m9",)))
    assert draft != before
    assert talk.interview == before


def test_an_interview_that_goes_on_does_not_change_a_draft(talk: Talk) -> None:
    draft = talk.interview.draft()
    apply(talk.interview, Received(message=message("m9")))
    assert draft.pending == []
    assert draft.messages == []


def test_several_messages_wait_and_are_consumed_together(talk: Talk) -> None:
    for n in (1, 2, 3):
        talk.happen(Received(message=message(f"m{n}", f"Part {n}.")))
    assert said(talk.interview.pending) == "Part 1.\nPart 2.\nPart 3."
    talk.happen(turned(1, MoveKind.PROBE, 9, ("m1", "m2")))
    assert [m.id for m in talk.interview.pending] == ["m3"]


def test_commands_and_blanks_are_not_words() -> None:
    assert said([message("m1", "hint", HINT), message("m2", "  "), message("m3", "Yes.")]) == "Yes."


def test_a_reading_waits_until_its_turn_is_taken(talk: Talk) -> None:
    talk.happen(Received(message=message("m1")))
    talk.happen(Assessed(number=1, consumed=("m1",), assessment=heard()))
    assert talk.interview.assessed is not None
    talk.happen(turned(1, MoveKind.PROBE, 5, ("m1",)))
    assert talk.interview.assessed is None


def test_replies_are_unsent_until_they_are_sent(talk: Talk) -> None:
    talk.hear(heard())
    assert talk.interview.unsent == [0, 1]
    talk.happen(Sent(number=0, at=BEGIN))
    assert talk.interview.unsent == [1]


class TestOrigin:
    def test_unprompted(self, talk: Talk) -> None:
        talk.hear(heard(points={"k1": COVERED}))
        assert talk.on_floor.points["k1"].origin is Origin.UNPROMPTED

    def test_probed(self, talk: Talk) -> None:
        talk.hear(heard(points={"k1": COVERED}))
        talk.hear(heard(points={"k1": COVERED, "k2": COVERED}, quote="said only now"))
        assert talk.on_floor.points["k2"].origin is Origin.PROBED
        assert talk.on_floor.points["k1"].origin is Origin.UNPROMPTED, "what was made unprompted stays so"

    def test_what_was_said_before_the_probe_and_noticed_after_it_is_unprompted(self, talk: Talk) -> None:
        talk.hear(heard(points={"k1": COVERED}))
        talk.hear(heard(points={"k1": COVERED, "k2": COVERED}, quote="words"))
        assert talk.on_floor.points["k2"].origin is Origin.UNPROMPTED

    def test_hinted_at(self, talk: Talk) -> None:
        talk.hear(heard(HINT))
        talk.hear(heard(HINT))
        talk.hear(heard(points={"k1": COVERED, "k2": COVERED}))
        assert talk.on_floor.points["k1"].origin is Origin.HINTED
        assert talk.on_floor.points["k2"].origin is Origin.PROBED, "a hint at another point is no hint at this one"

    def test_an_open_nudge_counts_as_a_probe(self, talk: Talk) -> None:
        talk.hear(heard(HINT))
        talk.hear(heard(points={"k1": COVERED}))
        assert talk.on_floor.points["k1"].origin is Origin.PROBED

    def test_repairs_leave_a_point_unprompted(self, talk: Talk) -> None:
        talk.hear(heard(MessageKind.CLARIFY))
        talk.hear(heard(MessageKind.OFF_TOPIC))
        talk.hear(heard(points={"k1": COVERED}))
        assert talk.on_floor.points["k1"].origin is Origin.UNPROMPTED

    def test_a_half_made_point_completed_after_a_probe_is_probed(self, talk: Talk) -> None:
        talk.hear(heard(points={"k1": PARTIAL}))
        talk.hear(heard(points={"k1": COVERED}))
        point = talk.on_floor.points["k1"]
        assert (point.verdict, point.origin, point.credit) == (COVERED, Origin.PROBED, 0.9)

    def test_early(self, talk: Talk) -> None:
        talk.hear(heard(points={"k1": COVERED}, early=["q2/k2", "nowhere/k1"]))
        assert talk.interview.questions["q2"].points["k2"].origin is Origin.EARLY

    def test_early_credit_stays_when_the_point_is_made_again(self, talk: Talk) -> None:
        talk.hear(heard(early=["q2/k2"]))
        talk.hear(heard(SKIP))
        talk.hear(heard(points={"k1": MISSING, "k2": COVERED}))
        assert talk.on_floor.points["k2"].origin is Origin.EARLY

    def test_a_point_half_made_earns_nothing_early(self, talk: Talk) -> None:
        half = PointFinding(id="q2/k2", verdict=PARTIAL, quote="words")
        talk.hear(heard().model_copy(update={"elsewhere": (half,)}))
        assert talk.interview.questions["q2"].points == {}

    def test_nothing_is_credited_early_to_a_question_that_was_put(self, talk: Talk) -> None:
        talk.hear(heard(SKIP))
        talk.hear(heard(early=["q1/k1"]))
        assert talk.interview.questions["q1"].points == {}


class TestHear:
    def test_only_answers_are_kept_as_answers(self, talk: Talk) -> None:
        for kind in (MessageKind.CLARIFY, MessageKind.OFF_TOPIC, HINT, MessageKind.STEERING):
            talk.hear(heard(kind), words=f"A {kind}.")
            if kind is MessageKind.CLARIFY:
                talk.hear(heard(), words="An answer.")
        assert talk.on_floor.answers == ["An answer."]

    def test_words_with_a_command_count_where_they_show_something(self, talk: Talk) -> None:
        talk.hear(heard(HINT, points={"k1": COVERED}), words="Something, and a hint please.")
        assert talk.on_floor.answers == ["Something, and a hint please."]

    def test_a_pitfall_once_committed_stays(self, talk: Talk) -> None:
        talk.hear(heard(pitfalls=["p1"]))
        no_more = PitfallFinding(id="p1", committed=False)
        talk.hear(heard(points={"k1": COVERED}).model_copy(update={"pitfalls": (no_more,)}))
        assert talk.on_floor.pitfalls["p1"].committed

    def test_what_a_story_lacks_is_known_until_the_next_answer(self, talk: Talk) -> None:
        talk.hear(heard(lacks=("result",)))
        known = []
        for message in (heard(MessageKind.CLARIFY), heard()):
            talk.hear(message)
            known.append(talk.on_floor.lacks)
        assert known == [("result",), ()]

    def test_a_failure_keeps_the_words(self, talk: Talk) -> None:
        draft = talk.interview.draft()
        hear(draft, "Words.", None, "timeout")
        assert (draft.current.answers, draft.current.failure) == (["Words."], "timeout")

    def test_a_later_reading_of_everything_heals_a_failure(self, talk: Talk) -> None:
        draft = talk.interview.draft()
        hear(draft, "Words.", None, "timeout")
        hear(draft, "And please a hint.", heard(HINT))
        assert draft.current.failure == "timeout", "a request reads nothing of what was said before"
        hear(draft, "More words.", heard(points={"k1": COVERED}))
        assert draft.current.failure == ""

    def test_signals_gather(self, talk: Talk) -> None:
        talk.hear(heard(MessageKind.STEERING, signals=("steering",)))
        talk.hear(heard(signals=("other",)))
        assert talk.on_floor.signals == {"steering", "other"}


class TestTime:
    def minutes(self, talk: Talk, at: float) -> float:
        return talk.interview.minutes_spent(BEGIN + timedelta(seconds=at))

    def test_time_runs_while_the_candidate_thinks(self, talk: Talk) -> None:
        assert self.minutes(talk, 120) == 2

    def test_a_long_silence_counts_only_so_much(self, talk: Talk) -> None:
        assert self.minutes(talk, 86_400) == MAX_SILENCE / 60
        talk.happen(Received(message=message("m1", at=86_400)))
        assert self.minutes(talk, 86_400) == MAX_SILENCE / 60

    def test_a_pause_does_not_count(self, talk: Talk) -> None:
        talk.happen(Received(message=message("m1", at=60)))
        talk.happen(turned(1, MoveKind.PAUSE, 60, ("m1",)))
        assert self.minutes(talk, 600) == 1
        talk.happen(Received(message=message("m2", at=600)))
        talk.happen(turned(2, MoveKind.PROBE, 605, ("m2",)))
        assert talk.interview.status is Status.ACTIVE
        assert self.minutes(talk, 665) == 2

    def test_a_message_that_comes_during_a_turn_counts_no_second_twice(self, talk: Talk) -> None:
        talk.happen(Received(message=message("m1", at=60)))
        talk.happen(Received(message=message("m2", at=100)))
        talk.happen(turned(1, MoveKind.PROBE, 60, ("m1",)))
        assert self.minutes(talk, 120) == 2

    def test_clocks_that_disagree_take_no_time_away(self, talk: Talk) -> None:
        talk.happen(Received(message=message("m1", at=-300)))
        assert self.minutes(talk, 60) == 1

    def test_the_end_is_the_end(self, talk: Talk) -> None:
        talk.happen(turned(1, MoveKind.CLOSE, 60))
        assert talk.interview.status is Status.ENDED
        assert self.minutes(talk, 900) == 1
        with pytest.raises(LookupError, match="floor"):
            _ = talk.interview.current


class TestChat:
    """What only happens in a chat: messages changed, taken back, and delivered in any order."""

    @staticmethod
    def seated(talk: Talk) -> Talk:
        talk.happen(Moved(place="chat:room", at=BEGIN))
        return talk

    @staticmethod
    def edit(text: str, at: float, name: str = "m1") -> Edited:
        return Edited(message_id=name, text=text, at=BEGIN + timedelta(seconds=at))

    def waiting(self, talk: Talk) -> list[str]:
        return [m.text for m in talk.interview.pending]

    def test_messages_wait_in_the_order_they_were_written(self, talk: Talk) -> None:
        assert self.seated(talk).interview.place == "chat:room"
        for name, at in (("c", 3), ("a", 1), ("b", 2), ("b2", 2)):
            talk.happen(Received(message=message(name, name, at=at)))
        assert self.waiting(talk) == ["a", "b", "b2", "c"]

    def test_an_edit_replaces_what_waits_and_the_latest_counts(self, talk: Talk) -> None:
        self.seated(talk)
        for event in (
            Received(message=message("m1", "first")),
            self.edit("third", 9),
            self.edit("second", 8),
            self.edit("no such message", 9, "m7"),
        ):
            talk.happen(event)
        assert self.waiting(talk) == ["third"]
        assert not talk.interview.answered("m1")
        talk.happen(turned(1, MoveKind.PROBE, 10, (talk.interview.pending[0].id,)))
        assert self.waiting(talk) == []
        assert talk.interview.current.answers == []
        assert talk.interview.answered("m1") == talk.interview.version("m1") != "m1"

    def test_an_edit_during_a_turn_is_too_late(self, talk: Talk) -> None:
        self.seated(talk)
        talk.happen(Received(message=message("m1", "what was said")))
        talk.happen(self.edit("what they wish they had said", 5))
        turn = turned(1, MoveKind.PROBE, 6, ("m1",)).turn.model_copy(update={"assessment": heard()})
        assert [m.text for m in talk.interview.answered_by(turn)] == ["what was said"]
        talk.happen(Turned(turn=turn))
        assert talk.interview.current.answers == ["what was said"]
        assert self.waiting(talk) == []

    def test_a_message_that_was_taken_back_does_not_count(self, talk: Talk) -> None:
        self.seated(talk)
        for event in (
            Received(message=message("m1", "one", at=1)),
            Received(message=message("m2", "two", at=2)),
            self.edit("one, changed", 3),
            Withdrawn(message_id="m1", at=BEGIN),
        ):
            talk.happen(event)
        assert self.waiting(talk) == ["two"]

    def test_changes_may_arrive_before_the_message(self, talk: Talk) -> None:
        self.seated(talk)
        for event in (
            self.edit("changed", 5),
            Withdrawn(message_id="m2", at=BEGIN),
            Received(message=message("m1", "as it was")),
            Received(message=message("m2", "gone")),
        ):
            talk.happen(event)
        assert self.waiting(talk) == ["changed"]

    def test_a_message_taken_back_during_its_turn_counts(self, talk: Talk) -> None:
        self.seated(talk)
        talk.happen(Received(message=message("m1", "said")))
        talk.happen(Withdrawn(message_id="m1", at=BEGIN))
        talk.happen(Turned(turn=turned(1, MoveKind.PROBE, 6, ("m1",)).turn.model_copy(update={"assessment": heard()})))
        assert talk.interview.current.answers == ["said"]

    def test_a_draft_does_not_see_a_change(self, talk: Talk) -> None:
        self.seated(talk)
        talk.happen(Received(message=message("m1", "before")))
        draft = talk.interview.draft()
        talk.happen(self.edit("after", 5))
        talk.happen(Withdrawn(message_id="m1", at=BEGIN))
        assert [m.text for m in draft.pending] == ["before"]

    def test_the_events_survive_storage_under_their_own_keys(self) -> None:
        events: list[Event] = [
            self.edit("a\ud83d", 1),
            self.edit("b", 2),
            Withdrawn(message_id="m1", at=BEGIN),
            Moved(place="p", at=BEGIN),
        ]
        assert [EVENT.validate_json(EVENT.dump_json(e)) for e in events] == events
        assert len({event_key(e) for e in events}) == len(events)
