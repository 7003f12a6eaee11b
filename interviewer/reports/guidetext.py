"""Model answers, which guides write in Markdown: as safe HTML, and as plain lines. The parser is imported when used."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererProtocol
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict
    from markupsafe import Markup


class Line(NamedTuple):
    """One paragraph, list item or line of code. `mark` is "-" or "1." before a list item; `depth` counts its lists."""

    depth: int
    mark: str
    text: str
    code: bool = False


def as_markup(text: str) -> Markup:
    """A model answer as HTML: no raw HTML, no links, no images, and headings that leave the page's outline alone."""
    from markupsafe import Markup

    return Markup(_parser().render(text))  # noqa: S704 (the parser escapes; it is told to allow no HTML)


def as_lines(text: str) -> list[Line]:
    """A model answer as plain lines."""
    lines: list[Line] = []
    lists: list[str] = []
    mark = ""
    for token in _parser().parse(text):
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                lists.append(token.type)
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                mark = f"{token.info}." if lists[-1] == "ordered_list_open" else "-"
            case "inline":
                lines.append(Line(len(lists), mark, _plain(token)))
                mark = ""
            case "fence" | "code_block":
                lines += [Line(len(lists), "", row, code=True) for row in token.content.rstrip("\n").split("\n")]
            case _:
                pass
    return lines


def _plain(token: Token) -> str:
    """The words of an inline token, without their markup."""
    breaks = {"softbreak": " ", "hardbreak": " "}
    return "".join(breaks.get(child.type, child.content) for child in token.children or ())


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    for name in ("link_open", "link_close"):
        parser.add_render_rule(name, _nothing)
    parser.add_render_rule("image", _alternative)
    parser.add_render_rule("heading_open", _heading_open)
    parser.add_render_rule("heading_close", _heading_close)
    return parser


def _nothing(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    return ""


def _alternative(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    from markupsafe import escape

    return str(escape(tokens[index].content))


def _heading_open(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    return '<p class="lead">'


def _heading_close(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    return "</p>\n"
