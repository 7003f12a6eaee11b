"""The terminal channel with its editor: keys in, through a pipe that prompt_toolkit reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from interviewer.channels.terminal import Outcome, converse
from interviewer.channels.terminal_input import Editor, goes_on
from interviewer.channels.terminal_screen import Io
from interviewer.domain.errors import StoreError
from interviewer.domain.interview import Event, MessageKind, Received
from tests.channels.sittings import Sitting, SlowSpeaker, Tty
from tests.fakes import FakeStore

ENTER, ALT_ENTER, CTRL_C, CTRL_D, CTRL_J, TAB = "\r", "\x1b\r", "\x03", "\x04", "\n", "\t"


def pasted(text: str) -> str:
    return f"\x1b[200~{text}\x1b[201~"


@asynccontextmanager
async def keyboard() -> AsyncIterator[PipeInput]:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys


async def typing(sitting: Sitting, *keys: str) -> tuple[Outcome, str, list[str]]:
    """A sitting at a terminal where these keys are pressed: its outcome, what it wrote, the messages it stored."""
    if not sitting.id:
        await sitting.begin()
    stdout = Tty()
    async with keyboard() as board:
        board.send_text("".join(keys))
        outcome = await converse(sitting.conductor, sitting.id, Io(Tty(), stdout, {"TERM": "xterm"}, columns=60))
    return outcome, stdout.getvalue(), [m.text for m in (await sitting.state()).messages]


def brief() -> Sitting:
    return Sitting(probes=0, follow_ups=0)


async def test_a_whole_interview() -> None:
    outcome, said, messages = await typing(brief(), "+1 Beans", ENTER, "/skip", ENTER, "Peas", ENTER)
    assert outcome is Outcome.ENDED
    assert messages == ["+1 Beans", "", "Peas"]
    assert "\x1b[1mQuestion\x1b[0m" in said


async def test_ways_to_add_a_line() -> None:
    _, _, messages = await typing(brief(), "one", ALT_ENTER, "two", CTRL_J, "three \\", ENTER, "four", ENTER, CTRL_D)
    assert messages[0] == "one\ntwo\nthree \nfour"


async def test_a_doubled_backslash_ends_an_answer() -> None:
    _, _, messages = await typing(brief(), "C:\\\\", ENTER, CTRL_D)
    assert messages[0] == "C:\\"


async def test_a_paste_stays_one_answer() -> None:
    _, _, messages = await typing(brief(), pasted("one\r\n\ttwo\r\x1b[31mthree\n"), ENTER, CTRL_D)
    assert messages[0] == "one\n    two\nthree"


async def test_ctrl_c_clears_then_pauses() -> None:
    outcome, said, messages = await typing(brief(), "unwise", CTRL_C, "wise", ENTER, CTRL_C)
    assert outcome is Outcome.PAUSED
    assert messages == ["wise", ""]
    assert "interviewer resume" in said


async def test_ctrl_d_pauses() -> None:
    sitting = brief()
    outcome, _, _ = await typing(sitting, CTRL_D)
    assert outcome is Outcome.PAUSED
    assert (await sitting.state()).messages[-1].command is MessageKind.PAUSE


async def test_ending_asks_first() -> None:
    outcome, said, messages = await typing(brief(), "/end", ENTER, "n", ENTER, "/end", ENTER, "y", ENTER)
    assert outcome is Outcome.ENDED
    assert messages == [""]
    assert "go" in said


async def test_tab_completes_a_command() -> None:
    sitting = brief()
    async with keyboard() as board:
        await sitting.begin()
        work = asyncio.create_task(
            converse(sitting.conductor, sitting.id, Io(Tty(), Tty(), {"TERM": "xterm"}, columns=60))
        )
        for keys in ("/sk", TAB, ENTER, CTRL_D):
            board.send_text(keys)
            await asyncio.sleep(0.2)
        assert await work is Outcome.PAUSED
    assert (await sitting.state()).messages[0].command is MessageKind.SKIP


class OnceFull(FakeStore):
    """The first message cannot be stored."""

    refused = False

    async def append(self, interview_id: str, events: list[Event]) -> bool:  # type: ignore[override]
        if not self.refused and any(isinstance(e, Received) for e in events):
            self.refused = True
            raise StoreError("The disk is full.", "Make room and try again.")
        return await super().append(interview_id, events)


async def test_an_answer_that_could_not_be_stored_is_still_in_the_line() -> None:
    outcome, said, messages = await typing(Sitting(store=OnceFull()), "Beans", ENTER, " and peas", ENTER, CTRL_D)
    assert outcome is Outcome.PAUSED
    assert "disk" in said
    assert messages[0] == "Beans and peas"


async def test_a_long_answer_that_looked_like_a_command_is_still_in_the_line() -> None:
    home = "\x01"
    _, said, messages = await typing(brief(), "/etc holds settings", ENTER, home, " ", ENTER, CTRL_D)
    assert "/etc." in said
    assert messages[0] == "/etc holds settings"


async def test_status_and_help_are_not_sent() -> None:
    _, said, messages = await typing(brief(), "/status", ENTER, "/help", ENTER, ENTER, "   ", ENTER, CTRL_D)
    assert "3," in said
    assert "Alt+Enter," in said
    assert messages == [""]


async def test_a_sign_of_life_is_taken_back() -> None:
    sitting = Sitting(engine=SlowSpeaker(0.5), probes=0, follow_ups=0)
    _, said, _ = await typing(sitting, "+1", ENTER, CTRL_D)
    assert "·" in said
    assert said.count("\r\x1b[K") == 2


def test_the_bar_tells_of_a_paste_and_then_of_progress() -> None:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        editor = Editor(Io(Tty(), Tty(), {}), lambda width: f"bar of {width}")
        assert editor._bottom() == " bar of 79"
        editor._note = "12 lines pasted · Enter sends"
        assert editor._bottom() == " 12 lines pasted · Enter sends"


def test_goes_on() -> None:
    cases = {
        "a": ("a", False),
        "a\\": ("a", True),
        "a\\\\": ("a\\", False),
        "a\\\\\\": ("a\\\\", True),
        "": ("", False),
    }
    assert {line: goes_on(line) for line in cases} == cases
