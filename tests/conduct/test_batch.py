"""Grading many: what each kind of line becomes, what a file of grades keeps, and going on after any interruption."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.conduct.batch import (
    AnswerLine,
    Numbered,
    _read_line,
    grade_lines,
    output_line,
    read_lines,
    still_to_grade,
)
from interviewer.conduct.graded_file import FIELDS, reopened, write
from interviewer.conduct.single import SingleGrade
from interviewer.domain.errors import InterviewerError
from interviewer.domain.grading import PointFinding, Verdict
from interviewer.domain.interview import Assessment
from interviewer.engines.scripted import ScriptedEngine
from interviewer.ports import AssessRequest
from interviewer.prompts import phrases
from tests.conduct.helpers import scripted

GOOD: dict[str, Any] = {
    "id": "a",
    "question": "What is drift?",
    "key_points": ["Inputs change.", "It is tested for."],
    "pitfalls": ["Says that only accuracy matters."],
    "answer": "+2 and ~1 and !1",
}


def line(**changes: Any) -> bytes:
    return json.dumps(GOOD | changes).encode()


async def graded(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    read = [_read_line(number, raw) for number, raw in enumerate(lines, 1)]
    return [each async for each in grade_lines(scripted(), read, 5.0)]


async def test_a_line_out_is_as_promised() -> None:
    [found] = await graded([line()])
    assert found == {
        "id": "a",
        "status": "graded",
        "reason": "",
        "key_points": [
            {"verdict": "partial", "confidence": 1.0, "quote": "~1"},
            {"verdict": "covered", "confidence": 1.0, "quote": "+2"},
        ],
        "pitfalls": [{"committed": True, "confidence": 1.0, "quote": "!1"}],
        "score": 65.0,
        "band": 4,
        "engine": "scripted",
        "formula": "1",
        "kind": "answer",
        "too_short": False,
    }


@pytest.mark.parametrize(
    ("raw", "line_id", "reason"),
    [
        (b"not json", "line:1", "not JSON"),
        (b"{", "line:1", "not JSON"),
        (b"[1, 2]", "line:1", "not a JSON object"),
        (b"3", "line:1", "not a JSON object"),
        (b"null", "line:1", "not a JSON object"),
        (b"{}", "line:1", "id is missing"),
        (b'{"id": 7}', 7, "question is missing; answer is missing"),
        (b'{"id": NaN}', "line:1", "id is not a text or a whole number"),
        (b'{"id": "bad\xff"}', "line:1", "not UTF-8"),
        (b"[" * 200_000, "line:1", "nested too deep"),
        (b'{"id": ' + b"9" * 5000 + b"}", "line:1", "not JSON"),
        (b"x" * 100_000, "line:1", "not JSON"),
        (line(id=True), "line:1", "id is not"),
        (line(id=None), "line:1", "id is not"),
        (line(id=1.5), "line:1", "id is not"),
        (line(id=["a"]), "line:1", "id is not"),
        (line(answer=None), "a", "answer is not a text"),
        (line(answer=3), "a", "answer is not a text"),
        (line(question=" "), "a", "question is empty"),
        (line(key_points=[]), "a", "neither key_points nor reference"),
        (line(key_points=None), "a", "neither key_points nor reference"),
        (line(key_points=None, reference=[]), "a", "neither key_points nor reference"),
        (line(key_points="Inputs change."), "a", "key_points is not a list"),
        (line(key_points=["a", 3]), "a", "key_points.1 is not a text"),
        (line(key_points=["a", ""]), "a", "key_points.1 is empty"),
        (line(pitfalls=[{}]), "a", "pitfalls.0 is not a text"),
        (line(key_points=None).replace(b"key_points", b"keypoints"), "a", "did you mean key_points?"),
        (line().replace(b"pitfalls", b"pitfals"), "a", "pitfals is no field of a line; did you mean pitfalls?"),
        (line().replace(b"answer", b"anwser"), "a", "did you mean answer?"),
        (line(key_points=None, reference="x"), "a", "reference is not a list"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_malformed_line_says_so_and_stops_no_other(raw: bytes, line_id: object, reason: str) -> None:
    bad, good = await graded([raw, line(id="good")])
    assert (bad["id"], bad["status"], bad["score"], bad["band"]) == (line_id, "ungraded", None, None)
    assert list(bad) == list(good)
    assert "line 1" in bad["reason"]
    assert reason in bad["reason"]
    assert len(bad["reason"]) < 300
    assert (good["id"], good["status"]) == ("good", "graded")


@pytest.mark.parametrize(
    "changes",
    [
        {"answer": ""},
        {"answer": "drift " * 100_000},
        {"answer": "half of a \ud800 character"},
        {"pitfalls": None},
        {"pitfalls": []},
        {"id": ""},
        {"id": 10**30},
        {"more": {"deep": [[]]}},
        {"references": ["Somebody's book."], "answers": 3},
        {"key_points": [f"Point {n}." for n in range(300)]},
    ],
    ids=lambda c: str(c)[:30],
)
async def test_unusual_lines_are_graded(changes: dict[str, Any]) -> None:
    [found] = await graded([line(**changes)])
    assert found["status"] == "graded"
    assert 0 <= found["score"] <= 100


async def test_what_is_no_answer_says_what_it_is() -> None:
    [found] = await graded([line(answer="?dont_know")])
    assert (found["status"], found["score"], found["kind"]) == ("graded", 0.0, "dont_know")


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps).map(str.encode)
)
def test_no_line_raises(raw: bytes) -> None:
    found = _read_line(1, raw)
    assert found.line or found.problem


async def test_of_several_references_the_best_met_counts() -> None:
    reference = ["The first right answer.", "Another right answer."]
    raw = json.dumps({"id": 1, "question": "Why?", "reference": reference, "answer": "+1"}).encode()
    [found] = await graded([raw])
    assert (found["score"], len(found["key_points"])) == (100.0, 1)
    [both] = await graded([line(key_points=[], reference=reference)])
    assert (both["status"], len(both["key_points"])) == ("graded", 1)


async def test_what_the_engine_cannot_read_is_ungraded() -> None:
    bad, good = await graded([line(answer="{fail:timeout}"), line()])
    assert (bad["status"], bad["reason"], bad["score"]) == ("ungraded", "timeout", None)
    assert good["status"] == "graded"


@pytest.mark.parametrize(
    ("quote", "stretch"),
    [("inputs change. We test.", "Inputs change.\n  We test."), ("WE TEST", "We test"), ("absent", "absent"), ("", "")],
)
def test_quotes_are_the_very_words(quote: str, stretch: str) -> None:
    grade = SingleGrade(
        status="graded", points=(PointFinding(id="k1", verdict=Verdict.COVERED, quote=quote),), engine="test"
    )
    [point] = output_line(1, grade, "Well: Inputs change.\n  We test.")["key_points"]
    assert point["quote"] == stretch


def test_halves_of_characters_in_an_answer_are_replaced() -> None:
    found = _read_line(1, line(answer="a\ud800b"))
    assert found.line is not None
    assert found.line.answer == "a\ufffdb"


def test_a_file_with_a_mark_of_its_order_other_line_ends_and_blank_lines(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + line(id=1) + b"\r\n\r\n  \n" + line(id=2) + b"\n" + line(id=3))
    found = list(read_lines(file))
    assert [(each.number, each.id, each.problem) for each in found] == [(1, 1, ""), (4, 2, ""), (5, 3, "")]


def test_ids_that_come_twice_are_each_graded() -> None:
    lines = [_read_line(n, line(id=i)) for n, i in enumerate(["a", "b", "a", 1, "1", "a"], 1)]
    assert [each.number for each in still_to_grade(lines, {"a": 2, 1: 1})] == [2, 5, 6]


class Grades:
    """A file of grades, and what an opening of it finds."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, *ids: str | int, status: Literal["graded", "ungraded"] = "graded") -> bytes:
        with reopened(self.path) as (file, _):
            for each in ids:
                write(file, output_line(each, SingleGrade(status=status, engine="test"), ""))
        return self.path.read_bytes()

    def ids(self) -> dict[str | int, int]:
        with reopened(self.path) as (_, ids):
            return dict(ids)


@pytest.fixture
def grades(tmp_path: Path) -> Grades:
    return Grades(tmp_path / "out.jsonl")


def test_what_is_there_is_kept_byte_for_byte(grades: Grades) -> None:
    before = grades.add("a", 1, "a", "half \ud800", "ümlaut")
    assert grades.ids() == {"a": 2, 1: 1, "half \ud800": 1, "ümlaut": 1}
    assert grades.add("b").startswith(before)


def test_a_file_of_before_lines_told_their_kind_goes_on(grades: Grades) -> None:
    older = dict.fromkeys(FIELDS, "a")
    grades.path.write_text(f"{json.dumps(older)}\n")
    assert grades.ids() == {"a": 1}


def test_what_failed_is_taken_out_to_be_tried_again(grades: Grades) -> None:
    before = grades.add("a", "b")
    torn = grades.add("c", "line:4", "d", status="ungraded")[:-9]
    grades.path.write_bytes(torn)
    assert grades.ids() == {"a": 1, "b": 1}
    assert grades.path.read_bytes() == before
    assert [each.name for each in grades.path.parent.iterdir()] == [grades.path.name]
    assert grades.add("c") > before


def test_of_an_id_that_comes_twice_and_failed_once_both_are_tried_again(grades: Grades) -> None:
    first = grades.add("a")
    grades.add("b", status="ungraded")
    grades.add("a", "b")
    with grades.path.open("ab") as file:
        write(file, output_line("b", SingleGrade(status="ungraded", engine="test"), ""))
    assert grades.ids() == {"a": 2}
    assert grades.path.read_bytes() == first * 2


def test_one_writer_at_a_time_also_where_something_failed(grades: Grades) -> None:
    grades.add("a", status="ungraded")
    with reopened(grades.path), pytest.raises(InterviewerError, match="Another process"):
        grades.ids()


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace", "shutil.copyfileobj", "pathlib.Path.unlink"])
def test_a_kill_while_failures_are_taken_out_loses_nothing(
    grades: Grades, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = grades.add("a")
    grades.add("b", status="ungraded")
    with monkeypatch.context() as patched:
        patched.setattr(step, _killed)
        with pytest.raises(KeyboardInterrupt):
            grades.ids()
    assert grades.path.read_bytes().startswith(before)
    assert grades.ids() == {"a": 1}
    assert grades.path.read_bytes() == before


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_torn_line_is_cut_off_wherever_it_is_torn(grades: Grades) -> None:
    first, both = grades.add("a"), grades.add("b")
    for length in range(len(first) + 1, len(both)):
        grades.path.write_bytes(both[:length])
        assert grades.ids() == {"a": 1}
        assert grades.path.read_bytes() == first


@pytest.mark.parametrize(
    "content",
    [
        b"my notes",
        b"my notes\n",
        b"\n",
        b"\x00" * 100,
        b'{"id": "a", "question": "q", "answer": "x"}\n',
        b"[]\n",
        json.dumps({field: ["a"] for field in FIELDS}).encode() + b"\n",
    ],
)
def test_a_file_of_something_else_is_left_as_it_is(grades: Grades, content: bytes) -> None:
    ours = grades.add("a")
    for there in (content, ours + content + ours):
        grades.path.write_bytes(there)
        with pytest.raises(InterviewerError, match="something else than grades"):
            grades.ids()
        assert grades.path.read_bytes() == there


def test_one_writer_at_a_time(grades: Grades) -> None:
    with reopened(grades.path), pytest.raises(InterviewerError, match="Another process"):
        grades.ids()
    assert grades.ids() == {}


def test_what_is_no_plain_file_is_only_written_to() -> None:
    with reopened(Path("/dev/null")) as (file, ids):
        write(file, {"id": 1})
        assert not ids


async def test_many_at_once_keep_their_order_and_do_overlap() -> None:
    under_way = most = 0

    class Slow(ScriptedEngine):
        async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.02 if "0" in request.message else 0.005)
            under_way -= 1
            async for each in super().assess(request):
                yield each

    lines = [
        Numbered(n, f"a{n}", AnswerLine(id=f"a{n}", question="Why?", key_points=["So."], answer=f"+1 {n % 3}"))
        for n in range(12)
    ]
    found = [line async for line in grade_lines(Slow(phrases()), lines, 5.0, at_once=4)]
    assert [line["id"] for line in found] == [f"a{n}" for n in range(12)]
    assert most == 4
