"""The grader: all-MiniLM-L6-v2 where an answer is read once and each statement reads the answer.

One sequence holds the answer and every statement. A token of the answer sees its own sentence, whose places begin anew;
one of a statement sees the statement and all of the answer. So no sentence's reading depends on another sentence or on
the statements, nor one statement's on another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from training.grader.data import Example, sentence_spans

HIDDEN, HEADS, LAYERS, WORDS, PLACES = 384, 12, 6, 30522, 512
ANSWER_TOKENS, STATEMENT_TOKENS = 320, 64
CLS, SEP, MASK = 101, 102, 103


class Layer(nn.Module):
    """One transformer layer, named as the published weights are."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(HIDDEN, HIDDEN) for _ in range(4))
        self.attended = nn.LayerNorm(HIDDEN, 1e-12)
        self.wide, self.narrow = nn.Linear(HIDDEN, 4 * HIDDEN), nn.Linear(4 * HIDDEN, HIDDEN)
        self.done = nn.LayerNorm(HIDDEN, 1e-12)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Attend, then transform; the mask is added to the scores."""
        batch, length, _ = states.shape
        query, key, value = (
            part(states).view(batch, length, HEADS, -1).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(2, 3) * (HIDDEN // HEADS) ** -0.5 + mask
        mixed = scores.softmax(-1, dtype=scores.dtype) @ value
        mixed = self.output(mixed.transpose(1, 2).reshape(batch, length, HIDDEN))
        states = self.attended(states + mixed)
        return self.done(states + self.narrow(functional.gelu(self.wide(states))))


@dataclass(slots=True)
class Batch:
    """Tokens (batch, length), their place and part (0 answer, n statement n, -1 nothing), and the statements' sums.

    `blocks`: what a token sees of its own part: a sentence of the answer, or a statement.
    """

    ids: Tensor
    places: Tensor
    parts: Tensor
    blocks: Tensor
    counts: list[int]

    @property
    def most(self) -> int:
        """The most statements of an example."""
        return max(self.counts)

    def to(self, device: str | torch.device) -> Batch:
        """The same on another device."""
        return replace(self, **{name: getattr(self, name).to(device) for name in ("ids", "places", "parts", "blocks")})


class Reader(nn.Module):
    """Logits of every statement: verdict (4), committed (1), and where it shows, a logit an answer token."""

    def __init__(self, drop: float = 0.1) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, HIDDEN), nn.Embedding(PLACES, HIDDEN)
        self.kinds = nn.Embedding(2, HIDDEN)
        self.embedded = nn.LayerNorm(HIDDEN, 1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.pointer = nn.Linear(HIDDEN, HIDDEN)
        self.mix = nn.Linear(4 * HIDDEN, HIDDEN)
        self.verdict, self.committed = nn.Linear(HIDDEN, 4), nn.Linear(HIDDEN, 1)
        self.talk = nn.Linear(HIDDEN, 1)
        self.drop = drop
        with torch.no_grad():
            self.pointer.weight.copy_(torch.eye(HIDDEN) * 2)
            self.pointer.bias.zero_()

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.verdict.weight.device

    def load_published(self, path: Path) -> None:
        """Start from the published sentence embedding model."""
        source = load_file(path)
        state = self.state_dict()
        names = {"words": "word_embeddings", "places": "position_embeddings", "kinds": "token_type_embeddings"}
        for mine, theirs in names.items():
            state[f"{mine}.weight"] = source[f"embeddings.{theirs}.weight"]
        parts = {"embedded": "embeddings.LayerNorm"}
        for n in range(LAYERS):
            for part in ("query", "key", "value"):
                parts[f"layers.{n}.{part}"] = f"encoder.layer.{n}.attention.self.{part}"
            parts[f"layers.{n}.output"] = f"encoder.layer.{n}.attention.output.dense"
            parts[f"layers.{n}.attended"] = f"encoder.layer.{n}.attention.output.LayerNorm"
            parts[f"layers.{n}.wide"] = f"encoder.layer.{n}.intermediate.dense"
            parts[f"layers.{n}.narrow"] = f"encoder.layer.{n}.output.dense"
            parts[f"layers.{n}.done"] = f"encoder.layer.{n}.output.LayerNorm"
        for mine, theirs in parts.items():
            for kind in ("weight", "bias"):
                state[f"{mine}.{kind}"] = source[f"{theirs}.{kind}"]
        self.load_state_dict(state)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Verdict, committed and where, (batch, statements, ...)."""
        return self.judged(batch, self.read(batch))

    def read(self, batch: Batch) -> Tensor:
        """The last states of all tokens, (batch, length, HIDDEN)."""
        parts, blocks = batch.parts, batch.blocks
        is_answer, is_statement = parts == 0, parts > 0
        seen = (blocks[:, :, None] == blocks[:, None, :]) | (is_statement[:, :, None] & is_answer[:, None, :])
        kind = torch.bfloat16 if torch.is_autocast_enabled(parts.device.type) else torch.float32
        bias = torch.zeros(seen.shape, dtype=kind, device=parts.device).masked_fill(~seen, -1e4)[:, None]
        states = self.words(batch.ids) + self.places(batch.places) + self.kinds(is_statement.long())
        states = functional.dropout(self.embedded(states).to(kind), self.drop, self.training)
        for layer in self.layers:
            states = layer(states, bias)
        return states.float()

    def judged(self, batch: Batch, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Verdict, committed and where, from the states."""
        parts = batch.parts
        numbers = torch.arange(1, batch.most + 1, device=parts.device)
        member = (parts[:, None, :] == numbers[None, :, None]).float()
        pooled = member / member.sum(-1, keepdim=True).clamp(min=1) @ states
        return self.judge(pooled, states, parts == 0)

    def judge(self, pooled: Tensor, states: Tensor, is_answer: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """From the statements' means (batch, statements, HIDDEN) and all tokens to the three outputs."""
        where = self.pointer(pooled).float() @ states.transpose(1, 2) / HIDDEN**0.5
        where = where.masked_fill(~is_answer[:, None, :], -1e4)
        found = where.softmax(-1) @ states
        features = torch.cat([pooled, found, (pooled - found).abs(), pooled * found], -1)
        features = functional.dropout(functional.gelu(self.mix(features)), 2 * self.drop, self.training)
        return self.verdict(features).float(), self.committed(features).float().squeeze(-1), where


class Encoder:
    """Texts to token ids, with the tokenizer of the embedding model; each sentence of an answer by itself."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def tokens(self, text: str, most: int) -> tuple[list[int], list[tuple[int, int]]]:
        """Ids and character spans, at most `most`, ending in SEP."""
        read = self._tokenizer.encode(text)
        ids, spans = read.ids, read.offsets
        return (ids, spans) if len(ids) <= most else ([*ids[: most - 1], SEP], [*spans[: most - 1], (0, 0)])

    def answer(self, text: str) -> tuple[list[int], list[tuple[int, int]], list[int], list[int]]:
        """Ids, character spans, places and block of each token, as many sentences as ANSWER_TOKENS hold."""
        ids: list[int] = []
        spans: list[tuple[int, int]] = []
        places: list[int] = []
        blocks: list[int] = []
        for number, (start, end) in enumerate(sentence_spans(text) or [(0, len(text))]):
            more, inside = self.tokens(text[start:end], ANSWER_TOKENS)
            if ids and len(ids) + len(more) > ANSWER_TOKENS:
                break
            ids += more
            spans += [(a + start, b + start) if b > a else (0, 0) for a, b in inside]
            places += range(len(more))
            blocks += [number] * len(more)
        return ids, spans, places, blocks

    def batch(self, examples: Sequence[Example]) -> tuple[Batch, list[list[tuple[int, int]]]]:
        """Examples side by side, and the answers' token spans."""
        rows, spans = [], []
        for example in examples:
            ids, offsets, places, blocks = self.answer(example.answer)
            parts = [0] * len(ids)
            for number, statement in enumerate(example.statements, 1):
                more, _ = self.tokens(statement.text, STATEMENT_TOKENS)
                ids += more
                places += range(len(more))
                parts += [number] * len(more)
                blocks += [ANSWER_TOKENS + number] * len(more)
            rows.append((ids, places, parts, blocks))
            spans.append(offsets)
        length = max(len(r[0]) for r in rows)
        fills = (0, 0, -1, -1)
        padded = [[r[k] + [fill] * (length - len(r[k])) for r in rows] for k, fill in enumerate(fills)]
        return Batch(*(torch.tensor(p) for p in padded), [len(e.statements) for e in examples]), spans
