"""`interviewer eval check` as a maintainer meets it: on the suites that ship, with an engine that knows the labels.

Every canary has to fail it for its own reason, and the engine itself has to pass.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from interviewer.cli.eval import app
from interviewer.cli.main import app as interviewer
from interviewer.domain.errors import SettingsError
from interviewer.evaluation.canaries import Oracle, answer_key
from interviewer.evaluation.ledger import Ledger
from interviewer.evaluation.quoted import load_any
from interviewer.evaluation.subjects import Subject
from interviewer.prompts import Prompt
from interviewer.resources import resource_folder
from interviewer.wiring import House
from tests.evaluation.suite_runs import everything_known, labelled

AGREEMENT = resource_folder("evals") / "cases" / "agreement"
SUITES = ("agreement", "stability", "metamorphic", "injection")
MOHLER = {
    "id": "m1",
    "question_id": "1.1",
    "question": "Why?",
    "reference": ["So."],
    "answer": "Thus.",
    "scores_raters": [4.0, 5.0],
    "score_max": 5.0,
}
REASONS = {
    "lenient": ("agreement", "leniency"),
    "noisy": ("stability", "repeat_variance"),
    "injectable": ("injection", "violations"),
    "position": ("metamorphic", "violations"),
    "constant": ("agreement", "qwk"),
}


@cache
def knowledge() -> Any:
    return {**everything_known(), **answer_key(load_any(AGREEMENT).cases)}


def subject(_house: House, _engine: str | None = None, *, offline: bool = False) -> Subject:
    """An engine that agrees with the labels but for a little noise, the same in every run."""
    return Subject(Oracle(knowledge(), labelled(), noise=0.05))


@pytest.fixture(autouse=True)
def known_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(House, "subject", subject)
    monkeypatch.setenv("INTERVIEWER_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the baselines of every suite."""
    folder = tmp_path_factory.mktemp("evals")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(House, "subject", subject)
        done = call("bless", *SUITES, "--home", str(folder))
    assert done.exit_code == 0, done.output
    assert len(list((folder / "baselines").iterdir())) == len(SUITES)
    return folder


def call(*args: str) -> Any:
    return CliRunner().invoke(app, args)


def checked(home: Path, *args: str) -> tuple[int, dict[str, Any]]:
    done = call("check", *args, "--home", str(home), "--json")
    return done.exit_code, {r["info"]["suite"]: r for r in json.loads(done.stdout)["results"]}


def worse(result: dict[str, Any]) -> set[str]:
    return {d["name"] for d in result["differences"] if d["outcome"] == "regression"}


def test_the_engine_itself_passes_and_nothing_is_graded_anew(home: Path) -> None:
    before = {p.name: p.stat().st_size for p in (home / "ledgers").iterdir()}
    status, results = checked(home, *SUITES)
    assert status == 0
    assert {r["outcome"] for r in results.values()} == {"pass"}
    assert all(d["difference"] == 0 for r in results.values() for d in r["differences"])
    assert {p.name: p.stat().st_size for p in (home / "ledgers").iterdir()} == before


def test_what_one_suite_graded_another_does_not_grade_again(home: Path) -> None:
    ledger = next((home / "ledgers").glob("stability.oracle*"))
    with Ledger(next((home / "ledgers").glob("agreement.oracle*"))) as agreement, Ledger(ledger) as stability:
        first = {row.item: row.at for row in agreement.rows()}
        assert {row.item: row.at for row in stability.rows() if row.repeat == 0} == first


@pytest.mark.parametrize("canary", REASONS)
def test_a_canary_fails_for_its_own_reason(home: Path, canary: str) -> None:
    suite, reason = REASONS[canary]
    status, results = checked(home, suite, "--canary", canary)
    assert status == 1
    assert reason in worse(results[suite])
    assert results[suite]["outcome"] == "regression"


def test_a_position_bias_is_told_by_the_order_of_the_points(home: Path) -> None:
    _, results = checked(home, "metamorphic", "--canary", "position")
    before = {v["item"] for v in checked(home, "metamorphic")[1]["metamorphic"]["violations"]}
    fresh = [v["variant"] for v in results["metamorphic"]["violations"] if v["item"] not in before]
    assert fresh.count("order of key points") > len(fresh) / 2


def test_the_answers_that_moved_most_are_told_with_their_points(home: Path) -> None:
    done = call("check", "agreement", "--canary", "lenient", "--home", str(home))
    assert done.exit_code == 1
    assert "Leniency" in done.output
    assert "missing → partial" in done.output
    assert done.output.rstrip().splitlines()[-1].strip()


def test_a_ledger_is_enough_with_no_engine(home: Path, tmp_path: Path) -> None:
    ledger = next((home / "ledgers").glob("agreement.oracle*"))
    page = tmp_path / "report.html"
    done = call("replay", str(ledger), "--html", str(page), "--json")
    assert done.exit_code == 0
    (result,) = json.loads(done.stdout)["results"]
    assert result["graded"] == len(load_any(AGREEMENT).cases)
    assert "<html" in page.read_text(encoding="utf-8")
    compared = call("compare", str(next((home / "baselines").glob("agreement.oracle*"))), str(ledger), "--quiet")
    assert compared.exit_code == 0
    assert "No worse" in compared.output


def test_how_far_another_model_makes_grades_vary_is_told(home: Path) -> None:
    checked(home, "stability", "--canary", "lenient")
    one, other = (home / "ledgers" / f"stability.{name}.jsonl" for name in ("oracle", "canary-lenient"))

    def components(*args: str) -> dict[str, float]:
        (result,) = json.loads(call(*args, "--json").stdout)["results"]
        (table,) = (t for t in result["tables"] if t["title"].startswith("Where the variance"))
        return {row[0]: row[1] for row in table["rows"]}

    assert "model" not in components("replay", str(one), "--also", str(one))
    found = components("replay", str(one), "--also", str(other))
    assert list(found) == ["question", "answer", "model", "answer x model", "repeat"]
    assert found["model"] > found["repeat"]
    assert components("compare", str(other), str(one)) == found
    for wrong in (("agreement", str(one)), ("stability", str(home / "ledgers" / "injection.oracle.jsonl"))):
        refused = call("replay", str(home / "ledgers" / f"{wrong[0]}.oracle.jsonl"), "--also", wrong[1])
        assert refused.exit_code == 3


def test_offline_says_what_is_missing(home: Path, tmp_path: Path) -> None:
    (tmp_path / "ledgers").mkdir()
    ledger = next((home / "ledgers").glob("agreement.oracle*"))
    lines = ledger.read_bytes().splitlines(keepends=True)
    (tmp_path / "ledgers" / ledger.name).write_bytes(b"".join(lines[:100]))
    (tmp_path / "baselines").symlink_to(home / "baselines")
    status, results = checked(tmp_path, "agreement", "--offline")
    assert status == 3
    assert "are not in the ledger" in results["agreement"]["problems"][0]


def ungraded(line: bytes) -> bytes:
    found = json.loads(line)
    grade = {"status": "ungraded", "reason": "timeout"} | {n: found["row"]["grade"][n] for n in ("engine", "formula")}
    return json.dumps({"row": found["row"] | {"grade": grade}}, separators=(",", ":")).encode() + b"\n"


def test_offline_takes_what_bless_took(home: Path, tmp_path: Path) -> None:
    for folder in ("baselines", "ledgers"):
        shutil.copytree(home / folder, tmp_path / folder)
    ledger = tmp_path / "ledgers" / "agreement.oracle.jsonl"
    first, *lines = ledger.read_bytes().splitlines(keepends=True)

    def blessed_and_checked(*rows: bytes) -> tuple[int, int]:
        ledger.write_bytes(b"".join([first, *rows]))
        done = call("bless", "agreement", "--offline", "--home", str(tmp_path))
        return done.exit_code, checked(tmp_path, "agreement", "--offline")[0]

    assert blessed_and_checked(*(ungraded(line) for line in lines[:4]), *lines[4:]) == (0, 0)
    assert blessed_and_checked(*lines[4:]) == (0, 0)
    assert blessed_and_checked(*lines[5:]) == (3, 3)
    assert blessed_and_checked(*(ungraded(line) for line in lines[:5]), *lines[5:]) == (3, 3)


def test_power_and_list(home: Path) -> None:
    assert "QWK" in call("power", "agreement", "--home", str(home)).output
    listed = call("list", "--home", str(home)).output
    assert all(name in listed for name in (*SUITES, "conduct", "retrieval"))
    assert listed.count("limits of its own") == 2
    rows = json.loads(call("power", "agreement", "--home", str(home), "--json").stdout)
    assert {row["name"] for row in rows} >= {"qwk", "leniency"}
    assert all(row["detectable"] is None or 0 <= row["detectable"] < 10 for row in rows)
    suites = {each["name"]: each for each in json.loads(call("list", "--home", str(home), "--json").stdout)}
    assert suites["stability"]["repeats"] == 3
    assert suites["agreement"]["cases"] == len(load_any(AGREEMENT).cases)
    assert "oracle" in suites["agreement"]["baseline"]
    assert not suites["conduct"]["baseline"]
    without = call("power", "injection", "--home", str(home))
    assert without.exit_code == 3
    assert "compared by violations" in without.output


def test_every_command_speaks_json_and_can_be_quiet(home: Path, tmp_path: Path) -> None:
    at = ("--home", str(home))
    assert call("list", *at, "--quiet").output.split() == sorted([*SUITES, "conduct", "retrieval"])
    assert "QWK" in (brief := call("power", "agreement", *at, "--quiet").output)
    assert all("nough" in line for line in brief.splitlines())
    (blessed,) = json.loads(call("bless", "agreement", *at, "--json").stdout)
    assert blessed["gradings"] == len(load_any(AGREEMENT).cases)
    assert Path(blessed["baseline"]).is_file()
    assert call("bless", "agreement", *at, "--quiet").output == ""
    ledger = blessed["baseline"].replace("baselines", "ledgers")
    merged = [call("merge", str(tmp_path / name), ledger, f"--{name}") for name in ("json", "quiet")]
    assert json.loads(merged[0].stdout)["ledger"] == str(tmp_path / "json")
    assert merged[1].output == ""
    source = tmp_path / "ours.jsonl"
    source.write_text(json.dumps(MOHLER))
    imported = [
        call("import", "mohler", str(source), "--out", str(tmp_path / f"to-{name}"), f"--{name}")
        for name in ("json", "quiet")
    ]
    assert json.loads(imported[0].stdout) == {"answers": 1, "folder": str(tmp_path / "to-json")}
    assert imported[1].output == ""


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("check", "agreement"), "There is no baseline of agreement"),
        (("check", "agreement", "--engine", "openai"), "eval bless agreement --engine"),
        (("check",), "There is no baseline of any suite"),
        (("check",), "eval bless agreement --engine"),
        (("bless", "conduct"), "conduct has limits of its own, and no baseline"),
        (("bless", "agreement", "conduct"), "conduct has limits of its own, and no baseline"),
        (("run", "nothing"), "There is no suite 'nothing'"),
        (("run", "agreement", "--shard", "5/4"), "is no shard"),
        (("replay", "nowhere.jsonl"), "There is no ledger"),
        (("run", "--wrong"), "No such option"),
        (("check", "agreement", "--canary", "yellow"), "There is no canary"),
    ],
)
def test_what_keeps_it_from_saying_anything_ends_with_three(args: tuple[str, ...], said: str, home: Path) -> None:
    at = home if "--canary" in args else home / "elsewhere"
    done = call(*args, *(("--home", str(at)) if args[0] != "replay" else ()))
    assert done.exit_code == 3
    assert said in done.output


@pytest.mark.parametrize(("args", "said"), [((), "Usage"), (("--bogus",), "No such option"), (("chek",), "chek")])
def test_wrong_usage_of_the_group_is_no_verdict(args: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(interviewer, ["eval", *args])
    assert done.exit_code == call(*args).exit_code == 3
    assert said in done.output


def test_help_is_no_wrong_usage() -> None:
    assert call("--help").exit_code == 0


def test_a_crash_is_no_verdict(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_house: House, _engine: str | None = None, *, offline: bool = False) -> Subject:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(House, "subject", crash)
    done = call("check", "agreement", "--home", str(home))
    assert done.exit_code == 3
    assert "a fault of ours" in done.output


def test_what_was_only_ordered_is_not_reported_as_nothing_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ordered(*_: object) -> bool:
        return False

    monkeypatch.setattr("interviewer.cli.eval.fetched", ordered)
    done = call("run", "agreement", "--batch", "--home", str(home))
    assert done.exit_code == 3
    assert "no suite was found" not in done.output


def test_a_part_of_a_run_is_no_run(home: Path, tmp_path: Path) -> None:
    ledger, whole = tmp_path / "part.jsonl", next((home / "ledgers").glob("agreement.oracle*"))
    ledger.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[:60]))
    for command in (("replay", str(ledger)), ("compare", str(whole), str(ledger))):
        done = call(*command)
        assert done.exit_code == 3
        assert "its run was not finished" in done.output


def test_a_baseline_without_gradings_is_nothing_to_compare_with(home: Path, tmp_path: Path) -> None:
    baseline, ledger = tmp_path / "bare.jsonl", next((home / "ledgers").glob("agreement.oracle*"))
    baseline.write_bytes(ledger.read_bytes().splitlines(keepends=True)[0])
    done = call("compare", str(baseline), str(ledger))
    assert done.exit_code == 3
    assert "nothing to compare" in " ".join(done.output.split())


def torn(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1][:-9]]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lines: lines[:12], "199 of 210 gradings are not in agreement.oracle.jsonl: restore"),
        (torn, "is damaged"),
    ],
)
def test_a_baseline_that_lacks_something_is_nothing_to_compare_with(
    home: Path, tmp_path: Path, spoil: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    for folder in ("baselines", "ledgers"):
        shutil.copytree(home / folder, tmp_path / folder)
    baseline = tmp_path / "baselines" / "agreement.oracle.jsonl"
    baseline.write_bytes(b"".join(spoil(baseline.read_bytes().splitlines(keepends=True))))
    status, results = checked(tmp_path, "agreement")
    assert status == 3
    assert said in results["agreement"]["problems"][0]


def test_a_baseline_without_its_suite_is_told(home: Path, tmp_path: Path) -> None:
    (tmp_path / "baselines").mkdir()
    lost = tmp_path / "baselines" / "lost.oracle.jsonl"
    shutil.copy(home / "baselines" / "agreement.oracle.jsonl", lost)
    done = call("check", "--home", str(tmp_path))
    assert f"there is no suite in evals/suites for the baseline {lost}" in done.output


def test_violations_are_compared_on_the_changed_answers_that_both_runs_have(home: Path, tmp_path: Path) -> None:
    baseline, ledger = tmp_path / "less.jsonl", next((home / "ledgers").glob("metamorphic.oracle*"))
    lines = ledger.read_bytes().splitlines(keepends=True)
    few = [line for line in lines if b'"variant":"upper case"' in line and b'"item":"backend-engineer' in line]
    baseline.write_bytes(b"".join(line for line in lines if line not in few))
    with Ledger(baseline) as less, Ledger(ledger) as whole:
        kept, all_of_it = ({row.item for row in each.rows() if row.variant} for each in (less, whole))
    assert len(kept) < len(all_of_it)
    done = call("compare", str(baseline), str(ledger), "--json")
    (result,) = json.loads(done.stdout)["results"]
    (difference,) = result["differences"]
    (full,) = json.loads(call("compare", str(ledger), str(ledger), "--json").stdout)["results"][0]["differences"]
    assert full["n"] - difference["n"] == len(all_of_it) - len(kept)


def test_a_models_ledger_is_enough_for_a_check_without_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def model(house: House, engine: str | None = None, *, offline: bool = False) -> Subject:
        return replace(
            subject(house, engine, offline=offline), prompt=lambda asked: Prompt("assess", "Grade.", asked.message, "")
        )

    def no_key(_house: House, _engine: object) -> None:
        raise SettingsError("No key is set.")

    monkeypatch.setattr(House, "subject", model)
    monkeypatch.setattr(House, "rooms", no_key)
    assert call("bless", "agreement", "--home", str(tmp_path)).exit_code == 0
    status, results = checked(tmp_path, "--offline")
    assert (status, list(results)) == (0, ["agreement"])
    named = call("check", "conduct", "--offline", "--home", str(tmp_path))
    assert named.exit_code == 3
    assert "conduct has no ledger" in named.output
