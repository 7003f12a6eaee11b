#!/usr/bin/env python3
"""Fit what turns a grader's logits into probabilities and decisions, on the dev questions.

    python -m training.grader.calibrate BEST.pt FOLDER

Writes FOLDER/calibration.json and prints figures of the dev answers, among them how well quotes overlap.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bench.agreement import kappa, token_f1
from interviewer.domain.text import sentences
from training.grader.data import CONTRADICTED, COVERED, MIXED, PARTIAL, Example
from training.grader.evaluate import Floats, Judged, judge, mixed_figures
from training.grader.model import Encoder, Reader
from training.grader.train import ROOT, TOKENIZER, dev_examples

RIGHT = 0.75
"""How often a pitfall that is called committed should be one, on the dev answers."""


def fit(logits: Tensor, labels: Tensor) -> tuple[float, list[float]]:
    """Temperature and shifts that make the labels likeliest."""
    log_scale = torch.zeros(1, requires_grad=True)
    shift = torch.zeros(logits.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([log_scale, shift], max_iter=100)

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = functional.cross_entropy(logits * log_scale.exp() + shift, labels) + 1e-3 * (shift**2).sum()
        value.backward()
        return value

    optimiser.step(closure)
    return float(1 / log_scale.exp().detach()), [round(float(s), 4) for s in shift.detach()]


def threshold(chances: Floats, labels: Floats) -> float:
    """The lowest threshold, at least 0.3, above which RIGHT of the pitfalls are committed."""
    for cut in np.arange(0.3, 0.96, 0.01):
        above = chances >= cut
        if above.any() and labels[above].mean() >= RIGHT:
            return round(float(cut), 2)
    return 0.95


def tilted(logits: Floats, examples: Sequence[Example]) -> list[float]:
    """What to add before the likeliest verdict is taken, for the best sum of two kappas; one coordinate at a time.

    Four verdicts over all answers, and covered or not on those of mixed coverage.
    """
    labels = np.array([s.label for e in examples for s in e.statements if not s.pitfall])
    mixed = np.array([e.design in MIXED for e in examples for s in e.statements if not s.pitfall])

    def agreement(tilt: Sequence[float]) -> float:
        said = (logits + np.array(tilt)).argmax(axis=1)
        covered = kappa(labels[mixed] == COVERED, said[mixed] == COVERED)
        return kappa(labels, said) + covered - 0.02 * float(np.abs(tilt).sum())

    best = [0.0, 0.0, 0.0, 0.0]
    for _ in range(3):
        for place in (COVERED, PARTIAL, CONTRADICTED):
            tries = [[*best[:place], round(float(x), 2), *best[place + 1 :]] for x in np.arange(-1.2, 1.21, 0.1)]
            best = max(tries, key=agreement)
    return best


def quote_overlap(examples: Sequence[Example], judged: Sequence[Judged], encoder: Encoder) -> float:
    """Mean token F1 of the sentence pointed to and the labelled quote."""
    found = []
    for example, one in zip(examples, judged, strict=True):
        _, offsets = encoder.tokens(example.answer, 320)
        for number, statement in enumerate(example.statements):
            if statement.span is None:
                continue
            wanted = example.answer[slice(*statement.span)]
            found.append(token_f1(best_sentence(example.answer, offsets, one.where[number]), wanted))
    return float(np.mean(found))


def best_sentence(answer: str, offsets: Sequence[tuple[int, int]], where: Floats) -> str:
    """The sentence with the most of the pointer."""
    shares, at, best, most = np.exp(where - where.max()), 0, "", -1.0
    for sentence in sentences(answer):
        start = answer.index(sentence, at)
        at = start + len(sentence)
        total = sum(s for s, (a, b) in zip(shares, offsets, strict=False) if b > a and a < at and b > start)
        if total > most:
            best, most = sentence, total
    return best


def main() -> None:
    """Fit, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    torch.set_num_threads(1)
    reader, encoder, examples = Reader(), Encoder(TOKENIZER), dev_examples(options.shared)
    reader.load_state_dict(torch.load(options.checkpoint))
    judged = judge(reader, encoder, examples)
    points = torch.tensor(np.concatenate([j.points for j in judged])).float()
    labels = torch.tensor([s.label for e in examples for s in e.statements if not s.pitfall])
    pitfalls = torch.tensor(np.concatenate([j.pitfalls for j in judged])).float()
    committed = torch.tensor([s.label for e in examples for s in e.statements if s.pitfall])
    temperature, shift = fit(points, labels)
    pitfall_temperature, pitfall_shift = fit(torch.stack([torch.zeros_like(pitfalls), pitfalls], 1), committed)
    moved = pitfall_shift[1] - pitfall_shift[0]
    chances = (pitfalls / pitfall_temperature + moved).sigmoid().double().numpy()
    fitted = {
        "temperature": round(temperature, 4),
        "shift": shift,
        "tilt": (tilt := tilted(points.double().numpy() / temperature + np.array(shift), examples)),
        "pitfall_temperature": round(pitfall_temperature, 4),
        "pitfall_shift": round(moved, 4),
        "committed": threshold(chances, committed.double().numpy()),
    }
    (options.folder / "calibration.json").write_text(json.dumps(fitted, indent=2) + "\n", "utf-8")
    print(fitted)
    print("before", mixed_figures(examples, judged))
    moved_points = [
        Judged(
            j.points / temperature + np.array(shift) + np.array(tilt), j.pitfalls / pitfall_temperature + moved, j.where
        )
        for j in judged
    ]
    print("after ", mixed_figures(examples, moved_points))
    probabilities = (points / temperature + torch.tensor(shift)).softmax(-1)
    said = (probabilities.log() + torch.tensor(tilt)).argmax(-1)
    sure = probabilities.gather(1, said[:, None])[:, 0]
    for low, high in ((0.0, 0.4), (0.4, 0.55), (0.55, 0.7), (0.7, 0.85), (0.85, 1.01)):
        inside = (sure >= low) & (sure < high)
        right = (said == labels)[inside].float().mean() if inside.any() else float("nan")
        print(f"confidence {low:.2f}-{min(high, 1):.2f}: {int(inside.sum())} verdicts, right {right:.2f}")
    print(f"quotes, token F1 {quote_overlap(examples, judged, encoder):.2f}")


if __name__ == "__main__":
    main()
