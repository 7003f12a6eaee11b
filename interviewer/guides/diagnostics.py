"""What a reader of a guide can say about it: findings with a code, a place and a way to mend it.

The codes are declared once, in CODES. Codes from G001 are the parser's; other modules add theirs in their own table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is. An error means that something of the guide is lost or wrong."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `line` and `column` are 1-based in `file`; `mark` is what it is about, as written there, or ""."""

    code: str
    severity: Severity
    message: str
    help: str
    file: str
    line: int = 1
    column: int = 1
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity} {self.code}: {self.message} ({self.help})"


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding: `message` may have {placeholders} that the finding fills in."""

    severity: Severity
    message: str
    help: str


CODES: dict[str, Code] = {
    "G001": Code(
        Severity.ERROR,
        "The file is not UTF-8 text (byte {offset}).",
        "Save it as UTF-8.",
    ),
    "G002": Code(
        Severity.ERROR,
        "The file is binary, not Markdown.",
        "Give a Markdown file; export documents of other kinds to Markdown first.",
    ),
    "G003": Code(
        Severity.ERROR,
        "The file is empty.",
        "Write at least one question; `interviewer guide new` makes a file to start from.",
    ),
    "G004": Code(
        Severity.ERROR,
        "The file has {size} bytes; a guide may have {limit}.",
        "Split it into several guides.",
    ),
    "G005": Code(
        Severity.ERROR,
        "Lists are nested deeper than {limit} levels; what lies deeper is left out.",
        "Flatten the list.",
    ),
    "G006": Code(
        Severity.ERROR,
        "The file is UTF-16 text; a guide is UTF-8.",
        "Save it as UTF-8.",
    ),
    "G007": Code(
        Severity.ERROR,
        "The block opened on line {number} is never closed, so what follows is not read.",
        "Close code with the signs that open it, on a line of their own, and a comment with -->.",
    ),
    "G101": Code(
        Severity.INFO,
        "The guide has no front matter.",
        "Begin the file with a block between two lines of --- that gives title, description and tags.",
    ),
    "G102": Code(
        Severity.ERROR,
        "The front matter cannot be read: {reason}.",
        "Write it as simple YAML, `name: value` a line, quoting values that contain a colon.",
    ),
    "G103": Code(
        Severity.ERROR,
        "The front matter is never closed.",
        "Put a line of --- after it.",
    ),
    "G104": Code(
        Severity.WARNING,
        "`{name}` in the front matter should be {expected}.",
        "Write it as in docs/guide-format.md.",
    ),
    "G105": Code(
        Severity.WARNING,
        "`{name}` in the front matter is not known and is passed over.",
        "Did you mean `{expected}`?",
    ),
    "G106": Code(
        Severity.WARNING,
        "The front matter does not begin on line 1, so it is not read.",
        "Take out what stands before it, empty lines too.",
    ),
    "G201": Code(
        Severity.WARNING,
        "This heading stands among the questions but was not recognised as one: {text}",
        "Word it as a question, or move it under `## Background`.",
    ),
    "G202": Code(
        Severity.WARNING,
        "This list belongs to no question.",
        "Put it under a question's heading, or under `## Background`.",
    ),
    "G203": Code(
        Severity.WARNING,
        "This `{label}` belongs to no key point.",
        "Indent it under the key point that it is for.",
    ),
    "G204": Code(
        Severity.WARNING,
        "Nothing stands under this `{label}`.",
        "Fill it in, or take it out.",
    ),
    "G205": Code(
        Severity.WARNING,
        "This heading names no category that is known, so its questions count as other: {text}",
        "Did you mean `{expected}`?",
    ),
    "G206": Code(
        Severity.WARNING,
        "`{label}` is not a name of the format; {taken}.",
        "Did you mean `{name}`?",
    ),
    "G207": Code(
        Severity.WARNING,
        "`{label}` is not a name of the format, so what stands under it is neither graded nor shown.",
        "Put a point under `Key points`, an explanation under `Answer`; take out what is meant for interviewers.",
    ),
    "G208": Code(
        Severity.WARNING,
        "This line looks like a heading but is not read as one, so it belongs to the question before it.",
        "Begin it with ### and one ordinary space, and with nothing in front of them.",
    ),
    "G209": Code(
        Severity.WARNING,
        "The list below `{label}` does not stand under it; it was read as if it did.",
        "Indent the list by two spaces.",
    ),
    "G210": Code(
        Severity.WARNING,
        "The table under this `{label}` is not read.",
        "Write each of its rows as a bullet.",
    ),
    "G301": Code(
        Severity.WARNING,
        "The attribute {{{text}}} was not understood.",
        "Headings take {{#id}}, key points {{weight=2}} with a number above zero.",
    ),
    "G302": Code(
        Severity.ERROR,
        "The id `{id}` is already used on line {first}.",
        "Give each question an id of its own.",
    ),
    "G303": Code(
        Severity.WARNING,
        "The difficulty `{text}` was not understood.",
        "{meant}Write easy, medium or hard.",
    ),
    "G304": Code(
        Severity.WARNING,
        "`{text}` is never closed.",
        "Put a }} after it.",
    ),
    "G305": Code(
        Severity.WARNING,
        "`{text}` is not read as a weight here.",
        "Put {{weight=2}}, with the number that you mean, at the end of the key point.",
    ),
    "G306": Code(
        Severity.WARNING,
        "The id {{{text}}} was not understood, so the question has one that is made of its words.",
        "An id has letters a to z, digits, - _ and . but no space, and begins with a letter or digit: {{#steam-milk}}.",
    ),
}


class Findings:
    """Collects the findings about one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[Diagnostic] = []

    def add(self, code: str, line: int = 1, column: int = 1, mark: str = "", **details: object) -> None:
        """Record a finding of this code; `details` fill the placeholders of its message."""
        kind = CODES[code]
        self._found.append(
            Diagnostic(
                code=code,
                severity=kind.severity,
                message=kind.message.format(**details),
                help=kind.help.format(**details),
                file=self.file,
                line=line,
                column=column,
                mark=mark,
            )
        )

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings, in the order of the file."""
        return tuple(sorted(self._found, key=lambda d: (d.line, d.column, d.code)))
