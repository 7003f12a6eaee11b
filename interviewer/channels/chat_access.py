"""Who may do what in a chat."""

from __future__ import annotations

from collections.abc import Iterable

from interviewer.channels.chat import Person, Place


class Access:
    """What settings allow on one platform. Nobody named means everyone, except for reviewers."""

    def __init__(
        self,
        spaces: Iterable[str] = (),
        users: Iterable[str] = (),
        reviewers: Iterable[str] = (),
        how: str = "/interview",
    ) -> None:
        self._spaces = frozenset(spaces)
        self._users = frozenset(users)
        self._reviewers = frozenset(reviewers)
        self._how = how

    def how_to(self, command: str) -> str:
        """What to type for a command."""
        return f"`{self._how} {command}`"

    def may_come(self, person: Person, place: Place) -> bool:
        """Whether this person may be interviewed, in this workspace or guild."""
        space = place.space or person.space
        here = not self._spaces or space in self._spaces
        return here and (not self._users or person.user in self._users or person.user in self._reviewers)

    def may_read(self, reader: Person, candidate: Person) -> bool:
        """Whether this person may read the candidate's scorecards: their own, or as a reviewer those of their space."""
        if reader == candidate:
            return True
        same = (reader.platform, reader.space) == (candidate.platform, candidate.space)
        return same and reader.user in self._reviewers
