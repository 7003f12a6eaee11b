"""People of the hall who do more than answer: they change and delete what they wrote, flood, pause and go on elsewhere,
press buttons twice, begin a second interview, and write and press where others are interviewed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field

from bench.hall import Hall
from bench.people import Human, Pace

MOODS = {
    "answer": 10,
    "edit": 6,
    "delete": 6,
    "pause": 2,
    "elsewhere": 2,
    "skip_twice": 2,
    "hint_twice": 2,
    "begin_again": 2,
    "intrude": 4,
    "flood": 1,
}
"""What they do at a turn, and how often."""
FLOOD = 60
TWO_AT_ONCE = 0.2
RECAP_SECONDS = 5.0
"""Who sees nothing for so long after asking to go on elsewhere asks again."""


@dataclass
class Restless(Human):
    """`edits` are the latest words of messages that were changed and `deleted` such as were deleted, each with the id
    of what was delivered, by the message; `foreign` messages written where another is interviewed.
    """

    dice: random.Random = field(default_factory=random.Random)
    others: list[Restless] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    edits: dict[str, str] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    unrefused: set[str] = field(default_factory=set)
    deeds: int = 0
    mood: str = ""

    @property
    def channel(self) -> str:
        """A channel in which threads are opened."""
        return f"{self.id.rpartition(':')[0]}:c-{self.name}:"

    def _wanted_at(self) -> str:
        return self.dice.choice((self.direct, self.channel))

    async def _begin(self, place: str) -> None:
        """At times in two places at once, of which one is refused."""
        if self.dice.random() < TWO_AT_ONCE:
            self.did["begin_again"] += 1
            await asyncio.gather(super()._begin(place), super()._begin(self._wanted_at()))
        else:
            await super()._begin(place)

    async def _act(self, interview: str) -> None:
        (mood,) = self.dice.choices(list(MOODS), weights=list(MOODS.values()))
        self.did[mood] += 1
        self.mood = mood
        await getattr(self, f"_{mood}")(*((self.pace.parts(),) if mood == "answer" else (interview,)))

    async def _answer(self, parts: int) -> list[str]:
        """Again, where the interview is by now, if none of it was taken for an answer."""
        for _ in range(5):
            names = await super()._answer(parts)
            if self.hall.kept[self.name] & set(names) or not self.going():
                break
            self.did["answered_where_it_was_not"] += 1
            await self._resume(self.spot or self.direct)
        return names

    async def _edit(self, _: str) -> None:
        parts = self.pace.parts()
        sending = asyncio.create_task(self._answer(parts))
        await asyncio.sleep(self.dice.uniform(0.0, 0.7))
        message = self.dice.choice(list(self.said)[-parts:])
        event = self._deed()
        self.edits[message] = event
        await self._change("changed", event, message, text=self.words("+3 now"))
        await sending

    async def _delete(self, _: str) -> None:
        """One of several messages."""
        sending = asyncio.create_task(self._answer(2))
        await asyncio.sleep(self.dice.uniform(0.0, 0.7))
        message = list(self.said)[-2]
        event = self._deed()
        self.deleted[message] = event
        await self._change("removed", event, message)
        await sending

    async def _change(self, what: str, event: str, message: str, **values: str) -> None:
        said_at = self.said[message][1].isoformat()
        await self._do(what, event, self.spot or self.direct, message=message, said_at=said_at, **values)

    async def _pause(self, interview: str) -> None:
        """And go on, here or elsewhere."""
        turn = self._latest[interview][0]
        told = await self._press("pause", f"{interview}/{turn}")
        if not told.get("told"):  # it is not resting, nor over
            await self._until(lambda: self._latest[interview][0] > turn or self._is_over(interview) or None)
        await self._elsewhere(interview)

    async def _elsewhere(self, _: str) -> None:
        await self._resume(self._wanted_at())
        await self._answer(1)

    async def _resume(self, place: str) -> None:
        """Ask until it is seen to go on there."""
        seen = self.recaps
        while self.going():
            await self._press("resume", "", place)
            with contextlib.suppress(TimeoutError):
                await self._until(lambda: self.recaps > seen or not self.going() or None, RECAP_SECONDS)
                return
            self.did["asked_again_to_go_on"] += 1

    async def _skip_twice(self, interview: str) -> None:
        await self._twice("skip", interview)

    async def _hint_twice(self, interview: str) -> None:
        await self._twice("hint", interview)

    async def _twice(self, command: str, interview: str) -> None:
        about = f"{interview}/{self._latest[interview][0]}"
        await asyncio.gather(self._press(command, about), self._press(command, about))

    async def _begin_again(self, _: str) -> None:
        await self._begin(self._wanted_at())
        await self._answer(1)

    async def _flood(self, _: str) -> None:
        await self._answer(FLOOD)

    async def _intrude(self, _: str) -> None:
        """Write and press where someone else is interviewed, if others are there; then answer."""
        there = [o for o in self.others if o is not self and o.kind == self.kind and not o.spot.endswith(":direct")]
        other = self.dice.choice(there) if there else self
        theirs = other.going()
        if other is not self and theirs:
            message = self._deed()
            self.foreign.add(message)
            await self._do("said", message, other.spot, text=self.words("!1"))
            told = await self._press("skip", f"{theirs}/{other._latest[theirs][0]}", other.spot)
            if not told.get("told"):
                self.unrefused.add(f"{self.name} in {theirs}")
        await self._answer(1)

    async def _press(self, command: str, about: str, place: str = "") -> dict[str, str]:
        name = self._deed()
        place = place or self.spot or self.direct
        told: dict[str, str] = await self._do("pressed", name, place, command=command, about=about)
        return told

    def _deed(self) -> str:
        self.deeds += 1
        return f"{self.name}-d{self.deeds}"


def restless_crowd(hall: Hall, count: int, kinds: tuple[str, ...], pace: Pace, dice: random.Random) -> list[Restless]:
    """So many people, spread over the kinds of platforms, who know of each other."""
    people = [Restless(hall, kinds[n % len(kinds)], f"p{n:04d}", pace, dice=dice) for n in range(count)]
    for one in people:
        one.others = people
    return people
