"""What Slack sends to an app: events, commands, clicks and submitted modals, with the fields of the real ones."""

from __future__ import annotations

import copy
import secrets
import time
from typing import Any

from tests.stand_ins.slack_limits import parts
from tests.stand_ins.slack_workspace import APP, BOT_USER, TEAM, Conversation, Json, Workspace

VERIFICATION = "stand-in-verification"
WHERE = {"team": {"id": TEAM, "domain": "stand-in"}, "enterprise": None, "is_enterprise_install": False}


def event_callback(event: Json) -> Json:
    """An event in its envelope; each has an id of its own, also when two tell of one message."""
    authorization = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True,
                     "is_enterprise_install": False}  # fmt: skip
    return {
        "token": VERIFICATION,
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_urlsafe(24)}",
    }


def subscription(event: Json) -> str:
    """The name under which an app subscribes to the event."""
    kinds = {"channel": "channels", "group": "groups", "im": "im"}
    return f"message.{kinds[event['channel_type']]}" if event["type"] == "message" else event["type"]


def person(work: Workspace, user: str) -> Json:
    name = work.users[user]["name"]
    return {"id": user, "username": name, "name": name, "team_id": TEAM}


def command(work: Workspace, place: Conversation, user: str, name: str, text: str, response_url: str) -> Json:
    return {
        "token": VERIFICATION,
        "team_id": TEAM,
        "team_domain": "stand-in",
        "channel_id": place.id,
        "channel_name": place.name,
        "user_id": user,
        "user_name": work.users[user]["name"],
        "command": name,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": work.new_trigger(user),
    }


def interaction(work: Workspace, kind: str, user: str) -> Json:
    who = {"user": person(work, user), "api_app_id": APP, "token": VERIFICATION, "trigger_id": work.new_trigger(user)}
    return {"type": kind, **who, **WHERE}


def pressed(element: Json, block_id: str, choice: str | None, ts: str) -> Json:
    """The action of a person who used an element. Raises ValueError where the element has no such choice."""
    action = {"action_id": element["action_id"], "block_id": block_id, "type": element["type"], "action_ts": ts}
    if element["type"] == "feedback_buttons":
        if choice not in ("positive", "negative"):
            raise ValueError("feedback_buttons: choose 'positive' or 'negative'")
        button = element[f"{choice}_button"]
        return action | {"text": button["text"], "value": button["value"]}
    if options := [*element.get("options", []), *(o for g in element.get("option_groups", []) for o in g["options"])]:
        chosen = [one for one in options if one["value"] == choice]
        if not chosen:
            raise ValueError(f"no option {choice!r} among {[one['value'] for one in options]}")
        return action | {"selected_option": chosen[0]}
    return action | {name: element[name] for name in ("text", "value", "url") if name in element}


def found(blocks: list[Json], action_id: str) -> tuple[Json, str]:
    """The element of that action_id and its block_id. Raises ValueError when there is none to press."""
    every = [(part, block["block_id"]) for block in blocks for part in parts(block)]
    for part, block_id in every:
        if part["action_id"] == action_id:
            return part, block_id
    raise ValueError(f"nothing to press is {action_id!r}: there is {[part['action_id'] for part, _ in every]}")


def block_actions(work: Workspace, message: Json, place: Conversation, user: str, action: Json, url: str) -> Json:
    """A person used an element of a message."""
    hidden = bool(message.get("is_ephemeral"))
    thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
    where = {"message_ts": message["ts"], "channel_id": place.id, "is_ephemeral": hidden, **thread}
    seen = {} if hidden else {"message": copy.deepcopy(message)}
    return {
        **interaction(work, "block_actions", user),
        "container": {"type": "message", **where},
        "channel": {"id": place.id, "name": place.name},
        **seen,
        "state": {"values": {}},
        "response_url": url,
        "actions": [action],
    }


def view_actions(work: Workspace, view: Json, user: str, action: Json) -> Json:
    """A person used an element of a modal or of the Home tab."""
    container = {"type": "view", "view_id": view["id"]}
    return {
        **interaction(work, "block_actions", user),
        "container": container,
        "view": view_of(view),
        "actions": [action],
    }


def view_of(view: Json, values: Json | None = None) -> Json:
    plain = {name: value for name, value in copy.deepcopy(view).items() if name not in ("user", "errors")}
    return plain | ({"state": {"values": values}} if values is not None else {})


def submission(work: Workspace, view: Json, user: str, values: dict[str, Any]) -> Json:
    """A person submitted a modal with `values` (action_id -> text, or the value of an option).

    Raises ValueError where Slack's own form would not let the person submit.
    """
    state: Json = {}
    given = dict(values)
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            value = given.pop(element["action_id"], element.get("initial_value"))
            if value in (None, "") and not block.get("optional"):
                raise ValueError(f"{element['action_id']} must be filled in")
            state[block["block_id"]] = {element["action_id"]: filled(element, value)}
    if given:
        raise ValueError(f"the modal has no input {sorted(given)}")
    return {**interaction(work, "view_submission", user), "view": view_of(view, state), "response_urls": []}


def filled(element: Json, value: Any) -> Json:
    if element["type"] == "plain_text_input":
        most = element.get("max_length", 3000)
        if len(value or "") > most:
            raise ValueError(f"{element['action_id']} takes at most {most} characters")
        return {"type": element["type"], "value": value or None}
    options = [
        one for one in element.get("options", []) if one["value"] in (value if isinstance(value, list) else [value])
    ]
    if element["type"] in ("checkboxes", "multi_static_select"):
        return {"type": element["type"], "selected_options": options}
    return {"type": element["type"], "selected_option": options[0] if options else None}
