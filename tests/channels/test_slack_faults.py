"""Slack's ways to fail, each against the simulator: nothing is lost, nothing counts twice, nothing is said twice."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from interviewer.channels.chat import Command, Place
from interviewer.channels.slack import SlackChannel, SlackOptions
from interviewer.channels.slack_out import STREAMED_A_MINUTE
from interviewer.domain.errors import SettingsError, StoreError
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Event, Received
from interviewer.domain.state import Status
from interviewer.ops.logs import Careful
from interviewer.ports import InterviewSummary
from interviewer.prompts import chat_lines
from tests.channels.conformance import Conformance
from tests.channels.driving import Bench
from tests.channels.slack_api import APP_TOKEN, BOT_TOKEN, CHANNEL, TICKET, Fault
from tests.channels.slack_driver import HttpDriver, SlackDriver
from tests.channels.slack_fixtures import begun, bench, driver, over_http, sim
from tests.channels.slack_sim import SECRET, SlackSim, sign

until = Conformance.until


__all__ = ["bench", "driver", "over_http", "sim"]


class TestDeliveries:
    async def test_it_is_acknowledged_once_stored_and_before_any_model_is_asked(self, driver: SlackDriver) -> None:
        await begun(driver)
        driver.bench.engine.reading.clear()
        sent = await driver.sim.event(await self.answer(driver, "+1 beans"))
        assert sent.attempts == len(sent.acks) == 1
        assert sent.seconds[0] < 1
        assert [m.text for m in (await driver.bench.interview()).messages] == ["+1 beans"]
        driver.bench.engine.reading.set()
        await driver.settled()

    @staticmethod
    async def answer(driver: SlackDriver, text: str) -> dict[str, object]:
        place = await driver.place_of("ada")
        return {"type": "message", "user": "UADA", "channel": place.channel, "text": text, "ts": driver.sim.ts()}

    async def test_what_could_not_be_stored_is_not_acknowledged_and_comes_again(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        await begun(driver)
        driver.sim.ack_seconds = 1.0
        store, failures = driver.bench.store, [StoreError("secret words +1 beans")]
        append = store.append

        async def failing(interview_id: str, events: Sequence[Event]) -> bool:
            if failures and isinstance(events[0], Received):
                raise failures.pop()
            return await append(interview_id, events)

        monkeypatch.setattr(store, "append", failing)
        sent = await driver.sim.event(await self.answer(driver, "+1 beans"))
        await driver.settled()
        assert (sent.attempts, len(sent.acks)) == (2, 1)
        interview = await driver.bench.interview()
        assert [m.text for m in interview.messages] == ["+1 beans"]
        assert len(interview.turns) == 2
        assert "beans" not in caplog.text

    async def test_a_late_acknowledgement_and_its_second_delivery_count_once(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        driver.sim.ack_seconds = 0.15
        append = driver.bench.store.append

        async def slowly(interview_id: str, events: Sequence[Event]) -> bool:
            stored = await append(interview_id, events)
            await asyncio.sleep(0.25 if isinstance(events[0], Received) else 0)
            return stored

        monkeypatch.setattr(driver.bench.store, "append", slowly)
        sent = await driver.sim.event(await self.answer(driver, "+1 beans"))
        assert sent.attempts > 1
        await asyncio.sleep(0.3)
        await driver.settled()
        interview = await driver.bench.interview()
        assert len(interview.messages) == 1
        assert len(interview.turns) == 2
        assert len(await driver.seen("ada")) == 2

    async def test_a_command_is_acknowledged_before_guides_are_read(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        driver.sim.ack_seconds = 0.3
        guides = driver.bench.shelf.guides

        def slowly() -> Sequence[Guide]:
            time.sleep(0.6)
            return guides()

        monkeypatch.setattr(driver.bench.shelf, "guides", slowly)
        sent = await driver.sim.type("UADA", "start", CHANNEL)
        assert (sent.attempts, len(sent.acks)) == (1, 1)
        assert (await driver.opened("ada", set()))["title"]["text"] == "New interview"

    async def test_one_that_was_acknowledged_too_late_counts_all_the_same(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        driver.sim.ack_seconds = 0.15
        interviews = driver.bench.store.interviews

        async def slowly(candidate: str | None = None) -> list[InterviewSummary]:
            await asyncio.sleep(0.3)
            return await interviews(candidate)

        monkeypatch.setattr(driver.bench.store, "interviews", slowly)
        sent = await driver.sim.type("UADA", "resume", "DUADA")
        assert (sent.attempts, sent.acks) == (1, [])
        await until(lambda: len(driver.seen_direct("ada")) == 2)
        await driver.settled()
        assert sum("Welcome back" in text for text in driver.seen_direct("ada")) == 1

    async def test_a_dialog_sent_twice_begins_one_interview(self, driver: SlackDriver) -> None:
        await driver.sim.type("UADA", "start", CHANNEL)
        view = await driver.opened("ada", set())
        picked = {"guide": "gardens", "length": "questions:3"}
        for _ in range(2):
            await driver.sim.submit("UADA", view, picked)
            await driver.settled()
        assert (await driver.bench.interview()).status is Status.ACTIVE
        assert len(driver.seen_direct("ada")) == 1
        assert set(driver.told("ada")) == {"Your interview begins in our direct messages."}

    @pytest.mark.parametrize(
        "event",
        [
            {"type": "message"},
            {"type": "message", "channel": "DUADA", "user": "UADA", "text": "+1", "ts": "soon"},
            {"type": "message", "channel": "DUADA", "user": "UADA", "text": "+1", "ts": "9e999"},
            {"type": "message", "channel": 7, "user": None, "text": ["+1"], "ts": 5},
            {"type": "message", "subtype": "message_changed", "channel": "DUADA"},
            {"type": "message", "subtype": "message_deleted", "channel": "DUADA", "previous_message": None},
            {"type": "message", "subtype": "channel_join", "channel": "DUADA", "user": "UADA", "ts": "1.0"},
            {"type": "app_home_opened"},
            {"type": "reaction_added", "user": "UADA"},
            {"type": "no_such_event_yet"},
        ],
        ids=str,
    )
    async def test_what_makes_no_sense_is_acknowledged_and_dropped(
        self, driver: SlackDriver, event: dict[str, object]
    ) -> None:
        await begun(driver)
        sent = await driver.sim.event(event)
        assert sent.attempts == len(sent.acks) == 1
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert len((await driver.bench.interview()).turns) == 2

    @pytest.mark.parametrize("raw", ["{", "[]", "null", '{"type": "events_api"}', '{"envelope_id": "e", "payload": 3}'])
    async def test_what_is_no_envelope_ends_nothing(self, driver: SlackDriver, raw: str) -> None:
        await begun(driver)
        await driver.sim.sockets[-1].send_str(raw)
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert len((await driver.bench.interview()).turns) == 2

    async def test_kinds_that_nobody_handles_are_acknowledged(self, driver: SlackDriver) -> None:
        shortcut = {"type": "shortcut", "callback_id": "other", "team": {"id": "T1"}, "user": {"id": "UADA"}}
        for kind, payload in (("interactive", shortcut), ("slash_commands", {"command": "/other", "team_id": "T1"})):
            assert len((await driver.sim.deliver(kind, payload)).acks) == 1

    async def test_a_change_that_is_only_a_preview_is_no_edit(self, driver: SlackDriver) -> None:
        await begun(driver)
        name = await driver.say("ada", "+1 see https://example.org")
        await driver.settled()
        channel, ts = name.split(":")
        message = {"user": "UADA", "text": "+1 see https://example.org", "ts": ts, "attachments": [{}]}
        changed = {"type": "message", "subtype": "message_changed", "channel": channel, "ts": driver.sim.ts()}
        await driver.sim.event({**changed, "message": message, "previous_message": {**message, "attachments": []}})
        await driver.settled()
        assert driver.told("ada") == []


class TestTakeover:
    """What a process had done that died before it could note it, another finds."""

    @staticmethod
    def dies_once(driver: SlackDriver, monkeypatch: pytest.MonkeyPatch, call: str) -> list[str]:
        """The next call of the conductor's of this name comes to nothing, if it is not of a place still to be found."""
        real, left = getattr(driver.bench.conductor, call), [call]

        async def dying(interview_id: str, what: Any, *more: Any) -> None:
            if left and (call != "move" or Place.parse(what).exact):
                raise StoreError(left.pop())
            await real(interview_id, what, *more)

        monkeypatch.setattr(driver.bench.conductor, call, dying)
        return left

    async def test_a_thread_that_was_opened_and_not_stored_is_gone_on_in(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left = self.dies_once(driver, monkeypatch, "move")
        await begun(driver, "thread")
        assert left == []
        assert len([m for m in driver.sim.messages[CHANNEL] if "thread_ts" not in m]) == 1
        assert "Question 1 of 3" in (await driver.seen("ada"))[-1]

    async def test_so_is_one_to_which_an_interview_was_brought(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        left = self.dies_once(driver, monkeypatch, "move")
        await driver.type("ada", "resume", where="thread")
        await driver.settled()
        assert left == []
        assert len([m for m in driver.sim.messages[CHANNEL] if "thread_ts" not in m]) == 1

    async def test_a_scorecard_that_was_sent_and_not_noted_is_not_sent_again(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        left = self.dies_once(driver, monkeypatch, "sent")
        await driver.press("ada", Command.END)
        await driver.settled()
        assert left == []
        assert (await driver.bench.interview()).unsent == []
        assert len(driver.files("ada")) == 1
        await driver.type("ada", "report")
        await driver.settled()
        assert len(driver.files("ada")) == 2

    @pytest.mark.parametrize("names", [True, False])
    @pytest.mark.parametrize("kind", ["drop", "refuse", "internal_error"])
    async def test_a_scorecard_of_which_no_answer_came_is_sent_once_and_counted(
        self, driver: SlackDriver, kind: str, names: bool
    ) -> None:
        await begun(driver)
        driver.sim.names_files = names
        driver.sim.faults["files.completeUploadExternal"] = [Fault(kind)]
        await driver.press("ada", Command.END)
        await driver.settled()
        assert len([m for m in driver.sim.messages["DUADA"] if m.get("files")]) == 1
        assert driver.bench.desk.counts["posts_unknown"] == 1


class TestPosting:
    @pytest.mark.parametrize("kind", ["drop", "refuse", "internal_error", "429"])
    @pytest.mark.parametrize("where", ["direct", "thread"])
    async def test_a_reply_whose_fate_is_unknown_is_posted_once(
        self, driver: SlackDriver, kind: str, where: str
    ) -> None:
        await begun(driver, where)
        before = len(await driver.seen("ada"))
        driver.sim.faults["chat.postMessage"] = [Fault(kind)]
        await driver.say("ada", "+1 beans")
        await driver.settled()
        seen = await driver.seen("ada")
        assert len(seen) == before + 1
        assert "Question 2 of 3" in seen[-1]
        assert (await driver.bench.interview()).unsent == []

    @pytest.mark.parametrize("kind", ["drop", "refuse"])
    async def test_a_thread_whose_fate_is_unknown_is_opened_once(self, driver: SlackDriver, kind: str) -> None:
        driver.sim.faults["chat.postMessage"] = [Fault(kind)]
        await begun(driver, "thread")
        assert len([m for m in driver.sim.messages[CHANNEL] if "thread_ts" not in m]) == 1
        assert "Question 1 of 3" in (await driver.seen("ada"))[-1]

    async def test_the_same_while_it_is_streamed(self, driver: SlackDriver) -> None:
        await begun(driver)
        driver.bench.engine.speaking.clear()
        driver.sim.faults["chat.postMessage"] = [Fault("drop")]
        await driver.say("ada", "+1 beans")
        await until(lambda: len(driver.seen_direct("ada")) == 2)
        driver.bench.engine.speaking.set()
        await driver.settled()
        assert len(driver.seen_direct("ada")) == 2
        assert "Question 2 of 3" in driver.seen_direct("ada")[-1]

    async def test_a_reply_is_shown_while_it_comes(self, driver: SlackDriver) -> None:
        await begun(driver)
        driver.bench.engine.speaking.clear()
        await driver.say("ada", "+1 beans")
        await until(lambda: len(driver.seen_direct("ada")) == 2)
        assert "Question 2" not in driver.seen_direct("ada")[-1]
        driver.bench.engine.speaking.set()
        await driver.settled()
        assert "Question 2 of 3" in driver.seen_direct("ada")[-1]
        assert len([m for m, _ in driver.sim.calls if m == "chat.update"]) <= 2

    async def test_slacks_limit_on_edits_is_kept_by_not_streaming(self, driver: SlackDriver) -> None:
        await begun(driver)
        outbox = driver.channel._outbox
        assert outbox.pace < 2
        outbox._edits.extend([time.monotonic()] * STREAMED_A_MINUTE)
        driver.bench.engine.speaking.clear()
        await driver.say("ada", "+1 beans")
        await asyncio.sleep(0.6)
        assert len(driver.seen_direct("ada")) == 1
        driver.bench.engine.speaking.set()
        await driver.settled()
        assert "chat.update" not in [m for m, _ in driver.sim.calls]

    async def test_a_channel_that_lets_nobody_post_leads_to_direct_messages(self, driver: SlackDriver) -> None:
        driver.sim.members.clear()
        await begun(driver, "thread")
        direct = driver.seen_direct("ada")
        assert direct[0].startswith("I couldn't write where we were")
        assert "Question 1 of 3" in direct[-1]
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert "Question 2 of 3" in driver.seen_direct("ada")[-1]

    async def test_so_does_one_that_throws_us_out_in_the_middle(self, driver: SlackDriver) -> None:
        await begun(driver, "thread")
        await driver.say("ada", "+1 beans")
        driver.sim.members.clear()
        await driver.settled()
        assert "Question 2 of 3" in driver.seen_direct("ada")[-1]
        assert len((await driver.bench.interview()).turns) == 2

    async def test_a_scorecard_that_cannot_be_sent_does_not_hold_up_the_end(self, driver: SlackDriver) -> None:
        await begun(driver)
        driver.sim.faults["files.getUploadURLExternal"] = [Fault("missing_scope")]
        await driver.press("ada", Command.END)
        await driver.settled()
        interview = await driver.bench.interview()
        assert (interview.status, interview.unsent) == (Status.ENDED, [])
        assert "couldn't send the scorecard" in driver.seen_direct("ada")[-1]
        driver.sim.faults["files.getUploadURLExternal"] = [Fault("missing_scope")]
        await driver.type("ada", "report")
        await driver.settled()
        assert "couldn't make the scorecard just now" in driver.seen_direct("ada")[-1]
        await driver.type("ada", "report")
        await driver.settled()
        assert len(driver.files("ada")) == 1

    async def test_a_long_reply_comes_in_several_posts(self, driver: SlackDriver) -> None:
        guide = driver.bench.shelf.known[0]
        first = guide.questions[0].model_copy(update={"text": "Why? " * 1_500 + "Because?"})
        driver.bench.shelf.known = [
            guide.model_copy(update={"questions": (first, *guide.questions[1:]), "revision": "r2"})
        ]
        await begun(driver)
        seen = driver.seen_direct("ada")
        assert len(seen) == 4
        assert "[Hint]" not in "".join(seen[:-1])
        assert "[Hint]" in seen[-1]

    async def test_nothing_that_was_written_becomes_a_mention(self, driver: SlackDriver) -> None:
        guide = driver.bench.shelf.known[0]
        wicked = "Look <!channel> <@U1> & [link](javascript:alert(1)) @here?"
        first = guide.questions[0].model_copy(update={"text": wicked})
        driver.bench.shelf.known = [
            guide.model_copy(update={"questions": (first, *guide.questions[1:]), "revision": "r3"})
        ]
        await begun(driver)
        (posted,) = [given for method, given in driver.sim.calls if method == "chat.postMessage"]
        assert "<" not in posted["text"]
        kinds = {i["type"] for b in posted["blocks"][:1] for e in b["elements"] for i in e["elements"]}
        assert kinds == {"text"}


class TestConnection:
    async def test_asked_to_connect_anew_it_does(self, driver: SlackDriver) -> None:
        await begun(driver)
        await driver.sim.disconnect()
        await until(lambda: driver.sim.connections == 2)
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert len((await driver.bench.interview()).turns) == 2

    async def test_a_connection_that_breaks_is_made_anew(self, driver: SlackDriver) -> None:
        await begun(driver)
        await driver.sim.sockets[-1].close()
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert driver.sim.connections == 2
        assert len((await driver.bench.interview()).turns) == 2

    async def test_a_connection_that_is_open_and_silent_is_renewed(self, sim: SlackSim, bench: Bench) -> None:
        driver = SlackDriver(bench, sim, silence=0.6)
        await driver.open()
        await begun(driver)
        sim.silent.add(sim.sockets[-1])
        sim.ack_seconds = 1.5
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert sim.connections >= 2
        assert len((await bench.interview()).turns) == 2
        await driver.close()

    async def test_the_first_connection_may_be_refused(self, sim: SlackSim, bench: Bench) -> None:
        sim.faults["auth.test"] = [Fault("refuse")]
        sim.faults["apps.connections.open"] = [Fault("refuse"), Fault("internal_error")]
        sim.faults["link"] = [Fault("503")]
        driver = SlackDriver(bench, sim, ping=0.1)
        await driver.open()
        await begun(driver)
        assert "Question 1 of 3" in driver.seen_direct("ada")[-1]
        await driver.close()

    @pytest.mark.parametrize(
        ("fault", "told"),
        [
            ("team_access_not_granted", "refuses for now (team_access_not_granted)"),
            ("xoxb-canary said", "refuses for now (HTTP 200)"),
            ("drop", "Slack cannot be reached (ServerDisconnectedError)"),
        ],
    )
    async def test_why_slack_is_waited_for_is_logged(
        self, sim: SlackSim, bench: Bench, fault: str, told: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        sim.faults["auth.test"] = [Fault(fault)]
        driver = SlackDriver(bench, sim, ping=0.1)
        await driver.open()
        assert told in caplog.text
        assert "canary" not in caplog.text
        await driver.close()

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [("bot_token", "INTERVIEWER_SLACK__BOT_TOKEN"), ("app_token", "INTERVIEWER_SLACK__APP_TOKEN")],
    )
    async def test_a_token_that_is_not_accepted_is_told_without_it(
        self, sim: SlackSim, bench: Bench, wrong: str, named: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        right = SlackOptions(SecretStr(BOT_TOKEN), SecretStr(APP_TOKEN), base_url=sim.base_url)
        changes: dict[str, Any] = {wrong: SecretStr("xoxb-canary")}
        options = replace(right, **changes)
        channel = SlackChannel(await bench.open(), chat_lines(), options)
        with pytest.raises(SettingsError) as caught:
            await channel.start()
        assert named in caught.value.remedy
        assert "canary" not in f"{caught.value} {caught.value.remedy} {caplog.text} {channel._options!r}"
        await channel.stop()
        await channel.close()
        await bench.close()

    async def test_what_comes_while_nobody_listens_is_delivered_to_the_next(self, driver: SlackDriver) -> None:
        await begun(driver)
        await driver.channel.stop()
        driver.sim.ack_seconds = 1.0
        place = await driver.place_of("ada")  # while the store is open
        saying = asyncio.create_task(driver.post("ada", place, "+1 beans"))
        await driver.restart()
        await saying
        await driver.settled()
        assert len((await driver.bench.interview()).turns) == 2


class TestHttp(Conformance):
    """The whole suite over signed requests."""

    @pytest.fixture
    async def driver(self, over_http: HttpDriver) -> HttpDriver:
        return over_http


class TestSignatures:
    @staticmethod
    def body(driver: HttpDriver, text: str = "+1 beans") -> str:
        event = {"type": "message", "user": "UADA", "channel": "DUADA", "text": text, "ts": driver.sim.ts()}
        return json.dumps({"type": "event_callback", "team_id": "T1", "event": event, "event_id": "Ev1"})

    @pytest.mark.parametrize(
        "change",
        [
            lambda stamp, body: {"X-Slack-Signature": sign(stamp, body, "another secret")},
            lambda stamp, body: {"X-Slack-Signature": sign(stamp, body + " ")},
            lambda stamp, body: {"X-Slack-Signature": "v0="},
            lambda stamp, body: {"X-Slack-Signature": ""},
            lambda stamp, body: {"X-Slack-Request-Timestamp": ""},
            lambda stamp, body: {"X-Slack-Request-Timestamp": "now"},
            lambda stamp, body: {"X-Slack-Request-Timestamp": str(int(stamp) + 1)},
        ],
        ids=["another secret", "another body", "empty", "missing", "no time", "no number", "another time"],
    )
    async def test_a_request_that_slack_did_not_sign_is_refused(
        self, over_http: HttpDriver, change: Callable[[str, str], dict[str, str]]
    ) -> None:
        await begun(over_http)
        body = self.body(over_http)
        now = int(time.time())
        status, _ = await over_http.sim.request(body, at=now, headers=change(str(now), body))
        await over_http.settled()
        assert status == 401
        assert (await over_http.bench.interview()).messages == []

    async def test_an_old_request_is_refused(self, over_http: HttpDriver) -> None:
        await begun(over_http)
        status, _ = await over_http.sim.request(self.body(over_http), at=time.time() - 400)
        assert status == 401
        assert (await over_http.bench.interview()).messages == []

    async def test_a_request_that_is_replayed_counts_once(self, over_http: HttpDriver) -> None:
        await begun(over_http)
        body = self.body(over_http)
        for _ in range(3):
            assert (await over_http.sim.request(body))[0] == 200
            await over_http.settled()
        interview = await over_http.bench.interview()
        assert len(interview.messages) == 1
        assert len(interview.turns) == 2

    async def test_slack_may_make_sure_of_the_address(self, over_http: HttpDriver) -> None:
        status, text = await over_http.sim.request(json.dumps({"type": "url_verification", "challenge": "c4"}))
        assert status == 200
        assert "c4" in text


class TestPrivacy:
    async def test_no_log_holds_a_secret_or_a_word_of_a_candidate(
        self, sim: SlackSim, bench: Bench, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        driver = SlackDriver(bench, sim)
        await driver.open()
        await begun(driver)
        sim.faults["chat.postMessage"] = [Fault("internal_error"), Fault("drop")]
        name = await driver.say("ada", "+1 xylophone")
        await driver.edit("ada", name, "+1 xylophones")
        await driver.settled()
        await sim.event({"type": "message", "text": "xylophone", "channel": "DUADA"})
        await driver.type("ada", "nonsense xylophone")
        await driver.close()
        ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("asyncio", "aiohttp", "tests"))]
        for canary in ("xylophone", BOT_TOKEN, APP_TOKEN, SECRET):
            assert canary not in "\n".join(ours)

    async def test_nor_what_a_connection_is_opened_with(
        self, sim: SlackSim, bench: Bench, caplog: pytest.LogCaptureFixture
    ) -> None:
        sim.faults["link"] = [Fault("503")]
        driver = SlackDriver(bench, sim, ping=0.1)
        await driver.open()
        await driver.close()
        assert TICKET in caplog.text, "the library tells"
        assert TICKET not in "".join(Careful(as_json=True).format(r) for r in caplog.records)

    async def test_only_named_people_and_workspaces_are_let_in(self, sim: SlackSim, bench: Bench) -> None:
        for options, let_in in (
            ({"users": ("UBOB",)}, False),
            ({"workspaces": ("T9",)}, False),
            ({"users": ("UADA",), "workspaces": ("T1",)}, True),
        ):
            driver = SlackDriver(bench, sim, **options)
            await driver.open()
            await begun(driver)
            assert bool(await bench.interviews()) is let_in
            if not let_in:
                assert "aren't open to you here" in driver.told("ada")[-1]
            await driver.close()


class TestHome:
    async def test_it_lists_ones_interviews_and_sends_scorecards(self, driver: SlackDriver) -> None:
        await driver.sim.look_home("UADA")
        await driver.settled()
        assert "None yet" in str(driver.sim.homes["UADA"])
        await begun(driver)
        assert "going on, 0 of 3 answered" in str(driver.sim.homes["UADA"])
        await driver.press("ada", Command.END)
        await driver.settled()
        home = driver.sim.homes["UADA"]
        assert "ended, without a score" in str(home)
        assert "UBOB" not in driver.sim.homes
        report = next(
            e for b in home["blocks"] for e in b.get("elements", ()) if e.get("action_id") == "interview:report"
        )
        await driver.sim.click("UADA", report, "")
        await driver.settled()
        assert len(driver.files("ada")) == 2

    async def test_an_interview_can_be_begun_from_it(self, driver: SlackDriver) -> None:
        await driver.sim.look_home("UADA")
        await driver.settled()
        start = driver.sim.homes["UADA"]["blocks"][2]["elements"][0]
        await driver.sim.click("UADA", start, "")
        view = await driver.opened("ada", set())
        await driver.sim.submit("UADA", view, {"guide": "gardens", "length": "minutes:15", "mode": "assess"})
        await driver.settled()
        interview = await driver.bench.interview()
        assert (interview.plan.minutes, interview.plan.mode) == (15, "assess")
        assert "Question 1 of 3" in driver.seen_direct("ada")[-1]
