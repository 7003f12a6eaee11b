"""What a worker leaves that dies, or is taken over from, in the middle of something; on paper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from interviewer.channels.chat import Command
from interviewer.channels.chat_hold import Hold
from interviewer.channels.chat_reply import Reply
from interviewer.domain.errors import StoreError
from interviewer.domain.state import Status
from tests.channels.conformance import Conformance
from tests.channels.driving import Bench
from tests.channels.paper import Paper, PaperDriver, direct

until = Conformance.until


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[PaperDriver]:
    made = PaperDriver(Bench(tmp_path))
    await made.open()
    yield made
    await made.close()


async def test_who_was_taken_over_from_does_not_take_back_what_another_goes_on_with() -> None:
    paper, hold = Paper(), Hold()
    one = Reply(paper, direct("ada"), "i/1", hold=hold)
    await one.hear("Thank ")
    await until(lambda: len(paper.sheets) == 1)
    hold.until = asyncio.get_running_loop().time()
    await Reply(paper, direct("ada"), "i/1", again=True).finish("Thank you. Next question.")
    await one.drop()
    assert [s.text for s in paper.sheets] == ["Thank you. Next question."]


async def test_an_interview_whose_beginning_was_cut_short_can_be_gone_on_with(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dying(*_: object) -> None:
        raise StoreError("The process is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(driver.bench.conductor, "move", dying)
        with pytest.raises(StoreError):
            await driver.begin("ada")
    await driver.restart()
    await driver.begin("ada")
    await driver.settled()
    (interview,) = await driver.bench.interviews()
    assert "You have an interview going already" in driver.told("ada")[-1]
    assert "Question 1 of 3" in driver.seen_direct("ada")[-1]
    await driver.press("ada", Command.END)
    await driver.settled()
    assert (await driver.bench.interview()).status is Status.ENDED
    assert interview.id == (await driver.bench.interview()).id
