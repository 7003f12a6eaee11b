"""The lines around an interview in a chat: each that code says is there, and each that is there is said."""

from __future__ import annotations

import re
import string
from itertools import chain
from pathlib import Path

import interviewer
from interviewer.channels.chat import Command
from interviewer.domain.interview import Mode
from interviewer.prompts import chat_lines

SOURCE = "".join(
    p.read_text(encoding="utf-8") for p in sorted((Path(interviewer.__file__).parent / "channels").glob("*.py"))
)
LINES = chat_lines().by_key()
VERDICTS = ("great", "excellent", "correct", "perfect", "well done")


def asked_for() -> tuple[set[str], list[str]]:
    """The keys that code asks for: as they stand, and as patterns where they are put together."""
    sections = "|".join({key.split(".")[0] for key in LINES})
    literal = set(re.findall(rf'(?<!f)"((?:{sections})\.[a-z_]+)"', SOURCE))
    put = set(re.findall(rf'f"((?:{sections})\.\{{[^"]+)"', SOURCE))
    return literal, [re.sub(r"\{[^}]*\}", "[a-z_]+", each.replace(".", r"\.")) for each in sorted(put)]


def test_every_line_that_is_asked_for_is_there() -> None:
    literal, _ = asked_for()
    assert literal <= set(LINES)
    for command in Command:
        assert command is Command.HELP or f"button.{command}" in LINES
    assert {f"dialog.{name}" for name in ("guide", "mode", "length", "place", *Mode)} <= set(LINES)


def test_every_line_that_is_there_is_asked_for() -> None:
    literal, patterns = asked_for()
    assert [k for k in LINES if k not in literal and not any(re.fullmatch(p, k) for p in patterns)] == []


def test_every_value_of_a_line_is_filled_in_somewhere() -> None:
    for key, lines in LINES.items():
        fields = {f for line in lines for _, f, _, _ in string.Formatter().parse(line) if f}
        for field in fields:
            assert re.search(rf"\b{field}=|\"{field}\"", SOURCE), (key, field)


def test_lines_are_plain_and_tell_no_verdict() -> None:
    for line in chain.from_iterable(LINES.values()):
        assert line == line.strip()
        assert not [v for v in VERDICTS if re.search(rf"\b{v}\b", line.lower())], line
        assert "<" not in line
