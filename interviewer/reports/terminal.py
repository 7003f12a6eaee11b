"""What every report needs on a terminal: lines that wrap at any width, bars, and signs that the encoding has.

Nothing here reads markup in a text: texts reach rich as `Text`, already clean of control characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from interviewer.domain.display import encodable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

MOST_WIDE = 100
NARROW = 60


class Signs(NamedTuple):
    """The signs of a report."""

    made: str
    partly: str
    opposite: str
    missing: str
    sought: str
    pitfall: str
    note: str
    full: str
    empty: str


UNICODE = Signs("✓", "◐", "≠", "○", "·", "▲", "•", "█", "░")
ASCII = Signs("+", "~", "x", "-", "-", "!", "*", "#", ".")
STYLES = {"made": "green", "partly": "yellow", "opposite": "red", "missing": "", "sought": "", "pitfall": "red"}


class Page:
    """Makes renderables that fit one terminal."""

    def __init__(self, options: ConsoleOptions) -> None:
        self.encoding = options.encoding
        self.width = min(options.max_width, MOST_WIDE)
        self.narrow = self.width < NARROW
        self.signs = ASCII if options.ascii_only else UNICODE

    def text(self, words: str, style: str = "") -> Text:
        """Words, as they can be shown here."""
        from rich.text import Text

        return Text(encodable(words, self.encoding), style=style, overflow="fold")

    def heading(self, words: str) -> Text:
        """A heading with an empty line before it."""
        from rich.text import Text

        return Text("\n").append_text(self.text(words, "bold"))

    def indented(self, words: str, style: str = "", by: int = 2) -> Padding:
        """A paragraph, set in from the left."""
        return self.padded(self.text(words, style), by)

    def padded(self, part: RenderableType, by: int = 2) -> Padding:
        """Anything, set in from the left."""
        from rich.padding import Padding

        return Padding(part, (0, 0, 0, by))

    def item(self, mark: str, *texts: Text, by: int = 2) -> Padding:
        """A mark with paragraphs that hang beside it."""
        from rich.console import Group
        from rich.table import Table

        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=len(mark), no_wrap=True)
        table.add_column(overflow="fold", ratio=1)
        table.add_row(self.text(mark, "bold"), Group(*texts))
        return self.padded(table, by)

    def quote(self, words: str) -> Text:
        """The candidate's own words."""
        return self.text(f"“{words}”", "italic cyan")

    def bar(self, score: float, width: int) -> Text:
        """A bar for a score on 0..100."""
        full = round(width * score / 100)
        return self.text(self.signs.full * full, "cyan").append_text(
            self.text(self.signs.empty * (width - full), "bright_black")
        )

    def table(self, *justify: Literal["left", "right"]) -> Table:
        """An empty table without lines; its first column wraps."""
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        for index, side in enumerate(justify):
            table.add_column(justify=side, overflow="fold", no_wrap=index > 0)
        return table


class OnTerminal:
    """A rich renderable: what a function makes of a page that fits the terminal at hand."""

    def __init__(self, render: Callable[[Page], Iterator[RenderableType]]) -> None:
        self._render = render

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Called by rich when the report is printed."""
        from rich.constrain import Constrain

        page = Page(options)
        for part in self._render(page):
            yield Constrain(part, page.width)
