"""A reply in posts: shown while it comes by edits, whole at the end, and never twice where the platform can tell."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from interviewer.channels.chat import Button, Outbox, Place, Post
from interviewer.channels.chat_hold import Hold
from interviewer.channels.chat_text import split
from interviewer.domain.errors import ChannelDown, ChannelError, OutcomeUnknown, TurnConflict

SHOW_AFTER = 0.25
"""Seconds from the first words to the first post, so that a reply which comes at once is posted once."""
LEFT_OUT = 5.0
"""Where so many seconds must lie between edits, or more, a reply is not shown before it is whole."""
BUSY_EVERY = 8.0
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
LONGEST_WAIT = 60.0
T = TypeVar("T")


class Reply:
    """One turn's reply. `again` says that an earlier try may have posted some of it; nothing is posted once the `hold`
    on the interview has run out."""

    def __init__(
        self,
        outbox: Outbox,
        place: Place,
        key: str,
        counts: Counter[str] | None = None,
        *,
        again: bool = False,
        hold: Hold | None = None,
    ) -> None:
        self.outbox = outbox
        self.place = place
        self._key = key
        self._counts = Counter() if counts is None else counts
        self._again = again
        self.hold = hold or Hold()
        self._text = ""
        self._refs: list[str] = []
        self._tried = False
        self._shown: list[Post] = []
        self._news = asyncio.Event()
        self._putting = asyncio.Lock()
        self._pump: asyncio.Task[None] | None = None

    @property
    def again(self) -> bool:
        """Whether an earlier try may have posted some of it."""
        return self._again

    @property
    def begun(self) -> bool:
        """Whether any of it may be seen by now."""
        return bool(self._refs) or self._putting.locked()

    async def hear(self, piece: str) -> None:
        """The next piece. It is shown by and by; what goes wrong meanwhile is made up for at the end."""
        self._text += piece
        self._news.set()
        if self._pump is None:
            self._pump = asyncio.create_task(self._show_on())

    async def finish(self, text: str, buttons: tuple[Button, ...] = ()) -> str:
        """Show the whole of it, with these buttons below; the reference to its first post.

        Raises ChannelDown when it could not be shown within about 15 seconds, and PlaceClosed.
        """
        await self._stop()
        *parts, last = split(text, self.outbox.limit)
        posts = [*(Post(key=self._key_of(n), text=part) for n, part in enumerate(parts))]
        posts.append(Post(key=self._key_of(len(parts)), text=last, buttons=buttons))
        await patiently(lambda: self._put(posts))
        await patiently(lambda: self._take_back(len(posts)))
        return self._refs[0]

    async def drop(self) -> None:
        """Nothing will come of this reply: what was posted of it is taken back as far as that goes.

        Where a post is made once for its key, or another worker may have taken over, whoever makes the reply anew
        writes into it, or has done so by now. Where nothing was posted here, what is there is another's.
        """
        await self._stop()
        if self.outbox.idempotent or self.hold.over or not self._tried:
            return
        with contextlib.suppress(ChannelError):
            await self._take_back(0)

    async def _show_on(self) -> None:
        await asyncio.sleep(SHOW_AFTER)
        while True:
            await self._news.wait()
            if self.outbox.pace < LEFT_OUT and self._text.strip():
                self._news.clear()
                parts = split(self._text, self.outbox.limit)
                with contextlib.suppress(ChannelError, TurnConflict):
                    await self._put([Post(key=self._key_of(n), text=part) for n, part in enumerate(parts)])
            await asyncio.sleep(min(self.outbox.pace, LEFT_OUT))

    async def _stop(self) -> None:
        """Show no more pieces. A post that is under way is waited for: its outcome has to be known."""
        async with self._putting:
            if self._pump is not None:
                self._pump.cancel()

    async def _put(self, posts: list[Post]) -> None:
        """Have exactly these posts seen: what is there already and differs is edited."""
        async with self._putting:
            for number, post in enumerate(posts):
                if number == len(self._refs):
                    self._refs.append(await self._posted(post))
                    self._shown.append(post)
                elif self._shown[number] != post:
                    await self.outbox.edit(self.place, self._refs[number], post)
                    self._shown[number] = post

    async def _posted(self, post: Post) -> str:
        self.hold.check()
        self._tried = True
        if self._again and (ref := await self.outbox.find(self.place, post.key)):
            await self.outbox.edit(self.place, ref, post)
            return ref
        self.hold.check()  # once more: looking for it took its time
        try:
            return await self.outbox.post(self.place, post)
        except OutcomeUnknown:
            self._counts["posts_unknown"] += 1
            self._again = True
            raise

    async def _take_back(self, count: int) -> None:
        """Remove posts behind the first `count`, those of an earlier try too."""
        while len(self._refs) > count:
            await self.outbox.remove(self.place, self._refs[-1])
            self._refs.pop()
            self._shown.pop()
        while self._again and (ref := await self.outbox.find(self.place, self._key_of(count))):
            await self.outbox.remove(self.place, ref)
            count += 1

    def _key_of(self, number: int) -> str:
        return f"{self._key}/{number}"


async def patiently(do: Callable[[], Awaitable[T]]) -> T:
    """Do it, again and again for a while if the platform is down. Raises the last ChannelDown, and PlaceClosed."""
    for wait in WAITS:
        try:
            return await do()
        except ChannelDown as error:
            await asyncio.sleep(min(max(wait, error.after), LONGEST_WAIT))
    return await do()


async def post_once(outbox: Outbox, place: Place, post: Post, counts: Counter[str]) -> None:
    """Post what an earlier try or another worker may have posted: where that would be twice, it is looked for first."""
    if not outbox.idempotent and await outbox.find(place, post.key):
        return
    try:
        await outbox.post(place, post)
    except OutcomeUnknown:
        counts["posts_unknown"] += 1
        raise


@asynccontextmanager
async def being_busy(outbox: Outbox, place: Place) -> AsyncIterator[None]:
    """Show that a reply is on its way, as long as this lasts."""

    async def show() -> None:
        while True:
            with contextlib.suppress(ChannelError):
                await outbox.busy(place)
            await asyncio.sleep(BUSY_EVERY)

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
