"""A real Chroma server of one's own: `chroma run`, on a free port of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from interviewer.domain.errors import IndexUnavailable
from interviewer.retrieval.server import ServerAddress, greet
from tests.postgres import free_port

CODE = "import sys; from chromadb.cli.cli import app; app()"
SECONDS = 60.0


class Chroma:
    """A server that keeps its data in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return once it answers."""
        command = [sys.executable, "-c", CODE, "run", "--path", str(self._folder), "--port", str(self.port)]
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdout=silent, stderr=silent, env={**os.environ, "TERM": "dumb"})
        end = time.monotonic() + SECONDS
        while True:
            try:
                greet(ServerAddress.of(self.url))
            except IndexUnavailable:
                assert time.monotonic() < end, "the Chroma server did not start"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it; its data stay."""
        if self._process:
            self._process.terminate()
            self._process.communicate()

    def __enter__(self) -> Chroma:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
