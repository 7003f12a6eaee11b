"""Where answers come from: an editor on a terminal, or lines from anything else.

Both end an answer at Enter and go on after a backslash; a doubled backslash at the end is one, and ends the answer.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from interviewer.channels.commands import COMMANDS
from interviewer.channels.terminal_interrupt import Interrupted, interruptible
from interviewer.channels.terminal_screen import Io
from interviewer.domain.display import clean, encodable

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.formatted_text import AnyFormattedText
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.styles import Style

Toolbar = Callable[[int], str]
_BACKSLASHES = re.compile(r"\\+$")
SURE = "End the interview now? (y/n) "


class Left(Exception):
    """The candidate wants to leave: Ctrl-D, Ctrl-C on an empty line, or the end of the input."""


class Reader(Protocol):
    """Reads what the candidate types. `patient` readers may be asked again after an error."""

    patient: bool

    async def read(self, start: str = "") -> str:
        """The next answer or command, as typed; `start` is there to begin with. Raises Left."""
        ...

    async def sure(self) -> bool:
        """Whether the candidate really wants to end."""
        ...


def goes_on(line: str) -> tuple[str, bool]:
    """A line without what its last backslash means, and whether the answer goes on in the next one."""
    slashes = _BACKSLASHES.search(line)
    count = len(slashes[0]) if slashes else 0
    if count == 0:
        return line, False
    return line[:-1], count % 2 == 1


def is_yes(typed: str) -> bool:
    """Whether this is a yes."""
    return typed.strip().lower() in ("y", "yes")


class LineReader:
    """Reads line by line. It prompts only someone who types and sees what is written."""

    def __init__(self, io: Io) -> None:
        self._io = io
        self._lines = Lines(io)
        self.patient = io.typed

    async def read(self, start: str = "") -> str:
        """The next answer; raises Left at the end of the input."""
        typed: list[str] = []
        on = True
        while on:
            if self._io.shown:
                self._prompt("  " if typed else "> ")
            line = await self._next()
            if line is None:
                if typed:
                    break
                raise Left
            words, on = goes_on(line)
            typed.append(words)
        return clean("\n".join(typed))

    async def sure(self) -> bool:
        """Ask someone who types; a script means what it says."""
        if not self._io.typed:
            return True
        self._prompt(SURE)
        return is_yes(await self._next() or "n")

    async def _next(self) -> str | None:
        try:
            return await interruptible(self._lines.next())
        except Interrupted:
            raise Left from None

    def _prompt(self, text: str) -> None:
        if self._io.typed:
            with contextlib.suppress(OSError):
                self._io.stdout.write(text)
                self._io.stdout.flush()


class Lines:
    """Lines of a stream as they come, without a thread that would outlive an interrupted read."""

    def __init__(self, io: Io) -> None:
        self._stream = io.stdin
        self._decoder = codecs.getincrementaldecoder(getattr(io.stdin, "encoding", None) or "utf-8")("replace")
        self._rest = ""
        self._over = False

    async def next(self) -> str | None:
        """The next line without its end, or None after the last."""
        while "\n" not in self._rest and not self._over:
            chunk = await self._chunk()
            self._over = not chunk
            self._rest += self._decoder.decode(chunk, final=self._over)
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition("\n")
        return line.removesuffix("\r")

    async def _chunk(self) -> bytes:
        try:
            file = self._stream.fileno()
        except (OSError, ValueError):  # a stream without a file, such as io.StringIO
            return self._stream.read().encode(self._stream.encoding or "utf-8", "replace")
        await _readable(file)
        return os.read(file, 65536)


async def _readable(file: int) -> None:
    """Return once reading from a file would not wait."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(file, ready.set)
    except PermissionError:  # a plain file: always ready
        return
    except NotImplementedError:  # Windows: the read itself waits
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(file)


class Editor:
    """Edits an answer of several lines on a terminal. What was typed is remembered for this interview only."""

    patient = True

    def __init__(self, io: Io, toolbar: Toolbar) -> None:
        self._toolbar = toolbar
        self._note = ""
        self._first = True
        self._encoding = getattr(io.stdout, "encoding", None) or "utf-8"
        self._mark = encodable("› ", self._encoding)
        self._session = self._make_session()

    async def read(self, start: str = "") -> str:
        """The next answer. Raises Left."""
        self._note = ""
        try:
            typed = await self._session.prompt_async(
                [("class:mark", self._mark)],
                default=start,
                placeholder=[("class:quiet", "Enter sends, Alt+Enter adds a line")] if self._first else "",
            )
        except (EOFError, KeyboardInterrupt):
            raise Left from None
        self._first = False
        return clean(typed)

    async def sure(self) -> bool:
        """Ask whether the candidate really wants to end."""
        from prompt_toolkit import PromptSession

        try:
            return is_yes(await PromptSession[str]().prompt_async(SURE))
        except (EOFError, KeyboardInterrupt):
            return False

    def _make_session(self) -> PromptSession[str]:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.application import get_app
        from prompt_toolkit.filters import Condition
        from prompt_toolkit.history import InMemoryHistory

        return PromptSession(
            multiline=True,
            prompt_continuation=lambda width, number, wrapped: " " * width,
            history=InMemoryHistory(),
            completer=_completer(),
            complete_while_typing=Condition(lambda: get_app().current_buffer.text.startswith("/")),
            reserve_space_for_menu=4,
            bottom_toolbar=self._bottom,
            key_bindings=self._keys(),
            style=_style(),
            refresh_interval=20,
            enable_suspend=True,
        )

    def _bottom(self) -> str:
        from prompt_toolkit.application import get_app

        columns = get_app().output.get_size().columns
        return encodable(f" {self._note or self._toolbar(columns - 1)}", self._encoding)

    def _keys(self) -> KeyBindings:
        from prompt_toolkit.key_binding import KeyBindings
        from prompt_toolkit.keys import Keys

        keys = KeyBindings()
        keys.add("enter")(self._send)
        keys.add("escape", "enter")(_new_line)
        keys.add("c-j")(_new_line)
        keys.add("c-c")(self._clear_or_leave)
        keys.add("<sigint>")(self._clear_or_leave)
        keys.add(Keys.BracketedPaste)(self._paste)
        return keys

    def _send(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        words, on = goes_on(buffer.text.rstrip())
        if words != buffer.text:
            buffer.text = words
            buffer.cursor_position = len(words)
        if on:
            buffer.insert_text("\n")
            return
        buffer.validate_and_handle()

    def _clear_or_leave(self, event: KeyPressEvent) -> None:
        if not event.current_buffer.text:
            event.app.exit(exception=KeyboardInterrupt)
            return
        self._note = ""
        event.current_buffer.reset()

    def _paste(self, event: KeyPressEvent) -> None:
        pasted = clean(event.data).expandtabs(4)
        event.current_buffer.insert_text(pasted)
        lines = len(pasted.splitlines())
        if lines > 1:
            self._note = f"{lines} lines pasted · Enter sends"


def _new_line(event: KeyPressEvent) -> None:
    event.current_buffer.insert_text("\n")


def _style() -> Style:
    from prompt_toolkit.styles import Style

    return Style.from_dict(
        {"bottom-toolbar": "noreverse ansibrightblack", "mark": "bold ansicyan", "quiet": "ansibrightblack"}
    )


def _completer() -> Completer:
    from prompt_toolkit.completion import WordCompleter

    meanings: dict[str, AnyFormattedText] = {f"/{name}": meaning for name, meaning in COMMANDS.items()}
    return WordCompleter(list(meanings), meta_dict=meanings, sentence=True)
