"""Everything that can go wrong in a way the product knows about.

    InterviewerError
    ├── SettingsError        a setting is missing or makes no sense
    ├── NotFoundError        no such guide, question or interview
    ├── GuideError           a guide cannot be read, or cannot be interviewed from
    ├── IndexUnavailable     the vector store cannot be used now
    │   └── IndexLocked      another process is writing it
    ├── StoreError           the database cannot be used
    │   ├── StoreTooNew      it was made by a newer version
    │   ├── StoreDown        its server did not answer, for a while
    │   ├── TurnConflict     another worker recorded this turn first
    │   └── InterviewBusy    another worker holds this interview
    ├── ChannelError         a chat platform did not do what was asked
    │   ├── ChannelDown      it may the next time
    │   │   └── OutcomeUnknown  or it may have, and its answer was lost
    │   └── PlaceClosed      nothing can be written in this place, now or later
    └── EngineError          the engine could not assess or speak this time
        └── EngineUnusable   nor can it, until a person mends a key, an address, a model's name or an account

A vendor's exception never leaves the module that calls the vendor: it becomes one of these there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interviewer.domain.interview import ModelCall

GET_SERVING = "Run `make serve` in the program's folder, or: pip install --require-hashes -r requirements-serve.lock"
"""The remedy where a platform's or a database's library is missing."""


class InterviewerError(Exception):
    """Base of all. `message` says what is wrong; `remedy` what to do about it, or "". Neither ever holds a secret."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class SettingsError(InterviewerError):
    """A setting is missing or makes no sense."""


class NotFoundError(InterviewerError):
    """No such guide, question or interview."""


class GuideError(InterviewerError):
    """A guide cannot be read, or cannot be interviewed from."""


class IndexUnavailable(InterviewerError):
    """The vector store cannot be used now."""


class IndexLocked(IndexUnavailable):
    """Another process is writing the vector store."""


class StoreError(InterviewerError):
    """The database cannot be used."""


class StoreTooNew(StoreError):
    """The database was made by a newer version of this program."""


class StoreDown(StoreError):
    """The database's server did not answer, nor after some tries; it may in a moment."""


class TurnConflict(StoreError):
    """Another worker recorded this turn first; load again and go on from there."""


class InterviewBusy(StoreError):
    """Another worker holds this interview at the moment."""


class ChannelError(InterviewerError):
    """A chat platform did not do what was asked."""


class ChannelDown(ChannelError):
    """It did not this time; `after` is how many seconds it wants to be left alone, 0 where it did not say."""

    def __init__(self, message: str, remedy: str = "", *, after: float = 0.0) -> None:
        super().__init__(message, remedy)
        self.after = after


class OutcomeUnknown(ChannelDown):
    """It may have: the request was sent, and its answer never came."""


class PlaceClosed(ChannelError):
    """Nothing can be written in this place, now or later: it is gone, or the bot was never let in."""


class EngineError(InterviewerError):
    """The engine could not assess or speak. `reason` is a short code that is stored with the turn.

    `passing`: it may be gone in a moment. `wait`: the seconds that an endpoint asks to wait, if it does. `calls`: what
    was paid for all the same.
    """

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        reason: str = "engine",
        passing: bool = False,
        wait: float | None = None,
        calls: tuple[ModelCall, ...] = (),
    ) -> None:
        super().__init__(message, remedy)
        self.reason = reason
        self.passing = passing
        self.wait = wait
        self.calls = calls


class EngineUnusable(EngineError):
    """The engine can do nothing until a person mends its key, address, model or account. No answer is lost to it."""
