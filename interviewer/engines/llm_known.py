"""What has been learnt of an endpoint and model, kept in one small file: no key, no address, only a hash of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

Method = Literal["json_schema", "tool", "json_object", "plain"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True)
class Abilities:
    """What an endpoint can do with a model: the best structured method that works, and parameters that it refuses."""

    method: Method = "json_schema"
    refuses: frozenset[str] = field(default_factory=frozenset)

    def without(self, parameter: str) -> Abilities:
        """The same without one more parameter."""
        return replace(self, refuses=self.refuses | {parameter})

    def next_method(self) -> Abilities | None:
        """The same with the next plainer method, or None after the plainest."""
        following = METHODS[METHODS.index(self.method) + 1 :]
        return replace(self, method=following[0]) if following else None


class Knowledge:
    """Abilities by endpoint and model, in memory and, where a file is given, beyond."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, Abilities] = {}

    def get(self, base_url: str, model: str) -> Abilities:
        """What is known; that everything works, where nothing is."""
        key = _key(base_url, model)
        if key not in self._known:
            self._known[key] = self._read().get(key, Abilities())
        return self._known[key]

    def put(self, base_url: str, model: str, abilities: Abilities) -> None:
        """Remember; a file that cannot be written is done without."""
        self._known[_key(base_url, model)] = abilities
        if self._file is None:
            return
        everything = self._read() | {_key(base_url, model): abilities}
        lines = {k: {**asdict(a), "refuses": sorted(a.refuses)} for k, a in everything.items()}
        with contextlib.suppress(OSError):
            _replace(self._file, json.dumps(lines, indent=1))

    def _read(self) -> dict[str, Abilities]:
        if self._file is None:
            return {}
        try:
            lines = json.loads(self._file.read_text(encoding="utf-8"))
            return {k: Abilities(_method(v["method"]), frozenset(map(str, v["refuses"]))) for k, v in lines.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}


def _method(name: str) -> Method:
    if name not in METHODS:
        raise ValueError(name)
    return name


def _key(base_url: str, model: str) -> str:
    return hashlib.sha256(f"{base_url.rstrip('/')} {model}".encode()).hexdigest()[:16]


def _replace(file: Path, text: str) -> None:
    """Write a whole file at once, so that no reader ever sees half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".endpoints")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    Path(name).replace(file)
