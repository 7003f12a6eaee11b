"""The composition root: folders, seeds, and a retriever that indexes when it is first asked and can do without."""

from __future__ import annotations

import logging
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from interviewer.domain.errors import IndexUnavailable, SettingsError
from interviewer.domain.guide import Guide
from interviewer.retrieval.indexed import IndexedRetriever
from interviewer.settings import load_settings
from interviewer.wiring import House, private_folder, random_seed
from tests.fakes import make_guide


class Index:
    """Counts how often it is brought up to date; may be broken."""

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken
        self.tries = 0
        self.ensured: list[str] = []

    def ensure(self, guides: Sequence[Guide], progress: object = None) -> None:
        self.tries += 1
        if self.broken:
            raise IndexUnavailable("It is damaged.", "Mend it.")
        self.ensured += [g.revision for g in guides]

    def choose(self, guide: Guide, topic: str, count: int) -> list[tuple[str, float]]:
        return [("q1", 1.0)]

    def match(self, guide: Guide, words: str, **wishes: Any) -> list[str]:
        return [words]

    def background(self, guide: Guide, words: str, count: int) -> list[str]:
        return [words]


def retriever(index: Index) -> IndexedRetriever:
    return IndexedRetriever(cast("Callable[[], Any]", lambda: index))


async def test_a_guide_is_indexed_once_and_again_when_it_changed() -> None:
    index, guide = Index(), make_guide()
    found = retriever(index)
    assert found.choose(guide, "beans", 1) == [("q1", 1.0)]
    assert await found.match(guide, "beans")
    assert await found.background(guide, "beans") == ["beans"]
    found.choose(guide.model_copy(update={"revision": "r2"}), "beans", 1)
    assert index.ensured == ["r1", "r2"]


async def test_a_turn_goes_on_without_an_index_which_is_tried_and_complained_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    index = Index(broken=True)
    found = retriever(index)
    with caplog.at_level(logging.WARNING):
        assert await found.match(make_guide(), "beans") == []
        assert await found.background(make_guide(), "beans") == []
    assert (index.tries, len(caplog.records)) == (1, 1)
    with pytest.raises(IndexUnavailable):
        found.choose(make_guide(), "beans", 1)


def test_a_private_folder(tmp_path: Path) -> None:
    made = private_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert private_folder(made) == made
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be made"):
        private_folder(tmp_path / "file")


def test_a_seed_is_short_enough_to_type() -> None:
    assert all(0 <= random_seed() < 10_000 for _ in range(100))


@pytest.mark.parametrize("name", ["scripted", "embedded"])
def test_engines_by_name(tmp_path: Path, name: str) -> None:
    assert House(load_settings(data_dir=tmp_path, engine=name)).engine().name == name
    assert House(load_settings(data_dir=tmp_path)).engine(name).name == name


def test_no_such_engine(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no engine"):
        House(load_settings(data_dir=tmp_path)).engine("oracle")


def test_everything_is_kept_below_the_data_folder(tmp_path: Path) -> None:
    home = House(load_settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache"))
    assert home.settings.store_url.startswith(f"sqlite:///{tmp_path / 'data'}")
    assert home.settings.index_dir.is_relative_to(tmp_path / "data")
    assert home.settings.guide_folder.is_relative_to(tmp_path / "data")
    assert not (tmp_path / "data").exists()
