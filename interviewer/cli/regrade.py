"""`interviewer regrade`: read a stored interview again, with another engine, model or prompts."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.cli.common import EngineOption, find_interview, house, opened, progress_bar
from interviewer.domain.grading import BAND_NAMES, Grade, Outcome, score_points
from interviewer.domain.reasons import why

if TYPE_CHECKING:
    from interviewer.conduct.regrade import Change
    from interviewer.domain.guide import Guide, Question
    from interviewer.wiring import House


def regrade(
    interview: Annotated[str | None, typer.Argument(help="The beginning of its id; the latest if left out.")] = None,
    engine: EngineOption = None,
    prompts: Annotated[Path | None, typer.Option("--prompts", help="A folder of prompts to read with.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and keep the old grades.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a question.")] = False,
) -> None:
    """Grade a stored interview again, and show what changed.

    The words and the moves stay as they were: what was probed or hinted at then counts so now. The new grades take the
    place of the old ones in reports, unless --dry-run says otherwise; the old ones are kept in the database.

    \b
    Examples:
      interviewer regrade
      interviewer regrade k7mf --engine openai
      interviewer regrade k7mf --prompts ./my-prompts --dry-run
    """
    home = house(engine=engine, prompts=prompts)
    guide, changes = asyncio.run(_regrade(home, interview, dry_run))
    for change in changes:
        if as_json:
            typer.echo(json.dumps(_as_json(change), ensure_ascii=False))
        else:
            typer.echo(_as_text(change, guide.question(change.question_id)))
    if not changes:
        typer.echo("No question of this interview is over yet, so there is nothing to grade again.", err=True)
    elif dry_run:
        typer.echo("Nothing was kept.", err=True)


async def _regrade(home: House, wanted: str | None, dry_run: bool) -> tuple[Guide, list[Change]]:
    from interviewer.conduct.regrade import regrade as read_again
    from interviewer.domain.interview import Regraded
    from interviewer.ports import utc_now

    async with opened(home.settings, home.store) as store:
        summary = await find_interview(store, wanted)
        events = [event for _, event in await store.events(summary.id)]
        conductor = home.conductor()
        guide = await conductor.guide_of(await conductor.load(summary.id))
        changes: list[Change] = []
        seconds = home.settings.turn_seconds
        with progress_bar("Reading again") as tick:
            async for change in read_again(conductor.engine, home.retriever, summary.id, events, guide, seconds):
                changes.append(change)
                tick(len(changes), summary.planned)
        if changes and not dry_run:
            await store.append(summary.id, [Regraded(at=utc_now(), grades=tuple(c.after for c in changes))])
    return guide, changes


def _standing(grade: Grade) -> str:
    if grade.score is None or grade.band is None:
        return f"not graded ({why(grade.reason)})" if grade.outcome is Outcome.UNGRADED else "not asked"
    return f"{score_points(grade.score)} ({BAND_NAMES[grade.band - 1]})"


def _as_text(change: Change, question: Question | None) -> str:
    name = question.text if question else change.question_id
    before, after = _standing(change.before), _standing(change.after)
    lines = [name, f"  {before}, unchanged" if before == after else f"  {before} -> {after}"]
    items = {i.id: i.text for i in (*question.key_points, *question.pitfalls)} if question else {}
    lines += [f"    {old} -> {new}: {items.get(item, item)}" for item, old, new in change.moved]
    return "\n".join(lines)


def _as_json(change: Change) -> dict[str, object]:
    return {
        "question": change.question_id,
        "before": {"outcome": change.before.outcome, "score": change.before.score, "band": change.before.band},
        "after": {"outcome": change.after.outcome, "score": change.after.score, "band": change.after.band},
        "moved": [{"id": item, "before": old, "after": new} for item, old, new in change.moved],
    }
