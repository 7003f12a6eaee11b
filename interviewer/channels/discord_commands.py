"""The `/interview` commands as Discord shows them: names, choices, and guides that are proposed while one types."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import discord
from discord import app_commands

from interviewer.channels.chat import Command
from interviewer.channels.discord_in import person
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Mode
from interviewer.prompts import Phrases

COMMAND = "interview"
QUESTIONS = (3, 5, 8)
MINUTES = (15, 30, 45)
DEFAULT_LENGTH = "questions:5"
MOST_CHOICES = 25
LONGEST = 100
Choice = app_commands.Choice[str]
Say = Callable[..., str]
AnyCommand = app_commands.Command[Any, ..., None]


@dataclass(frozen=True)
class Wanted:
    """What was typed behind `/interview start`. `where` is "direct", "here", or "" where nobody said."""

    guide: str
    mode: Mode
    questions: int | None
    minutes: int | None
    where: str


class Actions(Protocol):
    """What the commands lead to. Neither raises."""

    async def start(self, interaction: discord.Interaction, wanted: Wanted) -> None:
        """Begin an interview."""
        ...

    async def use(self, interaction: discord.Interaction, command: Command, about: str = "") -> None:
        """Do this for whoever used the command."""
        ...

    def guides(self) -> list[Guide]:
        """The guides there are. May read files."""
        ...


def group(actions: Actions, lines: Phrases, *, threads: bool) -> app_commands.Group:
    """`/interview` with its commands. Without `threads` there are interviews in direct messages only."""

    def say(key: str, **values: object) -> str:
        return lines.say(key, 0, **values)[:LONGEST]

    made = app_commands.Group(
        name=COMMAND,
        description=say("command.interview"),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )
    made.add_command(_start(actions, say, threads=threads))
    made.add_command(_report(actions, say))
    for simple in (Command.RESUME, Command.STATUS, Command.FORGET, Command.HELP):
        made.add_command(_simple(actions, simple, say(f"command.{simple}")))
    return made


def _start(actions: Actions, say: Say, *, threads: bool) -> AnyCommand:
    lengths = [Choice(name=say("dialog.questions", count=n), value=f"questions:{n}") for n in QUESTIONS]
    lengths += [Choice(name=say("dialog.minutes", count=n), value=f"minutes:{n}") for n in MINUTES]
    places = ["direct", *(["here"] if threads else [])]

    @app_commands.command(name="start", description=say("command.start"))
    @app_commands.describe(**{n: say(f"dialog.{n}") for n in ("guide", "mode", "length")}, where=say("dialog.place"))
    @app_commands.choices(
        mode=[Choice(name=say(f"dialog.{m}"), value=m) for m in Mode],
        length=lengths,
        where=[Choice(name=say(f"dialog.{p}"), value=p) for p in places],
    )
    async def start(
        interaction: discord.Interaction,
        guide: str,
        mode: str = Mode.PRACTICE.value,
        length: str = DEFAULT_LENGTH,
        where: str = "",
    ) -> None:
        kind, _, count = length.partition(":")
        questions = int(count) if kind == "questions" else None
        minutes = int(count) if kind == "minutes" else None
        await actions.start(interaction, Wanted(guide, Mode(mode), questions, minutes, where))

    @start.autocomplete("guide")
    async def suggest(interaction: discord.Interaction, typed: str) -> list[Choice]:
        guides = await asyncio.to_thread(actions.guides)
        near = [g for g in guides if typed.strip().lower() in f"{g.title} {g.id}".lower()]
        return [Choice(name=g.title[:LONGEST], value=g.id) for g in near if len(g.id) <= LONGEST][:MOST_CHOICES]

    return start


def _report(actions: Actions, say: Say) -> AnyCommand:
    @app_commands.command(name="report", description=say("command.report"))
    @app_commands.describe(of=say("command.of"))
    async def report(interaction: discord.Interaction, of: discord.User | discord.Member | None = None) -> None:
        await actions.use(interaction, Command.REPORT, person(of.id).id if of else "")

    return report


def _simple(actions: Actions, wanted: Command, description: str) -> AnyCommand:
    async def use(interaction: discord.Interaction) -> None:
        await actions.use(interaction, wanted)

    return app_commands.Command(name=wanted.value, description=description, callback=use)


def chosen(guides: Sequence[Guide], typed: str) -> Guide | None:
    """The guide that was typed: one that was proposed, or a title that was typed by hand."""
    wanted = typed.strip().lower()
    return next((g for g in guides if wanted in (g.id.lower(), g.title.lower())), None)
