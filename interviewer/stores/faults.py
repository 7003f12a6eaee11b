"""What goes wrong in a database, in words that help. No SQLAlchemy or driver exception leaves this package."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from interviewer.domain.errors import GET_SERVING, StoreDown, StoreError

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
# By the beginning of the SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = (
    (
        "53100",
        "The disk that holds {where} is full.",
        "Free some space and try again; everything acknowledged before is safe.",
    ),
    (
        "55P03",
        "Another program is keeping {where} locked.",
        "Close that program, or try again in a moment.",
    ),
    (
        "57014",
        "{where} took too long to answer.",
        "Try again in a moment; if it goes on, look at what else the server is doing.",
    ),
    (
        "25006",
        "{where} takes no changes: the server is a copy, or was made read-only.",
        "Set DATABASE_URL to the server that takes changes.",
    ),
    (
        "42501",
        "The user in DATABASE_URL may not do this in {where}.",
        "Let it own the database, or use another user.",
    ),
    (
        "XX00",
        "{where} is damaged, or its server has a fault of its own.",
        "Look into the server's log; restore it from a copy if need be.",
    ),
)
# While a server comes and goes SSL is spoken of as well.
_BROKEN_OFF = r"SYSCALL|\b(?:EOF|eof|closed|[Rr]eset)\b|[Bb]roken pipe|SSL exchange|negotiation packet"
# A connection that could not be made has no SQLSTATE, so the server's words have to do.
_REFUSED = (
    (
        r"password authentication failed|no password supplied|pg_hba\.conf|role .* does not exist",
        "{where} does not let this user in.",
        "Check the user and the password in DATABASE_URL.",
    ),
    (r'database ".*" does not exist', "{where} does not exist.", "Create it, or correct DATABASE_URL."),
    (
        rf"(?s)\A(?!.*({_BROKEN_OFF})).*(SSL|certificate)",
        "No connection to {where} can be made that both sides find safe.",
        "Check sslmode in DATABASE_URL, and what the server offers.",
    ),
    (
        r"connection option|invalid .* value|bad value for",
        "DATABASE_URL holds an option that makes no sense to PostgreSQL.",
        "Correct what stands behind the question mark.",
    ),
)
# Deadlock, serialization failure, out of memory or connections, shutting down, and what begins with 08: connection.
_PASSING = ("08", "40001", "40P01", "53200", "53300", "57P0")


class Refused(StoreError):
    """A constraint of the database refused a record: it is there already, or what it refers to is not.

    `again`: an earlier try had an unknown outcome, so that what is there may be ours.
    """

    again = False


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn whatever a database, its driver or the file system raises into a StoreError about `where`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError, ValidationError) as error:
        meant = explain(error, where)
        # A driver's words about an address may hold a part of it, and so of a password.
        raise meant from (None if _about_connecting(error) else error)


def explain(error: Exception, where: str) -> StoreError:
    """The StoreError that says what this one means."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    known = _of_sqlite(cause, where) or _of_postgresql(error, where)
    if known is not None:
        return known
    match error:
        case ImportError() | NoSuchModuleError():
            return StoreError(
                f"The driver for {where} is not installed.",
                f"For PostgreSQL: {GET_SERVING[0].lower()}{GET_SERVING[1:]}",
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


def _of_sqlite(cause: BaseException, where: str) -> StoreError | None:
    code = str(getattr(cause, "sqlite_errorname", ""))
    for codes, message, remedy in _SQLITE:
        if code.startswith(codes):
            return StoreError(message.format(where=where), remedy)
    return None


def _of_postgresql(error: Exception, where: str) -> StoreError | None:
    if not isinstance(error, DBAPIError) or not _is_psycopg(error.orig):
        return None
    code = str(getattr(error.orig, "sqlstate", None) or "")
    for begins, message, remedy in _POSTGRESQL:
        if code.startswith(begins):
            return StoreError(message.format(where=where), remedy)
    if _about_connecting(error):
        for pattern, message, remedy in _REFUSED:
            if re.search(pattern, str(error.orig)):
                return StoreError(message.format(where=where), remedy)
    if error.connection_invalidated or _about_connecting(error) or code.startswith(_PASSING):
        return StoreDown(f"{where} cannot be reached.", "Check that its server runs, and DATABASE_URL.")
    return None


def _about_connecting(error: Exception) -> bool:
    """Whether psycopg failed to make or keep a connection, rather than at a statement."""
    if not isinstance(error, DBAPIError) or not _is_psycopg(error.orig):
        return False
    lost = isinstance(error, (OperationalError, InterfaceError)) and not getattr(error.orig, "sqlstate", None)
    return lost or bool(re.search("connection option|bad value for", str(error.orig)))


def _is_psycopg(cause: BaseException | None) -> bool:
    return type(cause).__module__.startswith("psycopg")
