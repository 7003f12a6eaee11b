"""A new guide to start from: a whole one, with every part of the format, for any role."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Template

from interviewer.domain.errors import GuideError

TEMPLATE = Path(__file__).parent / "templates" / "guide.md"
MAX_ROLE = 80

_NOT_IN_A_NAME = re.compile(r"[^\w.+#]+")


def scaffold(role: str) -> str:
    """The text of a new guide for this role. Raises GuideError for a role without a letter, or one far too long."""
    name = _cleaned(role)
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    description = f"For candidates who apply as {name}; say here in one sentence who is interviewed and for what."
    return template.substitute(title=_quoted(name), description=_quoted(description))


def file_name(role: str) -> str:
    """The file name for a role's guide: "Site Reliability Engineer" -> site-reliability-engineer.md."""
    return _NOT_IN_A_NAME.sub("-", _cleaned(role).lower()).strip("-.") + ".md"


def write_scaffold(role: str, path: Path) -> None:
    """Write a new guide, and make its folder. Raises GuideError when the file is there or cannot be written."""
    text = scaffold(role)
    _make_folder(path.parent)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise GuideError(f"{path} is there already.", "Give another name with --out, or remove it first.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GuideError(f"{path} cannot be written: {reason}.", "Give another place with --out.") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GuideError(f"The folder {folder} cannot be made: {reason}.", "Give another place with --out.") from None


def _quoted(text: str) -> str:
    """A YAML string: what JSON writes is one."""
    return json.dumps(text, ensure_ascii=False)


def _cleaned(role: str) -> str:
    """One line of printable text; what would be Markdown or an attribute is taken out."""
    name = " ".join("".join(c if c.isprintable() else " " for c in role).split())
    name = re.sub(r"[`*_{}\[\]<>|\\$]", "", name).strip()
    if not any(c.isalnum() for c in name):
        raise GuideError(f"{role!r} names no role.", 'Give one in words, for instance "Data Engineer".')
    if len(name) > MAX_ROLE:
        raise GuideError(f"A role may have {MAX_ROLE} characters; this one has {len(name)}.", "Shorten it.")
    return name
