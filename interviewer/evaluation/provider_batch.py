"""Gradings through a provider's batch API: ordered now, collected later, by another process if need be.

The ledger knows which batches are open and which gradings each holds, so nothing is ordered twice. What comes back goes
through the engine's own reader and the product's own grading, into the same rows under the same keys. What a batch did
not do, because it expired or failed, is missing as before, and ordered or graded by the next run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from interviewer.conduct.single import SECONDS, grade_answer, request_of
from interviewer.domain.errors import SettingsError
from interviewer.domain.guide import Frozen
from interviewer.evaluation.jobs import Job, Jobs, Shard
from interviewer.evaluation.ledger import LedgerWriter
from interviewer.evaluation.results import Item, RunInfo
from interviewer.evaluation.subjects import Subject
from interviewer.ports import Batches, BatchReply, BatchState

MOST_CALLS = 50_000
MOST_BYTES = 190_000_000
Replies = dict[int, BatchReply | None]


class Ordered(Frozen):
    """What was ordered: the new batches, and how many gradings they hold. `waiting`: in batches that were open."""

    batches: tuple[str, ...]
    gradings: int
    waiting: int


class Collected(Frozen):
    """What came back: gradings that are rows now. `lost` were never made, and `running` are not there yet.

    `failed` batches have the provider's code as a reason. `foreign` results belong to gradings that this run does not
    ask for: other prompts, cases or settings; their batch stays open until it is collected with those.
    """

    made: int
    ungraded: int
    lost: int
    foreign: int
    running: dict[str, BatchState]
    failed: dict[str, str]


async def order(
    subject: Subject,
    items: Sequence[Item],
    repeats: int,
    ledger: LedgerWriter,
    info: RunInfo,
    shard: Shard | None = None,
) -> Ordered:
    """Order what the ledger lacks and no open batch holds. Raises EngineError, LedgerError and SettingsError."""
    ledger.begin(info)
    under_way = {key for keys in ledger.open_batches.values() for key in keys}
    waiting = 0
    async with _batches_of(subject) as batches:
        with TemporaryDirectory() as folder:
            parcels = _Parcels(Path(folder) / "batch.jsonl", batches, ledger)
            for job in Jobs(subject, items, repeats, ledger, shard):
                if job.key in under_way:
                    waiting += 1
                else:
                    await parcels.add(job)
            await parcels.send()
    return Ordered(batches=tuple(parcels.sent), gradings=parcels.count, waiting=waiting)


async def collect(
    subject: Subject,
    items: Sequence[Item],
    repeats: int,
    ledger: LedgerWriter,
    info: RunInfo,
    shard: Shard | None = None,
) -> Collected:
    """Fetch what open batches have ready. Raises EngineError, LedgerError and SettingsError."""
    ledger.begin(info)
    jobs = Jobs(subject, items, repeats, ledger, shard)
    running: dict[str, BatchState] = {}
    failed: dict[str, str] = {}
    async with _batches_of(subject) as batches:
        desk = _Desk(subject, batches, jobs, ledger)
        for batch in ledger.open_batches:
            state = await batches.state(batch)
            if state.status == "running":
                running[batch] = state
                continue
            if state.status == "failed":
                failed[batch] = state.reason
            elif await desk.unpack(batch):
                continue
            ledger.collected(batch)
    return Collected(
        made=desk.made, ungraded=desk.ungraded, lost=desk.lost, foreign=desk.foreign, running=running, failed=failed
    )


@asynccontextmanager
async def _batches_of(subject: Subject) -> AsyncIterator[Batches]:
    if subject.batches is None:
        raise SettingsError(
            f"The engine {subject.engine.name} takes no batches.", "Leave --batch out, or choose --engine openai."
        )
    try:
        yield subject.batches
    finally:
        await subject.close()


class _Parcels:
    """A file of requests that is filled and sent, and then filled again."""

    def __init__(self, file: Path, batches: Batches, ledger: LedgerWriter) -> None:
        self.sent: list[str] = []
        self.count = 0
        self._file, self._batches, self._ledger = file, batches, ledger
        self._keys: list[str] = []
        self._calls = self._bytes = 0

    async def add(self, job: Job) -> None:
        """The requests of one more grading; what is full is sent first."""
        item = job.item
        lines = await self._batches.lines(job.key, request_of(item.question, item.answer, item.earlier))
        data = b"".join(line + b"\n" for line in lines)
        if self._calls + len(lines) > MOST_CALLS or self._bytes + len(data) > MOST_BYTES:
            await self.send()
        with self._file.open("ab") as file:
            self._bytes += file.write(data)
        self._calls += len(lines)
        self._keys.append(job.key)
        self.count += 1

    async def send(self) -> None:
        """Submit what is there, if anything is, note it in the ledger, and begin anew."""
        if self._keys:
            batch = await self._batches.submit(self._file)
            self._ledger.ordered(batch, self._keys)
            self.sent.append(batch)
            self._keys, self._calls, self._bytes = [], 0, 0
            self._file.unlink()


class _Desk:
    """Where results become rows."""

    def __init__(self, subject: Subject, batches: Batches, jobs: Jobs, ledger: LedgerWriter) -> None:
        self._subject, self._batches, self._jobs, self._ledger = subject, batches, jobs, ledger
        self._wanted: dict[str, Job] = {job.key: job for job in jobs}
        self.made = self.ungraded = self.lost = self.foreign = 0

    async def unpack(self, batch: str) -> int:
        """Grade what came of a batch; how many of its results are for another run."""
        partial: dict[str, Replies] = {}
        foreign: set[str] = set()
        async for key, number, reply in self._batches.results(batch):
            if key not in self._wanted:
                foreign.update([] if self._ledger.holds(key) else [key])
                continue
            replies = partial.setdefault(key, {})
            replies[number] = reply
            if len(replies) == self._subject.calls:
                await self._grade(key, partial.pop(key))
        for key, replies in partial.items():
            await self._grade(key, replies)
        self.foreign += len(foreign)
        return len(foreign)

    async def _grade(self, key: str, replies: Replies) -> None:
        came = [reply for _, reply in sorted(replies.items()) if reply is not None]
        if not came or self._ledger.holds(key):
            self.lost += not came
            return
        job = self._wanted.pop(key)
        item = job.item
        engine = self._batches.answered(came)
        grade = await grade_answer(engine, item.question, item.answer, SECONDS, item.earlier)
        self._jobs.done(job, grade, 0.0, self._ledger)
        self.made += 1
        self.ungraded += grade.status == "ungraded"
