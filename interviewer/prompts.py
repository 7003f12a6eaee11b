"""Words and prompts, read from files: the packaged ones, or a folder that overrides some of them.

`phrases.toml` holds the interviewer's own lines, `chat.toml` what is said around them in a chat. `<name>.md.j2` is a
prompt for a model: a Jinja template whose part above the line `=== user ===` is the system message, the part below it
the user message. What does not vary comes first, so that providers' prompt caches hit. A variable that is missing
raises.

Two rules hold for every template, whoever wrote it. The system part sees neither the guide's nor the candidate's text.
The candidate's text (and the interviewer's earlier lines, which may echo it) is printed only through `| fenced`:
between `<<<TOKEN` and `TOKEN>>>`, where TOKEN is a random word of this call that the text itself cannot contain.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from interviewer.domain.errors import SettingsError
from interviewer.domain.interview import MessageKind
from interviewer.resources import resource_folder

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from jinja2.runtime import Context

USER_MARK = "=== user ==="
CANDIDATE = frozenset({"earlier", "asked", "message", "dialogue"})
VARYING = CANDIDATE | {"fence", "question", "points", "pitfalls", "elsewhere", "aim", "label", "passages"}
_TOKEN = re.compile(r"[0-9a-f]{8,64}")

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

    def by_key(self) -> dict[str, list[str]]:
        """Every list of lines under its "section.name", unfilled."""
        return {f"{section}.{name}": lines for section, named in self._lines.items() for name, lines in named.items()}

    def everything(self) -> list[str]:
        """Every line there is, unfilled."""
        return [line for section in self._lines.values() for lines in section.values() for line in lines]


def prompt_text(name: str, override: Path | None = None) -> str:
    """The text of a prompt file; one in the override folder comes first. Raises SettingsError when there is none."""
    if override and not override.is_dir():
        raise SettingsError(f"The folder of prompts {override} is not there.", "Make it, or take the setting out.")
    folders = [override, resource_folder("prompts")] if override else [resource_folder("prompts")]
    for folder in folders:
        if folder and (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise SettingsError(f"There is no prompt {name!r}.", "Look at the names with `interviewer prompts list`.")


@cache
def phrases(override: Path | None = None) -> Phrases:
    """The interviewer's lines, read once. Raises SettingsError when the file cannot be read as TOML."""
    return _lines("phrases.toml", override)


@cache
def chat_lines(override: Path | None = None) -> Phrases:
    """What is said around an interview in a chat, read once. Raises SettingsError as `phrases` does."""
    return _lines("chat.toml", override)


def _lines(file: str, override: Path | None) -> Phrases:
    try:
        return Phrases(tomllib.loads(prompt_text(file, override)))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} cannot be read: {error}", "Mend the file or remove it.") from None


@dataclass(frozen=True)
class Prompt:
    """A prompt as rendered. `digest` names the template's exact text, not what was filled in."""

    name: str
    system: str
    user: str
    digest: str


def new_fence() -> str:
    """A random word to fence the candidate's text of one call with."""
    return secrets.token_hex(8)


def prompt_names(folder: Path | None = None) -> tuple[str, ...]:
    """Names of the prompts for models in a folder, by default the packaged ones."""
    found = (folder or resource_folder("prompts")).glob("*.md.j2")
    return tuple(sorted(path.name.removesuffix(".md.j2") for path in found))


def render(name: str, override: Path | None = None, **values: object) -> Prompt:
    """A prompt with its variables filled in. With text of the candidate comes a `fence`, fresh for each call.

    Raises SettingsError when there is no such prompt, when its text is no template, when a variable is missing, or when
    it prints the candidate's text without a fence or in its system part.
    """
    return render_source(name, prompt_text(f"{name}.md.j2", override), values)


def render_source(name: str, source: str, values: Mapping[str, object]) -> Prompt:
    """The same, from a template's text."""
    from jinja2 import TemplateError

    fence = str(values.get("fence", ""))
    if CANDIDATE & values.keys() and not _TOKEN.fullmatch(fence):
        raise ValueError("a prompt's fence is 8 to 64 hexadecimal digits")
    clean = {k: v if k == "fence" else _clean(v, fence, untrusted=k in CANDIDATE) for k, v in values.items()}
    fixed = {k: v for k, v in clean.items() if k not in VARYING}
    try:
        system, user = (
            _template(part).render(given).strip() for part, given in zip(parts_of(source), (fixed, clean), strict=True)
        )
    except (TemplateError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(
            f"The prompt {name!r} cannot be rendered: {error}.",
            f"Compare it with the packaged one: `interviewer prompts diff {name}`.",
        ) from None
    return Prompt(name=name, system=system, user=user, digest=f"{name}:{digest(source)}")


def parts_of(source: str) -> tuple[str, str]:
    """A template's system and user part. Raises ValueError when no line parts them."""
    found = re.split(rf"^{re.escape(USER_MARK)}[ \t]*$", source, maxsplit=1, flags=re.MULTILINE)
    if len(found) == 1:
        raise ValueError(f"no line {USER_MARK!r} parts system from user")
    return found[0], found[1]


class Untrusted(str):
    """The candidate's words, or words that may echo them: a template prints them through `| fenced` or not at all."""

    __slots__ = ()


def _clean(value: object, fence: str, *, untrusted: bool) -> object:
    """A value with no invisible or control characters and no fence in its texts, and untrusted texts marked as such."""
    if isinstance(value, str):
        text = visible(value)
        if fence and fence in text.lower():
            text = re.sub(re.escape(fence), "…", text, flags=re.IGNORECASE)
        return Untrusted(text) if untrusted else text
    if isinstance(value, (list, tuple)):
        return tuple(_clean(v, fence, untrusted=untrusted) for v in value)
    return value


def visible(text: str) -> str:
    """The text without characters that a reader cannot see: format and control characters other than line breaks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    hidden = [c for c in set(lines) - {"\n", "\t"} if unicodedata.category(c) in ("Cf", "Cc", "Cs")]
    return lines.translate(str.maketrans("", "", "".join(hidden))) if hidden else lines


def _printed(value: object) -> object:
    from jinja2 import TemplateRuntimeError

    if isinstance(value, Untrusted):
        raise TemplateRuntimeError("the candidate's text is printed without `| fenced`")
    return value


def _fenced(context: Context, words: str) -> str:
    fence = context["fence"]
    return f"<<<{fence}\n{words}\n{fence}>>>"


@lru_cache(maxsize=64)
def _template(text: str) -> Template:
    return environment().from_string(text)


def _clip(words: str, limit: int) -> str:
    """A long text's beginning and end, with a mark between them."""
    if len(words) <= limit:
        return words
    return type(words)(f"{words[: limit * 2 // 3].rstrip()} … {words[len(words) - limit // 3 :].lstrip()}")


@cache
def environment() -> Environment:
    """What templates are rendered in: strict about variables, without access to anything but what they are given."""
    from jinja2 import StrictUndefined, pass_context
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False, finalize=_printed
    )
    made.filters |= {"fenced": pass_context(_fenced), "clip": _clip}
    return made


def digest(text: str) -> str:
    """A short, stable name for a prompt's exact text: the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
