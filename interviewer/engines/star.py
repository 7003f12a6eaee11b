"""Which parts of a story a behavioral answer lacks, by the words that carry them.

STAR: situation, task, action, result. `own` is missing where nearly everything is told as "we".
"""

from __future__ import annotations

import re

from interviewer.engines.rules import any_of, rules

ENOUGH_WORDS = 12
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|i'd|i've|my|me|myself)\b", re.IGNORECASE)
_COLLECTIVE = re.compile(r"\b(?:we|we're|we'd|we've|our|us|the team)\b", re.IGNORECASE)


def lacking(story: str) -> tuple[str, ...]:
    """Parts that the story lacks, of situation, task, action, result and own; all but `own` for a mere scrap."""
    story = story.replace("’", "'")
    lacks = [part for part, signs in rules()["story"].items() if not any_of(signs).search(story)]
    collective, own = len(_COLLECTIVE.findall(story)), len(_FIRST_PERSON.findall(story))
    if collective >= 3 and collective > 3 * own and len(story.split()) >= ENOUGH_WORDS:
        lacks.append("own")
    return tuple(lacks)
