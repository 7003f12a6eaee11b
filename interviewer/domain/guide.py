"""What a guide is, once its Markdown has been read: questions with what a good answer contains.

Pure data. Every item keeps the line it came from, so that whoever wrote the guide can be told where to look.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Category(StrEnum):
    """What a question examines."""

    TECHNICAL = "technical"
    BEHAVIORAL = "behavioral"
    SITUATIONAL = "situational"
    PROBLEM_SOLVING = "problem-solving"
    OTHER = "other"


class Difficulty(StrEnum):
    """How much experience a question presupposes."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Frozen(BaseModel):
    """Base of the domain's values: immutable, strict about unknown fields, and silent about values that are wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Item(Frozen):
    """One statement of a guide.

    `id` is unique within its question and stable while the wording stays; `line` is 1-based in the guide's file.
    """

    id: str
    text: str
    line: int = Field(ge=1)


class KeyPoint(Item):
    """A statement a good answer makes.

    `label` is the name before the colon of "Label: statement", or None. `probe` is a spoken question that aims at the
    point without naming it; `hint` points closer, still without saying it. Both are the guide author's own, or None.
    """

    label: str | None = None
    weight: float = Field(default=1.0, gt=0)
    probe: str | None = None
    hint: str | None = None


class Pitfall(Item):
    """A mistake an answer can visibly commit."""

    label: str | None = None


class FollowUp(Item):
    """A question to deepen an answer, as the guide words it (not always a question: "Discuss how you ...")."""


class Question(Frozen):
    """What is put to the candidate, and what a good answer contains. `id` is unique within its guide."""

    id: str
    text: str
    line: int = Field(ge=1)
    category: Category = Category.OTHER
    difficulty: Difficulty | None = None
    answer: str = ""
    key_points: tuple[KeyPoint, ...] = ()
    pitfalls: tuple[Pitfall, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()


class Background(Frozen):
    """A passage of the guide that belongs to no question: the role, its tools, how to prepare."""

    heading: str
    text: str
    line: int = Field(ge=1)


class Guide(Frozen):
    """A whole guide. `id` is the slug of its file name; `revision` the SHA-256 (hex) of its bytes."""

    id: str
    title: str
    file: str
    revision: str
    description: str = ""
    tags: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    background: tuple[Background, ...] = ()

    def question(self, question_id: str) -> Question | None:
        """The question with this id, or None."""
        return next((q for q in self.questions if q.id == question_id), None)
