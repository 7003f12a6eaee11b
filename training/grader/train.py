#!/usr/bin/env python3
"""Train the grader: first on public pairs of sentences and short answers, then on interview answers.

    python -m training.grader.train WEIGHTS_DIR OUT_DIR --first 1800
    python -m training.grader.train FIRST.pt OUT_DIR --short 1500 --seed 17
    python -m training.grader.train FIRST.pt OUT_DIR --second 3000 --batch 16

`--short` goes on with the first stage, and makes the teacher who keeps the third from forgetting short answers.

Writes OUT_DIR/last.pt at the end, and in the second stage log.jsonl: figures of the dev questions, which are held apart
by a hash. Fixed seeds.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.grader import data
from training.grader.data import CONTRADICTED, COVERED, MISSING, Composer, Example
from training.grader.evaluate import judge, mixed_figures
from training.grader.model import MASK, Encoder, Reader

ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = ROOT / "interviewer" / "retrieval" / "model" / "tokenizer.json"
SHORT = ROOT / "training" / "short"
SEED = 7
RATE, HEAD_RATE = 1e-4, 5e-4
ANSWERS_A_BATCH, PAIRS_A_BATCH = 8, 32
MASKED = 0.05
SMOOTHING = 0.05
LOOK_EVERY = 1200
PUBLIC = 0.2
"""Share of public batches in the second stage."""
EVENLY, MOSTLY_SHORT = (0.35, 0.1, 0.3, 0.25), (0.5, 0.1, 0.2, 0.2)
"""Shares of public batches: pupils' short answers, students' longer ones, pairs of sentences, our own short answers."""
CLASS_WEIGHTS = (1.0, 1.2, 0.8, 1.2)


@dataclass(slots=True)
class Targets:
    """What the statements of a batch should give, (batch, statements), and where, (batch, statements, tokens)."""

    labels: Tensor
    pitfall: Tensor
    weight: Tensor
    where: Tensor


def targets(
    examples: Sequence[Example], spans: Sequence[Sequence[tuple[int, int]]], length: int, device: torch.device
) -> Targets:
    """Of the examples; what is beyond an example's statements has weight 0."""
    most = max(len(e.statements) for e in examples)
    shape = (len(examples), most)
    made = Targets(
        labels=torch.zeros(shape, dtype=torch.long),
        pitfall=torch.zeros(shape, dtype=torch.bool),
        weight=torch.zeros(shape),
        where=torch.zeros(*shape, length),
    )
    for row, example in enumerate(examples):
        for column, statement in enumerate(example.statements):
            made.labels[row, column] = statement.label
            made.pitfall[row, column] = statement.pitfall
            made.weight[row, column] = statement.weight
            if statement.span:
                start, end = statement.span
                inside = [n for n, (a, b) in enumerate(spans[row]) if a < end and b > start]
                if inside:
                    made.where[row, column, inside] = 1 / len(inside)
    return Targets(made.labels.to(device), made.pitfall.to(device), made.weight.to(device), made.where.to(device))


def loss(outputs: tuple[Tensor, Tensor, Tensor], goal: Targets) -> Tensor:
    """Verdicts, pitfalls, where they show, and the order of an answer's own points."""
    verdict, committed, where = outputs
    point = goal.weight * ~goal.pitfall
    pitfall = goal.weight * goal.pitfall
    classes = functional.cross_entropy(
        verdict.flatten(0, 1),
        torch.where(goal.pitfall, MISSING, goal.labels).flatten(),
        weight=torch.tensor(CLASS_WEIGHTS, device=verdict.device),
        label_smoothing=SMOOTHING,
        reduction="none",
    ).view_as(point)
    wrong = functional.binary_cross_entropy_with_logits(
        committed, goal.labels.clamp(max=1).float() * (1 - SMOOTHING) + SMOOTHING / 2, reduction="none"
    )
    pointed = goal.where.sum(-1) > 0
    places = -(goal.where * where.log_softmax(-1)).sum(-1) * pointed
    return (
        (classes * point).sum() / point.sum().clamp(min=1)
        + (wrong * pitfall).sum() / pitfall.sum().clamp(min=1)
        + 0.3 * places.sum() / pointed.sum().clamp(min=1)
        + 0.5 * ranking(verdict, goal)
    )


def ranking(verdict: Tensor, goal: Targets) -> Tensor:
    """Every covered point of an answer should stand above every missing or contradicted one of the same answer."""
    odds = verdict[..., COVERED] - verdict[..., 1:].logsumexp(-1)
    counted = goal.weight * ~goal.pitfall
    high = counted * (goal.labels == COVERED)
    low = counted * ((goal.labels == MISSING) | (goal.labels == CONTRADICTED))
    pairs = high[:, :, None] * low[:, None, :]
    return (pairs * functional.softplus(odds[:, None, :] - odds[:, :, None])).sum() / pairs.sum().clamp(min=1)


def batches(examples: Sequence[Example], size: int, draw: random.Random) -> Iterator[list[Example]]:
    """Examples of like length together, in random order, without end."""
    while True:
        order = draw.sample(list(examples), len(examples))
        ready = []
        for start in range(0, len(order), size * 16):
            pool = sorted(order[start : start + size * 16], key=lambda e: len(e.answer))
            ready += [pool[n : n + size] for n in range(0, len(pool), size)]
        draw.shuffle(ready)
        yield from ready


def composed(
    questions: Sequence[data.Question], composer: Composer, draw: random.Random, size: int = ANSWERS_A_BATCH
) -> Iterator[list[Example]]:
    """Half whole answers, half answers put together anew; a point of another question with each."""
    whole = [(q, a) for q in questions for a in q.answers]
    while True:
        order = draw.sample(whole, len(whole))
        made = []
        for question, answer in order:
            styled = answer.design not in data.MIXED
            if not styled or draw.random() < data.STYLED_WEIGHT:
                made.append(_with_foreign(answer, composer.foreign(question, 2 if styled else 1), draw))
            made.append(_with_foreign(composer.compose(question), composer.foreign(question, 1), draw))
        stream = batches(made, size, draw)
        for _ in range(len(made) // size):
            yield next(stream)


def _with_foreign(example: Example, foreign: list[data.Statement], draw: random.Random) -> Example:
    statements = [*example.statements, *foreign]
    return replace(example, statements=tuple(draw.sample(statements, min(len(statements), 10))))


def public_batches(shared: Path, draw: random.Random, shares: Sequence[float] = EVENLY) -> Iterator[list[Example]]:
    """Pairs whose files say that they may train a model that ships, and short answers of our own."""
    asag = shared / "asag"
    short = [r for name in ("scientsbank", "beetle") for r in data.read_lines(asag / f"{name}.jsonl", "train")]
    saf = data.asag_examples(data.read_lines(asag / "saf.jsonl", "train"), draw)
    nli = data.nli_examples(data.read_lines(asag / "cad_nli.jsonl", "train", ("train",)))
    own = [q for q in data.read_questions(SHORT) if not data.held_apart(q.text)]
    streams = [
        batches(data.asag_examples(short, draw), PAIRS_A_BATCH, draw),
        batches(saf, ANSWERS_A_BATCH * 2, draw),
        batches(nli, PAIRS_A_BATCH, draw),
        batches([a for q in own for a in q.answers], PAIRS_A_BATCH, draw),
    ]
    while True:
        yield next(draw.choices(streams, shares)[0])


def plain_loss(reader: Reader, encoder: Encoder, examples: Sequence[Example]) -> Tensor:
    """The loss of one batch; some tokens are hidden."""
    batch, spans = encoder.batch(examples)
    goal = targets(examples, spans, batch.ids.shape[1], reader.device)
    batch.ids[(torch.rand(batch.ids.shape) < MASKED) & (batch.ids > 998)] = MASK
    with torch.autocast(reader.device.type, torch.bfloat16):
        outputs = reader(batch.to(reader.device))
    return loss(outputs, goal)


def run(reader: Reader, next_loss: Callable[[], Tensor], steps: int, rate: float = 1.0) -> Iterator[int]:
    """Take the steps, yielding the number of each. Words' vectors stay as they are."""
    reader.words.weight.requires_grad = False
    heads = (reader.mix, reader.verdict, reader.committed, reader.talk)
    return descend(reader, heads, (RATE * rate, HEAD_RATE * rate), next_loss, steps)


def descend(
    network: nn.Module,
    heads: Sequence[nn.Module],
    rates: tuple[float, float],
    next_loss: Callable[[], Tensor],
    steps: int,
) -> Iterator[int]:
    """Take the steps, yielding the number of each; rates, of body and heads, rise for 5 %, then fall to 0."""
    head = [p for part in heads for p in part.parameters()]
    body = [p for p in network.parameters() if p.requires_grad and not any(p is h for h in head)]
    groups = [{"params": part, "lr": rate} for part, rate in zip((body, head), rates, strict=True)]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    rise = 0.05 * steps
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: min((n + 1) / rise, (steps - n) / (steps - rise)))
    average, start = 0.0, time.time()
    for step in range(1, steps + 1):
        network.train()
        value = next_loss()
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad(set_to_none=True)
        average = 0.95 * average + 0.05 * value.item() if step > 1 else value.item()
        if step % 25 == 0:
            print(f"step {step}/{steps} loss {average:.3f} {(time.time() - start) / step:.2f} s a step", flush=True)
        yield step


def save(reader: nn.Module, path: Path) -> None:
    """Write the weights, to be read on any device; whole or not at all."""
    unfinished = path.with_suffix(".part")
    torch.save({name: part.cpu() for name, part in reader.state_dict().items()}, unfinished)
    unfinished.replace(path)


def run_and_look(
    reader: Reader, encoder: Encoder, next_loss: Callable[[], Tensor], steps: int, rate: float, options: Namespace
) -> None:
    """Take the steps; now and then print figures of the dev answers, and at the end write last.pt."""
    dev = dev_examples(options.shared)
    for step in run(reader, next_loss, steps, rate):
        if step % LOOK_EVERY == 0 or step == steps:
            figures = mixed_figures(dev, judge(reader, encoder, dev))
            with (options.out / "log.jsonl").open("a") as log:
                log.write(json.dumps({"step": step, **figures}) + "\n")
            print(step, figures, flush=True)
    save(reader, options.out / "last.pt")


def interview_questions(shared: Path, *, drawn: bool = True) -> list[data.Question]:
    """Every question with labelled answers that may be trained on; without `drawn`, none of training/answers."""
    folders = [ROOT / "evals" / "answers", *([ROOT / "training" / "answers"] if drawn else [])]
    return data.read_questions(*folders, shared / "answers" / "train")


def dev_examples(shared: Path, *, drawn: bool = True) -> list[Example]:
    """The answers to the questions held apart."""
    return [a for q in interview_questions(shared, drawn=drawn) if data.held_apart(q.text) for a in q.answers]


def main() -> None:
    """One stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("start", type=Path, help="the published weights' folder, or the first stage's last.pt")
    parser.add_argument("out", type=Path)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    stage = parser.add_mutually_exclusive_group(required=True)
    stage.add_argument("--first", type=int, help="steps of the first stage")
    stage.add_argument("--short", type=int, help="steps with which the first stage goes on")
    stage.add_argument("--second", type=int, help="steps of the second stage")
    parser.add_argument("--batch", type=int, default=ANSWERS_A_BATCH, help="interview answers a step")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cuda: on a graphics card")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    draw = random.Random(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    encoder, reader = Encoder(TOKENIZER), Reader()
    public = public_batches(options.shared, draw, MOSTLY_SHORT if options.short else EVENLY)
    if options.first:
        reader.load_published(options.start / "model.safetensors")
    else:
        reader.load_state_dict(torch.load(options.start))
    reader.to(options.device)
    if steps := options.first or options.short:
        for _ in run(reader, lambda: plain_loss(reader, encoder, next(public)), steps):
            pass
        save(reader, options.out / "last.pt")
        return
    kept = [q for q in interview_questions(options.shared) if not data.held_apart(q.text)]
    own = composed(kept, Composer(kept, options.seed), draw, options.batch)
    stream = (next(public) if draw.random() < PUBLIC else next(own) for _ in iter(int, 1))
    run_and_look(reader, encoder, lambda: plain_loss(reader, encoder, next(stream)), options.second, 1.0, options)


if __name__ == "__main__":
    main()
