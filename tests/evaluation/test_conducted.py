"""The suite conduct: whole interviews end, rules that are kept are found kept, and each that is broken is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import cache

import pytest

from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import EngineError, SettingsError
from interviewer.domain.grading import Verdict
from interviewer.domain.guide import Guide
from interviewer.domain.interview import MessageKind, Mode, ModelCall, Move, MoveKind, Turn
from interviewer.evaluation.canaries import Oracle, canary
from interviewer.evaluation.candidates import Moment, Scripted, covered, played, scripted
from interviewer.evaluation.conduct_rules import RULES, Interviewed, broken, questions_of
from interviewer.evaluation.conducted import Options, conduct, interviewed, most_turns
from interviewer.evaluation.results import RunInfo, SuiteResult
from interviewer.ports import Engine, SpeakRequest
from interviewer.prompts import phrases
from tests.conduct.helpers import CONTENT, WordRetriever, content_guide
from tests.conduct.helpers import scripted as scripted_engine
from tests.evaluation.suite_runs import AT, labelled
from tests.factories import plan_of
from tests.fakes import FakeClock, FakeStore

INFO = RunInfo(suite="conduct", engine="test", at=AT)
ANSWERS = {q.question: q for q in labelled()}


@cache
def guides() -> tuple[Guide, ...]:
    return tuple(map(content_guide, CONTENT))


def conductor(engine: Engine) -> Conductor:
    return Conductor(FakeStore(), engine, WordRetriever(), phrases(), clock=FakeClock(), seconds=30)


def oracle() -> Oracle:
    return Oracle({}, labelled())


class Speaking(Oracle):
    """Knows the labels, and says what it is told to, or fails."""

    def __init__(self, words: str | EngineError) -> None:
        super().__init__({}, labelled())
        self.words = words

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str | ModelCall]:
        if isinstance(self.words, EngineError):
            raise self.words
        yield self.words


class Deaf(Oracle):
    """Hears nothing of what is said, and says it differently each time."""

    def __init__(self) -> None:
        super().__init__({}, ())

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str | ModelCall]:
        yield f"And what about number {request.turn}?"


def held(engine: Engine, guide_count: int = 2, **options: object) -> SuiteResult:
    chosen = Options.model_validate(options)
    return asyncio.run(conduct(conductor(engine), guides()[:guide_count], labelled(), INFO, chosen))


def share_of(result: SuiteResult, name: str) -> float:
    found = next(m for m in result.measures if m.name == name)
    assert found.value is not None
    return found.value


def row(result: SuiteResult, candidate: str) -> tuple[str | float | int | None, ...]:
    return next(r for r in result.tables[0].rows if r[0] == candidate)


@pytest.fixture(scope="module")
def good() -> SuiteResult:
    return held(oracle(), 6)


def test_who_knows_the_labels_breaks_no_rule(good: SuiteResult) -> None:
    assert [f"{v.item}: {v.detail}" for v in good.violations] == []
    assert all(share_of(good, f"broken: {rule}") == 0 for rule in RULES)
    assert good.graded > 300
    assert good.ungraded == 0
    assert good.problems == ()


def test_better_candidates_earn_more(good: SuiteResult) -> None:
    scores = {str(r[0]): float(r[2] or 0) for r in good.tables[0].rows}
    assert scores["expert"] > 75 > scores["wrong"] + 40
    assert all(scores[name] == 0 for name in ("silent", "one word", "dont know", "off topic", "hostile", "asks back"))
    assert scores["hints"] < scores["expert"] - 10


def test_the_real_engines_end_every_interview_too() -> None:
    result = held(scripted_engine())
    for rule in ("leak", "repeated", "budget", "hint order", "length", "questions", "no end", "failed"):
        assert share_of(result, f"broken: {rule}") == 0, rule


def test_points_that_were_made_and_not_heard_are_asked_for_again() -> None:
    result = held(Deaf(), candidates=["expert", "rambler"])
    assert share_of(result, "broken: already made") > 0.5
    assert share_of(result, "aimed at what was made") > 0.3
    assert any("probe at" in v.detail for v in result.violations)


def test_a_position_bias_makes_it_ask_for_what_was_said() -> None:
    assert share_of(held(canary("position", oracle()), candidates=["expert"]), "aimed at what was made") > 0.2


def test_many_words_many_questions_and_the_same_line_again_are_found() -> None:
    result = held(Speaking("Well? And then? " + "word " * 90), candidates=["expert"])
    for rule in ("length", "questions", "repeated"):
        assert share_of(result, f"broken: {rule}") == 1, rule
    assert share_of(result, "questions a turn") == 2


def test_what_an_engine_could_not_word_is_found() -> None:
    result = held(Speaking(EngineError("No.", reason="overloaded")), candidates=["expert"])
    assert share_of(result, "broken: failed") == 1
    assert result.reasons.keys() == {"overloaded"}


def sitting(*moves: Move, mode: Mode = Mode.PRACTICE, said: str = "") -> Interviewed:
    """An interview of one question with these moves, made by hand."""
    guide = guides()[0]
    plan = plan_of(guide, mode).model_copy(update={"questions": (guide.questions[0].id,)})
    turns = [Turn(number=n, at=AT, move=m, reply=f"Line {n}.") for n, m in enumerate(moves, 1)]
    return Interviewed(
        "c", guide, plan, turns, [said] * len(turns), [guide.questions[0].id] * len(turns), [], ended=True
    )


def move(kind: MoveKind, **fields: object) -> Move:
    return Move.model_validate({"kind": kind, "question_id": guides()[0].questions[0].id, **fields})


def rules(found: Interviewed) -> set[str]:
    return {each.rule for each in broken(found, ANSWERS, 80)}


def test_more_than_the_budget_is_found() -> None:
    assert rules(sitting(*[move(MoveKind.PROBE, target=f"k{n}") for n in range(2)])) == set()
    assert rules(sitting(*[move(MoveKind.PROBE, target=f"k{n}") for n in range(3)])) == {"budget"}
    assert rules(sitting(*[move(MoveKind.CLARIFY)] * 5)) == {"budget"}
    assert rules(sitting(*[move(MoveKind.REDIRECT)] * 3)) == {"budget"}


def test_hints_out_of_order_and_in_assess_mode_are_found() -> None:
    ladder = [move(MoveKind.HINT, rung=n) for n in (1, 2, 3)]
    assert rules(sitting(*ladder)) == set()
    assert rules(sitting(ladder[1], ladder[0])) == {"hint order"}
    assert rules(sitting(ladder[0], mode=Mode.ASSESS)) == {"hint order"}


def test_a_question_put_twice_is_found() -> None:
    assert rules(sitting(move(MoveKind.NEXT))) == {"repeated"}


def test_an_interview_that_goes_on_and_a_leak_are_found() -> None:
    endless = sitting(move(MoveKind.PROBE, target="k1"))
    endless.ended = False
    endless.leaked = [(1, "six words of the model answer")]
    assert rules(endless) == {"no end", "leak"}


def test_a_probe_at_a_point_that_was_made_is_found() -> None:
    question = guides()[0].questions[0]
    made = ANSWERS[question.text].quotes(question.key_points[1].text, Verdict.COVERED)
    probe = move(MoveKind.PROBE, target=question.key_points[1].id)
    assert rules(sitting(probe, said=f"I would say: {made[0]}, and so on.")) == {"already made"}
    assert rules(sitting(probe, said="I would say nothing.")) == set()


async def test_a_candidate_who_never_stops_meets_the_end() -> None:
    guide = guides()[0]
    plan = plan_of(guide).model_copy(update={"questions": tuple(q.id for q in guide.questions[:3])})
    endless = Scripted("endless", lambda m: MessageKind.CLARIFY if len(m.said) % 2 else "Hm, let me think about that.")
    found = await interviewed(conductor(oracle()), guide, plan, endless, ANSWERS)
    assert found.ended
    assert len(found.turns) < most_turns(plan)


async def test_the_expert_says_what_is_asked_for() -> None:
    question = guides()[0].questions[0]
    expert = next(c for c in scripted() if c.name == "expert")
    aimed = Turn(number=1, at=AT, move=move(MoveKind.PROBE, target=question.key_points[3].id), reply="And?")
    moment = Moment(question, aimed, ("Something.",), ANSWERS[question.text])
    said = await expert.reply(moment)
    assert isinstance(said, str)
    quotes = ANSWERS[question.text].quotes(question.key_points[3].text, Verdict.COVERED)
    assert said.rstrip(".").casefold() in {quote.casefold() for quote in quotes}
    first = await expert.reply(Moment(question, aimed, (), ANSWERS[question.text]))
    best = max(ANSWERS[question.text].answers, key=covered)
    assert first == best.answer


async def test_a_model_may_play_the_candidate() -> None:
    heard: list[tuple[str, str]] = []

    async def player(system: str, user: str) -> str:
        heard.append((system, user))
        return "I'd use an idempotency key."

    names = [c.name for c in played(player)]
    assert "expert, played" in names
    guide = guides()[0]
    plan = plan_of(guide).model_copy(update={"questions": (guide.questions[0].id,)})
    found = await interviewed(conductor(oracle()), guide, plan, played(player)[0], ANSWERS)
    assert found.ended
    system, user = heard[-1]
    assert "You know this subject very well" in system
    assert guide.questions[0].text in user
    assert guide.questions[0].key_points[0].text not in system + user
    assert "I'd use an idempotency key." in user


async def test_a_player_that_fails_is_told_and_counts_for_no_rule() -> None:
    async def player(system: str, user: str) -> str:
        raise EngineError("Gone.", reason="unreachable")

    chosen = Options(candidates=("wrong, played",))
    result = await conduct(conductor(oracle()), guides()[:1], labelled(), INFO, chosen, player)
    assert result.warnings == (
        "backend-engineer/practice/wrong, played: the candidate could not be played: unreachable.",
    )
    assert share_of(result, "violation rate") == 0


async def test_an_unknown_candidate_and_no_question_are_told() -> None:
    with pytest.raises(SettingsError, match="There is no candidate 'nobody'"):
        await conduct(conductor(oracle()), guides()[:1], labelled(), INFO, Options(candidates=("nobody",)))
    result = await conduct(conductor(oracle()), guides()[:1], (), INFO)
    assert result.problems
    assert result.measures == ()


def test_what_the_author_wrote_in_one_line_is_one_question() -> None:
    guide = guides()[0]
    probe = next(k.probe for q in guide.questions for k in q.key_points if k.probe)
    turn = Turn(number=1, at=AT, move=move(MoveKind.PROBE), reply=f"I see. {probe}")
    assert questions_of(turn, guide) == 1
    assert questions_of(turn.model_copy(update={"reply": f"Is it? {probe}"}), guide) == 2
