#!/usr/bin/env python3
"""Train a larger network to judge short answers, all-mpnet-base-v2 with 110 million weights: how far is there to go?

    python -m training.grader.larger WEIGHTS_DIR OUT_DIR --steps 2200
    python -m training.grader.larger WEIGHTS_DIR OUT_DIR

It reads an answer and one statement at once, every token seeing all others. It never ships; the third stage can learn
from what it says (`teachers.py`). Writes OUT_DIR/last.pt, and beside it the tokenizer. Without steps, prints what
OUT_DIR/last.pt reaches. Fixed seeds.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from bench.agreement import kappa
from bench.grader import SHORT_ANSWERS, asag_figures
from interviewer.engines.reader import VERDICTS, AnswerReader, PointReading
from training.grader import data
from training.grader.data import MISSING, Composer, Example, Statement
from training.grader.train import (
    CLASS_WEIGHTS,
    PAIRS_A_BATCH,
    ROOT,
    SHORT,
    SMOOTHING,
    batches,
    descend,
    interview_questions,
    public_batches,
    save,
)

WEIGHTS_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
HIDDEN, HEADS, LAYERS, WORDS, PLACES, BUCKETS = 768, 12, 12, 30527, 514, 32
PAD, FIRST_PLACE = 1, 2
FURTHEST = 128
"""Distances beyond this one share a bucket."""
TOKENS = 160
RATE, HEAD_RATE = 3e-5, 3e-4
SHARES, PIECES = (0.5, 0.1, 0.15, 0.25), 0.2
"""Shares of public batches, as in train.py, and of batches of pieces of interview answers."""


class Layer(nn.Module):
    """One transformer layer of MPNet (Song et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(HIDDEN, HIDDEN) for _ in range(4))
        self.attended = nn.LayerNorm(HIDDEN, 1e-5)
        self.wide, self.narrow = nn.Linear(HIDDEN, 4 * HIDDEN), nn.Linear(4 * HIDDEN, HIDDEN)
        self.done = nn.LayerNorm(HIDDEN, 1e-5)

    def forward(self, states: Tensor, bias: Tensor, drop: float) -> Tensor:
        """Attend, then transform; the bias is added to the scores."""
        batch, length, _ = states.shape
        parts = (self.query, self.key, self.value)
        query, key, value = (part(states).view(batch, length, HEADS, -1).transpose(1, 2) for part in parts)
        scores = query @ key.transpose(2, 3) * (HIDDEN // HEADS) ** -0.5 + bias
        mixed = scores.softmax(-1, dtype=scores.dtype) @ value
        states = self.attended(states + self.output(mixed.transpose(1, 2).reshape(batch, length, HIDDEN)))
        changed = self.narrow(functional.gelu(self.wide(states)))
        return self.done(states + functional.dropout(changed, drop, self.training))


class Larger(nn.Module):
    """Logits of an answer and a statement: the verdict (4), and that a pitfall is committed (1)."""

    def __init__(self, drop: float = 0.1) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, HIDDEN), nn.Embedding(PLACES, HIDDEN)
        self.embedded = nn.LayerNorm(HIDDEN, 1e-5)
        self.distances = nn.Embedding(BUCKETS, HEADS)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.mix, self.judged = nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, 5)
        self.drop = drop

    def load_published(self, path: Path) -> None:
        """Start from the published sentence embedding model."""
        source = load_file(path)
        parts = {
            "words": "embeddings.word_embeddings",
            "places": "embeddings.position_embeddings",
            "embedded": "embeddings.LayerNorm",
            "distances": "encoder.relative_attention_bias",
        }
        inside = {"query": "attention.attn.q", "key": "attention.attn.k", "value": "attention.attn.v"}
        inside |= {"output": "attention.attn.o", "attended": "attention.LayerNorm", "wide": "intermediate.dense"}
        inside |= {"narrow": "output.dense", "done": "output.LayerNorm"}
        for n in range(LAYERS):
            parts |= {f"layers.{n}.{mine}": f"encoder.layer.{n}.{theirs}" for mine, theirs in inside.items()}
        state = self.state_dict()
        for mine, theirs in parts.items():
            for kind in ("weight", "bias"):
                if f"{mine}.{kind}" in state:
                    state[f"{mine}.{kind}"] = source[f"{theirs}.{kind}"]
        self.load_state_dict(state)

    def read(self, ids: Tensor) -> Tensor:
        """The last states of all tokens, (batch, length, HIDDEN), of ids (batch, length) padded with PAD."""
        length = ids.shape[1]
        kind = torch.bfloat16 if torch.is_autocast_enabled(ids.device.type) else torch.float32
        places = torch.arange(FIRST_PLACE, FIRST_PLACE + length, device=ids.device)
        near = self.distances(buckets(length).to(ids.device)).permute(2, 0, 1)[None]
        bias = near.masked_fill((ids == PAD)[:, None, None, :], -1e4).to(kind)
        states = self.embedded(self.words(ids) + self.places(places)).to(kind)
        states = functional.dropout(states, self.drop, self.training)
        for layer in self.layers:
            states = layer(states, bias, self.drop)
        return states

    def forward(self, ids: Tensor) -> Tensor:
        """Logits, (batch, 5)."""
        first = functional.gelu(self.mix(self.read(ids)[:, 0]))
        judged: Tensor = self.judged(functional.dropout(first, self.drop, self.training)).float()
        return judged


def buckets(length: int) -> Tensor:
    """Which bucket the distance from each place to each other is in, (length, length), as MPNet and T5 number them."""
    places = torch.arange(length)
    back = places[:, None] - places[None, :]
    half, exact = BUCKETS // 2, BUCKETS // 4
    far = back.abs().clamp(min=1).float().div(exact).log() / math.log(FURTHEST / exact) * (half - exact)
    number = torch.where(back.abs() < exact, back.abs(), (exact + far.long()).clamp(max=half - 1))
    return number + half * (back < 0)


class Pairs:
    """An answer and a statement as token ids."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(TOKENS, strategy="longest_first")

    def ids(self, pairs: Sequence[tuple[str, str]]) -> Tensor:
        """Of (answer, statement), (pairs, length)."""
        read = [r.ids for r in self._tokenizer.encode_batch(list(pairs))]
        length = max(map(len, read))
        return torch.tensor([[*r, *[PAD] * (length - len(r))] for r in read])


Pair = tuple[str, Statement]


def pieces(questions: Sequence[data.Question], seed: int, draw: random.Random) -> Iterator[list[Example]]:
    """Batches of one to three sentences of interview answers, each with two statements of its question."""
    composer = Composer(questions, seed)
    while True:
        made = [composer.piece(question) for question in draw.sample(list(questions), len(questions))]
        told = [e for e in made if e.statements]
        stream = batches(told, PAIRS_A_BATCH // 2, draw)
        for _ in range(len(told) // (PAIRS_A_BATCH // 2)):
            yield next(stream)


def pairs(shared: Path, seed: int) -> Iterator[list[Pair]]:
    """Batches of at most PAIRS_A_BATCH pairs, without end."""
    draw = random.Random(seed)
    kept = [q for q in interview_questions(shared) if not data.held_apart(q.text)]
    public, own = public_batches(shared, draw, SHARES), pieces(kept, seed, draw)
    while True:
        examples = next(own if draw.random() < PIECES else public)
        every = [(e.answer, s) for e in examples for s in e.statements]
        yield draw.sample(every, min(len(every), PAIRS_A_BATCH))


def pair_loss(logits: Tensor, statements: Sequence[Statement]) -> Tensor:
    """Cross-entropy of verdicts and of pitfalls."""
    labels = torch.tensor([s.label for s in statements])
    pitfall = torch.tensor([s.pitfall for s in statements])
    weight = torch.tensor([s.weight for s in statements])
    classes = functional.cross_entropy(
        logits[:, :4],
        torch.where(pitfall, MISSING, labels),
        weight=torch.tensor(CLASS_WEIGHTS),
        label_smoothing=SMOOTHING,
        reduction="none",
    )
    wrong = functional.binary_cross_entropy_with_logits(logits[:, 4], labels.clamp(max=1).float(), reduction="none")
    return (weight * torch.where(pitfall, wrong, classes)).sum() / weight.sum()


def train(larger: Larger, tokens: Pairs, stream: Iterator[list[Pair]], steps: int) -> None:
    """Take the steps. Words and places stay as published."""
    for part in (larger.words, larger.places, larger.distances):
        part.requires_grad_(False)

    def next_loss() -> Tensor:
        batch = next(stream)
        with torch.autocast("cpu", torch.bfloat16):
            logits = larger(tokens.ids([(answer, s.text) for answer, s in batch]))
        return pair_loss(logits, [s for _, s in batch])

    for _ in descend(larger, (larger.mix, larger.judged), (RATE, HEAD_RATE), next_loss, steps):
        pass


class Judge:
    """The larger network in the place of the shipped reader, for `bench.grader`: each statement's likeliest verdict."""

    def __init__(self, larger: Larger, tokens: Pairs) -> None:
        self._larger, self._tokens = larger.eval(), tokens

    def warm(self) -> None:
        """It is loaded."""

    @torch.no_grad()
    def read(self, answer: str, points: Sequence[str], _: Sequence[str]) -> tuple[list[PointReading], list[object]]:
        """A reading a point."""
        with torch.autocast("cpu", torch.bfloat16):
            logits = self._larger(self._tokens.ids([(answer, point) for point in points]))
        chances = logits[:, :4].softmax(-1)
        best = [VERDICTS[int(n)] for n in chances.argmax(-1)]
        return [PointReading(v, tuple(c.tolist()), "") for v, c in zip(best, chances, strict=True)], []


def measure(judge: Judge) -> None:
    """Print how it reads the short answers held apart, and human-graded ones."""
    held = [a for q in data.read_questions(SHORT) if data.held_apart(q.text) for a in q.answers]
    labels, said = [], []
    for answer in held:
        points = [s for s in answer.statements if not s.pitfall]
        labels += [s.label for s in points]
        said += [VERDICTS.index(r.verdict) for r in judge.read(answer.answer, [s.text for s in points], [])[0]]
    print(f"short answers held apart: four verdicts, kappa {kappa(labels, said):.2f}")
    for (name, _), figure in zip(SHORT_ANSWERS, asag_figures(cast("AnswerReader", judge)), strict=True):
        print(f"{name}: {figure:.2f}", flush=True)


def main() -> None:
    """Train and write, or measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("start", type=Path, help="the published weights' folder")
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--seed", type=int, default=23)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    larger, tokens = Larger(), Pairs(options.start / "tokenizer.json")
    if not options.steps:
        larger.load_state_dict(torch.load(options.out / "last.pt"))
        measure(Judge(larger, tokens))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    shutil.copy(options.start / "tokenizer.json", options.out)
    source = options.start / "model.safetensors"
    if hashlib.sha256(source.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        parser.error(f"{source} is not the published all-mpnet-base-v2")
    larger.load_published(source)
    train(larger, tokens, pairs(options.shared, options.seed), options.steps)
    save(larger, options.out / "last.pt")


if __name__ == "__main__":
    main()
