"""Gradings through a provider's batch API: ordered now, collected later, by another process if need be.

The ledger knows which batches are open and which gradings each holds, so nothing is ordered twice. What comes back goes
through the engine's own reader and the product's own grading, into the same rows under the same keys. What a batch did
not do, because it expired or failed, is missing as before, and ordered or graded by the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    batches = _batches_of(subject)
    ledger.begin(info)
    under_way = {key for keys in ledger.open_batches.values() for key in keys}
    made, waiting = [], 0
    with TemporaryDirectory() as folder:
        parcel = _Parcel(Path(folder) / "batch.jsonl")
        for job in Jobs(subject, items, repeats, ledger, shard):
            if job.key in under_way:
                waiting += 1
                continue
            item = job.item
            lines = await batches.lines(job.key, request_of(item.question, item.answer, item.earlier))
            if not parcel.holds(lines):
                made.append(await parcel.sent(batches, ledger))
            parcel.add(job.key, lines)
        count = parcel.count
        if parcel.keys:
            made.append(await parcel.sent(batches, ledger))
    return Ordered(batches=tuple(made), gradings=count, waiting=waiting)


async def collect(
    subject: Subject,
    items: Sequence[Item],
    repeats: int,
    ledger: LedgerWriter,
    info: RunInfo,
    shard: Shard | None = None,
) -> Collected:
    """Fetch what open batches have ready. Raises EngineError, LedgerError and SettingsError."""
    batches = _batches_of(subject)
    ledger.begin(info)
    jobs = Jobs(subject, items, repeats, ledger, shard)
    desk = _Desk(subject, batches, jobs, ledger)
    running: dict[str, BatchState] = {}
    failed: dict[str, str] = {}
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


def _batches_of(subject: Subject) -> Batches:
    if subject.batches is None:
        raise SettingsError(
            f"The engine {subject.engine.name} takes no batches.", "Leave --batch out, or choose --engine openai."
        )
    return subject.batches


class _Parcel:
    """A file of requests that is filled and sent, and then filled again."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.keys: list[str] = []
        self.count = self._calls = self._bytes = 0

    def holds(self, lines: Sequence[bytes]) -> bool:
        """Whether there is room for some more."""
        more = self._bytes + sum(len(line) + 1 for line in lines)
        return not self.keys or (self._calls + len(lines) <= MOST_CALLS and more <= MOST_BYTES)

    def add(self, key: str, lines: Sequence[bytes]) -> None:
        """The requests of one more grading."""
        with self.file.open("ab") as file:
            self._bytes += file.write(b"".join(line + b"\n" for line in lines))
        self._calls += len(lines)
        self.keys.append(key)
        self.count += 1

    async def sent(self, batches: Batches, ledger: LedgerWriter) -> str:
        """Submit what is there, note it in the ledger, and begin anew."""
        batch = await batches.submit(self.file)
        ledger.ordered(batch, self.keys)
        self.keys, self._calls, self._bytes = [], 0, 0
        self.file.unlink()
        return batch


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
