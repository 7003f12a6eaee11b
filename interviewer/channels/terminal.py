"""The interview in a terminal: a candidate types, the interviewer replies. Read `Conversation.run` first.

`converse` works on a terminal with all comfort, on a dumb one, and without any: a line in is an answer, plain text
comes out. It returns when the interview has ended or is paused; what it could not finish, the next call finishes.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, Protocol

from interviewer.channels import commands
from interviewer.channels.commands import Entry, understand
from interviewer.channels.terminal_input import Editor, Left, LineReader, Reader
from interviewer.channels.terminal_interrupt import Interrupted, interruptible
from interviewer.channels.terminal_screen import Io, Screen, quiet_keyboard
from interviewer.domain.errors import InterviewBusy, InterviewerError, TurnConflict
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Inbound, MessageKind, MoveKind, Turn
from interviewer.domain.state import Interview, Status
from interviewer.domain.text import posed
from interviewer.ports import Clock, Listener, unheard

PATIENCE = 15.0
RETRY_AFTER = 0.5


class Conductor(Protocol):
    """What a terminal needs of whoever conducts the interview; conduct.turn.Conductor is one."""

    clock: Clock

    async def load(self, interview_id: str) -> Interview:
        """The interview as it stands now."""
        ...

    async def guide_of(self, interview: Interview) -> Guide:
        """The guide as it was when the interview began."""
        ...

    async def receive(self, message: Inbound) -> bool:
        """Store a message."""
        ...

    async def advance(self, interview_id: str, listen: Listener = ...) -> Turn | None:
        """Answer what waits."""
        ...

    async def sent(self, interview_id: str, number: int, ref: str = "") -> None:
        """Note that a turn's reply reached the candidate."""
        ...


class Outcome(StrEnum):
    """Why a conversation is over.

    ended        the interview has ended, and its scorecard can be shown
    paused       the candidate paused it
    interrupted  the candidate left during a reply; the message is kept and answered next time
    unheard      nobody reads standard output any more
    failed       something went wrong, and has been said
    """

    ENDED = "ended"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    UNHEARD = "unheard"
    FAILED = "failed"


async def converse(
    conductor: Conductor,
    interview_id: str,
    io: Io | None = None,
    *,
    warm: Callable[[], None] | None = None,
    program: str = "interviewer",
) -> Outcome:
    """Hold an interview, from where it stands, until it ends or is paused.

    `program` is what the candidate types to run this program. `warm` runs in a thread of its own once the first words
    are shown: for imports that the first reply will need.
    """
    io = io or Io()
    with quiet_keyboard(io):
        return await Conversation(conductor, interview_id, io, program).run(warm)


class Conversation:
    """One sitting. `_shown` is the number of the latest turn that was seen, `_draft` what the next line begins
    with, `_own` the ids of messages sent here."""

    def __init__(self, conductor: Conductor, interview_id: str, io: Io, program: str = "interviewer") -> None:
        self._program = program
        self._conductor = conductor
        self._id = interview_id
        self._io = io
        self._screen = Screen(io)
        self._state: Interview | None = None
        self._shown = -1
        self._turns_before = 0
        self._draft = ""
        self._own: set[str] = set()

    async def run(self, warm: Callable[[], None] | None) -> Outcome:
        """Show what waits; then listen and reply, in turn."""
        outcome = await self._watched(self._begin())
        if outcome is not None:
            return outcome
        reader = Editor(self._io, self._toolbar) if self._io.editable else LineReader(self._io)
        _warm_up(warm)
        while outcome is None:
            typed = await self._listen(reader)
            leaving = typed is None
            self._screen.gap()
            said = "/pause" if typed is None else typed
            outcome = await self._watched(self._respond(said, reader), patient=reader.patient)
            if leaving:
                return outcome or Outcome.FAILED
        return outcome

    async def _listen(self, reader: Reader) -> str | None:
        """What is typed next, or None when the candidate leaves."""
        draft, self._draft = self._draft, ""
        try:
            return await reader.read(draft)
        except Left:
            return None

    async def _watched(self, step: Coroutine[Any, Any, Outcome | None], *, patient: bool = False) -> Outcome | None:
        """Do a step of the conversation; say what goes wrong, which a patient reader survives."""
        try:
            outcome = await step
        except Interrupted:
            self._screen.note("I've stopped. What you sent is kept, and I'll reply when you're back.")
            self._tell_how_to_resume()
            return Outcome.INTERRUPTED
        except InterviewerError as error:
            self._screen.error(error)
            outcome = None if patient else Outcome.FAILED
        return Outcome.UNHEARD if self._screen.closed else outcome

    async def _begin(self) -> Outcome | None:
        """Finish what the last sitting left, or say where it stopped."""
        state = await self._load()
        self._shown, self._turns_before = len(state.turns) - 1, len(state.turns)
        fresh = len(state.turns) == 1 and bool(state.unsent) and not state.messages
        if not fresh and state.status is not Status.ENDED:
            self._screen.say(commands.welcome_back(state, self._conductor.clock()))
        await self._forget_pause(state)
        waiting = bool(state.unsent or state.pending)
        outcome = await self._answer()
        if outcome is None and not waiting and not self._screen.closed:
            await self._recap()
        return outcome

    async def _forget_pause(self, state: Interview) -> None:
        """Who is back need not be told that we pause: answer a pause that waits, and mark its reply, unseen."""
        if state.pending and state.pending[-1].command is MessageKind.PAUSE:
            await self._patiently(unheard)
        state = await self._load()
        self._shown, self._turns_before = len(state.turns) - 1, len(state.turns)
        for number in list(state.unsent):
            if state.turns[number].move.kind is MoveKind.PAUSE:
                await self._conductor.sent(self._id, number)
        await self._load()

    async def _recap(self) -> None:
        """The question on the floor once more, and what was last said about it."""
        state = await self._load()
        question = (await self._conductor.guide_of(state)).question(state.floor or "")
        if question is not None:
            self._screen.say(posed(question.text, state.number, len(state.plan.questions)))
        last = next((t for t in reversed(state.turns) if t.move.kind is not MoveKind.PAUSE), None)
        if last and last.move.kind not in (MoveKind.ASK, MoveKind.NEXT, MoveKind.REPEAT):
            self._screen.say(last.reply)

    async def _respond(self, typed: str, reader: Reader) -> Outcome | None:
        """Take one line of the candidate's."""
        entry = understand(typed)
        if entry.puzzle:
            self._draft = typed if " " in typed.strip() else ""
            self._screen.note(entry.puzzle)
        elif entry.command == "help":
            self._screen.say(commands.help_text(line_by_line=not self._io.editable))
        elif entry.command == "status":
            self._screen.note(commands.status_line(await self._load(), self._conductor.clock()))
        elif entry.command == "end" and not await self._sure(reader):
            self._screen.note("All right, let's go on.")
        else:
            return await self._send(entry, typed)
        return None

    async def _sure(self, reader: Reader) -> bool:
        sure = await reader.sure()
        self._screen.gap()
        return sure

    async def _send(self, entry: Entry, typed: str) -> Outcome | None:
        """Store words or a command, and answer; an empty line only tries again what failed before."""
        if entry.words or entry.command:
            self._draft = typed
            self._own.add(message_id := uuid.uuid4().hex)
            await self._conductor.receive(
                Inbound(
                    id=message_id,
                    interview_id=self._id,
                    text=entry.words,
                    at=self._conductor.clock(),
                    command=commands.MEANINGS.get(entry.command),
                )
            )
            self._draft = ""
        return await self._answer()

    async def _answer(self) -> Outcome | None:
        """Show what was not seen and answer what waits, until there is neither."""
        while not self._screen.closed:
            state = await self._load()
            await self._show_unseen(state)
            if state.status is Status.ENDED:
                return Outcome.ENDED
            if not state.pending:
                return self._paused(state)
            await self._advance()
        return Outcome.UNHEARD

    def _paused(self, state: Interview) -> Outcome | None:
        if state.status is not Status.PAUSED or len(state.turns) == self._turns_before:
            return None
        self._tell_how_to_resume()
        return Outcome.PAUSED

    async def _advance(self) -> None:
        """Have what waits answered, and show the reply while it comes."""
        try:
            async with self._screen.reply() as reply:
                turn = await interruptible(self._patiently(reply.hear))
        except TurnConflict:
            self._screen.note("This was answered from another window as well. What counts is this:")
            return
        if turn is not None:
            await self._saw(turn)

    async def _patiently(self, listen: Listener) -> Turn | None:
        """Advance, waiting a while for another worker that holds the interview. Raises InterviewBusy after that."""
        until, told = time.monotonic() + PATIENCE, False
        while True:
            try:
                return await self._conductor.advance(self._id, listen)
            except InterviewBusy:
                if time.monotonic() >= until:
                    raise
            if not told:
                self._screen.note("This interview is open somewhere else. One moment, please …")
            told = True
            await asyncio.sleep(RETRY_AFTER)

    async def _show_unseen(self, state: Interview) -> None:
        for turn in list(state.turns):
            if turn.number > self._shown or turn.number in state.unsent:
                for words in (m.text for m in state.messages if m.id in turn.consumed and m.id not in self._own):
                    self._screen.note(f"Before that, or in another window, you wrote: “{commands.in_short(words)}”")
                self._screen.say(turn.reply)
                await self._saw(turn)

    async def _saw(self, turn: Turn) -> None:
        """A turn was shown, if anybody still reads."""
        if not self._screen.closed:
            self._shown = max(self._shown, turn.number)
            await self._conductor.sent(self._id, turn.number)

    async def _load(self) -> Interview:
        self._state = await self._conductor.load(self._id)
        return self._state

    def _toolbar(self, width: int) -> str:
        return commands.toolbar(self._state, self._conductor.clock(), width) if self._state else ""

    def _tell_how_to_resume(self) -> None:
        self._screen.say(f"To go on later, type:\n```\n{self._program} resume {self._id}\n```")


def _warm_up(warm: Callable[[], None] | None) -> None:
    """Warm up beside the conversation; what fails here fails again, and is told, where it is needed."""
    if warm is None:
        return

    def quietly() -> None:
        with contextlib.suppress(Exception):
            warm()

    threading.Thread(target=quietly, name="warm", daemon=True).start()
