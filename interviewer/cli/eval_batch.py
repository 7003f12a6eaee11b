"""`interviewer eval run --batch`: gradings ordered through a provider's batch API, and collected by a later call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interviewer.evaluation.definitions import Definition
    from interviewer.evaluation.jobs import Shard
    from interviewer.evaluation.ledger import LedgerWriter
    from interviewer.evaluation.subjects import Subject


async def fetched(definition: Definition, subject: Subject, ledger: LedgerWriter, shard: Shard | None) -> bool:
    """Collect what is ready and order what is missing; whether everything is in the ledger. Says what it did.

    Raises EngineError, LedgerError, CasesError and SettingsError.
    """
    from interviewer.evaluation.measuring import parts_of
    from interviewer.evaluation.provider_batch import collect, order

    items, digest = parts_of(definition)
    info, times = subject.info(definition.name, digest), definition.repeats
    if ledger.open_batches:
        came = await collect(subject, items, times, ledger, info, shard)
        _say(definition, [f"{came.made} gradings came back" if came.made else ""])
        running = [f"{b}: {s.done} of {s.total} done" for b, s in came.running.items()]
        failed = [f"{b} failed ({reason})" for b, reason in came.failed.items()]
        _say(definition, [*running, *failed])
        if came.made and not (running or came.lost or came.failed):
            return True  # what came back ungraded would come back so again
    ordered = await order(subject, items, times, ledger, info, shard)
    if ordered.gradings:
        _say(definition, [f"{ordered.gradings} gradings ordered in {', '.join(ordered.batches)}"])
    if ordered.gradings or ordered.waiting:
        typer.echo("Run the same command again to collect them; a batch takes minutes to a day.", err=True)
    return not (ordered.gradings or ordered.waiting)


def _say(definition: Definition, lines: Sequence[str]) -> None:
    for line in lines:
        if line:
            typer.echo(f"{definition.name}: {line}", err=True)
