"""An endpoint in a thread of its own, for commands that run their own event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.server import Act, Endpoint


@contextmanager
def serving(*script: Act, models: tuple[str, ...] | Act = ("m", "n")) -> Iterator[str]:
    """The endpoint's address, while it serves."""
    ready, done = threading.Event(), asyncio.Event()
    url: list[str] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with Endpoint(*script, models=models) as endpoint:
            url.append(endpoint.url)
            ready.set()
            await done.wait()

    def work() -> None:
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(5)
    try:
        yield url[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(5)
