from __future__ import annotations

import pytest

from interviewer.channels.commands import (
    COMMANDS,
    help_text,
    near_commands,
    status_line,
    toolbar,
    understand,
    welcome_back,
)
from interviewer.domain.interview import Mode
from interviewer.domain.state import Interview
from tests.channels.sittings import Sitting
from tests.fakes import BEGIN


async def state_of(sitting: Sitting, *lines: str) -> Interview:
    await sitting.begin()
    await sitting.run(*lines)
    return await sitting.state()


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("typed", ["/{}", "/{} ", "/{}\n"])
def test_a_command_is_one_by_itself(name: str, typed: str) -> None:
    assert understand(typed.format(name)).command == name


def test_commands_may_be_shouted() -> None:
    assert understand("/HINT").command == "hint"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("an answer", "an answer"),
        ("  an answer \n", "an answer"),
        (" /hint", "/hint"),
        ("//hint", "/hint"),
        ("// is integer division", "/ is integer division"),
        ("/usr/bin comes first", "/usr/bin comes first"),
        ("/etc holds settings\nand so on", "/etc holds settings\nand so on"),
        ("/", "/"),
        ("1/2", "1/2"),
        ("", ""),
    ],
)
def test_everything_else_is_words(typed: str, words: str) -> None:
    entry = understand(typed)
    assert (entry.words, entry.command, entry.puzzle) == (words, "", "")


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("/hnt", "/hint"),
        ("/h", "/hint or /help"),
        ("/quit", "/pause or /end"),
        ("/stauts", "/status"),
        ("/next", "/skip"),
    ],
)
def test_an_unknown_command_names_its_neighbours(typed: str, near: str) -> None:
    puzzle = understand(typed).puzzle
    assert f"I don't know {typed}. Did you mean {near}?" in puzzle
    assert "space before the slash" in puzzle


def test_a_far_one_points_to_help() -> None:
    assert near_commands("xylophone") == ()
    assert "/help shows the commands" in understand("/xylophone").puzzle


def test_words_after_a_command_are_not_lost_in_silence() -> None:
    entry = understand("/skip lists are quick to search")
    assert not entry.command
    assert "send /skip by itself" in entry.puzzle


def test_help_names_every_command() -> None:
    for by_line in (True, False):
        assert all(f"`/{name}`" in help_text(line_by_line=by_line) for name in COMMANDS)


async def test_status_counts_what_was_done_and_not_how_well() -> None:
    sitting = Sitting(mode=Mode.ASSESS, probes=0, follow_ups=0)
    state = await state_of(sitting, "+1 +2", "!1 nothing right", "/skip")
    sitting.clock.pass_minutes(7)
    # three questions, all over: the interview has ended, yet the line can still be made
    assert status_line(state, sitting.clock()).endswith("2 answered and 1 skipped.")


async def test_status_in_the_middle() -> None:
    sitting = Sitting(minutes=30, probes=0, follow_ups=0)
    state = await state_of(sitting, "/skip", "/repeat")
    assert status_line(state, BEGIN) == (
        "Question 2 of 3, less than a minute so far, about 30 minutes left. 1 skipped."
    )


async def test_welcome_back_and_toolbar() -> None:
    sitting = Sitting(probes=0, follow_ups=0)
    state = await state_of(sitting, "/skip")
    state.active_seconds = 720
    assert welcome_back(state, BEGIN) == "Welcome back: question 2 of 3, 12 minutes so far."
    assert toolbar(state, BEGIN, 80) == "question 2 of 3 · 12 min · practice · /help"
    assert toolbar(state, BEGIN, 38) == "question 2 of 3 · 12 min · /help"
    assert toolbar(state, BEGIN, 18) == "question 2 of 3"
