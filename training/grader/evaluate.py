"""How well a grader's judgements agree with labels: kappa, concordance inside an answer, and the like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from bench.agreement import concordance, kappa
from training.grader import data
from training.grader.data import COVERED, Example
from training.grader.model import Encoder, Reader

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Of one answer, logits: verdicts (points, 4), pitfalls (pitfalls,), and where (statements, answer tokens)."""

    points: Floats
    pitfalls: Floats
    where: Floats


@torch.no_grad()
def judge(
    reader: Reader, encoder: Encoder, examples: Sequence[Example], size: int = 16, half: bool = True
) -> list[Judged]:
    """Every example's statements; points first, as they come. `half`: in bfloat16, as in training."""
    reader.eval()
    found: list[Judged | None] = [None] * len(examples)
    order = sorted(range(len(examples)), key=lambda n: len(examples[n].answer))
    for start in range(0, len(order), size):
        numbers = order[start : start + size]
        batch, spans = encoder.batch([examples[n] for n in numbers])
        with torch.autocast(reader.device.type, torch.bfloat16, enabled=half):
            outputs = reader(batch.to(reader.device))
        verdict, committed, where = (part.float().cpu() for part in outputs)
        for row, number in enumerate(numbers):
            kinds = [s.pitfall for s in examples[number].statements]
            points = [n for n, pitfall in enumerate(kinds) if not pitfall]
            pitfalls = [n for n, pitfall in enumerate(kinds) if pitfall]
            found[number] = Judged(
                verdict[row, points].double().numpy(),
                committed[row, pitfalls].double().numpy(),
                where[row, : len(kinds), : len(spans[row])].double().numpy(),
            )
    return [f for f in found if f is not None]


def odds(verdicts: Floats) -> Floats:
    """Log odds that a point is covered, from its logits."""
    rest = verdicts[:, 1:]
    top = rest.max(axis=1)
    return verdicts[:, COVERED] - top - np.log(np.exp(rest - top[:, None]).sum(axis=1))


def mixed_figures(examples: Sequence[Example], judged: Sequence[Judged]) -> dict[str, float]:
    """Dev figures: on answers of mixed coverage, and over all."""
    mixed = [(e, j) for e, j in zip(examples, judged, strict=True) if e.design in data.MIXED]
    truth = [[s.label for s in e.statements if not s.pitfall] for e, _ in mixed]
    score = [list(odds(j.points)) for _, j in mixed]
    flat = [t == COVERED for row in truth for t in row]
    said = [int(v) for _, j in mixed for v in j.points.argmax(1)]
    pitfalls = [s.label for e, _ in mixed for s in e.statements if s.pitfall]
    committed = [int(p > 0) for _, j in mixed for p in j.pitfalls]
    every = [s.label for e in examples for s in e.statements if not s.pitfall]
    every_said = [int(v) for j in judged for v in j.points.argmax(1)]
    figures = {
        "concordance": concordance([[t == COVERED for t in row] for row in truth], score),
        "kappa": kappa(flat, [v == COVERED for v in said]),
        "kappa4": kappa([t for row in truth for t in row], said),
        "pitfall": kappa(pitfalls, committed),
        "all4": kappa(every, every_said),
    }
    return {name: round(value, 3) for name, value in figures.items()}
