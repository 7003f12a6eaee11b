"""Words and prompts, read from files: the packaged ones, or a folder that overrides some of them.

`phrases.toml` holds the interviewer's own lines.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path

from interviewer.domain.errors import SettingsError
from interviewer.resources import resource_folder


class Phrases:
    """The interviewer's lines. `say` picks one of a list by a number, so the same number always says the same."""

    def __init__(self, lines: dict[str, dict[str, list[str]]]) -> None:
        self._lines = lines

    def say(self, key: str, turn: int, **values: object) -> str:
        """A line of "section.name", filled in. Raises KeyError for an unknown key or a value that is missing."""
        section, name = key.split(".")
        lines = self._lines[section][name]
        return lines[turn % len(lines)].format(**values)

    def everything(self) -> list[str]:
        """Every line there is, unfilled."""
        return [line for section in self._lines.values() for lines in section.values() for line in lines]


def prompt_text(name: str, override: Path | None = None) -> str:
    """The text of a prompt file; one in the override folder comes first. Raises SettingsError when there is none."""
    folders = [override, resource_folder("prompts")] if override else [resource_folder("prompts")]
    for folder in folders:
        if folder and (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise SettingsError(f"There is no prompt {name!r}.", "Look at the names with `interviewer prompts list`.")


@cache
def phrases(override: Path | None = None) -> Phrases:
    """The interviewer's lines, read once. Raises SettingsError when the file cannot be read as TOML."""
    try:
        return Phrases(tomllib.loads(prompt_text("phrases.toml", override)))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"phrases.toml cannot be read: {error}", "Mend the file or remove it.") from None


def digest(text: str) -> str:
    """A short, stable name for a prompt's exact text: the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
