"""What was written in Slack while no worker could take it in, read where interviews are held: the Past of chat_missed.

Slack brings what was not acknowledged again at once, after a minute and after five, and then no more.
"""

from __future__ import annotations

from asyncio import sleep
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from interviewer.channels.chat import Changed, Person, Place, Removed, Said
from interviewer.channels.slack_in import PLATFORM, message, moment
from interviewer.channels.slack_out import NoThread, asked
from interviewer.channels.slack_text import Json

BROUGHT_AGAIN = 360.0
"""After so many seconds Slack brings a message no more."""
READS_A_MINUTE = 30
"""Slack allows about fifty a minute in a workspace, of all workers."""
PAGE = 200
PAGES = 10
A_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True)
class SlackWritten:
    """chat_missed.Written for a message as Slack's history has it."""

    place: Place
    message: Json

    @property
    def id(self) -> str:
        """As the event names it that brings the message."""
        return f"{PLATFORM}:{self.place.space}:{self.place.channel}:{self.message['ts']}"

    async def said(self) -> Said | None:
        """That it was written."""
        event = message(self._event(self.message))
        return event if isinstance(event, Said) else None

    async def changed(self) -> Changed | None:
        """That it was edited."""
        event = message(self._event({"subtype": "message_changed", "message": self.message}))
        return event if isinstance(event, Changed) else None

    def _event(self, event: Json) -> Json:
        return {"team_id": self.place.space, "event": {**event, "channel": self.place.channel}}


class SlackPast:
    """chat_missed.Past on the Web API."""

    platform = PLATFORM
    late = timedelta(seconds=BROUGHT_AGAIN)

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._reads: deque[float] = deque(maxlen=READS_A_MINUTE)

    async def read(self, place: Place, candidate: Person, since: datetime) -> Sequence[SlackWritten]:
        """What the candidate has written in a thread or in direct messages; there in threads under newer posts too."""
        found = await self._pages(place.channel, place.thread, since)
        for root in [m for m in found if place.direct and m.get("reply_count")]:
            found += await self._pages(place.channel, root["ts"], since)
        theirs = {m["ts"]: m for m in found if m.get("user") == candidate.user}
        return [SlackWritten(place, theirs[ts]) for ts in sorted(theirs, key=float) if moment(ts) >= since]

    async def removed(self, place: Place, candidate: Person, message_id: str, now: datetime) -> Removed | None:
        """That Slack knows no such message, wherever in the channel it was written."""
        _, _, channel, ts = message_id.split(":")
        try:
            page = await self._asked("conversations.replies", channel=channel, ts=ts, limit=1)
            gone = any(m["ts"] == ts and m.get("subtype") == "tombstone" for m in _messages(page))
        except NoThread:
            gone = True
        said_at = moment(ts)
        return Removed(message_id=message_id, author=candidate, place=place, said_at=said_at, at=now) if gone else None

    async def _pages(self, channel: str, thread: str, since: datetime) -> list[Json]:
        method = "conversations.replies" if thread else "conversations.history"
        oldest = f"{(since - A_MOMENT).timestamp():.6f}"
        found: list[Json] = []
        cursor: str | None = None
        for _ in range(PAGES):
            page = await self._asked(
                method, channel=channel, ts=thread or None, oldest=oldest, limit=PAGE, cursor=cursor
            )
            found += _messages(page)
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        return found

    async def _asked(self, method: str, **given: Any) -> Json:
        if len(self._reads) == READS_A_MINUTE:
            await sleep(max(0.0, self._reads[0] + 60 - monotonic()))
        self._reads.append(monotonic())
        params = {k: v for k, v in given.items() if v is not None}
        answer: Json = await asked(self._client.api_call(method, http_verb="GET", params=params))
        return answer


def _messages(page: Json) -> list[Json]:
    return [m for m in page.get("messages") or () if m.get("ts")]
