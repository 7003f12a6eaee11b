"""Several processes on one file: nothing is lost between them, and a kill is survived."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from interviewer.domain.interview import Received, Turned
from interviewer.stores.sql import SqlStore

from .samples import guide, started

ROOT = Path(__file__).parents[2]
APPENDER = """
import asyncio, sys
from interviewer.stores.sql import SqlStore
from stores.samples import guide, received, started, turned

async def main(url, name):
    store = SqlStore(url, patience=30)
    await store.open()
    await store.save_guide(guide())
    await store.append("i1", [started()])
    print("ready", flush=True)
    sys.stdin.readline()
    won = 0
    for number in range(60):
        assert await store.append("i1", [received(f"{name}{number}")])
        won += await store.append("i1", [turned(number, reply=name)])
    print(won)
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


def spawn(*arguments: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def appenders(url: str, count: int) -> list[str]:
    """What so many processes say that open a new database at once and then append at once."""
    processes = [spawn("-c", APPENDER, url, chr(ord("a") + n)) for n in range(count)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    said = [process.communicate("go\n", timeout=60)[0] for process in processes]
    assert [p.returncode for p in processes] == [0] * count
    return said


async def test_processes_appending_at_once_lose_nothing(url: str) -> None:
    won = [int(text) for text in appenders(url, 3)]
    assert sum(won) == 60, "each turn was recorded by one of them"
    store = SqlStore(url)
    await store.open()
    rows = await store.events("i1")
    turns = [event.turn for _, event in rows if isinstance(event, Turned)]
    assert sorted(t.number for t in turns) == list(range(60))
    assert [sum(t.reply == name for t in turns) for name in "abc"] == won
    messages = [event.message.id for _, event in rows if isinstance(event, Received)]
    assert sorted(messages) == sorted(f"{name}{n}" for name in "abc" for n in range(60))
    assert rows[0][1] == started()
    assert await store.guide("r1") == guide()
    await store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs SIGKILL")
def test_an_interview_survives_eight_kills() -> None:
    process = spawn(str(ROOT / "bench" / "store_torture.py"), "--kills", "8", "--seed", "8", "--json")
    figures = json.loads(process.communicate(timeout=120)[0])
    assert figures["kills"] >= 8
    assert figures["messages"] > 0
    assert figures["lost"] == 0
