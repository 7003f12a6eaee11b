"""Guides as read before, kept by the content of their files, so that starting does not parse Markdown.

One JSON file a guide file, named by a digest of its bytes, its name and the code that parses. Whatever is wrong with
the cache, from a full disk to a damaged file, costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from interviewer.domain.guide import Frozen, Guide
from interviewer.guides.diagnostics import Diagnostic
from interviewer.version import __version__

MAX_ENTRIES = 2000


class Compiled(Frozen):
    """A guide file as parsed: the guide, or None, and what there was to say about it."""

    guide: Guide | None
    diagnostics: tuple[Diagnostic, ...] = ()


class GuideCache:
    """Parsed guides in a folder. Never raises for what the folder does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def compiled(self, data: bytes, file: str) -> Compiled:
        """What `parse_guide(data, file)` gives: from the cache, or parsed now and kept."""
        entry = self.folder / f"{_key(data, file)}.json"
        compiled = _load(entry)
        if compiled is None:
            compiled = parse(data, file)
            self._keep(entry, compiled)
        return compiled

    def _keep(self, entry: Path, compiled: Compiled) -> None:
        with suppress(OSError, ValueError):
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_atomically(entry, compiled.model_dump_json().encode())
            self._forget_the_oldest()

    def _forget_the_oldest(self) -> None:
        entries = list(self.folder.glob("*.json"))
        if len(entries) > MAX_ENTRIES:
            entries.sort(key=lambda entry: entry.stat().st_mtime)
            for entry in entries[: MAX_ENTRIES // 2]:
                entry.unlink(missing_ok=True)


def parse(data: bytes, file: str) -> Compiled:
    """Parse now. Imports the Markdown reader, which a cache hit does without."""
    from interviewer.guides.parse import parse_guide

    parsed = parse_guide(data, file)
    return Compiled(guide=parsed.guide, diagnostics=parsed.diagnostics)


def _load(entry: Path) -> Compiled | None:
    try:
        return Compiled.model_validate_json(entry.read_bytes())
    except (OSError, ValueError):
        return None


def _write_atomically(entry: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=entry.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(entry)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _key(data: bytes, file: str) -> str:
    digest = hashlib.sha256(f"{parser_version()}\0{file}\0".encode())
    digest.update(data)
    return digest.hexdigest()


@cache
def parser_version() -> str:
    """A digest of the code that turns Markdown into guides, so that a change of it never meets an old cache."""
    package = Path(__file__).parent
    digest = hashlib.sha256(__version__.encode())
    for source in (*sorted(package.glob("*.py")), package.parent / "domain" / "guide.py"):
        with suppress(OSError):
            digest.update(source.read_bytes())
    return digest.hexdigest()
