"""Opens a Chroma folder in a process of its own and reads all of it: a damaged one can end the process that opens it.

    python -m interviewer.retrieval.probe FOLDER

Exit status 0: every collection can be read. Anything else, a signal included: the folder must not be opened.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROBE_SECONDS = 120


def is_sound(folder: Path) -> bool:
    """Whether the folder can be opened and read. The caller holds the writer's lock; takes about two seconds."""
    command = [sys.executable, "-m", __name__, str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    silent = subprocess.DEVNULL
    try:
        status = subprocess.run(  # noqa: S603 - our own module, in our own interpreter
            command, stdin=silent, stdout=silent, stderr=silent, env=environment, timeout=PROBE_SECONDS, check=False
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False
    return status == 0


def main() -> None:
    """Read every collection of the folder; an exception or a crash is the answer "no"."""
    from interviewer.retrieval.chroma import Collections, local_client

    client = local_client(Path(sys.argv[1]))
    Collections(lambda: client).read_all()
    client.close()


if __name__ == "__main__":
    main()
