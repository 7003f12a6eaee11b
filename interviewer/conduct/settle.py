"""The grade of a question that a move ends, from everything heard under it. Pure."""

from __future__ import annotations

from interviewer.domain.grading import Grade, Provenance
from interviewer.domain.guide import Guide, Question
from interviewer.domain.interview import Assessment, MessageKind, Move
from interviewer.domain.scorecard import grade
from interviewer.domain.state import Interview, hear, said
from interviewer.ports import Engine


def having_heard(interview: Interview, heard: Assessment | None, failure: str) -> Interview:
    """The interview as it stands once what waits has been heard; a copy."""
    draft = interview.draft()
    hear(draft, said(interview.pending), heard, failure)
    return draft


def settle(
    engine: Engine,
    interview: Interview,
    guide: Guide,
    question: Question,
    move: Move,
    heard: Assessment | None,
    failure: str,
) -> Grade | None:
    """The grade of the question, or None when the move does not end it. `interview` still has the message waiting."""
    if move.settles is None:
        return None
    read = [c for t in interview.turns if t.assessment for c in t.assessment.calls] + list(heard.calls if heard else ())
    provenance = Provenance(
        engine=engine.name,
        model=engine.model,
        guide_revision=guide.revision,
        prompt_digests=tuple(dict.fromkeys(c.prompt_digest for c in read if c.prompt_digest)),
    )
    state = having_heard(interview, heard, failure).current
    return grade(question, state, provenance, skipped=move.cause is not MessageKind.STOP)
