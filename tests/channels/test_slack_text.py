"""What Slack is sent and what it sends: text, blocks, dialogs, the manifest and the guide to setting it up."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.channels import slack_blocks, slack_in
from interviewer.channels.chat import Button, Command, Entry, Person, Place
from interviewer.channels.slack_text import LONGEST_TEXT, escaped, plain, rich_text
from interviewer.domain.interview import Mode
from interviewer.ports import InterviewSummary
from interviewer.prompts import chat_lines
from tests.channels.slack_schema import problems, shown, view_problems
from tests.fakes import make_guide

ROOT = Path(__file__).resolve().parents[2]
LINES = chat_lines()
ADA = Person(platform="slack", space="T1", user="UADA")
CHANNEL = Place(platform="slack", space="T1", channel="C1")
DIRECT = Place(platform="slack", space="T1", direct=True)


def elements(markdown: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = rich_text(markdown)["elements"]
    return made


class TestPlain:
    @pytest.mark.parametrize(
        ("sent", "meant"),
        [
            ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
            ("&amp;lt;", "&lt;"),
            ("ask <@U123> or <@U123|ada>", "ask @someone or @ada"),
            ("in <#C1|general> or <#C2>", "in #general or #channel"),
            ("<!here> <!channel> <!subteam^S1|@devs> <!subteam^S1>", "@here @channel @devs @group"),
            ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
            ("see <https://a.example/b>", "see https://a.example/b"),
            ("see <https://a.example/b|a.example/b>", "see https://a.example/b"),
            ("see <https://a.example/b|the page>", "see the page (https://a.example/b)"),
            ("<mailto:a@b.example|a@b.example>", "a@b.example"),
            ("```x = [1]\nif x &lt; 2: pass```", "```x = [1]\nif x < 2: pass```"),
            (":wave: *bold*", ":wave: *bold*"),
            ("", ""),
        ],
    )
    def test_it_is_what_its_author_typed(self, sent: str, meant: str) -> None:
        assert plain(sent) == meant

    @given(st.text())
    def test_whatever_was_typed_comes_back(self, typed: str) -> None:
        sent = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert plain(sent) == typed

    @given(st.text())
    def test_plain_text_holds_no_markup_and_is_short_enough(self, text: str) -> None:
        made = escaped(text)
        assert "<" not in made
        assert ">" not in made
        assert len(escaped(text * 2_000)) <= LONGEST_TEXT


class TestRichText:
    def test_paragraphs_and_styles(self) -> None:
        (section,) = elements("**Question 1 of 3**\n\nWhat is *this*, or `that`?")
        assert section["type"] == "rich_text_section"
        assert section["elements"] == [
            {"type": "text", "text": "Question 1 of 3", "style": {"bold": True}},
            {"type": "text", "text": "\n\n"},
            {"type": "text", "text": "What is "},
            {"type": "text", "text": "this", "style": {"italic": True}},
            {"type": "text", "text": ", or "},
            {"type": "text", "text": "that", "style": {"code": True}},
            {"type": "text", "text": "?"},
        ]

    def test_lists_in_lists_and_numbers_that_go_on(self) -> None:
        made = elements("1. one\n   - inner\n2. two")
        assert [(e["style"], e["indent"], e.get("offset", 0)) for e in made] == [
            ("ordered", 0, 0),
            ("bullet", 1, 0),
            ("ordered", 0, 1),
        ]
        assert shown([rich_text("3. three\n4. four")]) == "3. three\n4. four"

    def test_quotes_hold_paragraphs_lists_and_code(self) -> None:
        made = elements("> first\n>\n> second\n> - item\n>\n> ```\n> code\n> ```")
        assert [e["type"] for e in made] == ["rich_text_quote", "rich_text_list", "rich_text_preformatted"]
        assert made[1]["border"] == made[2]["border"] == 1
        assert shown([rich_text("> first\n>\n> second")]) == "| first\n|\n| second"

    def test_code_is_kept_as_it_stands(self) -> None:
        (made,) = elements("```python\nif a < b:\n    pass\n```")
        assert made["elements"] == [{"type": "text", "text": "if a < b:\n    pass"}]

    def test_an_item_of_two_paragraphs_is_one_item(self) -> None:
        (made,) = elements("- first\n\n  second\n- other")
        assert len(made["elements"]) == 2

    def test_only_web_links_are_links(self) -> None:
        (made,) = elements("[a](https://a.example) [b](javascript:x) [c](/d)")
        assert [e["type"] for e in made["elements"] if e["text"].strip()] == ["link", "text", "text"]

    @pytest.mark.parametrize(
        "text", ["<!channel>", "<@U1>", "@here", "<b>bold</b>", "&lt;!channel&gt;", "<https://x|y>"]
    )
    def test_nothing_becomes_a_mention(self, text: str) -> None:
        kinds = {i["type"] for e in elements(f"- {text}\n\n> {text}\n\n{text}") for i in _inlines(e)}
        assert kinds <= {"text", "link"}

    def test_nothing_at_all_is_something_that_slack_accepts(self) -> None:
        for text in ("", " ", "\n", "```\n```", "- ", "> ", "#"):
            assert problems([rich_text(text)]) == []

    @settings(max_examples=200, deadline=None)
    @given(st.text(alphabet=st.sampled_from("ab 1.\n-*_`>#[]()<&!|\\~:@")))
    def test_slack_accepts_whatever_markdown_there_is(self, text: str) -> None:
        assert problems([rich_text(text)]) == []

    @settings(deadline=None)
    @given(st.text(max_size=300))
    def test_slack_accepts_any_text(self, text: str) -> None:
        assert problems([rich_text(text)]) == []


def _inlines(element: dict[str, Any]) -> list[dict[str, Any]]:
    if element["type"] == "rich_text_list":
        return [inline for item in element["elements"] for inline in item["elements"]]
    return list(element["elements"])


def all_buttons() -> list[Button]:
    grave = (Command.END, Command.FORGET)
    return [
        Button(
            command=c,
            label=LINES.say(f"button.{c}", 0),
            about="k7mf-q9xd-2hbt/3",
            grave=c in grave,
            sure=LINES.say(f"sure.{c}", 0) if c in grave else "",
        )
        for c in Command
        if c is not Command.HELP
    ]


class TestBlocks:
    def test_a_post_with_every_button(self) -> None:
        assert problems(slack_blocks.message("Hello.", all_buttons(), LINES)) == []

    def test_what_is_too_long_is_cut(self) -> None:
        long = Button(command=Command.END, label="L" * 300, about="a" * 3_000, grave=True, sure="S" * 900)
        assert problems(slack_blocks.message("Hello.", [long], LINES)) == []

    @pytest.mark.parametrize("place", [CHANNEL, DIRECT], ids=["in a channel", "direct"])
    def test_the_dialog(self, place: Place) -> None:
        view = slack_blocks.dialog([make_guide()], place, LINES)
        assert view_problems(view) == []
        assert ("Where?" in shown(view["blocks"])) is (place is CHANNEL)

    def test_the_dialog_with_many_long_guides_one_of_them_chosen(self) -> None:
        guides = [make_guide().model_copy(update={"id": f"g{n}", "title": f"{n} " + "T" * 200}) for n in range(150)]
        view = slack_blocks.dialog(guides, CHANNEL, LINES, "g7")
        assert view_problems(view) == []
        assert view["blocks"][0]["element"]["initial_option"]["value"] == "g7"

    def test_the_dialog_without_guides_says_so(self) -> None:
        view = slack_blocks.dialog([], CHANNEL, LINES)
        assert view_problems(view) == []
        assert "submit" not in view

    @pytest.mark.parametrize("count", [0, 1, 10])
    def test_the_home(self, count: int) -> None:
        view = slack_blocks.home([entry(n) for n in range(count)], LINES)
        assert view_problems(view) == []
        assert len(view["blocks"]) <= 100


def entry(number: int) -> Entry:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    status = ("ended", "active", "paused")[number % 3]
    summary = InterviewSummary(
        id=f"k7mf-q9xd-2hb{number}",
        guide_id="g",
        guide_title="A guide *with* <signs>",
        mode=Mode.PRACTICE,
        status=status,
        candidate=ADA.id,
        started_at=at,
        updated_at=at,
        answered=number,
        planned=5,
    )
    over = status == "ended" and number < 6
    return Entry(summary=summary, score=71.4 if over else None, band=4 if over else None)


def rich(inlines: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": inlines}]}


class TestSchema:
    """The checker itself says no."""

    @pytest.mark.parametrize(
        "block",
        [
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}],
            },
            {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [{"type": "broadcast"}]}]},
            {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
            {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
            {"type": "actions", "elements": [slack_blocks.button(b, LINES) for b in all_buttons()[:1] * 2]},
            {"type": "no_such_block"},
        ],
    )
    def test_what_slack_refuses_is_found(self, block: dict[str, Any]) -> None:
        assert problems([block])

    def test_too_many_blocks_and_too_long_ones_are_found(self) -> None:
        assert problems([rich_text("x")] * 51)
        assert problems([rich_text("x" * 12_001)])
        assert problems([])


KEYS = ("event", "user", "channel", "ts", "text", "subtype", "message", "actions", "view", "team_id")


class TestTranslation:
    def test_a_command_names_a_person_or_an_interview(self) -> None:
        body = {"team_id": "T1", "user_id": "UADA", "channel_id": "C1", "trigger_id": "t1"}
        now = datetime.now(UTC)
        for text, command, about in (
            ("report <@UBOB|bob>", Command.REPORT, "slack:T1:UBOB"),
            ("Report k7mf-q9xd-2hbt", Command.REPORT, "k7mf-q9xd-2hbt"),
            ("status", Command.STATUS, ""),
            ("skip this one", Command.SKIP, ""),
            ("forget sure", Command.FORGET, ""),
            ("", Command.HELP, ""),
        ):
            made = slack_in.command({**body, "text": text}, now)
            assert made is not None
            assert (made.command, made.about, made.author, made.place) == (command, about, ADA, CHANNEL)
        assert slack_in.command({**body, "text": "no such command"}, now) is None

    def test_in_anybodys_direct_messages_ours_are_meant(self) -> None:
        assert slack_in.asked_in({"team_id": "T1", "channel_id": "D77"}) == DIRECT

    def test_a_whole_organisation_is_a_space_too(self) -> None:
        assert slack_in.space_of({"team_id": None, "enterprise": {"id": "E1"}, "team": None}) == "E1"

    @settings(max_examples=200, deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.text(max_size=5) | st.integers(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["event", "user", "channel", "ts", "text", "subtype", "message", "actions"]), inner
                )
            ),
            max_leaves=12,
        )
    )
    def test_what_makes_no_sense_is_nothing(self, body: Any) -> None:
        now = datetime.now(UTC)
        for translate in (slack_in.message, slack_in.action, slack_in.submission, lambda b: slack_in.command(b, now)):
            translate(body)


METHODS = {
    "chat_postMessage": "chat:write",
    "chat_postEphemeral": "chat:write",
    "chat_update": "chat:write",
    "chat_delete": "chat:write",
    "chat_getPermalink": "",
    "conversations_open": "im:write",
    "conversations_replies": "channels:history groups:history im:history",
    "conversations_history": "channels:history groups:history im:history",
    "files_upload_v2": "files:write",
    "views_open": "",
    "views_publish": "",
    "auth_test": "",
    "apps_connections_open": "",
}
EVENTS = {"message.channels": "channels:history", "message.groups": "groups:history", "message.im": "im:history"}


class TestManifest:
    manifest = yaml.safe_load((ROOT / "deploy" / "slack-manifest.yaml").read_text(encoding="utf-8"))

    def test_it_asks_for_the_scopes_that_the_code_needs_and_no_other(self) -> None:
        source = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "interviewer" / "channels").glob("slack*.py"))
        called = set(re.findall(r"_client\.([a-z]+_\w+)\(", source)) - {"api_call"}
        called |= {name.replace(".", "_") for name in re.findall(r'"((?:conversations|files|chat)\.\w+)"', source)}
        assert called == set(METHODS)
        needed = {scope for method in called for scope in METHODS[method].split()} | {"commands"}
        assert set(self.manifest["oauth_config"]["scopes"]["bot"]) == needed | set(EVENTS.values())

    def test_it_subscribes_to_what_the_code_listens_to(self) -> None:
        events = self.manifest["settings"]["event_subscriptions"]["bot_events"]
        assert sorted(events) == sorted(["app_home_opened", *EVENTS])
        assert self.manifest["settings"]["socket_mode_enabled"]
        assert self.manifest["settings"]["interactivity"]["is_enabled"]

    def test_slack_would_take_it(self) -> None:
        shown_as = self.manifest["display_information"]
        assert len(shown_as["name"]) <= 35
        assert len(shown_as["description"]) <= 140
        assert 174 <= len(shown_as["long_description"]) <= 4_000
        assert re.fullmatch("#[0-9a-f]{6}", shown_as["background_color"])
        (command,) = self.manifest["features"]["slash_commands"]
        assert command["command"] == "/interview"
        assert command["should_escape"], "a person who is mentioned comes as an id"
        assert len(command["description"]) <= 2_000
        assert len(command["usage_hint"]) <= 1_000
        home = self.manifest["features"]["app_home"]
        assert home["messages_tab_enabled"]
        assert not home["messages_tab_read_only_enabled"]


class TestGuide:
    text = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8") if (ROOT / "docs" / "slack.md").is_file() else ""

    def test_the_blocks_in_it_are_those_that_are_sent(self) -> None:
        blocks = [json.loads(b) for b in re.findall(r"```json\n(.*?)```", self.text, re.DOTALL)]
        assert blocks == [
            slack_blocks.message(QUESTION, all_buttons()[:2] + all_buttons()[4:6], LINES),
            slack_blocks.dialog([make_guide()], CHANNEL, LINES),
            slack_blocks.home([entry(0), entry(1)], LINES),
        ]
        assert problems(blocks[0]) == []
        assert [view_problems(view) for view in blocks[1:]] == [[], []]

    def test_every_setting_is_in_it(self) -> None:
        from interviewer.settings import SlackSettings

        for name in SlackSettings.model_fields:
            assert f"INTERVIEWER_SLACK__{name.upper()}" in self.text

    def test_every_scope_is_explained(self) -> None:
        for scope in TestManifest.manifest["oauth_config"]["scopes"]["bot"]:
            assert f"`{scope}`" in self.text


QUESTION = "Thank you.\n\n**Question 2 of 5**\n\nHow would you find out why a nightly job got slower?"
