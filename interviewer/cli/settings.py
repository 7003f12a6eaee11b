"""`interviewer settings`: what holds here, and why."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from interviewer.cli.common import EngineOption
from interviewer.settings import config_file, doubts, load_settings, sourced


def settings(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    engine: EngineOption = None,
) -> None:
    """Show every setting, and where it comes from.

    Also the config file that is read. Secrets are masked.

    Each comes from the environment (INTERVIEWER_<NAME>), from the config file, or from a flag; the later wins.

    \b
    Examples:
      interviewer settings
      INTERVIEWER_TURN_SECONDS=30 interviewer settings
    """
    flags = {"engine": engine}
    held = load_settings(**flags)
    found = sourced(held, flags)
    for doubt in doubts(held):
        typer.echo(doubt, err=True)
    if as_json:
        typer.echo(json.dumps({s.name: {"value": s.value, "source": s.source} for s in found}, ensure_ascii=False))
        return
    name_width, value_width = (max(len(getattr(s, field)) for s in found) for field in ("name", "value"))
    for each in found:
        typer.echo(f"{each.name:{name_width}}  {each.value:{value_width}}  {each.source}")
    there = "" if config_file().is_file() else " (not there)"
    typer.echo(f"\nConfig file: {config_file()}{there}")
