"""What a hostile candidate gains, by engine: python -m bench.attacks [--engine NAME] [--questions N a guide].

`likeness` is the embedded engine without its trained reader.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.guard import content_guides
from interviewer.evaluation.attacks import Attack, Outcome, attacks, outcomes
from interviewer.ports import Engine

SECONDS_LIMIT = 5.0


class Remembering:
    """An embedding model that reads no text twice."""

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self._known: dict[str, Any] = {}

    def embed(self, texts: Sequence[str]) -> Any:
        """As the model would."""
        import numpy as np

        fresh = list(dict.fromkeys(t for t in texts if t not in self._known))
        if fresh:
            self._known |= dict(zip(fresh, self._encoder.embed(fresh), strict=True))
        return np.stack([self._known[t] for t in texts])


def engine_named(name: str) -> Engine:
    """The engine, with a model that reads no text twice where it is embedded. `likeness`: without the reader."""
    from interviewer.settings import Settings
    from interviewer.wiring import House

    house = House(Settings())
    if name not in {"embedded", "likeness"}:
        return house.engine(name)
    from interviewer.engines.embedded import EmbeddedEngine

    return EmbeddedEngine(Remembering(house.encoder), house.phrases, house.reader if name == "embedded" else None)


async def gathered(engine: Engine, questions: int, suite: Sequence[Attack]) -> list[Outcome]:
    """The outcomes of a suite on some questions of each guide that ships."""
    found: list[Outcome] = []
    for number, guide in enumerate(content_guides()):
        step = max(1, len(guide.questions) // questions)
        chosen = guide.questions[number % step :: step][:questions]
        found += [each async for each in outcomes(engine, guide, chosen, suite)]
    return found


def report(name: str, found: list[Outcome], seconds: float) -> bool:
    """Print what was gained; whether it was nothing."""
    fair = [o for o in found if not o.attack.honest]
    rose = [o for o in fair if o.rose]
    seen = Counter(o.attack.family for o in fair)
    noticed = Counter(o.attack.family for o in fair if o.attacked.signals)
    gained = Counter(o.attack.family for o in rose)
    for family in seen:
        print(f"{name}, {family:20} {gained[family]:4} of {seen[family]:5} rose, {noticed[family]:5} seen")
    for o in rose[:40]:
        print(f"   rose: {o.attack.id} {o.place} {o.question_id} {o.base} {o.clean.score} -> {o.attacked.score}")
    ungraded = sum(o.attacked.status == "ungraded" for o in found)
    print(
        f"{name}, all: {len(attacks())} attacks, {len(rose)} of {len(fair)} rose, {ungraded} ungraded, {seconds:.0f} s"
    )
    for attack in dict.fromkeys(o.attack for o in found if o.attack.honest):
        mine = [o for o in found if o.attack == attack]
        told = sum(attack.signal in o.attacked.signals for o in mine) if attack.signal else 0
        mean = sum((o.attacked.score or 0) - (o.clean.score or 0) for o in mine) / len(mine)
        print(f"{name}, {attack.id:28} {mean:+6.1f} points a message, signal {attack.signal}: {told} of {len(mine)}")
    slowest = max(found, key=lambda o: o.seconds)
    print(f"slowest to grade: {slowest.attack.id}, {slowest.seconds:.2f} s   limit {SECONDS_LIMIT} s")
    return not rose and slowest.seconds <= SECONDS_LIMIT


def main(names: Sequence[str] = ("scripted", "embedded"), questions: int = 2) -> bool:
    """Print the figures; whether nothing was gained."""
    fine = True
    for name in names:
        began, engine = time.perf_counter(), engine_named(name)
        found = asyncio.run(gathered(engine, questions, attacks()))
        fine &= report(name, found, time.perf_counter() - began)
        unseen = asyncio.run(gathered(engine, questions, attacks("attacks_unseen")))
        rose = [(o.attacked.score or 0) - (o.clean.score or 0) for o in unseen if o.rose]
        gain = sum(rose) / max(len(rose), 1)
        print(
            f"{name}, no rule written for: {len(rose)} of {len(unseen)} rose, by {gain:.0f} points each   not promised"
        )
    return fine


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", action="append", choices=["scripted", "embedded", "likeness", "openai"])
    parser.add_argument("--questions", type=int, default=2)
    chosen = parser.parse_args()
    sys.exit(0 if main(chosen.engine or ("scripted", "embedded"), chosen.questions) else 1)
