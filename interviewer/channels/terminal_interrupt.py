"""Ctrl-C while something goes on: the first ends that politely, a second one ends the program."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Interrupted(Exception):
    """Ctrl-C, while something was going on."""


async def interruptible(work: Coroutine[Any, Any, T]) -> T:
    """Do this; at the first Ctrl-C cancel it, wait until it has tidied up, and raise Interrupted."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    pressed = False

    def press() -> None:
        nonlocal pressed
        pressed = True
        loop.call_soon_threadsafe(task.cancel)

    with _on_ctrl_c(press):
        try:
            return await task
        except asyncio.CancelledError:
            if pressed:
                raise Interrupted from None
            raise


@contextmanager
def _on_ctrl_c(act: Callable[[], None]) -> Iterator[None]:
    """Act at the first Ctrl-C; whoever was in charge before gets the second."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def first(_signal: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        act()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
