"""Whether the key point that somebody made is found again from their words: the suite of kind "retrieval".

    kind = "retrieval"
    cases = "../answers"              # labelled answers, with quotes, to questions of the guides
    [options]
    cuts = [1, 3, 5]                  # recall at these ranks

The query is the quote that shows a covered point. It is looked for among the key points of its question, and of its
whole guide, by the retriever that interviews use (ports.Retriever).
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from pydantic import Field

from interviewer.domain.guide import Frozen, Guide
from interviewer.evaluation.figures import Figure
from interviewer.evaluation.intervals import bootstrap
from interviewer.evaluation.metrics import recall_at, reciprocal_rank
from interviewer.evaluation.paired import Cells
from interviewer.evaluation.quoted import QuotedQuestion, Said, said_of
from interviewer.evaluation.results import Measure, RunInfo, SuiteResult, Table
from interviewer.ports import Match, Retriever

SCOPES = ("question", "guide")
LISTED = 20


class Options(Frozen):
    """What a suite's file may say; see the module."""

    cuts: tuple[int, ...] = Field(default=(1, 3, 5), min_length=1)


class Ranked(Frozen):
    """A quote, and the rank from 1 of its point among those of its question and of its guide; inf where not found.

    `nearest` is the point that was ranked first in the question.
    """

    said: Said
    question: float
    guide: float
    nearest: str = ""

    model_config = Frozen.model_config | {"allow_inf_nan": True}


async def ranked(retriever: Retriever, guides: Sequence[Guide], labelled: Sequence[QuotedQuestion]) -> list[Ranked]:
    """The rank of every quote's point. Quotes for statements that are in no guide (any more) are left out."""
    by_text = {(g.id, q.text): (g, q) for g in guides for q in g.questions}
    found = []
    for said in said_of(list(labelled)):
        guide, question = by_text.get((said.guide, said.question), (None, None))
        right = next((k.id for k in question.key_points if k.text == said.text), "") if question else ""
        if guide is None or question is None or not right:
            continue
        count = sum(len(q.key_points) for q in guide.questions)
        near = await retriever.match(guide, said.quote, kinds=("key_point",), count=count)
        own = [m for m in near if m.question_id == question.id]
        inside, among = (_rank(matches, question.id, right) for matches in (own, near))
        found.append(Ranked(said=said, question=inside, guide=among, nearest=own[0].text if own else ""))
    return found


def _rank(near: Sequence[Match], question_id: str, right: str) -> float:
    """The place of the right point, from 1; inf where it is not there."""
    places = (n for n, m in enumerate(near, 1) if (m.question_id, m.item_id) == (question_id, right))
    return next(places, math.inf)


async def retrieval(
    retriever: Retriever,
    guides: Sequence[Guide],
    labelled: Sequence[QuotedQuestion],
    info: RunInfo,
    options: Options | None = None,
) -> SuiteResult:
    """Recall at k and mean reciprocal rank, by scope and guide. Raises IndexUnavailable."""
    options = options or Options()
    began = time.perf_counter()
    found = await ranked(retriever, guides, labelled)
    return SuiteResult(
        info=info,
        kind="retrieval",
        graded=len(found),
        measures=tuple(m for scope in SCOPES for m in _measures(scope, found, options)),
        tables=tuple(t for t in (_by_guide(found, options), _hardest(found)) if t.rows),
        problems=() if found else ("No labelled answer is about a question of one of the guides.",),
        seconds=time.perf_counter() - began,
    )


def _figures(scope: str, found: Sequence[Ranked], options: Options) -> dict[str, Figure]:
    ranks = [float(getattr(one, scope)) for one in found]
    recalls = {f"recall at {cut}": recall_at(ranks, cut) for cut in options.cuts}
    return {**recalls, "mean reciprocal rank": reciprocal_rank(ranks)}


def _measures(scope: str, found: Sequence[Ranked], options: Options) -> list[Measure]:
    clusters = [f"{one.said.guide}/{one.said.question_id}" for one in found]
    made = []
    for name, figure in _figures(scope, found, options).items() if found else ():
        low, high = bootstrap(figure, clusters)
        made.append(
            Measure(
                name=f"{name}, of the {scope}",
                value=figure.value,
                low=low if math.isfinite(low) else None,
                high=high if math.isfinite(high) else None,
                n=figure.n,
                clusters=len(set(clusters)),
            )
        )
    return made


def _by_guide(found: Sequence[Ranked], options: Options) -> Table:
    rows: list[Cells] = []
    for guide in sorted({one.said.guide for one in found}):
        mine = [one for one in found if one.said.guide == guide]
        for scope in SCOPES:
            rows.append((guide, scope, len(mine), *(f.value for f in _figures(scope, mine, options).values())))
    names = list(_figures("question", found, options))
    return Table(
        title="The right key point from its quote", columns=("guide", "among", "quotes", *names), rows=tuple(rows)
    )


def _hardest(found: Sequence[Ranked]) -> Table:
    """The quotes whose point is furthest from the first place among those of its question."""
    missed = sorted((one for one in found if one.question > 1), key=lambda one: -one.question)[:LISTED]
    rows: list[Cells] = []
    for one in missed:
        rank = int(one.question) if math.isfinite(one.question) else None
        rows.append((f"{one.said.guide}/{one.said.question_id}", rank, one.said.quote, one.said.text, one.nearest))
    columns = ("question", "rank", "quote", "the point that it makes", "the nearest")
    return Table(title="Points that were hardest to find", columns=columns, rows=tuple(rows))
