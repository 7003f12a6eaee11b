"""Block Kit: posts with buttons, the dialog that begins an interview, the App Home. Pure functions to Slack's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interviewer.channels import commands
from interviewer.channels.chat import Button, Command, Entry, Place
from interviewer.channels.slack_text import Json, rich_text
from interviewer.domain.grading import BAND_NAMES, score_points
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Mode
from interviewer.domain.state import Status
from interviewer.prompts import Phrases

ACTION = "interview:"
START = f"{ACTION}start"
DIALOG = "interview_dialog"
QUESTIONS = (3, 5, 8)
MINUTES = (15, 30, 45)
DEFAULT_LENGTH = "questions:5"
MOST_OPTIONS = 100
LONGEST = {"button": 75, "option": 75, "title": 24, "submit": 24, "header": 150, "confirm": 300, "value": 2_000}


def message(text: str, buttons: Sequence[Button], lines: Phrases) -> list[Json]:
    """The blocks of a post or a notice."""
    blocks = [rich_text(text)]
    if buttons:
        blocks.append({"type": "actions", "elements": [button(b, lines) for b in buttons]})
    return blocks


def heading(title: str, user: str) -> list[Json]:
    """The message that a thread begins under: whose interview it is, and about what."""
    name = {"type": "user", "user_id": user}
    words = {"type": "text", "text": f" {title}", "style": {"bold": True}}
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [name, words]}]}]


def button(wanted: Button, lines: Phrases) -> Json:
    """A button; one that cannot be undone asks first."""
    made: Json = {
        "type": "button",
        "action_id": f"{ACTION}{wanted.command}",
        "text": label(wanted.label, "button"),
        "value": wanted.about[: LONGEST["value"]] or "-",
    }
    if wanted.grave:
        made["style"] = "danger"
    if wanted.sure:
        made["confirm"] = {
            "title": label(wanted.label, "title"),
            "text": label(wanted.sure, "confirm"),
            "confirm": label(wanted.label, "title"),
            "deny": label(_say(lines, "dialog.cancel"), "title"),
            "style": "danger",
        }
    return made


def label(text: str, kind: str) -> Json:
    """Plain text that is not too long for where it goes."""
    return {"type": "plain_text", "text": short(text, LONGEST[kind]), "emoji": True}


def short(text: str, most: int) -> str:
    """A text cut to a length, with a sign that it was."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def dialog(guides: Sequence[Guide], place: Place, lines: Phrases, wanted: str = "") -> Json:
    """The dialog that begins an interview. `place` is where it was asked for; `wanted` the guide chosen beforehand."""
    options = [option(g.title, g.id) for g in guides][:MOST_OPTIONS]
    chosen = next((o for o in options if wanted and o["value"] == wanted), None)
    guide: Json = {"type": "static_select", "action_id": "guide", "options": options}
    lengths = [option(_say(lines, "dialog.questions", count=n), f"questions:{n}") for n in QUESTIONS]
    lengths += [option(_say(lines, "dialog.minutes", count=n), f"minutes:{n}") for n in MINUTES]
    length = {"type": "static_select", "action_id": "length", "options": lengths}
    modes = [option(_say(lines, f"dialog.{mode}"), mode) for mode in Mode]
    blocks = [
        _input("guide", lines, guide | ({"initial_option": chosen} if chosen else {})),
        _input("mode", lines, _radio("mode", modes)),
        _input("length", lines, length | {"initial_option": _valued(lengths, DEFAULT_LENGTH)}),
    ]
    if place.channel and not place.direct:
        places = [option(_say(lines, "dialog.direct"), "direct"), option(_say(lines, "dialog.here"), "here")]
        blocks.append(_input("place", lines, _radio("place", places)))
    return {
        "type": "modal",
        "callback_id": DIALOG,
        "title": label(_say(lines, "dialog.title"), "title"),
        "close": label(_say(lines, "dialog.cancel"), "submit"),
        "private_metadata": place.id,
        "blocks": blocks if options else [rich_text(_say(lines, "dialog.no_guides"))],
        **({"submit": label(_say(lines, "dialog.submit"), "submit")} if options else {}),
    }


def _input(name: str, lines: Phrases, element: Json) -> Json:
    return {
        "type": "input",
        "block_id": name,
        "label": label(_say(lines, f"dialog.{name}"), "header"),
        "element": element,
    }


def _radio(name: str, options: list[Json]) -> Json:
    return {"type": "radio_buttons", "action_id": name, "options": options, "initial_option": options[0]}


def option(text: str, value: str) -> Json:
    """One choice of a list."""
    return {"text": label(text, "option"), "value": value[:150]}


def _valued(options: list[Json], value: str) -> Json:
    return next(o for o in options if o["value"] == value)


def chosen(view: Json) -> dict[str, str]:
    """What was chosen in the dialog, by block: guide, mode, length, and place where that was asked."""
    found = {}
    for block, actions in view["state"]["values"].items():
        for action in actions.values():
            if picked := action.get("selected_option"):
                found[block] = str(picked["value"])
    return found


def home(entries: Sequence[Entry], lines: Phrases) -> Json:
    """The App Home: a person's interviews, the latest first, with their scores and scorecards."""
    begin = {
        "type": "button",
        "action_id": START,
        "text": label(_say(lines, "button.start"), "button"),
        "style": "primary",
    }
    blocks: list[Json] = [
        {"type": "header", "text": label(_say(lines, "home.title"), "header")},
        rich_text(_say(lines, "home.intro")),
        {"type": "actions", "elements": [begin]},
        {"type": "divider"},
    ]
    for entry in entries:
        blocks.append(rich_text(_entry(entry, lines)))
        over = entry.summary.status == Status.ENDED
        wanted = Command.REPORT if over else Command.RESUME
        shown = Button(command=wanted, label=_say(lines, f"button.{wanted}"), about=entry.summary.id)
        blocks.append({"type": "actions", "elements": [button(shown, lines)]})
    if not entries:
        blocks.append(rich_text(_say(lines, "home.none")))
    return {"type": "home", "blocks": blocks}


def _entry(entry: Entry, lines: Phrases) -> str:
    summary = entry.summary
    if summary.status != Status.ENDED:
        where = f"{summary.answered} of {summary.planned}"
        standing = _say(lines, f"home.{summary.status}", where=where)
    elif entry.score is None or entry.band is None:
        standing = _say(lines, "home.unscored")
    else:
        standing = _say(lines, "home.ended", score=score_points(entry.score), band=BAND_NAMES[entry.band - 1])
    begun = _say(lines, "home.begun", date=summary.started_at.strftime("%Y-%m-%d"))
    return f"**{commands.in_short(summary.guide_title)}**, {summary.mode.value}: {standing}, {begun}"


def _say(lines: Phrases, key: str, **values: Any) -> str:
    return lines.say(key, 0, **values)
