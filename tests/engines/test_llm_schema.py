"""The sheet: what it asks for, when a move can be decided on it, and how forgiving its reading is."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.domain.grading import Verdict
from interviewer.domain.guide import Category, KeyPoint, Pitfall, Question
from interviewer.domain.interview import MessageKind
from interviewer.engines.llm_schema import Misshapen, Sheet, first_object, partial
from interviewer.engines.llm_vote import majority
from interviewer.ports import AssessRequest


def request(points: int = 2, pitfalls: int = 1, elsewhere: int = 1, story: bool = False) -> AssessRequest:
    return AssessRequest(
        question=Question(
            id="q",
            text="Why?",
            line=1,
            category=Category.BEHAVIORAL if story else Category.TECHNICAL,
            key_points=tuple(KeyPoint(id=f"point-{n}", text="A.", line=1) for n in range(points)),
            pitfalls=tuple(Pitfall(id=f"pit-{n}", text="B.", line=1) for n in range(pitfalls)),
        ),
        message="Because it is so.",
        elsewhere=tuple(KeyPoint(id=f"other/point-{n}", text="C.", line=1) for n in range(elsewhere)),
    )


SHEET = Sheet.of(request())
STORY = Sheet.of(request(story=True))
FILLED: dict[str, Any] = {
    "kind": "answer",
    "points": {"k1": "covered", "k2": "partial"},
    "pitfalls": {"p1": True},
    "elsewhere": {"e1": True},
    "steering": True,
    "quotes": {"k1": "because", "k2": "it is", "p1": "so", "e1": "Because it"},
}
TEXT = json.dumps(FILLED)


def test_every_field_of_the_schema_is_required_and_none_may_be_added() -> None:
    waiting: list[dict[str, Any]] = [STORY.schema()]
    while waiting:
        each = waiting.pop()
        if each["type"] == "object":
            assert each["required"] == list(each["properties"])
            assert each["additionalProperties"] is False
            waiting += each["properties"].values()
    assert list(STORY.schema()["properties"]) == [
        "kind", "lacks", "points", "pitfalls", "elsewhere", "steering", "quotes",
    ]  # fmt: skip


def test_what_a_question_does_not_have_is_not_asked_for() -> None:
    assert list(Sheet.of(request(0, 0, 0)).schema()["properties"]) == ["kind", "steering"]


def test_ids_come_back_as_the_guides_own() -> None:
    found = SHEET.assessment(SHEET.read(TEXT))
    assert [(p.id, p.verdict, p.quote) for p in found.points] == [
        ("point-0", Verdict.COVERED, "because"),
        ("point-1", Verdict.PARTIAL, "it is"),
    ]
    assert [(p.id, p.committed, p.quote) for p in found.pitfalls] == [("pit-0", True, "so")]
    assert [(p.id, p.quote) for p in found.elsewhere] == [("other/point-0", "Because it")]
    assert found.signals == ("steering",)


def test_it_can_be_decided_on_as_soon_as_the_last_verdict_is_there() -> None:
    ready = [n for n in range(len(TEXT) + 1) if SHEET.early(TEXT[:n])]
    assert TEXT[: ready[0]].endswith('"k2": "partial')
    early = SHEET.early(TEXT[: ready[0]])
    assert early is not None
    assert not early.evidence
    assert [p.verdict for p in early.points] == [Verdict.COVERED, Verdict.PARTIAL]
    assert ready == list(range(ready[0], len(TEXT) + 1))


@pytest.mark.parametrize("kind", ["skip", "clarify", "dont_know", "stop", "off_topic", "steering"])
def test_some_kinds_are_enough_by_themselves(kind: str) -> None:
    early = SHEET.early(f'{{"kind": "{kind}", "po')
    assert early is not None
    assert early.kind is MessageKind(kind)


def test_a_hint_waits_for_the_verdicts() -> None:
    assert SHEET.early('{"kind": "hint", "points": {"k1": "covered", "k2": "mis') is None


def test_a_story_is_decided_on_with_what_it_lacks() -> None:
    text = '{"kind": "answer", "lacks": ["result", "own"], "points": {"k1": "covered", "k2": "missing"'
    early = STORY.early(text)
    assert early is not None
    assert early.lacks == ("result", "own")


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{TEXT}\n```",
        f"Here you are: {TEXT} Anything else?",
        f"<think>{{}} maybe {{1}}</think>{TEXT}",
        TEXT.replace('"covered"', '" Covered "'),
        f"{{oops {TEXT}",
    ],
    ids=["fence", "talk", "thinking", "case", "a false start"],
)
def test_a_sheet_is_found_whatever_stands_around_it(text: str) -> None:
    assert SHEET.read(text)["points"] == {"k1": "covered", "k2": "partial"}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "grade me"},
        {"kind": None},
        {"points": {"k1": "covered"}},
        {"points": {"k1": "covered", "k2": "5"}},
        {"points": ["covered", "covered"]},
        {"points": {"k1": ["covered"], "k2": {}}},
        {"pitfalls": {"p1": "yes"}},
        {"pitfalls": None},
        {"elsewhere": {}},
    ],
    ids=str,
)
def test_a_sheet_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Misshapen):
        SHEET.read(json.dumps(FILLED | change))


@pytest.mark.parametrize("quotes", [None, [], {}, {"k1": 5, "k9": "x"}, "all"])
def test_quotes_that_make_no_sense_are_none(quotes: object) -> None:
    found = SHEET.assessment(SHEET.read(json.dumps(FILLED | {"quotes": quotes})))
    assert found.points[0].quote == ""


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    assert isinstance(partial(text), dict)
    SHEET.early(text)
    with contextlib.suppress(Misshapen):
        assert isinstance(first_object(text), dict)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(
    st.sampled_from([*FILLED, "k1", "k2", "p1"]), c), max_leaves=12))  # fmt: skip
def test_no_json_breaks_the_reading(value: object) -> None:
    text = json.dumps({**FILLED, **value}) if isinstance(value, dict) else json.dumps(value)
    SHEET.early(text)
    with contextlib.suppress(Misshapen):
        SHEET.assessment(SHEET.read(text))


def test_the_majority_decides_and_its_share_is_the_confidence() -> None:
    other = FILLED | {"points": {"k1": "missing", "k2": "partial"}, "quotes": FILLED["quotes"] | {"k2": "invented"}}
    sheets = [SHEET.read(json.dumps(s)) for s in (other, FILLED, FILLED)]
    found = SHEET.assessment(majority(sheets, "Because it is so."))
    assert [(p.verdict, round(p.confidence, 2), p.quote) for p in found.points] == [
        (Verdict.COVERED, 0.67, "because"),
        (Verdict.PARTIAL, 1.0, "it is"),
    ]


def test_three_readings_that_differ_are_unsure() -> None:
    sheets = [
        SHEET.read(json.dumps(FILLED | {"points": {"k1": v, "k2": v}})) for v in ("covered", "partial", "missing")
    ]
    assert all(p.confidence < 0.6 for p in SHEET.assessment(majority(sheets, "")).points)
