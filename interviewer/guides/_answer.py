"""The model answer as plain text: everything that answers the question, in the order of the file."""

from __future__ import annotations

from interviewer.guides._tree import Kind, Node, head_of, states
from interviewer.guides.vocabulary import LISTED_TOO, Role, role_of

_NOT_ANSWER = frozenset(
    {Role.PITFALL, Role.FOLLOW_UP, Role.QUESTION, Role.PROBE, Role.HINT, Role.DIFFICULTY, Role.META}
)
_INDENT = "  "


def answer_text(blocks: list[Node]) -> str:
    """The answer that the blocks hold.

    Key points under that very name are left out where there is anything else: they say what the answer says.
    """
    parts: list[str] = []
    for node in blocks:
        _write(node, 0, parts, skip=_NOT_ANSWER | {Role.KEY_POINTS})
    if not parts:
        for node in blocks:
            _write(node, 0, parts, skip=_NOT_ANSWER)
    return "\n".join(parts).strip()


def _write(node: Node, depth: int, parts: list[str], skip: frozenset[Role], above: Role | None = None) -> None:
    role = _role(node)
    if above is Role.KEY_POINTS and role in LISTED_TOO and states(node):
        role = None
    if role in skip or node.kind is Kind.RULE:
        return
    text = node.text if role is Role.ANSWER else node.full_text
    if node.kind is Kind.CODE:
        parts.extend(_code(node, _INDENT * depth))
    elif text:
        parts.append(_line(node, text, depth, unlabelled=role is Role.ANSWER))
    below = depth + (bool(text) and role is not Role.ANSWER)
    for child in node.children:
        _write(child, below, parts, skip, role)


def _role(node: Node) -> Role | None:
    if node.kind is Kind.CODE:
        return None
    label = node.label or (node.text if node.bold else None)
    return role_of(head_of(label)[0]) if label else None


def _line(node: Node, text: str, depth: int, unlabelled: bool) -> str:
    marker = f"{node.number}. " if node.number else "- "
    return _INDENT * depth + (marker if node.kind is Kind.ITEM and not unlabelled else "") + text


def _code(node: Node, indent: str) -> list[str]:
    lines = [f"```{node.label or ''}", *node.text.rstrip("\n").split("\n"), "```"]
    return [indent + line for line in lines]
