"""Reads rules.toml: the patterns by which the embedded engine reads what needs no model."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

Rules = dict[str, dict[str, tuple[str, ...]]]


@cache
def rules() -> Rules:
    """The patterns, by section and name."""
    raw = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
    return {section: {name: tuple(p) for name, p in names.items()} for section, names in raw.items()}


@cache
def any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """One pattern that matches where any of these does, whatever the case."""
    return re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE)
