"""`interviewer eval label`: a screen on which a person rates answers blind, or settles what raters differ on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from interviewer.cli.common import show

if TYPE_CHECKING:
    from rich.console import RenderableType

    from interviewer.evaluation.cases import Rating
    from interviewer.evaluation.labelling import Labelling, ToRate

T = TypeVar("T")
HELP = """\
Judge each statement alone, by substance and not by wording, length or manner.
  c  covered: its essence is said or plainly shown, in whatever words
  p  partial: something true towards it, but an essential part is absent
  m  missing: not said, or only named, listed or promised
  x  contradicted: what is said cannot stand beside it
A pitfall is committed (y) when the candidate makes the mistake, not when they warn of it.
Overall: 1 little shown, 2 beginning, 3 developing, 4 solid, 5 strong.
Type one letter for each, as in: ccpmm. Also: b to begin this answer again, u to go back to the one before,
l to leave it for later, q to end."""


class Leave(Exception):
    """The rater has had enough."""


class Later(Exception):
    """The rater leaves this answer for later."""


class Again(Exception):
    """The rater wants to begin this answer again."""


class Before(Exception):
    """The rater wants to go back to the answer before."""


LEAVING: dict[str, type[Exception]] = {"q": Leave, "l": Later, "b": Again, "u": Before}


def label(
    folder: Annotated[Path, typer.Argument(help="A case set: questions.jsonl, answers.jsonl, ratings/.")],
    rater: Annotated[str, typer.Option("--rater", "-r", help="Your name; your ratings go to ratings/NAME.jsonl.")] = "",
    settle: Annotated[bool, typer.Option("--settle", help="Settle what raters differ on.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Rate nothing; how much is rated, as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Leave the instructions out.")] = False,
) -> None:
    """Rate answers by hand, blind; what is rated is kept at once, and the same command goes on where you stopped.

    \b
    Examples:
      interviewer eval label evals/cases/agreement --rater ada
      interviewer eval label evals/cases/agreement --settle
      interviewer eval label evals/cases/agreement --rater ada --json
    """
    from interviewer.evaluation.labelling import Labelling
    from interviewer.evaluation.report_json import json_of

    if not rater and not settle:
        raise typer.BadParameter("Give --rater NAME, or --settle.")
    labelling = Labelling(folder, rater, settling=settle)
    if as_json:
        typer.echo(json_of({"answers": labelling.total, "waiting": len(labelling.waiting)}), nl=False)
        return
    if not labelling.total:
        typer.echo("Raters differ on nothing." if settle else f"There are no answers in {folder}.")
        return
    if not quiet:
        typer.echo(f"{HELP}\n")
    rated = rate_all(labelling)
    left = len(labelling.waiting)
    typer.echo(f"\n{rated} rated now; " + (f"{left} of {labelling.total} to go." if left else "none left. Thank you."))


def rate_all(labelling: Labelling) -> int:
    """Show one answer after the other until all are rated or the rater leaves; how many were rated."""
    rated, queue = 0, list(labelling.waiting)
    before: ToRate | None = None
    while queue:
        each = queue[0]
        done = labelling.total - len(labelling.waiting)
        try:
            rating = _rated(each, f"{done + 1} of {labelling.total}")
        except Leave:
            return rated
        except Later:
            queue.pop(0)
            continue
        except Again:
            continue
        except Before:
            queue[:0] = [before] if before else []
            before = None
            continue
        labelling.rate(rating)
        before = queue.pop(0)
        rated += 1
    return rated


def _rated(each: ToRate, place: str) -> Rating:
    from interviewer.evaluation.cases import Rating
    from interviewer.evaluation.labelling import read_committed, read_overall, read_verdicts

    show(_page(each, place))
    points, pitfalls = len(each.question.key_points), len(each.question.pitfalls)
    verdicts = _asked(f"Points, {points} of c p m x", lambda typed: read_verdicts(typed, points))
    committed = (
        _asked(f"Pitfalls, {pitfalls} of y n", lambda typed: read_committed(typed, pitfalls)) if pitfalls else ()
    )
    overall = _asked("Overall, 1 to 5", read_overall)
    return Rating(id=each.answer.id, key_points=verdicts, pitfalls=committed, overall=overall)


def _asked(what: str, read: Callable[[str], T]) -> T:
    """What the rater types, once it can be read. Raises Leave, Later, Again and Before."""
    while True:
        try:
            typed = input(f"{what}: ").strip().lower()
        except EOFError:
            raise Leave from None
        if typed in LEAVING:
            raise LEAVING[typed]
        if typed in ("?", "h", "help"):
            typer.echo(HELP)
            continue
        try:
            return read(typed)
        except ValueError as error:
            typer.echo(f"{error} (? for help)")


def _page(each: ToRate, place: str) -> RenderableType:
    """An answer with its question and statements; with the raters' votes where they are to be settled."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.rule import Rule
    from rich.text import Text

    from interviewer.domain.display import clean

    question = each.question
    parts: list[RenderableType] = [Rule(f"Answer {place}"), Text(clean(question.text), style="bold"), Text()]
    parts += [Padding(Text(clean(each.answer.answer)), (0, 2)), Text()]
    for head, items, votes in (
        ("Points", question.key_points, [[v.value for v in r.key_points] for r in each.votes]),
        ("Pitfalls", question.pitfalls, [["committed" if c else "no" for c in r.pitfalls] for r in each.votes]),
    ):
        parts += [Text(head, style="bold")] if items else []
        for number, item in enumerate(items, 1):
            parts.append(Text(f"{number:2} {clean(item.text)}"))
            said = [vote[number - 1] for vote in votes]
            if len(set(said)) > 1:
                parts.append(Text(f"   raters: {', '.join(said)}", style="yellow"))
    if each.votes:
        parts.append(Text(f"Overall, by raters: {', '.join(f'{r.overall:g}' for r in each.votes if r.overall)}"))
    return Group(*parts)
