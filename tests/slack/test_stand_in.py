"""The stand-in of Slack's Web API: what it keeps, and what it refuses, in Slack's own error codes."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.stand_ins.slack import SlackStandIn

Json = dict[str, Any]


def refused(client: WebClient, method: str, **args: Any) -> Json:
    """The answer of a call that must fail."""
    with pytest.raises(SlackApiError) as refusal:
        client.api_call(method, json=args)
    return dict(refusal.value.response.data)


def error(client: WebClient, method: str, **args: Any) -> str:
    return str(refused(client, method, **args)["error"])


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str = "more", text: str = "More", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": text}, **more}


def rating(**more: Any) -> Json:
    positive = {"text": {"type": "plain_text", "text": "Good"}, "value": "good"}
    negative = {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"}
    return {"type": "feedback_buttons", "positive_button": positive, "negative_button": negative, **more}


def modal(**more: Any) -> Json:
    return {"type": "modal", "title": {"type": "plain_text", "text": "Feedback"}, "blocks": [section("Hello")], **more}


# Who may call what.


@pytest.mark.parametrize(("token", "code"), [("", "not_authed"), ("xoxb-other", "invalid_auth")])
def test_a_call_needs_the_apps_token(slack: SlackStandIn, token: str, code: str) -> None:
    assert error(WebClient(token, base_url=slack.url), "auth.test") == code


def test_the_app_level_token_opens_connections_and_does_nothing_else(slack: SlackStandIn, client: WebClient) -> None:
    app = WebClient(base_url=slack.url)
    assert app.apps_connections_open(app_token=slack.app_token)["url"].startswith("ws://127.0.0.1:")
    assert error(client, "apps.connections.open") == "not_allowed_token_type"
    assert error(WebClient(slack.app_token, base_url=slack.url), "auth.test") == "not_allowed_token_type"


def test_unknown_methods_are_refused(client: WebClient) -> None:
    assert error(client, "chat.postMesage", channel="C1", text="Hello") == "unknown_method"


def test_who_the_app_is(slack: SlackStandIn, client: WebClient) -> None:
    who = client.auth_test()
    assert (who["team_id"], who["user_id"]) == (slack.team, slack.bot_user)


def test_a_manifest_says_which_scopes_the_app_has() -> None:
    with SlackStandIn({"oauth_config": {"scopes": {"bot": ["chat:write"]}}}) as slack:
        client = WebClient(slack.bot_token, base_url=slack.url)
        client.chat_postMessage(channel=slack.channel("#general"), text="Hello")
        answer = refused(client, "users.info", user="U1")
        assert (answer["error"], answer["needed"]) == ("missing_scope", "users:read")
        prompts = [{"title": "Hello", "message": "Hello"}]
        missing = error(
            client, "assistant.threads.setSuggestedPrompts", channel_id=slack.channel("#general"), prompts=prompts
        )
        assert missing == "missing_scope"


# Messages.


def test_text_is_cut_at_forty_thousand_characters_but_an_update_takes_four_thousand(
    slack: SlackStandIn, client: WebClient
) -> None:
    posted = client.chat_postMessage(channel=slack.channel("#general"), text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    here = {"channel": posted["channel"], "ts": posted["ts"]}
    client.chat_update(**here, text="y" * 4000)
    assert error(client, "chat.update", **here, text="y" * 4001) == "msg_too_long"


def test_a_message_says_something_in_one_way(slack: SlackStandIn, client: WebClient) -> None:
    place = slack.channel("#general")
    assert error(client, "chat.postMessage", channel=place) == "no_text"
    assert error(client, "chat.postMessage", channel=place, text="a", markdown_text="b") == "markdown_text_conflict"
    assert error(client, "chat.postMessage", channel=place, markdown_text="x" * 12_001) == "msg_too_long"


def test_where_an_app_cannot_write(slack: SlackStandIn, client: WebClient) -> None:
    apart = slack.channel("#apart", with_bot=False)
    assert error(client, "chat.postMessage", channel="C404", text="x") == "channel_not_found"
    assert error(client, "chat.postMessage", channel=apart, text="x") == "not_in_channel"
    secret = slack.channel("#secret", private=True, with_bot=False)
    assert error(client, "conversations.info", channel=secret) == "channel_not_found"
    assert error(client, "conversations.join", channel=slack.channel("#inner", private=True)) == (
        "method_not_supported_for_channel_type"
    )
    assert client.conversations_join(channel=apart)["channel"]["is_member"]
    client.chat_postMessage(channel=apart, text="x")


def test_replies_hang_off_the_message_at_the_root(slack: SlackStandIn, client: WebClient) -> None:
    question = slack.say("#general", "nadia", "Who was kidnapped?")
    place = question["channel"]
    reply = client.chat_postMessage(channel=place, text="Nine people", thread_ts=question["ts"])
    assert reply["message"]["thread_ts"] == question["ts"]
    assert slack.message(question)["reply_count"] == 1
    thread = client.conversations_replies(channel=place, ts=reply["ts"])["messages"]
    assert [one["text"] for one in thread] == ["Who was kidnapped?", "Nine people"]
    assert [one["text"] for one in client.conversations_history(channel=place)["messages"]] == ["Who was kidnapped?"]
    assert error(client, "chat.postMessage", channel=place, text="x", thread_ts="1.0") == "thread_not_found"
    assert (
        error(client, "chat.postMessage", channel=place, text="x", thread_ts=reply["ts"]) == "cannot_reply_to_message"
    )


def test_a_thread_is_read_page_by_page(slack: SlackStandIn, client: WebClient) -> None:
    question = slack.say("#general", "nadia", "0")
    for number in range(1, 5):
        slack.say("#general", "omar", str(number), question["ts"])
    pages = client.conversations_replies(channel=question["channel"], ts=question["ts"], limit=2)
    assert [[one["text"] for one in page["messages"]] for page in pages] == [["0", "1"], ["2", "3"], ["4"]]


def test_an_update_keeps_blocks_only_when_it_gives_no_text(slack: SlackStandIn, client: WebClient) -> None:
    posted = client.chat_postMessage(channel=slack.channel("#general"), text="a", blocks=[section("a")])
    here = {"channel": posted["channel"], "ts": posted["ts"]}
    client.chat_update(**here, text="b", blocks=[section("b")])
    assert "edited" not in slack.messages("#general")[0]
    client.chat_update(**here, text="c")
    (message,) = slack.messages("#general")
    assert (message["text"], message["blocks"], message["edited"]["user"]) == ("c", [], slack.bot_user)


def test_the_messages_of_others_are_theirs(slack: SlackStandIn, client: WebClient) -> None:
    said = slack.say("#general", "nadia", "Hello")
    here = {"channel": said["channel"], "ts": said["ts"]}
    assert error(client, "chat.update", **here, text="x") == "cant_update_message"
    assert error(client, "chat.delete", **here) == "cant_delete_message"
    assert error(client, "chat.update", channel=said["channel"], ts="1.0", text="x") == "message_not_found"


def test_an_ephemeral_message_is_for_one_member_alone(slack: SlackStandIn, client: WebClient) -> None:
    said = slack.say("#general", "nadia", "Hello")
    client.chat_postEphemeral(channel=said["channel"], user=said["user"], text="Only you")
    assert [one["text"] for one in slack.ephemerals("nadia")] == ["Only you"]
    assert [one["text"] for one in slack.messages("#general")] == ["Hello"]
    stranger = slack.user("omar")
    assert (
        error(client, "chat.postEphemeral", channel=said["channel"], user=stranger, text="x") == "user_not_in_channel"
    )


def test_reactions_are_added_once_and_by_a_bare_name(slack: SlackStandIn, client: WebClient) -> None:
    said = slack.say("#general", "nadia", "Hello")
    here = {"channel": said["channel"], "timestamp": said["ts"]}
    client.reactions_add(**here, name="eyes")
    assert error(client, "reactions.add", **here, name="eyes") == "already_reacted"
    assert error(client, "reactions.add", **here, name=":eyes:") == "invalid_name"
    client.reactions_remove(**here, name="eyes")
    assert slack.message(said)["reactions"] == []
    assert error(client, "reactions.remove", **here, name="eyes") == "no_reaction"


def test_people_links_and_direct_messages_can_be_looked_up(slack: SlackStandIn, client: WebClient) -> None:
    said = slack.direct_message("nadia", "Hello")
    assert client.users_info(user=said["user"])["user"]["name"] == "nadia"
    assert client.conversations_open(users=said["user"])["channel"]["id"] == said["channel"]
    assert client.conversations_info(channel=said["channel"])["channel"]["is_im"]
    link = client.chat_getPermalink(channel=said["channel"], message_ts=said["ts"])["permalink"]
    assert link == f"https://stand-in.slack.com/archives/{said['channel']}/p{said['ts'].replace('.', '')}"


def test_it_tells_whom_a_message_notifies(slack: SlackStandIn, client: WebClient) -> None:
    nadia = slack.user("nadia")
    words = f"<!channel> <@{nadia}> &lt;!here&gt;"
    posted = client.chat_postMessage(channel=slack.channel("#general"), text="x", blocks=[section(words)])
    assert slack.pinged({"channel": posted["channel"], "ts": posted["ts"]}) == {"channel", nadia}


def test_a_rate_limit_and_a_failure_can_be_brought_about(slack: SlackStandIn, client: WebClient) -> None:
    slack.fail_next("chat.postMessage", "internal_error")
    assert error(client, "chat.postMessage", channel=slack.channel("#general"), text="x") == "internal_error"
    slack.rate_limit_next("chat.postMessage", retry_after_s=30)
    with pytest.raises(SlackApiError) as refusal:
        client.chat_postMessage(channel=slack.channel("#general"), text="x")
    response = refusal.value.response
    assert (response.status_code, response.headers["Retry-After"], response["error"]) == (429, "30", "ratelimited")
    client.chat_postMessage(channel=slack.channel("#general"), text="x")
    assert len(slack.calls("chat.postMessage")) == 3
