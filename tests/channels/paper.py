"""A chat platform on paper: posts in lists, no network. It can be told to fail as real ones do."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from interviewer.channels.chat import (
    Attachment,
    Begin,
    Button,
    Changed,
    Command,
    Notice,
    Person,
    Place,
    Post,
    Pressed,
    Removed,
    Said,
)
from interviewer.channels.chat_access import Access
from interviewer.channels.desk import Desk
from interviewer.domain.errors import OutcomeUnknown, PlaceClosed
from interviewer.domain.interview import Mode
from interviewer.domain.state import Interview
from tests.channels.driving import Bench, Driver

PLATFORM = "paper"
SPACE = "P1"
HALL = "hall"


def person(name: str, platform: str = PLATFORM) -> Person:
    return Person(platform=platform, space=SPACE, user=name)


def direct(name: str = "", platform: str = PLATFORM) -> Place:
    return Place(platform=platform, space=SPACE, channel=f"dm-{name}" if name else "", direct=True)


def hall(thread: str = "", platform: str = PLATFORM) -> Place:
    return Place(platform=platform, space=SPACE, channel=HALL, thread=thread)


@dataclass
class Sheet:
    """A post as it reads now."""

    ref: str
    place: str
    key: str
    text: str
    buttons: tuple[Button, ...]
    versions: list[str] = field(default_factory=list)


class Paper:
    """An Outbox. `faults` are raised by the next calls of a method: "post" and so on; with OutcomeUnknown a post is
    made all the same, unless `swallow` is set. `astray` is what was to be posted in a channel itself."""

    limit = 3_000
    idempotent = False
    pace = 0.02

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self.files: list[tuple[str, Attachment]] = []
        self.opened: dict[str, Place] = {}
        self.faults: dict[str, list[Exception]] = defaultdict(list)
        self.calls: Counter[str] = Counter()
        self.closed: set[str] = set()
        self.astray: list[Post] = []
        self.swallow = False
        self.numbers = itertools.count(1)

    def _called(self, method: str, place: Place | None = None) -> Exception | None:
        self.calls[method] += 1
        if place and place.channel in self.closed:
            raise PlaceClosed("It is closed.")
        fault = self.faults[method].pop(0) if self.faults[method] else None
        if fault and not isinstance(fault, OutcomeUnknown):
            raise fault
        return fault

    async def open(self, place: Place, person: Person, heading: str, key: str) -> Place:
        self._called("open", place)
        if place.direct:
            return direct(person.user, place.platform)
        return self.opened.setdefault(key, hall(f"t{next(self.numbers)}", place.platform))

    async def post(self, place: Place, post: Post) -> str:
        if not place.exact:
            self.astray.append(post)
        assert place.exact
        assert len(post.text) <= self.limit
        fault = self._called("post", place)
        ref = f"r{next(self.numbers)}"
        if fault is None or not self.swallow:
            self.sheets.append(Sheet(ref, place.id, post.key, post.text, post.buttons, [post.text]))
        if fault:
            raise fault
        return ref

    async def edit(self, place: Place, ref: str, post: Post) -> None:
        self._called("edit", place)
        sheet = next(s for s in self.sheets if s.ref == ref)
        sheet.text, sheet.buttons = post.text, post.buttons
        sheet.versions.append(post.text)

    async def find(self, place: Place, key: str) -> str | None:
        self._called("find", place)
        return next((s.ref for s in self.sheets if s.place == place.id and s.key == key), None)

    async def remove(self, place: Place, ref: str) -> None:
        self._called("remove", place)
        self.sheets = [s for s in self.sheets if s.ref != ref]

    async def attach(self, place: Place, attachment: Attachment) -> None:
        self._called("attach", place)
        self.files.append((place.id, attachment))

    async def pointer(self, place: Place) -> str:
        return f"[{place.channel}]"

    async def busy(self, place: Place) -> None:
        self._called("busy")

    async def refresh(self, person: Person) -> None:
        self._called("refresh")


class PaperDriver(Driver):
    """People on paper. Every message is delivered straight to the desk. There may be several such platforms."""

    def __init__(self, bench: Bench, access: Access | None = None, platform: str = PLATFORM) -> None:
        self.bench = bench
        self.platform = platform
        self.paper = Paper()
        self.access = access or Access(reviewers=["rita"])
        self.notices: list[tuple[str, Notice]] = []
        self.said: dict[str, Said] = {}
        self.numbers = itertools.count(1)

    async def open(self) -> None:
        desk = await self.bench.open()
        desk.attach(self.platform, self.paper, self.access)
        await desk.recover(self.platform)

    async def close(self) -> None:
        await self.bench.close()

    @property
    def desk(self) -> Desk:
        """Where what people do is delivered."""
        return self.bench.desk

    def person(self, who: str) -> Person:
        return person(who, self.platform)

    def direct(self, who: str = "") -> Place:
        return direct(who, self.platform)

    def hall(self) -> Place:
        return hall(platform=self.platform)

    def note(self, who: str, notice: Notice | None) -> None:
        if notice:
            self.notices.append((who, notice))

    async def latest(self, who: str) -> Interview:
        found = [i for i in await self.bench.interviews() if i.candidate == self.person(who).id]
        return found[0]

    async def place_of(self, who: str) -> Place:
        return Place.parse((await self.latest(who)).place)

    async def begin(self, who: str, *, where: str = "direct", mode: Mode = Mode.PRACTICE, name: str = "") -> None:
        name = name or f"{self.platform}/begin-{next(self.numbers)}"
        place = self.direct() if where == "direct" else self.hall()
        begin = Begin(id=name, author=self.person(who), place=place, guide="gardens", mode=mode)
        self.note(who, await self.desk.begin(begin))

    async def say(self, who: str, text: str, *, to: str = "", late: float = 0.0, attachments: int = 0) -> str:
        place = await self.place_of(to or who)
        return await self.deliver(who, text, place, late=late, attachments=attachments)

    async def deliver(
        self, who: str, text: str, place: Place, *, late: float = 0.0, attachments: int = 0, by_bot: bool = False
    ) -> str:
        at = datetime.now(UTC) - timedelta(seconds=late)
        said = Said(
            id=f"m{next(self.numbers)}",
            author=self.person(who),
            place=place,
            text=text,
            at=at,
            attachments=attachments,
            by_bot=by_bot,
        )
        self.said[said.id] = said
        self.note(who, await self.desk.said(said))
        return said.id

    async def say_as_bot(self, text: str, *, to: str) -> None:
        await self.deliver("bot", text, await self.place_of(to), by_bot=True)

    async def say_direct(self, who: str, text: str) -> str:
        return await self.deliver(who, text, self.direct(who))

    async def edit(self, who: str, message: str, text: str) -> None:
        said = self.said[message]
        change = Changed(
            message_id=message,
            author=self.person(who),
            place=said.place,
            text=text,
            said_at=said.at,
            at=datetime.now(UTC),
        )
        self.note(who, await self.desk.changed(change))

    async def delete(self, who: str, message: str) -> None:
        said = self.said[message]
        removal = Removed(
            message_id=message, author=self.person(who), place=said.place, said_at=said.at, at=datetime.now(UTC)
        )
        self.note(who, await self.desk.removed(removal))

    async def redeliver(self, message: str) -> None:
        said = self.said[message]
        self.note(said.author.user, await self.desk.said(said))

    async def press(self, who: str, command: Command, *, to: str = "", back: int = 0) -> None:
        alone = [b for w, n in self.notices for b in n.buttons if w == who]
        place = self.direct(who) if command is Command.FORGET else await self.place_of(to or who)
        shown = [b for s in self.paper.sheets if s.place == place.id for b in s.buttons]
        buttons = [b for b in (*shown, *alone) if b.command is command]
        await self.push(who, buttons[-1 - back], place)

    async def push(self, who: str, button: Button, place: Place) -> None:
        await self.ask(who, button.command, button.about, place)

    async def ask(self, who: str, command: Command, about: str, place: Place) -> None:
        press = Pressed(
            id=f"press-{next(self.numbers)}",
            author=self.person(who),
            place=place,
            command=command,
            at=datetime.now(UTC),
            about=about,
        )
        self.note(who, await self.desk.pressed(press))

    async def type(self, who: str, command: str, about: str = "", *, where: str = "direct") -> None:
        place = self.direct(who) if where == "direct" else self.hall()
        await self.ask(who, Command(command), self.person(about).id if about else "", place)

    async def seen(self, who: str) -> list[str]:
        place = (await self.place_of(who)).id
        return [s.text for s in self.paper.sheets if s.place == place]

    def seen_direct(self, who: str) -> list[str]:
        return [s.text for s in self.paper.sheets if s.place == self.direct(who).id]

    def told(self, who: str) -> list[str]:
        return [n.text for w, n in self.notices if w == who]

    def files(self, who: str) -> list[str]:
        return [a.content for place, a in self.paper.files if place == self.direct(who).id]
