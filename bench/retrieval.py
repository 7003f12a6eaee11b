"""How often the key point that somebody made is found from what they said: embeddings beside BM25.

    python -m bench.retrieval [FOLDER]

FOLDER (default evals/answers) holds labelled answers, one question a line: key points, and answers with a verdict and a
quote for each. First table: the query is the quote that shows a covered point. Second: the query is the
whole answer, as one text or as its sentences, each point scored by the nearest. Candidates are the key points of the
question, of all questions of its guide, or of every guide. Prints recall at k and the mean reciprocal rank; among ties
the rank is the middle one.
"""

from __future__ import annotations

import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interviewer.domain.text import content_stems, sentences
from interviewer.evaluation.metrics import recall_at, reciprocal_rank
from interviewer.evaluation.quoted import read_quoted, said_of
from interviewer.resources import resource_folder
from interviewer.retrieval.embedding import Embedder

SCOPES = ("question", "guide", "all")
CUTS = (1, 3, 5, 10)
Scores = NDArray[np.float32]
Method = Callable[[Sequence[str], Sequence[str]], Scores]


@dataclass(frozen=True, slots=True)
class Point:
    """A key point that may be found."""

    text: str
    question: str
    guide: str


@dataclass(frozen=True, slots=True)
class Said:
    """A quote and the answer it is from, and which of the points (by index) it makes."""

    quote: str
    answer: str
    point: int


Data = tuple[list[Point], list[Said]]


def read(folder: Path) -> Data:
    """Every key point, and every covered one with its quote."""
    points: list[Point] = []
    said: list[Said] = []
    for asked in read_quoted(folder):
        places = {text: len(points) + number for number, text in enumerate(asked.key_points)}
        points += [Point(text, asked.question, asked.guide) for text in asked.key_points]
        said += [Said(one.quote, one.answer, places[one.text]) for one in said_of([asked])]
    return points, said


def bm25(queries: Sequence[str], documents: Sequence[str]) -> Scores:
    """Okapi BM25 over stems without stopwords, k1 1.2 and b 0.75: (queries, documents)."""
    counts = [Counter(content_stems(text)) for text in documents]
    lengths = np.array([sum(count.values()) for count in counts], np.float32)
    norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
    weights: dict[str, Scores] = {}
    for term in {term for count in counts for term in count}:
        frequency = np.array([count[term] for count in counts], np.float32)
        seen = int((frequency > 0).sum())
        rarity = math.log(1 + (len(documents) - seen + 0.5) / (seen + 0.5))
        weights[term] = rarity * frequency * 2.2 / (frequency + norm)
    scores = np.zeros((len(queries), len(documents)), np.float32)
    for row, query in enumerate(queries):
        for term in set(content_stems(query)) & weights.keys():
            scores[row] += weights[term]
    return scores


def embeddings(embedder: Embedder) -> Method:
    """Cosine of the shipped model."""

    def scores(queries: Sequence[str], documents: Sequence[str]) -> Scores:
        return np.asarray(embedder.embed(queries) @ embedder.embed(documents).T, np.float32)

    return scores


def by_sentence(method: Method) -> Method:
    """The method applied to each sentence of a query; a document's score is its best."""

    def scores(queries: Sequence[str], documents: Sequence[str]) -> Scores:
        split = [sentences(query) or [query] for query in queries]
        flat = method([sentence for parts in split for sentence in parts], documents)
        ends = np.cumsum([len(parts) for parts in split])
        return np.stack([rows.max(axis=0) for rows in np.split(flat, ends[:-1])])

    return scores


def together(first: Method, second: Method) -> Method:
    """Both methods' scores, each scaled by its own spread, summed."""

    def scores(queries: Sequence[str], documents: Sequence[str]) -> Scores:
        a, b = first(queries, documents), second(queries, documents)
        return np.asarray(a / a.std() + 0.5 * b / b.std(), np.float32)

    return scores


def ranks(scores: Scores, points: Sequence[Point], said: Sequence[Said], scope: str) -> NDArray[np.float64]:
    """The rank, from 1, of each quote's point among the candidates of the scope; the middle one among ties."""
    found = []
    for row, one in zip(scores, said, strict=True):
        right = points[one.point]
        inside = np.array([_is_candidate(point, right, scope) for point in points])
        better, equal = (row[inside] > row[one.point]).sum(), (row[inside] == row[one.point]).sum()
        found.append(better + (equal + 1) / 2)
    return np.array(found)


def _is_candidate(point: Point, right: Point, scope: str) -> bool:
    same_guide = point.guide == right.guide
    return {"all": True, "guide": same_guide, "question": same_guide and point.question == right.question}[scope]


def report(title: str, methods: Iterable[tuple[str, Method]], queries: Sequence[str], data: Data) -> None:
    """One table."""
    points, said = data
    print(f"\n{title}\n{'':26}{'among':10}" + "".join(f"{f'R@{cut}':>7}" for cut in CUTS) + f"{'MRR':>7}")
    documents = [point.text for point in points]
    for name, method in methods:
        distinct = list(dict.fromkeys(queries))
        rows = dict(zip(distinct, method(distinct, documents), strict=True))
        scores = np.stack([rows[query] for query in queries])
        for scope in SCOPES:
            rank = ranks(scores, points, said, scope)
            recalls = "".join(f"{recall_at(rank, cut).value:7.3f}" for cut in CUTS)
            print(f"{name:26}{scope:10}{recalls}{reciprocal_rank(rank).value:7.3f}", flush=True)


def main() -> None:
    """Print both tables and the time an embedding takes."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else resource_folder("evals") / "answers"
    data = points, said = read(folder)
    embedder = Embedder(cache_size=100_000)
    embedder.warm()
    start = time.perf_counter()
    embedder.embed([point.text for point in points])
    took = 1000 * (time.perf_counter() - start) / len(points)
    guides = len({point.guide for point in points})
    print(f"{len(points)} key points of {guides} guides, {len(said)} covered quotes; {took:.1f} ms a key point")
    dense = embeddings(embedder)
    methods: list[tuple[str, Method]] = [("embeddings", dense), ("BM25", bm25), ("both", together(dense, bm25))]
    report("From the quote", methods, [one.quote for one in said], data)
    split = [(f"{name}, by sentence", by_sentence(method)) for name, method in methods[:2]]
    whole = [(f"{name}, as one", method) for name, method in methods[:2]]
    report("From the whole answer", [*whole, *split], [one.answer for one in said], data)


if __name__ == "__main__":
    main()
