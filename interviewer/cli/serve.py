"""`interviewer serve`: interviews in chats, for as long as it runs."""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer

from interviewer.cli.common import EngineOption, house, opened


class Logs(StrEnum):
    """How lines are logged."""

    TEXT = "text"
    JSON = "json"


def serve(
    platforms: Annotated[
        list[str] | None,
        typer.Argument(help="slack, discord; all that tokens are set for, if left out.", show_default=False),
    ] = None,
    http: Annotated[bool, typer.Option("--http", help="Take signed requests instead of using Socket Mode.")] = False,
    host: Annotated[str, typer.Option("--host", help="Where to listen with --http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where to listen with --http.")] = 3000,
    drain: Annotated[float, typer.Option("--drain", min=0, help="Seconds to finish replies in, at SIGTERM.")] = 30.0,
    health: Annotated[
        str | None,
        typer.Option("--health", help="Where to show /healthz, /readyz and /metrics, as 0.0.0.0:8081; or off."),
    ] = None,
    logs: Annotated[
        Logs | None,
        typer.Option("--logs", help="How to log; text on a terminal, else json, if left out.", show_default=False),
    ] = None,
    engine: EngineOption = None,
) -> None:
    """Hold interviews in Slack and Discord, until told to stop.

    docs/slack.md and docs/discord.md say how to set it up.

    \b
    Examples:
      interviewer serve
      interviewer serve slack discord
      interviewer serve slack --http --port 8080
    """
    from interviewer.ops.logs import set_up
    from interviewer.serving import Address
    from interviewer.serving import serve as serving

    usual = Logs.TEXT if sys.stderr.isatty() else Logs.JSON
    set_up(as_json=(logs or usual) is Logs.JSON)
    home = house(engine=engine, health=health)

    async def run() -> None:
        async with opened(home.settings, home.store):
            await serving(home, platforms or [], Address(host, port) if http else None, drain)

    asyncio.run(run())
