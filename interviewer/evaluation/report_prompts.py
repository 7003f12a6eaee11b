"""Prompts as they were sent, without repeating what many of them share, and what an edit changed in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from typing import NamedTuple

from interviewer.evaluation.report_quotes import revealed

Sent = tuple[str, str]
"""A prompt as it was sent: the system part and the user part."""
USER_LINE = "=== user ==="
GAP = "[…]"
AROUND = 1


class Frame(NamedTuple):
    """What prompts about one question share: the system part, by its anchor, and how the user parts begin and end."""

    anchor: str
    about: str
    system: str
    head: str
    tail: str


class Prompts:
    """The prompts of a suite, by item. Those of one question and system part share a frame."""

    def __init__(self, sent: Mapping[str, tuple[str, Sent]], prefix: str) -> None:
        self.systems: dict[str, str] = {}
        self.frames: list[Frame] = []
        self._own: dict[str, str] = {}
        self._frame: dict[str, Frame] = {}
        groups: dict[tuple[str, str], dict[str, list[str]]] = {}
        for name, (cluster, (system, user)) in sent.items():
            self.systems.setdefault(system, f"{prefix}s{len(self.systems) + 1}")
            groups.setdefault((cluster, system), {})[name] = user.split("\n")
        for number, ((cluster, system), users) in enumerate(groups.items(), 1):
            self._share(users, cluster, self.systems[system], f"{prefix}f{number}")

    def _share(self, users: Mapping[str, list[str]], cluster: str, system: str, anchor: str) -> None:
        head, tail = shared_ends(list(users.values()))
        first = next(iter(users.values()))
        begins, ends = (revealed("\n".join(lines)) for lines in (first[:head], first[len(first) - tail :]))
        frame = Frame(anchor, revealed(cluster), system, begins, ends)
        self.frames.append(frame)
        for name, lines in users.items():
            self._own[name] = "\n".join(lines[head : len(lines) - tail])
            self._frame[name] = frame

    def own(self, name: str) -> str:
        """The part of an item's prompt that is its own, or ""."""
        return self._own.get(name, "")

    def frame(self, name: str) -> Frame | None:
        """What an item's prompt shares with others; None where its prompt is not known."""
        return self._frame.get(name)


def shared_ends(texts: Sequence[Sequence[str]]) -> tuple[int, int]:
    """With how many lines all begin alike, and with how many they end alike; (0, 0) for a single one."""
    if len(texts) < 2:
        return 0, 0
    shortest = min(map(len, texts))
    head = _alike(zip(*texts, strict=False))
    tail = _alike(zip(*(reversed(t) for t in texts), strict=False))
    return head, min(tail, shortest - head)


def _alike(lines: Iterator[tuple[str, ...]]) -> int:
    return sum(1 for _ in takewhile(lambda line: len(set(line)) == 1, lines))


class Change(NamedTuple):
    """A line of what changed: `kind` is same, gone, new or gap. Of its pieces, (words, whether they changed)."""

    kind: str
    pieces: tuple[tuple[str, bool], ...]


def changes(before: Sequence[Sent], now: Sequence[Sent]) -> list[Change]:
    """What an edit changed in prompts for the same items; [] where nothing did.

    What differs from item to item, such as the answer, is left out on both sides; with one item the whole user part is.
    """
    old, new = _skeleton(before), _skeleton(now)
    found: list[Change] = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND):
        if found:
            found.append(Change("gap", ((GAP, False),)))
        for kind, a, b, c, d in group:
            found += _changed(kind, old[a:b], new[c:d])
    return found


def _skeleton(sent: Sequence[Sent]) -> list[str]:
    users = [user.split("\n") for _, user in sent]
    head, tail = shared_ends(users)
    user = [*users[0][:head], GAP, *users[0][len(users[0]) - tail :]]
    return [revealed(line) for line in (*sent[0][0].split("\n"), USER_LINE, *user)]


def _changed(kind: str, old: list[str], new: list[str]) -> list[Change]:
    if kind == "equal":
        return [Change("same", ((line, False),)) for line in old]
    if kind == "replace" and len(old) == len(new):
        return [change for pair in zip(old, new, strict=True) for change in _edited(*pair)]
    gone = [Change("gone", ((line, False),)) for line in old]
    return gone + [Change("new", ((line, False),)) for line in new]


def _edited(old: str, new: str) -> Iterator[Change]:
    """A line then and now, with the words that changed marked."""
    words: list[list[str]] = [re.findall(r"\w+|\s+|.", line) for line in (old, new)]
    codes = SequenceMatcher(None, words[0], words[1], autojunk=False).get_opcodes()
    gone = [("".join(words[0][a:b]), kind != "equal") for kind, a, b, _, _ in codes]
    come = [("".join(words[1][c:d]), kind != "equal") for kind, _, _, c, d in codes]
    yield Change("gone", tuple(piece for piece in gone if piece[0]))
    yield Change("new", tuple(piece for piece in come if piece[0]))
