"""`interviewer eval run --batch`: ordered by one call, collected by the next, never ordered for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from interviewer.cli.eval_batch import fetched
from interviewer.evaluation import measuring
from interviewer.evaluation.definitions import Definition
from interviewer.evaluation.ledger import LedgerWriter
from tests.evaluation.batch_endpoint import BatchEndpoint, chat_reply
from tests.evaluation.runs import bed_items, model_subject
from tests.faults.server import Json
from tests.faults.setup import GOOD


@pytest.fixture
def suite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Definition:
    monkeypatch.setattr(measuring, "parts_of", lambda _: (bed_items(3), "digest"))
    return Definition(name="agreement", kind="agreement", repeats=2, file=tmp_path / "x.toml")


async def call(suite: Definition, endpoint: BatchEndpoint, folder: Path) -> bool:
    with LedgerWriter(folder / "ledger.jsonl") as ledger:
        return await fetched(suite, model_subject(endpoint.url, folder), ledger, None)


async def test_one_call_orders_and_the_next_collects(
    suite: Definition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with BatchEndpoint(lambda _key, body: (200, chat_reply(GOOD, body))) as endpoint:
        assert not await call(suite, endpoint, tmp_path)
        assert "6 gradings ordered in batch_1" in capsys.readouterr().err
        assert await call(suite, endpoint, tmp_path)
        assert "6 gradings came back" in capsys.readouterr().err
        assert await call(suite, endpoint, tmp_path)
        assert len(endpoint.batches) == 1


async def test_what_comes_back_ungraded_is_measured_so(suite: Definition, tmp_path: Path) -> None:
    def refused(key: str, body: Json) -> tuple[int, Json]:
        return 200, chat_reply("" if key.startswith("x") else GOOD, body, "content_filter")

    async with BatchEndpoint(refused) as endpoint:
        assert not await call(suite, endpoint, tmp_path)
        assert await call(suite, endpoint, tmp_path)
        assert len(endpoint.batches) == 1


async def test_a_batch_that_still_runs_is_waited_for(
    suite: Definition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with BatchEndpoint(lambda _key, body: (200, chat_reply(GOOD, body)), running=True) as endpoint:
        assert not await call(suite, endpoint, tmp_path)
        assert not await call(suite, endpoint, tmp_path)
        assert "batch_1: 0 of" in capsys.readouterr().err
        assert len(endpoint.batches) == 1
