#!/usr/bin/env python3
"""How well the shipped grader judges answers it was not trained on, beside simpler ways: `make bench-grader`.

    python -m bench.grader [--quick]

Needs ../shared/answers (and ../shared/asag for the second table, left out with --quick); says so and stops where it is
not there. Intervals are 95 %, by drawing whole questions. `blank statement` and `blank answer` give the same model the
answer alone or the statement alone: on answers of mixed coverage they must be no better than chance.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.agreement import concordance, f1, interval, kappa
from interviewer.domain.grading import GradedPitfall, GradedPoint, Verdict, band, score
from interviewer.domain.guide import KeyPoint, Pitfall, Question
from interviewer.domain.text import content_stems, sentences
from interviewer.engines.reader import VERDICTS, AnswerReader, Calibration
from interviewer.retrieval.embedding import SHIPPED_MODEL, Embedder

SHARED = Path(__file__).resolve().parents[2] / "shared"
MIXED = ("middling", "pitfall")
COVERED, PARTIAL, MISSING = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled answer."""

    question: str
    design: str
    asked: str
    answer: str
    points: tuple[str, ...]
    pitfalls: tuple[str, ...]
    verdicts: tuple[int, ...]
    committed: tuple[bool, ...]
    overall: float


@dataclass(frozen=True, slots=True)
class Said:
    """What one way of grading says of an answer: a verdict and how much each point looks covered; each pitfall."""

    verdicts: tuple[int, ...]
    covered: tuple[float, ...]
    committed: tuple[bool, ...]


Way = Callable[[Case], Said]
Pair = tuple[Case, Said]


def cases() -> list[Case]:
    """The answers kept for measuring."""
    folder = SHARED / "answers"
    questions = {q["id"]: q for q in json.loads((folder / "questions.json").read_text("utf-8"))}
    names = [v.value for v in VERDICTS]
    found = []
    for line in (folder / "answers.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        about = questions[row["question_id"]]
        found.append(
            Case(
                question=about["id"],
                design=row["design"],
                asked=about["text"],
                answer=row["answer"],
                points=tuple(about["key_points"]),
                pitfalls=tuple(about["pitfalls"]),
                verdicts=tuple(names.index(v) for v in row["key_points"]),
                committed=tuple(row["pitfalls"]),
                overall=sum(row["overall"]) / len(row["overall"]),
            )
        )
    return found


def by_model(reader: AnswerReader, blank: str = "") -> Way:
    """The shipped grader; `blank` leaves the answer or the statements out."""

    def grade(case: Case) -> Said:
        answer = "." if blank == "answer" else case.answer
        points, pitfalls = ([""] * len(s) if blank == "statement" else s for s in (case.points, case.pitfalls))
        read, wrong = reader.read(answer, points, pitfalls)
        return Said(
            tuple(VERDICTS.index(r.verdict) for r in read),
            tuple(r.of(Verdict.COVERED) for r in read),
            tuple(w.committed >= reader.calibration.committed for w in wrong),
        )

    return grade


def by_nearness(near: Callable[[Case, Sequence[str]], list[float]], covered: float, partial: float) -> Way:
    """Nearness to the best sentence, cut where the dev questions have as many points covered, and partial."""

    def grade(case: Case) -> Said:
        points, pitfalls = near(case, case.points), near(case, case.pitfalls)
        verdicts = tuple(COVERED if n >= covered else PARTIAL if n >= partial else MISSING for n in points)
        return Said(verdicts, tuple(points), tuple(n >= covered for n in pitfalls))

    return grade


def cosine(embedder: Embedder) -> Callable[[Case, Sequence[str]], list[float]]:
    """Of embeddings: the statement to the nearest sentence."""

    def near(case: Case, statements: Sequence[str]) -> list[float]:
        heard = embedder.embed(sentences(case.answer) or [case.answer])
        return [float(x) for x in (embedder.embed(statements) @ heard.T).max(axis=1)] if statements else []

    return near


def tf_idf(documents: Sequence[str]) -> Callable[[Case, Sequence[str]], list[float]]:
    """Of stems weighted by how rare they are among the documents."""
    seen = Counter(stem for text in documents for stem in set(content_stems(text)))

    def vector(text: str) -> dict[str, float]:
        counts = Counter(content_stems(text))
        weights = {s: n * (math.log((1 + len(documents)) / (1 + seen[s])) + 1) for s, n in counts.items()}
        length = math.sqrt(sum(w * w for w in weights.values())) or 1.0
        return {s: w / length for s, w in weights.items()}

    def near(case: Case, statements: Sequence[str]) -> list[float]:
        heard = [vector(s) for s in sentences(case.answer) or [case.answer]]
        wanted = [vector(s) for s in statements]
        return [max(sum(w * h.get(s, 0.0) for s, w in v.items()) for h in heard) for v in wanted]

    return near


def commonest(case: Case) -> Said:
    """Nothing was shown and nothing was wrong: the commonest labels."""
    return Said((MISSING,) * len(case.points), (0.0,) * len(case.points), (False,) * len(case.pitfalls))


def banded(case: Case, said: Said) -> int:
    """The band that the product would give for these verdicts."""
    question = Question(
        id="q",
        text=case.asked,
        line=1,
        key_points=tuple(KeyPoint(id=f"k{n}", text=p, line=1) for n, p in enumerate(case.points)),
        pitfalls=tuple(Pitfall(id=f"p{n}", text=p, line=1) for n, p in enumerate(case.pitfalls)),
    )
    points = [GradedPoint(id=f"k{n}", verdict=VERDICTS[v]) for n, v in enumerate(said.verdicts)]
    pitfalls = [GradedPitfall(id=f"p{n}", committed=c) for n, c in enumerate(said.committed)]
    return band(score(question, points, pitfalls))


def _covered_kappa(pairs: Sequence[Pair]) -> float:
    truth = [v == COVERED for case, _ in pairs for v in case.verdicts]
    return kappa(truth, [v == COVERED for _, said in pairs for v in said.verdicts])


def _mixed(figure: Callable[[Sequence[Pair]], float]) -> Callable[[Sequence[Pair]], float]:
    return lambda pairs: figure([p for p in pairs if p[0].design in MIXED])


def _order(pairs: Sequence[Pair]) -> float:
    truth = [[v == COVERED for v in case.verdicts] for case, _ in pairs]
    return concordance(truth, [said.covered for _, said in pairs])


def _four(pairs: Sequence[Pair]) -> float:
    return kappa([v for case, _ in pairs for v in case.verdicts], [v for _, said in pairs for v in said.verdicts])


def _pitfalls(pairs: Sequence[Pair]) -> float:
    return kappa([c for case, _ in pairs for c in case.committed], [c for _, said in pairs for c in said.committed])


def _overall(pairs: Sequence[Pair]) -> float:
    raters = [math.floor(case.overall + 0.5) for case, _ in pairs]
    return kappa(raters, [banded(*pair) for pair in pairs], quadratic=True)


def _highest_adversarial(pairs: Sequence[Pair]) -> float:
    return max((banded(*pair) for pair in pairs if pair[0].design == "adversarial"), default=math.nan)


def _bluff_below(pairs: Sequence[Pair]) -> float:
    bands = {d: [banded(*p) for p in pairs if p[0].design == d] for d in ("middling", "bluff")}
    return float(np.mean(bands["middling"]) - np.mean(bands["bluff"])) if all(bands.values()) else math.nan


FIGURES: tuple[tuple[str, str, Callable[[Sequence[Pair]], float]], ...] = (
    ("mixed answers: covered or not, kappa", ">= 0.50", _mixed(_covered_kappa)),
    ("mixed answers: covered above uncovered", ">= 0.85", _mixed(_order)),
    ("all: four verdicts, kappa", ">= 0.60", _four),
    ("all: covered or not, kappa", ">= 0.70", _covered_kappa),
    ("all: pitfalls, kappa", ">= 0.60", _pitfalls),
    ("all: band against raters, QWK", ">= 0.75", _overall),
    ("adversarial answers: highest band", "1", _highest_adversarial),
    ("bluff below middling, bands", ">= 1", _bluff_below),
)


SHORT_ANSWERS = (
    ("SciEntsBank UA, 3-way weighted F1", ">= 0.72"),
    ("SciEntsBank UA, 2-way", ">= 0.80"),
    ("SciEntsBank UQ, 3-way weighted F1", ">= 0.66"),
    ("SciEntsBank UQ, 2-way", ">= 0.74"),
    ("Beetle UA, 3-way weighted F1", ">= 0.70"),
    ("Beetle UA, 2-way", ""),
    ("SAF UA, macro F1", ">= 0.60"),
    ("Mohler dev, Pearson", ">= 0.60"),
    ("Khan, kappa", ">= 0.64"),
)


def ways(reader: AnswerReader, everything: Sequence[Case]) -> Iterator[tuple[str, Way]]:
    """What is compared."""
    yield "model", by_model(reader)
    yield "cosine", by_nearness(cosine(Embedder(cache_size=10_000)), 0.40, 0.35)
    documents = [*(c.answer for c in everything), *(p for c in everything for p in c.points)]
    yield "TF-IDF", by_nearness(tf_idf(documents), 0.10, 0.07)
    yield "commonest", commonest
    yield "blank statement", by_model(reader, "statement")
    yield "blank answer", by_model(reader, "answer")


def answers_table(reader: AnswerReader) -> None:
    """Every way by every figure, with intervals for the model and the cosine."""
    everything = cases()
    print(f"{len(everything)} answers to {len({c.question for c in everything})} questions, never trained on")
    groups = [c.question for c in everything]
    columns: dict[str, list[str]] = {}
    for name, way in ways(reader, everything):
        pairs = [(case, way(case)) for case in everything]
        columns[name] = []
        for _, _, figure in FIGURES:
            low, high = interval(lambda numbers, p=pairs, f=figure: f([p[n] for n in numbers]), groups)  # type: ignore[misc]
            columns[name].append(f"{figure(pairs):.2f} [{low:.2f}, {high:.2f}]")
    print(f"{'':40}{'wanted':9}" + "".join(f"{name:>20}" for name in columns))
    for row, (label, wanted, _) in enumerate(FIGURES):
        print(f"{label:40}{wanted:9}" + "".join(f"{column[row]:>20}" for column in columns.values()))


def asag_rows(name: str, split: str = "") -> list[dict[str, Any]]:
    """The rows of a set that only measure."""
    rows = [json.loads(line) for line in (SHARED / "asag" / f"{name}.jsonl").read_text("utf-8").splitlines()]
    return [r for r in rows if r["use"] == "dev" and (not split or r.get("split") == split)]


def asag_read(reader: AnswerReader, row: dict[str, Any]) -> tuple[str, float]:
    """Correct, contradictory or incorrect, and the expected credit, by the best of the reference answers."""
    readings, _ = reader.read(row["answer"], row["reference"], [])
    best = max(readings, key=lambda r: r.of(Verdict.COVERED) + 0.5 * r.of(Verdict.PARTIAL))
    names = {Verdict.COVERED: "correct", Verdict.CONTRADICTED: "contradictory"}
    return names.get(best.verdict, "incorrect"), best.of(Verdict.COVERED) + 0.5 * best.of(Verdict.PARTIAL)


def asag_table(reader: AnswerReader) -> None:
    """Human-graded short answers, as the program reads and without what was fitted to interviews."""
    print("\nHuman-graded short answers: wanted; published figures in ../shared/asag/README.md")
    network = AnswerReader(SHIPPED_MODEL / "tokenizer.json", calibration=Calibration(talk=math.inf))
    reached = zip(SHORT_ANSWERS, asag_figures(reader), asag_figures(network), strict=True)
    print(f"{'':40}{'wanted':9}{'model':>12}{'the network alone':>20}")
    for (label, wanted), shipped, alone in reached:
        print(f"{label:40}{wanted:9}{shipped:12.2f}{alone:20.2f}")


def asag_figures(reader: AnswerReader) -> Iterator[float]:
    """The figures of SHORT_ANSWERS, in that order."""
    reader.warm()
    for name, split in (("scientsbank", "UA"), ("scientsbank", "UQ"), ("beetle", "UA")):
        rows = asag_rows(name, split)
        said = [asag_read(reader, r)[0] for r in rows]
        truth = [r["label_3way"] for r in rows]
        yield f1(truth, said, True)
        yield f1([x == "correct" for x in truth], [x == "correct" for x in said], True)
    saf = asag_rows("saf", "UA")
    names = {"covered": "Correct", "partial": "Partially correct"}
    said = [names.get(reader.read(r["answer"], r["reference"][:1], [])[0][0].verdict.value, "Incorrect") for r in saf]
    yield f1([r["label"] for r in saf], said, False)
    mohler = asag_rows("mohler")
    credit = [asag_read(reader, r)[1] for r in mohler]
    yield float(np.corrcoef(credit, [r["score"] for r in mohler])[0, 1])
    khan = asag_rows("khan")
    met = [reader.read(r["answer"], [r["rubric"][0]["text"]], [])[0][0].verdict is Verdict.COVERED for r in khan]
    yield kappa([r["rubric"][0]["met"] for r in khan], met)


def speed(reader: AnswerReader, everything: Sequence[Case]) -> None:
    """150 words against 8 key points and 3 pitfalls, one core."""
    words = " ".join(c.answer for c in everything if c.design == "strong").split()
    points = list(dict.fromkeys(p for c in everything for p in c.points))
    took = []
    for turn in range(20):
        answer = " ".join(words[150 * turn % 1500 :][:150])
        start = time.perf_counter()
        reader.read(answer, points[turn : turn + 8], points[turn + 8 : turn + 11])
        took.append(1000 * (time.perf_counter() - start))
    print(f"\n150 words, 8 key points, 3 pitfalls: {np.median(took):.0f} ms, at best {min(took):.0f} ms (150)")


def main() -> None:
    """Every table."""
    if not (SHARED / "answers" / "answers.jsonl").is_file():
        print("skipped: ../shared/answers with labelled answers is not here")
        return
    reader = AnswerReader(SHIPPED_MODEL / "tokenizer.json")
    reader.warm()
    answers_table(reader)
    speed(reader, cases())
    if (SHARED / "asag").is_dir() and "--quick" not in sys.argv:
        asag_table(reader)


if __name__ == "__main__":
    main()
