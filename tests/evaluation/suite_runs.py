"""What tests of suites share: labelled answers, and items graded by the product's own function, without a ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

from interviewer.conduct.single import grade_answer
from interviewer.evaluation.canaries import Key, Known, answer_key
from interviewer.evaluation.cases import CaseSet
from interviewer.evaluation.injection import trials
from interviewer.evaluation.metamorphic import Options, variants
from interviewer.evaluation.quoted import QuotedQuestion, load_any, read_quoted
from interviewer.evaluation.results import Item, Row
from interviewer.ports import Engine
from interviewer.resources import resource_folder

ANSWERS = resource_folder("evals") / "answers"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@cache
def cases() -> CaseSet:
    return load_any(ANSWERS)


@cache
def labelled() -> tuple[QuotedQuestion, ...]:
    return tuple(read_quoted(ANSWERS))


@cache
def everything_known() -> dict[Key, Known]:
    """What an oracle has to know for the suites metamorphic and injection."""
    changed = [(v.item, v.label) for v in variants(cases(), Options())]
    attacked = [(item, t.label) for t in trials(cases()) for item in (t.clean, t.attacked, t.harmless)]
    return answer_key(cases().cases, [*changed, *attacked])


def rows_of(engine: Engine, items: Iterable[Item], repeats: int = 1) -> list[Row]:
    """Every item graded, in the order given."""
    return asyncio.run(_rows(engine, list(items), repeats))


async def _rows(engine: Engine, items: list[Item], repeats: int) -> list[Row]:
    found = []
    for item in items:
        for repeat in range(repeats):
            grade = await grade_answer(engine, item.question, item.answer, earlier=item.earlier)
            found.append(
                Row(
                    key=f"{item.id}#{repeat}",
                    item=item.id,
                    case_id=item.case_id,
                    cluster=item.cluster,
                    variant=item.variant,
                    repeat=repeat,
                    grade=grade,
                    at=AT,
                )
            )
    return found
