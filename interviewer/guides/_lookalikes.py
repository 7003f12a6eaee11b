"""Lines that look like Markdown to their writer, and are none.

A heading that is not read as one would leave its whole question to the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Container

from interviewer.guides.diagnostics import Findings

# No space behind the signs, or a no-break space; or so far in that Markdown takes a question for code.
_HEADING = re.compile(r"#{2,6}[^\s#]|#{1,6}\N{NO-BREAK SPACE}|(?: {4}|\t)\s*#{2,6} .*\?\s*(?:\{[^{}]*\}\s*)?$")


def report_lookalikes(lines: list[str], first: int, verbatim: Container[int], findings: Findings) -> None:
    """Report headings that are none. `first` is the line that Markdown begins at, `verbatim` are those of code."""
    for number, line in enumerate(lines[first - 1 :], first):
        if number not in verbatim and _HEADING.match(line):
            findings.add("G208", number)
