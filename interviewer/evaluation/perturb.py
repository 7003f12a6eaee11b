"""Changes of a labelled answer, each with what it must do to the grade.

A change is a name and a pure function of a case: the same case and seed give the same variants. It says what holds of
the answer afterwards, too (`label`), so that an engine can be checked against it verdict by verdict.

    same     the grade must not move: typing, typography, order, padding, other words, names, dialects
    falls    the statement it is about is not shown any more, or a pitfall is now committed
    no more  nothing may be earned that was not earned before
    nothing  nothing is shown, so nothing is earned
    ladder   an answer with more of its points never earns less: rung 0 lacks all that `shows` has, rung 1 all but the
             first, and above the last is the answer as given; the target of a rung is the point that the next one adds

What needs somebody to write it is stored and reviewed (see rewritten); the rest is made here.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from interviewer.domain.grading import Verdict
from interviewer.domain.guide import Frozen, Question
from interviewer.domain.text import content_stems, sentences, words
from interviewer.evaluation.cases import Case, Rating
from interviewer.evaluation.results import Item
from interviewer.evaluation.rewritten import Rewriting
from interviewer.evaluation.suites import suite

TYPO_EVERY = 12
PADDING_WORDS = 60
NAMES_EACH = 3


class Expected(StrEnum):
    """What a change must do to the grade; the values are shown in reports."""

    SAME = "no change"
    FALLS = "a lower grade"
    NO_MORE = "no gain"
    NOTHING = "nothing earned"
    LADDER = "more with every point"


class Variant(Frozen):
    """A changed answer. `change` is the change's name, `label` what holds of it, `target` the statement's id if one."""

    item: Item
    change: str
    expected: Expected
    label: Rating
    target: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change makes: the new answer, and what else it changes. `name` tells several variants apart."""

    answer: str
    name: str = ""
    earlier: tuple[str, ...] = ()
    question: Question | None = None
    label: Rating | None = None
    target: str = ""


Make = Callable[[Case, Rewriting | None, random.Random], Iterable[Changed]]


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of change. It makes no variant where a case has nothing to change."""

    name: str
    expected: Expected
    make: Make

    def variants(self, case: Case, rewriting: Rewriting | None = None, seed: int = 1) -> Iterator[Variant]:
        """The case as changed; pure in all three."""
        for each in self.make(case, rewriting, random.Random(f"{seed}/{case.id}/{self.name}")):
            name = f"{self.name}/{each.name}" if each.name else self.name
            item = unchanged(case).model_copy(
                update={
                    "id": f"{case.id}/{name}",
                    "variant": name,
                    "answer": each.answer,
                    "earlier": each.earlier,
                    "question": each.question or case.question,
                }
            )
            label = (each.label or case.label).model_copy(update={"id": item.id})
            yield Variant(item=item, change=self.name, expected=self.expected, label=label, target=each.target)


def unchanged(case: Case) -> Item:
    """The answer as it was given."""
    return Item(id=case.id, case_id=case.id, cluster=case.cluster, question=case.question, answer=case.answer)


# What must not move a grade


def typos(answer: str, rng: random.Random) -> str:
    """Two neighbouring letters swapped, or one left out, inside about every TYPO_EVERY-th plain word."""
    return re.sub(r"\b[a-z]{5,}\b", lambda found: _typo(found[0], rng), answer)


def _typo(word: str, rng: random.Random) -> str:
    if rng.random() >= 2.5 / TYPO_EVERY:  # about two words in five have five letters or more
        return word
    at = rng.randrange(1, len(word) - 2)
    if rng.random() < 0.5:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


_TYPOGRAPHY = str.maketrans({"'": "’", "-": "‑"})


def typography(answer: str) -> str:
    """As a word processor would set it: curly quotes, an ellipsis in one sign, non-breaking hyphens and spaces."""
    curly = re.sub(r'"([^"]*)"', "“\\1”", answer).replace("...", "…").translate(_TYPOGRAPHY)
    return re.sub(r"(\d) (?=\w)", "\\1\u00a0", curly)


def decomposed(answer: str) -> str:
    """The same letters in other code points: NFD, and the ligatures fi and fl."""
    return unicodedata.normalize("NFD", answer).replace("fi", "\ufb01").replace("fl", "\ufb02")


def halves(answer: str, turn: str = "") -> tuple[str, str]:
    """An answer cut where a new thought begins, at `turn`; without that after the middle sentence. Both stripped."""
    if turn:
        before, _, after = answer.partition(turn)
        return before.strip(), (turn + after).strip()
    said = sentences(answer)
    middle = (len(said) + 1) // 2
    return " ".join(said[:middle]), " ".join(said[middle:])


def _order(case: Case, rewriting: Rewriting | None, _: random.Random) -> Iterator[Changed]:
    first, second = halves(case.answer, rewriting.turn if rewriting else "")
    if first and second:
        yield Changed(f"{second} {first}")


def _turns(case: Case, rewriting: Rewriting | None, _: random.Random) -> Iterator[Changed]:
    first, second = halves(case.answer, rewriting.turn if rewriting else "")
    if first and second:
        yield Changed(second, earlier=(first,))


def harmless(count: int, rng: random.Random) -> str:
    """Sentences that say nothing about any question, of at least so many words."""
    pool, said = list(suite("harmless")["say"]), list[str]()
    while len(words(" ".join(said))) < count:
        rng.shuffle(pool)
        said += pool
    while len(said) > 1 and len(words(" ".join(said[:-1]))) >= count:
        said.pop()
    return " ".join(said)


def _padding(case: Case, _: Rewriting | None, rng: random.Random) -> Iterator[Changed]:
    yield Changed(f"{harmless(PADDING_WORDS, rng)} {case.answer}", "before")
    yield Changed(f"{case.answer} {harmless(PADDING_WORDS, rng)}", "after")


def reordered(question: Question, order: Sequence[int]) -> Question:
    """The question with its key points in this order; they keep their ids, so that findings are found again."""
    return question.model_copy(update={"key_points": tuple(question.key_points[n] for n in order)})


def _points(case: Case, _: Rewriting | None, rng: random.Random) -> Iterator[Changed]:
    order = list(range(len(case.question.key_points)))[::-1]
    for name in ("reversed", "shuffled"):
        if len(order) > 1:
            yield Changed(case.answer, name, question=reordered(case.question, order), label=_ordered(case, order))
        rng.shuffle(order)


def _ordered(case: Case, order: Sequence[int]) -> Rating:
    return case.label.model_copy(update={"key_points": tuple(case.label.key_points[n] for n in order)})


def _names(case: Case, _: Rewriting | None, rng: random.Random) -> Iterator[Changed]:
    for person in rng.sample(suite("persons")["names"], NAMES_EACH):
        yield Changed(f"Hello, {person} here. {case.answer}", person)


def _genders(case: Case, _: Rewriting | None, __: random.Random) -> Iterator[Changed]:
    for name, lead in suite("persons")["genders"].items():
        yield Changed(f"{lead} {case.answer}", name)


def _stored(field: str) -> Make:
    def make(_: Case, rewriting: Rewriting | None, __: random.Random) -> Iterator[Changed]:
        text = str(getattr(rewriting, field)).strip() if rewriting else ""
        if text:
            yield Changed(text)

    return make


def _paraphrases(_: Case, rewriting: Rewriting | None, __: random.Random) -> Iterator[Changed]:
    for number, text in enumerate(rewriting.paraphrases if rewriting else (), 1):
        yield Changed(text.strip(), str(number))


# What must move it, or must not raise it


def judged(label: Rating, statement: str, verdict: Verdict | bool) -> Rating:
    """The label with another verdict on one statement, "k2" or "p1"."""
    field = "key_points" if statement[0] == "k" else "pitfalls"
    found = list(getattr(label, field))
    found[int(statement[1:]) - 1] = verdict
    return label.model_copy(update={field: tuple(found)})


def without(answer: str, passages: Iterable[str]) -> str:
    """The answer without these passages, and without the gaps they leave."""
    for passage in passages:
        answer = answer.replace(passage, " ")
    return re.sub(r" *\n *", "\n", re.sub(r"[ \t]+", " ", answer)).strip()


def _delete(case: Case, rewriting: Rewriting | None, _: random.Random) -> Iterator[Changed]:
    for point, passage in (rewriting.shows if rewriting else {}).items():
        label = judged(case.label, point, Verdict.MISSING)
        yield Changed(without(case.answer, [passage]), point, label=label, target=point)


def _negate(case: Case, rewriting: Rewriting | None, _: random.Random) -> Iterator[Changed]:
    if rewriting and (said := rewriting.negation):
        answer = case.answer.replace(rewriting.shows[said.statement], said.say)
        label = judged(case.label, said.statement, Verdict.CONTRADICTED)
        yield Changed(answer, said.statement, label=label, target=said.statement)


def _pitfall(case: Case, rewriting: Rewriting | None, _: random.Random) -> Iterator[Changed]:
    if rewriting and (said := rewriting.pitfall):
        label = judged(case.label, said.statement, True)
        yield Changed(f"{case.answer} {said.say}", said.statement, label=label, target=said.statement)


def _ladder(case: Case, rewriting: Rewriting | None, _: random.Random) -> Iterator[Changed]:
    shown = list((rewriting.shows if rewriting else {}).items())
    for rung in range(len(shown)):
        label = case.label
        for point, _words in shown[rung:]:
            label = judged(label, point, Verdict.MISSING)
        answer = without(case.answer, [passage for _, passage in shown[rung:]])
        yield Changed(answer, str(rung), label=label, target=shown[rung][0])


def _duplicate(case: Case, _: Rewriting | None, __: random.Random) -> Iterator[Changed]:
    yield Changed(f"{case.answer}\n\n{case.answer}")


def keywords(question: Question) -> str:
    """The telling words of every key point, each once, as a list that says nothing about them."""
    told: dict[str, str] = {}
    asked = set(content_stems(question.text))
    for point in question.key_points:
        for word in words(point.text):
            stems = content_stems(word)
            if stems and stems[0] not in asked:
                told.setdefault(stems[0], word)
    return ", ".join(told.values())


def nothing_shown(label: Rating) -> Rating:
    """Every key point missing and no pitfall committed."""
    return Rating(
        id=label.id,
        key_points=(Verdict.MISSING,) * len(label.key_points),
        pitfalls=(False,) * len(label.pitfalls),
    )


def _keywords_added(case: Case, _: Rewriting | None, __: random.Random) -> Iterator[Changed]:
    yield Changed(f"{case.answer} {keywords(case.question)}.")


def _alone(text: Callable[[Question], str]) -> Make:
    def make(case: Case, _: Rewriting | None, __: random.Random) -> Iterator[Changed]:
        yield Changed(text(case.question), label=nothing_shown(case.label))

    return make


def _echo(question: Question) -> str:
    return f"{question.text} That is a good question. {question.text}"


CHANGES: tuple[Change, ...] = (
    Change("typos", Expected.SAME, lambda c, _, rng: [Changed(typos(c.answer, rng))]),
    Change("lower case", Expected.SAME, lambda c, _, __: [Changed(c.answer.lower())]),
    Change("upper case", Expected.SAME, lambda c, _, __: [Changed(c.answer.upper())]),
    Change("typography", Expected.SAME, lambda c, _, __: [Changed(typography(c.answer))]),
    Change("unicode forms", Expected.SAME, lambda c, _, __: [Changed(decomposed(c.answer))]),
    Change("order of thoughts", Expected.SAME, _order),
    Change("split over turns", Expected.SAME, _turns),
    Change("padding", Expected.SAME, _padding),
    Change("order of key points", Expected.SAME, _points),
    Change("name", Expected.SAME, _names),
    Change("gender", Expected.SAME, _genders),
    Change("concise", Expected.SAME, _stored("concise")),
    Change("paraphrase", Expected.SAME, _paraphrases),
    Change("dialect", Expected.SAME, _stored("dialect")),
    Change("model style", Expected.SAME, _stored("model_style")),
    Change("point deleted", Expected.FALLS, _delete),
    Change("point negated", Expected.FALLS, _negate),
    Change("pitfall added", Expected.FALLS, _pitfall),
    Change("ladder", Expected.LADDER, _ladder),
    Change("said twice", Expected.NO_MORE, _duplicate),
    Change("keywords added", Expected.NO_MORE, _keywords_added),
    Change("keywords alone", Expected.NOTHING, _alone(keywords)),
    Change("echo of the question", Expected.NOTHING, _alone(_echo)),
    Change("empty", Expected.NOTHING, _alone(lambda _: "")),
)
