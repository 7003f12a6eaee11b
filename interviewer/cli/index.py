"""`interviewer index`: where guides are kept by meaning, for this machine or for all workers."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from interviewer.domain.guide import Guide
    from interviewer.wiring import House

app = typer.Typer(
    no_args_is_help=True,
    help="Bring guides into the vector store, and see what it holds.\n\n"
    "That is a folder of this machine, or the server at CHROMA_URL.\n\n"
    "Begin with `interviewer index sync`.",
)
GuidesArgument = Annotated[
    list[str] | None, typer.Argument(help="Guides by name or path; all if left out.", show_default=False)
]


@app.command()
def sync(
    guides: GuidesArgument = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what is there of earlier versions of them.")] = False,
) -> None:
    """Bring guides into the vector store, so that workers need not.

    With CHROMA_URL this publishes them to all workers. A worker that still needs an earlier version makes it again.

    \b
    Examples:
      interviewer index sync
      interviewer index sync system-design --prune
    """
    from interviewer.cli.common import house, progress_bar

    home = house()
    wanted = _wanted(home, guides)
    with progress_bar("Publishing guides") as tick:
        added = home.index.publish(wanted, tick, prune=prune)
    there = "guide is" if len(wanted) == 1 else "guides are"
    typer.echo(f"{len(wanted)} {there} in {home.index_place}, {added} of them new.")


@app.command()
def status(
    guides: GuidesArgument = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show which guides are in the vector store in their present version. Exit status 1 when one is not.

    \b
    Examples:
      interviewer index status
      interviewer index status --json
    """
    from interviewer.cli.common import house

    home = house()
    found = home.index.standing(_wanted(home, guides))
    if as_json:
        for each in found:
            typer.echo(json.dumps(asdict(each)))
    else:
        width = max((len(each.guide_id) for each in found), default=0)
        for each in found:
            said = "published" if each.there else "not published"
            here = "" if each.here else ", not fetched to this machine"
            others = f", {each.others} of earlier versions" if each.others else ""
            typer.echo(f"{each.guide_id:{width}}  {each.chunks:5} chunks  {said}{here}{others}")
        typer.echo(f"\nIn {home.index_place}.")
    if not all(each.there for each in found):
        raise typer.Exit(1)


def _wanted(home: House, names: list[str] | None) -> list[Guide]:
    return [home.library.get(name) for name in names] if names else list(home.library.guides())
