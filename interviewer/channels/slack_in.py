"""What Slack delivers, as the desk's events. Pure; what makes no sense becomes None, and is acknowledged and dropped.

A person is their workspace and user id, a message its workspace, channel and ts, which is also its time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from interviewer.channels.chat import Begin, Changed, Command, Person, Place, Pressed, Removed, Said
from interviewer.channels.slack_blocks import ACTION, chosen
from interviewer.channels.slack_text import Json, plain
from interviewer.domain.interview import Mode

PLATFORM = "slack"
WORDS = (None, "file_share", "thread_broadcast", "me_message", "bot_message")
P = ParamSpec("P")
T = TypeVar("T")


def _or_none(translate: Callable[P, T | None]) -> Callable[P, T | None]:
    """A delivery that lacks what it should have is nothing."""

    @wraps(translate)
    def safely(*args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return translate(*args, **kwargs)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError):
            return None

    return safely


def moment(ts: str) -> datetime:
    """The time of a Slack timestamp, "1718000000.000100" in seconds. Raises ValueError."""
    return datetime.fromtimestamp(float(ts), UTC)


def space_of(body: Json) -> str:
    """The workspace, or the organisation where an app is installed in all of it."""
    team = body.get("team_id") or (body.get("team") or {}).get("id")
    return str(team or body.get("enterprise_id") or (body.get("enterprise") or {})["id"])


def place_in(space: str, channel: str, thread: str = "") -> Place:
    """A place by Slack's ids. In direct messages a thread is no place of its own."""
    direct = channel.startswith("D")
    return Place(platform=PLATFORM, space=space, channel=channel, thread="" if direct else thread, direct=direct)


@_or_none
def message(body: Json) -> Said | Changed | Removed | None:
    """A message event."""
    event, space = body["event"], space_of(body)
    match event.get("subtype"):
        case "message_changed":
            return _changed(space, event)
        case "message_deleted":
            return _removed(space, event)
        case subtype if subtype in WORDS:
            return _said(space, event)
    return None


def _said(space: str, event: Json) -> Said:
    by_bot = bool(event.get("bot_id") or event.get("subtype") == "bot_message")
    return Said(
        id=_id(space, event["channel"], event["ts"]),
        author=Person(platform=PLATFORM, space=space, user=str(event.get("user") or event["bot_id"])),
        place=place_in(space, event["channel"], event.get("thread_ts") or ""),
        text=plain(event.get("text") or ""),
        at=moment(event["ts"]),
        attachments=len(event.get("files") or ()),
        by_bot=by_bot,
    )


def _changed(space: str, event: Json) -> Changed | None:
    """An edit; Slack also calls it a change when it shows a link's preview, or counts the replies of a thread."""
    now, before = event["message"], event.get("previous_message") or {}
    if now.get("bot_id") or now.get("text") == before.get("text") or "edited" not in now:
        return None
    return Changed(
        message_id=_id(space, event["channel"], now["ts"]),
        author=Person(platform=PLATFORM, space=space, user=now["user"]),
        place=place_in(space, event["channel"], now.get("thread_ts") or ""),
        text=plain(now.get("text") or ""),
        said_at=moment(now["ts"]),
        at=moment(now["edited"]["ts"]),
    )


def _removed(space: str, event: Json) -> Removed | None:
    before = event["previous_message"]
    if before.get("bot_id"):
        return None
    return Removed(
        message_id=_id(space, event["channel"], event["deleted_ts"]),
        author=Person(platform=PLATFORM, space=space, user=before["user"]),
        place=place_in(space, event["channel"], before.get("thread_ts") or ""),
        said_at=moment(event["deleted_ts"]),
        at=moment(event["event_ts"]),
    )


@_or_none
def command(body: Json, now: datetime) -> Pressed | None:
    """A slash command other than start. Whose report is wanted is a person's id where one is mentioned."""
    name, _, rest = body.get("text", "").strip().partition(" ")
    space, wanted = space_of(body), Command(name.lower() or Command.HELP)
    about = rest.strip() if wanted is Command.REPORT else ""
    if about.startswith("<@") and about.endswith(">"):
        about = Person(platform=PLATFORM, space=space, user=about[2:-1].partition("|")[0]).id
    return Pressed(
        id=f"{space}:{body['trigger_id']}",
        author=Person(platform=PLATFORM, space=space, user=body["user_id"]),
        place=asked_in(body),
        command=wanted,
        at=now,
        about=about,
    )


def asked_in(body: Json) -> Place:
    """Where a slash command was typed: never in a thread, and in whoever's direct messages only ever in ours."""
    place = place_in(space_of(body), body["channel_id"])
    return place.model_copy(update={"channel": ""}) if place.direct else place


@_or_none
def action(body: Json) -> Pressed | None:
    """A button that was pressed, in a message, a notice or the App Home."""
    pressed, space = body["actions"][0], space_of(body)
    where = body.get("channel") or {}
    container = body.get("container") or {}
    channel = str(where.get("id") or container.get("channel_id") or "")
    thread = (body.get("message") or {}).get("thread_ts") or container.get("thread_ts") or ""
    value = pressed.get("value") or ""
    return Pressed(
        id=f"{space}:{body['user']['id']}:{pressed['action_ts']}",
        author=Person(platform=PLATFORM, space=space, user=body["user"]["id"]),
        place=place_in(space, channel, thread) if channel else Place(platform=PLATFORM, space=space, direct=True),
        command=Command(pressed["action_id"].removeprefix(ACTION)),
        at=moment(pressed["action_ts"]),
        about="" if value == "-" else value,
    )


@_or_none
def submission(body: Json) -> Begin | None:
    """The dialog that begins an interview, as it was sent."""
    view, space = body["view"], space_of(body)
    picked = chosen(view)
    kind, _, count = picked["length"].partition(":")
    asked = Place.parse(view["private_metadata"])
    here = picked.get("place") == "here" and not asked.direct
    direct = Place(platform=PLATFORM, space=space, direct=True)
    return Begin(
        id=f"{PLATFORM}:{space}:{view['id']}",
        author=Person(platform=PLATFORM, space=space, user=body["user"]["id"]),
        place=asked if here else direct,
        guide=picked["guide"],
        mode=Mode(picked["mode"]),
        questions=int(count) if kind == "questions" else None,
        minutes=int(count) if kind == "minutes" else None,
    )


def _id(space: str, channel: str, ts: str) -> str:
    return f"{PLATFORM}:{space}:{channel}:{ts}"
