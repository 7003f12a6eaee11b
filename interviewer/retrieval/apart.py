"""Indexes a guide in a process of its own, whose memory goes when it is done."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

from interviewer.domain.guide import Guide
from interviewer.retrieval.chroma import ServerStore
from interviewer.retrieval.embedding import Embedder
from interviewer.retrieval.index import GuideIndex

log = logging.getLogger(__name__)
SECONDS = 120.0
SERVER = "INTERVIEWER_INDEX_SERVER"
SOURCE = Path(__file__).resolve().parents[2]


def index_apart(directory: Path, guide: Guide, server: str = "") -> None:
    """Index a guide in a child process, with a Chroma server if its address is given.

    Whether it worked, the next look at the index tells, and says why not; what the child warns of is passed on.
    """
    command = [sys.executable, "-m", "interviewer.retrieval.apart", str(directory)]
    path = os.pathsep.join([str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        done = subprocess.run(  # noqa: S603 - this very program
            command,
            input=guide.model_dump_json(),
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path, SERVER: server},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return
    for line in done.stdout.splitlines():
        log.warning("%s", line)


def main() -> None:
    """Index the guide on standard input into the directory that is named."""
    said = logging.StreamHandler(sys.stdout)
    logging.getLogger("interviewer").addHandler(said)
    server = os.environ.get(SERVER)  # not an argument, since those are for everyone to see
    store = ServerStore(server) if server else None
    guide = Guide.model_validate_json(sys.stdin.buffer.read())
    GuideIndex(Path(sys.argv[1]), Embedder(), store=store).ensure([guide])


if __name__ == "__main__":
    main()
