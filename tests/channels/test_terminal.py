"""The terminal channel without a terminal: lines in, plain text out."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from interviewer.channels import terminal
from interviewer.channels.terminal import Outcome, converse
from interviewer.channels.terminal_screen import Io, Screen
from interviewer.domain.display import clean, encodable
from interviewer.domain.errors import StoreError
from interviewer.domain.interview import Event, MessageKind, Mode, Received, Sent, Turned
from interviewer.domain.state import Status
from tests.channels.sittings import Sitting, SlowSpeaker, Tty
from tests.fakes import FakeStore, make_guide


@pytest.fixture
async def sitting() -> Sitting:
    made = Sitting(probes=0, follow_ups=0)
    await made.begin()
    return made


def count(text: str, part: str) -> int:
    return text.count(part)


async def test_a_whole_interview(sitting: Sitting) -> None:
    assert await sitting.run("+1 +2 Beans", "/skip", "+1 Peas", "never read") is Outcome.ENDED
    state = await sitting.state()
    assert state.status is Status.ENDED
    assert state.unsent == []
    assert [m.text for m in state.messages] == ["+1 +2 Beans", "", "+1 Peas"]
    assert sitting.said.startswith("Hello")
    assert "Question 1 of 3\n\nWhat would you grow in bed 1, and why there?\n" in sitting.said
    assert "> Beans in bed 1: they like the warm wall and feed the soil.\n" in sitting.said
    assert "**" not in sitting.said
    assert "\x1b" not in sitting.said
    assert "interviewer resume" not in sitting.said


async def test_the_end_of_the_input_pauses(sitting: Sitting) -> None:
    assert await sitting.run("+1 Beans") is Outcome.PAUSED
    state = await sitting.state()
    assert state.status is Status.PAUSED
    assert state.unsent == []
    assert sitting.said.rstrip().endswith(f"interviewer resume {sitting.id}")


async def test_an_answer_without_an_end_of_line_counts(sitting: Sitting) -> None:
    stdin, stdout = io.StringIO("+1 Beans"), io.StringIO()
    assert await converse(sitting.conductor, sitting.id, Io(stdin, stdout, {})) is Outcome.PAUSED
    assert (await sitting.state()).messages[0].text == "+1 Beans"


async def test_coming_back_shows_where_it_stopped(sitting: Sitting) -> None:
    await sitting.run("/skip")
    sitting.clock.pass_minutes(600)
    await sitting.run()
    assert sitting.said.startswith(
        "Welcome back: question 2 of 3, less than a minute so far.\n\nQuestion 2 of 3\n\nWhat"
    )
    assert count(sitting.said, "Let's stop") == count(sitting.said, "interviewer resume") == 1


async def test_coming_back_repeats_an_open_probe() -> None:
    sitting = Sitting()
    await sitting.begin()
    await sitting.run("+1 Beans")
    probe = sitting.said.split("and why there?\n\n")[1].split("\n")[0]
    await sitting.run()
    assert f"Question 1 of 3\n\nWhat would you grow in bed 1, and why there?\n\n{probe}\n" in sitting.said


async def test_a_message_left_by_a_crash_is_answered_first(sitting: Sitting) -> None:
    await sitting.conductor.sent(sitting.id, 0)
    await sitting.leave_behind("+1 Beans")
    assert await sitting.run() is Outcome.PAUSED
    assert "Question 2 of 3" in sitting.said
    assert (await sitting.state()).pending == []


async def test_a_reply_left_by_a_crash_is_shown(sitting: Sitting) -> None:
    await sitting.conductor.sent(sitting.id, 0)
    await sitting.leave_behind("/skip", MessageKind.SKIP)
    await sitting.conductor.advance(sitting.id)
    await sitting.run()
    assert count(sitting.said, "Question 2 of 3") == 1
    assert count(sitting.said, "What would you grow in bed 1") == 0
    assert (await sitting.state()).unsent == []


async def test_a_reply_to_words_from_elsewhere_says_which_words(sitting: Sitting) -> None:
    await sitting.conductor.sent(sitting.id, 0)
    await sitting.leave_behind("+1 Beans and a very long row of other vegetables")
    await sitting.conductor.advance(sitting.id)
    await sitting.run()
    words = " ".join(sitting.said.split())
    assert "you wrote: “+1 Beans and a very long row of other vegetables”" in words


async def test_an_empty_line_is_no_answer_and_no_farewell(sitting: Sitting) -> None:
    assert await sitting.run("", "   ", "+1 Beans") is Outcome.PAUSED
    assert [m.text for m in (await sitting.state()).messages if m.command is None] == ["+1 Beans"]


async def test_a_first_question_that_was_never_shown_needs_no_welcome_back(sitting: Sitting) -> None:
    await sitting.run()
    assert "Welcome back" not in sitting.said


@pytest.mark.parametrize("advanced", [False, True])
async def test_a_pause_left_by_a_crash_does_not_send_you_away(sitting: Sitting, advanced: bool) -> None:
    await sitting.conductor.sent(sitting.id, 0)
    await sitting.leave_behind("", MessageKind.PAUSE)
    if advanced:
        await sitting.conductor.advance(sitting.id)
    await sitting.run("/skip")
    head, _, rest = sitting.said.partition("Question 1 of 3")
    assert head == "Welcome back: question 1 of 3, less than a minute so far.\n\n"
    assert "Question 2 of 3" in rest


async def test_an_ended_interview_is_over_at_once(sitting: Sitting) -> None:
    await sitting.run("/end")
    assert await sitting.run("more") is Outcome.ENDED
    assert sitting.said == ""


@pytest.mark.parametrize(
    ("typed", "kind"),
    [("/hint", MessageKind.HINT), ("/repeat", MessageKind.REPEAT), ("/clarify", MessageKind.CLARIFY)],
)
async def test_commands_reach_the_interviewer(sitting: Sitting, typed: str, kind: MessageKind) -> None:
    await sitting.run(typed)
    assert (await sitting.state()).messages[0].command is kind


async def test_pause_and_end_by_command(sitting: Sitting) -> None:
    assert await sitting.run("/pause", "not read") is Outcome.PAUSED
    assert await sitting.run("/end", "not read") is Outcome.ENDED


async def test_help_and_status_are_not_messages(sitting: Sitting) -> None:
    await sitting.run("/help", "/status", "/nonsense", "")
    assert [m.command for m in (await sitting.state()).messages] == [MessageKind.PAUSE]
    assert "- /hint – ask for a hint" in sitting.said
    assert "Question 1 of 3, less than a minute so far." in sitting.said
    assert "I don't know /nonsense." in sitting.said


async def test_words_that_look_like_commands(sitting: Sitting) -> None:
    await sitting.run(" /skip", "//hint +1")
    assert [m.text for m in (await sitting.state()).messages][:2] == ["/skip", "/hint +1"]


async def test_backslashes(sitting: Sitting) -> None:
    await sitting.run("one \\", "two\\", "three", "ends in \\\\", "open \\")
    assert [m.text for m in (await sitting.state()).messages] == ["one \ntwo\nthree", "ends in \\", "open"]


async def test_status_discloses_nothing_in_assess_mode() -> None:
    sitting = Sitting(mode=Mode.ASSESS, probes=0, follow_ups=0)
    await sitting.begin()
    await sitting.run("+1 +2 all of it", "/status")
    good = sitting.said
    other = Sitting(mode=Mode.ASSESS, probes=0, follow_ups=0)
    await other.begin()
    await other.run("nothing of it", "/status")
    assert good.replace(sitting.id, other.id) == other.said


async def test_nothing_controls_the_terminal() -> None:
    evil = "Ring\x07 \x1b[2Jthe\x1b]0;title\x07 bell\x9b31m \u202egnp.exe\u202c [bold]now[/bold]"
    guide = make_guide()
    first = guide.questions[0].model_copy(update={"text": evil})
    sitting = Sitting(guide=guide.model_copy(update={"questions": (first, *guide.questions[1:])}))
    await sitting.begin()
    await sitting.run("an \x1b[31manswer\x00\x85 with \u202eall\x9b of it")
    assert "Ring the bell31m gnp.exe [bold]now[/bold]" in sitting.said
    assert not set(sitting.said) & {"\x1b", "\x07", "\x9b", "\u202e", "\u202c"}
    assert (await sitting.state()).messages[0].text == "an answer\n with all of it"


class Busy(FakeStore):
    """Another worker holds every interview for so many tries."""

    def __init__(self, tries: int) -> None:
        super().__init__()
        self.tries = tries

    async def acquire(self, interview_id: str, holder: str, seconds: float) -> bool:
        self.tries -= 1
        return self.tries < 0 and await super().acquire(interview_id, holder, seconds)


async def test_another_window_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "RETRY_AFTER", 0.0)
    sitting = Sitting(store=Busy(3), probes=0, follow_ups=0)
    await sitting.begin()
    assert await sitting.run("+1 Beans") is Outcome.PAUSED
    assert count(sitting.said, "open somewhere else") == 1
    assert "Question 2 of 3" in sitting.said


async def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "PATIENCE", 0.0)
    sitting = Sitting(store=Busy(99))
    await sitting.begin()
    assert await sitting.run("+1 Beans") is Outcome.FAILED
    assert "This interview is being answered somewhere else. Close it there" in sitting.said
    assert [m.text for m in (await sitting.state()).pending] == ["+1 Beans"]


class Overtaken(FakeStore):
    """Another worker records the second turn first, and shows it somewhere else."""

    came = False

    async def append(self, interview_id: str, events: Sequence[Event]) -> bool:
        turned = next((e for e in events if isinstance(e, Turned) and e.turn.number == 1), None)
        if turned and not self.came:
            self.came = True
            theirs = Turned(turn=turned.turn.model_copy(update={"reply": "Another said this."}))
            await super().append(interview_id, [theirs, Sent(number=1, at=turned.turn.at)])
        return await super().append(interview_id, events)


async def test_what_another_window_recorded_first_is_what_counts() -> None:
    sitting = Sitting(store=Overtaken(), probes=0, follow_ups=0)
    await sitting.begin()
    assert await sitting.run("+1 Beans", "+1 Peas") is Outcome.PAUSED
    assert "What counts is this:\n\nAnother said this.\n" in sitting.said
    assert "Question 3 of 3" in sitting.said


class Full(FakeStore):
    """A disk that takes no more messages."""

    async def append(self, interview_id: str, events: Sequence[Event]) -> bool:
        if any(isinstance(e, Received) for e in events):
            raise StoreError("The disk is full.", "Make room in `/data` and try again.")
        return await super().append(interview_id, events)


async def test_errors_are_told_with_their_remedy() -> None:
    sitting = Sitting(store=Full())
    await sitting.begin()
    assert await sitting.run("+1 Beans", "more") is Outcome.FAILED
    assert sitting.said.endswith("The disk is full. Make room in `/data` and try again.\n\n")


async def test_an_interview_that_is_not_there() -> None:
    sitting = Sitting()
    sitting.id = "nowhere"
    assert await sitting.run() is Outcome.FAILED
    assert sitting.said.startswith("There is no interview nowhere.")


class Closing(io.StringIO):
    """Somebody reads so many writes, and no more."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.left = writes

    def write(self, text: str) -> int:
        self.left -= 1
        if self.left < 0:
            raise BrokenPipeError
        return super().write(text)


@pytest.mark.parametrize("writes", [0, 3, 70, 100])
async def test_nobody_reads_any_more(sitting: Sitting, writes: int) -> None:
    assert await sitting.run("+1 Beans", stdout=Closing(writes)) is Outcome.UNHEARD
    assert (await sitting.state()).unsent != []
    await sitting.run()
    assert (await sitting.state()).unsent == []


async def test_warming_up_waits_for_the_first_words(sitting: Sitting) -> None:
    seen: list[tuple[bool, bool]] = []
    done = threading.Event()
    stdout = io.StringIO()

    def warm() -> None:
        seen.append(("Question 1 of 3" in stdout.getvalue(), threading.current_thread().daemon))
        done.set()
        raise RuntimeError("no harm")

    await sitting.run("+1", stdout=stdout, warm=warm)
    assert done.wait(5)
    assert seen == [(True, True)]


async def test_ctrl_c_during_a_reply_keeps_the_message() -> None:
    sitting = Sitting(engine=SlowSpeaker(0.2, 5.0), probes=0, follow_ups=0)
    await sitting.begin()
    in_charge = signal.getsignal(signal.SIGINT)
    asyncio.get_running_loop().call_later(0.4, os.kill, os.getpid(), signal.SIGINT)
    assert await sitting.run("+1 Beans") is Outcome.INTERRUPTED
    assert "I've stopped." in sitting.said
    assert f"interviewer resume {sitting.id}" in sitting.said
    assert [m.text for m in (await sitting.state()).pending] == ["+1 Beans"]
    assert sitting.store.leases == {}
    sitting.engine = SlowSpeaker(0.0)
    await sitting.run()
    assert "Question 2 of 3" in sitting.said
    assert signal.getsignal(signal.SIGINT) is in_charge


async def test_ctrl_c_while_waiting_for_a_line_pauses(sitting: Sitting) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin:
        stdout = io.StringIO()
        asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGINT)
        assert await converse(sitting.conductor, sitting.id, Io(stdin, stdout, {})) is Outcome.PAUSED
    os.close(writing)
    assert (await sitting.state()).status is Status.PAUSED


async def test_lines_of_a_pipe_that_come_in_pieces(sitting: Sitting) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as stdin:
        work = asyncio.create_task(converse(sitting.conductor, sitting.id, Io(stdin, io.StringIO(), {})))
        for piece in ("+1 caf\u00e9".encode()[:7], "\u00e9".encode()[1:] + b" Beans\r\n/sk", b"ip\n\xff bad"):
            os.write(writing, piece)
            await asyncio.sleep(0.02)
        os.close(writing)
        assert await work is Outcome.ENDED
    assert [m.text for m in (await sitting.state()).messages] == ["+1 caf\u00e9 Beans", "", "\ufffd bad"]


async def test_lines_of_a_plain_file(sitting: Sitting, tmp_path: Path) -> None:
    file = tmp_path / "answers"
    file.write_text("+1 Beans\n/skip\n+1 Peas\n")
    with file.open() as stdin:
        assert await converse(sitting.conductor, sitting.id, Io(stdin, io.StringIO(), {})) is Outcome.ENDED


async def test_a_dumb_terminal_is_asked_line_by_line(sitting: Sitting) -> None:
    stdin, stdout = Tty("+1 Beans\\\nand more\n/end\nn\n/end\ny\n"), Tty()
    io_ = Io(stdin, stdout, {"TERM": "dumb"}, columns=40)
    assert await converse(sitting.conductor, sitting.id, io_) is Outcome.ENDED
    said = stdout.getvalue()
    assert "\x1b" not in said
    assert count(said, "End the interview now? (y/n) ") == 2
    assert "All right, let's go on." in said
    assert max(map(len, said.splitlines())) < 70  # prompts have no line end here: nothing is echoed


async def test_a_sign_of_life_until_the_first_words() -> None:
    sitting = Sitting(engine=SlowSpeaker(0.5), probes=0, follow_ups=0)
    await sitting.begin()
    stdout = Tty()
    await converse(sitting.conductor, sitting.id, Io(io.StringIO("+1\n"), stdout, {"TERM": "xterm"}))
    first, second, rest = stdout.getvalue().split("\r\x1b[K")  # one reply, and the one that pauses
    for waiting in (first, second):
        assert waiting.endswith("\r\x1b[2m·  \x1b[0m")
        assert count(waiting, "\r") == 1
    assert "\r" not in rest


async def test_no_sign_of_life_in_a_pipe() -> None:
    sitting = Sitting(engine=SlowSpeaker(0.4), probes=0, follow_ups=0)
    await sitting.begin()
    await sitting.run("+1")
    assert "\r" not in sitting.said
    assert "..." not in sitting.said


def test_a_screen_of_another_encoding() -> None:
    raw = io.BytesIO()
    stdout = io.TextIOWrapper(raw, encoding="latin-1")
    Screen(Io(io.StringIO(), stdout, {})).say("“Café” – 漢 … ok")
    assert raw.getvalue() == b'"Caf\xe9" - ? ... ok\n\n'


def test_cleaning() -> None:
    assert clean("a\x1b[1;31mb\x1b]8;;x\x07c\x9bd\u2066e\ud800f\r\ng\th") == "abcde\ufffdf\ng\th"
    assert encodable("“a” › │", "ascii") == '"a" > |'


PROGRAM = """
import asyncio
from interviewer.channels.terminal import converse
from tests.channels.sittings import Sitting

async def main():
    sitting = Sitting()
    await sitting.begin()
    print("\\n" * 1, await converse(sitting.conductor, sitting.id), sep="")

asyncio.run(main())
"""


def test_a_reader_that_goes_away_leaves_no_traceback() -> None:
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline().startswith(b"Hello")
        child.stdout.close()
        child.stdin.write(b"+1 Beans\n" * 9)
        child.stdin.close()
        assert child.stderr.read() == b""
        assert child.wait(20) == 0


def test_importing_it_is_cheap() -> None:
    code = (
        "import sys, interviewer.channels.terminal as _; print(sorted({'rich', 'prompt_toolkit', 'openai', "
        "'interviewer.conduct'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
