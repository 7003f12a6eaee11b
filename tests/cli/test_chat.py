"""`interviewer chat` and `resume`: what is asked, what is refused, and leaving at every moment."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from interviewer.cli.main import app
from interviewer.domain.errors import InterviewerError
from interviewer.wiring import House
from tests.cli.running import GUIDE, SCRIPTED, begin, garden, run, shell, typed, wait_until

ON_GARDENS = (*SCRIPTED, "--guide", "./gardener.md")
SECRETS = ("sheltered southern", "nitrogen", "blight", "onto the leaves", "since beans want warmth")


@pytest.fixture(autouse=True)
def _folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INTERVIEWER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("INTERVIEWER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(House, "warm", lambda self, guide: None)
    garden(tmp_path)


def call(*args: str, lines: tuple[str, ...] = ()) -> Result:
    return CliRunner().invoke(app, list(args), input="".join(f"{line}\n" for line in lines))


def chat(*args: str, lines: tuple[str, ...] = ()) -> str:
    """What an interview showed; it went as it should."""
    result = call("chat", *ON_GARDENS, *args, lines=lines)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def refused(*args: str) -> str:
    result = call(*args)
    assert isinstance(result.exception, InterviewerError), (result.output, result.exception)
    return f"{result.exception.message} {result.exception.remedy}"


def sessions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in call("sessions", "--json").stdout.splitlines()]


def asked(shown: str) -> list[str]:
    """The questions that were put, in order."""
    return re.findall(r"^(Where would you grow beans\?|How do you water tomatoes\?)$", shown, re.MULTILINE)


@pytest.mark.parametrize(("args", "said"), [((), "No key is set, so the"), (("--engine", "embedded"), "The")])
def test_no_key_is_the_reason_for_the_embedded_engine_only_where_nobody_chose_it(
    args: tuple[str, ...], said: str
) -> None:
    shown = call("chat", "--guide", "./gardener.md", *args).stderr
    assert shown.startswith(f"{said} embedded engine listens: private and offline.")


def test_an_interview_from_pipe_to_scorecard() -> None:
    shown = chat("--seed", "1", lines=("+1 +2", "+1 \\", "and +2"))
    assert len(asked(shown)) == 2
    assert "Question 2 of 2" in shown
    assert "100 of 100. Band 5 of 5: Strong." in shown
    assert "In short: 100 of 100, Strong." in shown
    assert f" report {sessions()[0]['id']} --out scorecard.html" in shown
    assert "\x1b" not in shown


def test_the_same_seed_asks_the_same_questions() -> None:
    orders = {tuple(asked(chat("--seed", str(seed), lines=("/skip", "/skip")))) for seed in range(4)}
    assert len(orders) == 2
    assert (
        chat("--seed", "3", lines=("/skip",)).splitlines()[:6] == chat("--seed", "3", lines=("/skip",)).splitlines()[:6]
    )


def test_more_questions_than_there_are() -> None:
    assert "with 2 questions" in chat("--questions", "99")


def test_assessing_discloses_nothing_before_the_end() -> None:
    shown = chat(
        "--mode", "assess", lines=("+1 !1", "no idea", "/hint", "?dont_know", "~1", "?clarify", "/skip", "/end")
    )
    before, end, card = shown.partition("Assessment interview")
    assert end
    assert [s for s in SECRETS if s in before] == []
    assert all(s in card for s in ("sheltered southern", "nitrogen"))
    assert "since beans want warmth" not in card


def test_minutes_choose_fewer_questions() -> None:
    assert "with one question" in chat("--minutes", "5")


def test_a_topic_that_is_named() -> None:
    assert asked(chat("--topic", "tomatoes")) == ["How do you water tomatoes?"]


def test_a_topic_that_nothing_is_about() -> None:
    assert "no question about “football”" in refused("chat", *ON_GARDENS, "--topic", "football")
    assert sessions() == []


@pytest.mark.parametrize(
    ("guide", "told"),
    [
        ("mlops-enginer", "Did you mean mlops-engineer"),
        ("nope", "There is no guide 'nope'"),
        ("./nowhere.md", "no such file"),
        ("./bare.md", "nothing to ask"),
        ("./binary.md", "binary"),
        (".", "a folder"),
    ],
)
def test_guides_that_cannot_be_asked_from(tmp_path: Path, guide: str, told: str) -> None:
    (tmp_path / "bare.md").write_text(GUIDE.split("- **Answer**")[0])
    (tmp_path / "binary.md").write_bytes(bytes(range(256)) * 50)
    assert told in refused("chat", *SCRIPTED, "--guide", guide)


@pytest.mark.parametrize("option", ["--questions", "--minutes"])
def test_nothing_is_too_few(option: str) -> None:
    assert call("chat", *ON_GARDENS, option, "0").exit_code == 2


def test_without_a_guide_nobody_can_be_asked_in_a_pipe() -> None:
    said = refused("chat", *SCRIPTED)
    assert "--guide" in said
    assert "mlops-engineer" in said


def test_weakest_before_any_interview_and_after() -> None:
    assert "nothing weak to practise yet" in refused("chat", *SCRIPTED, "--weakest")
    chat("-n", "1", "--topic", "beans", lines=("+1 +2",))
    assert "Nothing went badly enough" in refused("chat", *ON_GARDENS, "--weakest")
    chat("-n", "1", "--topic", "tomatoes", lines=("/skip",))
    shown = chat("--weakest")
    assert asked(shown) == ["How do you water tomatoes?"]
    assert "with one question" in shown


def test_weakest_in_a_guide_that_is_not_in_the_library() -> None:
    chat(lines=("/skip", "/skip"))
    assert "--guide" in refused("chat", *SCRIPTED, "--weakest")


def test_weakest_when_those_questions_are_gone(tmp_path: Path) -> None:
    chat("-n", "1", "--topic", "tomatoes", lines=("/skip",))
    (tmp_path / "gardener.md").write_text(GUIDE.replace("{#tomatoes}", "{#water}"))
    assert "not in the guides any more" in refused("chat", *ON_GARDENS, "--weakest")


def test_resume_when_there_is_nothing_to_go_on_with() -> None:
    assert "There is no unfinished interview yet" in refused("resume", *SCRIPTED)
    chat(lines=("/skip", "/skip"))
    held = sessions()[0]["id"]
    assert "There is no unfinished interview yet" in refused("resume", *SCRIPTED)
    assert f"The interview {held} has ended." in refused("resume", held, *SCRIPTED)
    assert "There is no interview 'zzzz0'" in refused("resume", "zzzz0", *SCRIPTED)
    assert "There is no interview ''" in refused("resume", "", *SCRIPTED)


def test_resume_goes_on_by_the_beginning_of_an_id_and_asks_for_more_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ["abcd-2222-3333", "abce-2222-3333", "bbbb-2222-3333"]
    for each in ids:
        monkeypatch.setattr("interviewer.conduct.turn.new_id", lambda each=each: each)
        chat()
    said = refused("resume", "ab", *SCRIPTED)
    assert "begins 2 interviews: abce-2222-3333, abcd-2222-3333." in said
    assert "Give more of its id" in said
    assert "Welcome back" in call("resume", "ABCE2", *SCRIPTED, lines=("+1", "/end")).output
    assert {s["id"]: s["status"] for s in sessions()} == dict(zip(ids, ["paused", "ended", "paused"], strict=True))
    assert "Welcome back" in call("resume", "ab", *SCRIPTED, lines=("/end",)).output


def test_resume_with_another_engine_says_so() -> None:
    chat()
    assert "began with the scripted engine and goes on with embedded" in call("resume", "--engine", "embedded").output


def test_the_data_folder_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    for place in (tmp_path / "taken", tmp_path / "taken" / "below"):
        monkeypatch.setenv("INTERVIEWER_DATA_DIR", str(place))
        assert "cannot be made" in refused("chat", *ON_GARDENS)


def test_leaving_at_once_ends_well(tmp_path: Path) -> None:
    """The model is still loading in a thread then, which once aborted the process."""
    done = run(tmp_path, "chat", "--guide", "./gardener.md")
    assert (done.returncode, "terminate" in done.stderr) == (0, False)
    assert "interviewer resume" in done.stdout


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-", "| head -1"])
def test_closed_streams_are_no_traceback(tmp_path: Path, closed: str) -> None:
    assert shell(tmp_path, f"$I chat {' '.join(ON_GARDENS)} {closed}").stderr == b""


def test_a_plain_locale(tmp_path: Path) -> None:
    env = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    done = run(tmp_path, "chat", *ON_GARDENS, stdin="+1 — ümlaut\n/end\n", env=env)
    assert done.returncode == 0
    assert "Gardener" in done.stdout


def test_picking_a_guide_on_a_terminal(tmp_path: Path) -> None:
    talk = typed(
        tmp_path,
        ["chat", *SCRIPTED, "-n", "1"],
        ("name: ", b"99\n"),
        ("from 1 to", b"nowhere\n"),
        ("There is no guide 'nowhere'", b"./gardener.md\n"),
        ("Enter sends", b"\x04"),
    )
    assert talk.status == 0
    assert "interviewer resume" in talk.shown


@pytest.mark.parametrize("key", [b"\x03", b"\x04", signal.SIGINT], ids=["ctrl-c", "ctrl-d", "sigint"])
def test_leaving_where_a_guide_is_picked(tmp_path: Path, key: bytes | int) -> None:
    assert typed(tmp_path, ["chat", *SCRIPTED], ("name: ", key)).status == 130


def test_ctrl_c_pauses_and_sigterm_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    args = ["chat", *ON_GARDENS, "-n", "1"]
    paused = typed(tmp_path, args, ("Enter sends", b"\x03"))
    assert paused.status == 0
    assert "interviewer resume" in paused.shown
    stopped = typed(tmp_path, args, ("Enter sends", signal.SIGTERM))
    assert stopped.status == 143
    assert stopped.shown.rfind("\x1b[?2004l") > stopped.shown.rfind("\x1b[?2004h")  # pasting in brackets is off again
    assert "Stopped. To go on later: interviewer resume" in stopped.shown
    found = [json.loads(line) for line in run(tmp_path, "sessions", "--json").stdout.splitlines()]
    assert [s["status"] for s in found] == ["active", "paused"]
    assert "Question 1 of 1" in run(tmp_path, "resume", *SCRIPTED).stdout


def test_killed_at_random_moments_no_answer_is_lost_and_none_graded_twice(tmp_path: Path) -> None:
    chance = random.Random(5)
    run(tmp_path, "chat", *ON_GARDENS, "--seed", "1")
    for _ in range(2):
        process = begin(
            tmp_path, "resume", *SCRIPTED, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert b"Welcome back" in process.stdout.readline()
        process.stdin.write(b"~1\n")
        process.stdin.flush()
        wait_until(lambda: True, chance.random() / 10)
        if chance.random() < 0.6:
            process.stdout.readline()
        process.kill()
        process.communicate()
    ended = run(tmp_path, "resume", *SCRIPTED, stdin="+1 +2\n+1 +2\n+1 +2\n+1 +2\n/end\n")
    assert ended.returncode == 0
    card = json.loads(run(tmp_path, "report", "--format", "json").stdout)
    assert card["status"] == "ended"
    assert [q["outcome"] for q in card["questions"]].count("graded") >= 1
    assert len({q["id"] for q in card["questions"]}) == 2
