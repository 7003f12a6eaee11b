"""`interviewer eval import`: other people's labelled answers as a case set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interviewer.cli.eval_show import FactsAsJson, Silent, told
from interviewer.domain.errors import NotFoundError
from interviewer.resources import resource_folder


def import_set(
    recipe: Annotated[str, typer.Argument(help="A recipe that ships, by its name, or a TOML file of your own.")],
    source: Annotated[Path, typer.Argument(help="A CSV or JSONL file.", metavar="FILE")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The new folder.", metavar="FOLDER")],
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many answers.")] = None,
    as_json: FactsAsJson = False,
    quiet: Silent = False,
) -> None:
    """Make a case set of labelled answers in a CSV or JSONL file; a recipe says which field is what.

    \b
    Examples:
      interviewer eval import mohler mohler.jsonl --out cases/mohler
      interviewer eval import ./our-recipe.toml ratings.csv --out cases/ours
    """
    from interviewer.evaluation.importing import import_cases, read_recipe

    folder = resource_folder("evals") / "recipes"
    path = Path(recipe) if recipe.endswith(".toml") else folder / f"{recipe}.toml"
    if not recipe.endswith(".toml") and not path.is_file():
        names = ", ".join(sorted(p.stem for p in folder.glob("*.toml")))
        raise NotFoundError(f"There is no recipe {recipe!r}.", f"There are: {names}. Or name a TOML file.")
    count = import_cases(read_recipe(path), source, out, limit)
    told(f"{count} answers are in {out}.", {"answers": count, "folder": str(out)}, as_json=as_json, quiet=quiet)
