"""What kind of message this is, by rules: a request, an "I don't know", an attempt to steer the grader, or an answer.

The rules read only short messages as requests, since an answer may well contain the word "skip". Text that talks to the
grader instead of answering is cut out before anything is graded. The patterns are data, in rules.toml.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from interviewer.domain.disguise import bare, hidden_readings, outside_code, shown
from interviewer.domain.interview import MessageKind
from interviewer.domain.text import sentences, words
from interviewer.engines.rules import any_of, rules

SHORT = 14
SHORT_CHARACTERS = 400
FEWEST_WORDS = 6
STEERING_SIGNAL = "steering"

_BLOCK = re.compile(
    r"\[(system|admin|inst|instructions?|grader)[^\]]*\].*?(?:\[/\1[^\]]*\]|$)|<(system|admin|instructions?|grader)\b[^>]*>.*?(?:</\2>|$)",
    re.IGNORECASE | re.DOTALL,
)
_FRAME = re.compile(
    r"<\|\w+\|>(?:\s*(?:system|developer|assistant|user)\b)?"
    r"|<<<\s*\w{4,}|(?<!\w)\w{4,64}>>>|=== ?\w+ ?===|\x1b\][^\x07]*\x07?"
)
_MARKUP = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|```\w*|^[ \t]*(?:[-=|]{3,}|#+[ \t]+\w+[ \t]*$)", re.MULTILINE)
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # where a text turns its direction, another voice begins
_ASKING_BACK = re.compile(
    r"^(?:(?:and|or|also|like|but|sorry|wait|hm+),? )*"
    r"(?:do|does|is|are|should|shall|can|could|may|which|what|who|how|so)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reading:
    """A message as the rules read it: its kind, its text without what talks to the grader, and whether any did."""

    kind: MessageKind
    text: str
    steered: bool


def without_steering(text: str) -> tuple[str, bool]:
    """The text without sentences that talk to the grader, and whether there were any."""
    plain = shown(_TURNS.sub("\n", text).replace("\uff0e", ". "))
    cut = _FRAME.sub("\n", _BLOCK.sub("\n", plain))
    said = sentences(_MARKUP.sub("\n", cut))
    kept = [rest for s in said for rest in _not_steering(s)]
    steered = cut != plain or kept != said
    return ("\n".join(kept), True) if steered else (text, False)


def _not_steering(sentence: str) -> list[str]:
    """A sentence if it does not steer, or of one with a code in it what stands beside the code and does not."""
    if not steers(sentence):
        return [sentence]
    beside = [line.strip() for line in outside_code(sentence).splitlines()]
    return [line for line in beside if words(line) and not steers(line)]


@lru_cache(maxsize=4_096)
def steers(sentence: str) -> bool:
    """Whether a sentence talks to the grader: as it stands, with look-alike letters plain, or read out of a code."""
    if not any(c.isalnum() for c in sentence):
        return False
    steering = any_of(rules()["cut"]["steering"])
    readings = [unicodedata.normalize("NFKC", sentence)]
    readings += [] if sentence.isascii() else [bare(sentence)]
    return any(steering.search(reading) for reading in (*readings, *hidden_readings(sentence)))


def read(text: str) -> Reading:
    """What a message is, once what talks to the grader is cut out of it."""
    words_left, steered = without_steering(text)
    kind = kind_of(words_left)
    if steered and (kind is not MessageKind.ANSWER or len(words(words_left)) < FEWEST_WORDS):
        kind = MessageKind.STEERING
    return Reading(kind=kind, text=words_left, steered=steered)


def kind_of(text: str) -> MessageKind:
    """The kind of a message that has no steering in it. What is not plainly something else is an answer."""
    stripped = text.strip().replace("’", "'")
    if not words(stripped):
        return MessageKind.OFF_TOPIC
    if len(stripped) <= SHORT_CHARACTERS and len(words(stripped)) <= SHORT and (asked := _request(stripped)):
        return asked
    if len(words(stripped)) <= 2 * SHORT and _only_asks(stripped):
        return MessageKind.CLARIFY
    return MessageKind.ANSWER


def _request(text: str) -> MessageKind | None:
    """What a short message asks for, or says about itself: None for what may be an answer."""
    edges = " \t\n.,!?:;"
    bare = any_of(rules()["polite"]["edges"]).sub("", text).strip(edges) or text.strip(edges)
    for kind, patterns in rules()["whole"].items():
        if any_of(patterns).fullmatch(bare):
            return MessageKind(kind)
    for kind, patterns in rules()["requests"].items():
        if any_of(patterns).search(text):
            return MessageKind(kind)
    return MessageKind.OFF_TOPIC if any_of(rules()["cut"]["small_talk"]).search(text) else None


def _only_asks(text: str) -> bool:
    """Whether every sentence is a question, and at least half are put back to the interviewer."""
    asked = sentences(text)
    return all(s.endswith("?") for s in asked) and 2 * sum(bool(_ASKING_BACK.search(s)) for s in asked) >= len(asked)
