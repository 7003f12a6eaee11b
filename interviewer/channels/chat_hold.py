"""A worker's hold on the interview that it serves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from interviewer.domain.errors import TurnConflict


@dataclass
class Hold:
    """Until when it lasts, in the event loop's time. `left`: some of the next reply may be posted already, by a try
    that came to no end, here or in a process that died.
    """

    left: bool = False
    until: float = float("inf")

    @property
    def over(self) -> bool:
        """Whether it has run out, so that another worker may be at it by now."""
        return asyncio.get_running_loop().time() >= self.until

    def check(self) -> None:
        """Raises TurnConflict where it has run out."""
        if self.over:
            raise TurnConflict("Another worker may have taken over.")


Serve = Callable[[str, Hold], Awaitable[None]]
"""Does what is due for the interview of this id."""
