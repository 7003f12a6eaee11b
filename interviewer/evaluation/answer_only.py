"""What an answer's style alone gives away: a grader that reads neither the question nor its key points.

Labels of designed answers can be guessed from length, manner and a few words. Where such a guess agrees with the labels
nearly as well as an engine does, agreement says little about whether the engine found the points. So one is made here:
ridge regression on style and stems of words, learnt from the answers to other questions only. It is deterministic.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from functools import lru_cache

import numpy as np

from interviewer.domain.text import content_stems, sentences, words
from interviewer.evaluation.figures import TINY, Array

FOLDS = 10
RIDGE = 1.0
STEMS = 200
_MARKS = (r",", r"[;:]", r"[?!]", r"\d", r"[\"'“”’]", r"[-–—(]", r"\n")


def predicted(answers: Sequence[str], target: Array, clusters: Sequence[Hashable]) -> Array:
    """The target (answers,) as guessed from each answer alone, learnt from other questions in ten folds.

    With the mean and spread of the target, so that agreement is not lost to a guess's caution. NaN targets are not
    learnt from, but guessed. All NaN with fewer than two questions to learn from.
    """
    x = _features(tuple(answers))
    names = {name: n for n, name in enumerate(dict.fromkeys(clusters))}
    fold = np.array([names[c] for c in clusters], int) % min(FOLDS, max(len(names), 1))
    known = ~np.isnan(target)
    guess = np.full(len(answers), np.nan)
    for each in np.unique(fold):
        learnt, asked = known & (fold != each), fold == each
        if learnt.any():
            middle, seen = target[learnt].mean(), x[learnt]
            slopes = np.linalg.solve(seen.T @ seen + RIDGE * np.eye(x.shape[1]), seen.T @ (target[learnt] - middle))
            guess[asked] = middle + x[asked] @ slopes
    if np.isnan(guess).any() or not known.any():
        return np.full(len(answers), np.nan)
    spread = guess[known].std()
    scale = target[known].std() / spread if spread > TINY else 0.0
    return np.asarray(target[known].mean() + (guess - guess[known].mean()) * scale, float)


def covered_guess(answers: Sequence[str], covered: Array, points: Array, clusters: Sequence[Hashable]) -> Array:
    """Whether all of an answer's key points are guessed to be covered, 1.0 or 0.0: (answers,).

    covered and points (answers,): how many are, and how many there are. As many points are guessed to be covered as
    are. All NaN with fewer than two questions.
    """
    share = predicted(answers, np.where(points > 0, covered / np.maximum(points, 1), np.nan), clusters)
    if np.isnan(share).any():
        return share
    order = np.argsort(-share, kind="stable")
    before = np.cumsum(points[order]) - points[order] / 2
    found = np.zeros(len(answers))
    found[order] = before <= covered.sum()
    return found


@lru_cache(maxsize=1)
def _features(answers: tuple[str, ...]) -> Array:
    """Style and words, (answers, features); two guesses are made of the same answers."""
    return np.hstack([_style(answers), _bag(answers)])


def _style(answers: Sequence[str]) -> Array:
    """Length, sentences, variety of words, punctuation: standardised, together of length one; (answers, features)."""
    rows = []
    for answer in answers:
        said = words(answer) or [""]
        count, parts = len(said), max(len(sentences(answer)), 1)
        rows.append(
            [
                np.log(count),
                np.log(parts),
                count / parts,
                len(set(said)) / count,
                sum(map(len, said)) / count,
                sum(w in ("i", "we", "my", "our") for w in said) / count,
                *(len(re.findall(mark, answer)) / count for mark in _MARKS),
            ]
        )
    x = np.array(rows, float).reshape(len(rows), 6 + len(_MARKS))
    spread = x.std(axis=0) if len(x) else np.ones(x.shape[1])
    return (x - x.mean(axis=0)) / np.where(spread > TINY, spread, 1.0) / np.sqrt(x.shape[1]) if len(x) else x


def _bag(answers: Sequence[str]) -> Array:
    """The stems that most answers share, the rarer the heavier, each answer of length one: (answers, stems)."""
    said = [set(content_stems(answer)) for answer in answers]
    seen: dict[str, int] = {}
    for stems in said:
        for stem in stems:
            seen[stem] = seen.get(stem, 0) + 1
    shared = sorted((stem for stem, count in seen.items() if count > 1), key=lambda s: (-seen[s], s))[:STEMS]
    place = {stem: n for n, stem in enumerate(shared)}
    bag = np.zeros((len(answers), len(shared)))
    for row, stems in enumerate(said):
        for stem in stems & place.keys():
            bag[row, place[stem]] = np.log(len(answers) / seen[stem])
    length = np.linalg.norm(bag, axis=1, keepdims=True)
    return np.asarray(bag / np.where(length > TINY, length, 1.0), float)
