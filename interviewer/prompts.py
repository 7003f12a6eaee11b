"""Words and prompts, read from files: the packaged ones, or a folder that overrides some of them.

`phrases.toml` holds the interviewer's own lines. `<name>.md.j2` is a prompt for a model: a Jinja template whose part
above the line `=== user ===` is the system message, the part below it the user message. What does not vary comes first,
so that providers' prompt caches hit. A variable that is missing raises.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from interviewer.domain.errors import SettingsError
from interviewer.domain.interview import MessageKind
from interviewer.resources import resource_folder

if TYPE_CHECKING:
    from jinja2 import Environment

USER_MARK = "=== user ==="


_NOTED = {
    MessageKind.ANSWER: "answer",
    MessageKind.DONT_KNOW: "dont_know",
    MessageKind.SKIP: "skip",
    MessageKind.STOP: "stop",
    None: "failed",
}


class Phrases:
    """The interviewer's lines. `say` picks one of a list by a number, so the same number always says the same."""

    def __init__(self, lines: dict[str, dict[str, list[str]]]) -> None:
        self._lines = lines

    def say(self, key: str, turn: int, **values: object) -> str:
        """A line of "section.name", filled in. Raises KeyError for an unknown key or a value that is missing."""
        section, name = key.split(".")
        lines = self._lines[section][name]
        return lines[turn % len(lines)].format(**values)

    def acknowledge(self, cause: MessageKind | None, turn: int) -> str:
        """A line that takes note of what ended a question, or None when it failed; no word on how good it was."""
        return self.say(f"acknowledge.{_NOTED.get(cause, 'enough')}", turn)

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


@dataclass(frozen=True)
class Prompt:
    """A prompt as rendered. `digest` names the template's exact text, not what was filled in."""

    name: str
    system: str
    user: str
    digest: str


def render(name: str, override: Path | None = None, **values: object) -> Prompt:
    """A prompt with its variables filled in.

    Raises SettingsError when there is no such prompt, when its text is no template, or when a variable is missing.
    """
    from jinja2 import TemplateError

    source = prompt_text(f"{name}.md.j2", override)
    try:
        text = _environment().from_string(source).render(values)
    except TemplateError as error:
        raise SettingsError(
            f"The prompt {name!r} cannot be rendered: {error}.", "Compare it with the packaged one: `prompts diff`."
        ) from None
    system, _, user = text.partition(USER_MARK)
    return Prompt(name=name, system=system.strip(), user=user.strip(), digest=f"{name}:{digest(source)}")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined

    return Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701


def digest(text: str) -> str:
    """A short, stable name for a prompt's exact text: the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
