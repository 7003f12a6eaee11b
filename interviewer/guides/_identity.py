"""Ids that stay the same while the words do."""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b

SLUG_LENGTH = 60

_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
_WORDS = re.compile(r"\w+")


def slug(text: str, limit: int = SLUG_LENGTH) -> str:
    """The text in lowercase ASCII with hyphens, of at most `limit` characters, cut between words where it can be."""
    ascii_ = unicodedata.normalize("NFKD", text.replace("'", "").replace("’", "")).encode("ascii", "ignore").decode()
    whole = _NOT_IN_SLUG.sub("-", ascii_.lower()).strip("-")
    if len(whole) <= limit:
        return whole or digest(text)
    return (whole[: limit + 1].rpartition("-")[0] or whole[:limit]).strip("-")


def digest(text: str) -> str:
    """Eight hexadecimal digits that depend on the text's words alone: not on case, spacing or punctuation."""
    normal = " ".join(_WORDS.findall(unicodedata.normalize("NFKC", text).casefold()))
    return blake2b((normal or text).encode(), digest_size=4).hexdigest()


class Ids:
    """Hands out ids, each once: a second "scaling" becomes "scaling-2"."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """The id itself, or the first free one of wanted-2, wanted-3, ..."""
        given = wanted
        number = self._last.get(wanted, 1)
        while given in self._taken:
            number += 1
            given = f"{wanted}-{number}"
        self._last[wanted] = number
        self._taken.add(given)
        return given
