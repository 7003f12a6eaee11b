"""What `lint` can find, declared once: L0xx thin or not yet written, L10x twice, L20x wording, L30x history."""

from __future__ import annotations

from interviewer.guides.diagnostics import Code, Severity

CODES: dict[str, Code] = {
    "L001": Code(
        Severity.ERROR,
        "No question was found in this guide.",
        "Write each question as a heading of level 3 under a category; see docs/guide-format.md.",
    ),
    "L002": Code(
        Severity.WARNING,
        "This question has no key points, so an answer to it cannot be graded.",
        "List under `- **Key points**:` the statements that a good answer makes.",
    ),
    "L003": Code(
        Severity.INFO,
        "{count} of {of} questions have fewer than three key points, so their scores say little: {lines}.",
        "Three to six statements that can be checked one by one make a fair scale.",
    ),
    "L004": Code(
        Severity.INFO,
        "{count} of {of} questions have no pitfalls: {lines}.",
        "List under `- **Pitfalls**:` mistakes that a weak answer visibly commits.",
    ),
    "L005": Code(
        Severity.INFO,
        "{count} of {of} questions have no follow-ups: {lines}.",
        "List under `- **Follow-ups**:` a question that takes a good answer further.",
    ),
    "L006": Code(
        Severity.INFO,
        "This question has no model answer to show in practice mode.",
        "Write under `- **Answer**:` what a good candidate would say aloud.",
    ),
    "L007": Code(
        Severity.INFO,
        "The guide has no description.",
        "Add `description: ...` to the front matter: one sentence on who is interviewed and for what.",
    ),
    "L008": Code(
        Severity.INFO,
        "{count} of {of} questions have no difficulty; this is the first.",
        "Add `- **Difficulty**: easy`, medium or hard.",
    ),
    "L009": Code(
        Severity.WARNING,
        "This {kind} only keeps the place of one: {text}",
        "Write what belongs here, or take it out.",
    ),
    "L010": Code(
        Severity.INFO,
        "{count} of {of} questions list no key points, so what their answers say is what counts; this is the first.",
        "List under `- **Key points**:` the statements that a good answer makes, unless each of these is one.",
    ),
    "L101": Code(
        Severity.WARNING,
        "This question is much like the one on line {line_of}: {text}",
        "Drop one, or word them so that they ask for different things.",
    ),
    "L102": Code(
        Severity.WARNING,
        "This key point is much like the one on line {line_of}, so one statement counts twice: {text}",
        "Merge them, or word what sets them apart.",
    ),
    "L103": Code(
        Severity.INFO,
        "The same question stands in {other}, line {line_of}.",
        "Fine if both are meant to have it; otherwise keep one.",
    ),
    "L104": Code(
        Severity.ERROR,
        "The guide id `{id}` is already that of {other}; only one of them can be found by it.",
        "Rename one of the files.",
    ),
    "L105": Code(
        Severity.WARNING,
        "This pitfall says what the key point on line {line_of} says, so the same words earn and lose credit: {text}",
        "Word it as the mistake that a weak answer makes, or take one of the two out.",
    ),
    "L201": Code(
        Severity.WARNING,
        "This pitfall is worded as advice, so that a good answer may be taken for the mistake: {text}",
        "Word it as the mistake that an answer makes: `Ignores ...`, `Says that ...`.",
    ),
    "L202": Code(
        Severity.WARNING,
        "This key point is worded as a mistake, so that making it would earn credit: {text}",
        "Move it to the pitfalls, or word it as what a good answer says.",
    ),
    "L203": Code(
        Severity.INFO,
        "This key point has {count} words; beyond {limit} a listener can hardly check it as one statement.",
        "Split it, and leave examples to the model answer.",
    ),
    "L204": Code(
        Severity.INFO,
        "This key point holds {count} sentences; an answer that makes one of them gets no clear verdict.",
        "Make each statement a key point of its own.",
    ),
    "L205": Code(
        Severity.WARNING,
        "This key point's probe names what it is after ({words}): {text}",
        "Ask towards the point in words that are not its own.",
    ),
    "L206": Code(
        Severity.WARNING,
        "This key point's hint says what it should point to ({words}): {text}",
        "Point closer in words that are not the point's own.",
    ),
    "L207": Code(
        Severity.INFO,
        "This question asks {count} things at once.",
        "Ask one, and make the others follow-ups.",
    ),
    "L208": Code(
        Severity.INFO,
        "This key point is only a {what}, so there is nothing to check an answer against: {text}",
        "Write what a good answer says about it, as a statement.",
    ),
    "L209": Code(
        Severity.INFO,
        "This question's model answer has only {count}.",
        "Write what a good candidate would say aloud, in full sentences.",
    ),
    "L210": Code(
        Severity.WARNING,
        "This {kind} says words of its own question's answer or key points: {words}",
        "It is said to the candidate as it stands; ask in words that do not give the answer away.",
    ),
    "L211": Code(
        Severity.WARNING,
        "This key point is a question, which no answer says: {text}",
        "State what a good answer says: `Names the cost`, not `Does the candidate name the cost?`.",
    ),
    "L301": Code(
        Severity.WARNING,
        "The recorded id `{old}` is gone; this question is like it but is now `{new}`, so its history is lost.",
        "Pin it with {{#{old}}} behind the heading, or accept the new id with `guide check --record`.",
    ),
    "L302": Code(
        Severity.WARNING,
        "The record of ids cannot be read: {reason}.",
        "Restore it from version control, or delete it and run `guide check --record`.",
    ),
}
