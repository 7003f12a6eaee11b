"""What a model costs in waiting and tokens, on a loopback endpoint of 200 ms to first token and 100 tokens a second.

The endpoint runs in a process of its own. The baseline of waiting is the same two calls one after the other; that of
overhead a bare socket that sends the same request in the same run; that of tokens the same turn with the whole guide,
the shortest that ships, in place of its one question.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from interviewer.conduct.plan import make_plan
from interviewer.conduct.turn import Conductor
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Inbound, Mode, Move, MoveKind, Turn
from interviewer.engines.llm import LlmEngine
from interviewer.engines.llm_client import warm
from interviewer.engines.llm_models import Address, Role
from interviewer.engines.llm_prompts import messages_of, speak_prompt
from interviewer.guides.library import Library
from interviewer.ports import AssessRequest, SpeakRequest, utc_now
from interviewer.prompts import phrases
from interviewer.resources import resource_folder
from interviewer.stores.sql import SqlStore
from tests.fakes import FakeRetriever
from tests.faults.server import Act, Endpoint, Exchange, split, streamed

FIRST, RATE = 0.2, 100.0
FIRST_WORD_MS = 750.0
OVERHEAD_MS = 30.0
TOKEN_SHARE = 0.25
TURNS, PAIRS = 6, 12
GUIDE = "machine-learning-engineer"
QUOTE = "I would measure first where the time goes"
ANSWER = f"{QUOTE}, and only then change anything, one thing at a time, with a way back. " * 3
WORDS = "Thank you, I follow. Let me stay with that for a moment: what else would you look at before you decide?"
PROBE = SpeakRequest(
    move=Move(kind=MoveKind.PROBE), mode=Mode.PRACTICE, question="Why?", category="technical", turn=0,
    dialogue=(("candidate", ANSWER),),
)  # fmt: skip


def filled(schema: dict[str, Any]) -> str:
    """A sheet for a request's schema: the first point made and quoted, no other."""
    fields = schema["properties"]
    sheet: dict[str, Any] = {"kind": "answer"}
    for name in [n for n in fields if n != "kind"]:
        ids = fields[name].get("properties", {})
        match name:
            case "points":
                sheet[name] = {i: "covered" if i == "k1" else "missing" for i in ids}
            case "pitfalls" | "elsewhere":
                sheet[name] = dict.fromkeys(ids, False)
            case "quotes":
                sheet[name] = {i: QUOTE if i == "k1" else "" for i in ids}
            case _:
                sheet[name] = [] if name == "lacks" else False
    return json.dumps(sheet, separators=(",", ":"))


async def serve() -> None:
    """The endpoint, until standard input closes."""

    async def assess(exchange: Exchange) -> None:
        schema = exchange.body["response_format"]["json_schema"]["schema"]
        await streamed(filled(schema), first=FIRST, rate=RATE)(exchange)

    speak: Act = streamed(WORDS, first=FIRST, rate=RATE)
    async with Endpoint(split(assess, speak)) as endpoint:
        print(endpoint.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def served() -> Iterator[str]:
    """The endpoint's address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.llm", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def engine_at(url: str) -> LlmEngine:
    """The engine as it ships, on this address."""
    return LlmEngine(Address(url), Role("grader", "m"), Role("speaker", "m"), phrases())


async def first_words(url: str, guide: Guide, folder: Path) -> tuple[list[float], list[Turn]]:
    """Milliseconds from a message's arrival to the first word of the reply, of turns that probe; and those turns."""
    store = SqlStore(f"sqlite:///{folder / 'bench.db'}")
    await store.open()
    engine = engine_at(url)
    conductor = Conductor(store, engine, FakeRetriever(), phrases())
    plan = make_plan(guide, count=TURNS, mode=Mode.ASSESS, seed=1)
    interview = await conductor.start(plan, guide, candidate="bench", channel="bench")
    times, turns = [], []
    for n in range(TURNS):
        heard: list[float] = []

        async def listen(_: str, heard: list[float] = heard) -> None:
            heard.append(time.perf_counter())

        start = time.perf_counter()
        await conductor.receive(Inbound(id=f"m{n}", interview_id=interview.id, text=ANSWER, at=utc_now()))
        turn = await conductor.advance(interview.id, listen)
        if turn is not None:
            times.append((heard[0] - start) * 1e3)
            turns.append(turn)
    await engine.close()
    await store.close()
    return times[1:], turns


async def in_sequence(url: str, guide: Guide) -> list[float]:
    """Milliseconds to the first word when the whole assessment is awaited before speaking begins."""
    engine = engine_at(url)
    times = []
    for question in guide.questions[:3]:
        start = time.perf_counter()
        async for _ in engine.assess(AssessRequest(question=question, message=ANSWER)):
            pass
        await anext(aiter(engine.speak(PROBE)))
        times.append((time.perf_counter() - start) * 1e3)
    await engine.close()
    return times


async def overheads(url: str) -> list[float]:
    """How much later the engine hands over a first word than a bare socket sees it, in milliseconds, pair by pair."""
    engine = engine_at(url)
    found = []
    for n in range(PAIRS + 1):
        bare = await bare_first(url)
        start = time.perf_counter()
        pieces = engine.speak(PROBE)
        await anext(aiter(pieces))
        ours = (time.perf_counter() - start) * 1e3
        async for _ in pieces:
            pass
        if n:
            found.append(ours - bare)
    await engine.close()
    return found


async def bare_first(url: str) -> float:
    """Milliseconds to the first content event of the same request over a bare socket."""
    messages = [{"role": r, "content": c} for r, c in messages_of(speak_prompt(PROBE))]
    body = json.dumps({"model": "m", "stream": True, "messages": messages}).encode()
    address = urlsplit(url)
    start = time.perf_counter()
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"POST {address.path}/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await reader.readuntil(b'"content": "')
    taken = (time.perf_counter() - start) * 1e3
    writer.close()
    return taken


def tokens(turns: list[Turn], guide: Guide, text: str) -> tuple[float, float]:
    """Prompt tokens of a turn, by the endpoint's count, and what it would take with the whole guide each time."""
    sent = median(sum(c.prompt_tokens for c in t.calls) for t in turns if t.calls)
    items = [i.text for q in guide.questions for i in (*q.key_points, *q.pitfalls)]
    one_question = sum(map(len, items)) / 4 / len(guide.questions)
    return sent, sent - one_question + len(text) / 4


async def measure(url: str, guide: Guide, folder: Path) -> tuple[list[float], list[Turn], list[float], list[float]]:
    """All that is timed."""
    times, turns = await first_words(url, guide, folder)
    return times, turns, await in_sequence(url, guide), await overheads(url)


def main() -> bool:
    """Print the figures; whether each is within its limit."""
    warm()
    with tempfile.TemporaryDirectory() as folder, served() as url:
        guide = Library(own=Path(folder)).get(GUIDE)
        times, turns, sequence, over = asyncio.run(measure(url, guide, Path(folder)))
    text = (resource_folder("content") / guide.file).read_text(encoding="utf-8")
    ours, whole = tokens(turns, guide, text)
    first, overhead, share = median(times), median(over), ours / whole
    calls = median(len(t.calls) for t in turns)
    slowest, one_by_one = max(times), median(sequence)
    print(f"first word, ms               {first:8.0f}   limit {FIRST_WORD_MS:6.0f}   {len(times)} turns, "
          f"slowest {slowest:.0f}; two calls in sequence {one_by_one:.0f}")  # fmt: skip
    print(f"first token behind socket's  {overhead:8.1f}   limit {OVERHEAD_MS:6.1f}   ms, median of {len(over)} pairs")
    print(f"tokens / with whole guide    {share:8.2f}   limit {TOKEN_SHARE:6.2f}   {ours:.0f} / {whole:.0f} a turn, "
          f"{calls:.0f} calls")  # fmt: skip
    return first <= FIRST_WORD_MS and overhead <= OVERHEAD_MS and share <= TOKEN_SHARE


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        sys.exit(0 if main() else 1)
