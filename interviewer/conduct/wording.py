"""Turns what a guide's author wrote for a reader into a line that an interviewer can say."""

from __future__ import annotations

import re

from interviewer.domain.text import content_stems, sentences, words

_ASKER = r"(?:(?:an|the|your)\s+)?(?:interviewers?|they|panels?|hiring managers?|recruiters?)"
_REPORTED = re.compile(
    rf"^{_ASKER}\s+(?:might|may|could|will|would|can|often|usually)?\s*(?:also\s+|then\s+|further\s+|often\s+)?"
    r"(?:asks?|inquires?|enquires?|wants? to know|wants? to hear|probes?|delves?|explores?|follows? up)\s+"
    r"(?:you\s+)?(?:further\s+)?(?:about|into|on|for|with questions (?:about|on))?\s*",
    re.IGNORECASE,
)
_PREPARED = re.compile(
    r"^(?:(?:please\s+)?be\s+(?:prepared|ready)\s+(?:to|for)|prepare\s+to|expect\s+to|(?:you\s+)?(?:may|might|could)\s+be\s+"
    r"asked\s+(?:to|about)?)\s+",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^(?:expect\s+|prepare\s+for\s+)?(?:further\s+|follow-up\s+|additional\s+)*"
    r"(?:questions?|inquir(?:y|ies)|discussions?|consideration|exploration)\s+(?:on|about|of|into|regarding|around)\s+",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(
    r"^(?:ask|inquire|enquire|probe)\s+(?:(?:the\s+candidate|candidates|them)\s+)?(?:about\s+|into\s+|for\s+|to\s+)?",
    re.IGNORECASE,
)
_HEADED = re.compile(
    r"^[^:?]{2,48}:\s+(?=(?:discuss|explain|describe|explore|consider|how|what|why|when)\b)", re.IGNORECASE
)
_ADVICE = re.compile(r",?\s+so be (?:prepared|ready)\b.*$", re.IGNORECASE | re.DOTALL)
_YOURS = {"i": "you", "my": "your", "me": "you", "myself": "yourself", "they": "you", "their": "your", "them": "you"}
_TELLING = re.compile(
    r"^(?:discuss(?:ing|ion)?|explain(?:ing)?|describe|explore|elaborate on|highlight|mention|share|talk about|"
    r"outline|consider|detail|address|illustrate|clarify|expand on|touch on|emphasi[sz]e|reflect on|examine|cover|"
    r"articulate)\s+"
    r"(?:about\s+|on\s+)?",
    re.IGNORECASE,
)
_GIVING = re.compile(r"^(?:provide|give|offer|share|present|cite)\s+(?:me\s+)?", re.IGNORECASE)
_SHOWING = frozenset(
    """compare contrast demonstrate identify summarise summarize list name define walk show differentiate
    distinguish""".split()  # noqa: SIM905
)
_DOING = frozenset(
    """monitor implement use ensure maintain evaluate assess analyze analyse develop create establish leverage measure
    optimize optimise track review design handle manage build apply adapt adjust prioritize prioritise""".split()  # noqa: SIM905
)
_ASKING = frozenset("how what why when where which who whose whether if".split())  # noqa: SIM905
_MODAL = r"would|could|can|will|might|should|did|do|have|are|is|was|were|has|does"
_INVERTED = re.compile(
    rf"^((?:how|what|why|when|where|which)(?:\s+(?!you\b)[\w-]+){{0,2}}?)\s+"
    rf"(you|they|it|this|that|these|the [\w-]+)\s+({_MODAL})\b",
    re.IGNORECASE,
)
_YOU_DO = re.compile(
    r"^((?:how|what|why|when|where|which)(?:\s+[\w-]+){0,3}?)\s+you\s+((?:\w+ly\s+)?([a-z]+)\b.*)$",
    re.IGNORECASE | re.DOTALL,
)
_EMPHASIS = re.compile(r"(?<![\w*`])(\*{1,3}|_)(?![\s_])(.+?)(?<![\s_])\1(?![\w*`])", re.DOTALL)
_HOW_TO = re.compile(r"^how\s+(?:best\s+)?to\s+", re.IGNORECASE)
_PAST = frozenset(
    """made built led chose took dealt kept went came found got had held knew left lost met overcame ran saw spoke
    taught thought told won wrote grew gave brought bought felt became began broke drove fell sold sent spent
    understood""".split()  # noqa: SIM905
)
_NOT_PAST = frozenset("need proceed succeed feed exceed embed speed".split())  # noqa: SIM905
_FILLER = re.compile(r"^(?:any|specific|particular|some)\s+(?=\w+s\b)", re.IGNORECASE)
_OWN = re.compile(r"^(?:(?:past|previous|prior)\s+)?(?:experiences?|approach|role|contributions?)\b", re.IGNORECASE)


def spoken(line: str) -> str:
    """A follow-up as something to say to the candidate.

    "An interviewer might ask how you would test it." becomes "How would you test it?"; "Discuss the risks of that."
    becomes "Could you tell me about the risks of that?". A question stays as it is.
    """
    text = _one(_EMPHASIS.sub(r"\2", line).strip(" \t\n“”\"'"))
    if not words(text):
        return ""
    reported = _to_you(text)
    if text.endswith("?"):
        return _capital(reported if not _HOW_TO.match(reported) else _HOW_TO.sub("how would you ", reported))
    told = reported.rstrip(" .;:,?”\"'")
    prepared = _PREPARED.sub("", told)
    asked = _ABOUT.sub("", prepared)
    return _asked(asked, plain=prepared != told) if asked else ""


def _to_you(text: str) -> str:
    """What a line asks, without who asks it; where somebody asks, "I" and "my" are the candidate's."""
    asked = _ADVICE.sub("", _CANDIDATE.sub("", _REPORTED.sub("", text)))
    if asked != text:
        of_them = re.match(r"ask (?:the candidate|candidates|them)\b", text, re.IGNORECASE)
        persons = r"\b(?:they|their|them)\b" if of_them else r"\b(?:I|my|me|myself)\b"
        asked = re.sub(persons, lambda m: _YOURS[m[0].lower()], asked)
    return _HEADED.sub("", asked).strip(" :,“\"'")


def _one(text: str) -> str:
    """What to say of several sentences: up to the last question, with what leads to it; else the first."""
    parts = sentences(text) or [""]
    asking = [n for n, part in enumerate(parts, 1) if part.endswith("?")]
    return " ".join(parts[: asking[-1]]) if asking else parts[0]


def _asked(text: str, *, plain: bool) -> str:
    """A question made from an instruction, a clause or a noun phrase. `plain`: it begins with a verb of any kind."""
    first = words(text)[0] if words(text) else ""
    if first in _ASKING:
        return _as_question(text)
    if giving := _GIVING.match(text):
        return f"Could you give me {text[giving.end() :]}?"
    if telling := _TELLING.match(text):
        rest = text[telling.end() :]
        return _as_question(rest) if words(rest)[:1] and words(rest)[0] in _ASKING else _tell_me(rest)
    if first in _SHOWING:
        return f"Could you {_lower_first(text)}?"
    if first in _DOING:
        return f"How would you {_lower_first(text)}?"
    if first.endswith("ing") and len(first) > 5:
        return f"How do you go about {_lower_first(text)}?"
    if plain and re.match(r"^[a-z]+\s+(?:the|a|an|your|how|on|to)\b", text):
        return f"Could you {text}?"
    return _tell_me(text)


def _tell_me(what: str) -> str:
    what = _FILLER.sub("", _lower_first(what))
    if re.match(r"(?:an )?examples?\b", what):
        return f"Could you give me {what}?"
    own = "your " if _OWN.match(what) else ""
    return f"Could you tell me about {own}{what}?"


def _as_question(clause: str) -> str:
    """ "how you would test it" -> "How would you test it?"; what cannot be turned round is asked for."""
    clause = re.sub(r"\bthe candidate\b", "you", clause)
    if to := _HOW_TO.match(clause):
        return f"How would you {clause[to.end() :]}?"
    if inverted := _INVERTED.match(clause):
        return _capital(f"{inverted[1]} {inverted[3]} {inverted[2]}{clause[inverted.end() :]}?")
    if (plain := _YOU_DO.match(clause)) and not _is_past(plain[3]):
        return _capital(f"{plain[1]} do you {plain[2]}?")
    if re.match(rf"^(?:how|what|why|when|where|which|who)\s+(?:\w+\s+)?(?:{_MODAL})\b", clause, re.IGNORECASE):
        return _capital(f"{clause}?")
    return f"Could you tell me {_lower_first(clause)}?"


def _is_past(verb: str) -> bool:
    verb = verb.lower()
    return verb in _PAST or (verb.endswith("ed") and verb not in _NOT_PAST)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower_first(text: str) -> str:
    """The text as it goes on in a sentence: an acronym or a name in capitals stays."""
    first = text.split(maxsplit=1)[0] if text.split() else ""
    return text if sum(c.isupper() for c in first) > 1 or first == "I" else text[:1].lower() + text[1:]


def name_of(label: str | None, text: str, question: str) -> str:
    """What to call a point without saying it: its label, or two of its words that the question does not use."""
    if label:
        return label
    asked = set(content_stems(question))
    telling = [w for w in words(text) if len(w) > 3 and content_stems(w) and not set(content_stems(w)) & asked]
    return " and ".join(sorted(dict.fromkeys(telling), key=len, reverse=True)[:2]) or "what you have not said yet"


def title_of(label: str | None, text: str, limit: int = 9) -> str:
    """What to call a point or pitfall that may be told: its label, or the beginning of its text, cut between words."""
    if label:
        return label
    start = re.split(r"[,;:.(]\s", text.rstrip(". "), maxsplit=1)[0].split()
    return " ".join(start) if len(start) <= limit else " ".join(start[:limit]).rstrip(",;:") + " …"
