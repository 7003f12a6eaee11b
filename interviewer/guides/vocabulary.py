"""The names that guides give to their sections and labels, as data, and the lookups over them.

A label is reduced to its words ("**Common Pitfalls to Avoid:**" -> common pitfalls to avoid). It names a role when each
word is either the head of some role or a qualifier that changes nothing, so "Real-World Example with Context" is
understood without being listed, and "Follow-Up Meetings" (a thing one does) is not mistaken for a list of follow-ups.
Of several heads the last noun decides, as it does in English: an "Example Approach" is an approach.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from functools import lru_cache

from interviewer.domain.guide import Category, Difficulty


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Role(Enum):
    """What a label says about the text that it stands before."""

    QUESTION = auto()  # what is put to the candidate
    ANSWER = auto()  # the model answer; its prose counts only where nothing lists the points
    KEY_POINTS = auto()  # the points, under a name that says no more than that
    SUPPORT = auto()  # reasons and good practice: points, but not the answer's backbone
    ACTION = auto()  # what is done: a point even inside a story
    CHALLENGES = auto()  # part of a story among a story's other parts, points elsewhere
    NARRATIVE = auto()  # stories, contexts, outcomes, alternatives, code: no points
    PITFALL = auto()
    FOLLOW_UP = auto()
    REPLY = auto()  # the answer to a follow-up
    PROBE = auto()
    HINT = auto()
    DIFFICULTY = auto()
    META = auto()  # about the question, not part of any answer


# Phrases that act as one word. The longest is tried first.
PHRASES: Mapping[str, str] = {
    "what not to do": "pitfalls",
    "what not to say": "pitfalls",
    "what to avoid": "pitfalls",
    "things to avoid": "pitfalls",
    "things not to do": "pitfalls",
    "mistakes to avoid": "pitfalls",
    "what to watch out for": "pitfalls",
    "watch out for": "pitfalls",
    "watch outs": "pitfalls",
    "red flag": "pitfalls",
    "red flags": "pitfalls",
    "warning signs": "pitfalls",
    "do nots": "pitfalls",
    "don ts": "pitfalls",
    "anti patterns": "pitfalls",
    "common errors": "pitfalls",
    "common misconceptions": "pitfalls",
    "common misunderstandings": "pitfalls",
    "common traps": "pitfalls",
    "weak answers": "pitfalls",
    "follow up": "followups",
    "follow ups": "followups",
    "follow on": "followups",
    "interviewer might ask": "followups",
    "interviewers might ask": "followups",
    "interviewer may ask": "followups",
    "interviewers may ask": "followups",
    "interviewer could ask": "followups",
    "interviewers could ask": "followups",
    "probing questions": "followups",
    "further questions": "followups",
    "further discussion": "followups",
    "deeper questions": "followups",
    "deep dive questions": "followups",
    "extension questions": "followups",
    "best practice": "reasoning",
    "best practices": "reasoning",
    "good practice": "reasoning",
    "good practices": "reasoning",
    "key points": "keypoints",
    "key point": "keypoints",
    "talking points": "keypoints",
    "main points": "keypoints",
    "what to cover": "keypoints",
    "what to look for": "keypoints",
    "what interviewers look for": "keypoints",
    "what the interviewer is looking for": "keypoints",
    "good answers include": "keypoints",
    "must mention": "keypoints",
    "real world": "real",
    "real life": "real",
    "use case": "usecase",
    "use cases": "usecase",
    "case study": "case",
    "case studies": "case",
    "what to expect": "",
    "why this question": "whyasked",
    "why it is asked": "whyasked",
    "why we ask": "whyasked",
    "why interviewers ask": "whyasked",
    "purpose of the question": "whyasked",
    "what it tests": "whyasked",
    "skills assessed": "whyasked",
    "skills tested": "whyasked",
    "time limit": "whyasked",
}

HEADS: Mapping[Role, frozenset[str]] = {
    Role.QUESTION: frozenset({"question"}),
    Role.ANSWER: frozenset({"answer", "answers"}),
    Role.KEY_POINTS: frozenset({"keypoints", "rubric", "criteria"}),
    Role.SUPPORT: _words_of("reasoning rationale tip tips explanation consideration considerations"),
    Role.ACTION: _words_of(
        """
        action actions approach approaches step steps strategy strategies solution solutions resolution implementation
        method methods
        """
    ),
    Role.CHALLENGES: frozenset({"challenges"}),
    Role.NARRATIVE: _words_of(
        """
        example examples scenario scenarios context contexts situation situations background outcome outcomes result
        results task tasks challenge problem case cases story anecdote illustration illustrations sample alternative
        alternatives alternatively code snippet snippets pseudocode
        """
    ),
    Role.PITFALL: _words_of("pitfall pitfalls mistake mistakes avoid avoiding avoidance donts don't don'ts"),
    Role.FOLLOW_UP: frozenset({"followup", "followups"}),
    Role.REPLY: frozenset({"response", "responses", "reply"}),
    Role.PROBE: frozenset({"probe", "probes"}),
    Role.HINT: frozenset({"hint", "hints"}),
    Role.DIFFICULTY: frozenset({"difficulty"}),
    Role.META: frozenset({"whyasked"}),
}

# What a key point may go by where key points are listed, although it names a section elsewhere.
LISTED_TOO = frozenset({Role.ANSWER, Role.PITFALL, Role.FOLLOW_UP, Role.QUESTION})

# Labels that mean something only when they stand alone.
ALONE: Mapping[str, Role] = {"q": Role.QUESTION, "a": Role.ANSWER}

# Words that leave a role as it is. Those that stand alone as a label name nothing.
QUALIFIERS = _words_of(
    """
    a additional advanced all an and another any as avoid be behavioral behavioural behind brief business
    candidate candidates client code common company comprehensive concrete consideration considerations
    contextual customer detailed discussion discussions each expected explanation extra faced final for frequent
    further general good here hypothetical ideal illustrative important in industry initial inquiries interview
    interviewer interviewers is items key learning level likely main major model more notable of or other our
    personal point points positive possible potential practical project prompts question questions real related
    relevant sample situational some specific strong suggested taken team technical the this to topic topics
    typical use used useful with your
    """
)

# Which role wins when a label joins several: "Reasoning and Steps".
PRECEDENCE: tuple[Role, ...] = (
    Role.ANSWER,
    Role.FOLLOW_UP,
    Role.PITFALL,
    Role.KEY_POINTS,
    Role.PROBE,
    Role.HINT,
    Role.DIFFICULTY,
    Role.META,
    Role.REPLY,
    Role.SUPPORT,
    Role.ACTION,
    Role.CHALLENGES,
    Role.NARRATIVE,
    Role.QUESTION,
)

# What follows one of these words only narrows the label: "Examples of Approaches" are examples.
NARROWING = frozenset({"of", "with", "in", "for", "behind", "to", "from"})
JOINING = frozenset({"and", "or"})

# An alternative is an aside whatever else its label names: "Alternative Approaches", "Alternative Considerations".
ASIDES = frozenset({"alternative", "alternatives", "alternatively"})

# Of these two together ("Best Practices and Pitfalls") the label decides nothing: what stands below says what it is.
UNDECIDED = (Role.SUPPORT, Role.PITFALL)

# At either end of a label these make it one of examples, whatever of: "Client Example", "Examples of Tools".
EXAMPLES = frozenset({"example", "examples"})

# Labels with one of these open a story; "Challenges" beside them are the story's, not the answer's.
SCENE_WORDS = frozenset({"context", "situation", "scenario", "background", "task"})

CATEGORY_WORDS: Mapping[str, Category] = {
    "behavioral": Category.BEHAVIORAL,
    "behavioural": Category.BEHAVIORAL,
    "behavior": Category.BEHAVIORAL,
    "behaviour": Category.BEHAVIORAL,
    "situational": Category.SITUATIONAL,
    "situation": Category.SITUATIONAL,
    "situations": Category.SITUATIONAL,
    "scenario": Category.SITUATIONAL,
    "scenarios": Category.SITUATIONAL,
    "hypothetical": Category.SITUATIONAL,
    "solving": Category.PROBLEM_SOLVING,
    "problem": Category.PROBLEM_SOLVING,
    "problems": Category.PROBLEM_SOLVING,
    "troubleshooting": Category.PROBLEM_SOLVING,
    "coding": Category.PROBLEM_SOLVING,
    "technical": Category.TECHNICAL,
    "tech": Category.TECHNICAL,
}

# Headings of passages that are about the role or the interview, never a question.
BACKGROUND_WORDS = _words_of(
    """
    about advice appendix background certification certifications closing conclusion considerations credentials
    disclaimer education educational glossary introduction notes overview preparation prepare preparing
    qualification qualifications recommendations references remarks requirements resources responsibilities role
    skills summary takeaways thoughts tips
    """
)

QUESTION_OPENERS = _words_of(
    """
    a after an analyse analyze are as assume build can compare consider contrast could create define demonstrate
    describe design develop did differentiate discuss distinguish do does during elaborate evaluate explain give
    given had has have how identify if illustrate imagine implement in is list name outline please propose
    provide recall reflect share should show solve summarize suppose talk tell think walk was were what when
    where which who whom whose why will would write you your
    """
)

# "Questions to ask the interviewer" are the candidate's, not the guide's.
_CANDIDATES_OWN = re.compile(r"\bquestions?\b.{0,40}\b(?:to|for)\b.{0,20}\b(?:ask|interviewer|employer)\b", re.I)

# How people begin to tell what happened to them.
_STORY_OPENING = re.compile(
    r"^\W*(?:while|when|during|once|last)\b|\b(?:previous|former|last|past|prior|recent) (?:role|job|company|position"
    r"|project|employer|team|internship)\b|\bI (?:was|led|worked|had)\b",
    re.I,
)

# How guides take leave of their reader.
_FAREWELL = re.compile(
    r"\b(?:this|these|the) (?:\w+ ){0,5}(?:guide|questions|scenarios|examples)\b|\bgood luck\b"
    r"|\binterview\b.{0,200}\bcandidates?\b|\beach (?:of these )?questions?\b"
    r"|\bby (?:preparing|understanding|mastering|practi[cs]ing|familiari[sz]ing|thoroughly|following|focusing)\b"
    r"|\bcontinue this (?:structure|format|pattern)\b|\b(?:remaining|additional|more) questions\b",
    re.I,
)
_REACH = 500

DIFFICULTIES: Mapping[str, Difficulty] = {
    "easy": Difficulty.EASY,
    "beginner": Difficulty.EASY,
    "basic": Difficulty.EASY,
    "junior": Difficulty.EASY,
    "medium": Difficulty.MEDIUM,
    "moderate": Difficulty.MEDIUM,
    "intermediate": Difficulty.MEDIUM,
    "hard": Difficulty.HARD,
    "difficult": Difficulty.HARD,
    "advanced": Difficulty.HARD,
    "expert": Difficulty.HARD,
    "senior": Difficulty.HARD,
}

ABBREVIATIONS = _words_of(
    """
    al approx co corp dept dr e.g est etc fig i.e inc ltd mr mrs ms no prof u.k u.s vs
    """
)

_WORD = re.compile(r"[a-z']+")
_PHRASE = re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, PHRASES), key=len, reverse=True)) + r")\b")
_ROLE_OF_WORD = {word: role for role, words in HEADS.items() for word in words}
_MAX_LABEL = 60


@lru_cache(maxsize=4096)
def role_of(label: str) -> Role | None:
    """The role that a label names, or None for a label that is a topic of its own."""
    if len(label) > _MAX_LABEL:
        return None
    words = _words(label)
    if len(words) == 1 and words[0] in ALONE:
        return ALONE[words[0]]
    if any(word not in _ROLE_OF_WORD and word not in QUALIFIERS for word in words):
        return Role.NARRATIVE if words[0] in EXAMPLES or words[-1] in EXAMPLES else None
    if any(word in ASIDES for word in words):
        return Role.NARRATIVE
    return _strongest({role for part in _parts(words) if (role := _role_of_part(part))}) or _role_of_any(words)


def _words(label: str) -> list[str]:
    plain = label.lower().replace("’", "'").replace("&", " and ").replace("/", " and ")
    plain = " ".join(re.sub(r"[-–_,]", " ", plain).split())
    return _WORD.findall(_PHRASE.sub(lambda match: PHRASES[match.group()], plain))


def _parts(words: list[str]) -> list[list[str]]:
    """The parts that a label joins, each without what narrows it."""
    parts: list[list[str]] = [[]]
    narrowed = False
    for word in words:
        if word in JOINING:
            parts.append([])
            narrowed = False
        elif word in NARROWING and parts[-1]:
            narrowed = True
        elif not narrowed:
            parts[-1].append(word)
    return parts


def _role_of_part(words: list[str]) -> Role | None:
    heads = [_ROLE_OF_WORD[word] for word in words if word in _ROLE_OF_WORD and word not in QUALIFIERS]
    return heads[-1] if heads else None


def _role_of_any(words: list[str]) -> Role | None:
    """The role of a label made of words that elsewhere only qualify: "Considerations", "Avoid"."""
    return _strongest({_ROLE_OF_WORD[word] for word in words if word in _ROLE_OF_WORD})


def _strongest(roles: set[Role]) -> Role | None:
    if all(role in roles for role in UNDECIDED):
        return Role.SUPPORT
    return next((role for role in PRECEDENCE if role in roles), None)


def sets_scene(label: str) -> bool:
    """Whether a label opens a story: "Situation", "Project Context"."""
    return role_of(label) is Role.NARRATIVE and not SCENE_WORDS.isdisjoint(_words(label))


def opens_story(text: str) -> bool:
    """Whether a paragraph begins by setting the scene of something that happened."""
    return _STORY_OPENING.search(text[:_REACH]) is not None


def is_candidates_own(heading: str) -> bool:
    """Whether a heading stands over questions that the candidate is to ask."""
    return _CANDIDATES_OWN.search(heading[:_REACH]) is not None


def takes_leave(text: str) -> bool:
    """Whether a paragraph is addressed to the guide's reader, as the last one often is."""
    return _FAREWELL.search(text[:_REACH]) is not None


def category_of(heading: str) -> Category | None:
    """The category that a heading names, or None. Of several the first counts, and any before plain "technical"."""
    named = [CATEGORY_WORDS[word] for word in _WORD.findall(heading.lower()) if word in CATEGORY_WORDS]
    return next((category for category in named if category is not Category.TECHNICAL), named[0] if named else None)


def difficulty_of(text: str) -> Difficulty | None:
    """The difficulty that a text names in its first known word, or None."""
    return next((DIFFICULTIES[word] for word in _WORD.findall(text.lower()) if word in DIFFICULTIES), None)
