"""What tests of runs share: items, an engine that counts and can fail, subjects of engines on a loopback endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from interviewer.domain.errors import EngineError
from interviewer.domain.interview import Assessment
from interviewer.engines.scripted import ScriptedEngine
from interviewer.evaluation.ledger import Ledger, LedgerWriter
from interviewer.evaluation.results import Item, RunInfo
from interviewer.evaluation.run import Ran, RunOptions, run
from interviewer.evaluation.subjects import Subject
from interviewer.ports import AssessRequest
from interviewer.prompts import phrases
from interviewer.settings import load_settings
from interviewer.wiring import House
from tests.factories import question
from tests.faults.setup import QUESTION

KEY = "sk-canary-5f1c0de-never-shown"
Failing = Callable[[AssessRequest, int], EngineError | None]


class Counting(ScriptedEngine):
    """Grades by marks, counts, and fails where it is told to: by the request and how often it was asked before."""

    def __init__(self, failing: Failing = lambda _request, _asked: None, seconds: float = 0.0) -> None:
        super().__init__(phrases())
        self.failing = failing
        self.seconds = seconds
        self.asked: list[str] = []
        self.under_way = self.most = 0

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        before = self.asked.count(request.message)
        self.asked.append(request.message)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.seconds)
            if error := self.failing(request, before):
                raise error
            async for each in super().assess(request):
                yield each
        finally:
            self.under_way -= 1


def items(count: int, name: str = "c") -> list[Item]:
    """Items of one question, each with an answer of its own."""
    asked = question("q1")
    return [
        Item(id=f"{name}{n}", case_id=f"{name}{n}", cluster="q1", question=asked, answer=f"Answer {n}. +{n % 3 + 1}")
        for n in range(count)
    ]


def bed_items(count: int) -> list[Item]:
    """Items of the question that `tests.faults.setup.sheet` fills the sheet of."""
    return [
        Item(
            id=f"b{n}",
            case_id=f"b{n}",
            cluster="beds",
            question=QUESTION,
            answer=f"Beans by the warm wall, number {n}.",
        )
        for n in range(count)
    ]


def info_of(subject: Subject, cases: str = "digest") -> RunInfo:
    return subject.info("agreement", cases)


async def graded(subject: Subject, given: Sequence[Item], path: Path, repeats: int = 1, **options: object) -> Ran:
    """A run into a ledger that is written."""
    with LedgerWriter(path) as ledger:
        return await run(subject, given, repeats, ledger, info_of(subject), RunOptions(**options))  # type: ignore[arg-type]


def model_subject(url: str, folder: Path, *, offline: bool = False, **settings: object) -> Subject:
    """The engine at an address, as evaluation measures it."""
    held = load_settings(
        data_dir=folder / "data", cache_dir=folder / "cache", engine="openai", openai_base_url=url, openai_api_key=KEY,
        grader={"model": "m", **settings}, turn_seconds=5.0,
    )  # fmt: skip
    return House(held).subject(offline=offline)


def lines_of(path: Path, kind: str) -> list[str]:
    """The lines of a ledger of one kind."""
    return [line for line in path.read_text("utf-8").split("\n") if line.startswith(f'{{"{kind}"')]


def rows_of(path: Path) -> dict[tuple[str, int], float | None]:
    """The scores in a ledger's latest run, by item and repeat."""
    with Ledger(path) as ledger:
        return {(row.item, row.repeat): row.grade.score for row in ledger.rows()}
