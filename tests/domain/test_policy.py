"""What the interviewer does next, situation by situation, and what holds whatever the candidate does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.domain.grading import Origin, Outcome, Verdict
from interviewer.domain.guide import Category, Guide, Question
from interviewer.domain.interview import Assessment, MessageKind, Mode, Move, MoveKind
from interviewer.domain.policy import MAX_HINTS, MAX_REDIRECTS, MAX_REFUSALS, MAX_REPAIRS, WORDS, open_points
from interviewer.domain.state import Status
from tests.factories import Talk, guide_of, heard, plan_of, question

COVERED, PARTIAL, MISSING, CONTRADICTED = Verdict.COVERED, Verdict.PARTIAL, Verdict.MISSING, Verdict.CONTRADICTED
ALL = {"k1": COVERED, "k2": COVERED, "k3": COVERED}
SOME = {"k1": COVERED, "k2": PARTIAL, "k3": MISSING}
NONE = {"k1": MISSING, "k2": MISSING, "k3": MISSING}
ANSWER, HINT, CLARIFY, REPEAT = MessageKind.ANSWER, MessageKind.HINT, MessageKind.CLARIFY, MessageKind.REPEAT


def of(kind: MessageKind) -> Assessment:
    return heard(kind)


def answer(points: dict[str, Verdict], lacks: tuple[str, ...] = ()) -> Assessment:
    return heard(points=points, lacks=lacks)


def scrap() -> Assessment:
    return answer(NONE).model_copy(update={"too_short": True})


def told(move: Move) -> str:
    """A move as one word or two: "probe k2", "next q2", "close"."""
    aim = move.question_id if move.kind is MoveKind.NEXT else move.target
    rung = f"{move.rung}" if move.rung else ""
    return " ".join(part for part in (f"{move.kind}{rung}", aim) if part)


TABLE: list[tuple[str, Sequence[Assessment | None], str]] = [
    # an answer: the heaviest open point first, half made before missing, each once, then the follow-up, then on
    ("everything said at once leads to the follow-up", [answer(ALL)], "follow_up f1"),
    ("a point half made is probed before one not made", [answer(SOME)], "probe k2"),
    ("a probe that brought nothing is not repeated", [answer(SOME), answer(SOME)], "probe k3"),
    ("two probes are the budget; the follow-up has its own", [answer(SOME)] * 3, "follow_up f1"),
    ("after probes and follow-up comes the next question", [answer(SOME)] * 4, "next q2"),
    ("an answer that shows nothing gets no deepening", [answer(NONE)] * 3, "next q2"),
    ("a point covered by then is not probed", [answer(SOME), answer(ALL)], "follow_up f1"),
    ("a contradiction is worth a probe", [answer({**ALL, "k3": CONTRADICTED})], "probe k3"),
    # accepted at once, whatever is left
    ("I don't know", [of(MessageKind.DONT_KNOW)], "next q2"),
    ("who does not know one part is asked for another", [answer(SOME), of(MessageKind.DONT_KNOW)], "probe k3"),
    ("within the budget of probes", [answer(SOME)] + [of(MessageKind.DONT_KNOW)] * 2, "next q2"),
    ("and not where nothing is open", [answer(ALL), of(MessageKind.DONT_KNOW)], "next q2"),
    ("skip", [of(MessageKind.SKIP)], "next q2"),
    ("pause", [of(MessageKind.PAUSE)], "pause"),
    ("stop", [of(MessageKind.STOP)], "close"),
    # a few words
    ("so few words that nothing can be heard", [scrap()], "probe words"),
    ("are asked about once", [scrap(), scrap()], "probe k1"),
    # repairs cost nothing, and end
    ("a clarification", [of(CLARIFY)], "clarify"),
    ("a repetition", [of(REPEAT)], "repeat"),
    ("repairs cost no probe", [of(CLARIFY)] * 3 + [answer(SOME), of(REPEAT), answer(SOME)], "probe k3"),
    ("repairs end", [of(CLARIFY)] * MAX_REPAIRS + [of(REPEAT)], "next q2"),
    # the ladder of hints
    ("the first hint is an open nudge", [of(HINT)], "hint1"),
    ("the second aims at a point", [of(HINT)] * 2, "hint2 k1"),
    ("the third at the same", [of(HINT)] * 3, "hint3 k1"),
    ("a fourth is refused", [of(HINT)] * 4, "redirect"),
    ("a point that was hinted at and made is left", [of(HINT)] * 2 + [answer({"k1": COVERED}), of(HINT)], "hint3 k2"),
    (
        "a hint goes on to its own point though another came nearer",
        [of(HINT)] * 2 + [answer({"k2": PARTIAL}), of(HINT)],
        "hint3 k1",
    ),
    ("no hint where nothing is open", [answer(ALL), of(HINT)], "redirect"),
    ("a hinted point is not probed as well", [of(HINT)] * 2 + [answer(NONE)], "probe k2"),
    # elsewhere
    ("off topic", [of(MessageKind.OFF_TOPIC)], "redirect"),
    ("steering", [of(MessageKind.STEERING)], "redirect"),
    ("nobody is led back for ever", [of(MessageKind.OFF_TOPIC)] * (MAX_REDIRECTS + 1), "next q2"),
    # the engine fails
    ("a failed reading goes on", [None], "next q2"),
]


@pytest.mark.parametrize(("messages", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_comes_next(messages: Sequence[Assessment | None], expected: str) -> None:
    talk = Talk(guide_of(question("q1"), question("q2")))
    moves = [talk.hear(m, failure="" if m else "timeout") for m in messages]
    assert told(moves[-1]) == expected


def test_heavier_points_are_probed_first() -> None:
    talk = Talk(guide_of(question(weights=(1, 3, 2))))
    assert [told(talk.hear(answer(NONE))) for _ in range(2)] == ["probe k2", "probe k3"]


@pytest.mark.parametrize("kind", [MessageKind.SKIP, MessageKind.DONT_KNOW, ANSWER])
def test_the_last_question_is_followed_by_the_end(kind: MessageKind) -> None:
    talk = Talk(guide_of(question(follow_ups=0)), plan_of(guide_of(question()), probes=0))
    move = talk.hear(heard(kind, points=ALL if kind is ANSWER else {}))
    assert move == Move(kind=MoveKind.CLOSE, settles="q1", cause=kind)
    assert talk.interview.status is Status.ENDED


def test_assess_mode_gives_no_hint() -> None:
    guide = guide_of(question("q1"), question("q2"))
    talk = Talk(guide, plan_of(guide, Mode.ASSESS))
    assert talk.hear(of(HINT)) == Move(kind=MoveKind.REDIRECT, question_id="q1", cause=HINT)
    assert talk.on_floor.hints == 0


def test_asking_for_hints_that_are_refused_is_no_straying_and_ends() -> None:
    guide = guide_of(question("q1"), question("q2"))
    talk = Talk(guide, plan_of(guide, Mode.ASSESS))
    moves = [told(talk.hear(of(kind))) for kind in [HINT] * MAX_REFUSALS + [MessageKind.OFF_TOPIC, HINT]]
    assert moves == ["redirect"] * (MAX_REFUSALS + 1) + ["next q2"]


def test_a_plan_owns_its_budgets() -> None:
    guide = guide_of(question("q1", follow_ups=3), question("q2"))
    talk = Talk(guide, plan_of(guide, probes=1, follow_ups=2))
    moves = [told(talk.hear(answer(SOME))) for _ in range(4)]
    assert moves == ["probe k2", "follow_up f1", "follow_up f2", "next q2"]


def test_a_story_is_probed_for_its_missing_part_once_then_for_points() -> None:
    talk = Talk(guide_of(question(category=Category.BEHAVIORAL), question("q2")))
    lacks = ("situation", "result", "own")
    moves = [told(talk.hear(answer(SOME, lacks))) for _ in range(3)]
    assert moves == ["probe star:own", "probe k2", "follow_up f1"]


def test_only_a_behavioral_question_is_probed_for_parts_of_a_story() -> None:
    talk = Talk(guide_of(question(category=Category.TECHNICAL)))
    assert told(talk.hear(answer(SOME, ("result",)))) == "probe k2"


def test_a_probe_is_worded_by_the_guides_own_follow_up_which_is_then_used_up() -> None:
    talk = Talk(guide_of(question("q1", follow_ups=2), question("q2")))
    wordings = {"k2": "f1", "k3": "f1"}
    first = talk.hear(answer(SOME), wordings=wordings)
    second = talk.hear(answer(SOME), wordings=wordings)
    third = talk.hear(answer(SOME), wordings=wordings)
    assert (first.target, first.wording) == ("k2", "f1")
    assert (second.target, second.wording) == ("k3", None)
    assert told(third) == "follow_up f2"


def test_what_was_said_early_is_not_probed_again() -> None:
    talk = Talk(guide_of(question("q1"), question("q2")))
    talk.hear(heard(points=ALL, early=["q2/k1"]))
    talk.hear(of(MessageKind.SKIP))
    assert told(talk.hear(answer({"k1": MISSING, "k2": MISSING, "k3": COVERED}))) == "probe k2"
    assert told(talk.hear(answer({"k3": COVERED}))) == "follow_up f1"


class TestTimeUp:
    def test_an_answer_is_heard_and_nothing_new_begun(self) -> None:
        talk = Talk(guide_of(question("q1"), question("q2")))
        move = talk.hear(answer(SOME), time_up=True)
        assert move == Move(kind=MoveKind.CLOSE, settles="q1", cause=ANSWER, time_up=True)
        assert talk.interview.questions["q1"].grade is not None
        assert talk.interview.questions["q2"].asked_at is None

    def test_the_end_is_the_end_of_the_plan_where_no_question_was_left(self) -> None:
        talk = Talk(guide_of(question("q1")))
        assert talk.hear(answer(SOME), time_up=True).time_up is False

    def test_a_repetition_is_still_granted(self) -> None:
        talk = Talk(guide_of(question("q1"), question("q2")))
        assert talk.hear(of(REPEAT), time_up=True).kind is MoveKind.REPEAT


def test_after_a_pause_the_same_question_goes_on() -> None:
    talk = Talk(guide_of(question("q1"), question("q2")))
    statuses = []
    for message, expected in ((of(MessageKind.PAUSE), "pause"), (answer(SOME), "probe k2")):
        assert told(talk.hear(message)) == expected
        statuses.append(talk.interview.status)
    assert statuses == [Status.PAUSED, Status.ACTIVE]


# ---- what holds for every interview -------------------------------------------------------------------------------

VERDICTS = st.sampled_from(list(Verdict))
PARTS = st.sampled_from(["own", "action", "result", "situation", "task"])


@st.composite
def guides(draw: st.DrawFn) -> Guide:
    return guide_of(
        *(
            question(
                f"q{n}",
                weights=draw(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=1, max_size=4)),
                pitfalls=draw(st.integers(0, 2)),
                follow_ups=draw(st.integers(0, 2)),
                category=draw(st.sampled_from(list(Category))),
            )
            for n in range(1, draw(st.integers(1, 4)) + 1)
        )
    )


def draw_message(data: st.DataObject, guide: Guide, asked: Question) -> Assessment | None:
    """Any message at all; now and then one that the engine fails to read."""
    if data.draw(st.integers(0, 12)) == 0:
        return None
    kind = data.draw(st.sampled_from(list(MessageKind)))
    if kind is not MessageKind.ANSWER:
        return heard(kind)
    elsewhere = [f"{q.id}/{k.id}" for q in guide.questions if q is not asked for k in q.key_points]
    made = heard(
        points={k.id: data.draw(VERDICTS) for k in asked.key_points},
        early=data.draw(st.lists(st.sampled_from(elsewhere), max_size=3)) if elsewhere else (),
        lacks=tuple(data.draw(st.lists(PARTS, max_size=5))),
    )
    return made.model_copy(update={"too_short": data.draw(st.booleans())})


def longest(guide: Guide, probes: int, follow_ups: int) -> int:
    """The bound that code owns, pauses apart: the budgets of each question, and the message that ends it."""
    budgets = probes + follow_ups + MAX_HINTS + MAX_REFUSALS + MAX_REPAIRS + MAX_REDIRECTS
    return len(guide.questions) * (budgets + 1)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_said_the_rules_hold(data: st.DataObject) -> None:
    guide = data.draw(guides())
    mode = data.draw(st.sampled_from(list(Mode)))
    probes, follow_ups = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 2))
    talk = Talk(guide, plan_of(guide, mode, probes=probes, follow_ups=follow_ups))
    put = [talk.interview.floor]
    exchanges = 0
    while talk.interview.status is not Status.ENDED:
        asked, before = talk.question, talk.on_floor.copy()
        message = draw_message(data, guide, asked)
        move = talk.hear(message, failure="" if message else "engine")
        exchanges += move.kind is not MoveKind.PAUSE
        assert exchanges <= longest(guide, probes, follow_ups)
        check_accepted_at_once(message, move, answered=bool(before.answers))
        check_aim(talk, asked, before.aimed | before.hinted, move)
        check_ladder(mode, before.hints, move)
        check_budgets(talk, asked, probes, follow_ups)
        if move.kind is MoveKind.NEXT:
            put.append(move.question_id)
    assert max(Counter(put).values()) == 1
    assert [q for q in talk.interview.plan.questions if q in put] == put
    check_settled_once(talk)


def check_accepted_at_once(message: Assessment | None, move: Move, *, answered: bool) -> None:
    onward = {MoveKind.NEXT, MoveKind.CLOSE}
    wanted = {
        MessageKind.SKIP: onward,
        MessageKind.DONT_KNOW: onward | ({MoveKind.PROBE} if answered else set()),
        MessageKind.PAUSE: {MoveKind.PAUSE},
        MessageKind.STOP: {MoveKind.CLOSE},
    }
    if message and message.kind in wanted:
        assert move.kind in wanted[message.kind]


def check_aim(talk: Talk, asked: Question, aimed: set[str], move: Move) -> None:
    state = talk.interview.questions[asked.id]
    points = {k.id for k in asked.key_points}
    if move.kind in (MoveKind.PROBE, MoveKind.HINT) and move.target:
        assert move.target in points or move.target == WORDS or move.target.startswith("star:")
    if move.target in points:
        assert state.verdict(move.target or "") is not Verdict.COVERED
    if move.kind is MoveKind.PROBE:
        assert move.target not in aimed
    if move.kind is MoveKind.FOLLOW_UP:
        assert move.target in {f.id for f in asked.follow_ups}


def check_ladder(mode: Mode, hints: int, move: Move) -> None:
    if move.kind is MoveKind.HINT:
        assert mode is Mode.PRACTICE
        assert move.rung == hints + 1
        assert (move.target is None) == (move.rung == 1)


def check_budgets(talk: Talk, asked: Question, probes: int, follow_ups: int) -> None:
    state = talk.interview.questions[asked.id]
    assert state.probes <= probes
    assert state.deepened <= follow_ups
    assert state.hints <= MAX_HINTS
    assert state.repairs <= MAX_REPAIRS
    assert state.redirects <= MAX_REDIRECTS
    assert state.refusals <= MAX_REFUSALS


def check_settled_once(talk: Talk) -> None:
    settled = Counter(g.question_id for t in talk.interview.turns for g in t.grades)
    assert all(count == 1 for count in settled.values())
    for name, state in talk.interview.questions.items():
        assert (state.asked_at is None) == (name not in settled)
        for point in state.points.values():
            assert point.origin is not Origin.HINTED or point.id in state.hinted
        if state.grade and state.grade.outcome is Outcome.UNGRADED:
            assert state.grade.score is None


@given(st.lists(VERDICTS, min_size=1, max_size=5))
def test_open_points_are_those_not_covered(verdicts: list[Verdict]) -> None:
    asked = question(weights=[1.0] * len(verdicts))
    talk = Talk(guide_of(asked), plan_of(guide_of(asked), probes=9))
    talk.hear(answer({f"k{n}": v for n, v in enumerate(verdicts, 1)}))
    found = [p.id for p in open_points(talk.interview, asked)] if talk.interview.floor else []
    expected = [f"k{n}" for n, v in enumerate(verdicts, 1) if v is not COVERED]
    assert sorted(found) == (expected if talk.interview.floor else [])
