"""Finding guides: names, precedence, unreadable files, and the cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from interviewer.domain.errors import GuideError, NotFoundError
from interviewer.guides import cache as cache_module
from interviewer.guides.cache import GuideCache
from interviewer.guides.files import guide_files, read_guide, read_guides
from interviewer.guides.lexical import LexicalIndex
from interviewer.guides.library import Library
from interviewer.guides.parse import parse_guide

GUIDE = """---
title: {title}
description: For tests.
---

## Technical questions

### What is {topic}? {{#{topic}}}

- **Answer**: It is {topic}.
- **Key points**:
  - **First**: says what {topic} is.
  - **Second**: says why it matters.
"""


def write(path: Path, title: str = "Site Reliability", topic: str = "toil") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(GUIDE.format(title=title, topic=topic), encoding="utf-8")
    return path


def library(folder: Path) -> Library:
    return Library([folder], built_in=False)


def test_a_guide_is_found_by_id_title_beginning_and_path(tmp_path: Path) -> None:
    path = write(tmp_path / "sre-guide.md", "CI/CD Engineer")
    shelf = library(tmp_path)
    for name in ("sre-guide", "SRE-Guide", "ci/cd  engineer", "sre", "CI/", str(path)):
        assert shelf.get(name).title == "CI/CD Engineer"


def test_an_exact_name_wins_over_longer_ones_and_a_shared_beginning_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "data.md", "Data")
    write(tmp_path / "data-engineer.md", "Data Engineer")
    write(tmp_path / "data-analyst.md", "Data Analyst")
    assert library(tmp_path).get("data").id == "data"
    with pytest.raises(NotFoundError, match="data-analyst, data-engineer"):
        library(tmp_path).get("data-")


def test_what_comes_near_is_named(tmp_path: Path) -> None:
    write(tmp_path / "backend-engineer.md", "Backend Engineer")
    with pytest.raises(NotFoundError) as caught:
        library(tmp_path).get("bakend-enginer")
    assert "backend-engineer" in caught.value.remedy
    with pytest.raises(NotFoundError) as caught:
        library(tmp_path).get("")
    assert "guide list" in caught.value.remedy


def test_paths_that_hold_no_guide(tmp_path: Path) -> None:
    (tmp_path / "empty.md").touch()
    with pytest.raises(NotFoundError, match="no such file"):
        library(tmp_path).get(str(tmp_path / "missing.md"))
    with pytest.raises(GuideError, match="empty"):
        library(tmp_path).get(str(tmp_path / "empty.md"))
    with pytest.raises(GuideError, match="folder"):
        library(tmp_path).get(str(tmp_path))


def test_of_two_guides_with_one_id_the_first_counts_and_the_other_is_reported(tmp_path: Path) -> None:
    named, own = write(tmp_path / "named" / "sre.md", "Named"), write(tmp_path / "own" / "sre.md", "Own")
    shelf = Library([named], own=own.parent, built_in=False)
    assert [guide.title for guide in shelf.guides()] == ["Named"]
    (problem,) = shelf.problems()
    assert (problem.code, problem.file) == ("F101", str(own))


def test_the_guides_that_ship_are_found_and_may_be_overridden(tmp_path: Path) -> None:
    shipped = Library().guides()
    assert shipped
    write(tmp_path / f"{shipped[0].id}.md", "Mine")
    assert Library(own=tmp_path).get(shipped[0].id).title == "Mine"


def test_a_user_folder_that_is_not_there_or_empty_is_no_problem(tmp_path: Path) -> None:
    assert Library(own=tmp_path / "none", built_in=False).problems() == ()
    assert Library(own=tmp_path, built_in=False).problems() == ()


def test_unreadable_files_stop_no_other_guide(tmp_path: Path) -> None:
    good = write(tmp_path / "deep" / "er" / "good.md")
    (tmp_path / "empty.md").touch()
    (tmp_path / "binary.md").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "latin.md").write_bytes("# Caf\xe9".encode("latin-1"))
    (tmp_path / "huge.md").write_bytes(b"a" * (20 * 1024 * 1024))
    (tmp_path / "link.md").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / ".hidden.md").write_text("# Hidden")
    (tmp_path / "README.md").write_text("# About these")
    os.mkfifo(tmp_path / "pipe.md")
    shelf = library(tmp_path)
    assert [guide.id for guide in shelf.guides()] == [good.stem]
    found = {Path(problem.file).name: problem.code for problem in shelf.problems()}
    assert found == {"empty.md": "G003", "binary.md": "G002", "latin.md": "G001", "huge.md": "G004", "link.md": "F002"}


def test_why_a_path_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.md").mkdir()
    assert [r.diagnostics[0].code for r in read_guides([tmp_path / "x.md", tmp_path / "no.md"])] == ["F005", "F001"]
    assert read_guide(Path("a\0b.md")).diagnostics[0].code == "F006"
    assert read_guide(Path("a" * 5000)).diagnostics[0].code == "F006"

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path / "secret.md")
    monkeypatch.setattr(Path, "open", refuse)
    assert read_guide(path).diagnostics[0].code == "F003"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_one_may_not_look_into_is_reported(tmp_path: Path) -> None:
    write(tmp_path / "good.md")
    write(tmp_path / "locked" / "in.md")
    (tmp_path / "locked").chmod(0)
    try:
        assert [guide.id for guide in library(tmp_path).guides()] == ["good"]
        assert len(library(tmp_path).problems()) == 1
    finally:
        (tmp_path / "locked").chmod(0o700)


def test_a_file_name_that_is_no_text_is_read_all_the_same(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))
    try:
        write(path)
    except OSError:
        pytest.skip("this file system takes text only")
    assert read_guide(path, GuideCache(tmp_path / "cache")).guide is not None


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md")
    assert len(read_guides([path, tmp_path, path])) == 1


def test_folders_two_hundred_deep(tmp_path: Path) -> None:
    path = write(tmp_path.joinpath(*["d"] * 200, "a.md"))
    assert guide_files(tmp_path) == [path]


def test_a_cache_hit_gives_an_equal_guide_and_the_same_findings(tmp_path: Path) -> None:
    path, cache = write(tmp_path / "a.md"), GuideCache(tmp_path / "cache")
    first, second = read_guide(path, cache), read_guide(path, cache)
    assert first == second == read_guide(path)
    assert second.guide == parse_guide(path.read_bytes(), "a.md").guide
    assert len(list(cache.folder.iterdir())) == 1


def test_a_cache_hit_does_not_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, cache = write(tmp_path / "a.md"), GuideCache(tmp_path / "cache")
    read_guide(path, cache)
    monkeypatch.setattr(cache_module, "parse", None)
    assert read_guide(path, cache).guide is not None


def test_the_cache_forgets_on_a_change_of_content_name_or_parser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = GuideCache(tmp_path / "cache")
    read_guide(write(tmp_path / "a.md", topic="toil"), cache)
    changed = read_guide(write(tmp_path / "a.md", topic="canaries"), cache).guide
    assert changed
    assert changed.questions[0].id == "canaries"
    renamed = read_guide((tmp_path / "a.md").rename(tmp_path / "b.md"), cache).guide
    assert renamed
    assert renamed.id == "b"
    monkeypatch.setattr(cache_module, "parser_version", lambda: "another")
    read_guide(tmp_path / "b.md", cache)
    assert len(list(cache.folder.iterdir())) == 4


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b'{"guide": {"id": 3}}', b"null"])
def test_a_damaged_cache_is_ignored_and_mended(tmp_path: Path, damage: bytes) -> None:
    path, cache = write(tmp_path / "a.md"), GuideCache(tmp_path / "cache")
    whole = read_guide(path, cache)
    (entry,) = cache.folder.iterdir()
    entry.write_bytes(damage)
    assert read_guide(path, cache) == whole
    assert entry.read_bytes() != damage


def test_a_cache_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert read_guide(write(tmp_path / "a.md"), GuideCache(tmp_path / "file" / "cache")).guide is not None


def test_the_cache_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MAX_ENTRIES", 4)
    cache = GuideCache(tmp_path)
    for number in range(12):
        cache.compiled(f"# {number}".encode(), "a.md")
    assert len(list(tmp_path.iterdir())) <= 4


def test_a_cache_hit_needs_no_markdown_and_no_yaml(tmp_path: Path) -> None:
    path, cache = write(tmp_path / "a.md"), GuideCache(tmp_path / "cache")
    read_guide(path, cache)
    code = (
        "import sys\nfrom pathlib import Path\nfrom interviewer.guides.cache import GuideCache\n"
        "from interviewer.guides.library import Library\n"
        f"library = Library([Path({str(path)!r})], built_in=False, cache=GuideCache(Path({str(cache.folder)!r})))\n"
        "assert library.get('a').questions\n"
        "assert not {'markdown_it', 'yaml', 'chromadb', 'rich', 'typer'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_search_by_words_finds_the_question_and_what_fits(tmp_path: Path) -> None:
    write(tmp_path / "a.md", topic="toil")
    write(tmp_path / "b.md", topic="canaries")
    index = LexicalIndex(library(tmp_path).guides())
    hits = index.search("canaries", 5)
    assert [(hit.guide_id, hit.question_id, hit.kind) for hit in hits] == [("b", "canaries", "question")]
    assert index.search("", 5) == ()
    assert index.search("zebra", 5) == ()
    assert LexicalIndex([]).search("toil", 5) == ()
