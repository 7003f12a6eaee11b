"""Gradings by a provider's batch API, against a stand-in of it: ordered, collected by another process, and failed."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from interviewer.domain.errors import EngineError, EngineUnusable, SettingsError
from interviewer.evaluation.ledger import Ledger, LedgerWriter
from interviewer.evaluation.provider_batch import Collected, Ordered, collect, order
from interviewer.evaluation.subjects import Subject
from tests.evaluation.batch_endpoint import BatchEndpoint, chat_reply
from tests.evaluation.runs import KEY, Counting, bed_items, graded, info_of, items, model_subject, rows_of
from tests.faults.server import Json, unstreamed
from tests.faults.setup import GOOD, sheet
from tests.faults.test_secrets import everything_of

ROOT = Path(__file__).resolve().parents[2]
COLLECT = """
import asyncio, sys
from pathlib import Path
from tests.evaluation.runs import bed_items, model_subject
from tests.evaluation.test_provider_batch import collected
print(asyncio.run(collected(model_subject(sys.argv[1], Path(sys.argv[2])), Path(sys.argv[3]))).made)
"""


def good(_key: str, body: Json) -> tuple[int, Json]:
    return 200, chat_reply(GOOD, body)


async def ordered(subject: Subject, path: Path, count: int = 3, repeats: int = 2) -> Ordered:
    with LedgerWriter(path) as ledger:
        return await order(subject, bed_items(count), repeats, ledger, info_of(subject))


async def collected(subject: Subject, path: Path, count: int = 3, repeats: int = 2) -> Collected:
    with LedgerWriter(path) as ledger:
        return await collect(subject, bed_items(count), repeats, ledger, info_of(subject))


async def test_a_batch_gives_the_rows_that_a_run_gives_under_the_same_keys(tmp_path: Path) -> None:
    live, batch = tmp_path / "live.jsonl", tmp_path / "batch.jsonl"
    async with BatchEndpoint(good, unstreamed(GOOD)) as endpoint:
        subject = model_subject(endpoint.url, tmp_path)
        await graded(subject, bed_items(3), live, 2)
        assert await ordered(subject, batch) == Ordered(batches=("batch_1",), gradings=6, waiting=0)
        came = await collected(subject, batch)
        assert (came.made, came.ungraded, came.lost, came.running, came.failed) == (6, 0, 0, {}, {})
        sent, by_batch = endpoint.exchanges[0].body, endpoint.ordered[0]["body"]
        assert sent.keys() == by_batch.keys()
        assert {k: v for k, v in sent.items() if k != "messages"} == {
            k: v for k, v in by_batch.items() if k != "messages"
        }
        assert sent["messages"][0] == by_batch["messages"][0]
    with Ledger(live) as one, Ledger(batch) as other:
        same = [(r.key, r.item, r.repeat, r.prompt, r.raw, r.grade.points, r.grade.score) for r in one.rows()]
        assert [(r.key, r.item, r.repeat, r.prompt, r.raw, r.grade.points, r.grade.score) for r in other.rows()] == same
        assert one.prompt(same[0][3]) == other.prompt(same[0][3])
        assert [c.prompt_tokens > 100 for r in other.rows() for c in r.grade.calls] == [True] * 6


async def test_what_is_ordered_is_not_ordered_again_and_what_is_there_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    async with BatchEndpoint(good, unstreamed(GOOD), running=True) as endpoint:
        subject = model_subject(endpoint.url, tmp_path)
        await graded(subject, bed_items(1), path, 2)
        assert (await ordered(subject, path)).gradings == 4
        assert await ordered(subject, path, 4) == Ordered(batches=("batch_2",), gradings=2, waiting=4)
        waiting = await collected(subject, path, 4)
        assert waiting.running.keys() == {"batch_1", "batch_2"}
        endpoint.running = False
        assert (await collected(subject, path, 4)).made == 6
        assert await ordered(subject, path, 4) == Ordered(batches=(), gradings=0, waiting=0)
    assert len(endpoint.ordered) == 6
    assert len(rows_of(path)) == 8


async def test_another_process_collects(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    async with BatchEndpoint(good) as endpoint:
        await ordered(model_subject(endpoint.url, tmp_path), path)
        command = [sys.executable, "-c", COLLECT, endpoint.url, str(tmp_path), str(path)]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
        out, _ = await process.communicate()
    assert out.strip() == b"6"
    assert len(rows_of(path)) == 6


async def test_what_expired_is_lost_and_ordered_anew_and_what_failed_is_ungraded(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    keys: list[str] = []

    def work(key: str, body: Json) -> tuple[int, Json] | None:
        keys.append(key)
        match keys.index(key):
            case 0:
                return None
            case 1:
                return 400, {"error": {"message": "content_filter", "code": "content_filter"}}
            case 2:
                return 200, chat_reply("No form at all.", body)
            case 3:
                return 200, {"choices": "nonsense"}
        return 200, chat_reply(GOOD, body)

    async with BatchEndpoint(work, status="expired") as endpoint:
        subject = model_subject(endpoint.url, tmp_path)
        await ordered(subject, path)
        came = await collected(subject, path)
        assert (came.made, came.ungraded, came.lost, came.foreign) == (5, 3, 1, 0)
        with Ledger(path) as ledger:
            assert ledger.open_batches == {}
            reasons = sorted(r.grade.reason for r in ledger.rows())
            assert reasons == ["", "", "filtered", "format", "protocol"]
        endpoint.work, endpoint.status = good, "completed"
        assert (await ordered(subject, path)).gradings == 4
        assert (await collected(subject, path)).made == 4
    assert None not in rows_of(path).values()
    assert len(rows_of(path)) == 6


async def test_a_failed_batch_is_told_by_its_code_and_may_be_ordered_again(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    async with BatchEndpoint(good, status="failed") as endpoint:
        subject = model_subject(endpoint.url, tmp_path)
        await ordered(subject, path)
        came = await collected(subject, path)
        assert (came.made, came.failed) == (0, {"batch_1": "token_limit_exceeded"})
        assert (await ordered(subject, path)).batches == ("batch_2",)
    assert "canary" not in path.read_text()


async def test_several_readings_vote_in_a_batch_as_they_do_live(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"

    def work(key: str, body: Json) -> tuple[int, Json] | None:
        number = int(key.rpartition(".")[2])
        return None if number == 3 else (200, chat_reply(sheet("covered" if number else "missing"), body))

    async with BatchEndpoint(work) as endpoint:
        subject = model_subject(endpoint.url, tmp_path, samples=4)
        await ordered(subject, path, 2, 1)
        assert len(endpoint.ordered) == 8
        assert (await collected(subject, path, 2, 1)).made == 2
    with Ledger(path) as ledger:
        assert [(r.grade.points[0].verdict, len(r.raw)) for r in ledger.rows()] == [("covered", 3)] * 2


async def test_results_of_other_prompts_wait_for_those(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    async with BatchEndpoint(good) as endpoint:
        before, now = (model_subject(endpoint.url, tmp_path, temperature=t) for t in (0.1, 0.2))
        await ordered(before, path)
        came = await collected(now, path)
        assert (came.made, came.foreign) == (0, 6)
        assert (await collected(before, path)).made == 6
        assert (await collected(before, path)).foreign == 0


async def test_a_large_order_is_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with BatchEndpoint(good) as endpoint:
        subject = model_subject(endpoint.url, tmp_path)
        monkeypatch.setattr("interviewer.evaluation.provider_batch.MOST_CALLS", 4)
        assert len((await ordered(subject, tmp_path / "1.jsonl", 5)).batches) == 3
        monkeypatch.setattr("interviewer.evaluation.provider_batch.MOST_BYTES", 1)
        assert len((await ordered(subject, tmp_path / "2.jsonl", 5)).batches) == 10
        assert (await collected(subject, tmp_path / "2.jsonl", 5)).made == 10
    sizes = [endpoint.files[b["input_file_id"]].count(b"\n") for b in endpoint.batches.values()]
    assert sizes == [4, 4, 2] + [1] * 10


@pytest.mark.parametrize("code", [401, 500])
async def test_an_endpoint_that_fails_orders_nothing_and_tells_nothing(
    tmp_path: Path, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "l.jsonl"
    async with BatchEndpoint(good) as endpoint:
        subject = model_subject(endpoint.url, tmp_path)
        endpoint.refusing = code
        with pytest.raises(EngineUnusable if code == 401 else EngineError) as told:
            await ordered(subject, path)
        for text in (everything_of(told.value), caplog.text, path.read_text()):
            assert KEY not in text
            assert "warm wall" not in text
        endpoint.refusing = 0
        assert (await ordered(subject, path)).gradings == 6
        endpoint.refusing = code
        with pytest.raises(EngineError):
            await collected(subject, path)
        endpoint.refusing = 0
        assert (await collected(subject, path)).made == 6


async def test_an_engine_without_batches_says_so(tmp_path: Path) -> None:
    subject = Subject(Counting())
    with LedgerWriter(tmp_path / "l.jsonl") as ledger, pytest.raises(SettingsError, match="takes no batches"):
        await order(subject, items(1), 1, ledger, info_of(subject))
