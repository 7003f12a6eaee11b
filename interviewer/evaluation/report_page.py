"""What the reports of an evaluation need on a terminal beside the house's own page."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Literal

from interviewer.reports.terminal import Page

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

Side = Literal["left", "right"]
WIDE = 78
_PLAIN = str.maketrans({"−": "-", "→": "->", "±": "+/-", "✓": "+", "✗": "x"})


class Sheet:
    """A page of the house, whose texts may hold signs that a plain encoding lacks."""

    def __init__(self, page: Page) -> None:
        self.house = page
        self.plain = page.signs.made != "✓"
        self.narrow = page.width < WIDE
        self.one_line = page.width - 18 if not self.narrow else 60

    def text(self, said: str, style: str = "") -> Text:
        """Words, as they can be shown here."""
        return self.house.text(said.translate(_PLAIN) if self.plain else said, style)

    def line(self, *parts: Text, by: int = 2) -> RenderableType:
        """Words in several styles, set in from the left."""
        from rich.text import Text

        return self.house.padded(Text.assemble(*parts, overflow="fold"), by)

    def item(self, mark: str, *texts: Text, style: str = "bold", by: int = 2) -> RenderableType:
        """A mark with paragraphs that hang beside it."""
        from rich.console import Group
        from rich.table import Table

        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(width=len(mark), no_wrap=True)
        grid.add_column(overflow="fold", ratio=1)
        grid.add_row(self.text(mark, style), Group(*texts))
        return self.house.padded(grid, by)

    def heading(self, said: str) -> Text:
        """A heading with an empty line before it."""
        from rich.text import Text

        return Text("\n").append_text(self.text(said, "bold"))

    def figures(self, columns: int, first: Side = "left") -> Table:
        """An empty table of figures beside or below a first column."""
        rest: list[Side] = ["right"] * (columns - 1)
        return self.house.table(first, *rest)


def printed(renderable: RenderableType, width: int) -> str:
    """What rich would print, as a text without colour, at most `width` columns wide."""
    from rich.console import Console

    file = StringIO()
    console = Console(file=file, width=width, color_system=None, legacy_windows=False, highlight=False, markup=False)
    console.print(renderable)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()).strip("\n") + "\n"
