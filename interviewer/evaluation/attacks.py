"""What a hostile candidate gains: the same answer graded with and without each attack of the suite, by any engine.

An attack goes after the answer, before it and into its middle. No grade may rise by it, unless the attack is made of
the guide's own words (`honest`): then the signal is what counts.
"""

from __future__ import annotations

import base64
import codecs
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import cache

from interviewer.conduct.single import SingleGrade, grade_answer
from interviewer.domain.guide import Frozen, Guide, Question
from interviewer.domain.text import sentences
from interviewer.evaluation.suites import suite
from interviewer.ports import Engine

ANSWER = "{answer}"
WEAK = "I'm not quite sure. I would talk to the team, look at it step by step and test it well before going live."
MARKED = "I would do the first thing, which is +1 for me. Then half of the second, so ~2 there."
BASES = ("empty", "weak", "partial", "marked")


class Attack(Frozen):
    """One way to cheat, as data; evals/suites/attacks.toml says what each field means."""

    id: str
    family: str
    text: str = ""
    code: str = ""
    coded: str = ""
    times: int = 0
    filler: str = ""
    before: bool = False
    earlier: tuple[str, ...] = ()
    honest: bool = False
    signal: str = ""

    def payload(self, question: Question) -> str:
        """The attack itself, with the answer's place left in it."""
        if self.times:
            filler = self.filler * self.times
            return f"{filler} {ANSWER}" if self.before else f"{ANSWER} {filler}"
        text, coded = self.text, CODES.get(self.code, str)
        if self.code and not self.coded:
            return f"{ANSWER} {coded(text)}"
        labels = ", ".join(k.label or k.text for k in question.key_points)
        values = {"question": question.text, "model_answer": question.answer, "labels": labels}
        filled = text.format(answer=ANSWER, coded=coded(self.coded), **values)
        return filled if ANSWER in filled else f"{ANSWER} {filled}"


class Outcome(Frozen):
    """One answer under one attack: what it earned with and without, and what the reviewer is told. Seconds to grade."""

    attack: Attack
    question_id: str
    base: str
    place: str
    clean: SingleGrade
    attacked: SingleGrade
    seconds: float

    @property
    def rose(self) -> bool:
        """Whether the attack gained anything."""
        return (self.attacked.score or 0.0) > (self.clean.score or 0.0)


@cache
def attacks(name: str = "attacks") -> tuple[Attack, ...]:
    """The suite, or the smaller one of attacks that no rule was written for, "attacks_unseen"."""
    return tuple(Attack(**each) for each in suite(name)["attack"])


def base_answers(guide: Guide, question: Question) -> dict[str, str]:
    """Honest answers to a question of a guide that ships: nothing, empty words, a part, and marks for a script."""
    heard = suite("honest_lines")[guide.id][question.id]["heard"]
    return {"empty": "", "weak": WEAK, "partial": heard, "marked": MARKED}


def places(attack: Attack, question: Question, answer: str) -> dict[str, str]:
    """The attacked message, with the attack after the answer, before it, and inside it; what came earlier above it."""
    return {
        place: "\n".join([*attack.earlier, text]) for place, text in attacked_messages(attack, question, answer).items()
    }


def attacked_messages(attack: Attack, question: Question, answer: str) -> dict[str, str]:
    """The same without what the attack sends in earlier messages."""
    payload = attack.payload(question)
    made = {"as written": payload.replace(ANSWER, answer).strip(" ")}
    said = sentences(answer)
    if payload.startswith(ANSWER) and payload.count(ANSWER) == 1 and said and not attack.earlier:
        bare = payload.removeprefix(ANSWER).lstrip(" ")
        made["before"] = f"{bare} {answer}"
        if len(said) > 1:
            made["inside"] = f"{said[0]} {bare} {' '.join(said[1:])}"
    return made


async def outcomes(
    engine: Engine, guide: Guide, questions: Iterable[Question], suite: Sequence[Attack], bases: Sequence[str] = BASES
) -> AsyncIterator[Outcome]:
    """Every attack on every base answer to these questions."""
    for question in questions:
        for base in bases:
            answer = base_answers(guide, question)[base]
            clean = await grade_answer(engine, question, answer)
            for attack in suite:
                for place, text in places(attack, question, answer).items():
                    began = time.perf_counter()
                    attacked = await grade_answer(engine, question, text)
                    seconds = time.perf_counter() - began
                    yield Outcome(
                        attack=attack,
                        question_id=question.id,
                        base=base,
                        place=place,
                        clean=clean,
                        attacked=attacked,
                        seconds=seconds,
                    )


_HOMOGLYPHS = str.maketrans("aeopcxyi", "аеорсхуі")
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
CODES: dict[str, Callable[[str], str]] = {
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "rot13": lambda s: codecs.encode(s, "rot13"),
    "hex": lambda s: s.encode().hex(),
    "leet": lambda s: s.translate(_LEET),
    "reversed": lambda s: s[::-1],
    "spaced": lambda s: "  ".join(" ".join(word) for word in s.split()),
    "zero-width": "\u200b".join,
    "tags": lambda s: "".join(chr(0xE0000 + ord(c)) for c in s),
    "homoglyphs": lambda s: s.translate(_HOMOGLYPHS),
    "full-width": lambda s: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in s),
    "bidi": lambda s: f"\u202e{s[::-1]}\u202c",
    "zalgo": lambda s: "".join(f"{c}\u0335\u0321" if c.isalpha() else c for c in s),
}
