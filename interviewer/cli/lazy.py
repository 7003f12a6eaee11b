"""A command group that loads a command's module when the command is called, so that `--help` loads none of them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

if TYPE_CHECKING:
    Command = Any  # the class that typer's vendored click gives to all of them


class Lazy(NamedTuple):
    """A command: its name, where it is ("module:name", a function or a Typer app), and its line in the help."""

    name: str
    where: str
    help: str

    def load(self) -> Command:
        """The command itself."""
        module, _, attribute = self.where.partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            return get_group(found)
        app = typer.Typer(rich_markup_mode=None, add_completion=False)
        app.command(self.name)(found)
        return get_command(app)


def lazy_group(commands: Sequence[Lazy]) -> type[TyperGroup]:
    """A group class with these commands, in this order."""
    table = {each.name: each for each in commands}

    class LazyGroup(TyperGroup):
        """Knows its commands by name and line; loads one when it is asked for."""

        def list_commands(self, ctx: Any) -> list[str]:
            """All names, as the table orders them."""
            return list(table)

        def get_command(self, ctx: Any, cmd_name: str) -> Command | None:
            """The command of this name, loaded now; None when there is none."""
            return table[cmd_name].load() if cmd_name in table else None

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            """The list of commands in the help, from the table."""
            with formatter.section("Commands"):
                formatter.write_dl([(each.name, each.help) for each in commands])

    return LazyGroup
