"""A rich, realistic scorecard: eight questions with every outcome, verdict, origin, mark and signal."""

from __future__ import annotations

from datetime import UTC, datetime

from interviewer.domain.grading import Origin, Outcome, Verdict, band
from interviewer.domain.guide import Category
from interviewer.domain.interview import Mode
from interviewer.domain.scorecard import (
    Advice,
    CategoryScore,
    PitfallLine,
    PointLine,
    QuestionResult,
    Scorecard,
)
from interviewer.domain.state import Status

REVISION = "3f9a2c1be07d5a6f4c8b9e0d1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c"


def point(text: str, verdict: Verdict = Verdict.MISSING, quote: str = "", **more: object) -> PointLine:
    label = text.partition(":")[0] if ":" in text else None
    slug = "-".join(text.lower().split()[:3]).strip(":")
    return PointLine.model_validate(
        {"id": slug, "text": text, "label": label, "verdict": verdict, "quote": quote, **more}
    )


ROLLBACK = QuestionResult(
    id="roll-back",
    text="A release doubled the error rate of checkout. How do you decide between rolling back and fixing forward?",
    category=Category.TECHNICAL,
    outcome=Outcome.GRADED,
    score=89.0,
    band=5,
    anchor=(
        "Makes nearly all 4 points (Stop the harm; Reversibility; Data changes; Communication) unaided, and no pitfall."
    ),
    points=(
        point(
            "Stop the harm: restore service first, and look for the cause once customers can pay again.",
            Verdict.COVERED,
            "first thing I'd do is get checkout back, I can read the logs when people can pay again",
        ),
        point(
            "Reversibility: roll back when the release can be undone safely, which is the default.",
            Verdict.COVERED,
            "rolling back is my default unless I have a reason to think it makes things worse",
        ),
        point(
            "Data changes: check whether a schema or data migration makes the old version unable to run.",
            Verdict.COVERED,
            "if the migration dropped a column the old binary won't even start, so I check that first",
            origin=Origin.PROBED,
        ),
        point(
            "Communication: say in the incident channel what you are doing and when you will report next.",
            Verdict.PARTIAL,
            "I'd let people know",
            confidence=0.55,
        ),
    ),
    model_answer=(
        "Start with the customers: **restore service**, then investigate.\n\n"
        "1. Look at what changed. If it can be undone, undo it: `kubectl rollout undo deployment/checkout`.\n"
        "2. If a migration ran, check that the old version can still read the data.\n"
        "   - Additive migrations are safe to roll back over.\n"
        "   - Destructive ones are not: fix forward, or restore the column first.\n"
        "3. Say what you are doing, and when you will say more.\n\n"
        "```sh\nkubectl rollout history deployment/checkout\n"
        "kubectl rollout undo deployment/checkout --to-revision=41\n```\n"
    ),
    answers=(
        "So first thing I'd do is get checkout back, I can read the logs when people can pay again. Rolling back is my "
        "default unless I have a reason to think it makes things worse. And I'd let people know.",
        "Oh, right. If the migration dropped a column the old binary won't even start, so I check that first.",
    ),
)

CONTAINERS = QuestionResult(
    id="containers",
    text="What does a container isolate, and what does it not?",
    category=Category.TECHNICAL,
    outcome=Outcome.GRADED,
    score=23.3,
    band=2,
    anchor="Makes about 1 of the 3 points, or touches several without saying them fully.",
    points=(
        point(
            "Namespaces: give a process its own view of processes, network and file system.",
            Verdict.COVERED,
            "namespaces, so it sees its own processes and its own network",
        ),
        point(
            "Shared kernel: all containers of a host run on one kernel, so a kernel flaw reaches them all.",
            Verdict.CONTRADICTED,
            "every container boots its own little kernel, that's why they're safe",
        ),
        point("Cgroups: limit how much memory and processor time a process may use."),
    ),
    pitfalls=(
        PitfallLine(
            id="vm",
            text="Calling a container a lightweight virtual machine.",
            quote="basically it's a lightweight VM",
            confidence=0.9,
        ),
    ),
    model_answer=(
        "A container is a process with its own **namespaces** and limits from **cgroups**. It shares the host's "
        "kernel, so it isolates less than a virtual machine does."
    ),
    review="the engine was unsure of 2 verdicts",
    answers=(
        "It's namespaces, so it sees its own processes and its own network. Basically it's a lightweight VM: every "
        "container boots its own little kernel, that's why they're safe.",
    ),
)

PIPELINE = QuestionResult(
    id="pipeline",
    text="Describe a pipeline you would trust to deploy on a Friday afternoon.",
    category=Category.TECHNICAL,
    outcome=Outcome.GRADED,
    score=66.0,
    band=4,
    anchor="Makes about 3 of the 4 points in substance, and at most one pitfall.",
    points=(
        point(
            "Tests: fast tests on every change, slower ones before release.",
            Verdict.COVERED,
            "unit tests on each push, the long integration run nightly and before a release",
            origin=Origin.EARLY,
            weight=1.0,
        ),
        point(
            "Gradual release: a canary takes a share of the traffic first.",
            Verdict.COVERED,
            "five percent first, then I watch it for ten minutes",
            weight=2.0,
        ),
        point(
            "Automatic rollback: the pipeline undoes a release whose error rate rises.",
            Verdict.COVERED,
            "I guess it could roll itself back when the errors go up",
            origin=Origin.HINTED,
            weight=1.0,
        ),
        point("Same artifact: what was tested is what is deployed, built once.", weight=1.0),
    ),
    model_answer="Build once, test in layers, release to a few, and let the pipeline undo what hurts.",
    answers=(
        "Five percent first, then I watch it for ten minutes.",
        "I guess it could roll itself back when the errors go up.",
    ),
    signals=("steering",),
)

OUTAGE = QuestionResult(
    id="outage",
    text="Tell me about an outage that you helped to end.",
    category=Category.BEHAVIORAL,
    outcome=Outcome.GRADED,
    score=52.5,
    band=3,
    anchor="Makes about 2 of the 4 points, such as “Situation”.",
    points=(
        point(
            "Situation: what was down, for whom, and since when.",
            Verdict.COVERED,
            "search was down for all of Europe for about forty minutes",
        ),
        point(
            "Own action: what you did, as opposed to the team.",
            Verdict.PARTIAL,
            "we figured out that the certificate had expired",
            origin=Origin.PROBED,
        ),
        point("Result: how it ended, with a number.", Verdict.PARTIAL, "it was back pretty fast after that"),
        point("Learning: what changed afterwards, so that it does not happen again."),
    ),
    model_answer="Say what was down and for whom, what *you* did, how it ended in numbers, and what changed since.",
    answers=(
        "Search was down for all of Europe for about forty minutes. We figured out that the certificate had expired. "
        "It was back pretty fast after that.",
    ),
)

CONFLICT = QuestionResult(
    id="conflict",
    text="Describe a disagreement with a developer about a deployment, and how it ended.",
    category=Category.BEHAVIORAL,
    outcome=Outcome.NOT_SHOWN,
    score=0.0,
    band=1,
    anchor="Makes none of the points, or only repeats the question's words.",
    points=(
        point("Both sides: what each of you wanted, and why it was reasonable."),
        point("Evidence: what you looked at together to decide."),
    ),
    model_answer="Give both sides a fair hearing, then say what evidence settled it.",
)

DISK = QuestionResult(
    id="disk",
    text="At 3 a.m. a database volume is 97 % full and growing. What do you do in the first ten minutes?",
    category=Category.SITUATIONAL,
    outcome=Outcome.UNGRADED,
    points=(
        point("Buy time: free or add space before looking for the cause."),
        point("Protect data: do not delete what you cannot restore."),
    ),
    reason="The model did not answer within 60 seconds.",
    model_answer="Buy time first, safely: grow the volume, or remove what can be made again.",
    answers=("I'd extend the volume if the cloud lets me, and look at what grew with du.",),
)

COSTS = QuestionResult(
    id="costs",
    text="Your cloud bill rose by 40 % in a month without more traffic. How do you find out why?",
    category=Category.PROBLEM_SOLVING,
    outcome=Outcome.GRADED,
    score=75.0,
    band=4,
    anchor="Makes about 2 of the 3 points in substance, and at most one pitfall.",
    points=(
        point(
            "Break it down: by service, account and tag, against the month before.",
            Verdict.COVERED,
            "group the bill by service and compare it with last month",
        ),
        point(
            "Change: line the jump up with what was deployed or switched on.",
            Verdict.COVERED,
            "then I'd look at what we shipped the day it jumped",
        ),
        point("Prevent: a budget alert, so that the next jump is seen in a day.", Verdict.MISSING),
    ),
    model_answer="Break the bill down, find the day it jumped, match it with a change, and set an alert.",
    answers=(
        "Group the bill by service and compare it with last month, then I'd look at what we shipped the day it jumped.",
    ),
)

SECRETS = QuestionResult(
    id="secrets",
    text="How would you get passwords out of a repository's history?",
    category=Category.PROBLEM_SOLVING,
    outcome=Outcome.NOT_ASKED,
)

QUESTIONS = (ROLLBACK, CONTAINERS, PIPELINE, OUTAGE, CONFLICT, DISK, COSTS, SECRETS)


def make_card(**more: object) -> Scorecard:
    values: dict[str, object] = {
        "interview_id": "01JCARD",
        "guide_id": "devops-engineer",
        "guide_title": "DevOps Engineer",
        "guide_revision": REVISION,
        "mode": Mode.PRACTICE,
        "status": Status.ENDED,
        "engine": "embedded",
        "seed": 42,
        "started_at": datetime(2026, 3, 12, 14, 5, tzinfo=UTC),
        "minutes": 34.2,
        "score": 50.9,
        "band": 3,
        "categories": (
            CategoryScore(category=Category.TECHNICAL, score=59.4, band=3, questions=3),
            CategoryScore(category=Category.BEHAVIORAL, score=26.2, band=2, questions=2),
            CategoryScore(category=Category.PROBLEM_SOLVING, score=75.0, band=4, questions=1),
        ),
        "questions": QUESTIONS,
        "advice": (
            Advice(question_id="conflict", question=CONFLICT.text, point=CONFLICT.points[0].text),
            Advice(question_id="containers", question=CONTAINERS.text, point=CONTAINERS.points[1].text),
            Advice(question_id="outage", question=OUTAGE.text, point=OUTAGE.points[3].text),
        ),
    }
    return Scorecard.model_validate({**values, **more})


def without_model_answers(questions: tuple[QuestionResult, ...] = QUESTIONS) -> tuple[QuestionResult, ...]:
    return tuple(q.model_copy(update={"model_answer": ""}) for q in questions)


def scored(card_id: str, at: datetime, scores: dict[str, float | None], **more: object) -> Scorecard:
    """A card of the same guide whose questions have these scores; None is ungraded."""
    questions = []
    for question in QUESTIONS:
        if question.id not in scores:
            continue
        value = scores[question.id]
        graded = {"score": value, "band": None if value is None else band(value)}
        outcome = Outcome.UNGRADED if value is None else Outcome.GRADED
        questions.append(
            question.model_copy(
                update={**graded, "outcome": outcome, "reason": "" if value is not None else "no reply"}
            )
        )
    counted = [q for q in questions if q.score is not None]
    total = sum(q.score or 0.0 for q in counted) / len(counted) if counted else None
    categories = []
    for category in Category:
        values = [q.score or 0.0 for q in counted if q.category is category]
        if values:
            mean = sum(values) / len(values)
            categories.append(CategoryScore(category=category, score=mean, band=band(mean), questions=len(values)))
    return make_card(
        interview_id=card_id,
        started_at=at,
        questions=tuple(questions),
        score=total,
        band=None if total is None else band(total),
        categories=tuple(categories),
        advice=(),
        **more,
    )


def make_history() -> list[Scorecard]:
    """Five interviews of one guide, a month apart."""
    asked = ("roll-back", "containers", "pipeline", "outage", "costs")
    rows = (
        (31, 10, 40, 25, 50),
        (45, 20, 38, 52, 62),
        (52, 35, 66, 41, 70),
        (70, 30, 72, 60, None),
        (84, 44, 88, 58, 75),
    )
    return [
        scored(f"card-{n}", datetime(2026, 1 + n, 5 + 3 * n, 9, 30, tzinfo=UTC), dict(zip(asked, row, strict=True)))
        for n, row in enumerate(rows)
    ]
