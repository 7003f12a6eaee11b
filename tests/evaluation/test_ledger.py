"""A ledger keeps every grading once: what it is read as, what is repaired, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interviewer.conduct.single import SingleGrade
from interviewer.domain.grading import PointFinding, Verdict
from interviewer.domain.interview import ModelCall
from interviewer.evaluation.ledger import Label, Ledger, LedgerError, LedgerWriter, compact, merge
from interviewer.evaluation.ledger_statistics import statistics
from interviewer.evaluation.results import Row, RunInfo
from interviewer.evaluation.subjects import Fingerprint
from interviewer.ports import utc_now

INFO = RunInfo(suite="agreement", engine="e", model="m", parameters={"temperature": 0.0}, cases="c1", at=utc_now())
SENT = Fingerprint("x", "You read answers. " * 100, "Question 1: why? Ünïcode \u2028 and “quotes”.")


def row(item: str = "a", repeat: int = 0, key: str = "", **grade: Any) -> Row:
    given: dict[str, Any] = {"status": "graded", "score": 50.0, "band": 3} | grade
    return Row(
        key=key or f"key-{item}-{repeat}",
        item=item,
        case_id=item,
        cluster="q",
        repeat=repeat,
        grade=SingleGrade(engine="e", model="m", **given),
        prompt=SENT.prompt,
        raw=('{"kind": "answer"}',),
        seconds=0.2,
        at=utc_now(),
    )


def written(path: Path, *rows: Row, info: RunInfo = INFO) -> Path:
    with LedgerWriter(path) as ledger:
        ledger.begin(info)
        for each in rows:
            ledger.append(each, SENT)
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    finding = PointFinding(id="k1", verdict=Verdict.PARTIAL, confidence=0.25, quote="so \u2028 “it” is")
    call = ModelCall(role="grader", model="m", prompt_tokens=7, latency_ms=12.5)
    rows = [row("b"), row("a", 1, points=(finding,), calls=(call,)), row("a", status="ungraded", score=None, band=None)]
    path = written(tmp_path / "l.jsonl", *rows)
    with Ledger(path) as ledger:
        assert list(ledger.rows()) == sorted(rows, key=lambda r: (r.item, r.repeat))
        assert ledger.info == INFO
        assert ledger.prompt(SENT.prompt) == (SENT.system, SENT.user)
        assert ledger.prompt("") == ("", "")
        assert (len(ledger), ledger.holds("key-b-0"), ledger.holds("key-a-0")) == (3, True, False)


def test_a_prompt_and_what_prompts_share_are_there_once(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    with LedgerWriter(path) as ledger:
        ledger.begin(INFO)
        for n in range(50):
            sent = SENT._replace(user=f"Question {n // 5}")
            ledger.append(row(f"a{n}").model_copy(update={"prompt": sent.prompt}), sent)
    assert path.read_text().count(SENT.system) == 1
    assert path.stat().st_size < 50 * 700 + len(SENT.system)
    with Ledger(path) as read:
        assert read.prompt(SENT._replace(user="Question 9").prompt) == (SENT.system, "Question 9")


def test_what_is_a_default_today_is_written_where_it_may_change(tmp_path: Path) -> None:
    path = written(tmp_path / "l.jsonl", row())
    assert '"formula":"1"' in path.read_text().splitlines()[-1]


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_a_torn_last_line_is_cut_off_and_the_rest_stays(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "l.jsonl", row("a"), row("b"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with Ledger(path) as ledger:
        assert [r.item for r in ledger.rows()] == ["a"]
        assert ledger.repaired
    assert path.read_bytes() == whole[:-cut]
    with LedgerWriter(path) as again:
        assert again.repaired
        again.append(row("b"))
    assert path.read_bytes().startswith(whole[: whole.index(b'{"row":{"key":"key-b')])
    with Ledger(path) as ledger:
        assert [r.item for r in ledger.rows()] == ["a", "b"]
        assert not ledger.repaired


def test_a_file_of_a_torn_header_is_a_new_ledger(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_bytes(b'{"run":{"sui')
    written(path, row())
    with Ledger(path) as ledger:
        assert len(ledger) == 1


@pytest.mark.parametrize("text", ["answers\n", "half a line", '{"id": "c1"}\n', '[{"run": 1}]\n'])
def test_a_file_of_something_else_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(text)
    for kind in (Ledger, LedgerWriter):
        with pytest.raises(LedgerError, match="no ledger"):
            kind(path)
    assert path.read_text() == text


def test_a_disk_that_was_full_for_a_moment_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write = written(tmp_path / "l.jsonl", row("a")), os.write
    with LedgerWriter(path) as ledger:
        with monkeypatch.context() as full:
            full.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
            with pytest.raises(LedgerError, match="disk is full"):
                ledger.append(row("b"), SENT)
        ledger.append(row("c"), SENT)
    with Ledger(path) as ledger:
        assert [r.item for r in ledger.rows()] == ["a", "c"]
        assert ledger.repaired == 0


def test_damage_in_the_middle_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "l.jsonl", row("a"), row("b"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], b"{torn\n", *lines[3:]]))
    with pytest.raises(LedgerError, match="line 4 is damaged"):
        LedgerWriter(path)
    path.write_bytes(b"".join(lines))
    with LedgerWriter(path):
        pass


def test_a_row_of_another_version_is_told_without_what_is_in_it(tmp_path: Path) -> None:
    path = written(tmp_path / "l.jsonl", row("a"))
    path.write_text(path.read_text().replace('"cluster":"q"', '"cluster":"q","secret":"canary"'))
    with Ledger(path) as ledger, pytest.raises(LedgerError, match=r"row\.secret") as error:
        ledger.row("a", 0)
    assert "canary" not in str(error.value)


def test_two_runs_may_not_write_one_ledger(tmp_path: Path) -> None:
    path = written(tmp_path / "l.jsonl", row())
    code = (
        "import sys; from pathlib import Path; from interviewer.evaluation.ledger import LedgerWriter\n"
        "with LedgerWriter(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LedgerError, match="Another run is writing"):
            LedgerWriter(path)
        with Ledger(path) as reader:
            assert len(reader) == 1
        other.kill()
        other.wait()
        with LedgerWriter(path) as mine:
            assert len(mine) == 1


def test_the_same_run_goes_on_and_another_begins_anew(tmp_path: Path) -> None:
    path = written(tmp_path / "l.jsonl", row("a"))
    written(path, row("b"), info=INFO.model_copy(update={"at": utc_now()}))
    with Ledger(path) as ledger:
        assert (len(ledger.runs), len(ledger)) == (1, 2)
    with LedgerWriter(path) as ledger:
        ledger.begin(INFO.model_copy(update={"cases": "c2"}))
        assert len(ledger) == 0
        ledger.again(Label("key-a-0", "a2", "case", "q2", "typos", 3))
        ledger.append(row("a2", 4))
    with Ledger(path) as ledger:
        assert [(r.item, r.repeat, r.variant, r.cluster) for r in ledger.rows()] == [
            ("a2", 3, "typos", "q2"), ("a2", 4, "", "q"),
        ]  # fmt: skip
        assert ledger.row("a2", 3).grade.score == 50.0  # type: ignore[union-attr]
        with pytest.raises(KeyError):
            ledger.again(Label("no such", "a", "a", "q", "", 0))


def test_again_is_written_only_where_it_says_something_new(tmp_path: Path) -> None:
    path = written(tmp_path / "l.jsonl", row("a"))
    size = path.stat().st_size
    with LedgerWriter(path) as ledger:
        ledger.begin(INFO)
        ledger.again(Label.on(row("a")))
    assert path.stat().st_size == size


def test_a_ledger_that_is_read_is_never_written(tmp_path: Path) -> None:
    path = written(tmp_path / "l.jsonl", row("a"))
    before = path.read_bytes()
    path.chmod(0o444)
    with Ledger(path) as ledger:
        ledger.begin(INFO.model_copy(update={"model": "other"}))
        ledger.again(Label.on(row("a")))
        assert [r.item for r in ledger.rows()] == ["a"]
    assert path.read_bytes() == before


def test_what_was_ungraded_is_overtaken(tmp_path: Path) -> None:
    failed = row("a", status="ungraded", score=None, band=None, reason="timeout")
    path = written(tmp_path / "l.jsonl", failed, row("a"))
    with Ledger(path) as ledger:
        assert [r.grade.status for r in ledger.rows()] == ["graded"]


def test_a_baseline_is_one_run_with_its_prompts(tmp_path: Path) -> None:
    path = written(tmp_path / "l.jsonl", row("old"), row("a"))
    second = INFO.model_copy(update={"cases": "c2"})
    with LedgerWriter(path) as ledger:
        ledger.begin(second)
        ledger.again(Label.on(row("a")))
        ledger.append(row("b", 0, "same"), SENT)
        ledger.again(Label.on(row("b", 1, "same")))
    target = tmp_path / "baselines" / "b.jsonl"
    assert compact(path, target, second.model_copy(update={"at": utc_now()})) == 3
    with Ledger(target) as kept, Ledger(path) as ledger:
        assert list(kept.rows()) == list(ledger.rows())
        assert kept.runs == [second]
        assert kept.prompt(SENT.prompt) == (SENT.system, SENT.user)
    assert [f.name for f in target.parent.iterdir()] == ["b.jsonl"]
    before = target.read_bytes()
    with pytest.raises(LedgerError, match="is another"):
        compact(path, target, INFO)
    assert target.read_bytes() == before


def test_shards_are_merged_once_and_only_of_one_run(tmp_path: Path) -> None:
    one, two = written(tmp_path / "1.jsonl", row("a")), written(tmp_path / "2.jsonl", row("b"), row("a"))
    out = tmp_path / "all.jsonl"
    assert merge(out, [one, two]) == 2
    size = out.stat().st_size
    assert merge(out, [one, two]) == 2
    assert out.stat().st_size == size
    with Ledger(out) as ledger:
        assert [r.item for r in ledger.rows()] == ["a", "b"]
        assert ledger.prompt(SENT.prompt) == (SENT.system, SENT.user)
    other = written(tmp_path / "3.jsonl", row("c"), info=INFO.model_copy(update={"cases": "c9", "model": "n"}))
    with pytest.raises(LedgerError, match="model, cases differ"):
        merge(out, [other])
    with pytest.raises(LedgerError, match="cannot be read"):
        merge(out, [tmp_path / "none.jsonl"])


def test_a_merge_that_cannot_be_leaves_nothing(tmp_path: Path) -> None:
    one, other = written(tmp_path / "1.jsonl", row("a")), tmp_path / "2.jsonl"
    out, empty = tmp_path / "all.jsonl", tmp_path / "empty.jsonl"
    written(other, row("c"), info=INFO.model_copy(update={"model": "n"}))
    empty.touch()
    for wrong, told in ((tmp_path / "none.jsonl", "cannot be read"), (other, "model differ"), (empty, "has no run")):
        for shards in ([wrong], [one, wrong], [wrong, one]):
            if shards != [other]:
                with pytest.raises(LedgerError, match=told):
                    merge(out, shards)
            assert not out.exists()


def test_figures_of_a_run_count_what_repeats_share_once() -> None:
    call = ModelCall(role="grader", model="m", prompt_tokens=100, completion_tokens=10, latency_ms=500)
    rows = [row("a", n, "one", calls=(call,)) for n in range(3)]
    rows.append(row("b", status="ungraded", score=None, band=None, reason="timeout"))
    found = statistics(rows)
    assert (found.rows, found.graded, found.ungraded, found.reasons) == (4, 3, 1, {"timeout": 1})
    assert [(u.calls, u.prompt_tokens) for u in found.calls] == [(1, 100)]
    assert statistics([]).seconds is None
