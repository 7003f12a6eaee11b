"""The measures by name: what a reader sees, what it says in a plain sentence, and on which side it gets worse."""

from __future__ import annotations

from typing import NamedTuple

from interviewer.reports.text import one_line

LOWER, HIGHER, EITHER = "lower", "higher", "either"


class Term(NamedTuple):
    """A measure to a reader. `worse` is where a loss lies: lower, higher, either, or "" when that is not known.

    `rise` and `fall` say in a sentence what a change up and down is; "" for "LABEL rose" and "LABEL fell".
    """

    label: str
    plain: str
    worse: str = ""
    rise: str = ""
    fall: str = ""

    @property
    def running(self) -> str:
        """The label within a sentence; abbreviations and names stay."""
        first, second = self.label[:1], self.label[1:2]
        return self.label if second.isupper() or "'s" in self.label.split(" ")[0] else first.lower() + self.label[1:]

    def move(self, up: bool) -> str:
        """What a change up or down is, in a sentence."""
        return (self.rise if up else self.fall) or f"{self.running} {'rose' if up else 'fell'}"


TERMS = {
    "qwk": Term(
        "Agreement (QWK)",
        "Quadratic weighted kappa of the engine's grade and the label: 1 is perfect, 0 is what chance gives.",
        LOWER,
    ),
    "leniency": Term(
        "Leniency (bias)",
        "Mean of the engine's grade less the label, in steps of the five-step scale: above 0 is lenient.",
        EITHER,
        "the engine became more lenient",
        "the engine became stricter",
    ),
    "repeat_variance": Term(
        "Repeat variance",
        "How much the same answer's grade varies when it is graded again, in squared steps.",
        HIGHER,
    ),
    "exact_agreement": Term("Exact agreement", "Share of gradings with the label's very band.", LOWER),
    "adjacent_agreement": Term("Adjacent agreement", "Share of gradings at most one band off.", LOWER),
    "pearson": Term("Correlation (Pearson)", "How well grades follow the labels, on whatever scale.", LOWER),
    "smd": Term(
        "Standardised mean difference",
        "Mean of the engine less the labels', in standard deviations; beyond ±0.15 is commonly too much.",
        EITHER,
    ),
    "point_kappa": Term("Points covered (kappa)", "Agreement beyond chance on which key points are covered.", LOWER),
    "verdict_kappa": Term("Verdicts (kappa)", "Agreement beyond chance on all four verdicts on key points.", LOWER),
    "point_ac2": Term("Verdicts (Gwet's AC2)", "The same, steady where one verdict is much the commonest.", LOWER),
    "concordance": Term(
        "Concordance within an answer",
        "Share of pairs where the point that was made is above the one that was not; chance is 0.5.",
        LOWER,
    ),
    "pitfall_kappa": Term("Pitfalls (kappa)", "Agreement beyond chance on whether pitfalls were committed.", LOWER),
    "pitfall_ac2": Term("Pitfalls (Gwet's AC2)", "The same, steady where hardly any is committed.", LOWER),
    "human_qwk": Term("Agreement of raters (QWK)", "How well raters agree with each other, for scale.", LOWER),
    "degradation": Term(
        "Degradation",
        "Raters' agreement with each other less the engine's with them: above 0 the engine is worse.",
        HIGHER,
    ),
    "prmse": Term(
        "PRMSE", "Share of the variance of true grades that the engine explains, raters' errors apart.", LOWER
    ),
    "calibration_error": Term(
        "Calibration error (ECE)", "How far the engine's confidence is from how often it is right.", HIGHER
    ),
    "brier": Term("Brier score", "Mean squared error of the engine's confidence.", HIGHER),
    "answer_only_qwk": Term(
        "Style alone (QWK)", "A guess at the grade from length and words, which reads no key point."
    ),
    "answer_only_point_kappa": Term("Style alone (kappa)", "The same guess at which points are covered."),
    "alpha": Term(
        "Krippendorff's alpha", "Agreement of the repeats on the band (ordinal): 1 is always the same.", LOWER
    ),
    "icc": Term("ICC(2,1)", "Share of the variance of grades that is due to the answers.", LOWER),
    "all_equal": Term("All repeats in one band", "Share of answers whose repeats all fall into one band.", LOWER),
    "all_equal_verdicts": Term("All repeats alike", "Share of answers whose repeats give every verdict alike.", LOWER),
    "flips": Term("Pass and fail flips", "Share of answers that pass in one repeat and fail in another.", HIGHER),
    "sem": Term("Standard error of measurement", "How far one grading is from the mean of many, in steps.", HIGHER),
    "violations": Term("Violations", "Share of what was tried in which something went wrong.", HIGHER),
    "violation_rate": Term("All violations", "Share of what was tried in which something went wrong.", HIGHER),
    "invariance_violations": Term(
        "Invariance violations", "Of the changes that must not move a grade, the share that did.", HIGHER
    ),
    "direction_violations": Term(
        "Direction violations",
        "Of the changes that must move a grade, or must not raise it, the share that failed.",
        HIGHER,
    ),
    "gain_of_standing_earlier": Term(
        "Gain of standing earlier", "What a key point earns more for standing earlier, as a share of a point.", EITHER
    ),
}
UNKNOWN = Term("", "")
_ALSO = {
    "quadratic_weighted_kappa": "qwk",
    "bias": "leniency",
    "signed_bias": "leniency",
    "ece": "calibration_error",
    "standardized_mean_difference": "smd",
}
_OF_A_CHANGE = {
    "shift": Term("", "Mean change of the grade, in steps.", EITHER),
    "harmless_shift": Term("", "Mean change by a harmless addition of the same size, in steps.", EITHER),
    "beyond_harmless": Term("", "Mean change by the attack beyond that by a harmless addition, in steps.", EITHER),
    "verdicts_changed": Term("", "Share of verdicts that changed, less that between repeats.", EITHER),
    "violations": Term("", "Share of answers with an unexpected grade.", HIGHER),
    "raised_a_grade": Term("", "Share of answers whose grade rose.", HIGHER),
    "harmless_ones_raised_a_grade": Term("", "Share whose grade a harmless addition raised.", HIGHER),
}


_BEGINS = {
    "recall_at": Term("", "Share of quotes whose key point is among the nearest so many.", LOWER),
    "mean_reciprocal_rank": Term("", "Mean of 1 / the place of the right key point: 1 is always first.", LOWER),
    "broken:": Term("", "Share of interviews in which this rule was broken.", HIGHER),
    "words_a_turn": Term("", "How much the interviewer says at a time."),
    "questions_a_turn": Term("", "How many questions the interviewer puts at a time; one is meant."),
    "turns_a_question": Term("", "How many exchanges a question of the plan takes."),
    "aimed_at_what_was_made": Term("", "Share of probes that aim at a point already made.", HIGHER),
}


def is_detail(name: str) -> bool:
    """Whether a measure is of one part of a suite, "typos: shift", and not of the whole."""
    return ": " in name


def term(name: str) -> Term:
    """The term for a measure's name; one that is not known here is its own label."""
    key = _key(name)
    if known := TERMS.get(_ALSO.get(key, key)):
        return known
    label = one_line(name.replace("_", " "))
    kinds = [each for begin, each in _BEGINS.items() if key.startswith(begin)]
    if is_detail(name):
        kinds.append(_OF_A_CHANGE.get(_key(name.rpartition(": ")[2]), UNKNOWN))
    return (kinds or [UNKNOWN])[0]._replace(label=f"{label[:1].upper()}{label[1:]}")


def _key(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
