"""What a candidate may type besides an answer: commands, what they mean, and the lines that need no engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from interviewer.domain.interview import MessageKind
from interviewer.domain.state import Interview
from interviewer.domain.text import counted, listed

COMMANDS = {
    "hint": "ask for a hint",
    "skip": "leave this question",
    "repeat": "hear the question again",
    "clarify": "ask what it means",
    "status": "see how far you are",
    "pause": "stop now, go on later",
    "end": "end the interview",
    "help": "see this list",
}
MEANINGS = {
    "hint": MessageKind.HINT,
    "skip": MessageKind.SKIP,
    "repeat": MessageKind.REPEAT,
    "clarify": MessageKind.CLARIFY,
    "pause": MessageKind.PAUSE,
    "end": MessageKind.STOP,
}
_OTHER_NAMES = {
    "quit": ("pause", "end"),
    "exit": ("pause", "end"),
    "stop": ("pause", "end"),
    "bye": ("pause", "end"),
    "next": ("skip",),
    "pass": ("skip",),
    "again": ("repeat",),
    "explain": ("clarify",),
    "progress": ("status",),
    "time": ("status",),
}
_COMMAND = re.compile(r"/([A-Za-z?]+)(?:\s+(\S.*))?\s*", re.DOTALL)


@dataclass(frozen=True)
class Entry:
    """What was typed: words to send, the name of a command, or a `puzzle`: a line to tell the candidate instead."""

    words: str = ""
    command: str = ""
    puzzle: str = ""


def understand(typed: str) -> Entry:
    """What a typed line means. A line that begins with a space, or with "//", is always words."""
    if not typed.startswith("/"):
        return Entry(words=typed.strip())
    if typed.startswith("//"):
        return Entry(words=typed[1:].strip())
    found = _COMMAND.fullmatch(typed)
    if found is None or "\n" in typed.strip():
        return Entry(words=typed.strip())
    name, more = found[1].lower(), found[2]
    if name not in COMMANDS:
        return Entry(puzzle=_unknown(name))
    if more:
        return Entry(puzzle=f"Please send /{name} by itself. If that was your answer, put a space before the slash.")
    return Entry(command=name)


def _unknown(name: str) -> str:
    near = _OTHER_NAMES.get(name) or near_commands(name)
    tip = f"Did you mean {' or '.join(f'/{n}' for n in near)}?" if near else "/help shows the commands."
    return f"I don't know /{name}. {tip} If that was your answer, put a space before the slash."


def near_commands(name: str) -> tuple[str, ...]:
    """Commands that this may have been meant for, the likeliest first."""
    begun = [c for c in COMMANDS if c.startswith(name)]
    return tuple(begun[:3] or get_close_matches(name, COMMANDS, n=2, cutoff=0.6))


def help_text(*, line_by_line: bool) -> str:
    """The commands, and how to type an answer; Markdown."""
    lines = [f"- `/{name}` – {meaning}" for name, meaning in COMMANDS.items()]
    more = (
        "One line is one answer. End a line with a backslash to go on in the next."
        if line_by_line
        else "Enter sends. Alt+Enter, Ctrl+J or a backslash at the end adds a line. Ctrl+D pauses."
    )
    slash = "To send an answer that begins with a slash, put a space before it."
    return "\n".join(lines) + f"\n\n{more} {slash}"


def place(interview: Interview) -> str:
    """ "question 3 of 8"."""
    return f"question {interview.number} of {len(interview.plan.questions)}"


def welcome_back(interview: Interview, now: datetime) -> str:
    """The line that greets someone who comes back."""
    return f"Welcome back: {place(interview)}, {_so_far(interview, now)}."


def status_line(interview: Interview, now: datetime) -> str:
    """Where the interview stands, from its state alone: nothing here tells how an answer was judged."""
    over = [s for s in interview.questions.values() if s.grade is not None]
    answered = sum(bool(s.answers) for s in over)
    skipped = len(over) - answered
    where = place(interview)
    tally = listed([f"{count} {what}" for count, what in ((answered, "answered"), (skipped, "skipped")) if count])
    begun = f"{where[:1].upper()}{where[1:]}, {_so_far(interview, now)}{_left(interview, now)}."
    return f"{begun} {tally.capitalize()}." if tally else begun


def _so_far(interview: Interview, now: datetime) -> str:
    minutes = int(interview.minutes_spent(now))
    return f"{counted(minutes, 'minute')} so far" if minutes else "less than a minute so far"


def _left(interview: Interview, now: datetime) -> str:
    if interview.plan.minutes is None:
        return ""
    left = round(interview.plan.minutes - interview.minutes_spent(now))
    return f", about {counted(left, 'minute')} left" if left > 0 else ", and the time is nearly up"


def toolbar(interview: Interview, now: datetime, width: int) -> str:
    """One line of progress that fits the width."""
    minutes = int(interview.minutes_spent(now))
    here = place(interview)
    timed = f"{minutes} of {interview.plan.minutes} min" if interview.plan.minutes else f"{minutes} min"
    mode = interview.plan.mode.value
    lines = [" · ".join(parts) for parts in ((here, timed, mode, "/help"), (here, timed, "/help"), (here, timed))]
    return next((line for line in lines if len(line) + 2 <= width), here)


def in_short(words: str, longest: int = 100) -> str:
    """The beginning of some words, on one line."""
    line = " ".join(words.split())
    return line if len(line) <= longest else line[:longest].rsplit(" ", 1)[0] + " …"
