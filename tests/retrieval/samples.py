"""Guides and a fast encoder for the tests of retrieval."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from interviewer.domain.guide import Background, FollowUp, Guide, KeyPoint, Pitfall, Question
from interviewer.retrieval.embedding import DIMENSIONS, Vectors


class WordEncoder:
    """A text's vector is the sum of its words' fixed random vectors: exact, fast, and near for shared words."""

    def __init__(self, model_hash: str = "words-1") -> None:
        self.model_hash = model_hash
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        vectors = np.array([self._sum(text) for text in texts], np.float32).reshape(len(texts), DIMENSIONS)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors

    @staticmethod
    def _sum(text: str) -> Vectors:
        total = np.full(DIMENSIONS, 1e-3, np.float32)
        for word in text.lower().split():
            seed = int.from_bytes(hashlib.sha256(word.strip(".,:?").encode()).digest()[:4], "big")
            total += np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
        return total


def guide(name: str = "baker", questions: int = 2, edition: int = 1) -> Guide:
    """A small guide; another `edition` changes the wording of its first key point."""
    asked = tuple(_question(number, edition if number == 0 else 1) for number in range(questions))
    passage = Background(heading="The bakery", text="Ovens are lit at three. Flour comes on Mondays.", line=3)
    revision = hashlib.sha256(f"{name} {questions} {edition}".encode()).hexdigest()
    return Guide(
        id=name, title=name.title(), file=f"{name}.md", revision=revision, questions=asked, background=(passage,)
    )


def _question(number: int, edition: int) -> Question:
    line = 10 * number + 10
    topic = ("sourdough", "croissants", "rye", "pretzels")[number % 4] + ("" if number < 4 else str(number))
    points = (
        KeyPoint(id="k1", text=f"feeds the {topic} starter daily, edition {edition}", line=line + 1, label="Starter"),
        KeyPoint(id="k2", text=f"watches the {topic} rise instead of the clock", line=line + 2),
    )
    return Question(
        id=f"q{number}",
        text=f"How do you make {topic}?",
        line=line,
        answer=f"I weigh the {topic} flour. Then I wait.",
        key_points=points,
        pitfalls=(Pitfall(id="p1", text=f"opens the oven on {topic} early", line=line + 3),),
        follow_ups=(FollowUp(id="f1", text=f"What if the {topic} stays flat?", line=line + 4),),
    )
