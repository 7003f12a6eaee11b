"""What is thin or suspicious in a guide that can be read: each finding with its place and how to mend it. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from interviewer.domain.guide import Guide, KeyPoint, Pitfall, Question
from interviewer.guides import asking, tone
from interviewer.guides.diagnostics import Diagnostic
from interviewer.guides.filler import keeps_place
from interviewer.guides.likeness import alike, opposed, repeats, within
from interviewer.guides.lint_codes import CODES
from interviewer.guides.recorded_ids import RecordedGuide
from interviewer.guides.vocabulary import Role, role_of
from interviewer.guides.wording import sentences, stems, unspaced, words

FEW_POINTS = 3
LONG_POINT = 40  # words
MANY_SENTENCES = 3
MANY_ASKED = 3
MANY_LINES = 12  # that one finding names
SHORT_ANSWER = 3  # words
QUESTIONS_ALIKE = 0.75
POINTS_ALIKE = 0.75
PROBE_SHARE = 1 / 3
HINT_SHARE = 1 / 2
SAME_QUESTION = 0.5  # enough to take one question for the reworded form of another

Findings = Iterator[Diagnostic]


def lint(guide: Guide, record: RecordedGuide | None = None, misspelt: Collection[int] = ()) -> tuple[Diagnostic, ...]:
    """All findings about a guide, in the order of its file.

    `record` holds the ids that it once had, `misspelt` the lines of difficulties that the parser has complained about.
    """
    found = [finding for check in GUIDE_CHECKS for finding in check(guide)]
    found += [finding for question in guide.questions for check in QUESTION_CHECKS for finding in check(question)]
    found += _no_difficulty(guide, misspelt)
    found += _lost_ids(guide, record or {})
    return tuple(sorted((replace(f, file=guide.file) for f in found), key=lambda f: (f.line, f.code)))


def lint_library(guides: Sequence[Guide]) -> tuple[Diagnostic, ...]:
    """Findings about guides that stand together, by their `file`s: an id twice, the same question twice."""
    ids: dict[str, Guide] = {}
    questions: dict[tuple[str, ...], tuple[Guide, Question]] = {}
    found: list[Diagnostic] = []
    for guide in guides:
        if (first := ids.setdefault(guide.id, guide)) is not guide:
            found.append(_finding("L104", 1, file=guide.file, id=guide.id, other=first.file))
        for question in guide.questions:
            other, same = questions.setdefault(stems(question.text) or (question.text,), (guide, question))
            if other is not guide:
                found.append(_finding("L103", question.line, file=guide.file, other=other.file, line_of=same.line))
    return tuple(found)


def _no_questions(guide: Guide) -> Findings:
    if not guide.questions:
        yield _finding("L001", 1)


def _no_description(guide: Guide) -> Findings:
    if not guide.description.strip():
        yield _finding("L007", 1)


def _no_difficulty(guide: Guide, misspelt: Collection[int]) -> Findings:
    starts = [question.line for question in guide.questions]
    tried = {bisect_right(starts, line) for line in misspelt}
    without = [q for number, q in enumerate(guide.questions, 1) if q.difficulty is None and number not in tried]
    if without:
        yield _finding("L008", without[0].line, count=len(without), of=len(guide.questions))


def _points_from_answers(guide: Guide) -> Findings:
    unlisted = [question for question in guide.questions if _is_told_only(question)]
    if unlisted:
        yield _finding("L010", unlisted[0].line, count=len(unlisted), of=len(guide.questions))


def _is_told_only(question: Question) -> bool:
    """Whether a question's key points were taken from its model answer, for want of a list."""
    lines = question.answer.splitlines()
    if not question.key_points or any(role_of(line.strip(" -:")) is Role.KEY_POINTS for line in lines):
        return False
    told = _flat(question.answer)
    return all(_flat(point.text) in told for point in question.key_points)


def _flat(text: str) -> str:
    """A text in one line, without the marks of its list."""
    return " ".join(text.replace("\n- ", " ").split())


def _unwritten(guide: Guide) -> Findings:
    written = [("title", 1, guide.title), ("description", 1, guide.description)]
    written += [("passage", passage.line, passage.text) for passage in guide.background]
    yield from _places_kept(written)


def _unwritten_parts(question: Question) -> Findings:
    items: list[tuple[str, tuple[KeyPoint | Pitfall, ...]]] = [
        ("key point", question.key_points),
        ("pitfall", question.pitfalls),
    ]
    written = [("question", question.line, question.text), ("model answer", question.line, question.answer)]
    written += [(kind, item.line, _statement(item)) for kind, several in items for item in several]
    yield from _places_kept([*written, *_said_lines(question)])


def _places_kept(written: Sequence[tuple[str, int, str]]) -> Findings:
    for kind, line, text in written:
        if keeps_place(text):
            yield _finding("L009", line, mark=text, kind=kind, text=_short(text))


def _statement(item: KeyPoint | Pitfall) -> str:
    """What is said behind the label, or the whole where a label is the reminder: "TODO: cost"."""
    return item.text if keeps_place(item.text) else tone.behind_label(item.text, item.label)


def _written(points: Sequence[KeyPoint]) -> list[KeyPoint]:
    return [point for point in points if not keeps_place(_statement(point))]


def _thin(guide: Guide) -> Findings:
    """What many questions may lack: one finding for all of them, at the first."""
    lacking = (
        ("L003", [q.line for q in guide.questions if 0 < len(q.key_points) < FEW_POINTS]),
        ("L004", [q.line for q in guide.questions if not q.pitfalls]),
        ("L005", [q.line for q in guide.questions if not q.follow_ups]),
    )
    for code, lines in lacking:
        if lines:
            yield _finding(code, lines[0], count=len(lines), of=len(guide.questions), lines=_listed(lines))


def _alike_questions(guide: Guide) -> Findings:
    questions = guide.questions
    for later, first in repeats([question.text for question in questions], QUESTIONS_ALIKE):
        yield _finding("L101", questions[later].line, line_of=questions[first].line, text=_short(questions[first].text))


def _points_missing(question: Question) -> Findings:
    if not question.key_points:
        yield _finding("L002", question.line)


def _parts_missing(question: Question) -> Findings:
    if not question.answer.strip():
        yield _finding("L006", question.line)


def _alike_points(question: Question) -> Findings:
    points = _written(question.key_points)
    for later, first in repeats([point.text for point in points], POINTS_ALIKE):
        yield _finding("L102", points[later].line, line_of=points[first].line, text=_short(points[first].text))


def _pitfalls_like_points(question: Question) -> Findings:
    for pitfall in question.pitfalls:
        for point in _written(question.key_points):
            if _says_no_more(pitfall.text, point.text):
                yield _finding("L105", pitfall.line, line_of=point.line, text=_short(pitfall.text))
                break


def _says_no_more(pitfall: str, point: str) -> bool:
    """Whether a pitfall only repeats a point. A single word of its own may be what makes it the mistake."""
    return within(pitfall, point) and alike(pitfall, point) >= POINTS_ALIKE and not opposed(pitfall, point)


def _pitfalls_that_advise(question: Question) -> Findings:
    for pitfall in question.pitfalls:
        if tone.advises(pitfall.text, pitfall.label):
            yield _finding("L201", pitfall.line, text=_short(pitfall.text))


def _points_that_blame(question: Question) -> Findings:
    if tone.asks_about_mistakes(question.text):
        return
    for point in question.key_points:
        if tone.blames(point.text, point.label):
            yield _finding("L202", point.line, text=_short(point.text))


def _points_that_ask(question: Question) -> Findings:
    if asking.wants_questions(question.text):
        return
    for point in question.key_points:
        if asking.only_asks(_statement(point)):
            yield _finding("L211", point.line, text=_short(point.text))


def _points_too_big(question: Question) -> Findings:
    for point in question.key_points:
        count = len(words(point.text))
        if count > LONG_POINT:
            yield _finding("L203", point.line, count=count, limit=LONG_POINT)
        elif (said := len(sentences(point.text))) >= MANY_SENTENCES:
            yield _finding("L204", point.line, count=said)


def _too_short(question: Question) -> Findings:
    for point in _written(question.key_points):
        if point.text != question.answer and (what := _too_little(point)):
            yield _finding("L208", point.line, what=what, text=_short(point.text))
    count = len(words(question.answer))
    if 0 < count < SHORT_ANSWER and not unspaced(question.answer) and not keeps_place(question.answer):
        yield _finding("L209", question.line, count="one word" if count == 1 else f"{count} words")


def _too_little(point: KeyPoint) -> str:
    """What a point is that states nothing: a label that nothing follows, a sign, a word; "" for a statement."""
    count = len(words(point.text))
    if count > 1 and point.text == point.label:
        return "label"
    return "" if count > 1 or unspaced(point.text) else "single word" if count else "sign"


def _aims_that_tell(question: Question) -> Findings:
    for point in question.key_points:
        for code, aim in (("L205", point.probe), ("L206", point.hint)):
            told = asking.given_away(aim or "", point.text, question.text)
            if aim and _tells(told, point, question, code):
                yield _finding(code, point.line, mark=aim, text=_short(aim), words=", ".join(told))


def _lines_that_tell(question: Question) -> Findings:
    """Lines that the interviewer says as they stand, and that repeat what nobody has said yet."""
    statements = (question.answer, *(point.text for point in question.key_points))
    hidden = asking.runs(*statements) - asking.runs(question.text)
    for kind, line, said in _said_lines(question):
        if run := asking.repeated(said, hidden):
            yield _finding("L210", line, mark=said, kind=kind, words=run)


def _said_lines(question: Question) -> Iterator[tuple[str, int, str]]:
    for point in question.key_points:
        yield from ((kind, point.line, said) for kind, said in (("probe", point.probe), ("hint", point.hint)) if said)
    yield from (("follow-up", follow_up.line, follow_up.text) for follow_up in question.follow_ups)


def _tells(told: tuple[str, ...], point: KeyPoint, question: Question, code: str) -> bool:
    """Whether these words give a point away: a probe may share fewer of them than a hint, and not the whole label."""
    if code == "L205" and asking.named(point.probe or "", point.label or "", question.text):
        return True
    share = len(told) / max(asking.telling(point.text, question.text), 1)
    return len(told) >= 2 and share >= (PROBE_SHARE if code == "L205" else HINT_SHARE)


def _asks_several(question: Question) -> Findings:
    count = asking.asked(question.text)
    if count >= MANY_ASKED:
        yield _finding("L207", question.line, count=count)


def _lost_ids(guide: Guide, record: RecordedGuide) -> Findings:
    """A recorded id that is gone while a question with a new id is much like it: reworded, and its history lost."""
    new = [question for question in guide.questions if question.id not in record]
    for old_id, old in record.items():
        if guide.question(old_id) is not None or not new:
            continue
        nearest = max(new, key=lambda question: alike(old.text, question.text))
        if alike(old.text, nearest.text) >= SAME_QUESTION:
            yield _finding("L301", nearest.line, old=old_id, new=nearest.id)


GUIDE_CHECKS: tuple[Callable[[Guide], Findings], ...] = (
    _no_questions,
    _no_description,
    _thin,
    _points_from_answers,
    _unwritten,
    _alike_questions,
)
QUESTION_CHECKS: tuple[Callable[[Question], Findings], ...] = (
    _points_missing,
    _parts_missing,
    _unwritten_parts,
    _alike_points,
    _pitfalls_like_points,
    _pitfalls_that_advise,
    _points_that_blame,
    _points_that_ask,
    _points_too_big,
    _too_short,
    _aims_that_tell,
    _lines_that_tell,
    _asks_several,
)


def _finding(code: str, line: int, *, file: str = "", mark: str = "", **details: object) -> Diagnostic:
    kind = CODES[code]
    message, help_ = kind.message.format(**details), kind.help.format(**details)
    return Diagnostic(code, kind.severity, message, help_, file, line, mark=mark)


def _short(text: str, limit: int = 70) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _listed(lines: Sequence[int]) -> str:
    shown = ", ".join(str(line) for line in lines[:MANY_LINES])
    further = f" and {len(lines) - MANY_LINES} more" if len(lines) > MANY_LINES else ""
    return f"line{'' if len(lines) == 1 else 's'} {shown}{further}"
