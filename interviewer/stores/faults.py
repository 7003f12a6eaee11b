"""What goes wrong in a database, in words that help. No SQLAlchemy or driver exception leaves this package."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from interviewer.domain.errors import StoreError

_SQLITE = (
    (
        ("SQLITE_NOTADB", "SQLITE_CORRUPT"),
        "{where} is damaged, or is not a database.",
        "Restore it from a copy, or set DATABASE_URL to another file.",
    ),
    (
        ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"),
        "{where} cannot be opened for writing.",
        "Check who may write the file and its folder, or set DATABASE_URL to another file.",
    ),
    (
        ("SQLITE_FULL",),
        "The disk that holds {where} is full.",
        "Free some space and try again; everything acknowledged before is safe.",
    ),
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED"),
        "Another program is keeping {where} locked.",
        "Close that program, or try again in a moment.",
    ),
    (
        ("SQLITE_IOERR",),
        "{where} cannot be read or written: the disk reports an error.",
        "Check that the disk is connected, healthy and not full.",
    ),
)


class Refused(StoreError):
    """A constraint of the database refused a record: it is there already, or what it refers to is not."""


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn whatever a database, its driver or the file system raises into a StoreError about `where`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError, ValidationError) as error:
        raise explain(error, where) from error


def explain(error: Exception, where: str) -> StoreError:
    """The StoreError that says what this one means."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    code = str(getattr(cause, "sqlite_errorname", ""))
    for codes, message, remedy in _SQLITE:
        if code.startswith(codes):
            return StoreError(message.format(where=where), remedy)
    match error:
        case ImportError() | NoSuchModuleError():
            return StoreError(
                f"The driver for {where} is not installed.",
                'For PostgreSQL: pip install "interviewer[postgres]".',
            )
        case OSError():
            return StoreError(
                f"{where} cannot be opened: {error.strerror or error}.",
                "Check the path and who may write there, or set DATABASE_URL to another place.",
            )
        case ValidationError():
            return StoreError(f"{where} holds a record that cannot be read: {error.title}.", "Upgrade interviewer.")
        case IntegrityError():
            return Refused(
                f"{where} refused a record that contradicts others.",
                "Keep the guide's revision before its interview starts.",
            )
    first = (str(cause).splitlines() or [""])[0]
    return StoreError(f"{where} cannot be used: {first or type(cause).__name__}.", "Check DATABASE_URL.")
