"""How much of a person may wait for an answer."""

from __future__ import annotations

from interviewer.channels.chat import Notice
from interviewer.channels.desk_floor import Floor
from interviewer.channels.desk_noticed import Noticed
from interviewer.domain.interview import MessageKind
from interviewer.domain.state import Interview

MOST = 50


class Enough:
    """At most so many messages and edits of an interview are kept until they are answered. What is more is declined,
    with a word once a turn, and once for each message that is edited; a message for good, whenever this process meets
    it again.
    """

    def __init__(self, floor: Floor) -> None:
        self.most = MOST
        self._floor = floor
        self._declined = Noticed()
        self._told = Noticed()

    def declined(self, message_id: str) -> bool:
        """Whether this message was declined before."""
        return message_id in self._declined

    def full(self, live: Interview) -> bool:
        """Whether as much waits as may."""
        return live.unanswered >= self.most

    def declines(self, live: Interview, message_id: str, command: MessageKind | None) -> bool:
        """Whether a message is not to be kept. So that a turn follows, something may always wait; so may a command."""
        if not self.full(live) or any(m.id == message_id for m in live.messages):
            return False
        if not live.pending or (command and command not in {m.command for m in live.pending}):
            return False
        return self._declined.first(message_id)

    def notice(self, live: Interview, about: str = "") -> Notice | None:
        """What is said about it, where it was not said since the last turn; of a message that is named, about that."""
        first = self._told.first(f"{live.id}/{len(live.turns)}/{about}")
        return Notice(text=self._floor.line("said.enough", most=self.most)) if first else None
