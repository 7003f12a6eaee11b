"""Where quotes stand in an answer, and texts in which what nobody can see is named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from interviewer.domain.grading import normalise

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff\ufdd0-\ufdef\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


class Quote(NamedTuple):
    """Words that an engine gave for a statement. `when` is "now" or "baseline"."""

    id: str
    when: str
    text: str


class Piece(NamedTuple):
    """A stretch of an answer. `when` is whose quote it is in, "" for none; `ids` are the statements that end here."""

    text: str
    when: str = ""
    ids: str = ""


def revealed(text: str) -> str:
    """A text with every control, invisible or reordering character named, "⟨U+202E⟩", and line ends as newlines."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", plain)


def painted(said: str, quotes: Sequence[Quote]) -> tuple[tuple[Piece, ...], list[Quote]]:
    """An answer in stretches, and the quotes that are not in it."""
    index: _Index | None = None
    spans: dict[tuple[int, int, str], list[str]] = {}
    lost = []
    for quote in dict.fromkeys(quotes):
        start = said.find(quote.text)
        end = start + len(quote.text)
        if start < 0:
            index = index or _Index(said)
            start, end = index.find(quote.text)
        if start < 0:
            lost.append(quote)
        else:
            spans.setdefault((start, end, quote.when), []).append(quote.id)
    return tuple(_pieces(said, spans)), lost


def _pieces(said: str, spans: dict[tuple[int, int, str], list[str]]) -> list[Piece]:
    edges = sorted({0, len(said), *(edge for span in spans for edge in span[:2])})
    pieces = []
    for start, end in pairwise(edges):
        over = [span for span in spans if span[0] <= start and end <= span[1]]
        when = "now" if any(s[2] == "now" for s in over) else "baseline" if over else ""
        ids = dict.fromkeys(name for span in over if span[1] == end for name in spans[span])
        pieces.append(Piece(revealed(said[start:end]), when, " ".join(ids)))
    return pieces


class _Index:
    """An answer as quotes are compared, with the place of each character in the original."""

    def __init__(self, said: str) -> None:
        letters: list[str] = []
        self._places: list[int] = []
        for place, each in enumerate(said):
            plain = " " if each.isspace() else normalise(each)
            if plain == " " and letters and letters[-1] == " ":
                continue
            letters += plain
            self._places += [place] * len(plain)
        self._text = "".join(letters)

    def find(self, quote: str) -> tuple[int, int]:
        """Where a quote begins and ends, or (-1, -1)."""
        wanted = normalise(quote).strip(" .\"'")
        start = self._text.find(wanted) if wanted else -1
        if start < 0:
            return -1, -1
        return self._places[start], self._places[start + len(wanted) - 1] + 1
