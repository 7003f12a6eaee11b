"""The YAML block at the head of a guide, read so that no file can make it expensive.

Only mappings, sequences and plain strings are built: no dates, no tags, no aliases (of which YAML bombs are made),
nothing deeper or longer than a guide needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from interviewer.guides.diagnostics import Findings
from interviewer.guides.spelling import nearest

MAX_CHARACTERS = 64 * 1024
MAX_DEPTH = 8
MAX_LINES = 1000

_NAMES = ("title", "description", "tags")
_NAME = re.compile(r"\w+:")
_MAX_NAME = 20

Value: TypeAlias = "str | list[Value] | dict[str, Value]"

_Loader: type = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Refused(ValueError):
    """The block is YAML that a guide has no use for."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the head of a guide says, and how many lines it takes."""

    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    lines: int = 0


def read_front_matter(lines: list[str], findings: Findings) -> FrontMatter:
    """The front matter of a file given as lines; empty where there is none or it cannot be read."""
    if not lines or lines[0].rstrip() != "---":
        _report_missing(lines, findings)
        return FrontMatter()
    end = _closing_line(lines)
    if end is None:
        findings.add("G103")
        return FrontMatter()
    values = _load("\n".join(lines[1:end]), findings)
    _report_misspelt(values, findings)
    return FrontMatter(
        title=_text(values, ("title", "term"), findings),
        description=_text(values, ("description",), findings),
        tags=_tags(values, findings),
        lines=end + 1,
    )


def _report_missing(lines: list[str], findings: Findings) -> None:
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    named = lines[first].rstrip() == "---" and lines[first + 1 :] and _NAME.match(lines[first + 1])
    findings.add("G106" if named else "G101", line=first + 1 if named else 1)


def _closing_line(lines: list[str]) -> int | None:
    return next((n for n, line in enumerate(lines[1:MAX_LINES], 1) if line.rstrip() in {"---", "..."}), None)


def _load(text: str, findings: Findings) -> dict[str, Value]:
    try:
        value = _parse(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 2, mark.column + 1) if mark else (1, 1)
        findings.add("G102", line, column, reason=error.problem or "it is not YAML")
    except (yaml.YAMLError, Refused) as error:
        findings.add("G102", line=1, reason=str(error).splitlines()[0] if str(error) else "it is not YAML")
    else:
        if isinstance(value, dict):
            return value
        if value:
            findings.add("G102", line=1, reason="it is not a list of names and values")
    return {}


def _parse(text: str) -> Value:
    """The value that the text holds. Raises Refused or yaml.YAMLError."""
    if len(text) > MAX_CHARACTERS:
        raise Refused(f"it has more than {MAX_CHARACTERS} characters")
    root: list[Value] = []
    open_: list[_Open] = [_Open(root)]
    for event in _events(text):
        if isinstance(event, yaml.ScalarEvent):
            open_[-1].put(event.value)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(open_) > MAX_DEPTH:
                raise Refused(f"it is nested deeper than {MAX_DEPTH} levels")
            value: Value = {} if isinstance(event, yaml.MappingStartEvent) else []
            open_[-1].put(value)
            open_.append(_Open(value))
        elif isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise Refused("it uses a YAML alias")
    return root[0] if root else ""


def _events(text: str) -> Iterator[yaml.Event]:
    yield from yaml.parse(text, Loader=_Loader)


class _Open:
    """A collection that is still being filled."""

    def __init__(self, value: Value) -> None:
        self._value = value
        self._key: str | None = None

    def put(self, value: Value) -> None:
        if isinstance(self._value, list):
            self._value.append(value)
        elif self._key is None:
            if not isinstance(value, str):
                raise Refused("a name in it is not plain text")
            self._key = value
        else:
            assert isinstance(self._value, dict)
            self._value[self._key] = value
            self._key = None


def _text(values: dict[str, Value], names: tuple[str, ...], findings: Findings) -> str:
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())
        if value and not isinstance(value, str):
            findings.add("G104", mark=f"{name}:", name=name, expected="plain text")
    return ""


def _report_misspelt(values: dict[str, Value], findings: Findings) -> None:
    """Report names that are like one of ours which is not there; other systems' names are none of our business."""
    missing = [name for name in _NAMES if name not in values]
    for written in values:
        name = written if written in _NAMES else written.strip().lower()
        meant = name if name in missing else nearest(name, missing) if name not in _NAMES else None
        if meant and len(written) <= _MAX_NAME:
            findings.add("G105", mark=f"{written}:", name=written, expected=meant)


def _tags(values: dict[str, Value], findings: Findings) -> tuple[str, ...]:
    tags = values.get("tags", [])
    if isinstance(tags, str):
        return tuple(tag.strip() for tag in tags.split(",") if tag.strip())
    if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
        return tuple(tag for tag in tags if isinstance(tag, str))
    findings.add("G104", mark="tags:", name="tags", expected="a list of words")
    return ()
