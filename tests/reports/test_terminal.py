from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console, RenderableType

from interviewer.reports.terminal import MOST_WIDE, OnTerminal, Page


def printed(report: OnTerminal, width: int, encoding: str = "utf-8", *, colour: bool = False) -> str:
    """What a terminal of this width and encoding gets."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    console = Console(file=file, width=width, force_terminal=colour, legacy_windows=False)
    console.print(report)
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize(("width", "most"), [(40, 40), (120, MOST_WIDE)])
def test_lines_never_pass_the_width(width: int, most: int) -> None:
    def render(page: Page) -> Iterator[RenderableType]:
        yield page.heading("word " * 60)
        yield page.indented("x" * 500)
        yield page.item("1.", page.text("word " * 60), by=4)
        yield page.bar(50, page.width - 2)

    lines = printed(OnTerminal(render), width).split("\n")
    assert max(len(line) for line in lines) <= most


@pytest.mark.parametrize("score", [0, 0.4, 50, 100])
def test_a_bar_has_its_width(score: float) -> None:
    def render(page: Page) -> Iterator[RenderableType]:
        yield page.bar(score, 20)

    line = printed(OnTerminal(render), 80, "ascii").rstrip("\n")
    assert len(line.rstrip(" ")) == 20
    assert line.count("#") == round(score / 5)


def test_signs_are_plain_where_the_encoding_is() -> None:
    def render(page: Page) -> Iterator[RenderableType]:
        yield page.text("".join(page.signs))
        yield page.quote("naïve – 日本 [bold]x[/bold] :smile:")

    text = printed(OnTerminal(render), 80, "ascii")
    assert text.isascii()
    assert '"na?ve - ?? [bold]x[/bold] :smile:"' in text
    assert "✓" in printed(OnTerminal(render), 80)
