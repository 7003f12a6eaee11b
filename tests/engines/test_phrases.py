"""The interviewer's lines: every one that code asks for is there, with exactly the values that code fills in."""

from __future__ import annotations

import string
import tomllib
from itertools import pairwise, product

import pytest

from interviewer.conduct.feedback import feedback
from interviewer.conduct.speak import opening, safe_line
from interviewer.domain.grading import Grade, GradedPitfall, GradedPoint, Outcome, Verdict
from interviewer.domain.interview import MessageKind, Mode, Move, MoveKind
from interviewer.engines.phrased import phrased
from interviewer.ports import SpeakRequest
from interviewer.prompts import Phrases, phrases, prompt_text
from tests.factories import PROVENANCE, guide_of, plan_of, question

LINES: dict[str, dict[str, list[str]]] = tomllib.loads(prompt_text("phrases.toml"))
KEYS = sorted(f"{section}.{name}" for section, names in LINES.items() for name in names)
CAUSES = [None, *MessageKind]
PLACEHOLDERS = {
    "greeting.practice": {"title", "count"},
    "greeting.assess": {"title", "count"},
    "greeting.timed": {"minutes"},
    "hint.prompt": {"label"},
    "clarify.background": {"passage"},
    "repeat.latest": {"line"},
    "feedback.all": {"points"},
    "feedback.made": {"points"},
    "feedback.partly": {"points"},
    "feedback.opposite": {"points"},
    "feedback.pitfall": {"pitfall", "quote"},
    "feedback.maybe_pitfall": {"pitfall", "quote"},
}
# Words that would tell how good an answer was; feedback after a question is the place for those.
VERDICTS = {
    "good",
    "great",
    "excellent",
    "right answer",
    "correct",
    "wrong",
    "perfect",
    "well done",
    "impressive",
}


class Recording(Phrases):
    """Phrases that note which keys were asked for, and with which values."""

    def __init__(self) -> None:
        super().__init__(LINES)
        self.asked: dict[str, set[str]] = {}

    def say(self, key: str, turn: int, **values: object) -> str:
        self.asked.setdefault(key, set()).update(values)
        return super().say(key, turn, **values)


def requests() -> list[SpeakRequest]:
    """Every move with every cause, and what may come with it."""
    cases = []
    for kind, cause, mode in product(MoveKind, CAUSES, Mode):
        for rung in (1, 2, 3) if kind is MoveKind.HINT else (0,):
            base = SpeakRequest(
                move=Move(kind=kind, cause=cause, rung=rung), mode=mode, question="What?", category="technical", turn=0
            )
            cases.append(base)
            if kind is MoveKind.PROBE:
                cases += [
                    base.model_copy(update={"label": f"star:{p}"})
                    for p in ("situation", "task", "action", "result", "own")
                ]
                cases += [base.model_copy(update={"half": True}), base.model_copy(update={"aim": "And then?"})]
            if kind is MoveKind.HINT and rung == 1:
                cases.append(base.model_copy(update={"circumstance": "start"}))
            if kind is MoveKind.HINT and rung > 1:
                cases += [base.model_copy(update={"label": "Rest"}), base.model_copy(update={"aim": "Think of it."})]
            if kind is MoveKind.REPEAT:
                cases.append(base.model_copy(update={"circumstance": "back"}))
            if kind is MoveKind.CLARIFY:
                cases.append(base.model_copy(update={"passages": ("A passage.",)}))
            if kind is MoveKind.REDIRECT and cause is MessageKind.HINT:
                cases += [base.model_copy(update={"label": w}) for w in ("none_left", "nothing_open", "not_here")]
    return cases


@pytest.fixture(scope="module")
def asked() -> dict[str, set[str]]:
    """Every key that code asks for, with the values it fills in."""
    recording = Recording()
    for request in requests():
        phrased(request, recording)
        safe_line(request.move, recording, 0)
    whole = question(weights=(1,) * 4, pitfalls=2)
    guide = guide_of(whole)
    for mode in Mode:
        opening(plan_of(guide, mode, minutes=10), guide, recording)
    standing = [list(Verdict), [Verdict.COVERED] * 4]
    for band, verdicts, review in product(range(1, 6), standing, ("", "unsure")):
        graded = Grade(
            question_id="q1",
            outcome=Outcome.GRADED,
            band=band,
            points=tuple(GradedPoint(id=f"k{n}", verdict=v) for n, v in enumerate(verdicts, 1)),
            pitfalls=tuple(
                GradedPitfall(id=p.id, committed=True, confidence=0.5 * n) for n, p in enumerate(whole.pitfalls, 1)
            ),
            review=review,
            provenance=PROVENANCE,
        )
        feedback(whole, graded, recording, 0)
    for outcome in Outcome:
        feedback(whole, Grade(question_id="q1", outcome=outcome, provenance=PROVENANCE), recording, 0)
    return recording.asked


BY_CODE_AFTER_THE_SPEAKER = {"ask.next", "ask.last", "close.done", "close.stopped", "close.time_up", "repeat.latest"}


def test_every_line_is_used(asked: dict[str, set[str]]) -> None:
    assert set(KEYS) - set(asked) - BY_CODE_AFTER_THE_SPEAKER == set()


@pytest.mark.parametrize("key", KEYS)
def test_a_line_has_exactly_its_placeholders(key: str) -> None:
    section, name = key.split(".")
    for line in LINES[section][name]:
        assert {field for _, field, _, _ in string.Formatter().parse(line) if field} == PLACEHOLDERS.get(key, set())


@pytest.mark.parametrize("key", KEYS)
def test_code_fills_in_exactly_those(asked: dict[str, set[str]], key: str) -> None:
    if key in asked:
        assert asked[key] == PLACEHOLDERS.get(key, set())


@pytest.mark.parametrize("key", KEYS)
def test_no_line_of_a_list_comes_twice(key: str) -> None:
    section, name = key.split(".")
    lines = LINES[section][name]
    assert all(a != b for a, b in pairwise(lines))
    assert lines == [line.strip() for line in lines]


@pytest.mark.parametrize("kind", list(MoveKind))
def test_what_is_said_is_whole_and_tells_no_verdict(kind: MoveKind) -> None:
    for request in (r for r in requests() if r.move.kind is kind):
        for turn in range(8):
            line = phrased(request.model_copy(update={"turn": turn}), phrases())
            assert line == line.strip() != ""
            assert "  " not in line
            assert not any(f" {word}" in f" {line.casefold()}" for word in VERDICTS)


def test_two_turns_in_a_row_do_not_begin_alike() -> None:
    probe = SpeakRequest(
        move=Move(kind=MoveKind.PROBE),
        mode=Mode.PRACTICE,
        question="What?",
        category="technical",
        turn=0,
        aim="And then?",
    )
    lines = [phrased(probe.model_copy(update={"turn": turn}), phrases()) for turn in range(12)]
    assert all(a != b for a, b in pairwise(lines))


def test_a_missing_value_or_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        phrases().say("hint.prompt", 0)
    with pytest.raises(KeyError):
        phrases().say("hint.nowhere", 0)
