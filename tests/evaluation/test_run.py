"""A run grades what its ledger lacks, and nothing twice: cached, resumed, repeated, sharded, killed, offline."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from interviewer.domain.errors import EngineError, EngineUnusable, SettingsError
from interviewer.evaluation.jobs import in_shard, parse_shard
from interviewer.evaluation.ledger import Ledger, LedgerError, LedgerWriter, merge
from interviewer.evaluation.run import RunOptions, run
from interviewer.evaluation.subjects import Subject
from interviewer.ports import AssessRequest
from tests.evaluation.runs import Counting, graded, info_of, items, lines_of, rows_of

ROOT = Path(__file__).resolve().parents[2]
SLOW_RUN = """
import asyncio, sys
from pathlib import Path
from interviewer.evaluation.subjects import Subject
from tests.evaluation.runs import Counting, graded, items
asyncio.run(graded(Subject(Counting(seconds=0.02)), items(200), Path(sys.argv[1]), at_once=3))
"""


async def test_what_was_graded_is_not_graded_again(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    engine = Counting()
    told: list[tuple[int, int]] = []
    ran = await graded(Subject(engine), items(5), path, 3, progress=lambda done, of: told.append((done, of)))
    assert (ran.asked, ran.made, ran.found, ran.ungraded, len(engine.asked)) == (15, 15, 0, 0, 15)
    assert told[-1] == (15, 15)
    before = path.read_bytes()
    again = await graded(Subject(engine), items(5), path, 3)
    assert (again.made, again.found, len(engine.asked), path.read_bytes()) == (0, 15, 15, before)
    await graded(Subject(engine), items(6), path, 4)
    assert len(engine.asked) == 24


async def test_rows_come_in_the_order_of_items_and_repeats_however_they_ended(tmp_path: Path) -> None:
    given = [*items(9)][::-1]
    with LedgerWriter(tmp_path / "l.jsonl") as ledger:
        subject = Subject(Counting(seconds=0.05))
        ran = await run(subject, given, 2, ledger, info_of(subject), RunOptions(at_once=4))
        assert [(r.item, r.repeat) for r in ran.rows()] == [(i.id, n) for i in given for n in range(2)]
        assert all(r.grade.points[0].id == "k1" and r.case_id == r.item for r in ran.rows())
    assert subject.engine.most == 4  # type: ignore[attr-defined]


async def test_another_answer_question_parameter_or_engine_is_another_grading(tmp_path: Path) -> None:
    path, engine = tmp_path / "l.jsonl", Counting()
    [item] = items(1)
    asked = item.question
    reweighed = asked.key_points[0].model_copy(update={"weight": 2.0})
    moved = asked.key_points[0].model_copy(update={"line": 99, "probe": "And?"})
    changed = [
        item.model_copy(update={"answer": "Something else. +1"}),
        item.model_copy(update={"earlier": ("Before.",)}),
        item.model_copy(update={"question": asked.model_copy(update={"key_points": (reweighed,)})}),
        item.model_copy(update={"question": asked.model_copy(update={"text": "Why?"})}),
    ]
    await graded(Subject(engine), [item], path)
    for n, each in enumerate(changed, 2):
        await graded(Subject(engine), [each], path)
        assert len(engine.asked) == n
    points = (moved, *asked.key_points[1:])
    same = item.model_copy(update={"question": asked.model_copy(update={"key_points": points, "line": 7})})
    await graded(Subject(engine), [same], path)
    assert len(engine.asked) == len(changed) + 1
    await graded(Subject(engine, {"temperature": 1.0}), [item], path)
    await graded(Subject(engine, about={"prompt": "only told"}), [item], path)
    assert len(engine.asked) == len(changed) + 2


async def test_back_on_an_earlier_version_nothing_is_paid_again(tmp_path: Path) -> None:
    path, engine = tmp_path / "l.jsonl", Counting()
    first, second = Subject(engine, {"v": 1}), Subject(engine, {"v": 2})
    await graded(first, items(4), path, 2)
    await graded(second, items(4), path, 2)
    asked = len(engine.asked)
    ran = await graded(first, items(4), path, 2)
    assert (ran.found, len(engine.asked)) == (8, asked)
    with Ledger(path) as ledger:
        assert ledger.info is not None
        assert (ledger.info.parameters, len(ledger)) == ({"v": 1}, 8)
        assert {r.key for r in ledger.rows()} == {first.fingerprint(i).key(n) for i in items(4) for n in range(2)}


async def test_the_very_same_is_graded_once_for_everyone_who_asks(tmp_path: Path) -> None:
    path, engine = tmp_path / "l.jsonl", Counting(seconds=0.001)
    twin = items(2)[0].model_copy(update={"id": "twin", "variant": "same", "case_id": "c9"})
    await graded(Subject(engine), [*items(2), twin], path, at_once=4)
    assert len(engine.asked) == 2
    with Ledger(path) as ledger:
        found = ledger.row("twin", 0)
        assert found is not None
        assert (found.variant, found.case_id, found.grade) == ("same", "c9", ledger.row("c0", 0).grade)  # type: ignore[union-attr]


async def test_a_deterministic_engine_is_asked_once_for_all_repeats(tmp_path: Path) -> None:
    path, engine = tmp_path / "l.jsonl", Counting()
    ran = await graded(Subject(engine, deterministic=True), items(3), path, 5)
    assert (ran.made, ran.found, len(engine.asked)) == (3, 12, 3)
    assert (len(lines_of(path, "row")), len(lines_of(path, "again")), len(rows_of(path))) == (3, 12, 15)
    with Ledger(path) as ledger:
        assert ledger.info is not None
        assert ledger.info.parameters == {"deterministic": True}


async def test_what_could_not_be_graded_is_kept_and_tried_again(tmp_path: Path) -> None:
    def failing(request: AssessRequest, asked: int) -> EngineError | None:
        return EngineError("It fails.", reason="refusal") if "Answer 1." in request.message and not asked else None

    path, engine = tmp_path / "l.jsonl", Counting(failing)
    ran = await graded(Subject(engine), items(3), path)
    assert (ran.made, ran.ungraded) == (3, 1)
    with Ledger(path) as ledger:
        offline = await run(Subject(engine), items(3), 1, ledger, info_of(Subject(engine)))
        assert offline.missing == 1
        assert [r.grade.reason for r in offline.rows()] == ["", "refusal", ""]
    again = await graded(Subject(engine), items(3), path)
    assert (again.found, again.made, again.ungraded, len(engine.asked)) == (2, 1, 0, 4)
    assert None not in rows_of(path).values()


async def test_a_grading_that_takes_too_long_is_ungraded(tmp_path: Path) -> None:
    await graded(Subject(Counting(seconds=5)), items(1), tmp_path / "l.jsonl", seconds=0.01)
    with Ledger(tmp_path / "l.jsonl") as ledger:
        assert [r.grade.reason for r in ledger.rows()] == ["timeout"]


async def test_what_passes_is_tried_again_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interviewer.evaluation.run.BACKOFF", 0.001)

    def failing(request: AssessRequest, asked: int) -> EngineError | None:
        never = "Answer 1." in request.message
        return EngineError("Gone.", reason="dropped", passing=True) if never or asked < 2 else None

    engine = Counting(failing)
    ran = await graded(Subject(engine), items(2), tmp_path / "l.jsonl")
    assert (ran.made, ran.ungraded, len(engine.asked)) == (2, 1, 3 + 4)


async def test_refusals_are_waited_out_by_all_and_cost_no_grading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interviewer.evaluation.pace.SLOWEST", 200.0)
    refused: list[float] = []

    def failing(_request: AssessRequest, _asked: int) -> EngineError | None:
        if len(refused) < 8:
            refused.append(time.monotonic())
            return EngineError("Slow down.", reason="rate_limit", passing=True, wait=0.05)
        return None

    engine = Counting(failing)
    ran = await graded(Subject(engine), items(30), tmp_path / "l.jsonl", at_once=4)
    assert (ran.made, ran.ungraded, len(engine.asked)) == (30, 0, 38)
    assert refused[4] - refused[3] >= 0.049


async def test_an_endpoint_that_refuses_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interviewer.evaluation.run.PATIENCE", 0.05)
    monkeypatch.setattr("interviewer.evaluation.pace.SLOWEST", 200.0)
    error = EngineError("Slow down.", reason="rate_limit", passing=True, wait=0.01)
    ran = await graded(Subject(Counting(lambda *_: error)), items(2), tmp_path / "l.jsonl", at_once=2)
    assert (ran.made, ran.ungraded) == (2, 2)


async def test_an_unusable_engine_stops_the_run_and_what_was_under_way_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"

    def failing(request: AssessRequest, _asked: int) -> EngineError | None:
        return EngineUnusable("No credit.", reason="quota") if "Answer 2." in request.message else None

    with pytest.raises(EngineUnusable, match="No credit"):
        await graded(Subject(Counting(failing, 0.005)), items(50), path, at_once=3)
    assert 2 <= len(rows_of(path)) <= 4
    ran = await graded(Subject(Counting()), items(50), path)
    assert ran.found + ran.made == 50


async def test_a_run_that_is_stopped_leaves_a_whole_ledger(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    task = asyncio.create_task(graded(Subject(Counting(seconds=0.005)), items(200), path, at_once=4))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    done = len(rows_of(path))
    assert 0 < done < 200
    ran = await graded(Subject(Counting()), items(200), path)
    assert (ran.found, ran.made) == (done, 200 - done)


def killed_run(path: Path, way: signal.Signals) -> int:
    """Begin a run in a process of its own, and end that in the middle; how many whole gradings are in its ledger."""
    command = [sys.executable, "-c", SLOW_RUN, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, env=os.environ) as process:
        deadline = time.monotonic() + 30
        while not (path.exists() and path.read_bytes().count(b'{"row"') >= 10) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(way)
        process.wait(30)
    return sum(line.startswith(b'{"row"') for line in path.read_bytes().split(b"\n")[:-1])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT])
async def test_a_killed_run_is_finished_by_the_next(tmp_path: Path, way: signal.Signals) -> None:
    path = tmp_path / "l.jsonl"
    there = killed_run(path, way)
    engine = Counting()
    ran = await graded(Subject(engine), items(200), path)
    assert 10 <= ran.found == there
    assert ran.made == len(engine.asked) == 200 - there
    with Ledger(path) as ledger:
        assert (len(ledger.runs), len(ledger)) == (1, 200)


async def test_offline_nothing_is_graded_and_what_is_missing_is_counted(tmp_path: Path) -> None:
    path, engine = tmp_path / "l.jsonl", Counting()
    await graded(Subject(engine), items(3), path, 2)
    before = path.read_bytes()
    with Ledger(path) as ledger:
        ran = await run(Subject(engine), items(5), 2, ledger, info_of(Subject(engine), "other cases"))
        assert (ran.asked, ran.found, ran.missing, ran.made) == (10, 6, 4, 0)
        assert len(list(ran.rows())) == 6
    assert (len(engine.asked), path.read_bytes()) == (6, before)


async def test_shards_part_a_run_and_merge_into_it(tmp_path: Path) -> None:
    subject = Subject(Counting())
    paths = [tmp_path / f"{n}.jsonl" for n in (1, 2, 3)]
    sizes = [(await graded(subject, items(60), path, 2, shard=(n, 3))).asked for n, path in enumerate(paths, 1)]
    assert sum(sizes) == 120
    assert min(sizes) > 20
    await graded(subject, items(60), tmp_path / "whole.jsonl", 2)
    assert merge(tmp_path / "merged.jsonl", paths) == 120
    assert rows_of(tmp_path / "merged.jsonl") == rows_of(tmp_path / "whole.jsonl")
    ran = await graded(subject, items(60), tmp_path / "merged.jsonl", 2)
    assert (ran.found, ran.made) == (120, 0)


def test_an_item_stays_in_its_shard_whatever_else_there_is() -> None:
    parts = {item.id: [n for n in (1, 2, 3, 4) if in_shard(item, (n, 4))] for item in items(40)}
    assert all(len(p) == 1 for p in parts.values())
    assert parts["c7"] == [3]
    assert all(in_shard(item, None) and in_shard(item, (1, 1)) for item in items(5))


def test_shards_are_written_as_2_of_4() -> None:
    assert parse_shard("2/4") == (2, 4)
    for wrong in ("0/4", "5/4", "2", "a/b", "1/0", "-1/4", "", "1/4/2"):
        with pytest.raises(SettingsError, match="no shard"):
            parse_shard(wrong)


async def test_two_runs_do_not_write_one_ledger(tmp_path: Path) -> None:
    with LedgerWriter(tmp_path / "l.jsonl"), pytest.raises(LedgerError, match="Another run"):
        await graded(Subject(Counting()), items(1), tmp_path / "l.jsonl")


async def test_an_answer_with_half_a_character_is_graded(tmp_path: Path) -> None:
    item = items(1)[0].model_copy(update={"answer": "Half \ud83d a face +1"})
    await graded(Subject(Counting()), [item], tmp_path / "l.jsonl")
    assert json.loads(lines_of(tmp_path / "l.jsonl", "row")[0])["row"]["grade"]["status"] == "graded"
