"""Several graders that teach another: what they say together is nearer to the truth than a label or any one of them.

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


class Teachers:
    """Checkpoints that judge together."""

    def __init__(self, paths: Sequence[Path], device: str) -> None:
        self._encoder = Encoder(TOKENIZER)
        self._readers = [_loaded(path, device) for path in paths]

    @torch.no_grad()
    def say(self, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
        """Probabilities of the verdicts (examples, statements, 4), and that a pitfall is committed; of all together."""
        device = self._readers[0].device
        batch = self._encoder.batch(examples)[0].to(device)
        with torch.autocast(device.type, torch.bfloat16):
            outputs = [reader(batch) for reader in self._readers]
        verdicts = torch.stack([verdict.float().log_softmax(-1) for verdict, _, _ in outputs])
        pitfalls = torch.stack([committed.float() for _, committed, _ in outputs])
        return verdicts.mean(0).softmax(-1), pitfalls.mean(0).sigmoid()


def _loaded(path: Path, device: str) -> Reader:
    reader = Reader()
    reader.load_state_dict(torch.load(path))
    return reader.to(device).eval()


def unlike(outputs: tuple[Tensor, Tensor, Tensor], said: tuple[Tensor, Tensor], goal: Targets) -> Tensor:
    """How far outputs are from what teachers said: Kullback-Leibler divergence of verdicts, cross-entropy of pitfalls.

    `outputs` may hold the same examples twice, one half after the other, where the teachers saw them once.
    """
    verdict, committed, _ = outputs
    times = len(verdict) // len(said[0])
    verdicts, pitfalls = (part.repeat(times, *[1] * (part.dim() - 1)) for part in said)
    counted = goal.weight > 0
    point, pitfall = counted & ~goal.pitfall, counted & goal.pitfall
    apart = (verdicts * (verdicts.clamp(min=1e-6).log() - verdict.log_softmax(-1))).sum(-1)
    wrong = functional.binary_cross_entropy_with_logits(committed, pitfalls, reduction="none")
    return (apart * point).sum() / point.sum().clamp(min=1) + (wrong * pitfall).sum() / pitfall.sum().clamp(min=1)
