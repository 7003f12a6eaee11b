#!/usr/bin/env python3
"""Train a grader on, sentence by sentence, so that what tells nothing moves nothing.

    python -m training.grader.steady SECOND.pt OUT --interviews SECOND.pt --short SHORT.pt --public 0.75 --steps 1200

Each answer is read twice, once with lines put into it that tell nothing of the question: its verdicts must stay. A head
on each sentence learns which only talk. Some answers get sentences that deny a key point. Verdicts are learnt from two
teachers as well, who read the answer undisturbed: one for interview answers, one for short ones and pairs of sentences
(and, with `--pieces`, for pieces of interview answers), which may be the larger network. Writes OUT/last.pt.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from training.grader import data
from training.grader.data import Composer, Example
from training.grader.larger import pieces
from training.grader.lines import Lines, telling
from training.grader.model import MASK, Batch, Encoder, Reader
from training.grader.teachers import LargerTeacher, Teacher, teacher, unlike
from training.grader.train import (
    ANSWERS_A_BATCH,
    MASKED,
    MOSTLY_SHORT,
    ROOT,
    TOKENIZER,
    Targets,
    composed,
    interview_questions,
    loss,
    public_batches,
    run_and_look,
    targets,
)

DROP = 0.05
PULL = 8.0
"""Weight of the distance between an answer's verdicts with and without lines put in."""
TALK = 0.5
DENYING = 0.12
"""Share of the batches of interview answers in which something is denied."""
SLOWER = 0.6
LABELS, TAUGHT = 0.5, 1.5
"""Weights of the labels, and of what the teachers say."""


def distance(outputs: tuple[Tensor, Tensor, Tensor], goal: Targets) -> Tensor:
    """How far the verdicts of the second half of a batch are from those of the first, which is the same undisturbed.

    The symmetrical Kullback-Leibler divergence of verdicts, and the squared difference of pitfalls' probabilities.
    """
    verdict, committed, _ = outputs
    half = len(verdict) // 2
    counted = goal.weight[:half] > 0
    point, pitfall = counted & ~goal.pitfall[:half], counted & goal.pitfall[:half]
    plain, disturbed = verdict[:half].log_softmax(-1), verdict[half:].log_softmax(-1)
    apart = ((plain.exp() - disturbed.exp()) * (plain - disturbed)).sum(-1) / 2
    moved = (committed[:half].sigmoid() - committed[half:].sigmoid()) ** 2
    return (apart * point).sum() / point.sum().clamp(min=1) + (moved * pitfall).sum() / pitfall.sum().clamp(min=1)


def talk_loss(reader: Reader, states: Tensor, batch: Batch, labels: Sequence[Sequence[tuple[float, float]]]) -> Tensor:
    """Cross-entropy of which sentences only talk, from the mean of each one's states."""
    most = max(len(sentences) for sentences in labels)
    numbers = torch.arange(most, device=states.device)
    inside = (batch.blocks[:, None, :] == numbers[None, :, None]).float()
    lengths = inside.sum(-1)
    logits = reader.talk(inside / lengths[..., None].clamp(min=1) @ states).squeeze(-1)
    rows = [[*sentences, *([(0.0, 0.0)] * (most - len(sentences)))] for sentences in labels]
    wanted, weights = torch.tensor(rows, device=states.device).unbind(-1)
    counted = (weights > 0) & (lengths > 0)
    each = functional.binary_cross_entropy_with_logits(logits, wanted, weight=weights, reduction="none")
    return (each * counted).sum() / counted.sum().clamp(min=1)


def stream(
    shared: Path, seed: int, draw: random.Random, size: int, public_share: float, piece_share: float
) -> tuple[Iterator[tuple[list[Example], bool]], Lines]:
    """Batches, each with whether it is of interview answers; and the lines to put into those."""
    kept = [q for q in interview_questions(shared) if not data.held_apart(q.text)]
    nli = data.read_lines(shared / "asag" / "cad_nli.jsonl", "train", ("train",))
    lines = Lines(kept, sorted({s for row in nli for s in (row["premise"], row["hypothesis"])}), seed)
    public, own = public_batches(shared, draw, MOSTLY_SHORT), composed(kept, Composer(kept, seed), draw, size)
    denying, parts = lines.denying(size), pieces(kept, seed, draw)

    def drawn() -> Iterator[tuple[list[Example], bool]]:
        while True:
            share = draw.random()
            if share < public_share:
                yield next(parts if piece_share and draw.random() < piece_share else public), False
            else:
                yield next(denying if share < public_share + DENYING * (1 - public_share) else own), True

    return drawn(), lines


def step_loss(
    reader: Reader,
    encoder: Encoder,
    examples: list[Example],
    own: bool,
    lines: Lines,
    taught_by: Teacher | LargerTeacher,
) -> Tensor:
    """The loss of one batch; of interview answers, with itself disturbed."""
    every = [*examples, *(lines.disturbed(e) for e in examples)] if own else examples
    batch, spans = encoder.batch(every)
    goal = targets(every, spans, batch.ids.shape[1], reader.device)
    if not own:
        batch.ids[(torch.rand(batch.ids.shape) < MASKED) & (batch.ids > 998)] = MASK
    batch = batch.to(reader.device)
    with torch.autocast(reader.device.type, torch.bfloat16):
        states = reader.read(batch)
        outputs = reader.judged(batch, states)
    value = LABELS * loss(outputs, goal) + TAUGHT * unlike(outputs, taught_by.say(examples), goal)
    talking = [lines.talking(e) if own else telling(e) for e in every]
    value = value + TALK * talk_loss(reader, states, batch, talking)
    if own:
        value = value + PULL * distance(outputs, goal)
    return value


def main() -> None:
    """The third stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("start", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--public", type=float, required=True, help="share of batches of short answers and pairs")
    parser.add_argument("--pieces", type=float, default=0.0, help="share of those that are pieces of interviews")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--batch", type=int, default=ANSWERS_A_BATCH, help="interview answers a step")
    parser.add_argument("--interviews", type=Path, required=True, help="the teacher for interview answers")
    parser.add_argument("--short", type=Path, required=True, help="the teacher for short answers")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cuda: on a graphics card")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    reader, encoder = Reader(DROP), Encoder(TOKENIZER)
    reader.load_state_dict(torch.load(options.start))
    reader.to(options.device)
    interviews, short = (teacher(path, options.device) for path in (options.interviews, options.short))
    draw = random.Random(options.seed)
    shares = options.public, options.pieces
    batches, lines = stream(options.shared, options.seed, draw, options.batch, *shares)

    def next_loss() -> Tensor:
        examples, own = next(batches)
        return step_loss(reader, encoder, examples, own, lines, interviews if own else short)

    run_and_look(reader, encoder, next_loss, options.steps, SLOWER, options)


if __name__ == "__main__":
    main()
