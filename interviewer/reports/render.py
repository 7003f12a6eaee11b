"""Templates to text. HTML escapes every value by itself, Markdown too; the libraries are imported when used."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Any

from interviewer.reports import guidetext, plot, text, view, words

if TYPE_CHECKING:
    from jinja2 import Environment


class Markdown(str):
    """Markdown that is already safe."""

    __slots__ = ()


def html(template: str, **values: object) -> str:
    """A whole page. Its policy allows nothing but its own style sheet, named by hash."""
    from markupsafe import Markup

    style = _html_environment().get_template("style.css.j2").render()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return _html_environment().get_template(template).render(style=Markup(style), policy=policy, **values)  # noqa: S704


def markdown(template: str, **values: object) -> str:
    """A Markdown text, with at most one empty line between its parts."""
    rendered = _markdown_environment().get_template(template).render(**values)
    lines = rendered.strip().split("\n")
    kept = [line for n, line in enumerate(lines) if line.strip() or lines[n - 1].strip()]
    return "\n".join(kept) + "\n"


@cache
def _html_environment() -> Environment:
    environment = _environment(autoescape=True)
    environment.filters["answer"] = guidetext.as_markup
    return environment


@cache
def _markdown_environment() -> Environment:
    environment = _environment(autoescape=False, finalize=_inert)
    environment.filters["quoted"] = lambda value: Markdown(text.markdown_quote(value))
    environment.filters["answer"] = _answer
    return environment


def _environment(**options: Any) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(  # noqa: S701 (autoescape is among the options)
        loader=PackageLoader("interviewer.reports"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        **options,
    )
    environment.globals |= {"words": words, "view": view, "plot": plot}
    environment.filters |= {"short": text.short, "one_line": text.one_line, "day": words.short_day}
    return environment


def _inert(value: object) -> object:
    """Every value in a Markdown template, unless it is safe already."""
    return value if isinstance(value, Markdown) else text.markdown_line(str(value))


def _answer(value: str) -> Markdown:
    """A model answer as a block quote: lists stay lists, code stays code, and no other markup stays."""
    rows: list[str] = []
    for code, group in groupby(guidetext.as_lines(value), key=lambda line: line.code):
        lines = list(group)
        rows += _fenced([line.text for line in lines]) if code else _prose(lines)
    return Markdown("\n".join(f"> {row}".rstrip() for row in rows))


def _fenced(code: list[str]) -> list[str]:
    """Code between fences that are longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", "\n".join(code))), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *code, fence]


def _prose(lines: list[guidetext.Line]) -> list[str]:
    rows: list[str] = []
    for line in lines:
        lead = f"{'   ' * (line.depth - 1)}{line.mark} " if line.mark else "   " * line.depth
        rows += ([] if line.mark else [""]) + [lead + text.markdown_line(line.text)]
    return rows if lines[0].mark or len(rows) < 2 else rows[1:]
