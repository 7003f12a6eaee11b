"""Grades what a ledger lacks, many at once, writing each as it comes: through the product's own function.

Everyone waits together for an endpoint that refuses (see pace). What else may be gone in a moment is tried again a few
times. What could not be graded is written down as ungraded, and tried again by the next run.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass

from interviewer.conduct.single import SECONDS, SingleGrade, grade_answer
from interviewer.domain.errors import EngineError, EngineUnusable
from interviewer.domain.interview import Assessment
from interviewer.evaluation.jobs import Job, Jobs, Shard
from interviewer.evaluation.ledger import Ledger, LedgerWriter
from interviewer.evaluation.pace import Pace
from interviewer.evaluation.results import Item, Row, RunInfo
from interviewer.evaluation.subjects import Subject
from interviewer.ports import AssessRequest, Engine

Progress = Callable[[int, int], None]
TRIES = 4
BACKOFF = 0.5
APART = 0.004
"""Seconds between the first requests: replies that come one by one are dealt with without a queue, and stay so."""
PATIENCE = 600.0
"""Seconds that an endpoint may refuse everything before what waits is given up."""
REFUSALS = frozenset({"rate_limit", "overloaded"})


class Ran:
    """What a run came to, in gradings. `missing`: not in the ledger, and not made because it was only read."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self.made = self.ungraded = self.missing = 0
        self.seconds = 0.0

    @property
    def asked(self) -> int:
        """All that the run consists of."""
        return self._jobs.total

    @property
    def found(self) -> int:
        """Those that the ledger had, or that are the same as another."""
        return self._jobs.found

    def rows(self) -> Iterator[Row]:
        """All gradings, by item in the order given and by repeat, one at a time from the ledger, which must be open."""
        return self._jobs.rows()


def nobody(_done: int, _total: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True)
class RunOptions:
    """How a run is done: gradings under way at any time, requests a minute, and seconds for one grading.

    Waiting for the endpoint's leave does not count as time of a grading. `progress` hears of gradings done and in all.
    `others` are ledgers, such as other suites', whose gradings are taken over.
    """

    at_once: int = 1
    rate: float | None = None
    seconds: float = SECONDS
    shard: Shard | None = None
    progress: Progress = nobody
    others: tuple[Ledger, ...] = ()


async def run(
    subject: Subject,
    items: Sequence[Item],
    repeats: int,
    ledger: Ledger,
    info: RunInfo,
    options: RunOptions | None = None,
) -> Ran:
    """Grade every item `repeats` times, or as much of that as the ledger lacks.

    With a ledger that is only read nothing is graded, and what it lacks is counted. Raises EngineUnusable when nothing
    can be graded until a person has mended something, with all that was graded in the ledger; and LedgerError, and
    SettingsError when a prompt cannot be rendered.
    """
    options = options or RunOptions()
    began = time.perf_counter()
    ledger.begin(info)
    jobs = Jobs(subject, items, repeats, ledger, options.shard, options.others)
    ran = Ran(jobs)
    if isinstance(ledger, LedgerWriter):
        await _Pool(subject, jobs, ran, ledger, options).work(min(options.at_once, jobs.total))
    else:
        for _ in jobs:
            pass
        ran.missing = jobs.total - jobs.found
    ran.seconds = time.perf_counter() - began
    return ran


class _Pool:
    """Those who grade."""

    def __init__(self, subject: Subject, jobs: Jobs, ran: Ran, ledger: LedgerWriter, options: RunOptions) -> None:
        self._subject, self._jobs, self._ran, self._ledger = subject, jobs, ran, ledger
        self._options = options
        self._pace = Pace(options.rate)
        self._waiting = iter(jobs)
        self._unusable: EngineUnusable | None = None

    async def work(self, at_once: int) -> None:
        """Do all jobs. What was under way when the engine turned out unusable is finished first."""
        workers = [asyncio.create_task(self._worker(n * APART)) for n in range(at_once)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await self._subject.close()
        self._tell()
        if self._unusable:
            raise self._unusable

    async def _worker(self, late: float) -> None:
        await asyncio.sleep(late)
        while not self._unusable and (job := next(self._waiting, None)):
            try:
                grade, seconds = await self._graded(job)
            except EngineUnusable as error:
                self._unusable = error
                return
            self._jobs.done(job, grade, seconds, self._ledger)
            self._ran.made += 1
            self._ran.ungraded += len(job.labels) * (grade.status == "ungraded")
            self._tell()

    def _tell(self) -> None:
        self._options.progress(self._ran.made + self._jobs.found, self._jobs.total)

    async def _graded(self, job: Job) -> tuple[SingleGrade, float]:
        """What comes of a job, and the seconds of the try that it came of."""
        tries = 0
        while True:
            await self._pace.turn(self._subject.calls)
            began = time.perf_counter()
            engine = _Heard(self._subject.engine)
            item = job.item
            grade = await grade_answer(engine, item.question, item.answer, self._options.seconds, item.earlier)
            seconds = time.perf_counter() - began
            error = engine.error
            if error is None or not error.passing:
                self._pace.taken()
                return grade, seconds
            if error.reason in REFUSALS:
                self._pace.refused(error.wait)
                if self._pace.clock() - self._pace.taken_last > PATIENCE:
                    return grade, seconds
                continue
            tries += 1
            if tries == TRIES:
                return grade, seconds
            await asyncio.sleep(BACKOFF * 2.0**tries * (0.5 + random.random() / 2))


class _Heard:
    """An engine for one grading, and the error that it ended with, if it did."""

    def __init__(self, engine: Engine) -> None:
        self.name, self.model = engine.name, engine.model
        self.speak = engine.speak
        self.error: EngineError | None = None
        self._engine = engine

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        """As the engine does."""
        try:
            async for each in self._engine.assess(request):
                yield each
        except EngineError as error:
            self.error = error
            raise
