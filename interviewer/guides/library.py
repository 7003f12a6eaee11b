"""All guides there are: those named, the user's own, and those that ship. One that cannot be read stops no other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from interviewer.domain.errors import GuideError, NotFoundError
from interviewer.domain.guide import Guide
from interviewer.guides.cache import GuideCache
from interviewer.guides.diagnostics import Code, Diagnostic, Severity
from interviewer.guides.files import Reading, guide_files, is_folder, read_guide, read_guides
from interviewer.resources import resource_folder

CODES: dict[str, Code] = {
    "F101": Code(
        Severity.INFO,
        "The guide id `{id}` is also that of {other}, which is used instead.",
        "Rename one of the files.",
    ),
}


class Library:
    """Guides from files and folders. Of two with one id the first counts: named paths, the user's folder, built-in.

    `own` is the user's folder, which need not exist; `cache` keeps what was parsed. Both come from settings.
    """

    def __init__(
        self,
        paths: Sequence[Path] = (),
        *,
        own: Path | None = None,
        built_in: bool = True,
        cache: GuideCache | None = None,
    ) -> None:
        self._paths = tuple(paths)
        self._own = own
        self._built_in = resource_folder("content") if built_in else None
        self._cache = cache

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """Every file, readable or not, in the order of precedence."""
        standing = [folder for folder in (self._own, self._built_in) if folder and is_folder(folder)]
        files = [file for folder in standing for file in guide_files(folder)]
        return tuple(read_guides([*self._paths, *files], self._cache))

    def guides(self) -> tuple[Guide, ...]:
        """All guides that can be read, one of each id."""
        return tuple(reading.guide for reading in self.in_use() if reading.guide)

    def in_use(self) -> tuple[Reading, ...]:
        """The readings behind `guides()`."""
        first: dict[str, Reading] = {}
        for reading in self.readings:
            if reading.guide:
                first.setdefault(reading.guide.id, reading)
        return tuple(first.values())

    def problems(self) -> tuple[Diagnostic, ...]:
        """Why files gave no guide, or one that is not used."""
        unread = [d for r in self.readings if r.guide is None for d in r.diagnostics if d.severity is Severity.ERROR]
        return (*unread, *self._shadowed())

    def get(self, name_or_path: str) -> Guide:
        """The guide with this id, title, path, or beginning of an id or title that no other shares.

        Raises NotFoundError, naming what comes near, and GuideError for a file that holds no guide.
        """
        return guide_of(self.find(name_or_path))

    def find(self, name_or_path: str) -> Reading:
        """The same with its file, and without complaint about a file that holds no guide."""
        if _is_a_file(name_or_path):
            return read_guide(Path(name_or_path), self._cache)
        found = self._named(name_or_path)
        if len(found) > 1:
            raise NotFoundError(f"{name_or_path!r} could be any of: {_listed(found)}.", "Give more of its name.")
        if not found and _is_worded_as_a_path(name_or_path):
            return read_guide(Path(name_or_path), self._cache)
        if not found:
            raise NotFoundError(f"There is no guide {name_or_path!r}.", self._nearby(name_or_path))
        return found[0]

    def _named(self, name: str) -> list[Reading]:
        """The guides that a name fits: exactly if any does, else by their beginning."""
        wanted, used = _folded(name), self.in_use()
        exact = [r for r in used if wanted in _names(r)]
        return exact or [r for r in used if wanted and any(n.startswith(wanted) for n in _names(r))]

    def _nearby(self, name: str) -> str:
        known = {each: _id(reading) for reading in self.in_use() for each in _names(reading)}
        near = dict.fromkeys(known[match] for match in get_close_matches(_folded(name), known, n=5, cutoff=0.5))
        everything = "`interviewer guide list` shows all."
        return f"Did you mean {' or '.join(list(near)[:3])}? {everything}" if near else everything

    def _shadowed(self) -> list[Diagnostic]:
        used = {_id(reading): reading for reading in self.in_use()}
        return [
            _shadow(reading, used[reading.guide.id])
            for reading in self.readings
            if reading.guide and used[reading.guide.id] is not reading
        ]


def guide_of(reading: Reading) -> Guide:
    """The guide of a file. Raises NotFoundError when there is no file, GuideError when it holds no guide."""
    if reading.guide is not None:
        return reading.guide
    why = next((d for d in reading.diagnostics if d.severity is Severity.ERROR), None)
    if why is None:
        raise GuideError(f"{reading.path} holds no guide.", "See docs/guide-format.md.")
    kind = NotFoundError if why.code == "F001" else GuideError
    raise kind(f"{reading.path}: {why.message}", why.help)


def _is_a_file(name: str) -> bool:
    """Whether this names a file rather than a guide: a bare word never does, even where a file is called so."""
    return _is_worded_as_a_path(name) and os.path.isfile(name)  # noqa: PTH113 - never raises


def _is_worded_as_a_path(name: str) -> bool:
    return "/" in name or "\\" in name or name.lower().endswith(".md") or (name != "" and is_folder(Path(name)))


def _names(reading: Reading) -> tuple[str, str]:
    return (_folded(_id(reading)), _folded(reading.guide.title if reading.guide else ""))


def _id(reading: Reading) -> str:
    return reading.guide.id if reading.guide else ""


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _listed(readings: list[Reading]) -> str:
    shown = ", ".join(_id(reading) for reading in readings[:5])
    return f"{shown}, …" if len(readings) > 5 else shown


def _shadow(reading: Reading, used: Reading) -> Diagnostic:
    kind = CODES["F101"]
    message = kind.message.format(id=_id(reading), other=used.path)
    return Diagnostic("F101", kind.severity, message, kind.help, str(reading.path))
