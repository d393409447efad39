"""What the stand-in of Microsoft Teams takes and refuses, by itself and with the real library of a bot against it."""

from __future__ import annotations

import asyncio
import importlib
import json
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request

from tests.conftest import completed
from tests.stand_ins.teams import TeamsStandIn
from tests.stand_ins.teams_rules import CARD, RefusedError, check

# The library makes a client that it has itself deprecated, for each App and each activity.
pytestmark = pytest.mark.filterwarnings("ignore:The bot client is deprecated:DeprecationWarning")


@pytest.fixture
def teams(request: pytest.FixtureRequest) -> Iterator[TeamsStandIn]:
    """A stand-in whose clock stands still for calls by hand: there, time passes when a test says so."""
    clock = time.monotonic if "real" in request.fixturenames else lambda: 0.0
    with TeamsStandIn(clock) as teams:
        yield teams


class Caller:
    """A bot's calls, by hand, into the chat with one person, unless told of another."""

    def __init__(self, teams: TeamsStandIn) -> None:
        self.teams = teams
        self.chat = teams.personal("Ada").id
        token = teams.authority.outbound(teams.client_id)
        self.http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False)

    def call(self, method: str, path: str, body: Any = None, chat: str | None = None) -> httpx.Response:
        address = f"{self.teams.service_url}/v3/conversations/{chat or self.chat}/{path}"
        return self.http.request(method, address, json=body)

    def say(self, text: str = "Hello", chat: str | None = None, **more: Any) -> httpx.Response:
        return self.call("POST", "activities", {"type": "message", "text": text, **more}, chat)

    def stream(self, text: str, sequence: int | None, stream: str | None = None, **more: Any) -> httpx.Response:
        """A piece of a streamed message; the last one, with `sequence` None, a second after the one before."""
        kind = more.pop("kind", "streaming" if sequence else "final")
        chat = more.pop("chat", None)
        info = {"type": "streaminfo", "streamType": kind, "streamSequence": sequence, "streamId": stream}
        kept = {name: value for name, value in info.items() if value is not None}
        activity = {"type": "typing" if sequence else "message", "text": text, "entities": [kept], **more}
        return self.call("POST", "activities", activity, chat)

    def begin(self, text: str = "A") -> str:
        """Begin a streamed message a second ago: its id."""
        started = self.stream(text, 1)
        assert started.status_code == 201
        self.teams.pass_time(1)
        return str(started.json()["id"])


@pytest.fixture
def bot(teams: TeamsStandIn) -> Iterator[Caller]:
    caller = Caller(teams)
    with caller.http:
        yield caller


def error(answer: httpx.Response) -> tuple[int, str | None, str]:
    """The status, the code and the message of a refusal."""
    said = answer.json()["error"]
    return answer.status_code, said.get("code"), said["message"]


# Messages


def test_what_a_bot_says_is_there_until_it_is_deleted(teams: TeamsStandIn, bot: Caller) -> None:
    said = bot.say("One")
    assert (said.status_code, [one.text for one in teams.messages()]) == (201, ["One"])
    path = f"activities/{said.json()['id']}"
    assert bot.call("PUT", path, {"type": "message", "text": "Two"}).status_code == 200
    assert [(one.text, one.edits) for one in teams.messages()] == [("Two", 1)]
    assert bot.call("POST", path, {"type": "message", "text": "Three"}).status_code == 201
    assert teams.messages()[1].reply_to == said.json()["id"]
    assert bot.call("DELETE", path).status_code == 200
    assert [one.text for one in teams.messages()] == ["Three"]


def test_that_a_bot_types_is_no_message(teams: TeamsStandIn, bot: Caller) -> None:
    assert bot.call("POST", "activities", {"type": "typing"}).json() == {}
    assert teams.messages() == []
    assert teams.chats.find(bot.chat).typing == 1


def test_who_is_in_a_chat(teams: TeamsStandIn, bot: Caller) -> None:
    group = teams.group().id
    everyone = bot.call("GET", "members", chat=group).json()
    assert [one["name"] for one in everyone] == ["Ada", "Grace"]
    assert bot.call("GET", "pagedMembers", chat=group).json()["members"] == everyone
    assert bot.call("GET", f"members/{everyone[0]['id']}", chat=group).json()["aadObjectId"]
    assert bot.call("GET", "members/29:nobody", chat=group).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "chat", "refused"),
    [
        ("POST", "activities", "a:elsewhere", (404, "ConversationNotFound", "Conversation not found.")),
        ("PUT", "activities/1", None, (404, "ActivityNotFoundInConversation", "Conversation not found.")),
        ("DELETE", "activities/1", None, (404, "ActivityNotFoundInConversation", "Conversation not found.")),
    ],
)
def test_what_is_not_there(bot: Caller, method: str, path: str, chat: str | None, refused: tuple[Any, ...]) -> None:
    assert error(bot.call(method, path, {"type": "message", "text": "Hello"}, chat)) == refused


@pytest.mark.parametrize("authorization", ["", "Bearer none", "Basic YTpi"])
def test_a_bot_without_our_token_is_not_let_in(teams: TeamsStandIn, bot: Caller, authorization: str) -> None:
    bot.http.headers["Authorization"] = authorization
    assert bot.say().status_code == 401
    bot.http.headers["Authorization"] = f"Bearer {teams.authority.outbound('another bot')}"
    assert bot.say().status_code == 401
    assert teams.messages() == []


def test_a_message_is_at_most_100_kb_as_utf_16(bot: Caller) -> None:
    assert bot.say("x" * 51_000).status_code == 201
    assert error(bot.say("x" * 51_200)) == (413, "MessageSizeTooBig", "Message size too large.")
    assert error(bot.stream("x" * 51_200, 1)) == (403, "ContentStreamNotAllowed", "Message size too large")


def test_seven_messages_a_second_into_one_conversation(teams: TeamsStandIn, bot: Caller) -> None:
    assert [bot.say().status_code for _ in range(8)] == [201] * 7 + [429]
    teams.pass_time(1)
    assert [bot.say().status_code for _ in range(2)] == [201, 429]  # the eighth and the ninth within 2 s
    assert bot.say().headers["Retry-After"] == "2"


def test_a_test_can_have_a_call_refused(teams: TeamsStandIn, bot: Caller) -> None:
    teams.refuse_next("POST", 429, "Throttled", retry_after_s=3)
    refused = bot.say()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
    assert bot.say().status_code == 201
    assert [one.status for one in teams.refusals] == [429]


def test_a_bot_gets_a_token_for_its_secret_only(teams: TeamsStandIn) -> None:
    trusted = ssl.create_default_context(cafile=teams.certificate)
    form = {"client_id": teams.client_id, "grant_type": "client_credentials"}
    form |= {"scope": "https://api.botframework.com/.default", "client_secret": teams.client_secret}
    with httpx.Client(verify=trusted, trust_env=False) as http:
        address = http.get(f"{teams.login_url}/{teams.tenant_id}/.well-known/openid-configuration").json()
        given = http.post(address["token_endpoint"], data=form)
        assert teams.authority.is_ours(given.json()["access_token"])
        for wrong in ({"client_secret": "guessed"}, {"client_id": "another"}, {"scope": "https://graph/.default"}):
            assert http.post(address["token_endpoint"], data=form | wrong).status_code in (400, 401)


# Streamed messages


def test_a_streamed_message_grows_and_ends(teams: TeamsStandIn, bot: Caller) -> None:
    started = bot.stream("Searching …", 1, kind="informative")
    stream = started.json()["id"]
    assert started.status_code == 201
    assert teams.messages() == []
    for sequence, text in ((2, "A brown"), (3, "A brown fox")):
        teams.pass_time(1)
        assert (bot.stream(text, sequence, stream).status_code, teams.messages()[0].text) == (202, text)
        assert not teams.messages()[0].done
    teams.pass_time(1)
    last = bot.stream("A brown fox.", None, stream, channelData={"feedbackLoop": {"type": "default"}})
    assert (last.status_code, last.json()) == (202, {})
    (message,) = teams.messages()
    assert (message.text, message.done, message.streamed, message.feedback) == ("A brown fox.", True, True, "default")


def test_a_streamed_message_is_text_only_until_its_end(teams: TeamsStandIn, bot: Caller) -> None:
    bot.stream("A", 1, channelData={"feedbackLoop": {"type": "default"}})
    assert teams.messages()[0].feedback is None


def test_one_request_a_second(bot: Caller) -> None:
    stream = bot.stream("A", 1).json()["id"]
    refused = bot.stream("A b", 2, stream)
    assert error(refused) == (429, None, "API calls quota exceeded")
    assert refused.headers["Retry-After"] == "1"
    bot.teams.pass_time(1)
    assert bot.stream("A b", 2, stream).status_code == 202
    assert error(bot.stream("A b.", None, stream)) == (429, None, "API calls quota exceeded")


def test_two_minutes(teams: TeamsStandIn, bot: Caller) -> None:
    stream = bot.begin("A")
    teams.pass_time(120)
    message = "Content stream finished due to exceeded streaming time."
    assert error(bot.stream("A b", 2, stream)) == (403, "ContentStreamNotAllowed", message)
    # What is there by then can still be edited, as any message.
    assert bot.call("PUT", f"activities/{stream}", {"type": "message", "text": "A b c"}).status_code == 200
    assert teams.messages()[0].text == "A b c"


def test_stopped_by_the_person(teams: TeamsStandIn, bot: Caller) -> None:
    stream = bot.begin("A")
    teams.chats.stop(bot.chat)
    message = "Content stream was canceled by user."
    assert error(bot.stream("A b", 2, stream)) == (403, "ContentStreamNotAllowed", message)
    assert error(bot.stream("A b", None, stream)) == (403, "ContentStreamNotAllowed", message)
    assert error(bot.call("PUT", f"activities/{stream}", {"type": "message", "text": "!"}))[0] == 403
    assert teams.messages()[0].text == "A"


def test_what_was_streamed_stays(bot: Caller) -> None:
    stream = bot.begin("A brown")
    message = "Request streamed content should contain the previously streamed content"
    for sequence in (2, None):
        assert error(bot.stream("Hello", sequence, stream)) == (403, "ContentStreamNotAllowed", message)


def test_nothing_after_the_end(bot: Caller) -> None:
    stream = bot.begin("A")
    assert bot.stream("A.", None, stream).status_code == 202
    message = "Content stream is not allowed on an already completed streamed message"
    assert error(bot.stream("A. b", 2, stream)) == (403, "ContentStreamNotAllowed", message)


def test_one_streamed_message_at_a_time(bot: Caller) -> None:
    bot.begin("A")
    assert error(bot.stream("B", 1)) == (403, "ContentStreamNotAllowed", "Content stream is not allowed")
    bot.teams.pass_time(120)
    assert bot.stream("B", 1).status_code == 201


def test_only_with_one_person(teams: TeamsStandIn, bot: Caller) -> None:
    for chat in (teams.group(), teams.channel()):
        refused = bot.stream("A", 1, chat=chat.id)
        assert error(refused) == (403, "ContentStreamNotAllowed", "Content stream is not allowed")


def test_what_comes_late_is_dropped_and_told_with_a_success(teams: TeamsStandIn, bot: Caller) -> None:
    stream = bot.begin("A")
    assert bot.stream("A b", 3, stream).status_code == 202
    teams.pass_time(1)
    assert error(bot.stream("A late", 2, stream))[:2] == (202, "ContentStreamSequenceOrderPreConditionFailed")
    assert teams.messages()[0].text == "A b"


@pytest.mark.parametrize(
    ("text", "sequence", "more"),
    [
        ("", 1, {}),
        ("A", 2, {}),
        ("A", 1, {"kind": "final"}),
        ("A", 1, {"type": "message"}),
        ("A", None, {}),
        ("A", None, {"kind": "streaming", "type": "typing"}),
        ("x" * 1001, 1, {"kind": "informative"}),
        ("A", 1, {"kind": "slow"}),
        ("A", 1, {"stream": "none"}),
    ],
)
def test_what_is_no_beginning_of_a_stream(bot: Caller, text: str, sequence: int | None, more: dict[str, Any]) -> None:
    assert error(bot.stream(text, sequence, **more))[:2] == (400, "BadRequest")


# What a message may hold


def cited(text: str = "So it was [1].", count: int = 1, **appearance: Any) -> dict[str, Any]:
    """A message with the label, citations and thumbs; `appearance` changes what a citation looks like."""
    shown = {"@type": "DigitalDocument", "name": "The Herald", "abstract": "So it was.", **appearance}
    claims = [{"@type": "Claim", "position": number, "appearance": shown} for number in range(1, count + 1)]
    root = {"type": "https://schema.org/Message", "@type": "Message", "@context": "https://schema.org"}
    entity = {**root, "additionalType": ["AIGeneratedContent"], "citation": claims}
    data = {"feedbackLoop": {"type": "default"}}
    return {"type": "message", "text": text, "entities": [entity], "channelData": data}


def carded(card: dict[str, Any]) -> dict[str, Any]:
    whole = {"type": "AdaptiveCard", "version": "1.5", "body": [], **card}
    return {"type": "message", "attachments": [{"contentType": CARD, "content": whole}]}


MARKS = "".join(f"[{number}]" for number in range(1, 22))


@pytest.mark.parametrize(
    "message",
    [
        cited(),
        cited(MARKS, 20),
        cited(name="n" * 80, abstract="a" * 160, keywords=["k" * 28] * 3, url="https://example.org/a"),
        cited(image={"@type": "ImageObject", "name": "Text"}),
        cited(text="[1]", encodingFormat=CARD) | {"text": "[1]"},
        carded({"body": [{"type": "TextBlock", "text": "A"}]}),
        carded({"actions": [{"type": "Action.ShowCard", "title": "More", "card": {"type": "AdaptiveCard"}}]}),
    ],
)
def test_what_teams_shows(message: dict[str, Any]) -> None:
    check(message)


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (cited(MARKS, 21), "more than 20 citations"),
        (cited(name="n" * 81), "name is not 1 to 80 characters"),
        (cited(name=""), "name is not 1 to 80 characters"),
        (cited(abstract="a" * 161), "abstract is over 160 characters"),
        (cited(keywords=["k"] * 4), "over 3 keywords"),
        (cited(keywords=["k" * 29]), "a keyword over 28 characters"),
        (cited(url="javascript:alert(1)"), "url is no http address"),
        (cited(image={"@type": "ImageObject", "name": "Newspaper"}), "image is no icon of Teams"),
        (cited("No mark."), r"the text has no mark \[1\]"),
        ({**cited(), "entities": cited()["entities"] * 2}, "Multiple root message entities"),
        ({**cited(), "channelData": {"feedbackLoop": {"type": "thumbs"}}}, "feedbackLoop.type"),
        (carded({"version": "1.6"}), "goes up to 1.5"),
        (carded({"type": "Card"}), "not of type AdaptiveCard"),
        (carded({"body": [{"text": "A"}]}), "has no type"),
        (carded({"body": [{"type": "Input.Text"}]}), "Input.Text has no id"),
        (carded({"actions": [{"type": "Action.Http", "title": "Go"}]}), "no action of cards in Teams"),
        (carded({"actions": [{"type": "Action.ShowCard", "title": "More"}]}), "has no card"),
        ({"suggestedActions": {"to": [], "actions": [{"type": "imBack", "title": "A"}]}}, "with title and value"),
    ],
)
def test_what_teams_does_not_show(message: dict[str, Any], fault: str) -> None:
    with pytest.raises(RefusedError, match=fault) as refused:
        check(message)
    assert refused.value.status == 400


def test_the_card_behind_a_citation_has_nothing_to_press() -> None:
    def behind(card: dict[str, Any]) -> dict[str, Any]:
        message = cited(encodingFormat=CARD)
        appearance = message["entities"][0]["citation"][0]["appearance"]
        appearance["text"] = json.dumps({"type": "AdaptiveCard", "version": "1.5", **card})
        return message

    check(behind({"body": [{"type": "TextBlock", "text": "The passage."}]}))
    with pytest.raises(RefusedError, match="no Adaptive Card as a string"):
        check(behind({"actions": [{"type": "Action.OpenUrl", "title": "Read", "url": "https://example.org"}]}))


# A real bot: the library of Teams for Python, in a FastAPI application of ours


@dataclass
class Bot:
    """What a bot has been asked, and how it was liked."""

    answered: list[str] = field(default_factory=list)
    thumbs: list[str] = field(default_factory=list)


def library(name: str) -> Any:
    """A module of the library, which warns of a preview of its own when it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        pytest.importorskip("microsoft_teams.apps", reason="microsoft-teams-apps is not installed")
        return importlib.import_module(name)


async def second_after(stream: Any, requests: int) -> None:
    """Wait until Teams has taken so many requests, and a second more: the library itself keeps no pace."""
    while stream.sequence <= requests and not stream.canceled:
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.1)


def build(teams: TeamsStandIn, web: FastAPI, bot: Bot, **options: Any) -> Any:
    """The real App, mounted into `web`; it answers in the background, since Teams waits no longer than 15 s."""
    apps, api, cards = (library(f"microsoft_teams.{name}") for name in ("apps", "api", "cards"))
    app = apps.App(http_server_adapter=apps.FastAPIAdapter(app=web), **{**teams.options(), **options})
    seen: set[str] = set()
    tasks: set[asyncio.Task[None]] = set()

    async def answer(ctx: Any) -> None:
        bot.answered.append(ctx.activity.text)
        message = api.MessageActivityInput(text=f"It was so [1]: {ctx.activity.text}")
        passage = cards.AdaptiveCard(body=[cards.TextBlock(text="The whole passage.", wrap=True)])
        appearance = api.CitationAppearance(name="The Herald", abstract="It was so.", text=passage.model_dump_json())
        message.add_ai_generated().add_citation(1, appearance).add_feedback()
        opening = cards.SubmitAction(title="Read it there").with_data(cards.OpenDialogData("article", {"at": 7}))
        showing = cards.ShowCardAction(title="The passage", card=passage)
        message.add_card(cards.AdaptiveCard(body=[], actions=[showing, opening]))
        if ctx.activity.conversation.conversation_type != "personal":
            await ctx.send(message)
            return
        more = api.CardAction(type="imBack", title="Who else?", value="Who else was there?")
        message.with_suggested_actions(api.SuggestedActions(to=[], actions=[more]))
        ctx.stream.update("Searching …")
        await second_after(ctx.stream, 1)
        ctx.stream.emit(message)
        await second_after(ctx.stream, 2)
        await ctx.stream.close()

    @app.on_message
    async def take(ctx: Any) -> None:
        ctx.activity.strip_mentions_text()
        if ctx.activity.id in seen:
            return
        seen.add(ctx.activity.id)
        task = asyncio.create_task(answer(ctx))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    @app.on_message_submit_feedback
    async def thumb(ctx: Any) -> None:
        bot.thumbs.append(ctx.activity.value.action_value.reaction)

    @app.on_dialog_open("article")
    async def article(ctx: Any) -> Any:
        card = cards.AdaptiveCard(body=[cards.TextBlock(text=f"From {ctx.activity.value.data['at']} on.")])
        shown = api.CardTaskModuleTaskInfo(
            title="The Herald", card=api.card_attachment(api.AdaptiveCardAttachment(content=card))
        )
        return api.TaskModuleResponse(task=api.TaskModuleContinueResponse(value=shown))

    completed(app.initialize())
    return app


@contextmanager
def served(web: FastAPI) -> Iterator[str]:
    """An application, answering in a thread of its own: where it takes activities."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(web, log_level="critical", ws="none", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=asyncio.run, args=[server.serve([place])])
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{place.getsockname()[1]}/api/messages"
        server.should_exit = True
        thread.join()


def test_a_bot_that_takes_too_long_is_sent_the_same_again() -> None:
    web, taken = FastAPI(), []

    @web.post("/api/messages")
    async def slow(request: Request) -> None:
        taken.append((await request.json())["id"])
        await asyncio.sleep(0.6)

    with served(web) as url, TeamsStandIn(delivery_s=0.3) as teams:
        teams.bot_url = url
        asked = teams.personal_message("Who?")
        assert (asked.status, taken) == (504, [asked.id, asked.id])


@pytest.fixture
def real(teams: TeamsStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    """The real bot, served."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(teams.certificate))
    web, bot = FastAPI(), Bot()
    build(teams, web, bot)
    with served(web) as teams.bot_url:
        yield bot


def test_a_real_bot_streams_an_answer_with_all_that_belongs_to_it(teams: TeamsStandIn, real: Bot) -> None:
    asked = teams.personal_message("Who?")
    message = teams.answer(asked)
    assert (asked.status, asked.complaint) == (200, None)
    assert message.text == "It was so [1]: Who?"
    assert message.streamed
    assert message.is_labelled_ai
    assert message.citations[1]["name"] == "The Herald"
    assert message.feedback == "default"
    assert message.suggestions == ["Who else?"]
    assert message.reply_to == asked.id
    assert teams.streams(asked)[0].informative == ["Searching …"]
    assert teams.refusals == []


def test_a_real_bot_gets_feedback_opens_a_dialog_and_takes_a_suggestion(teams: TeamsStandIn, real: Bot) -> None:
    message = teams.answer(teams.personal_message("Who?"))
    liked = teams.feedback(message, like=True, words="well found")
    assert (liked.complaint, liked.body, real.thumbs) == (None, None, ["like"])
    opened = teams.press(message, "Read it there")
    assert opened.complaint is None
    assert opened.body["task"]["value"]["card"]["content"]["body"][0]["text"] == "From 7 on."
    with pytest.raises(LookupError, match="it stays in the client"):
        teams.press(message, "The passage")
    assert teams.answer(teams.choose(message, "Who else?")).text == "It was so [1]: Who else was there?"


def test_a_real_bot_answers_in_a_thread_and_in_a_group_at_once(teams: TeamsStandIn, real: Bot) -> None:
    first = teams.channel_mention("Who?")
    assert teams.answer(first).conversation.endswith(f";messageid={first.id}")
    second = teams.channel_mention("When?", thread=first.id, person="Grace")
    assert [one.text for one in (teams.answer(second), *teams.messages(first))][:2] == [
        "It was so [1]: When?",
        "It was so [1]: Who?",
    ]
    assert not teams.answer(teams.group_message("Where?")).streamed
    assert teams.refusals == []


def test_a_delivery_may_come_again_with_the_same_id(teams: TeamsStandIn, real: Bot) -> None:
    asked = teams.channel_mention("Who?")
    again = teams.redeliver()
    assert (again.id, again.status) == (asked.id, 200)
    teams.answer(asked)
    assert real.answered == ["Who?"]


def test_a_real_bot_stops_when_it_is_told_to(teams: TeamsStandIn, real: Bot) -> None:
    asked = teams.personal_message("Who?")
    teams.wait_for(lambda: teams.streams(asked))
    teams.stop(asked)
    refused = teams.wait_for(lambda: teams.refusals)[0]
    assert refused.message == "Content stream was canceled by user."
    assert teams.messages() == []


def test_a_real_bot_waits_and_tries_again_when_it_is_throttled(teams: TeamsStandIn, real: Bot) -> None:
    teams.refuse_next("POST", 429, "Throttled", retry_after_s=1)
    assert teams.answer(teams.personal_message("Who?")).text == "It was so [1]: Who?"


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "another bot"},
        {"aud": None},
        {"iss": "https://sts.example.org"},
        {"exp": 1_500_000_000},
        {"serviceurl": "https://elsewhere.example.org"},
        {"serviceurl": None},
        {"stranger": True},
    ],
)
def test_a_real_bot_refuses_whoever_is_not_teams(teams: TeamsStandIn, real: Bot, wrong: dict[str, Any]) -> None:
    assert teams.personal_message("Who?", token=teams.token(**wrong)).status == 401
    assert teams.personal_message("Who?", token=None).status == 401
    assert real.answered == []
    assert teams.personal_message("Who?", token=teams.token()).status == 200


def test_a_token_of_five_minutes_ago_still_counts(teams: TeamsStandIn, real: Bot) -> None:
    now = int(time.time())
    assert teams.personal_message("Who?", token=teams.token(exp=now - 200)).status == 200
    assert teams.personal_message("Who?", token=teams.token(exp=now - 400)).status == 401
