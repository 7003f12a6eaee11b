"""Evaluations to report on: the labelled answers that ship, graded by an engine made up here, before and after an edit.

The gradings are real in form (questions, answers, quotes, prompts as they are sent, replies as models write them); the
figures of the gate are set by hand, so that every outcome and every corner can be shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from random import Random
from typing import Any

from interviewer.conduct.single import SingleGrade
from interviewer.domain.grading import GradedPitfall, GradedPoint, PitfallFinding, PointFinding, Verdict, band, score
from interviewer.engines.llm_prompts import assess_prompt
from interviewer.engines.llm_schema import Sheet
from interviewer.evaluation.cases import AskedQuestion, Case, Rating
from interviewer.evaluation.report_cases import Evidence
from interviewer.evaluation.results import (
    Difference,
    Item,
    Measure,
    Move,
    Outcome,
    PointMove,
    Report,
    Row,
    RunInfo,
    SuiteResult,
    Table,
    Violation,
)
from interviewer.ports import AssessRequest
from interviewer.resources import resource_folder

NOW = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
BEFORE = datetime(2026, 2, 27, 16, 5, tzinfo=UTC)
NASTY = (
    "<script>alert('x')</script> \x1b[31mred\x1b[0m \x00\x07 "
    '\u202egnp.exe\u202c \u200bhidden\U000e0041 ]]> & "quoted" '
    "| pipe ![i](http://evil.example/i.png) <img src=x onerror=alert(1)> \ud800"
)


@cache
def labelled() -> tuple[tuple[Case, dict[str, str]], ...]:
    """Cases with the quotes, by statement, that show their label."""
    found = []
    for path in sorted((resource_folder("evals") / "answers").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            asked = json.loads(line)
            names = AskedQuestion.model_fields.keys() - {"id", "text"}
            question = AskedQuestion(
                id=f"{asked['guide']}/{asked['question_id']}",
                text=asked["question"],
                **{k: asked[k] for k in names},
            ).question()
            for letter, given in zip("abcdef", asked["answers"], strict=True):
                rating = Rating(
                    id=f"{asked['question_id']}-{letter}",
                    key_points=tuple(p["verdict"] for p in given["key_points"]),
                    pitfalls=tuple(p["committed"] for p in given["pitfalls"]),
                )
                statements = [*question.key_points, *question.pitfalls]
                findings = [*given["key_points"], *given["pitfalls"]]
                quotes = {s.id: f["quote"] or "" for s, f in zip(statements, findings, strict=True)}
                case = Case(
                    id=f"{asked['guide']}/{rating.id}",
                    question=question,
                    answer=given["answer"],
                    guide=asked["guide"],
                    design=given["design"],
                    manner=given["manner"],
                    label=rating,
                    ratings={"model-1": rating},
                )
                found.append((case, quotes))
    return tuple(found)


def cases(count: int) -> list[tuple[Case, dict[str, str]]]:
    """As many cases; the labelled ones again, under other names, when there are not enough."""
    known = labelled()
    rounds = [known[n % len(known)] for n in range(count)]
    return [
        (case if n < len(known) else case.model_copy(update={"id": f"{case.id}.{n // len(known)}"}), quotes)
        for n, (case, quotes) in enumerate(rounds)
    ]


_WEAKER = {
    Verdict.COVERED: Verdict.PARTIAL,
    Verdict.PARTIAL: Verdict.MISSING,
    Verdict.MISSING: Verdict.MISSING,
    Verdict.CONTRADICTED: Verdict.MISSING,
}


def graded(case: Case, quotes: dict[str, str], chance: Random, strict: float) -> SingleGrade:
    """A grade near the label: each verdict that is not missing is one step too low with a chance of `strict`."""
    points = []
    for point, label in zip(case.question.key_points, case.label.key_points, strict=True):
        verdict = _WEAKER[label] if chance.random() < strict else label
        quote = quotes[point.id] if verdict is not Verdict.MISSING else ""
        points.append(PointFinding(id=point.id, verdict=verdict, quote=quote))
    pitfalls = [
        PitfallFinding(id=p.id, committed=committed, quote=quotes[p.id] if committed else "")
        for p, committed in zip(case.question.pitfalls, case.label.pitfalls, strict=True)
    ]
    value = score(
        case.question,
        [GradedPoint(id=p.id, verdict=p.verdict) for p in points],
        [GradedPitfall(id=p.id, committed=p.committed) for p in pitfalls],
    )
    return SingleGrade(
        status="graded",
        kind="answer",
        points=tuple(points),
        pitfalls=tuple(pitfalls),
        score=round(value, 1),
        band=band(value),
        engine="openai",
        model="grader-large",
    )


def reply(grade: SingleGrade) -> str:
    """What a model would have written."""
    quotes = {f.id: f.quote for f in grade.points} | {f.id: f.quote for f in grade.pitfalls}
    form: dict[str, Any] = {
        "kind": grade.kind,
        "points": {p.id: p.verdict.value for p in grade.points},
        "pitfalls": {p.id: p.committed for p in grade.pitfalls},
        "steering": False,
        "quotes": quotes,
    }
    return json.dumps(form, ensure_ascii=False)


def row(item: Item, grade: SingleGrade, repeat: int, prompt: str, at: datetime) -> Row:
    """A line of a ledger."""
    key = sha256(f"{item.id}{repeat}{at}".encode()).hexdigest()
    return Row(
        key=key,
        item=item.id,
        case_id=item.case_id,
        cluster=item.cluster,
        variant=item.variant,
        repeat=repeat,
        grade=grade,
        prompt=prompt,
        raw=(reply(grade),) if grade.status == "graded" else ("I'm sorry, but I can't grade this.",),
        seconds=1.25,
        at=at,
    )


def evidence(count: int = 24, repeats: int = 1, *, seed: int = 5) -> Evidence:
    """Gradings of as many cases, before and after an edit of the prompt that made the engine stricter."""
    chance = Random(seed)
    found = Evidence(items={}, cases={}, baseline={}, now={}, prompts={})
    for number, (case, quotes) in enumerate(cases(count)):
        item = Item(id=case.id, case_id=case.id, cluster=case.question.id, question=case.question, answer=case.answer)
        found.items[item.id], found.cases[item.id] = item, case
        system, user = sent(item)
        edited = system.replace("Details may be absent.", "Details must be there."), user
        digests = [sha256(repr(each).encode()).hexdigest()[:16] for each in ((system, user), edited)]
        found.prompts.update(zip(digests, ((system, user), edited), strict=True))
        before = [graded(case, quotes, chance, 0.04) for _ in range(repeats)]
        now = [graded(case, quotes, chance, 0.25) for _ in range(repeats)]
        if number % 50 == 3:
            now[0] = SingleGrade(status="ungraded", reason="refused", engine="openai", model="grader-large")
        found.baseline[item.id] = [row(item, g, n, digests[0], BEFORE) for n, g in enumerate(before)]
        found.now[item.id] = [row(item, g, n, digests[1], NOW) for n, g in enumerate(now)]
    return found


def sent(item: Item) -> tuple[str, str]:
    """The prompt that the product sends for an item."""
    request = AssessRequest(question=item.question, message=item.answer)
    prompt = assess_prompt(request, Sheet.of(request))
    return prompt.system, prompt.user


def moves(found: Evidence, most: int = 5) -> tuple[Move, ...]:
    """The answers whose grade moved most."""
    made = sorted(_moves(found), key=lambda m: -abs(m.now - m.before))
    return tuple(made[:most])


def _moves(found: Evidence) -> Iterator[Move]:
    for name, item in found.items.items():
        before, now = found.baseline[name][0].grade, found.now[name][0].grade
        if before.score is None or now.score is None or before.score == now.score:
            continue
        texts = {k.id: k.text for k in item.question.key_points}
        labels = dict(zip(texts, found.cases[name].label.key_points, strict=True))
        yield Move(
            item=name,
            question=item.question.text,
            answer=item.answer,
            labelled=score(
                item.question,
                [GradedPoint(id=k, verdict=v) for k, v in labels.items()],
                [
                    GradedPitfall(id=p.id, committed=c)
                    for p, c in zip(item.question.pitfalls, found.cases[name].label.pitfalls, strict=True)
                ],
            ),
            before=before.score,
            now=now.score,
            points=tuple(
                PointMove(
                    id=a.id,
                    text=texts[a.id],
                    labelled=labels[a.id],
                    before=a.verdict,
                    now=b.verdict,
                    quote_before=a.quote,
                    quote_now=b.quote,
                )
                for a, b in zip(before.points, now.points, strict=True)
                if a.verdict is not b.verdict
            ),
        )


def info(suite: str, at: datetime = NOW, **more: Any) -> RunInfo:
    """A run."""
    parameters = {"temperature": 0, "repeats": 3, "samples": 1, "prompt": "5d0c2b7e91a4f638"}
    values = {
        "engine": "openai",
        "model": "grader-large",
        "cases": "3f9a2c1be07d5a6f",
        "formula": "1",
        "version": "0.9.0",
    }
    return RunInfo.model_validate({"suite": suite, "at": at, "parameters": parameters, **values, **more})


def difference(name: str, before: float, now: float, half: float, margin: float, **more: Any) -> Difference:
    """A difference with an interval of `half` on either side."""
    gap = now - before
    values = {
        "name": name,
        "baseline": before,
        "now": now,
        "difference": gap,
        "low": gap - half,
        "high": gap + half,
        "margin": margin,
        "worse": -gap if name == "qwk" else abs(gap) if name == "leniency" else gap,
        "p": 0.41,
        "outcome": Outcome.PASS,
        "detectable": half * 1.4,
        "n": 504,
        "clusters": 84,
    }
    return Difference.model_validate({**values, **more})


REGRESSED = (
    difference("qwk", 0.842, 0.781, 0.021, 0.03, outcome=Outcome.REGRESSION, p=0.0004),
    difference("leniency", 0.041, -0.196, 0.047, 0.10, outcome=Outcome.REGRESSION, p=0.0001),
    difference("repeat_variance", 0.0121, 0.0137, 0.0042, 0.01, p=0.31),
)
OPEN = (
    difference("qwk", 0.842, 0.831, 0.033, 0.03, outcome=Outcome.INCONCLUSIVE, p=0.21, cases_needed=880),
    difference("leniency", 0.041, 0.058, 0.031, 0.10),
    difference("repeat_variance", 0.0121, 0.0118, 0.0042, 0.01),
)
GOOD = (
    difference("qwk", 0.842, 0.847, 0.019, 0.03),
    difference("leniency", 0.041, 0.033, 0.031, 0.10),
    difference("repeat_variance", 0.0121, 0.0118, 0.0042, 0.01),
)
MEASURES = (
    Measure(name="qwk", value=0.7812, low=0.7461, high=0.8127, n=504, clusters=84),
    Measure(name="exact_agreement", value=0.6127, low=0.5713, high=0.6541, n=504, clusters=84),
    Measure(name="adjacent_agreement", value=0.9711, low=0.9532, high=0.9846, n=504, clusters=84),
    Measure(name="pearson", value=0.8291, low=0.7988, high=0.8552, n=504, clusters=84),
    Measure(name="smd", value=-0.1372, low=-0.1811, high=-0.0923, n=504, clusters=84),
    Measure(name="leniency", value=-0.1961, low=-0.2433, high=-0.1492, n=504, clusters=84),
    Measure(name="calibration_error", value=0.0843, low=0.0712, high=0.0998, n=3020, clusters=84),
    Measure(name="prmse", value=None, note="one rater only: the error of the raters cannot be told from the engine's"),
)
DESIGNS = Table(
    title="Figures by design",
    columns=("Design", "Answers", "Mean score", "Raters' mean", "Bias in steps", "Exact"),
    rows=(
        ("strong", 84, 81.2, 93.1, -0.47, 0.524),
        ("middling", 84, 44.8, 51.6, -0.31, 0.571),
        ("weak", 84, 11.9, 13.3, -0.04, 0.833),
        ("drawn", 168, 38.7, 42.4, -0.16, 0.601),
        ("bluff", 84, 5.1, 4.9, 0.02, None),
    ),
    note="Exact agreement of “bluff” is not defined: all labels fall into one band.",
)
CONFUSION = Table(
    title="Verdicts on key points",
    kind="confusion",
    columns=("Raters", "covered", "partial", "missing", "contradicted"),
    rows=(
        ("covered", 812, 211, 74, 2),
        ("partial", 31, 402, 108, 4),
        ("missing", 9, 37, 1201, 6),
        ("contradicted", 1, 4, 29, 89),
    ),
)
EFFECTS = Table(
    title="Effects of changes, net of the noise between repeats",
    columns=("change", "expected", "answers", "shift", "from", "to", "violations"),
    rows=(
        ("typos", "no change", 120, -0.42, -1.31, 0.47, 1),
        ("padding", "no change", 120, 3.92, 2.11, 5.73, 3),
        ("point-deleted", "lower", 118, -14.81, -16.92, -12.71, 1),
        ("pitfall-inserted", "lower", 97, -8.62, -9.97, -7.27, 0),
    ),
)
VIOLATIONS = (
    Violation(
        item="data-engineer/safe-rerun-a/padding",
        variant="padding",
        expected="no change",
        before=41.7,
        now=58.3,
        noise=4.2,
        detail="180 words of padding were added before the answer.",
    ),
    Violation(
        item="data-engineer/safe-rerun-b/padding", variant="padding", expected="no change", before=33.3, now=46.1
    ),
    Violation(
        item="data-engineer/safe-rerun-c/typos", variant="typos", expected="no change", before=50.0, now=37.5, noise=3.1
    ),
    Violation(
        item="data-engineer/safe-rerun-d/point-deleted",
        variant="point-deleted",
        expected="lower",
        before=66.7,
        now=75.2,
        detail="“the load throws away everything” was deleted (k3).",
    ),
)


def agreement(
    differences: tuple[Difference, ...] = REGRESSED, found: Evidence | None = None, **more: Any
) -> SuiteResult:
    """An agreement suite with a baseline."""
    found = found or evidence()
    values: dict[str, Any] = {
        "info": info("agreement"),
        "kind": "agreement",
        "baseline": info("agreement", BEFORE),
        "outcome": max((d.outcome for d in differences), key=list(Outcome).index, default=None),
        "graded": 1506,
        "ungraded": 6,
        "reasons": {"refused": 4, "timeout": 2},
        "measures": MEASURES,
        "differences": differences,
        "moves": moves(found),
        "tables": (DESIGNS, CONFUSION),
        "warnings": ("Length alone predicts the raters' grade about as well as the engine does (QWK 0.71).",),
        "seconds": 61.4,
    }
    if any(d.outcome is Outcome.REGRESSION for d in differences):
        values["outcome"] = Outcome.REGRESSION
    return SuiteResult.model_validate({**values, **more})


def metamorphic(**more: Any) -> SuiteResult:
    """A suite of changed answers."""
    values: dict[str, Any] = {
        "info": info("metamorphic"),
        "kind": "metamorphic",
        "outcome": Outcome.REGRESSION,
        "graded": 455,
        "measures": (Measure(name="violation_rate", value=0.0109, low=0.0035, high=0.0271, n=455, clusters=20),),
        "violations": VIOLATIONS,
        "tables": (EFFECTS,),
        "seconds": 12.2,
    }
    return SuiteResult.model_validate({**values, **more})


def report(*results: SuiteResult, title: str = "Check of prompts/assess.md.j2") -> Report:
    """A report of these suites."""
    return Report(title=title, at=NOW, results=results)
