"""Long Markdown in several posts: no word and no block of code is torn where it fits into one."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"(?P<lead>(?:\s{0,3}>\s?)*\s{0,3})(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)$")


def split(text: str, limit: int) -> list[str]:
    """The text in parts of at most `limit` characters, at least one; cut between blocks, else lines, else words.

    A block of code that is longer than a part is closed at the end of one and opened again in the next, so `limit`
    should be far longer than such a line.
    """
    parts: list[str] = []
    held = ""
    for block in _blocks(text):
        if len(held) + len(block) <= limit:
            held += block
            continue
        if held.strip():
            parts.append(held)
        held = ""
        if len(block) > limit:
            *whole, block = _cut(block, limit)  # noqa: PLW2901 - the rest of it
            parts += whole
        held = block.lstrip("\n")
    parts.append(held)
    kept = [part.strip("\n") for part in parts]
    return [part for part in kept if part.strip()] or [""]


def _blocks(text: str) -> Iterator[str]:
    """Blocks of code, and the text between blank lines, with the blank lines that follow each; together the text."""
    block: list[str] = []
    fence = ""
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line.rstrip("\n"))
        if fence:
            block.append(line)
            if found and found["fence"].startswith(fence) and not found["info"].strip():
                fence = ""
            continue
        if block and (found or (line.strip() and not block[-1].strip())):
            yield "".join(block)
            block = []
        block.append(line)
        fence = found["fence"] if found else ""
    if block:
        yield "".join(block)


def _cut(block: str, limit: int) -> list[str]:
    """A block that is too long, cut between lines, or where one line is too long between words."""
    first, *_ = block.splitlines() or [""]
    found = _FENCE.match(first)
    opening = f"{first}\n" if found else ""
    closing = f"\n{found['lead']}{found['fence']}" if found else ""
    room = limit - len(opening) - len(closing)
    if room < limit // 2:  # such an opening line is no opening line
        opening, closing, room = "", "", limit
    lines = block.rstrip().removeprefix(opening).splitlines(keepends=True)
    if closing and lines and lines[-1].strip() == closing.strip():
        lines.pop()
    parts = [""]
    for line in (piece for each in lines for piece in _pieces(each, room)):
        if len(parts[-1]) + len(line) > room:
            parts.append("")
        parts[-1] += line
    return [f"{opening}{part.rstrip() if closing else part}{closing}" for part in parts if part.strip()]


def _pieces(line: str, room: int) -> Iterator[str]:
    while len(line) > room:
        at = line.rfind(" ", room // 2, room) + 1 or room
        yield line[:at]
        line = line[at:]
    if line:
        yield line
