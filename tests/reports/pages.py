"""What tests need to read a page: its elements, checked for balance, and its visible text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Reader(HTMLParser):
    """Parses a page, and fails where an element is closed that is not open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.style = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            self.style += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def attributes(self, name: str) -> list[str]:
        return [value or "" for _, attrs in self.elements if (value := attrs.get(name)) is not None]


def assert_sound(page: str) -> Reader:
    """A page that is balanced, points only into itself, and can load or run nothing."""
    reader = Reader(page)
    ids = reader.attributes("id")
    assert len(ids) == len(set(ids))
    assert not {tag for tag, _ in reader.elements} & {"script", "img", "link", "iframe", "object", "base", "form"}
    for _, attrs in reader.elements:
        assert not [name for name in attrs if name.startswith("on") or name in ("src", "style", "action", "srcset")]
    for target in reader.attributes("href"):
        assert target[:1] == "#"
        assert target[1:] in ids
    for names in [*reader.attributes("aria-labelledby"), *reader.attributes("aria-describedby")]:
        assert set(names.split()) <= set(ids)
    assert not re.search(r"url\(|@import|expression\(", reader.style)
    return reader
