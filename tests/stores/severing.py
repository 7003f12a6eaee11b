"""A cable to a database that can be cut: just behind a word that is sent to it, so that no answer to it arrives."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType

from tests.postgres import free_port


class Cable:
    """Forwards a port of this machine to another. `cut_behind` cuts once, behind the next packet with this in it."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.port = free_port()
        self.cut_behind = b""
        self.cuts = 0
        self._ends: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Cable:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for end in self._ends:
            end.close()
        await self._server.wait_closed()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends |= {writer, far_writer}
        there = asyncio.create_task(self._forward(reader, far_writer))
        back = asyncio.create_task(self._forward(far_reader, writer))
        await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
        if there.done() and there.result():
            back.cancel()
            await asyncio.wait([back])
            await far_reader.read(1)  # the database has done it, and says so to nobody
        for end in (writer, far_writer):
            end.close()
        self._ends -= {writer, far_writer}

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Until the end, or until it is cut, which is then True."""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
                if self.cut_behind and self.cut_behind in data:
                    self.cut_behind, self.cuts = b"", self.cuts + 1
                    return True
        return False
