"""What a model gets to read, as files: `UPDATE_SNAPSHOTS=1 pytest tests/prompts` writes them anew. And its length."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interviewer.cli.prompt_check import assess_values, problems, speak_values
from interviewer.domain.guide import Category, Guide
from interviewer.domain.interview import MessageKind, MoveKind
from interviewer.guides.library import Library
from interviewer.prompts import render
from interviewer.resources import resource_folder

SNAPSHOTS = Path(__file__).parent / "snapshots"
QUESTION = "How would you move a live database to new hardware?"
ANSWER = "I'd copy it first and let the copy follow.\n\nThen switch over at night, I guess."
POINTS = [("k1", "Rehearsed: the move is practised on a copy."), ("k2", "Way back: it can be undone at any moment.")]
AIM = "And if it goes wrong half way, what then?"

ASSESS: dict[str, dict[str, object]] = {
    "assess_plain": {"pitfalls": [("p1", "Big bang: everything is switched at once, without a test.")]},
    "assess_story": {
        "category": "behavioral",
        "behavioral": True,
        "earlier": ["We moved ours last year.", "It went fine."],
        "asked": "Thank you. What did you yourself do?",
        "elsewhere": [("e1", "Told early: users hear of a pause before it comes.")],
    },
    "assess_no_points": {"points": []},
}
SPEAK: dict[str, tuple[MoveKind, MessageKind | None, dict[str, object]]] = {
    "probe_open": (MoveKind.PROBE, MessageKind.ANSWER, {}),
    "probe_aimed": (MoveKind.PROBE, MessageKind.ANSWER, {"aim": AIM}),
    "probe_half": (MoveKind.PROBE, MessageKind.ANSWER, {"aim": AIM, "half": True}),
    "probe_story": (MoveKind.PROBE, MessageKind.ANSWER, {"label": "star:own", "category": "behavioral"}),
    "follow_up": (MoveKind.FOLLOW_UP, MessageKind.ANSWER, {"aim": "How would it change at ten times the size?"}),
    "hint_1": (MoveKind.HINT, MessageKind.HINT, {"rung": 1}),
    "hint_2": (MoveKind.HINT, MessageKind.HINT, {"rung": 2, "aim": "Picture the moment after the switch."}),
    "hint_3": (MoveKind.HINT, MessageKind.HINT, {"rung": 3, "label": "Way back"}),
    "clarify": (MoveKind.CLARIFY, MessageKind.CLARIFY, {"passages": ["A live database serves users while you work."]}),
    "repeat": (MoveKind.REPEAT, MessageKind.REPEAT, {}),
    "redirect_off_topic": (MoveKind.REDIRECT, MessageKind.OFF_TOPIC, {}),
    "redirect_steering": (MoveKind.REDIRECT, MessageKind.STEERING, {}),
    "redirect_hint": (MoveKind.REDIRECT, MessageKind.HINT, {"label": "not_here", "mode": "assess"}),
    "pause": (MoveKind.PAUSE, MessageKind.PAUSE, {}),
    "next_answer": (MoveKind.NEXT, MessageKind.ANSWER, {}),
    "next_dont_know": (MoveKind.NEXT, MessageKind.DONT_KNOW, {}),
    "next_failed": (MoveKind.NEXT, None, {}),
    "close_skip": (MoveKind.CLOSE, MessageKind.SKIP, {}),
    "close_stop": (MoveKind.CLOSE, MessageKind.STOP, {}),
}


def assess(**given: object) -> dict[str, object]:
    blank = assess_values(behavioral=False, pitfalls=False, elsewhere=False, before=False)
    return blank | {"question": QUESTION, "points": POINTS, "message": ANSWER} | given


def compare(name: str, text: str) -> None:
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(text, encoding="utf-8")
    assert file.is_file(), f"{file.name} is new: run with UPDATE_SNAPSHOTS=1 and read it"
    assert text == file.read_text(encoding="utf-8"), f"{file.name} has changed: read the difference"


@pytest.mark.parametrize("name", ASSESS)
def test_the_reading_prompt_is_as_it_was(name: str) -> None:
    prompt = render("assess", None, **assess(**ASSESS[name]))
    compare(name, prompt.user + "\n")
    compare("assess_system", prompt.system + "\n")


@pytest.mark.parametrize("name", SPEAK)
def test_the_speaking_prompt_is_as_it_was(name: str) -> None:
    move, cause, given = SPEAK[name]
    said = {"dialogue": [("interviewer", QUESTION), ("candidate", ANSWER)], "question": QUESTION}
    prompt = render("speak", None, **speak_values(move, cause, **(said | given)))
    compare(f"speak_{name}", f"{prompt.system}\n\n=== user ===\n{prompt.user}\n")


def test_no_snapshot_is_left_behind() -> None:
    wanted = {*ASSESS, "assess_system", *(f"speak_{name}" for name in SPEAK)}
    assert {file.stem for file in SNAPSHOTS.iterdir()} == wanted


def test_the_packaged_prompts_are_sound() -> None:
    assert list(problems()) == []


def tokens(text: str) -> float:
    return len(text) / 4


def test_the_fixed_part_is_short() -> None:
    assert tokens(render("assess", None, **assess()).system) <= 1000
    for move, cause, given in SPEAK.values():
        assert tokens(render("speak", None, **speak_values(move, cause, **given)).system) <= 600


@pytest.mark.parametrize("guide", Library().guides(), ids=lambda guide: guide.id)
def test_a_turn_takes_a_quarter_of_the_guide_at_most(guide: Guide) -> None:
    """Both calls of a turn together, an answer of 100 words in each, for every question."""
    whole = tokens((resource_folder("content") / f"{guide.id}.md").read_text(encoding="utf-8"))
    message = "something " * 100
    for question in guide.questions:
        asked = {
            "question": question.text,
            "points": [(f"k{n}", point.text) for n, point in enumerate(question.key_points, 1)],
            "pitfalls": [(f"p{n}", pitfall.text) for n, pitfall in enumerate(question.pitfalls, 1)],
            "behavioral": question.category is Category.BEHAVIORAL,
        }
        dialogue = [("interviewer", question.text), ("candidate", message)]
        values = speak_values(MoveKind.PROBE, MessageKind.ANSWER, question=question.text, aim=AIM, dialogue=dialogue)
        both = render("assess", None, **assess(**asked, message=message)), render("speak", None, **values)
        turn = sum(tokens(prompt.system + prompt.user) for prompt in both)
        assert turn <= whole / 4, f"{question.id}: {turn:.0f} of {whole:.0f}"
