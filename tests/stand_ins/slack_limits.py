"""What Slack accepts as blocks, views and chunks: shapes, lengths and counts.

From the reference at docs.slack.dev (reference/block-kit, reference/views), November 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.stand_ins.slack_rules import (
    Rule,
    either,
    items,
    kind,
    link,
    one_of,
    problem,
    record,
    typed,
    words,
)

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MARKDOWN_CHARS = 12_000
"""Characters of `markdown_text`, of one markdown block, and of all of a message's markdown blocks together."""
TEXT_CHARS, UPDATE_CHARS = 40_000, 4_000
"""What chat.postMessage cuts `text` to, and what chat.update refuses."""
MESSAGE_COST, BLOCK_COST = 13_422, 125
"""How long all blocks of a message may be: their characters, and so much for each block. Undocumented: one markdown
block passes up to 13,297 characters and up to 13,172 beside a divider (slackapi/bolt-js issue 2509)."""

ID, FLAG, NUMBER = words(255), kind(bool), kind(int)


def text(most: int, least: int = 1, mrkdwn: bool = True) -> Rule:
    body = {"text": words(most, least)}
    plain = record(body, {"emoji": FLAG})
    return typed({"plain_text": plain, **({"mrkdwn": record(body, {"verbatim": FLAG})} if mrkdwn else {})})


def plain(most: int) -> Rule:
    return text(most, mrkdwn=False)


STYLE = one_of("primary", "danger")
CONFIRM = record({"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)}, {"style": STYLE})
OPTION = record({"text": text(75), "value": words(150)}, {"description": text(75), "url": link()})
OPTIONS = items(OPTION, 100)
GROUPS = items(record({"label": plain(75), "options": OPTIONS}), 100)
COMMON = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": FLAG, "placeholder": plain(150)}
RATING = record({"text": plain(75), "value": words(2000)}, {"accessibility_label": words(75)})
SELECT = either(
    record({}, {**COMMON, "options": OPTIONS, "option_groups": GROUPS, "initial_option": OPTION}),
    "options",
    "option_groups",
)
IMAGE = {"image_url": link(), "slack_file": kind(dict), "alt_text": words(2000, 0)}
ELEMENTS: dict[str, Rule] = {
    "button": record(
        {"text": plain(75)},
        {
            "action_id": ID,
            "url": link(),
            "value": words(2000),
            "style": STYLE,
            "confirm": CONFIRM,
            "accessibility_label": words(75),
        },
    ),
    "image": either(record({"alt_text": IMAGE["alt_text"]}, IMAGE), "image_url", "slack_file"),
    "overflow": record({"options": items(OPTION, 5)}, {"action_id": ID, "confirm": CONFIRM}),
    "static_select": SELECT,
    "multi_static_select": either(
        record({}, {**COMMON, "options": OPTIONS, "initial_options": OPTIONS, "max_selected_items": NUMBER}),
        "options",
        "option_groups",
    ),
    "radio_buttons": record({"options": items(OPTION, 10)}, {**COMMON, "initial_option": OPTION}),
    "checkboxes": record({"options": items(OPTION, 10)}, {**COMMON, "initial_options": items(OPTION, 10)}),
    "datepicker": record({}, {**COMMON, "initial_date": words(10, 10)}),
    "users_select": record({}, {**COMMON, "initial_user": ID}),
    "channels_select": record({}, {**COMMON, "initial_channel": ID, "response_url_enabled": FLAG}),
    "plain_text_input": record(
        {},
        {
            "action_id": ID,
            "initial_value": words(3000, 0),
            "multiline": FLAG,
            "min_length": NUMBER,
            "max_length": NUMBER,
            "dispatch_action_config": kind(dict),
            "focus_on_load": FLAG,
            "placeholder": plain(150),
        },
    ),
    "feedback_buttons": record({"positive_button": RATING, "negative_button": RATING}, {"action_id": ID}),
    "icon_button": record(
        {"icon": words(50), "text": plain(75)},
        {
            "action_id": ID,
            "value": words(2000),
            "confirm": CONFIRM,
            "accessibility_label": words(75),
            "visible_to_user_ids": items(ID, 10),
        },
    ),
}
INPUTS = set(ELEMENTS) - {"button", "image", "overflow", "feedback_buttons", "icon_button"}

MARKS = record({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight"), FLAG))
INLINE: dict[str, Rule] = {
    "text": record({"text": words(TEXT_CHARS)}, {"style": MARKS}),
    "link": record({"url": link()}, {"text": words(TEXT_CHARS), "unsafe": FLAG, "style": MARKS}),
    "emoji": record({"name": words(100)}, {"unicode": words(100), "skin_tone": NUMBER, "style": MARKS}),
    "user": record({"user_id": ID}, {"style": MARKS}),
    "channel": record({"channel_id": ID}, {"style": MARKS}),
    "usergroup": record({"usergroup_id": ID}, {"style": MARKS}),
    "broadcast": record({"range": one_of("here", "channel", "everyone")}, {"style": MARKS}),
    "date": record({"timestamp": NUMBER, "format": words(255)}, {"url": link(), "fallback": words(255)}),
    "color": record({"value": words(7, 4)}),
}
SECTION = record({"elements": items(typed(INLINE), 10_000, 0)})
VERBATIM = items(typed(INLINE, {"text", "link"}), 10_000)
RICH: dict[str, Rule] = {
    "rich_text_section": SECTION,
    "rich_text_list": record(
        {"style": one_of("bullet", "ordered"), "elements": items(typed({"rich_text_section": SECTION}), 10_000)},
        {"indent": one_of(*range(9)), "offset": NUMBER, "border": one_of(0, 1)},
    ),
    "rich_text_preformatted": record({"elements": VERBATIM}, {"border": one_of(0, 1), "language": words(50)}),
    "rich_text_quote": record({"elements": items(typed(INLINE), 10_000)}, {"border": one_of(0, 1)}),
}
NAMED = {"block_id": ID}
RICH_TEXT = record({"elements": items(typed(RICH), 10_000)}, NAMED)
SOURCE = typed({"url": record({"url": link(), "text": words(TEXT_CHARS)})})
PROGRESS = one_of("pending", "in_progress", "complete", "error")
INNER = typed({"rich_text": RICH_TEXT})
TASK = record(
    {"task_id": ID, "title": words(TEXT_CHARS), "status": PROGRESS},
    {**NAMED, "details": INNER, "output": INNER, "sources": items(SOURCE, 100, 0)},
)
CELL = typed({"raw_text": record({"text": words(TEXT_CHARS)}), "rich_text": RICH_TEXT})
COLUMN = record({}, {"align": one_of("left", "center", "right"), "is_wrapped": FLAG})


def elements(allowed: Iterable[str], most: int) -> dict[str, Rule]:
    return {"elements": items(typed(ELEMENTS, set(allowed)), most)}


CONTEXT = typed({"image": ELEMENTS["image"], "plain_text": text(3000), "mrkdwn": text(3000)})
BLOCKS: dict[str, Rule] = {
    "section": either(
        record(
            {},
            {
                **NAMED,
                "text": text(3000),
                "fields": items(text(2000), 10),
                "expand": FLAG,
                "accessory": typed(ELEMENTS, (set(ELEMENTS) - {"plain_text_input", "feedback_buttons", "icon_button"})),
            },
        ),
        "text",
        "fields",
    ),
    "divider": record({}, NAMED),
    "image": either(
        record({"alt_text": IMAGE["alt_text"]}, {**NAMED, **IMAGE, "title": plain(2000)}), "image_url", "slack_file"
    ),
    "actions": record(
        elements(set(ELEMENTS) - {"image", "plain_text_input", "feedback_buttons", "icon_button"}, 25), NAMED
    ),
    "context": record({"elements": items(CONTEXT, 10)}, NAMED),
    "context_actions": record(elements({"feedback_buttons", "icon_button"}, 5), NAMED),
    "header": record({"text": plain(150)}, NAMED),
    "input": record(
        {"label": plain(2000), "element": typed(ELEMENTS, INPUTS)},
        {**NAMED, "hint": plain(2000), "optional": FLAG, "dispatch_action": FLAG},
    ),
    "markdown": record({"text": words(MARKDOWN_CHARS)}, NAMED),
    "rich_text": RICH_TEXT,
    "table": record({"rows": items(items(CELL, 20), 100)}, {**NAMED, "column_settings": items(COLUMN, 20, 0)}),
    "task_card": TASK,
    "plan": record({"title": words(TEXT_CHARS)}, {**NAMED, "tasks": items(typed({"task_card": TASK}), 100, 0)}),
}
IN_VIEWS = {"section", "divider", "image", "actions", "context", "header", "input", "rich_text"}

CHUNKS: dict[str, Rule] = {
    "markdown_text": record({"text": words(MARKDOWN_CHARS)}),
    "task_update": record(
        {"id": ID, "title": words(TEXT_CHARS), "status": PROGRESS},
        {"details": words(TEXT_CHARS), "output": words(TEXT_CHARS), "sources": items(SOURCE, 100, 0)},
    ),
    "plan_update": record({"title": words(TEXT_CHARS)}),
    "blocks": record({"blocks": items(kind(dict), MESSAGE_BLOCKS)}),
}
ABOUT = {"private_metadata": words(3000, 0), "callback_id": words(255, 0), "external_id": words(255, 0)}
VIEW_KEYS = {**ABOUT, "blocks": items(typed(BLOCKS, IN_VIEWS), VIEW_BLOCKS)}
MODAL_KEYS = {**VIEW_KEYS, "close": plain(24), "submit": plain(24), "submit_disabled": FLAG}
VIEWS: dict[str, Rule] = {
    "modal": record(
        {"title": plain(24), "blocks": VIEW_KEYS["blocks"]},
        {**MODAL_KEYS, "clear_on_close": FLAG, "notify_on_close": FLAG},
    ),
    "home": record({"blocks": VIEW_KEYS["blocks"]}, VIEW_KEYS),
}


def parts(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The elements of a block that a person may use."""
    inside = [*block.get("elements", []), block.get("accessory"), block.get("element")]
    return [one for one in inside if isinstance(one, dict) and one.get("type") in ELEMENTS and one["type"] != "image"]


def repeated(blocks: list[dict[str, Any]], at: str) -> Iterator[str]:
    """block_ids that a message has twice, and action_ids that one block has twice."""
    seen: set[str] = set()
    for place, block in enumerate(blocks):
        if (name := block.get("block_id")) in seen:
            yield problem(f"`block_id` {name} already exists for another block", f"{at}/{place}/block_id")
        seen.update([name] if name else [])
        actions: set[str] = set()
        for element in parts(block):
            if (name := element.get("action_id")) in actions:
                yield problem(f"`action_id` {name} already exists for another action", f"{at}/{place}")
            actions.update([name] if name else [])


def block_problems(blocks: Any, at: str = "/blocks") -> list[str]:
    """What is wrong with a message's blocks."""
    found = list(items(typed(BLOCKS), MESSAGE_BLOCKS, 0)(blocks, at))
    if found:
        return found
    if sum(block["type"] == "table" for block in blocks) > 1:
        found.append(problem("only one table allowed per message", at))
    return [*found, *repeated(blocks, at)]


def view_problems(view: Any, kinds: Iterable[str]) -> list[str]:
    """What is wrong with a view of one of the kinds: "modal", "home"."""
    found = list(typed(VIEWS, set(kinds))(view, "/view"))
    if found:
        return found
    if any(block["type"] == "input" for block in view["blocks"]) and view["type"] == "modal" and "submit" not in view:
        found.append(problem("`submit` is required when an `input` block is within the `blocks` array", "/view"))
    return [*found, *repeated(view["blocks"], "/view/blocks")]


def chunk_problems(chunks: Any) -> list[str]:
    """What is wrong with the chunks of a streamed message, the blocks in them left aside."""
    return list(items(typed(CHUNKS), 10_000, 0)(chunks, "/chunks"))


def strings(value: Any) -> Iterator[str]:
    """Every text in blocks, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def too_long(blocks: list[dict[str, Any]]) -> bool:
    """Whether a message's blocks, each within its limits, are too much together."""
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_CHARS:
        return True
    return sum(map(len, strings(blocks))) + BLOCK_COST * len(blocks) > MESSAGE_COST
