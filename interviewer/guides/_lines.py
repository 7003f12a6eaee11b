"""Inline Markdown as lines of plain text, with the label in front of each split off.

Markdown joins the lines of a paragraph. Writers often do not mean it: a line that begins with a label is a statement of
its own, and so is a pitfall or a follow-up that begins in the middle of a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from markdown_it.token import Token

from interviewer.guides.vocabulary import Role, role_of

_PLAIN_LABEL = re.compile(r"^([A-Z][^:.?!,;]{0,48}?)\s*:(?:\s+|$)")
_AFTER_LABEL = re.compile(r"^\s*(?::|[–—]|-(?=\s))\s*")
_ATTRIBUTES = re.compile(r"\{ ?(#[^{}]*|[\w-]+ ?=[^{}]*|weight\b[^{}]*)\}$")
_UNCLOSED = re.compile(r"\{ ?(?:#[A-Za-z0-9][\w.-]*|weight ?[=:] ?[\w.]*)$")
_WEIGHT = re.compile(r" ?\{ ?(weight ?[=:][^{}]*)\}", re.IGNORECASE)
_MAX_ATTRIBUTES = 200
_CUTTING_ROLES = frozenset({Role.PITFALL, Role.FOLLOW_UP})
_MAX_LABEL_WORDS = 6
_MAX_LABEL = 90
_BREAKS = frozenset({"softbreak", "hardbreak"})
_OPENING = frozenset({"strong_open", "em_open"})
_CLOSING = frozenset({"strong_close", "em_close"})


@dataclass(slots=True)
class Line:
    """A statement: `label` and `text` without markup; `bold` where all of it was; `attributes` from a final {...}.

    Attributes that are never closed keep their opening brace.
    """

    line: int
    text: str
    label: str | None = None
    bold: bool = False
    attributes: str | None = None

    @property
    def full_text(self) -> str:
        """Label and text as one."""
        return f"{self.label}: {self.text}" if self.label else self.text


@dataclass(slots=True)
class _Draft:
    """A line while its tokens are read. `lead` is the length of the emphasised text that it begins with, or 0."""

    line: int
    parts: list[str] = field(default_factory=list)
    lead: int = 0
    in_lead: bool = False
    strong: bool = False
    ends_in_code: bool = False
    tells_of_weight: bool = False


def lines_of(token: Token, line: int) -> list[Line]:
    """The lines of an inline token that begins on the 1-based line `line`."""
    reader = _Reader(token.children or [], line)
    finished = [_finish(draft) for draft in reader.read()]
    return [entry for entry in finished if entry.text or entry.label]


class _Reader:
    """Reads inline tokens into drafts, cutting where a label begins."""

    def __init__(self, tokens: list[Token], line: int) -> None:
        self._tokens = tokens
        self._line = line
        self._depth = 0
        self._drafts = [_Draft(line)]

    def read(self) -> list[_Draft]:
        for index, token in enumerate(self._tokens):
            if token.type in _BREAKS:
                self._break(index)
            elif token.type in _OPENING:
                self._open(index, token)
            elif token.type in _CLOSING:
                self._close()
            elif token.content and token.type != "html_inline":
                self._drafts[-1].parts.append(token.content)
                self._drafts[-1].ends_in_code = token.type == "code_inline"
                self._drafts[-1].tells_of_weight |= token.type == "code_inline" and "weight" in token.content
        return self._drafts

    def _break(self, index: int) -> None:
        self._line += 1
        if self._depth == 0 and _begins_line(self._tokens, index + 1):
            self._drafts.append(_Draft(self._line))
        else:
            self._drafts[-1].parts.append(" ")

    def _open(self, index: int, token: Token) -> None:
        if self._depth == 0 and self._drafts[-1].parts and _cuts(self._tokens, index):
            self._drafts.append(_Draft(self._line))
        draft = self._drafts[-1]
        if not draft.parts:
            draft.in_lead = True
            draft.strong = draft.strong or token.type == "strong_open"
        self._depth += 1

    def _close(self) -> None:
        self._depth -= 1
        draft = self._drafts[-1]
        if self._depth == 0 and draft.in_lead:
            draft.lead = sum(map(len, draft.parts))
            draft.in_lead = False


def _begins_line(tokens: list[Token], index: int) -> bool:
    """Whether the tokens after a line break begin a statement of their own."""
    while index < len(tokens) and tokens[index].type == "text" and not tokens[index].content.strip():
        index += 1
    if index == len(tokens):
        return False
    if tokens[index].type in _OPENING:
        label, is_label = _emphasised(tokens, index)
        return is_label and (tokens[index].type == "strong_open" or role_of(label) is not None)
    match = _PLAIN_LABEL.match(tokens[index].content)
    return match is not None and role_of(match[1]) is not None


def _cuts(tokens: list[Token], index: int) -> bool:
    """Whether the emphasis that opens here is a label that cannot belong to the statement before it."""
    label, is_label = _emphasised(tokens, index)
    return is_label and role_of(label) in _CUTTING_ROLES


def _emphasised(tokens: list[Token], index: int) -> tuple[str, bool]:
    """The text of the emphasis that opens at `index`, and whether it stands like a label: before a colon or alone."""
    depth = 0
    parts = []
    for end in range(index, len(tokens)):
        token = tokens[end]
        depth += (token.type in _OPENING) - (token.type in _CLOSING)
        parts.append(token.content)
        if depth == 0 or token.type in _BREAKS:
            break
    text = "".join(parts).strip()
    after = next((t for t in tokens[end + 1 : end + 3] if t.content or t.type != "text"), None)
    if after is None or after.type in _BREAKS or text.endswith(":"):
        return text.rstrip(" :"), True
    return text, after.content.startswith(":")


def _finish(draft: _Draft) -> Line:
    text = "".join(draft.parts)
    attributes = None
    if not draft.ends_in_code and "{" in text:
        text, attributes = _without_attributes(text)
    if attributes is None and not draft.tells_of_weight:
        text, attributes = _without_weight(draft, text)
    lead, rest = text[: draft.lead].strip(), text[draft.lead :].strip()
    label, statement, bold = _split(text.strip(), lead, rest, draft.strong)
    return Line(draft.line, " ".join(statement.split()), label, bold, attributes)


def _without_attributes(text: str) -> tuple[str, str | None]:
    """The text before its final {...}, and what that holds; other braces are part of the text."""
    start = text.rfind("{")
    tail = " ".join(text[start:].split()) if len(text) - start <= _MAX_ATTRIBUTES else ""
    if _UNCLOSED.match(tail):
        return text[:start], tail
    match = _ATTRIBUTES.match(tail)
    return (text[:start], match[1].strip()) if match else (text, None)


def _without_weight(draft: _Draft, text: str) -> tuple[str, str | None]:
    """The text without any {weight=2} within it, and what that holds."""
    found = list(_WEIGHT.finditer(text))
    draft.lead -= sum(max(0, min(match.end(), draft.lead) - match.start()) for match in found)
    return _WEIGHT.sub("", text), ", ".join(match[1].strip() for match in found) or None


def _split(whole: str, lead: str, rest: str, strong: bool) -> tuple[str | None, str, bool]:
    """Label, statement, and whether the statement was bold as a whole."""
    if lead and len(lead) <= _MAX_LABEL:
        if lead.endswith(":"):
            return lead[:-1].rstrip(), rest, False
        after = _AFTER_LABEL.match(rest)
        if after:
            return lead, rest[after.end() :], False
    label, statement = _split_plain(whole)
    return label, statement, strong and bool(lead) and not rest.strip(" .:?!")


def _split_plain(text: str) -> tuple[str | None, str]:
    """A label without emphasis: a few words before the first colon."""
    match = _PLAIN_LABEL.match(text)
    if match and len(match[1].split()) <= _MAX_LABEL_WORDS:
        return match[1], text[match.end() :]
    return None, text
