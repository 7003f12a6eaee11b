"""Markdown that is shown while it is still being said: word by word, wrapped as it comes, and nothing taken back.

A line waits only until its beginning says what it is, a word until it is whole, and `**bold**` until it is closed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from unicodedata import category, east_asian_width

HOLD = 300
_UNDECIDED = re.compile(r"\s*(?:>[ \t]?)*\s*(?:[-*+]|#{1,6}|\d{1,3}[.)]?|`{1,2}|~{1,2})?\s*")
_WHOLE_LINE = re.compile(r"\s*(?:>\s?)*\s*(?:```|~~~|\||-{2,}|\*{3,}|={2,})")
_QUOTE = re.compile(r"\s{0,3}((?:>\s?)+)")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_RULE = re.compile(r"\s{0,3}(?:-{3,}|\*{3,}|_{3,})\s*")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+")
_ITEM = re.compile(r"(\s*)([-*+]|\d{1,3}[.)])\s+")
_SPAN = re.compile(
    r"(?P<tick>`+)(?!`)(?P<code>.+?)(?<!`)(?P=tick)(?!`)"
    r"|\*\*(?=\S)(?P<bold>.+?)(?<=\S)\*\*"
    r"|(?<!\w)__(?=\S)(?P<bold_>.+?)(?<=\S)__(?!\w)"
    r"|\*(?![\s*])(?P<italic>[^*]+?)(?<=\S)\*(?!\*)"
    r"|(?<!\w)_(?![\s_])(?P<italic_>[^_]+?)(?<=\S)_(?!\w)"
    r"|\[(?P<link>[^\]\[]+)\]\((?P<url>[^()\s]+)\)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])",
    re.DOTALL,
)
_OPENER = re.compile(r"(?<![\w*])\*(?!\s)|(?<!\w)_(?!\s)|`|\[(?=[^\]\[]*(?:\Z|\](?:\Z|\()))|\\(?=\Z|[!-/:-@\[-`{-~])")


@dataclass(frozen=True)
class Look:
    """How blocks and spans appear. The styles are escape sequences, or "" where there are none."""

    gutter: str = "> "
    bullet: str = "-"
    rule: str = "---"
    bold: str = ""
    italic: str = ""
    code: str = ""
    dim: str = ""
    reset: str = ""


PLAIN = Look()


class MarkdownFlow:
    """Writes Markdown that comes in pieces, all of it in `style`. `width` is asked at every word; None never wraps."""

    def __init__(
        self, write: Callable[[str], None], width: Callable[[], int | None], look: Look = PLAIN, style: str = ""
    ) -> None:
        self._paper = Paper(write, width, look)
        self._look = look
        self._buffer = ""
        self._line_begins = True
        self._fenced = False
        self._gap = False
        self._quoted = 0
        self._kind = ""
        self._indent = 0
        self._held = self._before = self._tail = ""
        self._base = self._style = style

    def feed(self, piece: str) -> None:
        """Take in more, and write what is settled by it."""
        self._buffer += piece
        while self._buffer:
            line, newline, rest = self._buffer.partition("\n")
            if self._line_begins and not newline and (self._fenced or _waits(line)):
                return
            if self._line_begins:
                line = self._begin_line(line)
            self._words(line)
            self._buffer = rest
            self._line_begins = bool(newline)
            self._tail = (self._tail + line)[-2:]
            if newline:
                self._end_line()

    def finish(self) -> None:
        """Write whatever is left and end the line."""
        if self._buffer:
            self.feed("\n")
        self._end_block()
        self._paper.end_line()

    def _begin_line(self, line: str) -> str:
        """Find out what a line is, set the paper up for it, and give back its words."""
        quote = _QUOTE.match(line)
        quoted = quote[1].count(">") if quote else 0
        inner = line[quote.end() :] if quote else line
        if quoted != self._quoted:
            self._gap = self._gap or (self._paper.used and bool(inner.strip()))
            self._end_block()
        if _FENCE.match(inner) or self._fenced:
            return self._verbatim(inner, quoted)
        if not inner.strip():
            self._end_block()
            self._gap, self._quoted = True, min(quoted, self._quoted)
            return ""
        return self._begin_block(inner, quoted)

    def _verbatim(self, inner: str, quoted: int) -> str:
        if _FENCE.match(inner):
            self._end_block()
            self._fenced = not self._fenced
        else:
            self._open(quoted, "code", "    ", "    ")
            self._paper.raw(inner, self._look.code)
        return ""

    def _begin_block(self, inner: str, quoted: int) -> str:
        if _RULE.fullmatch(inner):
            self._open(quoted, "rule", "", "")
            self._paper.raw(self._look.rule, self._look.dim)
            return ""
        if inner.lstrip().startswith("|"):
            self._open(quoted, "table", "", "")
            self._paper.raw(inner.strip(), "")
            return ""
        if heading := _HEADING.match(inner):
            self._open(quoted, "heading", "", "")
            self._style = self._base + self._look.bold
            return inner[heading.end() :]
        if item := _ITEM.match(inner):
            mark = item[2] if item[2][0].isdigit() else self._look.bullet
            indent = len(item[1].expandtabs(4)) * " "
            self._open(quoted, "item", f"{indent}{mark} ", indent + " " * (len(mark) + 1))
            return inner[item.end() :]
        return self._paragraph(inner, quoted)

    def _paragraph(self, inner: str, quoted: int) -> str:
        """Go on with a paragraph, or an item, that is open; else begin one, inside the item it is indented under."""
        words = inner.lstrip()
        if self._kind in ("paragraph", "item") and not self._gap:
            return words
        inside = min(self._indent, len(inner) - len(words))
        self._open(quoted, "paragraph", " " * inside, " " * inside)
        return words

    def _open(self, quoted: int, kind: str, first: str, rest: str) -> None:
        self._end_block()
        self._paper.begin(quoted, first, rest, gap=min(quoted, self._quoted) if self._gap else None)
        self._gap, self._quoted, self._kind = False, quoted, kind
        self._indent = len(rest) if kind in ("item", "paragraph") else 0

    def _end_line(self) -> None:
        """A line break is a space, unless two spaces or a backslash come before it."""
        tail, self._tail = self._tail, ""
        if self._kind == "heading":
            self._end_block()
        elif self._kind in ("paragraph", "item"):
            broken = tail == "  " or (tail[-1:] == "\\" and tail != "\\\\")
            if broken and self._held.endswith("\\"):
                self._held = self._held[:-1]
            self._words("\n" if broken else " ")

    def _end_block(self) -> None:
        self._settle(final=True)
        self._paper.end_word()
        self._kind = self._before = ""
        self._style = self._base

    def _words(self, text: str) -> None:
        self._held += text
        self._settle(final=False)

    def _settle(self, *, final: bool) -> None:
        """Hand on what can no longer become something else."""
        text, start = self._before + self._held, len(self._before)
        while opener := _OPENER.search(text, start):
            at = opener.start()
            span = _SPAN.match(text, at)
            self._paper.add(text[start:at], self._style)
            start = at
            if span:
                self._span(span, self._style)
                start = span.end()
            elif not final and len(text) - at < HOLD:
                break
            else:
                self._paper.add(text[at], self._style)
                start = at + 1
        else:
            self._paper.add(text[start:], self._style)
            start = len(text)
        self._before, self._held = text[max(0, start - 1) : start], text[start:]

    def _span(self, span: re.Match[str], style: str) -> None:
        part = span.groupdict()
        if code := part["code"]:
            self._paper.add(code, style + self._look.code)
        elif escaped := part["escaped"]:
            self._paper.add(escaped, style)
        elif link := part["link"]:
            self._inside(link, style)
            self._paper.add("" if part["url"] == link else f" ({part['url']})", style + self._look.dim)
        elif bold := part["bold"] or part["bold_"]:
            self._inside(bold, style + self._look.bold)
        elif italic := part["italic"] or part["italic_"]:
            self._inside(italic, style + self._look.italic)

    def _inside(self, text: str, style: str) -> None:
        start = 0
        for span in _SPAN.finditer(text):
            self._paper.add(text[start : span.start()], style)
            self._span(span, style)
            start = span.end()
        self._paper.add(text[start:], style)


def _waits(line: str) -> bool:
    """Whether the beginning of a line may still become something else."""
    return bool(_UNDECIDED.fullmatch(line) or _WHOLE_LINE.match(line))


class Paper:
    """Words on lines: wraps, hangs and keeps margins. A word is written once it is whole."""

    def __init__(self, write: Callable[[str], None], width: Callable[[], int | None], look: Look) -> None:
        self._write = write
        self._width = width
        self._look = look
        self._word: list[tuple[str, str]] = []
        self._gutter = self._indent = self._next_indent = ""
        self._column = 0
        self._fresh = True
        self.used = False

    def begin(self, quoted: int, first: str, rest: str, *, gap: int | None) -> None:
        """A new block, in so many quotes, with these indents; before it an empty line, in `gap` quotes, or none."""
        self.end_line()
        if gap is not None and self.used:
            self._write(self._styled((self._look.gutter * gap).rstrip(), self._look.dim) + "\n")
        self._gutter, self._indent, self._next_indent = self._look.gutter * quoted, first, rest
        self.used = True

    def add(self, text: str, style: str) -> None:
        """More text of a block; "\\n" breaks the line."""
        for part in re.findall(r"\n|[ \t\r]+|[^ \t\r\n]+", text):
            if part[0] not in " \t\r\n":
                self._grow(part, style)
                continue
            self.end_word()
            if part == "\n":
                self.end_line()

    def _grow(self, part: str, style: str) -> None:
        """More of the word that is coming."""
        if self._word and self._word[-1][0] == style:
            part = self._word.pop()[1] + part
        self._word.append((style, part))

    def raw(self, line: str, style: str) -> None:
        """A line that is neither read nor wrapped."""
        self._start()
        self._write(self._styled(line, style))
        self.end_line()

    def end_word(self) -> None:
        """The word that was coming is whole."""
        if not self._word:
            return
        word, self._word = self._word, []
        width = self._width()
        if width and not self._fresh and self._column + 1 + sum(cells(t) for _, t in word) > width:
            self.end_line()
        if self._fresh:
            self._start()
        else:
            self._write(" ")
            self._column += 1
        for style, text in word:
            self._put(text, style, width)

    def end_line(self) -> None:
        """Go to a new line, unless it is one already."""
        self.end_word()
        if not self._fresh:
            self._write("\n")
            self._fresh, self._indent = True, self._next_indent

    def _start(self) -> None:
        self._write(self._styled(self._gutter, self._look.dim) + self._indent)
        self._column, self._fresh = cells(self._gutter + self._indent), False

    def _put(self, text: str, style: str, width: int | None) -> None:
        """Write a word, or a part of one; what is longer than a line is cut where the line ends."""
        margin = cells(self._gutter + self._next_indent)
        for number, part in enumerate(cut(text, width - self._column, width - margin) if width else [text]):
            if number:
                self.end_line()
                self._start()
            self._write(self._styled(part, style))
            self._column += cells(part)

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{self._look.reset}" if style and text else text


def cut(text: str, first: int, rest: int) -> Iterator[str]:
    """A text in parts of at most `first` and then `rest` cells; the first may be empty, the others never are."""
    room, part, used = first, "", 0
    for character in text:
        size = cells(character)
        if used + size > room and (part or room is first):
            yield part
            room, part, used = max(rest, 1), "", 0
        part += character
        used += size
    yield part


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells(c) for c in text)


def _cells(character: str) -> int:
    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
