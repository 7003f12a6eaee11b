"""What is old is forgotten, and a fault does not end that."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from interviewer.domain.errors import StoreDown
from interviewer.ops import retention
from interviewer.ops.retention import forgetting

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def test_it_is_done_at_once_and_again_and_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retention, "EVERY_SECONDS", 0.01)
    caplog.set_level("INFO")
    asked: list[datetime] = []
    thrice = asyncio.Event()

    async def forget_before(moment: datetime) -> int:
        asked.append(moment)
        if len(asked) == 1:
            raise StoreDown("Down.")
        if len(asked) == 3:
            thrice.set()
        return len(asked)

    async with forgetting(forget_before, 90, lambda: NOW), asyncio.timeout(5):
        await thrice.wait()
    count = len(asked)
    await asyncio.sleep(0.03)
    assert len(asked) == count, "it ends"
    assert set(asked) == {NOW - timedelta(days=90)}
    assert "not forgotten: StoreDown" in caplog.text
    assert "forgot 2 interviews" in caplog.text
