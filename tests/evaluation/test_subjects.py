"""Subjects as wiring makes them: what a key follows from, what is kept of replies, and that no secret is."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest

from interviewer.engines.embedded import MADE_OF, made_of
from interviewer.evaluation import subjects
from interviewer.evaluation.ledger import Ledger
from interviewer.evaluation.run import run
from interviewer.evaluation.subjects import FENCE
from interviewer.prompts import prompt_text
from interviewer.settings import load_settings
from interviewer.wiring import House
from tests.evaluation.runs import KEY, bed_items, graded, info_of, lines_of, model_subject, rows_of
from tests.faults.server import Endpoint, Exchange, page, status, unstreamed
from tests.faults.setup import GOOD, sheet
from tests.faults.test_secrets import echoing, everything_of

PACKAGE = Path(made_of()[0]).parent.parent


async def test_a_model_is_graded_by_the_product_and_its_words_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    async with Endpoint(unstreamed(GOOD)) as endpoint:
        subject = model_subject(endpoint.url, tmp_path)
        ran = await graded(subject, bed_items(2), path, 2, at_once=4)
    assert (ran.made, ran.ungraded, len(endpoint.exchanges)) == (4, 0, 4)
    assert not any(e.body.get("stream") or e.body.get("stream_options") for e in endpoint.exchanges)
    with Ledger(path) as ledger:
        rows = list(ledger.rows())
        assert {r.raw for r in rows} == {(GOOD,)}
        assert rows[0].grade.points[0].quote == "by the warm wall"
        assert [c.text for r in rows for c in r.grade.calls] == [""] * 4
        system, user = ledger.prompt(rows[0].prompt)
    sent = endpoint.exchanges[0].body["messages"]
    assert sent[0]["content"] == system
    assert _token(endpoint.exchanges[0]) != FENCE
    assert user in [e.body["messages"][1]["content"].replace(_token(e), FENCE) for e in endpoint.exchanges]
    assert len(lines_of(path, "prompt")) == 2
    assert len(lines_of(path, "text")) == 1


def _token(exchange: Exchange) -> str:
    text: str = exchange.body["messages"][1]["content"]
    return text.partition("TOKEN is ")[2].partition(".")[0]


async def test_what_was_paid_for_and_not_understood_is_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    async with Endpoint(unstreamed("No form."), unstreamed("Still none.")) as endpoint:
        await graded(model_subject(endpoint.url, tmp_path), bed_items(1), path)
    with Ledger(path) as ledger:
        [row] = ledger.rows()
    assert (row.grade.status, row.grade.reason, row.raw) == ("ungraded", "format", ("No form.", "Still none."))
    assert len(row.grade.calls) == 2


async def test_a_ledger_is_replayed_without_key_endpoint_or_network(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    async with Endpoint(status(400, message="response_format is not supported"), unstreamed(GOOD)) as endpoint:
        live = model_subject(endpoint.url, tmp_path)
        await graded(live, bed_items(3), path)
    held = load_settings(data_dir=tmp_path / "d", cache_dir=tmp_path / "c2", grader={"model": "m"})
    subject = House(held).subject("openai", offline=True)
    with Ledger(path) as ledger:
        ran = await run(subject, bed_items(3), 1, ledger, info_of(subject))
        assert (ran.missing, len(list(ran.rows()))) == (0, 3)


async def test_prompt_model_and_parameters_are_in_the_key_and_the_address_is_not(tmp_path: Path) -> None:
    [item] = bed_items(1)
    plain = model_subject("http://127.0.0.1:1/v1", tmp_path)
    key = plain.fingerprint(item).key(0)
    assert model_subject("https://elsewhere.example/v1", tmp_path).fingerprint(item).key(0) == key
    assert plain.fingerprint(item).key(1) != key
    for changed in ({"model": "n"}, {"temperature": 0.7}, {"samples": 3}, {"max_tokens": 500}):
        assert model_subject("http://127.0.0.1:1/v1", tmp_path, **changed).fingerprint(item).key(0) != key
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "assess.md.j2").write_text("Be lenient. " + prompt_text("assess.md.j2"))
    held = load_settings(
        data_dir=tmp_path, cache_dir=tmp_path, prompts=tmp_path / "prompts", openai_api_key=KEY, grader={"model": "m"}
    )
    edited = House(held).subject("openai")
    assert edited.fingerprint(item).key(0) != key
    assert edited.info("s", "c").parameters["prompt"] != plain.info("s", "c").parameters["prompt"]


def test_a_change_of_the_code_that_reads_replies_is_a_change_of_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [item] = bed_items(1)
    key = model_subject("http://127.0.0.1:1/v1", tmp_path).fingerprint(item).key(0)
    for name in subjects.READ_BY:
        changed = tmp_path / Path(name).name
        changed.write_text((PACKAGE / name).read_text("utf-8") + "# another reader\n")
        files = tuple(changed if each == PACKAGE / name else each for each in subjects.read_by())
        with monkeypatch.context() as patch:
            patch.setattr(subjects, "read_by", lambda files=files: files)
            assert model_subject("http://127.0.0.1:1/v1", tmp_path).fingerprint(item).key(0) != key, name
    assert model_subject("http://127.0.0.1:1/v1", tmp_path).fingerprint(item).key(0) == key


def test_every_part_of_the_models_engine_reads_replies_or_is_known_only_to_ask() -> None:
    others = ("batch", "client", "errors", "known", "models", "player", "probe", "prompts")
    only_asks = {f"llm_{name}.py" for name in others}
    reads = {Path(name).name for name in subjects.READ_BY}
    assert {path.name for path in (PACKAGE / "engines").glob("llm*.py")} - reads == only_asks


@pytest.mark.parametrize("name", ["echo", "401", "403", "429", "500", "page", "quota"])
async def test_no_secret_is_in_a_ledger_an_error_or_a_log(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("interviewer.evaluation.run.BACKOFF", 0.001)
    monkeypatch.setattr("interviewer.evaluation.run.PATIENCE", 0.001)
    monkeypatch.setattr("interviewer.evaluation.pace.PAUSE", 0.001)

    async def echo(exchange: Exchange) -> None:
        await unstreamed(sheet().rstrip("}") + f', "p1": "{exchange.headers["authorization"]}"' + "}}")(exchange)

    acts = {"echo": echo, "page": page(), "quota": status(429, "insufficient_quota", KEY)}
    async with Endpoint(acts[name] if name in acts else echoing(int(name))) as endpoint:
        subject = model_subject(endpoint.url, tmp_path)
        try:
            await graded(subject, bed_items(1), tmp_path / "l.jsonl")
            error = ""
        except Exception as raised:
            error = everything_of(raised)
    shown = (tmp_path / "l.jsonl").read_text("utf-8")
    assert KEY not in shown + error + caplog.text + repr(subject) + str(subject.info("s", "c"))
    assert "Bearer" not in error
    assert name != "echo" or "[key]" in shown


async def test_engines_that_say_the_same_each_time_are_known_as_such(tmp_path: Path) -> None:
    house = House(load_settings(data_dir=tmp_path, cache_dir=tmp_path))
    scripted, embedded = house.subject("scripted"), house.subject("embedded")
    assert scripted.deterministic
    assert embedded.deterministic
    assert embedded.parameters.keys() == {"made_of"}
    [item] = bed_items(1)
    for n in (1, 2):
        await graded(embedded, [item], tmp_path / f"{n}.jsonl")
    assert rows_of(tmp_path / "1.jsonl") == rows_of(tmp_path / "2.jsonl")


def imported(first: str, package: str, but: frozenset[str] = frozenset()) -> set[str]:
    """The modules of a package behind a module, with itself; those of `but` are named and not looked into."""
    seen, waiting = set(), [first]
    while waiting:
        seen.add(name := waiting.pop())
        for node in ast.walk(ast.parse((PACKAGE / name).read_text("utf-8"))) if name not in but else ():
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{package}."):
                module = "/".join((node.module or "").split(".")[1:])
                within = [f"{module}/{a.name}".strip("/") for a in node.names]
                names = [module] if (PACKAGE / f"{module}.py").exists() else within
                waiting += [f"{n}.py" for n in names if f"{n}.py" not in seen]
    return seen


def test_all_code_behind_a_verdict_of_the_embedded_engine_is_in_its_key() -> None:
    assert all(path.is_file() for path in made_of())
    seen = imported("engines/embedded.py", "interviewer.engines")
    assert seen - {"engines/phrased.py"} <= set(MADE_OF)


SHAPES = frozenset({"domain/errors.py", "domain/guide.py", "domain/interview.py", "domain/state.py", "ports.py"})
"""What is handed from part to part, and of interviews alone (state): no grade is made there."""


def test_all_code_that_makes_a_grade_is_known_or_only_a_shape() -> None:
    assert imported("conduct/single.py", "interviewer", SHAPES) == set(subjects.GRADED_BY) | SHAPES


@pytest.mark.parametrize("engine", ["embedded", "openai"])
def test_the_code_that_makes_a_grade_is_in_the_key_of_every_engine(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: set[Path] = set()

    def digest(*paths: Path) -> str:
        hashed.update(paths)
        return ""

    monkeypatch.setattr(subjects, "digest_of_files", digest)
    House(load_settings(data_dir=tmp_path, cache_dir=tmp_path, openai_api_key=KEY)).subject(engine)
    assert {PACKAGE / name for name in subjects.GRADED_BY} <= hashed
