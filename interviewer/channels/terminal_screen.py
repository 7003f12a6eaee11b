"""What the candidate sees: replies as they come, short notes, a sign of life. Any terminal, or none at all.

Nothing here moves the cursor but the sign of life, which takes itself back within its line; so nothing flickers, and
a terminal may be narrow, resized or dumb. Untrusted text is cleaned before it is written.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from interviewer.channels.terminal_markdown import PLAIN, Look, MarkdownFlow
from interviewer.domain.display import clean, encodable
from interviewer.domain.errors import InterviewerError

MOST_WIDE = 88
LEAST_WIDE = 20
SIGN_AFTER = 0.3
SIGN_EVERY = 0.4


@dataclass(frozen=True)
class Io:
    """Where a conversation takes place. `columns` overrides what the terminal says of itself."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    columns: int | None = None

    @property
    def shown(self) -> bool:
        """Whether a person sees what is written."""
        return self.stdout.isatty()

    @property
    def typed(self) -> bool:
        """Whether a person types."""
        return self.stdin.isatty()

    @property
    def dumb(self) -> bool:
        """Whether the terminal only writes one line after another."""
        return self.environ.get("TERM", "dumb" if os.name != "nt" else "") in ("dumb", "unknown", "")

    @property
    def editable(self) -> bool:
        """Whether lines can be edited here with all comfort."""
        return self.shown and self.typed and not self.dumb


class Screen:
    """Writes to standard output. Once nobody reads it any more, `closed` is true and writing does nothing."""

    def __init__(self, io: Io) -> None:
        self._io = io
        self._encoding = getattr(io.stdout, "encoding", None) or "utf-8"
        self._styled = io.shown and not io.dumb
        self.look = self._looks()
        self.closed = False

    def say(self, markdown: str) -> None:
        """A whole piece of Markdown, and an empty line."""
        flow = self._flow()
        flow.feed(clean(markdown))
        flow.finish()
        self.write("\n")

    def note(self, line: str) -> None:
        """A line of the program's own, set back from what the interviewer says."""
        flow = self._flow(self.look.dim)
        flow.feed(line)
        flow.finish()
        self.write("\n")

    def error(self, error: InterviewerError) -> None:
        """What went wrong and what to do about it, as plain words."""
        self.say(_literal(f"{error.message} {error.remedy}".strip()))

    def gap(self) -> None:
        """An empty line between what was typed and what follows."""
        if self._io.typed:
            self.write("\n")

    def write(self, text: str) -> None:
        """Write as it stands, at once."""
        if self.closed:
            return
        try:
            self._io.stdout.write(encodable(text, self._encoding))
            self._io.stdout.flush()
        except OSError:
            self.closed = True
            self._forsake()

    @asynccontextmanager
    async def reply(self) -> AsyncIterator[Reply]:
        """A reply that comes in pieces, with a sign of life until the first of them."""
        reply = Reply(self._flow(), self)
        waiting = asyncio.create_task(self._sign_of_life(reply))
        try:
            yield reply
        finally:
            waiting.cancel()
            reply.end()

    async def _sign_of_life(self, reply: Reply) -> None:
        await asyncio.sleep(SIGN_AFTER)
        if not self._io.shown or reply.begun:
            return
        if not self._styled:
            self.write("...\n")
            return
        dots = encodable("·", self._encoding)
        count = 0
        while not reply.begun:
            reply.covers = True
            self.write(f"\r{self.look.dim}{dots * (count % 3 + 1):<3}{self.look.reset}")
            count += 1
            await asyncio.sleep(SIGN_EVERY)

    def uncover(self) -> None:
        """Take the sign of life back."""
        self.write("\r\x1b[K")

    def _flow(self, style: str = "") -> MarkdownFlow:
        return MarkdownFlow(self.write, self.width, self.look, style)

    def width(self) -> int | None:
        """Columns to write in, by the terminal as it is now; None when there is none."""
        if not self._io.shown:
            return None
        columns = self._io.columns or _columns(self._io.stdout)
        return max(LEAST_WIDE, min(columns - 1, MOST_WIDE))

    def _looks(self) -> Look:
        gutter, bullet = ("│ ", "•") if _holds(self._encoding, "│•") and self._io.shown else ("| ", "-")
        if not self._io.shown:
            return PLAIN
        if not self._styled:
            return Look(gutter=gutter, bullet=bullet)
        codes = {"bold": "1", "italic": "3", "code": "1", "dim": "2", "reset": "0"}
        return Look(gutter=gutter, bullet=bullet, **{name: f"\x1b[{code}m" for name, code in codes.items()})

    def _forsake(self) -> None:
        """Let Python close a standard output that nobody reads without a word about it."""
        if self._io.stdout is sys.stdout:
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Reply:
    """A reply while it comes. Pieces that come after its end are not shown."""

    def __init__(self, flow: MarkdownFlow, screen: Screen) -> None:
        self._flow = flow
        self._screen = screen
        self._ended = False
        self.begun = False
        self.covers = False

    async def hear(self, piece: str) -> None:
        """Show the next piece."""
        if self._ended or not piece:
            return
        self.begun = True
        self._uncover()
        self._flow.feed(clean(piece))

    def end(self) -> None:
        """Nothing more will come."""
        self._uncover()
        if not self._ended and self.begun:
            self._flow.finish()
            self._screen.write("\n")
        self._ended = True

    def _uncover(self) -> None:
        if self.covers:
            self._screen.uncover()
        self.covers = False


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _holds(encoding: str, signs: str) -> bool:
    try:
        signs.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _literal(text: str) -> str:
    return re.sub(r"([\\`*_\[\]#>|~])", r"\\\1", text)


@contextmanager
def quiet_keyboard(io: Io) -> Iterator[None]:
    """Keys pressed while a reply comes are kept for the next answer, and do not appear in the middle of it."""
    if not io.editable or sys.platform == "win32":
        yield
        return
    import termios

    try:
        before, quiet = termios.tcgetattr(io.stdin), termios.tcgetattr(io.stdin)
    except (termios.error, OSError, ValueError):
        yield
        return
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(io.stdin, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(io.stdin, termios.TCSADRAIN, before)
