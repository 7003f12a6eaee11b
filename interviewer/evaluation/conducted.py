"""Whole interviews with simulated candidates, and every rule of conduct that was broken: the suite of kind "conduct".

    kind = "conduct"
    cases = "../answers"              # labelled answers, with quotes, to questions of the guides
    [options]
    questions = 2                     # of each interview
    candidates = ["expert"]           # by default all of candidates.scripted, and played ones where there is a model
    seed = 1
    longest = 80                      # words of a turn, without what code adds to it
    at_once = 8                       # interviews under way

Each candidate is interviewed from every guide, by turns in practice and in assess mode, by the real conductor. See
conduct_rules for the rules.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import Field

from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import EngineError, SettingsError
from interviewer.domain.guide import Frozen, Guide
from interviewer.domain.interview import MessageKind, Mode, Plan
from interviewer.domain.policy import MAX_HINTS, MAX_REDIRECTS, MAX_REFUSALS, MAX_REPAIRS
from interviewer.domain.state import Status
from interviewer.domain.text import words
from interviewer.evaluation.candidates import Candidate, Moment, Player, played, scripted
from interviewer.evaluation.conduct_rules import RULES, SPOKEN, Broken, Interviewed, aimed, broken, questions_of
from interviewer.evaluation.paired import Cells, Findings, average, share
from interviewer.evaluation.quoted import QuotedQuestion
from interviewer.evaluation.results import Measure, RunInfo, SuiteResult, Table, Violation
from interviewer.evaluation.sittings import answered, undisclosed

EXPECTED = "kept"


class Options(Frozen):
    """What a suite's file may say; see the module."""

    questions: int = Field(default=2, ge=1)
    candidates: tuple[str, ...] = ()
    seed: int = 1
    longest: int = Field(default=80, ge=1)
    at_once: int = Field(default=8, ge=1)


def most_turns(plan: Plan) -> int:
    """More turns than the budgets of a plan allow."""
    budgets = plan.probes + plan.follow_ups + MAX_HINTS + MAX_REFUSALS + MAX_REPAIRS + MAX_REDIRECTS
    return len(plan.questions) * (budgets + 4) + 4


async def interviewed(
    conductor: Conductor, guide: Guide, plan: Plan, candidate: Candidate, answers: Mapping[str, QuotedQuestion]
) -> Interviewed:
    """The whole interview, by the real conductor. `answers` are labelled ones, by the question's text."""
    interview = await conductor.start(plan, guide, candidate="sim", channel="evaluation")
    held = Interviewed(candidate.name, guide, plan)
    latest = interview.turns[0]
    heard, dialogue = [""], [("interviewer", latest.reply)]
    while len(held.turns) < most_turns(plan):
        state = await conductor.load(interview.id)
        question = guide.question(state.floor or "")
        if state.status is Status.ENDED or question is None:
            held.ended = True
            break
        under = tuple(s for s, floor in zip(held.said, held.floor, strict=True) if floor == question.id)
        moment = Moment(question, latest, under, answers.get(question.text), tuple(dialogue))
        try:
            message = await candidate.reply(moment)
        except EngineError as error:
            held.failure = f"the candidate could not be played: {error.reason}"
            break
        text = "" if isinstance(message, MessageKind) else message
        heard.append(text)
        held.said.append(text)
        held.floor.append(question.id)
        latest = await answered(conductor, interview.id, message, len(heard))
        held.turns.append(latest)
        dialogue += [("candidate", text), ("interviewer", latest.reply)]
        held.leaked += [(latest.number, run) for run in undisclosed(latest, guide, plan, held.turns, heard)]
    held.scorecard = await conductor.scorecard(interview.id)
    return held


async def conduct(
    conductor: Conductor,
    guides: Sequence[Guide],
    labelled: Sequence[QuotedQuestion],
    info: RunInfo,
    options: Options | None = None,
    player: Player | None = None,
) -> SuiteResult:
    """All candidates in all guides, and what came of it. Raises SettingsError, and EngineUnusable."""
    options = options or Options()
    began = time.perf_counter()
    answers = {q.question: q for q in labelled}
    gate = asyncio.Semaphore(options.at_once)

    async def one(guide: Guide, plan: Plan, candidate: Candidate) -> Interviewed:
        async with gate:
            return await interviewed(conductor, guide, plan, candidate, answers)

    planned = list(_planned(guides, answers, _candidates(options, player), options))
    held = await asyncio.gather(*(one(*each) for each in planned))
    found = measure(held, answers, options)
    failed = Counter(t.failure or t.unspoken for h in held for t in h.turns if t.failure or t.unspoken)
    unplayed = Counter(h.failure for h in held if h.failure)
    return SuiteResult(
        info=info,
        kind="conduct",
        graded=sum(len(h.turns) for h in held) - failed.total(),
        ungraded=failed.total() + unplayed.total(),
        reasons=dict(failed + unplayed),
        measures=found.measures,
        violations=found.violations,
        tables=found.tables,
        warnings=found.warnings,
        problems=() if held else ("There was no question to ask: no labelled answer is about one of the guides.",),
        seconds=time.perf_counter() - began,
    )


def _candidates(options: Options, player: Player | None) -> list[Candidate]:
    everyone: list[Candidate] = list(scripted())
    everyone += played(player) if player else ()
    names = {c.name: c for c in everyone}
    if unknown := [name for name in options.candidates if name not in names]:
        raise SettingsError(f"There is no candidate {unknown[0]!r}.", f"There are: {', '.join(names)}.")
    return [names[name] for name in options.candidates] or everyone


def _planned(
    guides: Sequence[Guide], answers: Mapping[str, QuotedQuestion], candidates: Sequence[Candidate], options: Options
) -> Iterator[tuple[Guide, Plan, Candidate]]:
    """Which candidate is asked what: other questions for each, and the modes by turns."""
    for place, guide in enumerate(guides):
        known = [q.id for q in guide.questions if q.text in answers and q.key_points]
        for number, candidate in enumerate(candidates if known else ()):
            start = (number * options.questions + options.seed) % len(known)
            asked = tuple(dict.fromkeys(known[(start + n) % len(known)] for n in range(options.questions)))
            plan = Plan(
                guide_id=guide.id,
                guide_title=guide.title,
                guide_revision=guide.revision,
                questions=asked,
                mode=(Mode.PRACTICE, Mode.ASSESS)[(number + place) % 2],
                seed=options.seed,
            )
            yield guide, plan, candidate


def measure(
    held: Sequence[Interviewed], answers: Mapping[str, QuotedQuestion], options: Options | None = None
) -> Findings:
    """The share of interviews in which each rule was broken, how long and how many the turns were; by candidate."""
    options = options or Options()
    faults = {h.name: broken(h, answers, options.longest) for h in held}
    warnings = [f"{h.name}: {h.failure}." for h in held if h.failure]
    if not held:
        return Findings()
    return Findings(
        measures=tuple(m.model_copy(update={"clusters": 0}) for m in (*_rules(held, faults), *_turns(held, answers))),
        violations=tuple(_violation(h, each) for h in held for each in faults[h.name]),
        tables=(_by_candidate(held, faults),),
        warnings=tuple(warnings),
    )


def _rules(held: Sequence[Interviewed], faults: Mapping[str, Sequence[Broken]]) -> Iterator[Measure]:
    guides = [h.guide.id for h in held]
    for rule in RULES:
        yield share(f"broken: {rule}", [any(f.rule == rule for f in faults[h.name]) for h in held], guides)
    yield share("violation rate", [bool(faults[h.name]) for h in held], guides)


def _turns(held: Sequence[Interviewed], answers: Mapping[str, QuotedQuestion]) -> Iterator[Measure]:
    own = [(h, t) for h in held for t in h.turns if t.move.kind in SPOKEN]
    guides = [h.guide.id for h, _ in own]
    yield average("words a turn", [float(len(words(t.reply))) for _, t in own], guides)
    yield average("questions a turn", [float(questions_of(t, h.guide)) for h, t in own], guides)
    yield average("turns a question", [len(h.turns) / len(h.plan.questions) for h in held], [h.guide.id for h in held])
    at_points = [
        (h, bool(made))
        for h in held
        for q in h.guide.questions
        if q.id in h.plan.questions
        for _, made in aimed(h, q, answers.get(q.text))
    ]
    yield share("aimed at what was made", [made for _, made in at_points], [h.guide.id for h, _ in at_points])


def _violation(held: Interviewed, fault: Broken) -> Violation:
    score = held.scorecard.score if held.scorecard and held.scorecard.score is not None else 0.0
    where = f"turn {fault.turn}" + (f", {fault.question}" if fault.question else "")
    return Violation(
        item=held.name,
        variant=fault.rule,
        expected=EXPECTED,
        before=score,
        now=score,
        detail=f"{where}: {fault.detail}",
    )


def _by_candidate(held: Sequence[Interviewed], faults: Mapping[str, Sequence[Broken]]) -> Table:
    groups: dict[str, list[Interviewed]] = defaultdict(list)
    for each in held:
        groups[each.candidate].append(each)
    rows: list[Cells] = []
    for name, mine in groups.items():
        turns = [t for h in mine for t in h.turns]
        own = [len(words(t.reply)) for t in turns if t.move.kind in SPOKEN]
        scores = [h.scorecard.score for h in mine if h.scorecard and h.scorecard.score is not None]
        asked = sum(len(h.plan.questions) for h in mine)
        rows.append(
            (
                name,
                len(mine),
                _mean(scores),
                len(turns) / asked,
                _mean(own),
                max(own, default=0),
                sum(t.blocked for t in turns),
                sum(len(faults[h.name]) for h in mine),
            )
        )
    return Table(
        title="Interviews by candidate",
        columns=(
            "candidate",
            "interviews",
            "score",
            "turns a question",
            "words a turn",
            "longest",
            "held back",
            "faults",
        ),
        rows=tuple(rows),
        note="Score 0 to 100, mean. Held back: versions of a reply that the guard did not let pass.",
    )


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None
