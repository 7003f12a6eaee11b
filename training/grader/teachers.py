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
from training.grader.model import Encoder, Reader
from training.grader.train import TOKENIZER, Targets


class Teacher:
    """A checkpoint that judges."""

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
