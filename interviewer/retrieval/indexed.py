"""The retriever of an interview: brings the index up to date with a guide when that is first asked about."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from interviewer.domain.errors import IndexUnavailable
from interviewer.domain.guide import Guide
from interviewer.ports import Match
from interviewer.retrieval.index import GuideIndex

log = logging.getLogger(__name__)
AGAIN_SECONDS = 60.0
T = TypeVar("T")


class IndexedRetriever:
    """A Retriever on the vector store that indexes a guide when it is first asked about it.

    `apart` indexes a guide in a process of its own, so that this one need not load the vector store; without it that
    is done here.
    """

    def __init__(self, index: Callable[[], GuideIndex], apart: Callable[[Guide], None] | None = None) -> None:
        self._index = index
        self._apart = apart
        self._ready: set[str] = set()
        self._ensuring = threading.Lock()
        self._given_up: dict[str, float] = {}

    def ensure(self, guide: Guide) -> GuideIndex:
        """Index this guide unless it is. Raises IndexUnavailable."""
        index = self._index()
        with self._ensuring:
            if guide.revision not in self._ready:
                if self._apart and not index.fresh([guide]):
                    self._apart(guide)
                index.ensure([guide])
                self._ready.add(guide.revision)
        return index

    def choose(self, guide: Guide, topic: str, count: int) -> list[tuple[str, float]]:
        """As ports.Retriever."""
        return self.ensure(guide).choose(guide, topic, count)

    async def match(
        self,
        guide: Guide,
        words: str,
        *,
        kinds: Sequence[str] = ("key_point",),
        exclude_question: str | None = None,
        count: int = 5,
    ) -> list[Match]:
        """As ports.Retriever; nothing where the index cannot be used, since a turn can do without."""

        def look(index: GuideIndex) -> list[Match]:
            return index.match(guide, words, kinds=kinds, exclude_question=exclude_question, count=count)

        return await asyncio.to_thread(self._or_nothing, guide, look)

    async def background(self, guide: Guide, words: str, count: int = 2) -> list[str]:
        """As ports.Retriever; nothing where the index cannot be used, since a turn can do without."""
        return await asyncio.to_thread(self._or_nothing, guide, lambda index: index.background(guide, words, count))

    def _or_nothing(self, guide: Guide, look: Callable[[GuideIndex], list[T]]) -> list[T]:
        """What a look into the index finds. One that cannot be used is complained of, and tried again beside the
        interviews after a while; none of them waits for it again.
        """
        again = self._given_up.get(guide.revision)
        if again is not None:
            if again <= time.monotonic():
                self._given_up[guide.revision] = time.monotonic() + AGAIN_SECONDS
                threading.Thread(target=self._try_again, args=(guide,), daemon=True).start()
            return []
        try:
            return look(self.ensure(guide))
        except IndexUnavailable as error:
            self._given_up[guide.revision] = time.monotonic() + AGAIN_SECONDS
            log.warning("The index cannot be used, so the interview goes on without it: %s", error.message)
            return []

    def _try_again(self, guide: Guide) -> None:
        with contextlib.suppress(IndexUnavailable):
            self.ensure(guide)
            self._given_up.pop(guide.revision, None)
