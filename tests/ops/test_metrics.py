"""Measurements, read back by Prometheus' own parser."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from interviewer.domain.errors import StoreDown
from interviewer.ops.metrics import Metrics, each, one
from interviewer.ops.watch import Watch
from interviewer.ports import Backlog
from tests.fakes import FakeStore

Read = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Read:
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_counts_and_levels_are_read_when_asked_for() -> None:
    metrics, counts = Metrics(), Counter(a=1)
    metrics.count("things_total", "Things.\nWith a \\ in it.", lambda: one(counts["a"]))
    metrics.level("temperature", "How warm.", lambda: each("room", {'a "b" \\ \n c': 1.5, "": float("inf")}))
    counts["a"] += 2
    assert read(metrics.text()) == {
        ("things_total", ()): 3,
        ("temperature", (("room", 'a "b" \\ \n c'),)): 1.5,
        ("temperature", (("room", ""),)): float("inf"),
    }


def test_a_spread_is_cumulative() -> None:
    metrics = Metrics()
    spread = metrics.spread("seconds", "How long.", (1.0, 2.5))
    for value in (0.5, 1.0, 1.5, 99):
        spread.note(value)
    spread.note(2.0, kind="other")
    found = read(metrics.text())
    assert [found["seconds_bucket", (("le", bound),)] for bound in ("1", "2.5", "+Inf")] == [2, 3, 4]
    assert (found["seconds_sum", ()], found["seconds_count", ()]) == (102, 4)
    assert found["seconds_count", (("kind", "other"),)] == 1


class Hands:
    slots = 8
    working = 3


class Busy(FakeStore):
    async def backlog(self, platforms: object = ()) -> Backlog:
        return Backlog(waiting=5, held=3, oldest=1.5)


class Down(FakeStore):
    async def backlog(self, platforms: object = ()) -> Backlog:
        raise StoreDown("Down.")


@pytest.mark.parametrize("up", [True, False])
def test_what_is_measured_of_a_process(up: bool) -> None:
    watch = Watch(Hands(), Counter(turns=7), Busy() if up else Down(), lambda: {"slack": True, "discord": False})
    watch.served(0.3, "")
    watch.served(9.0, "ChannelDown")
    asyncio.run(watch.refresh())
    found = read(watch.metrics.text())
    assert found["interviewer_turns_total", ()] == 7
    assert found["interviewer_failures_total", (("error", "ChannelDown"),)] == 1
    assert found["interviewer_service_seconds_count", ()] == 1
    assert found["interviewer_up", (("part", "slack"),)] == 1
    assert found["interviewer_up", (("part", "discord"),)] == 0
    assert found["interviewer_up", (("part", "database"),)] == up
    assert (found["interviewer_serving", ()], found["interviewer_slots", ()]) == (3, 8)
    assert found.get(("interviewer_waiting", ())) == (5 if up else None)
    assert found["process_resident_memory_bytes", ()] > 1e6
    assert found["process_cpu_seconds_total", ()] > 0
