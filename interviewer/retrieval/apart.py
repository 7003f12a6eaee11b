"""Indexes a guide in a process of its own, whose memory goes when it is done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from interviewer.domain.guide import Guide
from interviewer.retrieval.embedding import Embedder
from interviewer.retrieval.index import GuideIndex

SECONDS = 120.0
SOURCE = Path(__file__).resolve().parents[2]


def index_apart(directory: Path, guide: Guide) -> None:
    """Index a guide in a child process. Whether it worked, the next look at the index tells, and says why not."""
    command = [sys.executable, "-m", "interviewer.retrieval.apart", str(directory)]
    path = os.pathsep.join([str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        subprocess.run(  # noqa: S603 - this very program
            command,
            input=guide.model_dump_json(),
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return


def main() -> None:
    """Index the guide on standard input into the directory that is named."""
    GuideIndex(Path(sys.argv[1]), Embedder()).ensure([Guide.model_validate_json(sys.stdin.buffer.read())])


if __name__ == "__main__":
    main()
