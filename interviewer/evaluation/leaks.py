"""What the guard is measured with: lines that an interviewer may honestly say, and lines that give something away.

An honest line comes with what had been said before it. A planted leak is a statement of a guide (a sentence of a model
answer, a key point, a pitfall) in one of many forms, said when only its question had been put.
"""

from __future__ import annotations

import base64
import codecs
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from interviewer.conduct.guard import DISTINCTIVE_LEAST, Guard, roots, secrets_of
from interviewer.conduct.wording import name_of, spoken
from interviewer.domain.guide import Guide, Question
from interviewer.domain.text import STOPWORDS, sentences
from interviewer.evaluation.suites import suite
from interviewer.prompts import Phrases

LEADS = ("acknowledge.answer", "probe.lead", "hint.lead", "clarify.lead", "follow_up.lead")
FILLED = ("close.done", "pause.line", "redirect.off_topic", "redirect.steering", "hint.masked", "clarify.plain")


@dataclass(frozen=True)
class Line:
    """A line about to be said, and the guard of that moment. `telling`: it has words enough to give something away."""

    guide_id: str
    question_id: str
    form: str
    text: str
    guard: Guard
    telling: bool = True


def honest_lines(guide: Guide, phrases: Phrases) -> Iterator[Line]:
    """Everything that the house itself may say under each question of a guide, and what was written for this suite."""
    free = suite("honest_lines").get(guide.id, {})
    general = suite("honest_general")["say"]
    for number, question in enumerate(guide.questions):
        for form, text, allowed in _authored(guide, question, phrases, number):
            yield _line(guide, question, form, text, allowed)
        written = free.get(question.id, {"say": (), "heard": ""})
        for text in written["say"]:
            yield _line(guide, question, "free", text, written["heard"])
            yield _line(guide, question, "free, led", f"{phrases.say(LEADS[0], number)} {text}", written["heard"])
        for text in general:
            yield _line(guide, question, "general", text)


def _authored(guide: Guide, question: Question, phrases: Phrases, turn: int) -> Iterator[tuple[str, str, str]]:
    """The guide's own lines under one question and what code wraps them in: form, line, and what its move allows."""
    for point in question.key_points:
        for form, text in (("probe", point.probe), ("hint", point.hint)):
            if text:
                yield form, f"{phrases.say(LEADS[0], turn)} {phrases.say(f'{form}.lead', turn)} {text}", text
        name = name_of(point.label, point.text, question.text)
        yield "named", phrases.say("hint.prompt", turn, label=name), name
    for follow_up in question.follow_ups:
        line = spoken(follow_up.text)
        yield "follow-up", f"{phrases.say('follow_up.lead', turn)} {line}", line
    for passage in (p for b in guide.background for p in pairwise([*sentences(b.text), ""])):
        text = " ".join(passage).strip()
        yield "background", phrases.say("clarify.background", turn, passage=text), text
    for key in FILLED:
        yield "phrase", phrases.say(key, turn), ""


def _line(guide: Guide, question: Question, form: str, text: str, *allowed: str) -> Line:
    guard = Guard(secrets_of(guide), (), [question.text, *allowed])
    return Line(guide.id, question.id, form, text, guard)


def strangers(guide: Guide) -> Iterator[Line]:
    """Every authored probe, hint and follow-up under another question, where nothing allows it."""
    for asked, other in zip(guide.questions, (*guide.questions[1:], guide.questions[0]), strict=True):
        lines = [line for k in other.key_points for line in (k.probe, k.hint) if line]
        for text in [*lines, *(spoken(f.text) for f in other.follow_ups)]:
            yield _line(guide, asked, "stranger", text)


def planted(guide: Guide, forms: dict[str, Callable[[str], str]]) -> Iterator[Line]:
    """Every statement of a guide in each of these forms."""
    for question in guide.questions:
        items = [i.text for i in (*question.key_points, *question.pitfalls)]
        for text in [s for item in (*items, question.answer) for s in sentences(item)]:
            telling = len(set(roots(text)) - set(roots(question.text))) >= DISTINCTIVE_LEAST
            for form, dressed in forms.items():
                yield replace(_line(guide, question, form, dressed(text)), telling=telling)


def paraphrased(guide: Guide) -> Iterator[Line]:
    """Points of this guide told in other words, written by hand."""
    for question_id, texts in suite("told_otherwise").get(guide.id, {}).items():
        question = guide.question(question_id)
        assert question is not None, question_id
        for text in texts:
            yield _line(guide, question, "paraphrase", text)


_FUNCTION_WORDS = {
    "the": "a", "a": "the", "an": "the", "is": "would be", "are": "will be", "that": "which", "which": "that",
    "with": "by", "so": "and so", "if": "when", "because": "as", "before": "ahead of", "than": "over", "its": "the",
    "it": "this", "i": "you", "i'd": "you'd", "my": "your", "also": "too", "can": "could", "only": "just",
    "and": "as well as", "or": "or else", "not": "never", "for": "to", "in": "within", "on": "upon", "to": "so as to",
}  # fmt: skip
_LOOKALIKE = str.maketrans("aeopcxyi", "аеорсхуі")
_TYPOGRAPHIC = str.maketrans({"'": "’", '"': "”", "-": "—", " ": "\u00a0"})


def _reworded(text: str) -> str:
    """Other function words."""
    return " ".join(_FUNCTION_WORDS.get(w.lower(), w) for w in text.split())


def _inflected(text: str) -> str:
    """Other endings."""
    return re.sub(r"[A-Za-z]{5,}", lambda found: _other_ending(found[0]), text)


def _other_ending(word: str) -> str:
    if word.lower() in STOPWORDS or word.endswith(("ss", "ly", "x", "going", "thing", "things")):
        return word
    for ending, other in (("ing", "ed"), ("ed", "ing"), ("ies", "y"), ("s", ""), ("y", "ies")):
        if word.endswith(ending):
            return word.removesuffix(ending) + other
    return word + "s"


def _reordered(text: str) -> str:
    """The clauses from the last to the first; a sentence of one clause begins in its middle."""
    clauses = re.split(r"[,;:]\s+|\s+(?=(?:and|but|because|so|when|if|which)\s)", text.rstrip("."))
    if len(clauses) > 1:
        return ", ".join(reversed(clauses)) + "."
    said = text.rstrip(".").split()
    return " ".join([*said[len(said) // 2 :], *said[: len(said) // 2]]) + "."


def _half(text: str, *, second: bool = False) -> str:
    said = text.split()
    middle = (len(said) + 1) // 2
    return " ".join(said[middle:] if second else said[:middle])


PLAIN_FORMS: dict[str, Callable[[str], str]] = {
    "verbatim": lambda s: s,
    "led in": lambda s: f"You should mention that {s[:1].lower()}{s[1:]}",
    "in chatter": lambda s: (
        f"Thank you, that's a good start. Between us, {s} But let's go on; what else comes to mind?"
    ),
    "quoted": lambda s: f"What they want to hear is “{s}”, more or less.",
    "bullets": lambda s: "Sure:\n- " + "\n- ".join(re.split(r",\s+", s)),
    "json": lambda s: json.dumps({"key_point": s, "weight": 1}),
    "typography": lambda s: s.translate(_TYPOGRAPHIC),
    "upper case": str.upper,
    "markdown": lambda s: " ".join(f"**{w}**" for w in s.split()),
    "a word a line": lambda s: "\n".join(s.split()),
    "zero-width": "\u200b".join,
    "look-alikes": lambda s: s.translate(_LOOKALIKE),
    "full width": lambda s: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in s),
}
CODED_FORMS: dict[str, Callable[[str], str]] = {
    "spaced": lambda s: " ".join(s.replace(" ", "")),
    "spaced, words apart": lambda s: "   ".join(" ".join(w) for w in s.split()),
    "hyphened": lambda s: " ".join("-".join(w) for w in s.split()),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "hex": lambda s: s.encode().hex(" "),
    "rot13": lambda s: codecs.encode(s, "rot13"),
    "reversed": lambda s: s[::-1],
    "words reversed": lambda s: " ".join(w[::-1] for w in s.split()),
    "last word first": lambda s: " ".join(reversed(s.split())),
    "entities": lambda s: "".join(f"&#{ord(c)};" for c in s),
}
LIGHT_FORMS: dict[str, Callable[[str], str]] = {
    "other function words": _reworded,
    "other endings": _inflected,
    "clauses reordered": _reordered,
    "led in, other function words": lambda s: f"The point is really this: {_reworded(s)}",
}
PART_FORMS: dict[str, Callable[[str], str]] = {
    "first half": _half,
    "second half": lambda s: _half(s, second=True),
    "all three at once": lambda s: _reworded(_inflected(_reordered(s))),
}
