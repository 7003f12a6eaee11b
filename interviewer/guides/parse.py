"""Markdown bytes in, a Guide and what there is to say about it out. Raises on no input.

bytes -> text -> front matter + tree (_tree) -> questions and passages (_questions) -> Question (_interpret)
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePath

from interviewer.domain.guide import Background, Guide, Question
from interviewer.guides._answer import answer_text
from interviewer.guides._frontmatter import read_front_matter
from interviewer.guides._identity import Ids, slug
from interviewer.guides._interpret import interpret, unclosed
from interviewer.guides._labels import mend_labels, report_empty, take_in, without_strangers
from interviewer.guides._lookalikes import report_lookalikes
from interviewer.guides._questions import Found, RawQuestion, find_questions
from interviewer.guides._tree import MAX_LEVELS, Section, read_tree
from interviewer.guides.diagnostics import Diagnostic, Findings

# Thirty times the largest guide seen. More would only keep markdown-it busy for minutes.
MAX_BYTES = 1024 * 1024

_PINNED_ID = re.compile(r"^#([A-Za-z0-9][\w.-]{0,119})$", re.ASCII)


@dataclass(frozen=True, slots=True)
class ParsedGuide:
    """A guide, or None where the file could not be read, and the findings in the order of the file."""

    guide: Guide | None
    diagnostics: tuple[Diagnostic, ...]


def parse_guide(data: bytes, file: str) -> ParsedGuide:
    """Read a guide from its bytes. `file` is its name, for the guide's id and for findings."""
    findings = Findings(file)
    text = _decode(data, findings)
    guide = None if text is None else _read(text, file, hashlib.sha256(data).hexdigest(), findings)
    return ParsedGuide(guide, findings.sorted())


def _decode(data: bytes, findings: Findings) -> str | None:
    if len(data) > MAX_BYTES:
        findings.add("G004", size=len(data), limit=MAX_BYTES)
        return None
    if b"\0" in data:
        findings.add("G006" if _is_utf16(data) else "G002")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        findings.add("G001", line=data.count(b"\n", 0, error.start) + 1, offset=error.start)
        return None
    if not text.strip():
        findings.add("G003")
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_utf16(data: bytes) -> bool:
    """Whether these bytes are text of which each character takes two; plain ones leave every other byte empty."""
    start = data[:200]
    return start.startswith((b"\xff\xfe", b"\xfe\xff")) or not (any(start[::2]) and any(start[1::2]))


def _read(text: str, file: str, revision: str, findings: Findings) -> Guide:
    lines = text.split("\n")
    front = read_front_matter(lines, findings)
    tree = read_tree("\n".join(lines[front.lines :]), front.lines + 1)
    if tree.too_deep is not None:
        findings.add("G005", line=tree.too_deep, limit=MAX_LEVELS // 2)
    for line in tree.unclosed:
        findings.add("G007", line=line, number=line)
    report_lookalikes(lines, front.lines + 1, tree.verbatim, findings)
    found = find_questions(tree.sections, findings)
    stem = PurePath(file).stem
    return Guide(
        id=slug(stem),
        title=front.title or _title(tree.sections, stem),
        file=file,
        revision=revision,
        description=front.description,
        tags=front.tags,
        questions=_questions(found.questions, findings),
        background=_background(found),
    )


def _title(sections: list[Section], stem: str) -> str:
    heading = next((section.text for section in sections if section.level == 1 and section.text), None)
    return heading or " ".join(stem.replace("-", " ").replace("_", " ").split()).title() or "Guide"


def _questions(raw: list[RawQuestion], findings: Findings) -> tuple[Question, ...]:
    raw = [question for question in raw if question.text]
    mend_labels(raw, findings)
    for question in raw:
        question.blocks = take_in(question.blocks, findings)
        report_empty(question.blocks, findings)
        question.blocks = without_strangers(question.blocks, findings)
    ids = _question_ids(raw, findings)
    return tuple(interpret(question, id_, findings) for question, id_ in zip(raw, ids, strict=True))


def _question_ids(raw: list[RawQuestion], findings: Findings) -> list[str]:
    """An id for each: the pinned one, or one from its words. Pinned ids come first, so that no wording takes them."""
    ids = Ids()
    lines: dict[str, int] = {}
    given: list[str] = []
    for question in raw:
        pinned = _pinned(question, findings)
        if pinned in lines:
            findings.add("G302", line=question.line, mark=f"{{#{pinned}", id=pinned, first=lines[pinned])
        given.append(ids.take(pinned) if pinned else "")
        lines.setdefault(pinned, question.line) if pinned else None
    return [id_ or ids.take(slug(question.text)) for id_, question in zip(given, raw, strict=True)]


def _pinned(question: RawQuestion, findings: Findings) -> str:
    if question.attributes is None or unclosed(question.attributes, question.line, findings):
        return ""
    match = _PINNED_ID.match(question.attributes)
    if match is None:
        code = "G306" if question.attributes.startswith("#") else "G301"
        findings.add(code, line=question.line, mark=f"{{{question.attributes}", text=question.attributes)
        return ""
    return match[1]


def _background(found: Found) -> tuple[Background, ...]:
    passages = ((passage, answer_text(passage.blocks)) for passage in found.passages)
    return tuple(
        Background(heading=passage.heading, text=text, line=passage.line) for passage, text in passages if text
    )
