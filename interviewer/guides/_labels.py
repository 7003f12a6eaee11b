"""Labels that went wrong: meant to be one of the format's names but misspelt or uncapped, or with nothing below.

Without this a `**Dificulty**: easy` would be a topic of the writer's own, and so a key point to be graded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest

from interviewer.guides._questions import RawQuestion
from interviewer.guides._tree import Kind, Node, head_of, is_bare
from interviewer.guides.diagnostics import Findings
from interviewer.guides.spelling import nearest
from interviewer.guides.vocabulary import Role, role_of

_NAMES = (
    "Answer",
    "Common pitfalls",
    "Difficulty",
    "Follow-up",
    "Follow-up questions",
    "Follow-ups",
    "Hint",
    "Key points",
    "Model answer",
    "Pitfalls",
    "Probe",
)
_BY_WORDS = {name.lower().replace("-", " "): name for name in _NAMES}
_AIDS = frozenset({"Hint", "Probe"})
_SECTIONS = frozenset({Role.ANSWER, Role.KEY_POINTS, Role.PITFALL, Role.FOLLOW_UP, Role.DIFFICULTY})
_LISTING = frozenset({Role.KEY_POINTS, Role.PITFALL, Role.FOLLOW_UP})
_NAMED = _SECTIONS | {Role.PROBE, Role.HINT}
_STATEMENTS = frozenset({Kind.ITEM, Kind.PARAGRAPH})
_UNCAPPED = re.compile(r"^([a-z][A-Za-z -]{2,18}): +(?=\S)")
_WEIGHT = re.compile(r"^weight\s*[:=]\s*\d+(?:\.\d+)?\.?$", re.IGNORECASE)
_MAX_LABEL = 22
_READ = "it was read as `{name}`"
_KEPT = "it was read as a topic of the guide's own"


def mend_labels(questions: list[RawQuestion], findings: Findings) -> None:
    """Report misspelt labels, and put the name that was meant wherever the guide uses the format's names elsewhere."""
    uses_names = any(_section(node) for question in questions for node in question.blocks)
    for question in questions:
        for node, above in _walk(question.blocks):
            _mend(node, above, uses_names, findings)


def take_in(blocks: list[Node], findings: Findings) -> list[Node]:
    """The blocks with a list that follows its section's name on the same level put below it, which is reported."""
    kept: list[Node] = []
    section: Node | None = None
    for node in blocks:
        if section is not None and node.kind is Kind.ITEM and _role(node) is None:
            if not section.children:
                findings.add("G209", section.line, mark=_name(section), label=_name(section))
            section.children.append(node)
            continue
        bare = node.kind is Kind.ITEM and _role(node) in _LISTING and is_bare(node)
        section = node if bare else None
        kept.append(node)
    return kept


def report_empty(blocks: list[Node], findings: Findings) -> None:
    """Report sections that hold nothing. What follows a paragraph may be meant to stand under it."""
    for node, after in zip_longest(blocks, blocks[1:]):
        label = (node.label or (node.text if node.bold else "")) if node.kind in _STATEMENTS else ""
        holds_nothing = is_bare(node) and (node.kind is Kind.ITEM or after is None or _section(after))
        if _holds_a_table(node, after):
            findings.add("G210", node.line, mark=label, label=label)
        elif holds_nothing and role_of(label.rstrip(" :")) in _NAMED:
            findings.add("G204", node.line, mark=label, label=label)
        report_empty(node.children, findings)


def without_strangers(blocks: list[Node], findings: Findings) -> list[Node]:
    """The blocks without what can be neither graded nor shown: each such is reported.

    Beside key points that go by their name, a name that is none says nothing of what stands under it, be it a note for
    the interviewers.
    """
    named = any(_role(node) is Role.KEY_POINTS and not is_bare(node) for node in blocks)
    return [node for node in blocks if not (named and _is_stranger(node, findings)) and not _is_weight(node, findings)]


def _is_stranger(node: Node, findings: Findings) -> bool:
    label = _name(node)
    if not label or _role(node) is not None:
        return False
    findings.add("G207", node.line, mark=label, label=label)
    return True


def _is_weight(node: Node, findings: Findings) -> bool:
    """Whether the node is a key point's weight on a line of its own; looks below the node too."""
    node.children = [child for child in node.children if not _is_weight(child, findings)]
    if node.children or not _WEIGHT.match(node.full_text):
        return False
    findings.add("G305", node.line, mark=node.full_text, text=node.full_text)
    return True


def _name(node: Node) -> str:
    """The label in front of a block, or the block where it is no more than one."""
    if node.kind not in _STATEMENTS:
        return ""
    return node.label or (node.text if node.bold else "")


def _role(node: Node) -> Role | None:
    return role_of(head_of(_name(node).rstrip(" :"))[0])


def _holds_a_table(node: Node, after: Node | None) -> bool:
    """Whether a table is all that a list has. One right below an item's line was read as going on in it."""
    if _role(node) in _LISTING and node.text.startswith("|"):
        return True
    below = node.children or ([after] if after and is_bare(node) else [])
    return _role(node) in _LISTING and bool(below) and all(child.kind is Kind.TABLE for child in below)


def _section(node: Node) -> bool:
    label = _label(node)
    return label is not None and role_of(label) in _SECTIONS


def _walk(blocks: list[Node], above: Node | None = None) -> Iterator[tuple[Node, Node | None]]:
    for node in blocks:
        yield node, above
        yield from _walk(node.children, node)


def _mend(node: Node, above: Node | None, certain: bool, findings: Findings) -> None:
    label = _label(node)
    name = _meant(label, _is_uncapped(node)) if label else None
    if not label or name is None:
        return
    if name in _AIDS and (above is None or _section(above)):
        certain = False  # it belongs to no key point, and may be one
    taken = _READ.format(name=name) if certain else _KEPT
    findings.add("G206", node.line, mark=label, label=label, name=name, taken=taken)
    if certain:
        _rename(node, label, name)


def _label(node: Node) -> str | None:
    """What stands where a label does, if it is short enough to be a name."""
    if node.kind not in _STATEMENTS:
        return None
    label = node.label
    if label is None and (match := _UNCAPPED.match(node.text)):
        label = match[1]
    if label is None and (node.bold or node.children):
        label = node.text.rstrip(" :")
    return label if label and len(label) <= _MAX_LABEL else None


def _is_uncapped(node: Node) -> bool:
    return node.label is None and _UNCAPPED.match(node.text) is not None


@lru_cache(maxsize=4096)
def _meant(label: str, uncapped: bool) -> str | None:
    """The name that a label was meant to be; None where it is one, or none. Only with a capital is a plain one read."""
    plain = " ".join(label.lower().replace("-", " ").split())
    role = role_of(label)
    if role is not None:
        return _BY_WORDS.get(plain) if uncapped and role in _NAMED else None
    near = nearest(plain, _BY_WORDS)
    return _BY_WORDS[near] if near else None


def _rename(node: Node, label: str, name: str) -> None:
    if node.label is not None:
        node.label = name
    elif node.text.rstrip(" :") == label:
        node.label, node.text = name, ""
    else:
        node.label, node.text = name, node.text[len(label) + 1 :].strip()
