"""Commands of `interviewer eval` that read ledgers and ask no engine: compare, replay, merge, power."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.cli.common import EngineOption, house, show
from interviewer.cli.eval_place import Home, Place, opened
from interviewer.cli.eval_show import (
    AsJson,
    FactsAsJson,
    Forms,
    Full,
    Html,
    Junit,
    Markdown,
    Quiet,
    Silent,
    ended,
    told,
)
from interviewer.domain.errors import SettingsError

if TYPE_CHECKING:
    from interviewer.evaluation.ledger import Ledger
    from interviewer.evaluation.measuring import Measured


def compare(
    before: Annotated[Path, typer.Argument(help="A ledger or baseline.", metavar="A")],
    now: Annotated[Path, typer.Argument(help="Another of the same suite.", metavar="B")],
    suite: Annotated[str | None, typer.Option("--suite", help="The suite, where its name is not in the file.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    full: Full = False,
    html: Html = None,
    markdown: Markdown = None,
    junit: Junit = None,
) -> None:
    """Compare two ledgers of one suite: two models, two prompts, two days. No engine is asked.

    \b
    Examples:
      interviewer eval compare evals/baselines/agreement.openai.jsonl evals/ledgers/agreement.openai.jsonl
    """
    with opened(before, read_only=True) as first, opened(now, read_only=True) as second:
        ended([_again(now, second, first, suite)], Forms(as_json, quiet, full, html, markdown, junit))


def replay(
    ledgers: Annotated[list[Path], typer.Argument(help="Ledgers.", metavar="LEDGER...")],
    also: Annotated[
        list[Path] | None,
        typer.Option(
            "--also", help="A run with another prompt or model, for how far these make grades vary.", metavar="LEDGER"
        ),
    ] = None,
    suite: Annotated[str | None, typer.Option("--suite", help="The suite, where its name is not in the file.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    full: Full = False,
    html: Html = None,
    markdown: Markdown = None,
    junit: Junit = None,
) -> None:
    """Measure what ledgers have, once more, with no engine, no key and no network.

    \b
    Examples:
      interviewer eval replay evals/ledgers/agreement.openai.jsonl --html report.html
      interviewer eval replay stability.openai.jsonl --also terse.jsonl --also other-model.jsonl
    """
    with ExitStack() as stack:
        read = [(path, stack.enter_context(opened(path, read_only=True))) for path in ledgers]
        more = [stack.enter_context(opened(path, read_only=True)) for path in also or ()]
        measured = [_again(path, ledger, None, suite, more) for path, ledger in read]
        ended(measured, Forms(as_json, quiet, full, html, markdown, junit))


def merge(
    out: Annotated[Path, typer.Argument(help="The ledger to write, or to add to.")],
    shards: Annotated[list[Path], typer.Argument(help="Ledgers of the parts.", metavar="LEDGER...")],
    as_json: FactsAsJson = False,
    quiet: Silent = False,
) -> None:
    """Put the ledgers of a run's shards together.

    \b
    Examples:
      interviewer eval merge evals/ledgers/agreement.openai.jsonl part*/ledgers/agreement.openai.jsonl
    """
    from interviewer.evaluation.ledger import merge as merged

    count = merged(out, shards)
    facts = {"gradings": count, "ledger": str(out)}
    told(f"{count} gradings are in {out}.", facts, as_json=as_json, quiet=quiet)


def power(
    suite: Annotated[str, typer.Argument(help="A suite with a baseline.")] = "agreement",
    engine: EngineOption = None,
    home: Home = None,
    ledger: Annotated[Path | None, typer.Option("--ledger", help="A ledger or baseline to go by instead.")] = None,
    as_json: FactsAsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only how many gradings are enough.")] = False,
) -> None:
    """What a check could find: the smallest loss, by number of answers and repeats, from how the engine grades now.

    \b
    Examples:
      interviewer eval power
      interviewer eval power agreement --engine openai
    """
    from interviewer.evaluation.definitions import definition
    from interviewer.evaluation.measuring import powers
    from interviewer.evaluation.report_json import json_of
    from interviewer.evaluation.report_lists import MOST, enough
    from interviewer.evaluation.report_lists import power as shown

    at_home = house(engine=engine)
    path = ledger or Place.of(at_home, home).baseline(suite, at_home.subject(offline=True).engine.name)
    with opened(path, read_only=True) as read:
        found = powers(definition(suite), read)
    if as_json:
        # As in the table, a loss larger than any there can be is none that would be found.
        rows = [asdict(row) | {"detectable": row.detectable if row.detectable < MOST else None} for row in found]
        typer.echo(json_of(rows), nl=False)
    elif quiet:
        typer.echo(enough(found))
    else:
        show(shown(found))


def _again(
    path: Path, ledger: Ledger, baseline: Ledger | None, suite: str | None, also: Sequence[Ledger] = ()
) -> Measured:
    from interviewer.evaluation.definitions import definition
    from interviewer.evaluation.measuring import replayed

    if ledger.info is None:
        raise SettingsError(f"{path} has no run.", "Name a ledger that `interviewer eval run` has written.")
    return replayed(definition(suite or ledger.info.suite), ledger, baseline, also)
