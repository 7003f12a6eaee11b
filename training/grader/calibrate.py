#!/usr/bin/env python3
"""Fit what turns a grader's logits into probabilities and decisions, on dev questions.

    python -m training.grader.calibrate FOLDER

Verdicts on key points not on those of training/answers: there far more are contradicted than in an interview, and a
probability is to be how often it is so; pitfalls on all. Reads FOLDER/model.onnx as the program does, writes
FOLDER/calibration.json, and prints figures, among them how well quotes overlap. First it sets from when on a sentence
counts as mere talk and is left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bench.agreement import kappa, token_f1
from interviewer.engines import reader as shipped
from interviewer.engines.reader import AnswerReader, Calibration
from training.grader.data import COVERED, MISSING, MIXED, Example, sentence_spans
from training.grader.evaluate import Floats, Judged, mixed_figures
from training.grader.train import ROOT, TOKENIZER, dev_examples

RIGHT = 0.75
"""How often a pitfall that is called committed should be one, on the dev answers."""

LOST = 0.02
"""Share of the sentences that show something which may be left out as mere talk."""
NOTHING, NEVER = (-20.0, -20.0, 20.0, -20.0), -20.0
"""Logits where all of an answer was mere talk."""


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


def talk_cut(reader: AnswerReader, examples: Sequence[Example]) -> tuple[float, float]:
    """The logit of only talking that LOST of the sentences that show something exceed, and the share of the rest."""
    showing, rest = [], []
    for example in (e for e in examples if e.design != "adversarial"):
        for start, end in sentence_spans(example.answer):
            shows = any(s.span and s.span[0] < end and s.span[1] > start for s in example.statements)
            (showing if shows else rest).append(reader.talk(example.answer[start:end]))
    cut = float(np.quantile(showing, 1 - LOST))
    return round(cut, 2), float(np.mean(np.array(rest) > cut))


def heard(reader: AnswerReader, example: Example) -> tuple[Judged, list[str]]:
    """The logits of the shipped reader, and the sentence to which each statement points."""
    listening = reader.hear(example.answer)
    points, pitfalls, quotes = [np.zeros((0, 4))], [], []
    for statement in example.statements:
        said = [reader.logits(part, statement.text) for part in listening.parts]
        if statement.pitfall:
            pitfalls.append(max((float(committed[0]) for _, committed, _ in said), default=NEVER))
            quotes.append(listening.pitfall(statement.text).quote)
        else:
            best = max((verdict for verdict, _, _ in said), key=lambda v: -missing(v), default=np.array(NOTHING))
            points.append(best[None].astype(np.float64))
            quotes.append(listening.point(statement.text).quote)
    return Judged(np.concatenate(points), np.array(pitfalls, np.float64), np.zeros((0, 0))), quotes


def missing(verdict: Floats) -> float:
    """The probability of missing, from the logits."""
    powers = np.exp(verdict - verdict.max())
    return float(powers[MISSING] / powers.sum())


def quote_overlap(examples: Sequence[Example], quotes: Sequence[Sequence[str]]) -> float:
    """Mean token F1 of the sentence pointed to and the labelled quote."""
    return float(
        np.mean(
            [
                token_f1(quote, example.answer[slice(*statement.span)])
                for example, said in zip(examples, quotes, strict=True)
                for statement, quote in zip(example.statements, said, strict=True)
                if statement.span
            ]
        )
    )


def report(fitted: Calibration, examples: Sequence[Example], judged: Sequence[Judged]) -> None:
    """Print how verdicts agree with labels, and how often they are right by their confidence."""
    print("before", mixed_figures(examples, judged))
    labels = np.array([s.label for e in examples for s in e.statements if not s.pitfall])
    mixed = np.array([e.design in MIXED for e in examples for s in e.statements if not s.pitfall])
    chances = shipped.probabilities(np.concatenate([j.points for j in judged]), fitted)
    said = shipped.verdicts(chances, fitted)
    covered = kappa(labels[mixed] == COVERED, said[mixed] == COVERED)
    print(f"after: four verdicts, kappa {kappa(labels, said):.3f}; mixed, covered {covered:.3f}")
    sure = np.take_along_axis(chances, said[:, None], 1)[:, 0]
    for low, high in ((0.0, 0.4), (0.4, 0.55), (0.55, 0.7), (0.7, 0.85), (0.85, 1.01)):
        inside = (sure >= low) & (sure < high)
        right = (said == labels)[inside].mean() if inside.any() else float("nan")
        print(f"confidence {low:.2f}-{min(high, 1):.2f}: {int(inside.sum())} verdicts, right {right:.2f}")


def main() -> None:
    """Fit, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    torch.set_num_threads(1)
    examples = dev_examples(options.shared, drawn=False)
    talk, rest = talk_cut(AnswerReader(TOKENIZER, options.folder, Calibration()), examples)
    print(f"left out: {LOST:.0%} of the sentences that show something, {rest:.0%} of the others")
    reader = AnswerReader(TOKENIZER, options.folder, Calibration(talk=talk))
    judged, quotes = zip(*(heard(reader, e) for e in examples), strict=True)
    points = torch.tensor(np.concatenate([j.points for j in judged])).float()
    labels = torch.tensor([s.label for e in examples for s in e.statements if not s.pitfall])
    fitted_on = set(examples)
    others = [e for e in dev_examples(options.shared) if e not in fitted_on]
    heard_pitfalls = [*(j.pitfalls for j in judged), *(heard(reader, e)[0].pitfalls for e in others)]
    pitfalls = torch.tensor(np.concatenate(heard_pitfalls)).float()
    committed = torch.tensor([s.label for e in [*examples, *others] for s in e.statements if s.pitfall])
    told = points[:, MISSING] < NOTHING[MISSING]
    temperature, shift = fit(points[told], labels[told])
    pitfall_temperature, pitfall_shift = fit(torch.stack([torch.zeros_like(pitfalls), pitfalls], 1), committed)
    moved = pitfall_shift[1] - pitfall_shift[0]
    chances = (pitfalls / pitfall_temperature + moved).sigmoid().double().numpy()
    fitted = Calibration(
        temperature=round(temperature, 4),
        shift=tuple(shift),
        pitfall_temperature=round(pitfall_temperature, 4),
        pitfall_shift=round(moved, 4),
        committed=threshold(chances, committed.double().numpy()),
        talk=talk,
    )
    (options.folder / "calibration.json").write_text(json.dumps(asdict(fitted), indent=2) + "\n", "utf-8")
    print(fitted)
    report(fitted, examples, judged)
    print(f"nothing told in {int((~told).sum())} verdicts, {int((labels[~told] == MISSING).sum())} of them missing")
    print(f"quotes, token F1 {quote_overlap(examples, quotes):.2f}")


if __name__ == "__main__":
    main()
