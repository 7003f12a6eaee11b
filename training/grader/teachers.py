"""A grader that teaches another: what it says of an answer tells more than the label.

Distillation as in Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (2015), at temperature 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from training.grader.data import Example
from training.grader.larger import Larger, Pairs
from training.grader.model import Encoder, Reader
from training.grader.train import TOKENIZER, Targets

PAIRS = 64
"""How many pairs the larger teacher reads at once."""


class LargerTeacher:
    """The larger network, which judges one statement at a time. What it said once it says again without reading."""

    def __init__(self, path: Path, device: str) -> None:
        self._pairs, self._larger = Pairs(path.parent / "tokenizer.json"), Larger()
        self._larger.load_state_dict(torch.load(path))
        self._larger.to(device).eval()
        self._device = torch.device(device)
        self._said: dict[tuple[str, str], Tensor] = {}

    @torch.no_grad()
    def say(self, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
        """Probabilities of the verdicts, (examples, statements, 4), and that a pitfall is committed."""
        wanted = {(e.answer, s.text) for e in examples for s in e.statements} - self._said.keys()
        new = sorted(wanted, key=lambda pair: len(pair[0]) + len(pair[1]))
        for start in range(0, len(new), PAIRS):
            some = new[start : start + PAIRS]
            with torch.autocast(self._device.type, torch.bfloat16):
                logits = self._larger(self._pairs.ids(some).to(self._device))
            self._said |= dict(zip(some, logits.float().cpu(), strict=True))
        said = torch.zeros(len(examples), max(len(e.statements) for e in examples), 5)
        for row, example in enumerate(examples):
            for column, statement in enumerate(example.statements):
                said[row, column] = self._said[example.answer, statement.text]
        said = said.to(self._device)
        return said[..., :4].softmax(-1), said[..., 4].sigmoid()


class Teacher:
    """A checkpoint of the grader itself, which judges all statements of an answer."""

    def __init__(self, path: Path, device: str) -> None:
        self._encoder, self._reader = Encoder(TOKENIZER), Reader()
        self._reader.load_state_dict(torch.load(path))
        self._reader.to(device).eval()

    @torch.no_grad()
    def say(self, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
        """Probabilities of the verdicts, (examples, statements, 4), and that a pitfall is committed."""
        device = self._reader.device
        batch = self._encoder.batch(examples)[0].to(device)
        with torch.autocast(device.type, torch.bfloat16):
            verdict, committed, _ = self._reader(batch)
        return verdict.float().softmax(-1), committed.float().sigmoid()


def teacher(path: Path, device: str) -> Teacher | LargerTeacher:
    """The checkpoint's: the larger network leaves its tokenizer beside its own."""
    kind = LargerTeacher if (path.parent / "tokenizer.json").is_file() else Teacher
    return kind(path, device)


def unlike(outputs: tuple[Tensor, Tensor, Tensor], said: tuple[Tensor, Tensor], goal: Targets) -> Tensor:
    """How far outputs are from what a teacher said: Kullback-Leibler divergence of verdicts, cross-entropy of pitfalls.

    `outputs` may hold the same examples twice, one half after the other, where the teacher saw them once.
    """
    verdict, committed, _ = outputs
    times = len(verdict) // len(said[0])
    verdicts, pitfalls = (part.repeat(times, *[1] * (part.dim() - 1)) for part in said)
    counted = goal.weight > 0
    point, pitfall = counted & ~goal.pitfall, counted & goal.pitfall
    apart = (verdicts * (verdicts.clamp(min=1e-6).log() - verdict.log_softmax(-1))).sum(-1)
    wrong = functional.binary_cross_entropy_with_logits(committed, pitfalls, reduction="none")
    return (apart * point).sum() / point.sum().clamp(min=1) + (wrong * pitfall).sum() / pitfall.sum().clamp(min=1)
