"""Reads what stands below a question: which statements are key points, which pitfalls, which follow-ups.

The walk goes down the blocks with a mode, which says what an unlabelled or freely labelled statement is here. A label
that the vocabulary knows changes the mode for what stands below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from interviewer.domain.guide import Difficulty, FollowUp, KeyPoint, Pitfall, Question
from interviewer.guides import vocabulary
from interviewer.guides._answer import answer_text
from interviewer.guides._identity import Ids, digest
from interviewer.guides._questions import RawQuestion
from interviewer.guides._tree import Kind, Node, head_of, is_bare, states
from interviewer.guides.diagnostics import Findings
from interviewer.guides.spelling import nearest
from interviewer.guides.vocabulary import Role, role_of

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9`])")
_LAST_WORD = re.compile(r"([\w.]+)\.$")
_WEIGHT = re.compile(r"^weight\s*=\s*[\"']?(\d+(?:\.\d+)?)[\"']?$")
_IN_PARENTHESES = re.compile(r"(?<=\s)\(weight ?[=:][^()]*\)(?=\W*$)")
_EXAMPLE_SENTENCE = re.compile(r"^(?:for (?:example|instance)|e\.g\.)\b", re.IGNORECASE)
_QUOTES = '"“”'
_MAX_WEIGHT = 100.0


class _Mode(Enum):
    POINTS = auto()
    STORY = auto()  # only steps, what was done and reasons are points
    TOLD = auto()  # a story in named parts: those of its parts that are not narrative are points
    PITFALLS = auto()
    FOLLOW_UPS = auto()
    NOTHING = auto()


_LISTING = {_Mode.PITFALLS: Role.PITFALL, _Mode.FOLLOW_UPS: Role.FOLLOW_UP}
_NARRATABLE = frozenset({_Mode.POINTS, _Mode.STORY, _Mode.TOLD})


@dataclass(slots=True)
class _Point:
    node: Node
    text: str
    label: str | None
    core: bool


@dataclass(slots=True)
class _Reading:
    """What was collected from one question.

    `prose` are the answer's running paragraphs; `named` says that a list of key points goes by that very name.
    """

    points: list[_Point] = field(default_factory=list)
    prose: list[Node] = field(default_factory=list)
    pitfalls: list[tuple[Node, str, str | None]] = field(default_factory=list)
    follow_ups: list[tuple[Node, str]] = field(default_factory=list)
    difficulty: Difficulty | None = None
    named: bool = False


def interpret(raw: RawQuestion, question_id: str, findings: Findings) -> Question:
    """The question with everything that stands below it."""
    reading = _Walk(findings).read(raw.blocks)
    return Question(
        id=question_id,
        text=raw.text,
        line=raw.line,
        category=raw.category,
        difficulty=reading.difficulty,
        answer=answer_text(raw.blocks),
        key_points=_key_points(reading, findings),
        pitfalls=_pitfalls(reading),
        follow_ups=_follow_ups(reading),
    )


class _Walk:
    """Goes down a question's blocks. The depth of the tree is bounded by the parser that made it."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._reading = _Reading()

    def read(self, blocks: list[Node]) -> _Reading:
        self._all(blocks, _Mode.POINTS, core=True)
        return self._reading

    def _all(self, nodes: list[Node], mode: _Mode, core: bool) -> None:
        roles = [_role_of(node)[0] for node in nodes]
        if mode is _Mode.STORY and (Role.ACTION in roles or Role.NARRATIVE in roles):
            mode = _Mode.TOLD
        setting = any(vocabulary.sets_scene(node.label) for node in nodes if node.label)
        listed = False
        for node, role in zip(nodes, roles, strict=True):
            remark = listed and mode is not _Mode.POINTS and node.kind is Kind.PARAGRAPH and not node.label
            if not remark and not (setting and role is Role.CHALLENGES):
                self._visit(node, mode, core)
            listed = listed or node.kind is Kind.ITEM

    def _visit(self, node: Node, mode: _Mode, core: bool) -> None:
        if node.kind not in {Kind.ITEM, Kind.PARAGRAPH}:
            return
        role, numbered = _role_of(node)
        if role is None:
            self._topic(node, mode, core)
        elif role in {Role.PROBE, Role.HINT}:
            self._findings.add("G203", line=node.line, mark=node.label or "", label=node.label or node.text)
        elif role is Role.DIFFICULTY:
            self._difficulty(node)
        elif role is not Role.META and (role is not Role.REPLY or mode is _Mode.POINTS):
            self._section(node, role, numbered, mode, core)

    def _section(self, node: Node, role: Role, numbered: bool, mode: _Mode, core: bool) -> None:
        """A node whose label says what it is."""
        if role is Role.PITFALL:
            self._listed(node, _Mode.PITFALLS)
        elif role in {Role.FOLLOW_UP, Role.QUESTION}:
            self._listed(node, _Mode.FOLLOW_UPS)
        elif mode is _Mode.FOLLOW_UPS:
            return
        elif role is Role.NARRATIVE:
            self._all(node.children, _inside_narrative(node, numbered, mode), core and numbered)
        elif role is Role.ANSWER:
            if mode is _Mode.POINTS:
                self._prose(node)
                self._all(node.children, mode, core)
        else:
            self._reading.named |= role is Role.KEY_POINTS
            self._point(node, core and role is not Role.SUPPORT and mode is _Mode.POINTS)

    def _listed(self, node: Node, mode: _Mode) -> None:
        """A pitfall or follow-up label: its own statement is one, and so is each below it."""
        if node.label and node.text and not (node.children and node.text.endswith(":")):
            self._collect(node, node.text, None, mode)
        self._all(node.children, mode, core=False)

    def _topic(self, node: Node, mode: _Mode, core: bool) -> None:
        """A node whose label, if any, is the writer's own."""
        if mode is _Mode.POINTS:
            if node.kind is Kind.PARAGRAPH and node.label is None and not node.bold:
                self._prose(node)
                self._all(node.children, mode, core)
            else:
                self._point(node, core)
        elif mode in {_Mode.PITFALLS, _Mode.FOLLOW_UPS}:
            self._topic_listed(node, mode)
        elif (mode is _Mode.TOLD and node.label) or (mode in _NARRATABLE and node.number):
            self._point(node, core=False)
        else:
            self._all(node.children, mode, core)

    def _topic_listed(self, node: Node, mode: _Mode) -> None:
        if _is_heading(node):
            self._all(node.children, mode, core=False)
            return
        cut = [child for child in node.children if _was_cut(child, node, _LISTING[mode])]
        text = " ".join([node.full_text, *(child.full_text for child in cut)])
        self._collect(node, text, node.label, mode)
        self._all([child for child in node.children if child not in cut], _Mode.NOTHING, core=False)

    def _collect(self, node: Node, text: str, label: str | None, mode: _Mode) -> None:
        if mode is _Mode.PITFALLS:
            self._reading.pitfalls.append((node, text, label))
        else:
            self._reading.follow_ups.append((node, text))

    def _point(self, node: Node, core: bool) -> None:
        """A statement that counts, unless it only heads those below it."""
        if _is_heading(node):
            self._report_aids(node)
        else:
            names_only = _role_of(node)[0] is Role.KEY_POINTS
            text, label = (node.text, None) if names_only and node.text else (node.full_text, node.label)
            self._reading.points.append(_Point(node, text, label, core))
        below = [child for child in node.children if not _is_aid(child)]
        if _role_of(node)[0] is Role.KEY_POINTS:
            for child in below:
                if _is_listed_point(child):
                    self._point(child, core)
            below = [child for child in below if not _is_listed_point(child)]
        self._all(below, _Mode.POINTS, core)

    def _report_aids(self, heading: Node) -> None:
        for child in heading.children:
            if _is_aid(child):
                self._findings.add("G203", line=child.line, mark=child.label or "", label=child.label or child.text)

    def _prose(self, node: Node) -> None:
        if node.text:
            self._reading.prose.append(node)

    def _difficulty(self, node: Node) -> None:
        text = node.text or " ".join(child.full_text for child in node.children)
        self._reading.difficulty = vocabulary.difficulty_of(text)
        if text and self._reading.difficulty is None:
            near = nearest(text.strip(" .").lower(), vocabulary.DIFFICULTIES)
            meant = f"Did you mean `{near}`? " if near else ""
            self._findings.add("G303", line=node.line, mark=text, text=text, meant=meant)


def _inside_narrative(node: Node, numbered: bool, mode: _Mode) -> _Mode:
    """The mode below a story. A numbered one ("Example 2: Rye") is a part of the answer in the form of a case."""
    if numbered and mode is _Mode.POINTS:
        return mode
    if mode not in _NARRATABLE:
        return _Mode.NOTHING
    return _Mode.TOLD if node.label and node.text.endswith(":") else _Mode.STORY


def _role_of(node: Node) -> tuple[Role | None, bool]:
    """The role that the node's label names, and whether the label numbers it. A text that is only a name is a label."""
    label = node.label
    if label is None and (node.bold or node.children):
        label = node.text.rstrip(" :")
    if not label:
        return None, False
    head, numbered = head_of(label)
    return role_of(head), numbered


def _is_listed_point(child: Node) -> bool:
    """Whether a node is a point since it is listed as one, although its label elsewhere begins a story or a section."""
    role = _role_of(child)[0]
    return role is Role.NARRATIVE or (role in vocabulary.LISTED_TOO and states(child))


def _is_heading(node: Node) -> bool:
    """Whether the node only names what stands below it."""
    below = [child for child in node.children if not _is_aid(child)]
    if not node.full_text or (is_bare(node) and _role_of(node)[0] is Role.KEY_POINTS):
        return True
    if not below:
        return False
    if not node.text or node.text.endswith(":"):
        return True
    finished = node.text.endswith((".", "!", "?"))
    if node.label is None:
        return node.bold or (not finished and len(node.text.split()) <= 6)
    return not finished and (node.bold or head_of(node.label)[1])


def _was_cut(child: Node, node: Node, role: Role) -> bool:
    """Whether the child was cut off the node's line although it is of the same role: a remark within a pitfall."""
    return child.kind is Kind.PARAGRAPH and child.line == node.line and _role_of(child)[0] is role


def _is_aid(node: Node) -> bool:
    return _role_of(node)[0] in {Role.PROBE, Role.HINT}


def _key_points(reading: _Reading, findings: Findings) -> tuple[KeyPoint, ...]:
    points = reading.points + [
        _Point(node, text, None, core=True) for node in _telling_prose(reading) for text in _sentences(node.text)
    ]
    points.sort(key=lambda point: point.node.line)
    ids = Ids()
    return tuple(_key_point(point, ids, findings) for point in points)


def _telling_prose(reading: _Reading) -> list[Node]:
    """The paragraphs whose sentences count: all where nothing lists the points, none beside a list.

    Beside a single point they count too, unless they only set its scene.
    """
    listed = sum(point.core for point in reading.points)
    if listed > 1 or (listed and reading.named):
        return []
    return [node for node in reading.prose if not (listed and vocabulary.opens_story(node.text))]


def _key_point(point: _Point, ids: Ids, findings: Findings) -> KeyPoint:
    return KeyPoint(
        id=ids.take("k-" + digest(point.text)),
        text=point.text,
        line=point.node.line,
        label=point.label,
        weight=_weight(point.node, findings),
        probe=_aid(point, Role.PROBE),
        hint=_aid(point, Role.HINT),
    )


def _aid(point: _Point, role: Role) -> str | None:
    if not point.node.children:
        return None
    texts = (child.text for child in point.node.children if _role_of(child)[0] is role)
    return next((text for text in texts if text), None)


def _weight(node: Node, findings: Findings) -> float:
    if left := _IN_PARENTHESES.search(node.full_text):
        findings.add("G305", line=node.line, mark=left[0], text=left[0])
    if node.attributes is None or unclosed(node.attributes, node.line, findings):
        return 1.0
    match = _WEIGHT.match(node.attributes)
    weight = float(match[1]) if match else 0.0
    if 0 < weight <= _MAX_WEIGHT:
        return weight
    findings.add("G301", line=node.line, mark=f"{{{node.attributes}", text=node.attributes)
    return 1.0


def unclosed(attributes: str, line: int, findings: Findings) -> bool:
    """Whether the attributes lack their closing brace, which is then reported."""
    if not attributes.startswith("{"):
        return False
    findings.add("G304", line=line, mark=attributes, text=attributes)
    return True


def _sentences(text: str) -> list[str]:
    """The sentences of a paragraph that state something: not those that announce a list or give an example."""
    parts: list[str] = []
    for part in _SENTENCE_END.split(text.strip(_QUOTES + " ")):
        if parts and _is_abbreviation(parts[-1]):
            parts[-1] += " " + part
        else:
            parts.append(part)
    stripped = (part.strip(_QUOTES + " ") for part in parts)
    return [part for part in stripped if part and not part.endswith(":") and not _EXAMPLE_SENTENCE.match(part)]


def _is_abbreviation(sentence: str) -> bool:
    match = _LAST_WORD.search(sentence)
    return match is not None and (match[1].lower() in vocabulary.ABBREVIATIONS or len(match[1]) == 1)


def _pitfalls(reading: _Reading) -> tuple[Pitfall, ...]:
    ids = Ids()
    return tuple(
        Pitfall(id=ids.take("p-" + digest(text)), text=text, line=node.line, label=label)
        for node, text, label in reading.pitfalls
    )


def _follow_ups(reading: _Reading) -> tuple[FollowUp, ...]:
    ids = Ids()
    return tuple(
        FollowUp(id=ids.take("f-" + digest(text)), text=text, line=node.line) for node, text in reading.follow_ups
    )
