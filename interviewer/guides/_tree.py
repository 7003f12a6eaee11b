"""Markdown as a small tree: headings in order, each with its blocks, each block with its label and its children.

One pass over markdown-it's tokens. Nothing here knows what a label means, except where a line has to be cut: a pitfall
or a follow-up that begins in mid-sentence starts a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

from markdown_it import MarkdownIt
from markdown_it.token import Token

from interviewer.guides._lines import Line, lines_of
from interviewer.guides.vocabulary import Role, role_of

# Counted in markdown-it's levels, of which a nested list takes two.
MAX_LEVELS = 40

_OUTSIDE = frozenset({Role.ANSWER, Role.KEY_POINTS, Role.PITFALL, Role.FOLLOW_UP, Role.DIFFICULTY})
_VERBATIM = frozenset({"fence", "html_block"})
_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": MAX_LEVELS}).enable("table")


class Kind(Enum):
    """What a block is in the Markdown."""

    ITEM = auto()
    PARAGRAPH = auto()
    CODE = auto()
    TABLE = auto()
    RULE = auto()


@dataclass(slots=True)
class Node:
    """A block: its label, what it says without the label, and what stands below it. `line` is 1-based.

    `bold` marks a text that is emphasised as a whole, as headings within lists are. `number` is the item's number in an
    ordered list.
    """

    kind: Kind
    line: int
    text: str = ""
    label: str | None = None
    bold: bool = False
    number: str = ""
    attributes: str | None = None
    children: list[Node] = field(default_factory=list)

    @property
    def full_text(self) -> str:
        """Label and text as one."""
        return f"{self.label}: {self.text}".rstrip(" :") if self.label else self.text


@dataclass(slots=True)
class Section:
    """A heading and the blocks up to the next heading. Level 0 is what stands before the first heading."""

    level: int
    text: str
    line: int
    attributes: str | None = None
    blocks: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Tree:
    """The sections of a file in order, and the lines that are code or HTML.

    `too_deep` is the line at which nesting went beyond MAX_LEVELS, or None; `unclosed` are the lines that open code or
    a comment which nothing closes.
    """

    sections: list[Section]
    too_deep: int | None = None
    verbatim: frozenset[int] = frozenset()
    unclosed: tuple[int, ...] = ()


def read_tree(text: str, first_line: int) -> Tree:
    """The tree of a Markdown text whose first line has the 1-based number `first_line` in its file."""
    builder = _Builder(first_line, text.split("\n"))
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        builder.take(token)
    blocks = [(token, token.map[0], token.map[1]) for token in tokens if token.map and token.type in _VERBATIM]
    verbatim = frozenset(number + first_line for _, start, end in blocks for number in range(start, end))
    lines = text.rstrip().split("\n")
    unclosed = tuple(start + first_line for token, start, end in blocks if _is_unclosed(token, start, end, lines))
    return Tree(builder.sections, builder.too_deep, verbatim, unclosed)


def _is_unclosed(token: Token, start: int, end: int, lines: list[str]) -> bool:
    """Whether code or a comment on these lines takes all that follow, or the beginning of other code, as its own."""
    if token.type == "html_block":
        return token.content.lstrip().startswith("<!--") and "-->" not in token.content
    content = [line.strip() for line in token.content.split("\n")]
    if any(line.startswith(token.markup) and line.strip("`~") for line in content):
        return True
    closed = len(lines) > start + 1 and lines[-1].strip(" \t>").startswith(token.markup)
    return end >= len(lines) and not closed


class _Builder:
    """Turns the token stream into sections. `_open` holds the children lists of the blocks that are still open."""

    def __init__(self, first_line: int, lines: list[str]) -> None:
        self._first_line = first_line
        self._lines = lines
        self.sections = [Section(0, "", first_line)]
        self.too_deep: int | None = None
        self._items: list[Node] = []
        self._heading: Section | None = None
        self._row: Node | None = None

    def take(self, token: Token) -> None:
        """Add one token."""
        if token.level >= MAX_LEVELS - 1 and self.too_deep is None:
            self.too_deep = self._line(token)
        handler = _HANDLERS.get(token.type)
        if handler is not None:
            handler(self, token)

    def _line(self, token: Token) -> int:
        return (token.map[0] if token.map else 0) + self._first_line

    def _siblings(self) -> list[Node]:
        return self._items[-1].children if self._items else self.sections[-1].blocks

    def open_heading(self, token: Token) -> None:
        if token.level == 0:
            self._heading = Section(int(token.tag[1]), "", self._line(token))

    def close_heading(self, token: Token) -> None:
        if self._heading is not None:
            self.sections.append(self._heading)
            self._heading = None

    def open_item(self, token: Token) -> None:
        item = Node(Kind.ITEM, self._line(token), number=token.info)
        self._siblings().append(item)
        self._items.append(item)

    def close_item(self, token: Token) -> None:
        item = self._items.pop()
        outside = self._first_outside(item)
        item.children, freed = adopt(item.children[:outside]), item.children[outside:]
        if not (item.text or item.label or item.children):
            self._siblings().pop()
        self._siblings().extend(freed)

    def _first_outside(self, item: Node) -> int:
        """From which child on an item's children are none: Markdown lets a line without indent go on in an item.

        A section's name that stands so, with no empty line before it, is meant to stand outside.
        """
        places = range(len(item.children))
        return next((place for place in places if self._is_outside(item.children[place], item)), len(places))

    def _is_outside(self, node: Node, item: Node) -> bool:
        if node.kind is not Kind.PARAGRAPH or node.line == item.line:
            return False
        name = node.label or (node.text if node.bold else "")
        return role_of(name) in _OUTSIDE and self._indent(node.line) <= self._indent(item.line)

    def _indent(self, line: int) -> int:
        text = self._lines[line - self._first_line].expandtabs(4)
        return len(text) - len(text.lstrip(" >"))

    def add_inline(self, token: Token) -> None:
        lines = lines_of(token, self._line(token))
        if self._row is not None:
            self._row.text += " | " * bool(self._row.text) + " ".join(line.full_text for line in lines)
        elif self._heading is not None:
            self._heading.text = " ".join(line.full_text for line in lines)
            self._heading.attributes = lines[-1].attributes if lines else None
        else:
            self._add_lines(lines)

    def _add_lines(self, lines: list[Line]) -> None:
        item = self._items[-1] if self._items else None
        if item is not None and lines and not (item.text or item.label or item.children):
            _fill(item, lines.pop(0))
        self._siblings().extend(_fill(Node(Kind.PARAGRAPH, line.line), line) for line in lines)

    def add_code(self, token: Token) -> None:
        self._siblings().append(Node(Kind.CODE, self._line(token), token.content, label=token.info.strip() or None))

    def add_rule(self, token: Token) -> None:
        self._siblings().append(Node(Kind.RULE, self._line(token)))

    def open_row(self, token: Token) -> None:
        self._row = Node(Kind.TABLE, self._line(token))
        self._siblings().append(self._row)

    def close_row(self, token: Token) -> None:
        self._row = None


_HANDLERS = {
    "heading_open": _Builder.open_heading,
    "heading_close": _Builder.close_heading,
    "list_item_open": _Builder.open_item,
    "list_item_close": _Builder.close_item,
    "inline": _Builder.add_inline,
    "fence": _Builder.add_code,
    "code_block": _Builder.add_code,
    "hr": _Builder.add_rule,
    "tr_open": _Builder.open_row,
    "tr_close": _Builder.close_row,
}


def _fill(node: Node, line: Line) -> Node:
    node.text, node.label, node.bold, node.attributes = line.text, line.label, line.bold, line.attributes
    return node


def adopt(nodes: Iterable[Node]) -> list[Node]:
    """The blocks with every labelled paragraph made the parent of what follows it, up to the next or a rule.

    "**Answer:**" and the list below it are siblings in Markdown; the writer means the list to be the answer.
    """
    grouped: list[Node] = []
    opener: Node | None = None
    for node in nodes:
        if node.kind is Kind.RULE:
            opener = None
        if _opens(node):
            opener = node
        elif opener is not None:
            opener.children.append(node)
            continue
        grouped.append(node)
    return grouped


def is_bare(node: Node) -> bool:
    """Whether there is nothing but the node's name."""
    return not node.children and not (node.text and node.label)


def states(node: Node) -> bool:
    """Whether a node of a list says something behind its label, rather than heading what stands below it."""
    return node.kind is Kind.ITEM and bool(node.label and node.text) and not node.text.endswith(":")


def _opens(node: Node) -> bool:
    return node.kind is Kind.PARAGRAPH and (node.bold or node.label is not None)


_NUMBERED = re.compile(r"^(?P<head>[A-Za-z][A-Za-z /-]{0,58}?) (?:#?\d{1,3}|[A-Z]|[IVX]{1,4})$")


def head_of(label: str) -> tuple[str, bool]:
    """The part of a label that can name a role, and whether it numbers one of several: "Scenario 2: A bank"."""
    head = label if role_of(label) else label.partition(":")[0].strip()
    match = _NUMBERED.match(head)
    return (match["head"], True) if match else (head, False)
