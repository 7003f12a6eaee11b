"""How often the gate is right, by simulation: `python -m bench.gate [rounds]` prints the tables of docs/evals.md.

The world: questions of different difficulty with a few answers each; two raters' mean as the label, in half steps; a
grader with errors of its own for a question and for an answer, which it repeats, and with noise, which it does not;
its grades are scores of an answer to a question with four key points, so they come in eighths of 100.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from interviewer.evaluation.gate import LENIENCY, QWK, VARIANCE, Pairs, compare, verdict
from interviewer.evaluation.metrics import qwk, steps
from interviewer.evaluation.results import Outcome

Array = npt.NDArray[np.float64]
_SCORES, _STEPS = np.linspace(0, 100, 201), steps(np.linspace(0, 100, 201))


@dataclass(frozen=True, slots=True)
class World:
    """How many answers are graded how often, and how. Standard deviations in steps."""

    questions: int = 33
    answers: int = 6
    repeats: int = 3
    quality: float = 1.2
    difficulty: float = 0.5
    rater: float = 0.4
    question_error: float = 0.25
    answer_error: float = 0.5
    noise: float = 0.3
    lenience: float = 0.0


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit of the prompt does to the grader, in steps.

    `churn`: how far grades of single answers move with no gain or loss on the whole: the grader makes other errors, as
    large as before; `shared` is the same of whole questions. `harm`: further errors, on top. `shift`: grades rise.
    `noise`: repeats differ more. `pull`: grades move this share of the way to the middle.
    """

    churn: float = 0.0
    shared: float = 0.0
    harm: float = 0.0
    shift: float = 0.0
    noise: float = 0.0
    pull: float = 0.0


def simulate(world: World, edit: Edit, draw: np.random.Generator) -> Pairs:
    """One world, graded before and after an edit."""
    q, a, r = world.questions, world.answers, world.repeats
    truth = 3 + draw.normal(0, world.difficulty, (q, 1)) + draw.normal(0, world.quality, (q, a))
    raters = np.clip(np.round(truth[..., None] + draw.normal(0, world.rater, (q, a, 2))), 1, 5)
    by_question = draw.normal(0, world.question_error, (q, 1))
    by_answer = draw.normal(0, world.answer_error, (q, a))
    other_question = _others(by_question, world.question_error, edit.shared, draw)
    other_answer = _others(by_answer, world.answer_error, edit.churn, draw)
    before = (truth + by_question + by_answer + world.lenience)[..., None] + draw.normal(0, world.noise, (q, a, r))
    after = (truth + other_question + other_answer + world.lenience + edit.shift)[..., None]
    after = 3 + (1 - edit.pull) * (after - 3)
    after = after + draw.normal(0, edit.harm, (q, a, 1)) + draw.normal(0, np.hypot(world.noise, edit.noise), (q, a, r))
    return Pairs(
        human=raters.mean(axis=2).ravel(),
        baseline=_graded(before).reshape(q * a, r),
        now=_graded(after).reshape(q * a, r),
        clusters=np.repeat(np.arange(q), a).tolist(),
    )


def _others(errors: Array, size: float, churn: float, draw: np.random.Generator) -> Array:
    """Errors as large as these (`size`), which agree with them just so far that they differ by the churn."""
    kept = 1 - churn**2 / (2 * size**2)
    return np.asarray(kept * errors + np.sqrt(1 - kept**2) * draw.normal(0, size, errors.shape), float)


def _graded(grade: Array) -> Array:
    """A grade in steps as a score of a question with four key points could give it."""
    score = np.interp(np.clip(grade, 1, 5), _STEPS, _SCORES)
    return steps(np.round(score / 12.5) * 12.5)


@lru_cache
def harm_of(loss: float, world: World = World(), churn: float = 0.0) -> float:
    """How large further errors must be for QWK to fall by so much, in a world of very many questions."""
    many, harm = replace(world, questions=20_000), 0.5
    for _ in range(3):
        pairs = simulate(many, Edit(churn=churn, harm=harm), np.random.default_rng(1))
        fell = qwk(pairs.human, pairs.baseline).value - qwk(pairs.human, pairs.now).value
        harm *= (loss / fell) ** 0.5  # the loss grows about with the square
    return harm


def outcomes(world: World, edit: Edit, rounds: int, seed: int = 1) -> tuple[Counter[Outcome], Counter[str]]:
    """How often each outcome came, and for which metric a regression was reported."""
    draw = np.random.default_rng(seed)
    whole: Counter[Outcome] = Counter()
    named: Counter[str] = Counter()
    for _ in range(rounds):
        found = compare(simulate(world, edit, draw))
        whole[verdict(found)] += 1
        named.update(d.name for d in found if d.outcome is Outcome.REGRESSION)
    return whole, named


Line = tuple[str, World, Edit]


def level_lines() -> list[Line]:
    """Nothing is gained or lost; what is not a pass or inconclusive is a false alarm."""
    edits = {
        "no change": Edit(),
        "churn 0.25": Edit(churn=0.25),
        "churn 0.5": Edit(churn=0.5),
        "churn 0.25, and 0.25 of whole questions": Edit(churn=0.25, shared=0.25),
    }
    sizes = {
        "33 x 6 answers, 3 repeats": World(),
        "33 x 6 answers, 1 repeat": World(repeats=1),
        "33 x 6 answers, 3 repeats, QWK 0.75": World(answer_error=0.9),
        "67 x 6 answers, 3 repeats": World(questions=67),
        "16 x 6 answers, 3 repeats": World(questions=16),
        "8 x 24 answers, 3 repeats": World(questions=8, answers=24),
        "5 x 40 answers, 3 repeats": World(questions=5, answers=40),
    }
    return [(f"{size}; {edit}", sizes[size], edits[edit]) for size in sizes for edit in edits]


def loss_lines() -> list[Line]:
    """QWK falls by new errors on single answers."""
    found = []
    for error in (0.4, 0.5, 0.6, 0.75):
        world = World(answer_error=error)
        for churn in (0.0, 0.25):
            name = f"QWK {_baseline(world):.2f} falls by 0.05, 33 x 6 x 3; churn {churn:g}"
            found.append((name, world, Edit(churn=churn, harm=harm_of(0.05, world, churn))))
    for loss in (0.03, 0.08):
        found.append((f"QWK falls by {loss:g}, 33 x 6 x 3; no churn", World(), Edit(harm=harm_of(loss))))
    for questions, repeats in ((33, 1), (16, 3), (67, 3)):
        world = World(questions=questions, repeats=repeats)
        found.append((f"QWK falls by 0.05, {questions} x 6 x {repeats}; no churn", world, Edit(harm=harm_of(0.05))))
    return found


def other_lines() -> list[Line]:
    """Other harm, 33 questions x 6 answers x 3 repeats."""
    edits = {
        "a quarter step more lenient": Edit(shift=0.25),
        "a quarter step more lenient; churn 0.5": Edit(shift=0.25, churn=0.5),
        "a quarter step stricter": Edit(shift=-0.25),
        "0.15 of a step more lenient": Edit(shift=0.15),
        "0.15 of a step more lenient; churn 0.25": Edit(shift=0.15, churn=0.25),
        "a fifth of the way to the middle": Edit(pull=0.2),
        "noise of 0.3 steps grows to 0.5": Edit(noise=0.4),
    }
    small = World(questions=16, answers=6, repeats=1)
    extra = ("a quarter step more lenient, 16 x 6 x 1", small, Edit(shift=0.25))
    return [*((name, World(), edit) for name, edit in edits.items()), extra]


def _baseline(world: World) -> float:
    pairs = simulate(replace(world, questions=20_000), Edit(), np.random.default_rng(1))
    return qwk(pairs.human, pairs.baseline).value


def show(title: str, lines: list[Line], rounds: int) -> None:
    """One table, in Markdown: the shares of outcomes, and which metric a regression was reported for."""
    print(f"\n{title}\n\n| | no worse | inconclusive | regression | QWK | leniency | repeat variance |")
    print("|---|---|---|---|---|---|---|")
    for name, world, edit in lines:
        whole, named = outcomes(world, edit, rounds)
        cells = [whole[o] for o in (Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.REGRESSION)]
        cells += [named[n] for n in (QWK, LENIENCY, VARIANCE)]
        print(f"| {name} | " + " | ".join(f"{100 * c / rounds:.1f} %" for c in cells) + " |", flush=True)


def main() -> None:
    """Every table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    start = time.perf_counter()
    show("Nothing gained or lost: a regression is a false alarm (wanted: at most 6 %)", level_lines(), rounds)
    show("A loss of QWK (wanted: at least 80 % found at 0.05 with 200 answers x 3)", loss_lines(), rounds)
    show("Other harm (wanted: a quarter step of leniency always found)", other_lines(), rounds)
    print(f"\n{rounds} rounds a line, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
