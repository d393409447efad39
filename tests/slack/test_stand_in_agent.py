"""The stand-in's streamed messages, sessions, prompts and modals: the order of things that Slack insists on."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.models.messages.chunk import TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from tests.conftest import completed
from tests.slack.test_stand_in import button, error, modal, rating, refused, section
from tests.stand_ins.slack import SlackStandIn

Json = dict[str, Any]


@pytest.fixture
def question(slack: SlackStandIn) -> Json:
    return slack.say("#general", "nadia", "Who was kidnapped?")


def begun(client: WebClient, slack: SlackStandIn, question: Json, **more: Any) -> Json:
    """Where a stream was begun that answers the question."""
    who = {"recipient_user_id": question["user"], "recipient_team_id": slack.team}
    stream = client.chat_startStream(channel=question["channel"], thread_ts=question["ts"], **who, **more)
    return {"channel": stream["channel"], "ts": stream["ts"]}


# Streams.


def test_a_stream_grows_until_it_is_stopped(slack: SlackStandIn, client: WebClient, question: Json) -> None:
    here = begun(client, slack, question, markdown_text="**Nine")
    client.chat_appendStream(**here, markdown_text=" people**")
    assert slack.message(here)["text"] == "**Nine people**"
    assert error(client, "chat.update", **here, text="x") == "streaming_state_conflict"
    client.chat_stopStream(**here, blocks=[{"type": "context_actions", "elements": [rating()]}])
    assert slack.message(here)["blocks"][0]["type"] == "context_actions"
    assert slack.stream(here).state == "completed"
    assert error(client, "chat.appendStream", **here, markdown_text="x") == "message_not_in_streaming_state"
    assert error(client, "chat.stopStream", **here) == "message_not_in_streaming_state"
    client.chat_update(**here, text="Nine people")


def test_a_stream_in_a_channel_names_whom_it_is_for(slack: SlackStandIn, client: WebClient, question: Json) -> None:
    here = {"channel": question["channel"], "thread_ts": question["ts"]}
    assert error(client, "chat.startStream", **here) == "missing_recipient_user_id"
    named = here | {"recipient_user_id": question["user"]}
    assert error(client, "chat.startStream", **named) == "missing_recipient_team_id"
    stranger = named | {"recipient_user_id": "U404", "recipient_team_id": slack.team}
    assert error(client, "chat.startStream", **stranger) == "user_not_found"
    alone = slack.direct_message("nadia", "Who was kidnapped?")
    client.chat_startStream(channel=alone["channel"], thread_ts=alone["ts"])
    assert error(client, "chat.startStream", channel=alone["channel"]) == "invalid_arguments"


def test_a_stream_is_of_text_or_of_chunks(slack: SlackStandIn, client: WebClient, question: Json) -> None:
    here, chunk = begun(client, slack, question, markdown_text="a"), {"type": "markdown_text", "text": "b"}
    assert error(client, "chat.appendStream", **here, chunks=[chunk]) == "streaming_mode_mismatch"
    both = error(client, "chat.appendStream", **here, chunks=[chunk], markdown_text="b")
    assert both == "cannot_provide_both_markdown_text_and_chunks"
    assert error(client, "chat.appendStream", **here) == "markdown_text_or_chunks_required"
    assert error(client, "chat.appendStream", **here, markdown_text="x" * 12_001) == "msg_too_long"
    chunked = begun(client, slack, question, chunks=[chunk])
    assert error(client, "chat.appendStream", **chunked, chunks=[{"type": "text", "text": "b"}]) == "invalid_chunks"


def test_chunks_carry_blocks_and_the_state_of_tasks(slack: SlackStandIn, client: WebClient, question: Json) -> None:
    task = {"type": "task_update", "id": "1", "title": "Search", "status": "in_progress", "details": "12 articles"}
    here = begun(client, slack, question, chunks=[task, {"type": "plan_update", "title": "Looking"}])
    done = {**task, "status": "complete", "details": ", 3 read"}
    client.chat_appendStream(**here, chunks=[done, {"type": "blocks", "blocks": [{"type": "divider"}] * 50}])
    stream = slack.stream(here)
    assert (stream.plan, stream.tasks["1"]["status"]) == ("Looking", "complete")
    assert stream.tasks["1"]["details"] == "12 articles, 3 read"
    one_more = [{"type": "blocks", "blocks": [{"type": "divider"}]}]
    assert error(client, "chat.appendStream", **here, chunks=one_more) == "msg_blocks_too_many"
    assert error(client, "chat.stopStream", **here, blocks=[{"type": "divider"}] * 51) == "msg_blocks_too_many"
    assert error(client, "chat.stopStream", **here, blocks=[{"type": "heading"}]) == "invalid_blocks"
    client.chat_stopStream(**here, blocks=[{"type": "divider"}] * 50)
    assert len(slack.message(here)["blocks"]) == 100


def test_the_sdks_stream_buffers_text_and_sends_it_as_chunks(slack: SlackStandIn, question: Json) -> None:
    async def answer() -> str | None:
        client = AsyncWebClient(slack.bot_token, base_url=slack.url)
        stream = await client.chat_stream(
            channel=question["channel"],
            thread_ts=question["ts"],
            recipient_user_id=question["user"],
            recipient_team_id=slack.team,
            buffer_size=10,
        )
        await stream.append(markdown_text="short")
        assert stream.ts is None  # nothing was sent yet
        await stream.append(markdown_text=", then long")
        await stream.append(chunks=[TaskUpdateChunk(id="1", title="Read", status="complete")])
        await stream.stop(markdown_text=".", blocks=[section("Sources")])
        return stream.ts

    ts = completed(answer())
    streams = [call.method for call in slack.calls() if "Stream" in call.method]
    assert streams == ["chat.startStream", "chat.appendStream", "chat.stopStream"]
    assert slack.message({"channel": question["channel"], "ts": ts})["text"] == "short, then long."


def test_the_person_stops_a_stream_and_the_app_ends_the_session(
    slack: SlackStandIn, client: WebClient, question: Json
) -> None:
    here = begun(client, slack, question, markdown_text="Nine")
    assert slack.session(question)["status"] == "processing"  # a stream begins one by itself
    slack.stop(question, user="nadia")
    assert error(client, "chat.appendStream", **here, markdown_text=" people") == "stopped_by_user"
    assert error(client, "chat.stopStream", **here) == "message_not_in_streaming_state"
    assert slack.message(here)["text"] == "Nine"
    event = slack.events("agent_session_stopped")[0].event
    assert (event["thread_ts"], event["streaming_message_ts"]) == (question["ts"], [here["ts"]])
    assert slack.session(question)["status"] == "processing"  # Slack leaves that to the app
    client.agents_sessions_setStatus(channel_id=here["channel"], thread_ts=question["ts"], status="active")
    with pytest.raises(ValueError, match="no stop button: the session is active"):
        slack.stop(question)


def test_there_is_no_stop_button_for_an_app_that_does_not_listen() -> None:
    manifest = {
        "oauth_config": {"scopes": {"bot": ["chat:write"]}},
        "features": {"agent_view": {"agent_description": "Quotes"}},
    }
    with SlackStandIn(manifest) as slack:
        client, question = WebClient(slack.bot_token, base_url=slack.url), slack.say("#general", "nadia", "Who?")
        here = {"channel_id": question["channel"], "thread_ts": question["ts"]}
        answer = client.agents_sessions_setStatus(**here, status="processing")
        assert answer["warning"] == "missing_agent_session_stopped_event_subscription"
        with pytest.raises(ValueError, match="no stop button"):
            slack.stop(question)


def test_a_stream_that_slack_gave_up_takes_no_more(slack: SlackStandIn, client: WebClient, question: Json) -> None:
    here = begun(client, slack, question, markdown_text="Nine")
    slack.expire_stream(here)
    assert error(client, "chat.appendStream", **here, markdown_text="x") == "message_not_in_streaming_state"
    client.chat_update(**here, text="Nine people")


# Sessions, status, prompts.


def test_a_session_has_a_status_and_a_title_from_its_first_call(
    slack: SlackStandIn, client: WebClient, question: Json
) -> None:
    here = {"channel_id": question["channel"], "thread_ts": question["ts"]}
    assert error(client, "agents.sessions.rename", **here, title="x") == "session_not_found"
    client.agents_sessions_setStatus(**here, status="processing", title="Tazirbu")
    client.agents_sessions_setStatus(**here, status="closed", title="Ignored")
    assert slack.session(question) == {"status": "closed", "title": "Tazirbu", "initiator": None}
    assert error(client, "agents.sessions.setStatus", **here, status="done") == "invalid_status"
    assert (
        error(client, "agents.sessions.setStatus", channel_id=here["channel_id"], status="active")
        == "thread_ts_required"
    )
    client.agents_sessions_rename(**here, title="x" * 200)
    assert error(client, "agents.sessions.rename", **here, title="x" * 201) == "invalid_arguments"


def test_a_status_lasts_until_the_app_replies(slack: SlackStandIn, client: WebClient, question: Json) -> None:
    here = {"channel_id": question["channel"], "thread_ts": question["ts"]}
    client.assistant_threads_setStatus(**here, status="is reading...", loading_messages=["Reading"])
    assert slack.status(question) == "is reading..."
    client.chat_postMessage(channel=question["channel"], thread_ts=question["ts"], text="Nine")
    assert slack.status(question) is None
    many = {"status": "x", "loading_messages": ["x"] * 11}
    assert error(client, "assistant.threads.setStatus", **here, **many) == "invalid_arguments"
    assert (
        error(client, "assistant.threads.setStatus", **(here | {"thread_ts": "1.0"}), status="x") == "invalid_thread_ts"
    )


def test_at_most_four_prompts_are_suggested(slack: SlackStandIn, client: WebClient) -> None:
    place = slack.direct_message("nadia", "Hello")["channel"]
    prompts = [{"title": "Latest", "message": "What is new?"}] * 4
    client.assistant_threads_setSuggestedPrompts(channel_id=place, prompts=prompts)
    assert slack.prompts(place) == prompts
    fifth = refused(client, "assistant.threads.setSuggestedPrompts", channel_id=place, prompts=[*prompts, prompts[0]])
    assert fifth["errors"] == ["no more than 4 items allowed [json-pointer:/prompts]"]
    bare = [{"title": "Latest"}]
    assert error(client, "assistant.threads.setSuggestedPrompts", channel_id=place, prompts=bare) == "invalid_arguments"


# Modals and the Home tab.


def trigger(slack: SlackStandIn) -> str:
    return str(slack.slash_command("/quotes", "nadia").payload["trigger_id"])


def test_a_trigger_opens_one_modal_within_its_time(slack: SlackStandIn, client: WebClient) -> None:
    used, late = trigger(slack), trigger(slack)
    client.views_open(trigger_id=used, view=modal())
    assert error(client, "views.open", trigger_id=used, view=modal()) == "exchanged_trigger_id"
    assert error(client, "views.open", trigger_id="1.2.3", view=modal()) == "invalid_trigger_id"
    slack.expire_triggers()
    assert error(client, "views.open", trigger_id=late, view=modal()) == "expired_trigger_id"
    assert [view["title"]["text"] for view in slack.views] == ["Feedback"]


INPUT = {
    "type": "input",
    "block_id": "why",
    "label": {"type": "plain_text", "text": "Why?"},
    "element": {"type": "plain_text_input", "action_id": "text"},
}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"title": {"type": "plain_text", "text": "x" * 25}}, "must be less than 25 characters"),
        ({"submit": {"type": "plain_text", "text": "x" * 25}}, "must be less than 25 characters"),
        ({"private_metadata": "x" * 3001}, "must be less than 3001 characters"),
        ({"callback_id": "x" * 256}, "must be less than 256 characters"),
        ({"blocks": [{"type": "divider"}] * 101}, "no more than 100 items allowed"),
        ({"blocks": [{"type": "markdown", "text": "x"}]}, "unsupported type: markdown"),
        ({"blocks": [INPUT]}, "`submit` is required"),
        ({"type": "home"}, "unsupported type: home"),
        ({"colour": "red"}, "invalid additional property: colour"),
    ],
)
def test_a_modal_that_slack_would_not_show_is_refused(
    slack: SlackStandIn, client: WebClient, wrong: Json, problem: str
) -> None:
    answer = refused(client, "views.open", trigger_id=trigger(slack), view=modal(**wrong))
    assert answer["error"] == "invalid_arguments"
    assert answer["errors"][0].startswith(problem)
    assert slack.views == []


def test_an_open_modal_is_updated_and_others_are_put_on_top(slack: SlackStandIn, client: WebClient) -> None:
    view = client.views_open(trigger_id=trigger(slack), view=modal(blocks=[{"type": "divider"}] * 100))["view"]
    changed = client.views_update(view_id=view["id"], hash=view["hash"], view=modal(blocks=[section("Thanks")]))["view"]
    assert error(client, "views.update", view_id=view["id"], hash=view["hash"], view=modal()) == "hash_conflict"
    assert error(client, "views.update", view_id="V404", view=modal()) == "not_found"
    pushed = client.views_push(trigger_id=trigger(slack), view=modal())["view"]
    assert (pushed["previous_view_id"], pushed["root_view_id"]) == (changed["id"], view["id"])
    client.views_push(trigger_id=trigger(slack), view=modal())
    assert error(client, "views.push", trigger_id=trigger(slack), view=modal()) == "push_limit_reached"


def test_each_person_has_a_home_tab(slack: SlackStandIn, client: WebClient) -> None:
    home = {"type": "home", "blocks": [section("Ask"), {"type": "actions", "elements": [button()]}]}
    client.views_publish(user_id=slack.user("nadia"), view=home)
    shown = slack.home("nadia")
    assert shown is not None and shown["blocks"][0]["text"]["text"] == "Ask"
    assert slack.home("omar") is None
    assert error(client, "views.publish", user_id=slack.user("omar"), view=modal()) == "invalid_arguments"
