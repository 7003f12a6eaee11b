"""Untrusted text made safe for people's eyes: nothing invisible, nothing that moves a cursor or reorders a line."""

from __future__ import annotations

import re

# An escape sequence goes whole, so that no "[31m" is left of it: CSI, then the string sequences (OSC, DCS, ...) that
# end, then any other escape with the character it governs. One that never ends hides nothing: its words stay.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_][^\x07\x1b\x9c\r\n]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]?")
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_REORDERING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_NONCHARACTERS = re.compile(r"[\ufdd0-\ufdef\ufffe\uffff]")


def clean(text: str) -> str:
    """Text without control characters, escape sequences and signs that reorder what stands around them.

    Line ends become newlines; tabs, joiners and direction marks stay, because scripts and emoji need them.
    """
    text = _LINE_ENDS.sub("\n", _ESCAPES.sub("", text))
    text = _REORDERING.sub("", _CONTROLS.sub("", text))
    return _NONCHARACTERS.sub("\ufffd", whole(text))


def whole(text: str) -> str:
    """Text that any encoding can hold: halves of characters joined where they stand in pairs, else U+FFFD each."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


_PLAINER = {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "\u00a0": " "}
_ASCII = str.maketrans({**_PLAINER, "·": "-", "│": "|", "•": "-", "›": ">"})


def encodable(text: str, encoding: str) -> str:
    """Text as this encoding can hold it: plain signs where it has no others, and "?" for the rest."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    except LookupError:
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text
