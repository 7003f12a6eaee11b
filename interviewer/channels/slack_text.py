"""Text to and from Slack: Markdown becomes rich_text elements, Slack's own markup becomes plain words.

Rich text names what everything is, so nothing that a candidate or a guide wrote can become a mention or a link here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

Json = dict[str, Any]
LONGEST_TEXT = 3_900
"""Slack refuses an edit whose plain text has more than 4,000 characters."""

_MARKED = re.compile(r"<([^<>]+)>")
_NAMED = {"@": "@someone", "#": "#channel", "!": "@group"}


def plain(text: str) -> str:
    """A message as its author typed it: mentions and links as words, entities as signs."""
    shown = _MARKED.sub(lambda found: _meant(found[1]), text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _meant(inner: str) -> str:
    target, _, label = inner.partition("|")
    sign = target[:1]
    if sign == "!":
        named = target[1:].partition("^")[0]
        return label or (f"@{named}" if named in ("here", "channel", "everyone") else _NAMED["!"])
    if sign in _NAMED:
        return f"{sign}{label.removeprefix(sign)}" if label else _NAMED[sign]
    address = target.removeprefix("mailto:")
    return address if not label or label in address else f"{label} ({address})"


def escaped(text: str) -> str:
    """Plain text for a `text` field, where nothing of it is markup; cut where Slack would refuse it."""
    whole = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return whole if len(whole) <= LONGEST_TEXT else whole[: LONGEST_TEXT - 2].rsplit(" ", 1)[0] + " …"


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False})


def rich_text(markdown: str) -> Json:
    """A rich_text block that shows this Markdown. There is at least one element."""
    writer = _Writer()
    for token in _parser().parse(markdown):
        writer.take(token)
    elements = writer.elements or [_section([_text(" ")])]
    return {"type": "rich_text", "elements": elements}


def _text(words: str, style: Json | None = None) -> Json:
    return {"type": "text", "text": words, **({"style": style} if style else {})}


def _section(elements: Sequence[Json]) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


class _Writer:
    """Goes through the tokens of a text. `_lists` are the open lists, innermost last: style, next number."""

    def __init__(self) -> None:
        self.elements: list[Json] = []
        self._quotes = 0
        self._lists: list[tuple[str, int]] = []
        self._fresh_item = False
        self._heading = False

    def take(self, token: Token) -> None:
        """One token."""
        match token.type:
            case "blockquote_open":
                self._quotes += 1
            case "blockquote_close":
                self._quotes -= 1
            case "bullet_list_open":
                self._lists.append(("bullet", 0))
            case "ordered_list_open":
                self._lists.append(("ordered", int(token.attrGet("start") or 1) - 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._fresh_item = True
            case "heading_open" | "heading_close":
                self._heading = token.type == "heading_open"
            case "inline":
                bold = {"bold": True} if self._heading else {}
                self._words(list(_inline(token.children or [], bold)))
            case "fence" | "code_block":
                self._code(token.content.rstrip("\n"))
            case _:
                pass

    def _words(self, elements: list[Json]) -> None:
        if not elements:
            return
        if self._lists:
            self._item(elements)
        elif self._quotes:
            self._append("rich_text_quote", elements)
        else:
            self._append("rich_text_section", elements)

    def _append(self, kind: str, elements: list[Json]) -> None:
        """A paragraph; one that follows another of its kind stands behind an empty line in the same element."""
        last = self.elements[-1] if self.elements else None
        if last and last["type"] == kind:
            last["elements"] += [_text("\n\n"), *elements]
        else:
            self.elements.append({"type": kind, "elements": elements})

    def _item(self, elements: list[Json]) -> None:
        style, number = self._lists[-1]
        last = self.elements[-1] if self.elements else None
        indent, border = len(self._lists) - 1, int(bool(self._quotes))
        like = {"type": "rich_text_list", "style": style, "indent": min(indent, 8), "border": border}
        continued = bool(last) and all(last.get(k) == v for k, v in like.items()) if last else False
        if not self._fresh_item and continued and last:
            last["elements"][-1]["elements"] += [_text("\n"), *elements]
            return
        if not continued or last is None:
            offset = {"offset": number} if style == "ordered" and number else {}
            last = {**like, **offset, "elements": []}
            self.elements.append(last)
        last["elements"].append(_section(elements))
        self._lists[-1] = (style, number + 1)
        self._fresh_item = False

    def _code(self, code: str) -> None:
        border = {"border": 1} if self._quotes else {}
        self.elements.append({"type": "rich_text_preformatted", "elements": [_text(code or " ")], **border})


def _inline(tokens: Sequence[Token], style: Json) -> Iterator[Json]:
    held: Json = dict(style)
    link = ""
    for token in tokens:
        match token.type:
            case "strong_open" | "em_open":
                held = {**held, "bold" if token.type == "strong_open" else "italic": True}
            case "strong_close" | "em_close":
                ended = "bold" if token.type == "strong_close" else "italic"
                held = {k: v for k, v in held.items() if k != ended or k in style}
            case "link_open":
                link = str(token.attrGet("href") or "")
            case "link_close":
                link = ""
            case "softbreak" | "hardbreak":
                yield _text(" " if token.type == "softbreak" else "\n")
            case _ if token.content:
                shown = {**held, "code": True} if token.type == "code_inline" else held
                if link.startswith(("http://", "https://")):
                    yield {"type": "link", "url": link, "text": token.content, **({"style": shown} if shown else {})}
                else:
                    yield _text(token.content, shown)
            case _:
                pass
