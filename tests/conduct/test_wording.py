"""Lines that authors write for readers, and how an interviewer says them. Every right-hand side was read aloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.conduct.wording import name_of, spoken, title_of

SAID = [
    # questions stay; only who asks them and how they are marked up goes
    ("How would you test it?", "How would you test it?"),
    ("**How would you test it?**", "How would you test it?"),
    ("What does `__init__` do with *args and my_var?", "What does `__init__` do with *args and my_var?"),
    ("How do *you* test _it_?", "How do you test it?"),
    ("“What would break first?”", "What would break first?"),
    ("How to test it?", "How would you test it?"),
    ("It often fails at night. What would you look at?", "It often fails at night. What would you look at?"),
    ("What would you look at? Mention the logs.", "What would you look at?"),
    ("An interviewer might ask: how would you test it?", "How would you test it?"),
    # somebody asks
    ("An interviewer might ask how you would test it.", "How would you test it?"),
    ("The interviewer may inquire about the slowest part.", "Could you tell me about the slowest part?"),
    ("Interviewers often ask why you chose that broker.", "Could you tell me why you chose that broker?"),
    ("The interviewer might ask how I settled the dispute.", "Could you tell me how you settled the dispute?"),
    ("They may want to know what you learned.", "Could you tell me what you learned?"),
    ("The panel could ask for examples of a failed rollout.", "Could you give me examples of a failed rollout?"),
    ("Ask the candidate how they would pay the debt down.", "How would you pay the debt down?"),
    ("Inquire about the handover.", "Could you tell me about the handover?"),
    ("Expect questions about how you keep the backlog short.", "How do you keep the backlog short?"),
    ("You may be asked about on-call duty.", "Could you tell me about on-call duty?"),
    (
        "The interviewer may ask about costs, so be ready to discuss your budget.",
        "Could you tell me about costs?",
    ),
    (
        "The interviewer may ask how you rank tickets. Mention your triage rules.",
        "How do you rank tickets?",
    ),
    # an instruction to tell something
    ("Discuss how you rank the tickets.", "How do you rank the tickets?"),
    ("Discuss how you would rank the tickets.", "How would you rank the tickets?"),
    ("Discuss how you carefully ranked the tickets.", "Could you tell me how you carefully ranked the tickets?"),
    ("Discuss how you’ve ranked tickets.", "Could you tell me how you’ve ranked tickets?"),
    ("Explain how you proceed when a test is flaky.", "How do you proceed when a test is flaky?"),
    ("Explain how DNS caching affects this.", "Could you tell me how DNS caching affects this?"),
    ("Explain what tools you use for that.", "What tools do you use for that?"),
    ("Explain when it might be better to wait.", "When might it be better to wait?"),
    ("Explore whether a queue would help.", "Could you tell me whether a queue would help?"),
    ("Discuss the trade-offs.", "Could you tell me about the trade-offs?"),
    ("Discuss specific tools for load tests.", "Could you tell me about tools for load tests?"),
    ("Discuss experience with remote teams.", "Could you tell me about your experience with remote teams?"),
    ("Discuss API design.", "Could you tell me about API design?"),
    ("Describe a time when a plan failed.", "Could you tell me about a time when a plan failed?"),
    ("Talk about how to onboard a new colleague.", "How would you onboard a new colleague?"),
    ("Provide an example of a hard trade-off.", "Could you give me an example of a hard trade-off?"),
    ("Share two metrics you watch.", "Could you give me two metrics you watch?"),
    ("Onboarding: Discuss how you pair new people.", "How do you pair new people?"),
    # be ready to
    ("Be prepared to discuss the risks.", "Could you tell me about the risks?"),
    ("Be ready to explain how you would phase it.", "How would you phase it?"),
    ("Be prepared to defend the estimate.", "Could you defend the estimate?"),
    # anything else
    ("Compare polling with interrupts.", "Could you compare polling with interrupts?"),
    ("Monitor the rollout closely.", "How would you monitor the rollout closely?"),
    ("Balancing speed with care.", "How do you go about balancing speed with care?"),
    ("Questions on the migration plan.", "Could you tell me about the migration plan?"),
    ("How you choose a region.", "How do you choose a region?"),
    ("How to choose a region.", "How would you choose a region?"),
    ("Long-term maintenance.", "Could you tell me about long-term maintenance?"),
    ("SQL indexes.", "Could you tell me about SQL indexes?"),
    ("", ""),
    ("  ", ""),
]


@pytest.mark.parametrize(("written", "said"), SAID)
def test_spoken(written: str, said: str) -> None:
    assert spoken(written) == said


@given(st.text(max_size=80))
def test_spoken_never_fails_and_always_asks(text: str) -> None:
    line = spoken(text)
    assert line == "" or line.endswith("?")
    assert "??" not in line or "??" in text


def test_what_is_spoken_stays_as_it_is() -> None:
    for _, said in SAID:
        assert spoken(said) == said


def test_a_point_is_named_by_its_label() -> None:
    assert name_of("Cold start", "the first request is slow", "What is slow?") == "Cold start"
    assert title_of("Cold start", "the first request is slow") == "Cold start"


def test_without_a_label_words_that_the_question_has_are_not_used() -> None:
    name = name_of(None, "The cache is warmed before traffic arrives.", "How do you warm a cache?")
    assert name == "traffic and arrives"


def test_a_point_that_only_repeats_the_question_still_has_a_name() -> None:
    assert name_of(None, "a cache", "What is a cache?") == "what you have not said yet"


def test_a_title_is_the_beginning_of_the_statement() -> None:
    assert title_of(None, "Writes go to the primary, reads to a replica.") == "Writes go to the primary"
    assert title_of(None, "one two three four five six seven eight nine ten", limit=4) == "one two three four …"
