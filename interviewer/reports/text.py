"""Untrusted text made safe to show: for people's eyes in general, in Markdown, and on a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from interviewer.domain.guide import Frozen

LONGEST_QUOTE = 320

_FrozenT = TypeVar("_FrozenT", bound=Frozen)

# An escape sequence goes whole, so that no "[31m" is left of it: CSI, then the string sequences (OSC, DCS, ...) that
# end, then any other escape with the character it governs. One that never ends hides nothing: its words stay.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_][^\x07\x1b\x9c\r\n]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]?")
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_REORDERING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_NONCHARACTERS = re.compile(r"[\ufdd0-\ufdef\ufffe\uffff]")


def clean(text: str) -> str:
    """Text without control characters, escape sequences and signs that reorder what stands around them.

    Line ends become newlines; tabs, joiners and direction marks stay, because scripts and emoji need them.
    """
    text = _LINE_ENDS.sub("\n", _ESCAPES.sub("", text))
    text = _REORDERING.sub("", _CONTROLS.sub("", text))
    return _NONCHARACTERS.sub("\ufffd", whole(text))


def whole(text: str) -> str:
    """Text in which a lone half of a surrogate pair, that no encoding can hold, is a replacement sign."""
    return _SURROGATES.sub("\ufffd", text)


def mapped(value: _FrozenT, change: Callable[[str], str]) -> _FrozenT:
    """A copy of a domain value with every text in it changed."""
    return value.model_copy(update={name: _map(getattr(value, name), change) for name in type(value).model_fields})


def _map(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, Frozen):
        return mapped(value, change)
    if isinstance(value, tuple):
        return tuple(_map(item, change) for item in value)
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


_ASCII = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "\u00a0": " ", "·": "-"}
)


def encodable(text: str, encoding: str) -> str:
    """Text as a terminal of this encoding can show it: plain signs where it has no others, and "?" for the rest."""
    if encoding.lower().replace("-", "").startswith("utf"):
        return text
    try:
        return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    except LookupError:
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
