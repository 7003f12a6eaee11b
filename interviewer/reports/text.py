"""Untrusted text made safe to show: for people's eyes in general, in Markdown, and on a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from interviewer.domain.guide import Frozen

LONGEST_QUOTE = 320

_FrozenT = TypeVar("_FrozenT", bound=Frozen)


def mapped(value: _FrozenT, change: Callable[[str], str]) -> _FrozenT:
    """A copy of a domain value with every text in it changed."""
    return value.model_copy(update={name: _map(getattr(value, name), change) for name in type(value).model_fields})


def _map(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, Frozen):
        return mapped(value, change)
    if isinstance(value, tuple | list):
        return type(value)(_map(item, change) for item in value)
    if isinstance(value, dict):
        return {_map(key, change): _map(item, change) for key, item in value.items()}
    return change(value) if type(value) is str else value


def one_line(text: str) -> str:
    """Text with all whitespace as single spaces."""
    return " ".join(text.split())


def short(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Text on one line, cut at a word when it is longer than `longest` characters."""
    line = one_line(text)
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) >= longest // 2 else cut).rstrip(" ,;:") + "…"


_MARKDOWN = re.compile(r"[\\`*_\[\]~|#$]|(?<=[A-Za-z]):(?=//)|(?<=\bwww)\.", re.IGNORECASE)
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BLOCK_START = re.compile(r"^([-+=]|\d{1,9}(?=[.)]))")


def markdown_line(text: str) -> str:
    """Text as one line of Markdown that means only itself: no markup, HTML, link or image can come of it."""
    line = "".join(_HTML.get(c, c) for c in one_line(text))
    return _inert_start(_MARKDOWN.sub(r"\\\g<0>", line))


def markdown_quote(text: str) -> str:
    """Text as a Markdown block quote that it cannot leave, line by line."""
    lines = [markdown_line(line) for line in text.strip().split("\n")]
    return "\n".join(f"> {line}  " if line else ">" for line in lines)


def _inert_start(line: str) -> str:
    """A line that begins no list, rule or heading."""
    if match := _BLOCK_START.match(line):
        mark = match.group()
        return f"\\{line}" if not mark.isdigit() else f"{mark}\\{line[len(mark) :]}"
    return line
