"""The limits on blocks that the stand-in of Slack holds an app to."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient

from tests.slack.test_stand_in import button, error, rating, refused, section
from tests.stand_ins.slack import SlackStandIn

Json = dict[str, Any]


TOO_LONG = [
    (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    (
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]},
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    ({"type": "section"}, "must define either text or fields [json-pointer:/blocks/0]"),
    (
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters [json-pointer:/blocks/0/text]"),
    ({"type": "heading"}, "unsupported type: heading [json-pointer:/blocks/0/type]"),
    (section("x", colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
    (section("x", block_id="x" * 256), "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
    (
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        {"type": "actions", "elements": [button(str(number)) for number in range(26)]},
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        {"type": "actions", "elements": [button(text="x" * 76)]},
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        {"type": "actions", "elements": [button(value="x" * 2001)]},
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        {"type": "actions", "elements": [button("x" * 256)]},
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    ({"type": "actions", "elements": [button(url="nowhere")]}, "invalid URL [json-pointer:/blocks/0/elements/0/url]"),
    (
        {"type": "actions", "elements": [button(), button()]},
        "`action_id` more already exists for another action [json-pointer:/blocks/0]",
    ),
    (
        {"type": "actions", "elements": [rating()]},
        "unsupported type: feedback_buttons [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        {"type": "rich_text", "elements": [{"type": "text", "text": "x"}]},
        "unsupported type: text [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        {"type": "task_card", "task_id": "1", "title": "Search", "status": "done"},
        "must be one of pending, in_progress, complete, error [json-pointer:/blocks/0/status]",
    ),
]


@pytest.mark.parametrize(("block", "problem"), TOO_LONG)
def test_a_block_that_slack_would_not_show_is_refused_with_the_place(
    slack: SlackStandIn, client: WebClient, block: Json, problem: str
) -> None:
    answer = refused(client, "chat.postMessage", channel=slack.channel("#general"), text="x", blocks=[block])
    assert (answer["error"], answer["errors"]) == ("invalid_blocks", [problem])
    assert answer["response_metadata"] == {"messages": [f"[ERROR] {problem}"]}
    assert slack.messages("#general") == []


def test_blocks_within_the_limits_are_shown_and_get_the_ids_they_lack(slack: SlackStandIn, client: WebClient) -> None:
    line = {"type": "rich_text_section", "elements": [{"type": "link", "url": "https://example.org/a", "text": "a"}]}
    card = {"type": "task_card", "task_id": "1", "title": "Search", "status": "complete"}
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}},
        section("x" * 3000, accessory=button(value="x" * 2000)),
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 10},
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_quote", "elements": [{"type": "text", "text": "x"}]}, line],
        },
        {"type": "plan", "title": "Looking", "tasks": [card]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "Source"}]]},
        {"type": "context_actions", "elements": [rating(action_id="rating")]},
    ]
    client.chat_postMessage(channel=slack.channel("#general"), text="x", blocks=blocks)
    (message,) = slack.messages("#general")
    assert [block["type"] for block in message["blocks"]] == [block["type"] for block in blocks]
    assert len({block["block_id"] for block in message["blocks"]}) == len(blocks)


def test_a_message_has_at_most_fifty_blocks_with_an_id_each(slack: SlackStandIn, client: WebClient) -> None:
    place = slack.channel("#general")
    client.chat_postMessage(channel=place, text="x", blocks=[{"type": "divider"}] * 50)
    answer = refused(client, "chat.postMessage", channel=place, text="x", blocks=[{"type": "divider"}] * 51)
    assert answer["errors"] == ["no more than 50 items allowed [json-pointer:/blocks]"]
    twice = [section("x", block_id="a"), section("y", block_id="a")]
    assert error(client, "chat.postMessage", channel=place, text="x", blocks=twice) == "invalid_blocks"
    assert error(client, "chat.postMessage", channel=place, text="x", blocks="[{") == "invalid_blocks_format"


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "markdown", "text": "x" * 6001}] * 2,  # documented: 12,000 characters of Markdown together
        [section("x" * 2900)] * 5,  # observed: some 13,000 characters of anything
    ],
)
def test_blocks_that_are_too_much_together_are_refused(
    slack: SlackStandIn, client: WebClient, blocks: list[Json]
) -> None:
    assert (
        error(client, "chat.postMessage", channel=slack.channel("#general"), text="x", blocks=blocks)
        == "msg_blocks_too_long"
    )
