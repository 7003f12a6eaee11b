"""Turns what a guide's author wrote for a reader into a line that an interviewer can say."""

from __future__ import annotations

import re

from interviewer.domain.text import content_stems, words

_REPORTED = re.compile(
    r"^(?:(?:an|the|your)\s+)?(?:interviewers?|they|panel|hiring managers?)\s+"
    r"(?:might|may|could|will|would|can|often)?\s*(?:also\s+|then\s+)?"
    r"(?:asks?|inquires?|want(?:s)? to know|probes?)\s+(?:you\s+)?(?:about\s+)?",
    re.IGNORECASE,
)
_PREPARED = re.compile(
    r"^(?:be (?:prepared|ready) to|prepare to|expect to|you (?:may|might) be asked to)\s+", re.IGNORECASE
)
_ASKING = frozenset("how what why when where which who whose can could would will do did does is are have has".split())  # noqa: SIM905
_TELLING = {
    "discuss": "Could you tell me about",
    "explain": "Could you explain",
    "describe": "Could you describe",
    "explore": "I'd like to hear about",
    "elaborate": "Could you say more",
    "highlight": "Could you tell me about",
    "mention": "Could you tell me about",
    "share": "Could you share",
    "provide": "Could you give me",
    "give": "Could you give me",
    "talk": "Could you talk",
    "outline": "Could you outline",
    "consider": "What would you say about",
}
_INVERTED = re.compile(
    r"^(how|what|why|when|where|which \w+|what \w+)\s+(you|they|it|this|that|the \w+)\s+"
    r"(would|could|can|will|might|should|did|do|have|are|is|was|were)\b",
    re.IGNORECASE,
)


def spoken(line: str) -> str:
    """A follow-up as something to say to the candidate.

    "An interviewer might ask how you would test it." becomes "How would you test it?"; "Discuss how you measure that."
    becomes "Could you tell me about how you measure that?". A question stays as it is.
    """
    text = line.strip().strip("“”\"'").strip()
    if text.endswith("?"):
        return _REPORTED.sub("", text).strip(" :,“\"'")[:1].upper() + _REPORTED.sub("", text).strip(" :,“\"'")[1:]
    text = _PREPARED.sub("", _REPORTED.sub("", text)).strip(" :,.“”\"'")
    if not text:
        return ""
    first = words(text)[:1]
    if first and first[0] in _ASKING:
        return _as_question(text)
    if first and first[0] in _TELLING:
        return f"{_TELLING[first[0]]} {text.split(maxsplit=1)[-1].removeprefix('about ')}?"
    if first and first[0].endswith("ing"):
        return f"How do you go about {_lower_first(text)}?"
    return f"What can you tell me about {_lower_first(text)}?"


def _as_question(text: str) -> str:
    """ "how you would test it" -> "How would you test it?"; what cannot be turned round is asked about."""
    turned = _INVERTED.sub(lambda m: f"{m[1]} {m[3]} {m[2]}", text)
    head = words(turned)[:2]
    if turned == text and head[0] in {"how", "what", "why", "when", "where"} and head[1:] == ["you"]:
        turned = re.sub(r"^(\w+)\s+you\s+", r"\1 do you ", text, flags=re.IGNORECASE)
    return f"{turned[:1].upper()}{turned[1:]}?"


def _lower_first(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def name_of(label: str | None, text: str, question: str) -> str:
    """What to call a key point where it may be named: its label, or two of its words that the question does not use."""
    if label:
        return label
    asked = set(content_stems(question))
    telling = [w for w in words(text) if len(w) > 3 and content_stems(w) and not set(content_stems(w)) & asked]
    return ", ".join(dict.fromkeys(sorted(telling, key=len, reverse=True)[:2])) or "what you have not said yet"
