"""`interviewer eval`: does the engine grade as people do, steadily, and no worse than before?

Exit status: 0 no worse, 1 a regression, 2 inconclusive, 3 nothing could be said of the run.
"""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer._click.exceptions import ClickException, UsageError
from typer.core import TyperGroup

from interviewer.cli.common import EngineOption, house, progress_bar, show
from interviewer.cli.eval_batch import fetched
from interviewer.cli.eval_import import import_set
from interviewer.cli.eval_label import label
from interviewer.cli.eval_ledgers import compare, merge, power, replay
from interviewer.cli.eval_place import Home, Place, opened, opened_baseline, spoilt
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
from interviewer.domain.errors import InterviewerError, NotFoundError, SettingsError

if TYPE_CHECKING:
    from interviewer.evaluation.definitions import Definition
    from interviewer.evaluation.jobs import Shard
    from interviewer.evaluation.ledger import Ledger
    from interviewer.evaluation.measuring import Measured
    from interviewer.evaluation.run import RunOptions
    from interviewer.evaluation.subjects import Subject
    from interviewer.wiring import House

# Matrices here are small: threads of their own only wait for each other, and made a report ten times as slow.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

INVALID = 3
CALLS_AT_ONCE = 50
LOCAL_AT_ONCE = 2


class EvalGroup(TyperGroup):
    """Ends with 3, nothing can be said, whatever kept a command from saying anything: 1 and 2 are verdicts."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read what stands before the command's name."""
        with _no_verdict():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _no_verdict():
            return super().invoke(ctx)


@contextmanager
def _no_verdict() -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        error.show()
        raise typer.Exit(INVALID) from None
    except InterviewerError as error:
        typer.echo(f"{error.message}\n{error.remedy}".rstrip(), err=True)
        raise typer.Exit(INVALID) from None
    except (typer.Exit, typer.Abort, ClickException, BrokenPipeError):
        raise
    except Exception:  # noqa: BLE001 - Python itself would end with 1, which is a verdict
        traceback.print_exc()
        raise typer.Exit(INVALID) from None


app = typer.Typer(
    cls=EvalGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See whether grading agrees with people, and is no worse than before.",
    epilog="Exit status: 0 no worse, 1 regression, 2 inconclusive, 3 nothing can be said.",
)
Suites = Annotated[list[str] | None, typer.Argument(help="Suites, by name or file.", metavar="[SUITE]...")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Gradings at once; by default what suits.")]
Rate = Annotated[float | None, typer.Option("--rate", min=1, help="At most so many requests a minute.")]
Offline = Annotated[bool, typer.Option("--offline", help="Ask no engine: only what the ledger has.")]
CanaryOption = Annotated[
    str | None,
    typer.Option("--canary", help="Spoil the verdicts on purpose: lenient, noisy, injectable, position, constant."),
]


@dataclass(frozen=True)
class Wish:
    """What to run, on what, and how."""

    house: House
    place: Place
    jobs: int | None = None
    rate: float | None = None
    offline: bool = False
    canary: str | None = None
    shard: str | None = None
    batch: bool = False

    def subject(self) -> Subject:
        """The engine under measurement. Raises SettingsError."""
        return spoilt(self.house.subject(offline=self.offline), self.canary)

    @property
    def part(self) -> Shard | None:
        """The shard. Raises SettingsError."""
        from interviewer.evaluation.jobs import parse_shard

        return parse_shard(self.shard) if self.shard else None

    def options(self, subject: Subject, others: Iterable[Ledger], progress: Any) -> RunOptions:
        """How to grade."""
        from interviewer.evaluation.run import RunOptions

        at_once = self.jobs or (CALLS_AT_ONCE if subject.prompt else LOCAL_AT_ONCE)
        return RunOptions(
            at_once=at_once,
            rate=self.rate,
            seconds=self.house.settings.turn_seconds,
            shard=self.part,
            progress=progress,
            others=tuple(others),
        )


@app.command("list")
def list_suites(
    engine: EngineOption = None,
    home: Home = None,
    as_json: FactsAsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only their names, one a line.")] = False,
) -> None:
    """List the suites, and which have a baseline for this engine.

    \b
    Examples:
      interviewer eval list
      interviewer eval list --engine openai
      interviewer eval list --quiet
    """
    from interviewer.evaluation.definitions import definitions
    from interviewer.evaluation.measuring import GRADED_KINDS
    from interviewer.evaluation.report_json import json_of
    from interviewer.evaluation.report_lists import Listed, suites

    at_home = house(engine=engine)
    place, name = Place.of(at_home, home), at_home.subject(offline=True).engine.name
    listed = []
    for each in definitions():
        with opened_baseline(place.baseline(each.name, name)) as baseline:
            info = baseline.info if baseline else None
        kept = f"{info.at:%Y-%m-%d}, {name} {info.model}".rstrip() if info else ""
        own = each.kind not in GRADED_KINDS
        listed.append(Listed(each.name, each.kind, each.about, _count(each), each.repeats, kept, own))
    if as_json:
        typer.echo(json_of([each._asdict() for each in listed]), nl=False)
    elif quiet:
        typer.echo("\n".join(each.name for each in listed))
    else:
        show(suites(listed))


@app.command()
def run(
    suites: Suites = None,
    engine: EngineOption = None,
    canary: CanaryOption = None,
    jobs: Jobs = None,
    rate: Rate = None,
    offline: Offline = False,
    shard: Annotated[str | None, typer.Option("--shard", help="Only a part, such as 2/4.", metavar="I/N")] = None,
    batch: Annotated[
        bool, typer.Option("--batch", help="Order gradings through the provider's batch API; run again to collect.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    full: Full = False,
    html: Html = None,
    markdown: Markdown = None,
    junit: Junit = None,
) -> None:
    """Grade the cases of some suites, or of all, and measure. What the ledger has is not graded again.

    \b
    Examples:
      interviewer eval run agreement
      interviewer eval run agreement stability --engine openai --rate 300 --html report.html
      interviewer eval run agreement --shard 1/4 --home part1
      interviewer eval run agreement --batch       order, and some hours later the same again
    """
    at_home = house(engine=engine)
    if batch and (offline or canary):
        raise typer.BadParameter("--batch goes with neither --offline nor --canary.")
    wish = Wish(at_home, Place.of(at_home, home), jobs, rate, offline, canary, shard, batch)
    forms = Forms(as_json, quiet, full, html, markdown, junit)
    measured = _all_measured(wish, _chosen(suites) if suites else _answerable(wish), compared=False)
    if batch and not measured:
        raise typer.Exit(INVALID)  # what was ordered, or is still awaited, has been said
    ended(measured, forms)


@app.command()
def check(
    suites: Suites = None,
    engine: EngineOption = None,
    canary: CanaryOption = None,
    jobs: Jobs = None,
    rate: Rate = None,
    offline: Offline = False,
    home: Home = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    full: Full = False,
    html: Html = None,
    markdown: Markdown = None,
    junit: Junit = None,
) -> None:
    """Did a change move the grades? Grades the cases as the engine and prompts are now, and compares with the baseline.

    Without names, every suite that has a baseline for the engine, at least one, and those with limits of their own. A
    baseline without a suite in evals/suites is named and not checked.

    \b
    Examples:
      interviewer eval check
      interviewer eval check agreement --engine openai --html report.html
      interviewer eval check --canary lenient      see it fail, for the right reason
    """
    from interviewer.evaluation.measuring import GRADED_KINDS

    at_home = house(engine=engine)
    wish = Wish(at_home, Place.of(at_home, home), jobs, rate, offline, canary)
    name = wish.house.subject(offline=True).engine.name
    chosen = _chosen(suites) if suites else _answerable(wish)
    if not suites:
        _tell_lost(wish.place, name)
        chosen = [d for d in chosen if d.kind not in GRADED_KINDS or wish.place.baseline(d.name, name).exists()]
    graded = [d for d in chosen if d.kind in GRADED_KINDS]
    lacking = [d.name for d in graded if not wish.place.baseline(d.name, name).exists()]
    if lacking or not (suites or graded):
        raise NotFoundError(
            f"There is no baseline of {', '.join(lacking) or 'any suite'} for the engine {name}.",
            "Make one of how things are now, before the change: "
            f"interviewer eval bless {' '.join(lacking or ['agreement'])} --engine {name}",
        )
    forms = Forms(as_json, quiet, full, html, markdown, junit)
    ended(_all_measured(wish, chosen, compared=True), forms)


@app.command()
def bless(
    suites: Suites = None,
    engine: EngineOption = None,
    jobs: Jobs = None,
    rate: Rate = None,
    offline: Offline = False,
    home: Home = None,
    as_json: FactsAsJson = False,
    quiet: Silent = False,
) -> None:
    """Keep how things are now as the baseline, grading what the ledger lacks. Commit the file that it names.

    \b
    Examples:
      interviewer eval bless agreement
      interviewer eval bless --engine openai
    """
    from interviewer.evaluation.ledger import compact
    from interviewer.evaluation.measuring import GRADED_KINDS

    at_home = house(engine=engine)
    wish = Wish(at_home, Place.of(at_home, home), jobs, rate, offline)
    chosen = [d for d in _chosen(suites) if d.kind in GRADED_KINDS]
    if own := [d.name for d in _chosen(suites) if suites and d not in chosen]:
        raise SettingsError(
            f"{own[0]} has limits of its own, and no baseline.", f"Check it as it is: interviewer eval check {own[0]}"
        )
    results = [measured.result for measured in _all_measured(wish, chosen, compared=False)]
    for each, result in zip(chosen, results, strict=True):
        if result.problems:
            raise SettingsError(f"{each.name} cannot be a baseline: {' '.join(result.problems)}")
    blessed = []
    for each, result in zip(chosen, results, strict=True):
        target = wish.place.home / "baselines" / f"{each.name}.{result.info.engine}.jsonl"
        compact(wish.place.ledger(each.name, result.info.engine), target, result.info)
        blessed.append({"suite": each.name, "gradings": result.graded, "baseline": str(target)})
    lines = [f"{b['suite']}: {b['gradings']} gradings are the baseline now, in {b['baseline']}" for b in blessed]
    told("\n".join(lines), blessed, as_json=as_json, quiet=quiet)


for command in (compare, replay, merge, power, label):
    app.command()(command)
app.command("import")(import_set)


def _all_measured(wish: Wish, chosen: Sequence[Definition], *, compared: bool) -> list[Measured]:
    return asyncio.run(_measured(wish, chosen, compared))


async def _measured(wish: Wish, chosen: Sequence[Definition], compared: bool) -> list[Measured]:
    from interviewer.evaluation.ledger import Ledger, LedgerWriter
    from interviewer.evaluation.measuring import GRADED_KINDS, held, measured

    found = []
    subject = wish.subject()
    base = wish.house.subject(offline=True).engine.name
    for each in chosen:
        if each.kind not in GRADED_KINDS:
            if wish.offline and subject.prompt:
                raise SettingsError(f"{each.name} has no ledger: it asks the model anew.", "Leave --offline out.")
            found.append(await held(each, subject, await wish.house.rooms(subject.engine)))
            continue
        with ExitStack() as stack:
            path = wish.place.ledger(each.name, subject.engine.name)
            ledger = stack.enter_context(opened(path, read_only=wish.offline))
            if isinstance(ledger, LedgerWriter) and wish.batch and not await fetched(each, subject, ledger, wish.part):
                continue
            kept = wish.place.baseline(each.name, base)
            baseline = stack.enter_context(opened_baseline(kept)) if compared else None
            tell = stack.enter_context(progress_bar(f"Grading {each.name}"))
            others = [stack.enter_context(Ledger(path)) for path in wish.place.others(each.name, subject.engine.name)]
            found.append(await measured(each, subject, ledger, baseline, wish.options(subject, others, tell)))
    return found


def _chosen(names: Sequence[str] | None) -> list[Definition]:
    from interviewer.evaluation.definitions import definition, definitions

    return [definition(name) for name in dict.fromkeys(names)] if names else definitions()


def _answerable(wish: Wish) -> list[Definition]:
    """All suites; with a model and --offline those that a ledger can answer: what is held asks the model anew."""
    from interviewer.evaluation.measuring import GRADED_KINDS

    ledgers_alone = wish.offline and wish.subject().prompt is not None
    return [d for d in _chosen(None) if d.kind in GRADED_KINDS or not ledgers_alone]


def _tell_lost(place: Place, engine: str) -> None:
    """Say which baselines are of no suite here: those are not checked, which nobody would notice."""
    for lost in place.without_suite((d.name for d in _chosen(None)), engine):
        typer.echo(f"Not checked: there is no suite in evals/suites for the baseline {lost}; name its file.", err=True)


def _count(each: Definition) -> int | None:
    from interviewer.evaluation.cases import CasesError
    from interviewer.evaluation.measuring import suite_of

    try:
        return len(suite_of(each).cases)
    except CasesError:
        return None
