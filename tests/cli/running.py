"""The installed command in processes of its own: with pipes, or at the ends of a pseudo-terminal."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

COMMAND = str(Path(sys.executable).parent / "interviewer")
SCRIPTED = ("--engine", "scripted")
PATIENCE = 30.0
GUIDE = """---
title: Gardener
---

## Technical questions

### Where would you grow beans? {#beans}

- **Difficulty**: easy
- **Answer**: By a southern wall, since beans want warmth.
- **Key points**:
  - **Warmth**: beans want a sheltered southern wall.
  - **Nitrogen**: legumes leave nitrogen behind in the soil.
- **Pitfalls**:
  - **Shade**: plants beans in deep shade.

### How do you water tomatoes? {#tomatoes}

- **Difficulty**: easy
- **Answer**: At the root, in the morning.
- **Key points**:
  - **Root**: the water goes to the root and not onto the leaves.
  - **Morning**: watering in the morning prevents blight.
- **Pitfalls**:
  - **Midday**: waters in the midday sun.
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of the user's: a home of its own, and no key."""
    path = f"{Path(COMMAND).parent}:/usr/bin:/bin"
    return {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "TERM": "xterm", **more}


def run(
    home: Path, *args: str, stdin: str | bytes = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; a traceback is never an answer."""
    raw = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [COMMAND, *args],
        input=raw,
        capture_output=True,
        env=environment(home, **(env or {})),
        cwd=home,
        timeout=60,
        check=False,
    )
    text = subprocess.CompletedProcess(args, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in text.stderr, text.stderr
    return text


def begin(home: Path, *args: str, **pipes: int) -> subprocess.Popen[bytes]:
    """Start a command, to be killed."""
    return subprocess.Popen([COMMAND, *args], env=environment(home), cwd=home, **pipes)  # type: ignore[call-overload,no-any-return]


def shell(home: Path, line: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of shell, in which $I is the command."""
    env = environment(home, I=COMMAND)
    return subprocess.run(["sh", "-c", line], capture_output=True, env=env, cwd=home, check=False, timeout=60)


def garden(home: Path) -> str:
    """A small guide, as a file in this folder; its path as a user would type it."""
    (home / "gardener.md").write_text(GUIDE, encoding="utf-8")
    return "./gardener.md"


class Talk(NamedTuple):
    """What a terminal showed, and the exit status."""

    shown: str
    status: int


def typed(home: Path, args: Sequence[str], *steps: tuple[str, bytes | int]) -> Talk:
    """Run a command on a pseudo-terminal; each step waits for some words and then types, or sends a signal."""
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execve(COMMAND, [COMMAND, *args], environment(home))
    shown = seen = ""
    for words, act in steps:
        while words not in seen:
            piece = _piece(terminal)
            assert piece, f"{words!r} was not shown, but {shown!r}"
            shown, seen = shown + piece, seen + piece
        seen = ""
        if isinstance(act, bytes):
            os.write(terminal, act)
        else:
            os.kill(pid, act)
    while piece := _piece(terminal):
        shown += piece
    os.close(terminal)
    return Talk(shown, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _piece(terminal: int) -> str:
    """What comes next; nothing once the other end is closed."""
    ready, _, _ = select.select([terminal], [], [], PATIENCE)
    assert ready, "nothing more came"
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:
        return ""


def wait_until(happened: object, seconds: float = PATIENCE) -> None:
    """Wait for a condition, given as a function."""
    assert callable(happened)
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.005)
