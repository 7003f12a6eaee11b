"""The suites of evals/suites, as data."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from interviewer.domain.errors import NotFoundError
from interviewer.resources import resource_folder


@cache
def suite(name: str) -> dict[str, Any]:
    """A suite by its file's name, without the ending. Raises NotFoundError."""
    path = resource_folder("evals") / "suites" / f"{name}.toml"
    if not path.is_file():
        raise NotFoundError(f"There is no {path}.")
    return tomllib.loads(path.read_text(encoding="utf-8"))
