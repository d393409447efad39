"""The bot in Microsoft Teams: the real library in a real server, over the shipped articles, and a stand-in of Teams."""

from __future__ import annotations

import html
import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from bot.admission import Admission
from bot.answer import Question
from bot.desk import Desk
from bot.feedback import FeedbackLog
from bot.settings import Room, Settings, load
from index.archive import Archive
from index.embedder import MiniLM
from index.ingest import ingest
from tests.conftest import ROOT, free_port, wait_until
from tests.desks import taken
from tests.payloads import PAYLOADS
from tests.stand_ins.teams import TeamsStandIn
from tests.stand_ins.teams_messages import Message
from tests.stand_ins.teams_people import Delivery
from ui import teams as surface
from ui.async_desk import AsyncDesk
from ui.gate import Access, Gate
from ui.shown import FAILED, STOPPING
from ui.teams import MAX_BODY_BYTES, TeamsSettingsError
from ui.teams import bot as teams_bot
from ui.teams.thread import SERVICE_URL, Route, _app
from ui.workspaces import configured

# The library makes a client that it has itself deprecated, for each App and each activity.
pytestmark = pytest.mark.filterwarnings("ignore:The bot client is deprecated:DeprecationWarning")

WHO = "Who was kidnapped in Tazirbu?"
HOW_MANY = "How many policemen were killed in Tazirbu?"


# The server -----------------------------------------------------------------------------------------------------------


def settings_for(teams: TeamsStandIn, **more: Any) -> Settings:
    return Settings(
        teams_client_id=teams.client_id,
        teams_client_secret=teams.client_secret,
        teams_tenant_id=teams.tenant_id,
        **more,
    )


def application(teams: TeamsStandIn, desk: Desk, cloud: Mapping[str, str] | None = None, **settings: Any) -> FastAPI:
    """A web application with the bot in it, in a cloud that differs in `cloud`."""
    options = teams.options()
    place = {"service_url": options["service_url"], "cloud": replace(options["cloud"], **(cloud or {}))}
    web = FastAPI(lifespan=lambda _: running)
    running = surface.mount(web, AsyncDesk(desk), settings_for(teams, **settings), **place)

    @web.get("/other")
    async def other() -> str:
        return "here"

    return web


@contextmanager
def bot(teams: TeamsStandIn, desk: Desk, cloud: Mapping[str, str] | None = None, **settings: Any) -> Iterator[str]:
    """The bot, served as long as the context lasts: the server's address."""
    with served(application(teams, desk, cloud, **settings), teams) as url:
        yield url


@contextmanager
def served(web: Any, teams: TeamsStandIn) -> Iterator[str]:
    """An application with a bot in it, to which Teams sends what people write: its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(web, port=port, log_level="critical", ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive())
    assert server.started
    url, before = f"http://127.0.0.1:{port}", teams.bot_url
    teams.bot_url = f"{url}/api/messages"
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join()
        teams.bot_url = before


@pytest.fixture(scope="module")
def stand_in() -> Iterator[TeamsStandIn]:
    with TeamsStandIn() as teams, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(teams.certificate))
        yield teams


@pytest.fixture(scope="module")
def url(stand_in: TeamsStandIn, desk: Desk) -> Iterator[str]:
    """One bot for all tests that need no other."""
    quiet = stand_in.channel().id
    rooms = {
        quiet: Room(only_mentioned=True),
        stand_in.group().id: Room(sources=("Nobody's Gazette",)),
    }
    with bot(stand_in, desk, rooms=rooms) as url:
        yield url


@pytest.fixture
def teams(stand_in: TeamsStandIn, url: str) -> Iterator[TeamsStandIn]:
    """Teams, with the bot in it. Each test asks as a person of its own, since people may ask only so often."""
    stand_in.calls.refusals.clear()
    yield stand_in
    stand_in.calls.refuse.clear()


@pytest.fixture
def small(tmp_path: Path, embedder: MiniLM, write: Callable[..., Any]) -> Iterator[Callable[..., Desk]]:
    """A desk over articles of the test's own, with limits of its own."""
    archives: list[Archive] = []

    def opened(articles: dict[str, str], **limits: int) -> Desk:
        archive = Archive(tmp_path / "home", embedder=embedder)
        archives.append(archive)
        ingest(archive, [str(write(articles))])
        return Desk(archive, admission=Admission(**limits))

    yield opened
    for archive in archives:
        archive.close()


BRIDGE = {
    "bridge.md": "---\ntitle: The bridge\nsource: Herald\npublished: 2024-03-02\n---\n"
    "The bridge over the Arn collapsed on Saturday. Mara Lindqvist, the mayor, said repairs would cost four million.\n"
}


def seen(message: Message) -> str:
    """The text as a person reads it, without the asterisks of what is bold."""
    return html.unescape(message.text.replace("**", ""))


# Answers --------------------------------------------------------------------------------------------------------------


def test_an_answer_has_its_exact_quotes_its_citations_and_its_label(teams: TeamsStandIn, desk: Desk) -> None:
    asked = teams.personal_message(WHO, "Ann")
    said = teams.answer(asked)
    assert (asked.status, asked.complaint) == (200, None)
    expected = desk.ask(Question(WHO))
    assert len(expected.quotes) > 2
    for quote in expected.quotes:
        assert desk.article(quote.article_id).text[quote.start : quote.end] == quote.text
        whole = json.loads(said.citations[quote.number]["text"])["body"][-1]["inlines"][0]["text"]
        assert whole == " ".join(quote.text.split())
        assert f"[{quote.number}] " in said.text
    shown = [line for line in seen(said).splitlines() if line.startswith("> “")]
    assert shown
    assert {line[3:-1] for line in shown} <= {" ".join(quote.text.split()) for quote in expected.quotes}
    assert said.is_labelled_ai
    assert said.feedback == "default"
    assert 1 <= len(said.suggestions) <= 3
    assert teams.refusals == []


def test_an_answer_that_is_there_at_once_is_one_message(teams: TeamsStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teams_bot, "QUICK_S", 30)  # at once, on a machine that may be busy
    asked = teams.personal_message(HOW_MANY, "Bea")
    said = teams.answer(asked)
    assert (said.streamed, said.edits, len(teams.messages(asked)), teams.streams(asked)) == (False, 0, 1, [])


def test_not_found_is_said_with_the_closest_passages(teams: TeamsStandIn) -> None:
    said = teams.answer(teams.personal_message("Who won the 2018 World Cup?", "Cem"))
    assert seen(said).startswith("Not found in the 18 articles searched")
    assert "> “" in said.text
    assert said.citations


def test_a_follow_up_counts_what_was_asked_before_in_the_same_chat_only(teams: TeamsStandIn) -> None:
    teams.answer(teams.personal_message("How many policemen were killed in Tazirbu?", "Dag"))
    after = teams.personal_message("And who was kidnapped there?", "Dag")
    assert "Searched for:" in teams.answer(after).text
    assert "Tazirbu" in teams.answer(after).text.split("Searched for:")[1]
    alone = teams.answer(teams.personal_message("And who was kidnapped there?", "Eve"))
    assert "Tazirbu" not in alone.text.partition("Searched for:")[2]


def test_a_mention_in_a_channel_is_answered_in_its_thread_which_is_the_conversation(teams: TeamsStandIn) -> None:
    first = teams.channel_mention(HOW_MANY, person="Fay")
    said = teams.answer(first)
    assert said.conversation.endswith(f";messageid={first.id}")
    assert "> “" in said.text
    assert said.suggestions == []
    second = teams.answer(teams.channel_mention("And who was kidnapped there?", first.id, "Gus"))
    assert second.conversation == said.conversation
    assert "Tazirbu" in second.text.split("Searched for:")[1]
    assert teams.refusals == []


def test_in_a_group_the_scope_of_its_room_holds(teams: TeamsStandIn) -> None:
    said = teams.answer(teams.group_message(WHO, "Hal"))
    assert seen(said).startswith("Not found in the 0 articles searched")


def unmentioned(teams: TeamsStandIn, text: str, thread: str, person: str) -> Delivery:
    """What a bot gets that may read a whole channel: a reply in a thread that mentions nobody."""
    activity = teams._activity(teams.channel(), person, type="message", text=text)
    activity["conversation"]["id"] += f";messageid={thread}"
    return teams._deliver(activity)


def test_a_reply_that_mentions_nobody_is_answered_in_a_thread_of_ours_unless_the_room_wants_mentions(
    teams: TeamsStandIn, desk: Desk
) -> None:
    first = teams.channel_mention(HOW_MANY, person="Ida")
    teams.answer(first)
    assert unmentioned(teams, "Where was it?", first.id, "Ida").status == 200
    with bot(teams, desk):  # no room is set
        elsewhere = unmentioned(teams, "Where was it?", "1600000000000", "Ida")
        within = unmentioned(teams, "Where was it in Tazirbu?", first.id, "Ida")
        teams.wait_for(lambda: len(teams.messages(within)) > 1)
        teams.answer(teams.personal_message(WHO, "Ida"))  # by then any answer would be there
        assert elsewhere.status == 200
        assert teams.messages(elsewhere) == []
    assert len(teams.messages(first)) == 2


# How it is said -------------------------------------------------------------------------------------------------------


def test_what_takes_a_while_is_streamed_in_order(
    stand_in: TeamsStandIn, small: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = small(BRIDGE, at_once=1)
    before = len(stand_in.refusals)
    with bot(stand_in, desk):
        with taken(desk._admission):
            asked = stand_in.personal_message("What would repairs of the bridge cost?", "Jan")
            stream = stand_in.wait_for(lambda: stand_in.streams(asked))[0]
            stand_in.wait_for(lambda: stream.informative)
            assert stand_in.messages(asked) == []
        said = stand_in.answer(asked)
    assert stream.informative[0] == "Waiting in line, place 1 …"
    assert said.streamed
    assert "four million" in said.text
    assert said.is_labelled_ai
    assert said.cards
    assert said.reply_to == asked.id
    assert len(stand_in.messages(asked)) == 1
    assert len(stand_in.refusals) == before


def test_who_presses_stop_is_told_nothing_more(stand_in: TeamsStandIn, small: Callable[..., Desk]) -> None:
    desk = small(BRIDGE, at_once=1)
    before = len(stand_in.refusals)
    with bot(stand_in, desk):
        with taken(desk._admission):
            asked = stand_in.personal_message("What would repairs of the bridge cost?", "Kai")
            stand_in.wait_for(lambda: stand_in.streams(asked))
            stand_in.stop(asked)
        stand_in.wait_for(lambda: len(stand_in.refusals) > before)
        assert stand_in.refusals[-1].message == "Content stream was canceled by user."
        stand_in.personal_message("What collapsed on Saturday?", "Kai")
        (said,) = stand_in.wait_for(lambda: [one for one in stand_in.messages(asked) if "collapsed" in one.text])
        assert stand_in.messages(asked) == [said]


def test_in_a_channel_waiting_in_line_is_told_in_the_message_that_becomes_the_answer(
    stand_in: TeamsStandIn, small: Callable[..., Desk]
) -> None:
    desk = small(BRIDGE, at_once=1)
    with bot(stand_in, desk):
        with taken(desk._admission):
            asked = stand_in.channel_mention("What would repairs of the bridge cost?", person="Lea")
            told = stand_in.wait_for(lambda: stand_in.messages(asked))[0]
            assert told.text == "Waiting in line, place 1 …"
        said = stand_in.wait_for(lambda: [one for one in stand_in.messages(asked) if one.edits])[0]
    assert said.id == told.id
    assert "four million" in said.text


def test_it_waits_as_long_as_teams_says_and_tries_again(teams: TeamsStandIn) -> None:
    teams.refuse_next("POST", 429, "Throttled", retry_after_s=1)
    teams.refuse_next("POST", 412, "PreconditionFailed", retry_after_s=0)
    asked = teams.personal_message(HOW_MANY, "Mia")
    assert "> “" in teams.answer(asked).text
    assert [refused.status for refused in teams.refusals] == [429, 412]
    assert len(teams.messages(asked)) == 1


def test_the_same_activity_sent_again_is_answered_once_also_after_a_restart(teams: TeamsStandIn, desk: Desk) -> None:
    asked = teams.personal_message(HOW_MANY, "Noa")
    teams.answer(asked)
    assert teams.redeliver(asked).status == 200
    with bot(teams, desk):
        assert teams.redeliver(asked).status == 200
        teams.answer(teams.personal_message(WHO, "Noa"))
    assert len(teams.messages(asked)) == 2


def test_a_failure_is_told_in_one_sentence_and_logged(
    stand_in: TeamsStandIn, small: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = small(BRIDGE)
    with bot(stand_in, desk):
        desk.close()
        said = stand_in.answer(stand_in.personal_message("What would repairs cost?", "Oda"))
    assert seen(said) == FAILED
    (record,) = [one for one in caplog.records if one.name == "ui.teams.bot"]
    assert record.exc_info
    assert record.levelno == logging.ERROR


def test_what_is_no_question_and_who_asks_too_often_is_told(stand_in: TeamsStandIn, small: Callable[..., Desk]) -> None:
    desk = small(BRIDGE, a_minute=1)
    with bot(stand_in, desk):
        assert seen(stand_in.answer(stand_in.personal_message("*?*", "Pia"))) == (
            "The question '*?*' has no words: ask something."
        )
        stand_in.answer(stand_in.personal_message("What would repairs cost?", "Pia"))
        refused = stand_in.answer(stand_in.personal_message("Who is Mara Lindqvist?", "Pia"))
        assert re.fullmatch(r"You asked 1 question in a minute: ask again in \d+ s\.", seen(refused))


def test_hostile_articles_and_people_are_quoted_word_for_word_and_no_more(
    stand_in: TeamsStandIn, small: Callable[..., Desk]
) -> None:
    payloads = [payload for payload in PAYLOADS if "\n" not in payload][:8]
    said_so = {
        f"{number}.txt": f"The harbour master said so. The ship Ortega {number} sank at {payload} near Arn today."
        for number, payload in enumerate(payloads)
    }
    desk = small(said_so)
    before = len(stand_in.refusals)
    with bot(stand_in, desk):
        said = stand_in.answer(stand_in.personal_message(f"Which ship sank near Arn? {PAYLOADS[0]} <at>x</at>", "Quy"))
    assert "<" not in said.text
    assert "![" not in said.text
    assert re.findall(r"\]\(", said.text) == []
    assert said.cards
    assert len(stand_in.refusals) == before


# What people press ----------------------------------------------------------------------------------------------------


def test_thumbs_are_kept_with_the_question(teams: TeamsStandIn, desk: Desk) -> None:
    said = teams.answer(teams.personal_message(WHO, "Rex"))
    liked = teams.feedback(said, like=True, words="well found")
    assert (liked.status, liked.complaint) == (200, None)
    teams.feedback(said, like=False).status  # noqa: B018 - waits
    kept = [one for one in FeedbackLog(desk.home).read() if one["question"] == WHO]
    assert [(one["surface"], one["useful"], one["comment"]) for one in kept[-2:]] == [
        ("teams", True, "well found"),
        ("teams", False, ""),
    ]
    assert kept[-1]["person"]


def test_a_thumb_in_a_channel_is_kept_too(teams: TeamsStandIn, desk: Desk) -> None:
    said = teams.answer(teams.channel_mention(HOW_MANY, person="Sal"))
    before = len(FeedbackLog(desk.home).read())
    assert teams.feedback(said, like=True).complaint is None
    assert len(FeedbackLog(desk.home).read()) == before + 1


def test_a_button_opens_the_article_around_the_quote_and_turns_to_the_next(teams: TeamsStandIn, desk: Desk) -> None:
    said = teams.answer(teams.personal_message(WHO, "Tom"))
    quotes = desk.ask(Question(WHO)).quotes
    opened = teams.press(said, said.cards[0]["actions"][0]["title"])
    assert opened.complaint is None
    card = opened.body["task"]["value"]["card"]["content"]
    assert marked(card) == [quotes[0].text]
    following = next(action for action in card["actions"] if action["title"] == "Next quote")
    turned = teams.submit_dialog(following["data"], said)
    assert turned.complaint is None
    assert marked(turned.body["task"]["value"]["card"]["content"]) == [quotes[1].text]


def marked(card: dict[str, Any]) -> list[str]:
    runs = [run for block in card["body"] for run in block["inlines"]]
    return [run["text"] for run in runs if run.get("highlight")]


def test_a_button_without_a_quote_is_no_question(teams: TeamsStandIn) -> None:
    said = teams.answer(teams.personal_message(HOW_MANY, "Uma"))
    assert teams.submit({"some": "data"}, said).status == 200
    asked = teams.personal_message("Who claimed the attack on Tazirbu?", "Uma")
    assert "ISIS" in teams.answer(asked).text
    assert len(teams.messages(asked)) == 2


def test_who_adds_the_bot_is_greeted_with_questions_that_it_answers(teams: TeamsStandIn, desk: Desk) -> None:
    greeted = teams.answer(teams.install("Vic"))
    assert greeted.text == (
        "Ask me anything about 18 articles: I answer in their own words, each quote checked against its article."
    )
    assert len(greeted.suggestions) == 3
    # The stand-in's buttons are pressed by Ada.
    assert "Not found" not in teams.answer(teams.choose(teams.answer(teams.install()), greeted.suggestions[0])).text


# Who is let in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "another bot"},
        {"iss": "https://sts.example.org"},
        {"iss": "https://sts.windows.net/another/"},
        {"exp": 1_500_000_000},
        {"serviceurl": "https://elsewhere.example.org"},
        {"stranger": True},
    ],
)
def test_whoever_is_not_teams_is_refused(teams: TeamsStandIn, wrong: dict[str, Any]) -> None:
    asked = teams.personal_message(WHO, "Wes", token=teams.token(**wrong))
    assert asked.status == 401
    assert teams.personal_message(WHO, "Wes", token=None).status == 401
    assert teams.messages(asked) == []


def test_another_organisation_is_not_answered(teams: TeamsStandIn, caplog: pytest.LogCaptureFixture) -> None:
    activity = teams._activity(teams.personal("Xan"), "Xan", type="message", text=WHO)
    activity["conversation"]["tenantId"] = activity["channelData"]["tenant"]["id"] = "another"
    asked = teams._deliver(activity)
    assert asked.status == 200
    assert "nothing is answered to tenant another: teams_tenant_id is adfs" in caplog.text
    teams.answer(teams.personal_message(HOW_MANY, "Xia"))  # by then any answer would be there
    assert teams.messages(asked) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * (MAX_BODY_BYTES + 1), 413),
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"[" * 200_000, 400),
        (b"{}", 401),
        (b'{"serviceUrl": 1}', 401),
    ],
)
def test_what_is_no_activity_is_refused_before_anything_else(url: str, body: bytes, status: int) -> None:
    assert httpx.post(f"{url}/api/messages", content=body, trust_env=False).status_code == status


def test_a_body_without_a_length_is_cut_off_too(url: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(2 * MAX_BODY_BYTES // 10_000):
            yield b"x" * 10_000

    assert httpx.post(f"{url}/api/messages", content=endless(), trust_env=False).status_code == 413


class Keys:
    """Where a bot gets the keys with which Teams signs; they come when `held` is set."""

    def __init__(self, keys: Any) -> None:
        self.held, self.asked_for = threading.Event(), threading.Event()
        self.held.set()
        held, asked_for = self.held, self.asked_for

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked_for.set()
                assert held.wait(30)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(keys).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Keys:
        threading.Thread(target=self._server.serve_forever, args=[0.05]).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()


def test_others_are_answered_while_the_keys_of_teams_do_not_come(stand_in: TeamsStandIn, desk: Desk) -> None:
    with Keys(stand_in.authority.public_keys()) as keys:
        keys.held.clear()
        with bot(stand_in, desk, {"openid_metadata_url": f"{keys.url}/openidconfiguration"}) as url:
            asked = stand_in.personal_message(HOW_MANY, "Yan")
            assert keys.asked_for.wait(30)
            assert httpx.get(f"{url}/other", trust_env=False, timeout=10).json() == "here"
            keys.held.set()
            assert asked.status == 200
            assert "> “" in stand_in.answer(asked).text


def test_a_stranger_makes_it_fetch_keys_from_nowhere(stand_in: TeamsStandIn, desk: Desk) -> None:
    with Keys(stand_in.authority.public_keys()) as keys, bot(stand_in, desk, {"login_endpoint": keys.url}):
        claims = {"iss": f"{keys.url}/anything/v2.0", "tid": "anything"}  # which the library would look up there
        assert stand_in.personal_message(WHO, "Yin", token=stand_in.token(**claims)).status == 401
        assert not keys.asked_for.is_set()


# Settings, start and stop ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"teams_client_secret": None}, "teams_client_secret not set: Teams needs QUOTEDESK_TEAMS_CLIENT_SECRET too"),
        (
            {"teams_client_id": None, "teams_tenant_id": None},
            "teams_client_id and teams_tenant_id not set: Teams needs QUOTEDESK_TEAMS_CLIENT_ID, "
            "QUOTEDESK_TEAMS_TENANT_ID too",
        ),
        ({"teams_client_id": "quotedesk"}, "teams_client_id = 'quotedesk' is no application id"),
        ({"teams_client_secret": "11111111-2222-3333-4444-555555555555"}, 'copy its "Value", not its "Secret ID"'),
    ],
)
def test_settings_that_cannot_work_are_refused_in_one_line(
    stand_in: TeamsStandIn, desk: Desk, changed: dict[str, Any], message: str
) -> None:
    settings = Settings(**{**settings_for(stand_in).model_dump(include=set(SETTINGS)), **changed})
    with pytest.raises(TeamsSettingsError, match=re.escape(message)) as refused:
        surface.mount(FastAPI(), AsyncDesk(desk), settings)
    assert "\n" not in str(refused.value)
    with pytest.raises(TeamsSettingsError, match=re.escape(message)):
        configured(settings)[0](FastAPI(), AsyncDesk(desk))


SETTINGS = ("teams_client_id", "teams_client_secret", "teams_tenant_id")


@pytest.mark.usefixtures("url")
def test_nothing_in_the_environment_changes_it(
    stand_in: TeamsStandIn, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {
        "CLIENT_ID": "other",
        "CLIENT_SECRET": "other",
        "TENANT_ID": "other",
        "MANAGED_IDENTITY_CLIENT_ID": "system",
        "SERVICE_URL": "http://127.0.0.1:9/elsewhere",
        "CLOUD": "China",
        "DANGEROUSLY_ALLOW_UNAUTHENTICATED_REQUESTS": "true",
    }
    from microsoft_teams.api import ClientCredentials
    from microsoft_teams.api.auth.cloud_environment import PUBLIC

    for name, value in others.items():
        monkeypatch.setenv(name, value)
    app = _app(settings_for(stand_in), Route(), {})
    assert app.cloud is PUBLIC
    assert app.api.service_url == SERVICE_URL
    assert isinstance(app.credentials, ClientCredentials)
    assert app.options.dangerously_allow_unauthenticated_requests is False
    assert (app.credentials.client_id, app.credentials.tenant_id) == (stand_in.client_id, stand_in.tenant_id)
    with bot(stand_in, desk):
        assert stand_in.personal_message(HOW_MANY, "Zoe", token=None).status == 401
        assert "> “" in stand_in.answer(stand_in.personal_message(HOW_MANY, "Zoe")).text


def test_behind_the_gate_teams_needs_no_name_where_others_do(teams: TeamsStandIn, desk: Desk, tmp_path: Path) -> None:
    access = Access.of(Settings(home=tmp_path, identity_header="X-Forwarded-User"))
    with served(Gate(application(teams, desk), access), teams) as url:
        assert httpx.get(f"{url}/other", trust_env=False).status_code == 401
        assert "> “" in teams.answer(teams.personal_message(HOW_MANY, "Abe")).text


def test_it_is_closed_until_it_runs_and_after_it_has_ended(stand_in: TeamsStandIn, desk: Desk) -> None:
    web = FastAPI()
    running = surface.mount(web, AsyncDesk(desk), settings_for(stand_in))
    with TestClient(web) as client:
        assert client.post("/api/messages", json={}).status_code == 503
    assert running is not None


def test_who_waits_when_it_stops_is_told_and_it_stops_within_3_s(
    stand_in: TeamsStandIn, small: Callable[..., Desk]
) -> None:
    desk = small(BRIDGE, at_once=1)
    with taken(desk._admission):
        with bot(stand_in, desk):
            asked = stand_in.personal_message("What would repairs of the bridge cost?", "Zac")
            waits = stand_in.channel_mention("What would repairs of the bridge cost?", person="Zac")
            stand_in.wait_for(lambda: stand_in.streams(asked) and stand_in.messages(waits))
            began = time.monotonic()
        assert time.monotonic() - began < 5  # the server itself takes some of it
        assert [seen(one) for one in stand_in.messages(asked)] == [STOPPING]
        assert [seen(one) for one in stand_in.messages(waits)] == [STOPPING]


def test_what_a_file_env_says_does_not_become_part_of_the_environment(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / ".env").write_text("CLIENT_ID=other\nHTTPS_PROXY=http://192.0.2.1:9\n")
    program = (
        "import os; from ui.teams.thread import _load\n"
        "_load(); print(os.environ.get('CLIENT_ID'), os.environ.get('HTTPS_PROXY'))"
    )
    kept = {name: value for name, value in os.environ.items() if name not in ("CLIENT_ID", "HTTPS_PROXY")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={**kept, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("None None\n", "")


# The documentation ----------------------------------------------------------------------------------------------------

DOCS = ROOT / "docs"


def test_what_the_documentation_shows_is_what_people_get(teams: TeamsStandIn) -> None:
    written = (DOCS / "teams.md").read_text("utf-8")
    asked = re.findall(r"^> \*\*(.*)\*\*$", written, re.MULTILINE)
    shown = re.findall(r"```text\n(.*?)\n```", written, re.DOTALL)
    assert len(asked) == len(shown) == 2
    for question, block in zip(asked, shown, strict=True):
        said = seen(teams.answer(teams.personal_message(question, "Ben"))).replace("*", "")
        paragraphs = [line.removeprefix("> ") for line in said.splitlines() if line not in ("", ">")]
        assert paragraphs[: len(block.split("\n\n"))] == block.split("\n\n")


def test_the_manifest_is_of_this_bot_and_has_its_icons() -> None:
    manifest = json.loads((DOCS / "teams" / "manifest.json").read_text("utf-8"))
    assert manifest["id"] == manifest["bots"][0]["botId"] == "CLIENT_ID"
    assert set(manifest["bots"][0]["scopes"]) == {"personal", "team", "groupChat"}
    assert len(manifest["name"]["short"]) <= 30
    assert len(manifest["description"]["short"]) <= 80
    for name, size in (("color", 192), ("outline", 32)):
        picture = (DOCS / "teams" / manifest["icons"][name]).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == (size, size)


def test_the_documented_settings_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (DOCS / "teams.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "quotedesk.toml").write_text("\n".join(blocks), "utf-8")
    monkeypatch.setenv("QUOTEDESK_TEAMS_CLIENT_SECRET", "...")
    settings = load(str(tmp_path))
    surface.check(settings)
    (room,) = settings.rooms.values()
    assert room.only_mentioned
    assert room.scope.sources == ("The Herald", "Courier")
