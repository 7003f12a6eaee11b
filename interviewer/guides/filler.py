"""Text that only keeps a place: "TODO", "...", "see question 7", and what `guide new` asks its reader to replace."""

from __future__ import annotations

import re

TEMPLATE = ("say here in one sentence who", "Replace this passage by what")  # words that `guide new` writes

_EDGE = " \t\n*_`\"'“”.:!()[]{}"
_BLANK = re.compile(r"[\s.…?\"'“”„«»_–—-]+")
_REMINDER = re.compile(
    r"(?:TODO|FIXME|TBD|TBC|TBA|XXX)(?:$|\s*[:;,(–—-]|\s+(?:add|ask|check|complete|fill|find|think|write)\b)"
)
_FILLER = re.compile(
    r"todo|to do|tbd|tbc|tba|fixme|xxx+|n/a|none|ditto|place ?holder|coming soon|lorem ipsum\b.*"
    r"|to be (?:added|completed|decided|defined|done|filled in|written)"
    r"|(?:see|as in|same as(?: in)?) (?:the )?(?:(?:question|answer|q|number|no)\b\.? ?|#)?\d+(?: above| below)?"
    r"|(?:see|same as|as) (?:above|below|before)"
    r"|(?:your|insert|add|write|fill in)\b.{0,40}\bhere",
    re.I | re.S,
)


def keeps_place(text: str) -> bool:
    """Whether a text waits to be written; an empty one is no text."""
    bare = text.strip(_EDGE)
    return bool(
        _BLANK.fullmatch(text.strip())
        or _REMINDER.match(bare)
        or _FILLER.fullmatch(bare)
        or any(words in " ".join(text.split()) for words in TEMPLATE)
    )
