#!/usr/bin/env python3
"""`interviewer eval check` after three edits of prompts/assess.md.j2: a harmless, a harmful and a lenient one.

    python -m bench.prompt_edits

A model is played by rules, over HTTP: it knows the labels of the agreement cases, errs on one verdict in thirty, on
others whenever a word of its instructions changes, and heeds two things that these say. So this shows what a maintainer
sees, and not how models react to such edits.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from interviewer.domain.grading import Verdict
from interviewer.evaluation.canaries import moved
from interviewer.evaluation.cases import Case, load_cases
from interviewer.resources import resource_folder

PROMPT = resource_folder("prompts") / "assess.md.j2"
CASES = {c.answer.strip(): c for c in load_cases(resource_folder("evals") / "cases" / "agreement").cases}
ERRS = 1 / 30
_FENCED = re.compile(r"<<<([0-9a-f]+)\n(.*?)\n\1>>>", re.DOTALL)

NAMED = (
    " Also if only named, listed, asked about, promised, taken from the question, or so general that it fits any point."
)
DOUBT = "\nWhere you are in doubt, give the better verdict."
EDITS = {
    "harmless: other words for the same": ("You read what a candidate said", "You are shown what a candidate said"),
    "harmful: no longer says that naming a thing is not making its point": (NAMED, ""),
    "lenient: the better verdict where in doubt": ("\n# Pitfalls", f"{DOUBT}\n\n# Pitfalls"),
}


def verdicts(case: Case, instructions: str) -> list[Verdict]:
    """What this model says of an answer under these instructions."""
    chance = random.Random(hashlib.sha256(f"{instructions}\0{case.answer}".encode()).digest())
    found = []
    for label in case.label.key_points:
        verdict = moved(label, chance.choice((-1, 1))) if chance.random() < ERRS else label
        if NAMED.strip() not in instructions and case.design == "bluff" and verdict is Verdict.MISSING:
            verdict = Verdict.COVERED if chance.random() < 0.5 else verdict
        if DOUBT.strip() in instructions and verdict in (Verdict.PARTIAL, Verdict.MISSING) and chance.random() < 0.3:
            verdict = moved(verdict, 1)
        found.append(verdict)
    return found


def filled(messages: list[dict[str, Any]]) -> str:
    """The sheet."""
    system, user = (str(m["content"]) for m in messages[:2])
    said = _FENCED.findall(user)[-1][1].strip()
    case = CASES[said]
    quote = " ".join(said.split()[:10])
    quote = next((s for s in re.split(r"\n", said) if s.strip()), quote)[:80].rsplit(" ", 1)[0]
    points = {f"k{n}": v.value for n, v in enumerate(verdicts(case, system), 1)}
    pitfalls = {f"p{n}": c for n, c in enumerate(case.label.pitfalls, 1)}
    shown = {i: quote if v != "missing" else "" for i, v in points.items()} | {
        i: quote if v else "" for i, v in pitfalls.items()
    }
    return json.dumps({"kind": "answer", "lacks": [], "points": points, "pitfalls": pitfalls, "steering": False, "quotes": shown})  # fmt: skip  # noqa: E501


class Handler(BaseHTTPRequestHandler):
    """A chat completion in one piece."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        choice = {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": filled(asked["messages"])},
        }
        body = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "rules", "choices": [choice]})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def evaluated(home: Path, address: str, prompts: Path | None, *args: str) -> tuple[int, str]:
    """Exit status and output of `interviewer eval`."""
    env = {
        **os.environ,
        "OPENAI_BASE_URL": address,
        "INTERVIEWER_GRADER__MODEL": "rules",
        "INTERVIEWER_DATA_DIR": str(home / "data"),
        "INTERVIEWER_CACHE_DIR": str(home / "cache"),
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }
    env |= {"INTERVIEWER_PROMPTS": str(prompts)} if prompts else {}
    command = [sys.executable, "-c", "from interviewer.cli.main import main; main()", "eval", *args,
               "--engine", "openai", "--home", str(home)]  # fmt: skip
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def main() -> None:
    """Bless, then check after each edit."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        print(evaluated(home, address, None, "bless", "agreement")[1])
        for name, (old, new) in EDITS.items():
            prompts = home / name.partition(":")[0]
            prompts.mkdir()
            text = PROMPT.read_text("utf-8")
            assert text.count(old) == 1, old
            (prompts / PROMPT.name).write_text(text.replace(old, new), "utf-8")
            status, said = evaluated(home, address, prompts, "check", "agreement")
            print(f"\n=== {name}\n$ interviewer eval check agreement\n{said}exit status {status}")
    server.shutdown()


if __name__ == "__main__":
    main()
