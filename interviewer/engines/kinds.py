"""What kind of message this is, by rules: a request, an "I don't know", an attempt to steer the grader, or an answer.

The rules read only short messages as requests, since an answer may well contain the word "skip". Text that talks to the
grader instead of answering is cut out before anything is graded. The patterns are data, in rules.toml.
"""

from __future__ import annotations

import re
import unicodedata

from interviewer.domain.interview import MessageKind
from interviewer.domain.text import content_stems, sentences, words
from interviewer.engines.rules import any_of, rules

SHORT = 14
STEERING_SIGNAL = "steering"

_BLOCK = re.compile(
    r"\[(system|admin|inst|instructions?|grader)[^\]]*\].*?(?:\[/\1[^\]]*\]|$)|<(system|admin|instructions?|grader)\b[^>]*>.*?(?:</\2>|$)",
    re.IGNORECASE | re.DOTALL,
)
_ASKING_BACK = re.compile(r"^(?:do|does|is|are|should|shall|can|could|may|which|what|who|how|so)\b", re.IGNORECASE)


def without_steering(text: str) -> tuple[str, bool]:
    """The text without sentences that talk to the grader, and whether there were any."""
    plain = "".join(c for c in text if unicodedata.category(c) != "Cf")
    cut = _BLOCK.sub("\n", plain)
    steering = any_of(rules()["cut"]["steering"])
    kept = [s for s in sentences(cut) if not steering.search(unicodedata.normalize("NFKC", s))]
    steered = cut != plain or len(kept) != len(sentences(cut))
    return ("\n".join(kept), True) if steered else (text, False)


def kind_of(text: str) -> MessageKind:
    """The kind of a message that has no steering in it. What is not plainly something else is an answer."""
    stripped = text.strip().replace("’", "'")
    if not content_stems(stripped) and not words(stripped):
        return MessageKind.OFF_TOPIC
    if len(words(stripped)) <= SHORT:
        for kind, patterns in rules()["requests"].items():
            if any_of(patterns).search(stripped):
                return MessageKind(kind)
        if any_of(rules()["cut"]["small_talk"]).search(stripped):
            return MessageKind.OFF_TOPIC
    if len(words(stripped)) <= 2 * SHORT and _only_asks(stripped):
        return MessageKind.CLARIFY
    return MessageKind.ANSWER


def _only_asks(text: str) -> bool:
    """Whether every sentence is a question put back to the interviewer."""
    return all(s.endswith("?") and _ASKING_BACK.search(s) for s in sentences(text))
