"""Calibrates the embedded engine's similarity on labelled answers, and says how little it can tell.

    python -m training.calibrate_similarity ANSWERS.jsonl...

A line is {"question", "key_points": [str], "answers": [{"answer", "key_points": [{"verdict"}]}]}. The thresholds give
covered, partial and missing as often as the labels do; the confidences are how often each verdict is then right.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from interviewer.domain.guide import KeyPoint
from interviewer.engines.embedded import Reading
from interviewer.retrieval.embedding import Embedder


def labelled(paths: list[Path]) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Question, answer, key points and their verdicts, of every answer."""
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for answer in row["answers"]:
                yield row["question"], answer["answer"], row["key_points"], [k["verdict"] for k in answer["key_points"]]


def main() -> None:
    """Print thresholds, confidences, and agreement beyond chance."""
    encoder = Embedder()
    similarity, truth = [], []
    for question, answer, points, verdicts in labelled([Path(p) for p in sys.argv[1:]]):
        reading = Reading(encoder, answer, question)
        similarity += [reading.nearest(KeyPoint(id="k", text=p, line=1).text)[0] for p in points]
        truth += verdicts
    near, label = np.array(similarity), np.array(truth)
    covered = float(np.quantile(near, 1 - np.mean(label == "covered")))
    partial = float(np.quantile(near, 1 - np.mean(np.isin(label, ["covered", "partial"]))))
    said = np.where(near >= covered, "covered", np.where(near >= partial, "partial", "missing"))
    print(f"{len(label)} verdicts: COVERED {covered:.3f}  PARTIAL {partial:.3f}")
    for verdict in ("covered", "partial", "missing"):
        print(f"  right when it says {verdict:8} {np.mean(label[said == verdict] == verdict):.2f}")
    agree, chance = np.mean((said == "covered") == (label == "covered")), np.mean(label == "covered")
    expected = chance**2 + (1 - chance) ** 2
    print(f"  kappa, covered against the rest {(agree - expected) / (1 - expected):.2f}")


if __name__ == "__main__":
    main()
