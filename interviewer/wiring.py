"""The composition root: the only place that names what stands behind the ports, chosen by settings."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from interviewer.domain.errors import SettingsError
from interviewer.domain.guide import Guide
from interviewer.ports import Engine, Match, Retriever, Store
from interviewer.prompts import Phrases, phrases
from interviewer.settings import Settings

if TYPE_CHECKING:
    from interviewer.conduct.turn import Conductor
    from interviewer.guides.library import Library
    from interviewer.retrieval.embedding import Embedder
    from interviewer.retrieval.index import GuideIndex

Progress = Callable[[int, int], None]


class House:
    """Everything a command needs, made when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def phrases(self) -> Phrases:
        """The interviewer's lines."""
        return phrases(self.settings.prompts)

    @cached_property
    def library(self) -> Library:
        """All guides: the user's own and those that ship."""
        from interviewer.guides.cache import GuideCache
        from interviewer.guides.library import Library

        return Library(own=self.settings.guide_folder, cache=GuideCache(self.settings.cache_dir / "guides"))

    @cached_property
    def encoder(self) -> Embedder:
        """The embedding model, loaded when the first text comes."""
        from interviewer.retrieval.embedding import Embedder

        return Embedder()

    @cached_property
    def index(self) -> GuideIndex:
        """The vector store."""
        from interviewer.retrieval.index import GuideIndex

        return GuideIndex(self.settings.index_dir, self.encoder)

    @cached_property
    def retriever(self) -> IndexedRetriever:
        """The vector store, brought up to date with a guide before that guide is asked about."""
        return IndexedRetriever(lambda: self.index)

    @cached_property
    def store(self) -> Store:
        """Where interviews are kept."""
        from interviewer.stores.sql import SqlStore

        return SqlStore(self.settings.store_url)

    def engine(self, name: str | None = None) -> Engine:
        """The engine that is named, or the one that settings choose. Raises SettingsError when it cannot run."""
        match name or self.settings.engine:
            case "scripted":
                from interviewer.engines.scripted import ScriptedEngine

                return ScriptedEngine(self.phrases)
            case "auto" | "embedded":
                from interviewer.engines.embedded import EmbeddedEngine

                return EmbeddedEngine(self.encoder, self.phrases)
            case other:
                raise SettingsError(f"There is no engine {other!r} here.", "Choose embedded or scripted.")

    def conductor(self, engine: str | None = None) -> Conductor:
        """What holds interviews."""
        from interviewer.conduct.turn import Conductor

        return Conductor(
            self.store, self.engine(engine), self.retriever, self.phrases, seconds=self.settings.turn_seconds
        )

    def warm(self, guide: Guide) -> None:
        """Load what the first answer will need, while the candidate reads. Fails silently: the answer will say why."""
        from interviewer.domain.errors import InterviewerError

        try:
            self.encoder.warm()
            self.retriever.ensure(guide)
        except InterviewerError:
            return


class IndexedRetriever:
    """A Retriever on the vector store that indexes a guide when it is first asked about it."""

    def __init__(self, index: Callable[[], GuideIndex]) -> None:
        self._index = index
        self._ready: set[str] = set()
        self._ensuring = threading.Lock()

    def ensure(self, guide: Guide, progress: Progress | None = None) -> GuideIndex:
        """Index this guide unless it is. Raises IndexUnavailable."""
        index = self._index()
        with self._ensuring:
            if guide.revision not in self._ready:
                index.ensure([guide], progress)
                self._ready.add(guide.revision)
        return index

    def choose(self, guide: Guide, topic: str, count: int) -> list[tuple[str, float]]:
        """As ports.Retriever."""
        return self.ensure(guide).choose(guide, topic, count)

    def match(
        self,
        guide: Guide,
        words: str,
        *,
        kinds: Sequence[str] = ("key_point",),
        exclude_question: str | None = None,
        count: int = 5,
    ) -> list[Match]:
        """As ports.Retriever."""
        return self.ensure(guide).match(guide, words, kinds=kinds, exclude_question=exclude_question, count=count)

    def background(self, guide: Guide, words: str, count: int = 2) -> list[str]:
        """As ports.Retriever."""
        return self.ensure(guide).background(guide, words, count)


def random_seed() -> int:
    """A seed for a plan that nobody chose; short enough to type again."""
    return secrets.randbelow(10_000)


def private_folder(path: Path) -> Path:
    """A folder that only this user can look into, made if it is not there. Raises SettingsError when it cannot be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The folder {path} cannot be made: {error.strerror}.", "Set INTERVIEWER_DATA_DIR to one that can."
        ) from None
    return path


def _is_retriever(retriever: IndexedRetriever) -> Retriever:
    """Holds the class to the port, for the type checker."""
    return retriever
