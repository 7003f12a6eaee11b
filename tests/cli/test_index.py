"""`interviewer index` with a real Chroma server, and with a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.chroma import Chroma
from tests.cli.running import garden, run
from tests.postgres import free_port


def test_one_machine_publishes_and_another_sees_it(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("a", "b")]
    for home in homes:
        home.mkdir()
        garden(home)
    with Chroma(tmp_path / "chroma") as server:
        env = {"CHROMA_URL": server.url}
        before = run(homes[0], "index", "status", "./gardener.md", env=env)
        assert before.returncode == 1
        assert "not published, not fetched to this machine" in before.stdout
        synced = run(homes[0], "index", "sync", "./gardener.md", env=env)
        assert synced.returncode == 0
        assert synced.stdout == f"1 guide is in the Chroma server at {server.url}, 1 of them new.\n"
        seen = run(homes[1], "index", "status", "./gardener.md", "--json", env=env)
        assert seen.returncode == 0
        assert {k: v for k, v in json.loads(seen.stdout).items() if k in ("here", "there")} == {
            "here": False,
            "there": True,
        }
        again = run(homes[1], "index", "sync", "./gardener.md", env=env)
        assert "0 of them new" in again.stdout


def test_a_folder_is_filled_too(tmp_path: Path) -> None:
    garden(tmp_path)
    synced = run(tmp_path, "index", "sync", "./gardener.md")
    assert "1 guide is in the folder" in synced.stdout
    assert run(tmp_path, "index", "status", "./gardener.md").returncode == 0


@pytest.mark.parametrize("command", ["sync", "status"])
def test_a_server_that_is_not_there(tmp_path: Path, command: str) -> None:
    garden(tmp_path)
    url = f"http://me:secret@127.0.0.1:{free_port()}"
    done = run(tmp_path, "index", command, "./gardener.md", env={"CHROMA_URL": url})
    assert done.returncode == 1
    assert "does not answer: Connection refused." in done.stderr
    assert "Check that it runs, and CHROMA_URL." in done.stderr
    assert "secret" not in done.stderr + done.stdout


def test_an_address_that_is_none_is_said_at_once(tmp_path: Path) -> None:
    garden(tmp_path)
    for command in (("index", "sync", "./gardener.md"), ("chat", "--guide", "./gardener.md", "--engine", "scripted")):
        done = run(tmp_path, *command, env={"CHROMA_URL": "chroma:8000"})
        assert done.returncode == 1
        assert "CHROMA_URL is no address of a Chroma server." in done.stderr
