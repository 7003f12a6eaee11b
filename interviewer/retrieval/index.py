"""Guides found by meaning. Reading needs only a guide's sidecar; writing goes to the vector store first.

For every edition of a guide (its chunks, the model) the order is: collection complete in the store,
then the sidecar, then older editions removed. A process may be killed between any two steps, and within them: what is
there is whole, and what is missing is made by the next `ensure`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from interviewer.domain.errors import IndexUnavailable
from interviewer.domain.guide import Guide
from interviewer.ports import Match
from interviewer.retrieval.chroma import Collections, LocalStore, VectorStore
from interviewer.retrieval.chunks import Chunk, ChunkKind, chunk_guide
from interviewer.retrieval.embedding import DIMENSIONS, TextEncoder, Vectors
from interviewer.retrieval.failures import StoreFailed
from interviewer.retrieval.locking import writer_lock
from interviewer.retrieval.sidecar import Edition, Sidecars, Stored

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
"""Called with chunks done and chunks in all."""

LOCK_SECONDS = 300.0
GUIDES_A_SESSION = 10
"""Chroma keeps what it has written in memory until it is closed, about 40 MB a thousand chunks."""
_TABLES_KEPT = 128


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk and how near it is to what was looked for: a cosine, -1..1."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A guide's edition: how many chunks it has, whether it is known on this machine and whether it is complete in the
    vector store, and how many other editions of it are there.
    """

    guide_id: str
    chunks: int
    here: bool
    there: bool
    others: int


@dataclass(frozen=True, slots=True)
class _Table:
    chunks: tuple[Chunk, ...]
    vectors: Vectors

    def nearest(self, query: Vectors, wanted: Callable[[Chunk], bool]) -> list[Found]:
        """The wanted chunks, best first; equal ones in the guide's order."""
        scores = self.vectors @ query
        found = [Found(c, float(s)) for c, s in zip(self.chunks, scores, strict=True) if wanted(c)]
        return sorted(found, key=lambda hit: -hit.score)


class GuideIndex:
    """The index in one directory. Many may read it at once, in this process and in others; one writes."""

    def __init__(
        self,
        directory: Path,
        encoder: TextEncoder,
        *,
        store: VectorStore | None = None,
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        self._encoder = encoder
        self._lock = directory / "writer.lock"
        self._lock_seconds = lock_seconds
        self._sidecars = Sidecars(directory / "sidecars")
        self._store = store or LocalStore(directory / "chroma")
        self._tables: dict[tuple[str, str], _Table] = {}

    def ensure(self, guides: Sequence[Guide], progress: Progress | None = None) -> None:
        """Index those of the guides that are not indexed yet, in these very editions.

        Raises IndexLocked when another process keeps writing for too long and IndexUnavailable when the store or the
        model fails. Returns as soon as another process has done the work. What a server has is fetched from it; where
        it fails, that is said, and the vectors are made here, so that no interview depends on it.
        """

        def all_fresh() -> bool:
            return self.fresh(guides)

        if all_fresh():
            return
        try:
            with writer_lock(self._lock, self._lock_seconds, all_fresh) as held:
                if held and not all_fresh():
                    self._write(guides, progress or (lambda done, total: None))
        except OSError as error:
            raise IndexUnavailable(f"the index in {self._lock.parent} cannot be written: {error}") from error

    def publish(self, guides: Sequence[Guide], progress: Progress | None = None, *, prune: bool = False) -> int:
        """Have the vector store hold these very editions, whatever is known here; how many it did not.

        `prune` removes what it holds of other editions of these guides, which a worker that still needs one makes
        again. Raises IndexLocked and IndexUnavailable.
        """
        tell, added = progress or (lambda done, total: None), 0
        with self._held(), self._store.open() as collections:
            for number, guide in enumerate(guides):
                chunks = chunk_guide(guide)
                edition = self._edition(guide, chunks)
                added += not collections.holds(edition, len(chunks))
                self._store_one(collections, edition, chunks, lambda row: None)
                if prune:
                    collections.retire_others(edition)
                tell(number + 1, len(guides))
        return added

    def standing(self, guides: Sequence[Guide]) -> list[Standing]:
        """How the store and this machine stand to these guides. Raises IndexLocked and IndexUnavailable."""
        with self._held(), self._store.open() as collections:
            found = []
            for guide in guides:
                chunks = chunk_guide(guide)
                edition = self._edition(guide, chunks)
                here = self._sidecars.read(edition, chunks) is not None
                there, others = collections.holds(edition, len(chunks)), len(collections.others(edition))
                found.append(Standing(guide.id, len(chunks), here, there, others))
            return found

    @contextmanager
    def _held(self) -> Iterator[None]:
        try:
            with writer_lock(self._lock, self._lock_seconds, lambda: False):
                yield
        except OSError as error:
            raise IndexUnavailable(f"the index in {self._lock.parent} cannot be written: {error}") from error

    def fresh(self, guides: Sequence[Guide]) -> bool:
        """Whether all of these guides are indexed in these very editions."""
        return all(self._table(guide) for guide in guides)

    def choose(self, guide: Guide, topic: str, count: int) -> list[tuple[str, float]]:
        """Ids of the questions nearest to a topic, by the nearest of each question's chunks, best first."""
        best: dict[str, float] = {}
        for hit in self._nearest(guide, topic, lambda chunk: chunk.question_id is not None):
            best.setdefault(hit.chunk.question_id or "", hit.score)
        return list(best.items())[:count]

    def match(
        self,
        guide: Guide,
        words: str,
        *,
        kinds: Sequence[str] = (ChunkKind.KEY_POINT.value,),
        exclude_question: str | None = None,
        count: int = 5,
    ) -> list[Match]:
        """Chunks of these kinds nearest to some words, best first."""

        def wanted(chunk: Chunk) -> bool:
            return chunk.kind in kinds and (exclude_question is None or chunk.question_id != exclude_question)

        return [_as_match(hit) for hit in self._nearest(guide, words, wanted)[:count]]

    def background(self, guide: Guide, words: str, count: int = 2) -> list[str]:
        """Background passages nearest to some words, best first."""
        hits = self._nearest(guide, words, lambda chunk: chunk.kind is ChunkKind.BACKGROUND)
        return [hit.chunk.text for hit in hits[:count]]

    def search(self, guides: Iterable[Guide], words: str, count: int = 10) -> list[Found]:
        """Chunks of any of the guides nearest to some words, best first, each text once."""
        hits = [hit for guide in guides for hit in self._nearest(guide, words, lambda chunk: True)[:count]]
        distinct: dict[str, Found] = {}
        for hit in sorted(hits, key=lambda hit: -hit.score):
            distinct.setdefault(hit.chunk.text, hit)
        return list(distinct.values())[:count]

    def _nearest(self, guide: Guide, words: str, wanted: Callable[[Chunk], bool]) -> list[Found]:
        table = self._table(guide)
        if table is None:
            raise IndexUnavailable(
                f"guide {guide.id} is not indexed in this edition", "`interviewer guide search` does it."
            )
        return table.nearest(self._encoder.embed([words])[0], wanted)

    def _table(self, guide: Guide) -> _Table | None:
        """The guide's chunks and vectors, from memory or its sidecar; None when it has to be indexed."""
        key = (guide.id, guide.revision)
        table = self._tables.get(key)
        if table is None:
            chunks = chunk_guide(guide)
            vectors = self._sidecars.read(self._edition(guide, chunks), chunks)
            if vectors is None:
                return None
            table = _Table(chunks, vectors.astype(np.float32))
            while len(self._tables) >= _TABLES_KEPT:
                self._tables.pop(next(iter(self._tables)), None)
            self._tables[key] = table
        return table

    def _edition(self, guide: Guide, chunks: Sequence[Chunk]) -> Edition:
        return Edition.of(guide.id, chunks, self._encoder.model_hash)

    def _write(self, guides: Sequence[Guide], progress: Progress) -> None:
        """Write into the store; once more into an empty one when it failed and is ours to empty."""
        try:
            self._write_once(guides, progress)
        except StoreFailed as error:
            if self._store.discard():
                self._write_once(guides, progress)
                return
            log.warning("%s The vectors are made here instead.", error.message)
            for guide in guides:
                chunks = chunk_guide(guide)
                edition = self._edition(guide, chunks)
                self._sidecars.write(edition, chunks, self._embed(edition, chunks, lambda row: None))

    def _write_once(self, guides: Sequence[Guide], progress: Progress) -> None:
        cut = [(guide, chunk_guide(guide)) for guide in guides]
        done, total = 0, sum(len(chunks) for _, chunks in cut)
        for start in range(0, len(cut), GUIDES_A_SESSION):
            with self._store.open() as collections:
                for guide, chunks in cut[start : start + GUIDES_A_SESSION]:
                    tick = partial(_report, progress, done, total)
                    self._index(collections, self._edition(guide, chunks), chunks, tick)
                    done += len(chunks)
                    progress(done, total)

    def _index(
        self, collections: Collections, edition: Edition, chunks: tuple[Chunk, ...], tick: Callable[[int], None]
    ) -> None:
        """Bring one edition into the store and its sidecar, then remove the guide's older ones where nobody else may
        need them.
        """
        self._store_one(collections, edition, chunks, tick)
        if not self._store.shared:
            collections.retire_others(edition)
        self._sidecars.retire_others(edition)

    def _store_one(
        self, collections: Collections, edition: Edition, chunks: tuple[Chunk, ...], tick: Callable[[int], None]
    ) -> None:
        """Bring one edition into the store and its sidecar."""
        ids = [chunk.id for chunk in chunks]
        kept = self._sidecars.read(edition, chunks)
        vectors = kept if kept is not None else collections.read(edition, ids)
        if vectors is None:
            vectors = self._embed(edition, chunks, tick)
        if not collections.holds(edition, len(chunks)):
            collections.write(edition, chunks, vectors)
        if kept is None:
            self._sidecars.write(edition, chunks, vectors)

    def _embed(self, edition: Edition, chunks: Sequence[Chunk], tick: Callable[[int], None]) -> Stored:
        """Vectors of the chunks; texts that an older edition has from the same model are not embedded again."""
        known = self._sidecars.vectors_by_digest(edition)
        vectors = np.zeros((len(chunks), DIMENSIONS), np.float16)
        for row, chunk in enumerate(chunks):
            old = known.get(chunk.digest)
            vectors[row] = old if old is not None else self._encoder.embed([chunk.text])[0]
            tick(row + 1)
        return vectors


def _report(progress: Progress, done: int, total: int, made: int) -> None:
    progress(done + made, total)


def _as_match(hit: Found) -> Match:
    chunk = hit.chunk
    return Match(
        kind=chunk.kind.value,
        text=chunk.text,
        question_id=chunk.question_id,
        item_id=chunk.item_id,
        score=hit.score,
    )
