"""Whether a sentence advises or names a mistake, judged by how it begins. English only; silent when in doubt."""

from __future__ import annotations

import re

from interviewer.guides.wording import sentences, words

# Openings that advise whatever follows.
_ADVICE = re.compile(
    r"(?:always|ensure|make sure|be sure|be (?:aware|mindful|prepared|ready|transparent|honest|specific|clear)"
    r"|remember"
    r"|it is (?:important|essential|crucial|vital|best|advisable|recommended)"
    r"|it's (?:important|essential|crucial|vital)"
    r"|consider|strive|aim to|try to|take care)\b(?! not\b)",
    re.I,
)

# Imperatives that advise unless the sentence shows that it is the wrong way of doing it.
_IMPERATIVE_VERBS = """
    adapt address adopt align allow analyze apply ask assess automate back balance base build check choose clarify
    collaborate combine communicate conduct confirm create define demonstrate design develop document emphasize
    encourage engage establish evaluate explain follow highlight identify implement include incorporate involve keep
    leverage listen maintain manage measure mention monitor offer optimize perform plan prepare prioritize provide
    regularly review seek select set show start stay support tailor test thoroughly track train understand use utilize
    validate verify
    """
_IMPERATIVES = frozenset(_IMPERATIVE_VERBS.split())

# What makes an imperative the description of a mistake: "Use one metric only", "Build first and ask later".
_WRONG = re.compile(
    r"\b(?:avoid\w*|don't|do not|does not|never|not|no|without|only|solely|just|too|overly|excessive\w*|blindly"
    r"|ignor\w+|fail\w*|neglect\w*|overlook\w*|forget\w*|lack\w*|mis\w+|over(?:-\w|\w)\w*|delay\w*|poor\w*|insufficient\w*|inadequate\w*"
    r"|incorrect\w*|wrong\w*|unnecessar\w+|instead of|rather than|assum\w+|skip\w*|rush\w*|confus\w+"
    r"|hard-?cod\w+|cannot|can't)\b",
    re.I,
)

# A duty in the main clause, so not "says that it must" nor "because it is important".
_DUTY = re.compile(
    r"(?:(?!\b(?:because|that|as|when|if|which|who|since|so|says|claims|thinks|believes|assumes)\b)[^,;:])*?"
    r"\b(?:(?:should|must|needs? to)\b(?! not\b)|(?:is|are) (?:essential|crucial|vital|important|key)\b)",
    re.I,
)

# Openings that name a mistake and could hardly begin a good answer's statement.
_BLAME = re.compile(
    r"(?:(?:ignoring|neglecting|overlooking|forgetting|underestimating|overestimating|mistaking|disregarding)\b"
    r"|fail(?:s|ing) to\b|(?:forgets|neglects|overlooks|disregards)\b"
    r"|(?:relying|focusing|focussing|depending|concentrating) (?:only|solely|exclusively|too|entirely|blindly)\b"
    r"|over-?(?:optimi|custom|us(?:e|ing)|commit|promis|sell|engineer|complicat|rely|reli|estimat|simplif|generali)\w*"
    r"|mis(?:interpret|configur|understand|judg|communicat)\w*|micromanag\w*|jumping to conclusions"
    r"|not (?!only|all|every|just|always)\w+ing\b|lack of (?:preparation|understanding|communication|planning)\b"
    r"|(?:common |typical |frequent )?(?:mistake|pitfall|error|misconception)s?\b(?= *:| *$))",
    re.I,
)

_ABOUT_MISTAKES = re.compile(
    r"\b(?:mistake|pitfall|wrong|risk|challenge|problem|issue|fail|avoid|cause|anti-?pattern|disadvantage|drawback"
    r"|downside|limitation|threat|vulnerab|danger|prevent|reason)\w*",
    re.I,
)


def advises(text: str, label: str | None) -> bool:
    """Whether a statement says what to do, rather than what is done wrong. A label that names the mistake settles."""
    if label and (_WRONG.search(label) or label.lower().split(" ")[0].endswith("ing")):
        return False
    statement = behind_label(text, label)
    first = (sentences(statement) or [""])[0]
    if _ADVICE.match(first):
        return True
    return not _WRONG.search(first) and (_is_imperative(first) or bool(_DUTY.match(first)))


def blames(text: str, label: str | None) -> bool:
    """Whether a statement names a mistake."""
    return bool(_BLAME.match(label or "") or _BLAME.match(behind_label(text, label)))


def asks_about_mistakes(question: str) -> bool:
    """Whether the statements of a good answer may well be mistakes, risks or causes."""
    return bool(_ABOUT_MISTAKES.search(question))


def behind_label(text: str, label: str | None) -> str:
    """The statement without "Label:", whether or not the text repeats its label."""
    return text[len(label) :].lstrip(" :–—-*") if label and text.startswith(label) else text


def _is_imperative(sentence: str) -> bool:
    opening = words(sentence)[:2]
    return bool(opening) and opening[0] in _IMPERATIVES and opening[1:] not in (["of"], ["and"], ["or"])
