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
        "Quadratic weighted kappa of the engine's grade and the raters': 1 is perfect, 0 is what chance gives.",
        LOWER,
    ),
    "bias": Term(
        "Leniency (bias)",
        "Mean of the engine's grade less the raters', in steps of the five-step scale: above nought is lenient.",
        EITHER,
        "the engine became more lenient",
        "the engine became stricter",
    ),
    "repeat_variance": Term(
        "Repeat variance",
        "How much the same answer's grade varies when it is graded again, in squared steps.",
        HIGHER,
    ),
    "exact_agreement": Term("Exact agreement", "Share of answers with the raters' very band.", LOWER),
    "adjacent_agreement": Term("Adjacent agreement", "Share of answers at most one band off.", LOWER),
    "pearson": Term("Correlation (Pearson)", "How well the order and spacing of grades follow the raters'.", LOWER),
    "smd": Term(
        "Standardised mean difference",
        "Mean of the engine less the raters', in standard deviations; beyond ±0.15 is commonly too much.",
        EITHER,
    ),
    "kappa": Term("Cohen's kappa", "Agreement on verdicts beyond chance.", LOWER),
    "point_kappa": Term("Key points (kappa)", "Agreement on the verdicts of key points beyond chance.", LOWER),
    "pitfall_kappa": Term("Pitfalls (kappa)", "Agreement on whether pitfalls were committed, beyond chance.", LOWER),
    "point_ac2": Term("Key points (Gwet's AC2)", "The same, steadier where one verdict is much the commonest.", LOWER),
    "pitfall_ac2": Term("Pitfalls (Gwet's AC2)", "The same, steadier where one verdict is much the commonest.", LOWER),
    "degradation": Term(
        "Loss against a second rater", "Agreement between raters less the engine's agreement with them.", HIGHER
    ),
    "prmse": Term(
        "PRMSE", "Share of the variance of true grades that the engine explains, raters' own errors taken out.", LOWER
    ),
    "calibration_error": Term(
        "Calibration error (ECE)", "How far the engine's confidence is from how often it is right.", HIGHER
    ),
    "brier": Term("Brier score", "Mean squared error of the engine's confidence.", HIGHER),
    "concordance": Term(
        "Concordance within an answer",
        "Share of pairs within one answer in which the point that was made ranks above the one that was not.",
        LOWER,
    ),
    "alpha": Term("Krippendorff's alpha", "Agreement of the repeats: 1 is always the same.", LOWER),
    "icc": Term("ICC(2,1)", "Share of the variance of grades that is due to the answers.", LOWER),
    "all_equal": Term("All repeats equal", "Share of answers whose repeats all fall into one band.", LOWER),
    "flips": Term("Pass and fail flips", "Share of answers that pass in one repeat and fail in another.", HIGHER),
    "sem": Term("Standard error of measurement", "How far one grading is from the mean of many, typically.", HIGHER),
    "violation_rate": Term("Violations", "Share of changed answers that were graded as none should be.", HIGHER),
}
_ALSO = {
    "quadratic_weighted_kappa": "qwk",
    "signed_bias": "bias",
    "leniency": "bias",
    "exact": "exact_agreement",
    "adjacent": "adjacent_agreement",
    "ece": "calibration_error",
    "standardized_mean_difference": "smd",
    "icc_2_1": "icc",
    "krippendorff_alpha": "alpha",
    "standard_error_of_measurement": "sem",
}


def term(name: str) -> Term:
    """The term for a measure's name; one that is not known here is its own label."""
    key = "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
    known = TERMS.get(_ALSO.get(key, key))
    label = one_line(name.replace("_", " "))
    return known or Term(label[:1].upper() + label[1:], "")
