"""Finds the questions of a guide: under headings, as items of a list, or as bold lines.

Writers mark a question in many ways, but each guide in one or two. What decides is structure (a heading among
questions, a bold item with an answer below it) and the form of a question; no guide's own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from interviewer.domain.guide import Category
from interviewer.guides import vocabulary
from interviewer.guides._tree import Kind, Node, Section, adopt, head_of
from interviewer.guides.diagnostics import Findings
from interviewer.guides.spelling import nearest
from interviewer.guides.vocabulary import Role, category_of, role_of

_PREFIX = re.compile(
    r"^\s*(?:(?:interview\s+|sample\s+)?(?:question|q)\s*(?:\.?\s*#?\s*\d{1,3}[a-z]?\s*(?:[:.)–—-]+\s*|\s|$)|:\s*)"
    r"|\(?\d{1,3}\s*[.):]\s+)",
    re.IGNORECASE,
)
_QUESTIONS_HEADING = re.compile(
    r"\b(?:questions?\s*(?:&|and)\s*(?:\w+\s+){0,2}answers?|questions|q\s*&\s*a)\b", re.IGNORECASE
)
_ENDS_IN_QUESTIONS = re.compile(
    r"\bquestions(?:\s*(?:&|and|with)\s*(?:\w+\s+){0,3}answers?)?\s*(?:\([^)]*\))?:?$", re.IGNORECASE
)
_WORD = re.compile(r"[A-Za-z']+")
_CONTENT_ROLES = frozenset({Role.ANSWER, Role.KEY_POINTS, Role.PITFALL, Role.FOLLOW_UP, Role.QUESTION, Role.DIFFICULTY})
_ANSWERING = frozenset({Role.ANSWER, Role.KEY_POINTS})
_CATEGORY_NAMES = ("technical", "behavioral", "behavioural", "situational", "problem")
_MIN_WORDS = 4
_REACH = 200


@dataclass(slots=True)
class RawQuestion:
    """A question as it stands in the file, its content not yet interpreted."""

    text: str
    line: int
    level: int
    category: Category
    attributes: str | None = None
    blocks: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Passage:
    """A section that belongs to no question."""

    heading: str
    line: int
    blocks: list[Node]


@dataclass(slots=True)
class _Enclosing:
    """A heading that is open above the present one."""

    level: int
    category: Category | None
    among_questions: bool
    background: bool


@dataclass(slots=True)
class Found:
    """What a guide holds, in its order."""

    questions: list[RawQuestion]
    passages: list[Passage]


def find_questions(sections: list[Section], findings: Findings) -> Found:
    """The questions and the passages between them."""
    finder = _Finder(findings)
    for section in sections:
        finder.take(section)
    found = finder.found
    found.questions = [part for question in found.questions for part in _parted(question)]
    for question in found.questions:
        _settle(question, last=question is found.questions[-1])
    return found


class _Finder:
    """Reads sections in order, knowing which headings are open above each."""

    def __init__(self, findings: Findings) -> None:
        self.found = Found([], [])
        self._findings = findings
        self._above: list[_Enclosing] = [_Enclosing(0, None, among_questions=False, background=False)]
        self._current: RawQuestion | None = None

    def take(self, section: Section) -> None:
        """Place one section."""
        if self._is_part(section):
            self._add_part(section)
            return
        enclosing = self._enclosing(section)
        if _is_question(section, enclosing):
            self._open(section, enclosing)
        else:
            self._current = None
            self._enter(section, enclosing)

    def _enclosing(self, section: Section) -> _Enclosing:
        """The heading that the section stands under. A category holds for questions of its own level too."""
        while len(self._above) > 1 and self._above[-1].level > section.level:
            self._above.pop()
        return self._above[-1]

    def _is_part(self, section: Section) -> bool:
        """Whether the section is a part of the question before it, such as "Answer" under its own heading."""
        question = self._current
        if question is None or section.level < question.level or _heads_questions(section):
            return False
        named = role_of(section.text) not in {None, Role.QUESTION}
        if named or section.level == question.level:
            return named
        if not question.blocks and _asks(section.text):
            self._demote(question)
            return False
        return not _PREFIX.match(section.text) and not _asks_anew(section.text, question.blocks, section.blocks)

    def _demote(self, question: RawQuestion) -> None:
        """Take a heading that only looked like a question for the section that it is."""
        self.found.questions.remove(question)
        enclosing = self._above[-1]
        self._above.append(_Enclosing(question.level, enclosing.category, among_questions=True, background=False))
        self._current = None

    def _add_part(self, section: Section) -> None:
        assert self._current is not None
        part = Node(Kind.PARAGRAPH, section.line, label=section.text.rstrip(": "), children=adopt(section.blocks))
        self._current.blocks.append(part)

    def _open(self, section: Section, enclosing: _Enclosing) -> None:
        self._start(_without_prefix(section.text), section.line, section.level, enclosing.category, section.blocks)
        assert self._current is not None
        self._current.attributes = section.attributes

    def _start(self, text: str, line: int, level: int, category: Category | None, blocks: list[Node]) -> None:
        self._current = RawQuestion(text, line, level, category or Category.OTHER, blocks=list(blocks))
        self.found.questions.append(self._current)

    def _enter(self, section: Section, enclosing: _Enclosing) -> None:
        """Open a section that is not a question, and look for questions in its body."""
        if enclosing.level == section.level and section.level:
            self._above.pop()
            enclosing = self._above[-1]
        inner = _inner(section, enclosing)
        self._report_category(section, inner)
        self._above.append(inner) if section.level else None
        if inner.background or not inner.among_questions:
            self._keep(section, section.blocks)
        else:
            self._scan(section, inner)

    def _report_category(self, section: Section, inner: _Enclosing) -> None:
        if inner.background or inner.category or len(section.text) > _REACH:
            return
        words = _WORD.findall(section.text)
        near = {word: name for word in words if (name := nearest(word.lower(), _CATEGORY_NAMES))}
        if near and len(words) <= _MIN_WORDS:
            expected = " ".join(near.get(word, word).capitalize() if word in near else word for word in words)
            self._findings.add("G205", section.line, mark=next(iter(near)), text=section.text, expected=expected)

    def _keep(self, section: Section, blocks: list[Node]) -> None:
        if blocks:
            self.found.passages.append(Passage(section.text, section.line, blocks))

    def _scan(self, section: Section, inner: _Enclosing) -> None:
        """Take the questions that stand in a section's body; what comes before the first is a passage."""
        before: list[Node] = []
        category = inner.category
        for node in _with_bank(section.blocks):
            if _names_category(node):
                category, self._current = category_of(node.full_text), None
            elif _starts_question(node):
                self._start(_without_prefix(_asked(node)), node.line, section.level + 1, category, node.children)
                self._annotate(node)
            elif self._current is not None:
                self._current.blocks.append(node)
            else:
                before.append(node)
        self._keep(section, before)
        self._report_unplaced(section, before)

    def _annotate(self, node: Node) -> None:
        assert self._current is not None
        self._current.attributes = node.attributes

    def _report_unplaced(self, section: Section, before: list[Node]) -> None:
        heads_questions = _QUESTIONS_HEADING.search(section.text[:_REACH]) or category_of(section.text)
        listed = next((node for node in before if node.kind is Kind.ITEM), None)
        if before and not heads_questions:
            self._findings.add("G201", line=section.line, mark=section.text, text=section.text)
        elif listed is not None:
            self._findings.add("G202", line=listed.line)


def _inner(section: Section, enclosing: _Enclosing) -> _Enclosing:
    """What a heading that is no question means for what stands under it."""
    named = category_of(section.text) if section.level else None
    says_questions = _QUESTIONS_HEADING.search(section.text[:_REACH]) is not None
    heads_questions = says_questions or (named is not None and not _is_background(section.text))
    background = not heads_questions and (enclosing.background or _is_background(section.text))
    background = background or vocabulary.is_candidates_own(section.text)
    return _Enclosing(
        section.level,
        named or (enclosing.category if not heads_questions else None),
        among_questions=(heads_questions or enclosing.among_questions) and not background,
        background=background,
    )


def _is_question(section: Section, enclosing: _Enclosing) -> bool:
    text = section.text
    if section.level == 0 or not text or vocabulary.is_candidates_own(text):
        return False
    if _heads_questions(section) or role_of(_without_prefix(text)) is not None:
        return False
    if enclosing.background and enclosing.level < section.level:
        return False
    if section.attributes:
        return True
    if not enclosing.among_questions:
        return _has_content(section, _ANSWERING) or (_asks(text) and _has_content(section))
    if _PREFIX.match(text):
        return not _names_section(text)
    return _asks(text) or (not _is_background(text) and (_has_content(section) or _poses_case(section, enclosing)))


def _heads_questions(section: Section) -> bool:
    """Whether the heading names a group of questions: "Technical Questions", "2. Design Questions (Continued)"."""
    text = _PREFIX.sub("", section.text)
    if not _ends_in_questions(text) or "?" in text:
        return False
    return not (_asks(text) and section.blocks and _role(section.blocks[0]) in _CONTENT_ROLES)


def _ends_in_questions(text: str) -> bool:
    return _ENDS_IN_QUESTIONS.search(text[-_REACH:]) is not None


def _names_section(text: str) -> bool:
    """Whether a numbered heading names a group all the same: "3. Behavioral"."""
    bare = _PREFIX.sub("", text, count=1)
    return bool(bare) and "?" not in bare and category_of(bare) is not None and len(bare.split()) <= _MIN_WORDS


def _asks(text: str) -> bool:
    """Whether the text has the form of a question or of a task put to somebody."""
    bare = _PREFIX.sub("", text, count=1)
    if "?" in bare:
        return True
    words = _WORD.findall(bare[:_REACH].lower())
    return len(words) >= _MIN_WORDS and words[0] in vocabulary.QUESTION_OPENERS and words[1] != "to"


def _is_background(text: str) -> bool:
    return any(word in vocabulary.BACKGROUND_WORDS for word in _WORD.findall(text.lower()))


def _has_content(section: Section, roles: frozenset[Role] = _CONTENT_ROLES) -> bool:
    return any(_role(node) in roles for node in section.blocks)


def _poses_case(section: Section, enclosing: _Enclosing) -> bool:
    """Whether a sentence stands over a list where questions of a category do: "Our largest customer wants to leave"."""
    listed = any(node.kind is Kind.ITEM and not _starts_question(node) for node in section.blocks)
    below = enclosing.category is not None and enclosing.level < section.level
    return below and listed and len(section.text.split()) >= _MIN_WORDS


def _role(node: Node) -> Role | None:
    label = node.label or (node.text if node.bold else None)
    return role_of(head_of(label)[0]) if label else None


def _asks_anew(text: str, before: list[Node], below: list[Node]) -> bool:
    """Whether a text is a question of its own: key points or an answer stand below it as they do before it."""
    answered = {role for node in before[:_REACH] if (role := _role(node)) in _ANSWERING}
    return "?" in text and any(_role(node) in answered for node in below)


def _names_category(node: Node) -> bool:
    """Whether a bold line stands where a heading for a group of questions would."""
    return node.kind is Kind.PARAGRAPH and node.bold and _ends_in_questions(node.full_text)


def _starts_question(node: Node) -> bool:
    if node.kind not in {Kind.PARAGRAPH, Kind.ITEM}:
        return False
    text = _asked(node)
    if _PREFIX.match(text) and not text[:1].isdigit():
        return True
    if node.label and not node.bold:
        return "?" in node.label
    return node.bold and role_of(text) is None and _asks(text)


def _asked(node: Node) -> str:
    """What the node would put to the candidate. A number in front of it is the list's, not part of it."""
    return node.full_text.strip()


def _with_bank(blocks: list[Node]) -> Iterator[Node]:
    """The blocks, with the items of a bare list of questions marked as such."""
    starts = any(_starts_question(node) for node in blocks)
    for node in blocks:
        if not starts and node.kind is Kind.ITEM and _asked(node).endswith("?"):
            node.bold, node.text, node.label = True, _asked(node), None
        yield node


def _without_prefix(text: str) -> str:
    return _PREFIX.sub("", text, count=1).strip()


def _parted(question: RawQuestion) -> list[RawQuestion]:
    """The question, and each that only a bold line below it sets apart."""
    parts, answered = [replace(question, blocks=[])], set[Role | None]()
    roles = [_role(node) for node in question.blocks]
    last: dict[Role | None, int] = {role: place for place, role in enumerate(roles) if role in _ANSWERING}
    for place, node in enumerate(question.blocks):
        asks = node.kind is Kind.PARAGRAPH and node.bold and "?" in node.full_text
        if asks and any(last[role] > place for role in answered):
            text = _without_prefix(_asked(node))
            parts.append(replace(question, text=text, line=node.line, attributes=node.attributes, blocks=node.children))
            answered.clear()
        else:
            parts[-1].blocks.append(node)
            answered |= {roles[place]} & last.keys()
    return parts


def _settle(question: RawQuestion, last: bool) -> None:
    """Find the question's own words where its heading has none, and give its blocks their parents."""
    blocks = _without_closing(question.blocks, keep=0 if last and question.text else 1)
    first = blocks[0] if blocks else None
    if first is not None and (not question.text or _role(first) is Role.QUESTION):
        asked = first.text or first.full_text
        question.text = _without_prefix(asked) if asked else question.text
        blocks = first.children + blocks[1:]
    question.blocks = adopt(blocks)


def _without_closing(blocks: list[Node], keep: int) -> list[Node]:
    """The blocks without the farewell that guides end with, which belongs to no question. The first `keep` stay."""
    kept = blocks[: _end_of_question(blocks)]
    while len(kept) > keep and _is_closing(kept[-1]):
        kept.pop()
    return kept


def _end_of_question(blocks: list[Node]) -> int:
    """Where a line drawn across the page ends the question: nothing below it is named as part of one."""
    end = len(blocks)
    for place in range(len(blocks) - 1, 0, -1):
        if _role(blocks[place]) in _CONTENT_ROLES:
            break
        if blocks[place].kind is Kind.RULE:
            end = place
    return end


def _is_closing(node: Node) -> bool:
    if node.kind is Kind.RULE:
        return True
    plain = node.kind is Kind.PARAGRAPH and node.label is None and not node.bold
    return plain and vocabulary.takes_leave(node.text)
