"""Nothing phones home: an interview with the embedded engine leaves no trace of telemetry, and opens no connection."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CALL = """
import socket, sys
def refuse(*args, **kwargs):
    sys.stderr.write(f"CONNECTS {args[1:]!r}\\n")
    raise OSError("no network here")
socket.socket.connect = socket.getaddrinfo = refuse
from interviewer.cli.main import main
sys.argv = ["interviewer", "chat", "--guide", "backend-engineer", "--questions", "1", "--seed", "1"]
main()
"""


def test_an_interview_leaves_nothing_of_telemetry(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", CALL],
        input="I would delete the entry from the cache when the row changes.\n/end\n",
        capture_output=True,
        text=True,
        env=env,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "CONNECTS" not in done.stderr
    written = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")}
    assert not [p for p in written if "Microsoft" in p or "onnxruntime" in p]
