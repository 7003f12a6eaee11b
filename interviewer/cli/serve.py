"""`interviewer serve`: interviews in chats, for as long as it runs."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import typer

from interviewer.cli.common import EngineOption, house, opened


def serve(
    platforms: Annotated[
        list[str] | None,
        typer.Argument(help="slack, discord; all that tokens are set for, if left out.", show_default=False),
    ] = None,
    http: Annotated[bool, typer.Option("--http", help="Take signed requests instead of using Socket Mode.")] = False,
    host: Annotated[str, typer.Option("--host", help="Where to listen with --http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where to listen with --http.")] = 3000,
    drain: Annotated[float, typer.Option("--drain", min=0, help="Seconds to finish replies in, at SIGTERM.")] = 30.0,
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
    from interviewer.serving import Address
    from interviewer.serving import serve as serving

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    home = house(engine=engine)

    async def run() -> None:
        async with opened(home.settings, home.store):
            await serving(home, platforms or [], Address(host, port) if http else None, drain)

    asyncio.run(run())
