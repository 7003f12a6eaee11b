"""How well the guard holds back what must not be said, how seldom it stops an honest line, what a piece costs."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from statistics import median

from interviewer.conduct.guard import DISTINCTIVE_LEAST, Guard, Leak, secrets_of
from interviewer.domain.guide import Guide
from interviewer.evaluation import leaks
from interviewer.evaluation.leaks import Line
from interviewer.guides.parse import parse_guide
from interviewer.prompts import phrases
from interviewer.resources import resource_folder

FALSE_ALARMS_LIMIT = 1 / 500
PIECE_LIMIT_MS = 0.3
LEAST_HONEST = 2_000


def content_guides() -> list[Guide]:
    """The guides that ship."""
    parsed = (parse_guide(p.read_bytes(), p.name).guide for p in sorted(resource_folder("content").glob("*.md")))
    return [guide for guide in parsed if guide is not None]


def blocked(lines: Iterable[Line]) -> tuple[Counter[str], Counter[str], list[Line]]:
    """Lines and blocked lines by form, and those that passed."""
    seen: Counter[str] = Counter()
    held: Counter[str] = Counter()
    passed = []
    for line in lines:
        seen[line.form] += 1
        if line.guard.leaks(line.text):
            held[line.form] += 1
        else:
            passed.append(line)
    return seen, held, passed


def report_honest(guides: list[Guide]) -> bool:
    """Print how many honest lines are blocked; whether that is few enough."""
    lines = [line for g in guides for line in (*leaks.honest_lines(g, phrases()), *leaks.strangers(g))]
    seen, held, _ = blocked(lines)
    for form in seen:
        print(f"honest, {form:24} {held[form]:5} of {seen[form]:5} blocked")
    share, free = held.total() / seen.total(), held["free"] / seen["free"]
    distinct = len({line.text for line in lines})
    print(f"honest, all ({distinct} distinct)     {held.total():5} of {seen.total():5} blocked   limit 1 in 500")
    return share <= FALSE_ALARMS_LIMIT and free <= FALSE_ALARMS_LIMIT and distinct >= LEAST_HONEST


def report_planted(guides: list[Guide]) -> bool:
    """Print how many planted leaks are blocked; whether all of the plain, coded and lightly reworded ones are."""
    whole = True
    strict = leaks.PLAIN_FORMS | leaks.CODED_FORMS | leaks.LIGHT_FORMS
    for forms, must in ((strict, True), (leaks.PART_FORMS, False)):
        lines = [line for g in guides for line in leaks.planted(g, forms)]
        seen, held, passed = blocked(line for line in lines if line.telling)
        for form in seen:
            print(f"leak, {form:30} {held[form]:5} of {seen[form]:5} blocked{'   limit: all' if must else ''}")
        whole &= not must or not passed
    scant = [line for g in guides for line in leaks.planted(g, {"verbatim": str}) if not line.telling]
    _, held, _ = blocked(scant)
    print(f"leak, verbatim, under {DISTINCTIVE_LEAST} telling words {held.total():3} of {len(scant):5} blocked")
    seen, held, _ = blocked(line for g in guides for line in leaks.paraphrased(g))
    print(f"leak, told in quite other words      {held.total():5} of {seen.total():5} blocked   measured, not promised")
    return whole


async def piece_times(guard: Guard, text: str) -> list[float]:
    """Milliseconds that the guard takes for each piece of a text that streams by."""
    times: list[float] = []

    async def pieces() -> AsyncIterator[str]:
        for piece in re.findall(r"\S+\s*", text):
            started = time.perf_counter()
            yield piece
            times.append((time.perf_counter() - started) * 1e3)

    try:
        async for _ in guard.passed(pieces()):
            pass
    except Leak:
        pass
    return times


def report_speed(guides: list[Guide]) -> bool:
    """Print what a streamed piece costs; whether that is within its limit."""
    guide = guides[0]
    honest = " ".join(line.text for line in leaks.honest_lines(guide, phrases()) if line.form == "free")
    allowed = [q.text for q in guide.questions] + [honest]
    times = asyncio.run(piece_times(Guard(secrets_of(guide), (), allowed), honest))
    typical, late = median(times), sorted(times)[int(len(times) * 0.99)]
    print(
        f"a streamed piece, ms: median {typical:.3f}, p99 {late:.3f} of {len(times)}   limit {PIECE_LIMIT_MS} (median)"
    )
    return typical <= PIECE_LIMIT_MS and len(times) > 400


def main() -> bool:
    """Print the figures; whether each is within its limit."""
    guides = content_guides()
    return all([report_honest(guides), report_planted(guides), report_speed(guides)])


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
