"""What reports say, in plain English: one place, so that every format says the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import fmean

from interviewer.domain.grading import (
    BAND_FLOORS,
    BAND_NAMES,
    ORIGIN_CREDIT,
    PITFALL_PENALTY,
    PITFALLS_COUNTED,
    VERDICT_CREDIT,
    Origin,
    Outcome,
    Verdict,
    score_points,
)
from interviewer.domain.guide import Category
from interviewer.domain.interview import Mode
from interviewer.domain.reasons import why
from interviewer.domain.scorecard import SURE, PointLine, QuestionResult, Scorecard
from interviewer.domain.state import Status
from interviewer.domain.text import counted, listed
from interviewer.domain.usage import Usage
from interviewer.reports.text import one_line

VERDICTS = {
    Verdict.COVERED: "Made",
    Verdict.PARTIAL: "Partly made",
    Verdict.CONTRADICTED: "Said the opposite",
    Verdict.MISSING: "Not made",
}
ORIGINS = {
    Origin.UNPROMPTED: "",
    Origin.EARLY: "made early, under another question",
    Origin.PROBED: "after a follow-up question",
    Origin.HINTED: "after a hint",
}
CATEGORIES = {
    Category.TECHNICAL: "Technical",
    Category.BEHAVIORAL: "Behavioral",
    Category.SITUATIONAL: "Situational",
    Category.PROBLEM_SOLVING: "Problem solving",
    Category.OTHER: "Other",
}
MODES = {Mode.PRACTICE: "Practice interview", Mode.ASSESS: "Assessment interview"}
BAND_MEANINGS = (
    "Almost none of the points that the guide looks for came up.",
    "A few of the points that the guide looks for came up, or several were touched without being said in full.",
    "About half of the points that the guide looks for came up.",
    "Most of the points that the guide looks for came up in substance.",
    "Nearly all the points that the guide looks for came up, with little or no help.",
)
SIGNALS = {
    "steering": "A message tried to steer the grading. It was read like any other answer, and changed nothing.",
    "pasted": "Long stretches of an answer are word for word those of the guide. It may have been copied.",
    "listed": "An answer names most of the points by the guide's own labels. It may list key words only.",
    "hidden text": "A message held characters that nobody sees, or that turn its direction; it may be disguised.",
}

LEVEL = 3

SEALED = "This interview is not over yet. In an assessment, results are shown only at the end."
NO_SCORE = "No score: no question has been graded."
NOTES_INTRO = "These notes are for whoever reviews the interview. None of them lowers the score."
CAUTION_PROGRESS = (
    "One interview is a small sample: scores swing by several points without cause. Look at the direction, not at the "
    "latest number."
)
CAUTION = "Software misreads answers at times. Where a verdict and a quote disagree, trust the quote."


def band_name(band: int) -> str:
    """The name of a band 1..5."""
    return BAND_NAMES[band - 1]


def band_meaning(band: int) -> str:
    """What a whole interview in this band was like."""
    return BAND_MEANINGS[band - 1]


def band_range(band: int) -> str:
    """The scores of a band, "40 to 61"."""
    top = BAND_FLOORS[band] - 1 if band < len(BAND_FLOORS) else 100
    return f"{BAND_FLOORS[band - 1]:.0f} to {top:.0f}"


def day(at: datetime) -> str:
    """ "12 March 2026"."""
    return f"{at.day} {at:%B %Y}"


def short_day(at: datetime) -> str:
    """ "12 Mar 2026"."""
    return f"{at.day} {at:%b %Y}"


def duration(minutes: float) -> str:
    """ "34 minutes"."""
    return "under a minute" if minutes < 1 else f"{round(minutes)} minute{'' if round(minutes) == 1 else 's'}"


def title(card: Scorecard) -> str:
    """What the report is about."""
    return one_line(card.guide_title) or one_line(card.guide_id) or "Interview"


def subtitle(card: Scorecard) -> str:
    """ "Practice interview, 12 March 2026, 34 minutes"."""
    return f"{MODES[card.mode]}, {day(card.started_at)}, {duration(card.minutes)}"


def verdict_name(verdict: Verdict) -> str:
    """What an answer did with a point."""
    return VERDICTS[verdict]


def category_name(category: Category) -> str:
    """A category as a heading."""
    return CATEGORIES[category]


def sealed(card: Scorecard) -> bool:
    """Whether nothing may be disclosed yet: an assessment that is not over."""
    return card.mode is Mode.ASSESS and card.status is not Status.ENDED


def standing(result: QuestionResult) -> str:
    """How a question ended, in a few words: "72 of 100, Solid" or why there is no grade."""
    match result.outcome:
        case Outcome.UNGRADED:
            return "Not graded"
        case Outcome.NOT_ASKED:
            return "Not answered" if result.reason else "Not asked"
        case Outcome.NOT_SHOWN:
            return "Skipped, 0 of 100"
        case Outcome.GRADED:
            if result.score is None or result.band is None:
                return "Not graded"
            return f"{score_points(result.score)} of 100, {band_name(result.band)}"


def band_label(result: QuestionResult) -> str:
    """A question's band, or why it has none, in a word or two."""
    if result.outcome is Outcome.GRADED and result.band is not None:
        return band_name(result.band)
    return "Not graded" if result.outcome is Outcome.GRADED else standing(result).partition(",")[0]


def explanation(result: QuestionResult) -> str:
    """One sentence that says what a question's standing means."""
    match result.outcome:
        case Outcome.UNGRADED:
            reason = one_line(why(result.reason)).rstrip(".") or "the answer could not be read"
            return f"{_capital(reason)}. This question does not count, for or against."
        case Outcome.NOT_ASKED:
            reason = one_line(result.reason) or "the interview ended before this question"
            return f"{_capital(reason)}, so it does not count."
        case Outcome.NOT_SHOWN:
            return "Nothing was shown here, so it counts as 0."
        case Outcome.GRADED:
            anchor = one_line(result.anchor)
            return (
                f"What {band_name(result.band)} looks like here: {_lower_first(anchor)}"
                if anchor and result.band
                else ""
            )


def _lower_first(text: str) -> str:
    """A sentence to go on with, unless it begins with an abbreviation or a name in capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def tally(card: Scorecard) -> str:
    """ "5 questions graded, one skipped, one not asked"."""
    names = {
        Outcome.GRADED: "graded",
        Outcome.NOT_SHOWN: "skipped",
        Outcome.UNGRADED: "not graded",
        Outcome.NOT_ASKED: "not asked" if card.status is Status.ENDED else "still to come",
    }
    counts = [(sum(q.outcome is outcome for q in card.questions), name) for outcome, name in names.items()]
    said = [(count, name) for count, name in counts if count]
    if not said:
        return ""
    first = f"{counted(said[0][0], 'question')} {said[0][1]}"
    rest = [f"{'one' if count == 1 else count} {name}" for count, name in said[1:]]
    text = listed([first, *rest])
    return f"{_capital(text)}."


def unfinished(card: Scorecard) -> str:
    """A sentence for an interview that is not over, or ""."""
    if card.status is Status.ENDED:
        return ""
    state = "paused" if card.status is Status.PAUSED else "still going on"
    return f"The interview is {state}: this is how it stands so far."


def marks(point: PointLine, weighted: bool) -> list[str]:
    """What to know of a point beside its verdict: what it took, how sure the engine was, what it weighs."""
    shown = point.verdict in (Verdict.COVERED, Verdict.PARTIAL)
    found = [ORIGINS[point.origin] if shown else "", "the engine was unsure" if point.confidence < SURE else ""]
    return [m for m in (*found, f"weight {point.weight:g}" if weighted and point.weight != 1 else "") if m]


def signal(name: str) -> str:
    """A sentence on an integrity signal, for a reviewer."""
    known = SIGNALS.get(name)
    return (
        known or f"The engine noted “{one_line(name.replace('_', ' '))}” in a message. Please read the answer yourself."
    )


def review(reason: str) -> str:
    """A sentence on why a person should look at a grade."""
    reason = one_line(reason).rstrip(".")
    return f"Worth a second look: {_lower_first(reason)}."


def provenance(card: Scorecard) -> str:
    """How the interview was graded, in one honest line."""
    engine = one_line(card.engine) or "unknown"
    return (
        f"Graded by software, the “{engine}” engine, with formula {one_line(card.formula)}, against guide revision "
        f"{one_line(card.guide_revision)[:8]}. Plan seed {card.seed}."
    )


def usage(card: Scorecard) -> str:
    """What the models used, in one line a role; nothing where no model was called."""
    return " ".join(_used(each) for each in card.usage)


def _used(each: Usage) -> str:
    cached = f" ({each.cached_tokens:,} cached)" if each.cached_tokens else ""
    cost = "" if each.cost is None else f", cost {each.cost:.4f}"
    return (
        f"{_capital(one_line(each.role))} {one_line(each.model)}: {each.calls} calls, {each.prompt_tokens:,} tokens in"
        f"{cached}, {each.completion_tokens:,} out, {each.seconds:.1f} s a call{cost}."
    )


def formula() -> list[str]:
    """The formula in sentences. Its numbers come from the code that computes it."""
    half, probed, hinted = (
        f"{share:.0%}"
        for share in (VERDICT_CREDIT[Verdict.PARTIAL], ORIGIN_CREDIT[Origin.PROBED], ORIGIN_CREDIT[Origin.HINTED])
    )
    return [
        "A question’s score is the share of its points that were made, by their weights. A point partly made counts "
        f"{half}. One made only after a follow-up question counts {probed} of that, and after a hint {hinted}.",
        f"Each pitfall takes off {PITFALL_PENALTY:.0f}, up to {PITFALLS_COUNTED} pitfalls a question. A score is never "
        "below 0.",
        "The interview’s score is the mean of its questions’ scores. A skipped question counts as 0. A question that "
        "was not asked, or could not be graded, does not count at all.",
    ]


def intended_use(mode: Mode) -> str:
    """What the report is good for, and what not."""
    if mode is Mode.PRACTICE:
        return "This is feedback to practise with. It is not a hiring decision, and nobody should make one from it."
    return (
        "This is evidence for a person to weigh. It is not a hiring decision, and nobody should be hired or turned "
        "down on it alone."
    )


def history(interviews: int, unfinished: int) -> str:
    """How many interviews a history rests on."""
    more = "One more is" if unfinished == 1 else f"{unfinished} more are"
    left = f" {more} not over yet and left out." if unfinished else ""
    if not interviews:
        return "No interview is over yet."
    return f"{_capital(counted(interviews, 'interview'))}.{left}"


def sitting(mode: Mode, engine: str, counted_questions: int, questions: int) -> str:
    """ "Practice, embedded engine, 5 of 8 questions counted"."""
    kind = "Practice" if mode is Mode.PRACTICE else "Assessment"
    return f"{kind}, {one_line(engine) or 'unknown'} engine, {counted_questions} of {questions} questions counted"


def course(scores: Sequence[float | None]) -> str:
    """Where the scores began, where they are now, and their mean."""
    known = [s for s in scores if s is not None]
    if not known:
        return NO_SCORE
    return f"Latest score {score_points(known[-1])} of 100.{f' {since(known)}' if len(known) > 1 else ''}"


def since(scores: Sequence[float | None]) -> str:
    """ "Up 12 since the first, which was 40. Mean 47.", or "" for a single score."""
    known = [s for s in scores if s is not None]
    if len(known) < 2:
        return ""
    change = moved(known)
    against = "with" if change == "level" else "since"
    first, mean = score_points(known[0]), score_points(fmean(known))
    return f"{_capital(change)} {against} the first, which was {first}. Mean {mean}."


def moved(scores: Sequence[float | None]) -> str:
    """ "up 12", "down 5", "level" or "once": the latest score against the first, in the whole points that are shown."""
    known = [int(s) for s in scores if s is not None]
    if len(known) < 2:
        return "once"
    change = known[-1] - known[0]
    return "level" if abs(change) < LEVEL else f"{'up' if change > 0 else 'down'} {abs(change)}"


def missed(count: int, times: int, opposite: int, latest: Verdict) -> str:
    """How often a point was not fully made, and how it stood the last time."""
    answers = "your one answer" if times == 1 else f"{count} of {times} answers"
    said = f" The opposite was said {_often(opposite)}." if opposite else ""
    return f"Not fully made in {answers}.{said} Last time: {_lower_first(verdict_name(latest))}."


def weak_question(mean: float, latest: float, times: int, skipped: int) -> str:
    """How a question went over time."""
    left = f" Skipped {_often(skipped)}." if skipped else ""
    if times == 1:
        return "Asked once, and skipped." if skipped else f"{score_points(mean)} of 100, asked once."
    return f"Mean {score_points(mean)} of 100 over {times} interviews, latest {score_points(latest)}.{left}"


def _often(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
