"""What Slack accepts as Block Kit, from its reference (docs.slack.dev/reference/block-kit) and its SDK's own checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

Json = dict[str, Any]
MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
TEXTS = {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}
INLINE = {"text", "link", "user", "emoji"}
STYLES = {"bold", "italic", "strike", "code"}
ELEMENTS = {
    "actions": {"button", "static_select", "radio_buttons", "overflow"},
    "input": {"static_select", "radio_buttons", "plain_text_input"},
}


def problems(blocks: list[Json], surface: str = "message") -> list[str]:
    """What Slack would refuse, in words; nothing when it would take the blocks."""
    found = [f"{len(blocks)} blocks"] if len(blocks) > MOST_BLOCKS[surface] or not blocks else []
    for block in blocks:
        found += _sdk(block)
        found += list(_block(block))
    if surface == "message" and sum(_length(b) for b in blocks) > 12_000:
        found.append("msg_blocks_too_long")
    return found


def view_problems(view: Json) -> list[str]:
    """The same for a dialog or an App Home."""
    found = problems(view["blocks"], view["type"])
    try:
        View(**view).to_dict()
    except SlackObjectFormationError as error:
        found.append(str(error))
    inputs = any(b["type"] == "input" for b in view["blocks"])
    if view["type"] == "modal":
        found += [f"{part} missing" for part in ("title", "callback_id") if not view.get(part)]
        found += ["submit missing"] if inputs and not view.get("submit") else []
        found += [
            f"{p} too long" for p in ("title", "submit", "close") if len((view.get(p) or {}).get("text", "")) > 24
        ]
        found += ["private_metadata too long"] if len(view.get("private_metadata", "")) > 3_000 else []
    elif inputs or view.get("title"):
        found.append("a home has neither inputs nor a title")
    return found


def _sdk(block: Json) -> list[str]:
    try:
        parsed = Block.parse(block)
        if parsed is None:
            return [f"no such block: {block.get('type')}"]
        parsed.validate_json()
    except (SlackObjectFormationError, TypeError) as error:
        return [str(error)]
    return []


def _block(block: Json) -> Iterator[str]:
    match block["type"]:
        case "rich_text":
            for element in block["elements"]:
                yield from _rich(element)
        case "actions":
            ids = [e["action_id"] for e in block["elements"]]
            yield from ["two elements with one action_id"] if len(set(ids)) < len(ids) else []
            for element in block["elements"]:
                yield from _element(element, "actions")
        case "input":
            yield from _plain(block["label"], 2_000)
            yield from _element(block["element"], "input")
        case "header":
            yield from _plain(block["text"], 150)
        case "divider":
            pass
        case other:
            yield f"this product does not use {other}"


def _rich(element: Json, within: str = "") -> Iterator[str]:
    kind = element["type"]
    if kind == "rich_text_list":
        yield from [f"list style {element['style']}"] if element["style"] not in ("bullet", "ordered") else []
        yield from ["indent"] if not 0 <= element.get("indent", 0) <= 8 else []
        yield from ["an empty list"] if not element["elements"] else []
        for item in element["elements"]:
            yield from _rich(item, kind)
        return
    if kind not in TEXTS or (within and kind != "rich_text_section"):
        yield f"no {kind} in {within or 'rich_text'}"
        return
    yield from ["an empty element"] if not element["elements"] else []
    for inline in element["elements"]:
        yield from [f"no {inline['type']} in {kind}"] if inline["type"] not in INLINE else []
        yield from ["empty text"] if inline["type"] == "text" and not inline["text"] else []
        yield from [f"style {s}" for s in inline.get("style", {}) if s not in STYLES]
        yield from ["not a web link"] if inline["type"] == "link" and not inline["url"].startswith("http") else []


def _element(element: Json, within: str) -> Iterator[str]:
    kind = element["type"]
    yield from [f"no {kind} in {within}"] if kind not in ELEMENTS[within] else []
    yield from ["action_id too long"] if len(element["action_id"]) > 255 else []
    if kind == "button":
        yield from _plain(element["text"], 75)
        yield from ["value"] if len(element.get("value", "")) > 2_000 else []
        yield from ["style"] if element.get("style", "primary") not in ("primary", "danger") else []
        if confirm := element.get("confirm"):
            yield from _plain(confirm["title"], 100)
            yield from _plain(confirm["text"], 300)
            yield from _plain(confirm["confirm"], 30)
            yield from _plain(confirm["deny"], 30)
        return
    options = element["options"]
    most = 10 if kind == "radio_buttons" else 100
    yield from [f"{len(options)} options"] if not 1 <= len(options) <= most else []
    yield from ["two options with one value"] if len({o["value"] for o in options}) < len(options) else []
    for option in options:
        yield from _plain(option["text"], 75)
        yield from ["option value"] if len(option["value"]) > 150 else []
    if "initial_option" in element and element["initial_option"] not in options:
        yield "initial_option is none of the options"


def _plain(text: Json, most: int) -> Iterator[str]:
    yield from ["not plain_text"] if text["type"] != "plain_text" else []
    yield from [f"{len(text['text'])} characters of {most}"] if not 1 <= len(text["text"]) <= most else []


def _length(block: Json) -> int:
    return len(shown([block]))


def shown(blocks: list[Json]) -> str:
    """What a reader sees of some blocks, as plain lines; buttons in brackets."""
    return "\n".join(_shown(b) for b in blocks)


def _shown(block: Json) -> str:
    match block["type"]:
        case "rich_text":
            return "\n".join(_shown_rich(e) for e in block["elements"])
        case "actions":
            return " ".join(f"[{e['text']['text']}]" for e in block["elements"])
        case "header":
            return str(block["text"]["text"])
        case "input":
            element = block["element"]
            options = " / ".join(o["text"]["text"] for o in element.get("options", ()))
            return f"{block['label']['text']}  ({options})"
        case _:
            return "---"


def _shown_rich(element: Json) -> str:
    if element["type"] == "rich_text_list":
        pad, bar = "  " * element.get("indent", 0), "| " if element.get("border") else ""
        first = element.get("offset", 0) + 1
        marks = [
            f"{n}." if element["style"] == "ordered" else "•" for n in range(first, first + len(element["elements"]))
        ]
        return "\n".join(f"{bar}{pad}{m} {_words(i)}" for m, i in zip(marks, element["elements"], strict=True))
    words = _words(element)
    if element["type"] == "rich_text_quote" or element.get("border"):
        return "\n".join(f"| {line}".rstrip() for line in words.split("\n"))
    return words


def _words(element: Json) -> str:
    return "".join(i.get("text") or i.get("url") or f"@{i.get('user_id', '')}" for i in element["elements"])
