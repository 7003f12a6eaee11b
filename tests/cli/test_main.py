"""The root of the command line: its table of commands, and what it does with what goes wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from interviewer.cli.lazy import Lazy
from interviewer.cli.main import COMMANDS

COMMAND = Path(sys.executable).parent / "interviewer"
ROOT = Path(__file__).resolve().parents[2]
SPEAKING = [path for pattern in ("*.md", "docs/*.md", "interviewer/**/*.py") for path in sorted(ROOT.glob(pattern))]
NAMED = re.compile(r"(?:`|\$ |Run: )interviewer (?:(guide|prompts) ([a-z]+)|([a-z]+))")


def run(*args: str, home: Path) -> subprocess.CompletedProcess[str]:
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run([str(COMMAND), *args], capture_output=True, text=True, env=env, check=False, timeout=60)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_the_line_in_the_help_is_what_the_command_says_of_itself(command: Lazy) -> None:
    module, _, name = command.where.partition(":")
    found = getattr(import_module(module), name)
    said = found.info.help if isinstance(found, typer.Typer) else found.__doc__
    assert said
    assert said.strip().splitlines()[0] == command.help


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_every_command_has_help_with_an_example(command: Lazy, tmp_path: Path) -> None:
    done = run(command.name, "--help", home=tmp_path)
    assert done.returncode == 0
    assert f"interviewer {command.name}" in done.stdout


def test_every_command_that_is_named_anywhere_exists() -> None:
    groups = {each.name: each.load() for each in COMMANDS}
    said = {match for path in SPEAKING for match in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert len(said) > len(COMMANDS)
    for group, inner, alone in said:
        assert inner in groups[group].commands if group else alone in groups, (group, inner, alone)


def test_an_error_is_one_clear_message(tmp_path: Path) -> None:
    done = run("report", "nosuch", home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("There is no interview yet.\nBegin one with `")
    assert done.stderr.endswith("interviewer chat`.\n")


def test_no_command_of_that_name(tmp_path: Path) -> None:
    done = run("interrogate", home=tmp_path)
    assert done.returncode == 2
    assert "No such command" in done.stderr
