"""Logs that hold no word of a candidate's, as lines of JSON for machines or of text for people.

The product's own lines name interviews and kinds of errors, never what was said. A library's may hold anything: of
those only a template is kept that values are filled into, not the values, and no text that was put together before.
Of an exception its kind and where it arose are logged, never its text, which may quote what was said.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

OWN = "interviewer"
FRAMES = 12


class Careful(logging.Formatter):
    """A record as a line; `as_json` for machines."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        found = self._told(record)
        if self._as_json:
            return json.dumps(found, ensure_ascii=False)
        rest = "".join(f" {name}={found[name]}" for name in ("error", "trace") if name in found)
        return f"{found['time']} {found['level']} {found['logger']}: {found['message']}{rest}"

    @staticmethod
    def _told(record: logging.LogRecord) -> dict[str, Any]:
        found: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        kind, error, trace = record.exc_info if record.exc_info else (None, None, None)
        if kind is not None and error is not None:
            found["error"] = kind.__name__
            frames = traceback.extract_tb(trace)[-FRAMES:]
            found["trace"] = [f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in frames]
        return found


def _message(record: logging.LogRecord) -> str:
    if record.name == OWN or record.name.startswith(f"{OWN}."):
        return record.getMessage()
    return str(record.msg) if record.args else f"({PurePath(record.pathname).name}:{record.lineno})"


def set_up(*, as_json: bool, level: int = logging.INFO) -> None:
    """Send every log to standard error so."""
    handler = logging.StreamHandler()
    handler.setFormatter(Careful(as_json=as_json))
    logging.basicConfig(level=level, handlers=[handler], force=True)
