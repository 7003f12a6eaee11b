"""The way out to Slack: an Outbox on the Web API. Slack's exceptions become ours here.

Nothing is retried blindly, because Slack posts a message twice when it is asked twice: where the answer to a post was
lost, the post is looked for by its key, which it carries as metadata.
"""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from interviewer.channels import slack_blocks
from interviewer.channels.chat import Attachment, Notice, Person, Place, Post
from interviewer.channels.slack_text import Json, escaped
from interviewer.domain.errors import ChannelDown, ChannelError, OutcomeUnknown, PlaceClosed
from interviewer.prompts import Phrases

if TYPE_CHECKING:
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

log = logging.getLogger(__name__)
EVENT = "interview_post"
PAGES = 10
SKEW = timedelta(seconds=5)
"""Slack's clock may be so far behind ours."""
STREAMED_A_MINUTE = 30
"""Slack allows an app about fifty edits a minute in a workspace. From here on only those are made that must be."""
CLOSED = frozenset(
    {
        "access_denied",
        "cannot_dm_bot",
        "cannot_reply_to_message",
        "channel_not_found",
        "ekm_access_denied",
        "is_archived",
        "messages_tab_disabled",
        "no_permission",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "user_disabled",
        "user_not_found",
        "user_not_in_channel",
    }
)
UNSURE = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org"})


def web_client(token: str | None, base_url: str, logger: logging.Logger) -> AsyncWebClient:
    """A client that waits where Slack tells it to, once, and retries nothing else."""
    retries = [AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
    return AsyncWebClient(token=token, base_url=base_url, timeout=15, retry_handlers=retries, logger=logger)  # type: ignore[arg-type]


class SlackOutbox:
    """chat.Outbox for one workspace. `refreshed` is called with whoever's list of interviews has changed."""

    limit = 3_000
    idempotent = False

    def __init__(
        self, client: AsyncWebClient, bot_id: str, lines: Phrases, refreshed: Callable[[Person], Awaitable[None]]
    ) -> None:
        self._client = client
        self._bot_id = bot_id
        self._lines = lines
        self._refreshed = refreshed
        self._edits: deque[float] = deque(maxlen=STREAMED_A_MINUTE)
        self._direct: OrderedDict[str, str] = OrderedDict()
        self._unsure: dict[str, datetime] = {}

    @property
    def pace(self) -> float:
        """A little more than a second, and no edit that can wait while many were made in the last minute."""
        busy = len(self._edits) == STREAMED_A_MINUTE and time.monotonic() - self._edits[0] < 60
        return math.inf if busy else 1.2

    async def open(self, place: Place, person: Person, heading: str, key: str) -> Place:
        """The direct messages with this person, or a thread under a message of ours: the one that there is already."""
        if place.direct:
            return place.model_copy(update={"channel": await self._direct_with(person.user)})
        ours = f"{key.partition('/')[0]}/"  # of this interview, whichever process opened it, and why
        ts = await self._search(place, lambda m: self._key_of(m).startswith(ours))
        ts = ts or await self._post(place, Post(key=key, text=f"<@{person.user}>"), heading=(heading, person.user))
        return place.model_copy(update={"thread": ts})

    async def post(self, place: Place, post: Post) -> str:
        """The ts of the new message."""
        return await self._post(place, post)

    async def _post(self, place: Place, post: Post, heading: tuple[str, str] | None = None) -> str:
        blocks = slack_blocks.heading(*heading) if heading else self._blocks(post)
        answer = await asked(
            self._client.chat_postMessage(
                channel=place.channel,
                thread_ts=place.thread or None,
                text=escaped(heading[0] if heading else post.text),
                blocks=blocks,
                metadata=_metadata(post.key),
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return str(answer["ts"])

    async def edit(self, place: Place, ref: str, post: Post) -> None:
        """Put this in the place of a message of ours; one that somebody has deleted stays deleted."""
        self._edits.append(time.monotonic())
        text, blocks, metadata = escaped(post.text), self._blocks(post), _metadata(post.key)
        with contextlib.suppress(_Gone):
            await asked(
                self._client.chat_update(channel=place.channel, ts=ref, text=text, blocks=blocks, metadata=metadata)
            )

    async def find(self, place: Place, key: str) -> str | None:
        """The ts of our message with this key, among the latest of the place."""
        return await self._search(place, lambda m: self._key_of(m) == key)

    async def _search(self, place: Place, wanted: Callable[[Json], bool], since: datetime | None = None) -> str | None:
        given: dict[str, Any] = {"channel": place.channel, "include_all_metadata": True}
        given |= {"oldest": f"{(since - SKEW).timestamp():.6f}"} if since else {}
        cursor = ""
        for _ in range(PAGES):
            if place.thread:
                call = self._client.conversations_replies(ts=place.thread, limit=200, cursor=cursor or None, **given)
            else:
                call = self._client.conversations_history(limit=100, cursor=cursor or None, **given)
            page = await asked(call)
            for message in page.get("messages") or ():
                if wanted(message):
                    return str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor or not place.thread:
                return None
        return None

    def _key_of(self, message: Json) -> str:
        """The key of a message of ours."""
        metadata = message.get("metadata") or {}
        ours = message.get("bot_id") == self._bot_id and metadata.get("event_type") == EVENT
        return str(metadata.get("event_payload", {}).get("key", "")) if ours else ""

    async def remove(self, place: Place, ref: str) -> None:
        """Delete a message of ours; one that is gone already is gone."""
        with contextlib.suppress(_Gone):
            await asked(self._client.chat_delete(channel=place.channel, ts=ref))

    async def attach(self, place: Place, attachment: Attachment) -> None:
        """Upload a file into the place, unless an earlier try is seen to have done it."""
        key, now = attachment.key, datetime.now(UTC)
        since = attachment.since or self._unsure.get(key)
        if since and await self._search(place, lambda m: self._holds(m, attachment), since):
            return
        try:
            await self._upload(place, attachment)
        except OutcomeUnknown:
            self._unsure[key] = since or now
            raise
        self._unsure.pop(key, None)

    async def _upload(self, place: Place, attachment: Attachment) -> None:
        await asked(
            self._client.files_upload_v2(
                channel=place.channel,
                thread_ts=place.thread or None,
                filename=attachment.name,
                title=attachment.title,
                content=attachment.content,
                initial_comment=escaped(attachment.comment),
            )
        )

    def _holds(self, message: Json, attachment: Attachment) -> bool:
        """Whether a message shows this file; Slack may not tell the names of files."""
        named = any(f.get("name") == attachment.name for f in message.get("files") or ())
        ours = message.get("bot_id") == self._bot_id and message.get("text") == escaped(attachment.comment)
        return named or ours

    async def pointer(self, place: Place) -> str:
        """A link to a thread; direct messages are only named."""
        if place.direct:
            return self._lines.say("place.direct", 0)
        answer = await asked(self._client.chat_getPermalink(channel=place.channel, message_ts=place.thread))
        return f"[{self._lines.say('place.thread', 0)}]({answer['permalink']})"

    async def busy(self, place: Place) -> None:
        """Slack shows no bot typing."""

    async def refresh(self, person: Person) -> None:
        """Have the App Home show what has changed."""
        await self._refreshed(person)

    async def tell(self, place: Place, person: Person, notice: Notice) -> None:
        """Tell one person alone: in direct messages, or where only they see it."""
        channel, text = place.channel, escaped(notice.text)
        blocks = slack_blocks.message(notice.text, notice.buttons, self._lines)
        if not place.direct:
            with contextlib.suppress(PlaceClosed):
                thread = place.thread or None
                await asked(
                    self._client.chat_postEphemeral(
                        channel=channel, user=person.user, thread_ts=thread, text=text, blocks=blocks
                    )
                )
                return
        channel = (place.direct and channel) or await self._direct_with(person.user)
        await asked(self._client.chat_postMessage(channel=channel, text=text, blocks=blocks))

    async def publish(self, person: Person, view: Json) -> None:
        """Show this as a person's App Home."""
        await asked(self._client.views_publish(user_id=person.user, view=view))

    async def ask(self, trigger: str, view: Json) -> None:
        """Open a dialog, within three seconds of the command or button that led to it."""
        await asked(self._client.views_open(trigger_id=trigger, view=view))

    async def _direct_with(self, user: str) -> str:
        if user not in self._direct:
            answer = await asked(self._client.conversations_open(users=[user]))
            self._direct[user] = str(answer["channel"]["id"])
            if len(self._direct) > 10_000:
                self._direct.popitem(last=False)
        return self._direct[user]

    def _blocks(self, post: Post) -> list[Json]:
        return slack_blocks.message(post.text, post.buttons, self._lines)


class _Gone(ChannelError):
    """There is no such message any more."""


class NoThread(PlaceClosed):
    """There is no such message to answer."""


def _metadata(key: str) -> Json:
    return {"event_type": EVENT, "event_payload": {"key": key}}


async def asked(call: Awaitable[AsyncSlackResponse]) -> Any:
    """Slack's answer. Raises ChannelError and its kinds, whose text holds Slack's code and nothing that was sent."""
    try:
        return await call
    except SlackApiError as error:
        raise _explained(error) from None
    except SlackRequestError:
        raise ChannelDown("Slack did not take a file.", "It is tried again.") from None
    except aiohttp.ClientConnectorError:
        raise ChannelDown("Slack cannot be reached.", "Check the network; it is tried again.") from None
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise OutcomeUnknown("Slack's answer was lost on its way.", "It is looked for, and tried again.") from None


def _explained(error: SlackApiError) -> ChannelError:
    answer = error.response
    status = int(getattr(answer, "status_code", 0) or 0)
    data = answer.data if isinstance(getattr(answer, "data", None), dict) else {}
    code = str(data.get("error") or status or "unreadable")
    if status == 429 or code in ("ratelimited", "rate_limited"):
        after = str((getattr(answer, "headers", None) or {}).get("Retry-After", "1"))
        return ChannelDown("Slack asks for fewer requests.", code, after=float(after) if after.isdigit() else 1.0)
    if code == "thread_not_found":
        return NoThread("There is nothing to answer there.", code)
    if code in CLOSED:
        return PlaceClosed("Slack lets nothing be posted there.", code)
    if code in ("message_not_found", "cant_update_message", "cant_delete_message"):
        return _Gone("There is no such message any more.", code)
    if code in UNSURE or status >= 500 or not data:
        return OutcomeUnknown("Slack failed, and may have done it all the same.", code)
    log.warning("Slack refused a request: %s", code)
    return ChannelError("Slack refused a request.", code)
