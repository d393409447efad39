"""Modals and the Home tab: the methods that show them, and what an app may answer when one is submitted."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.stand_ins.slack_calls import Arguments, method
from tests.stand_ins.slack_limits import view_problems
from tests.stand_ins.slack_workspace import APP, BOT, TEAM, Json, SlackError, Workspace

STACK = 3
VIEW_BYTES = 250_000


def checked(work: Workspace, view: Any, kinds: set[str]) -> Json:
    """A view as an app gave it. Raises SlackError for what Slack would not show."""
    if view is None:
        raise SlackError("invalid_arguments", ["missing required field: view"])
    if len(json.dumps(view)) > VIEW_BYTES:
        raise SlackError("view_too_large")
    if problems := view_problems(view, kinds):
        raise SlackError("invalid_arguments", problems)
    given = view.get("external_id")
    if given and any(one["external_id"] == given for one in work.views.values()):
        raise SlackError("duplicate_external_id")
    return dict(view)


def shown(work: Workspace, view: Json, user: str, **kept: Any) -> Json:
    """The view with all that Slack adds to it."""
    made = work.new_id("V")
    empty = {"private_metadata": "", "callback_id": "", "external_id": "", "close": None, "submit": None}
    own = {"id": made, "root_view_id": made, "previous_view_id": None, "hash": f"{work.new_ts()}.h", "user": user}
    added = {"team_id": TEAM, "app_id": APP, "app_installed_team_id": TEAM, "bot_id": BOT, "state": {"values": {}}}
    return {**empty, **view, **added, **own, **kept, "blocks": work.named(view["blocks"])}


def answer(view: Json) -> Json:
    return {"view": {name: value for name, value in copy.deepcopy(view).items() if name != "user"}}


@method("views.open")
def open_view(work: Workspace, args: Arguments) -> Json:
    view = checked(work, args.structure("view"), {"modal"})
    made = shown(work, view, work.take_trigger(args.need("trigger_id")))
    work.views[made["id"]] = made
    return answer(made)


@method("views.push")
def push_view(work: Workspace, args: Arguments) -> Json:
    view = checked(work, args.structure("view"), {"modal"})
    return answer(push(work, view, work.take_trigger(args.need("trigger_id"))))


def push(work: Workspace, view: Json, user: str) -> Json:
    """Put a modal on top of the person's open ones."""
    below = [one for one in work.views.values() if one["user"] == user]
    if len(below) >= STACK:
        raise SlackError("push_limit_reached")
    kept = {"root_view_id": below[0]["id"], "previous_view_id": below[-1]["id"]} if below else {}
    made = shown(work, view, user, **kept)
    work.views[made["id"]] = made
    return made


@method("views.update")
def update_view(work: Workspace, args: Arguments) -> Json:
    wanted = args.get("view_id"), args.get("external_id")
    found = [
        one for one in work.views.values() if one["id"] == wanted[0] or (wanted[1] and one["external_id"] == wanted[1])
    ]
    if not found:
        raise SlackError("not_found")
    if args.get("hash") not in (None, found[0]["hash"]):
        raise SlackError("hash_conflict")
    return answer(replace(work, found[0], args.structure("view")))


def replace(work: Workspace, old: Json, given: Any) -> Json:
    """Show another view in the place of an open one."""
    del work.views[old["id"]]
    try:
        view = checked(work, given, {"modal"})
    except SlackError:
        work.views[old["id"]] = old
        raise
    kept = {name: old[name] for name in ("id", "root_view_id", "previous_view_id")}
    work.views[old["id"]] = shown(work, view, old["user"], **kept)
    return work.views[old["id"]]


@method("views.publish")
def publish_view(work: Workspace, args: Arguments) -> Json:
    user = args.need("user_id")
    if not work.manifest.has_home():
        raise SlackError("not_enabled")
    if user not in work.users:
        raise SlackError("user_not_found")
    view, old = checked(work, args.structure("view"), {"home"}), work.homes.get(user)
    if args.get("hash") not in (None, old and old["hash"]):
        raise SlackError("hash_conflict")
    work.homes[user] = shown(work, view, user, **({"id": old["id"], "root_view_id": old["id"]} if old else {}))
    return answer(work.homes[user])


def answered(work: Workspace, view_id: str, response: Json | None) -> None:
    """Do what an app answered to a submitted modal; without an answer the modal closes.

    Raises SlackError for an answer that Slack refuses; the person then sees that something went wrong.
    """
    response = response or {}
    view, action = work.views[view_id], response.get("response_action")
    if action is None:
        del work.views[view_id]
    elif action == "clear":
        for one in [one for one in work.views.values() if one["user"] == view["user"]]:
            del work.views[one["id"]]
    elif action == "errors":
        unknown = set(response["errors"]) - {one["block_id"] for one in view["blocks"] if one["type"] == "input"}
        if unknown or not response["errors"]:
            raise SlackError("invalid_arguments", [f"no input block {name}" for name in sorted(unknown)])
        work.views[view["id"]]["errors"] = response["errors"]
    elif action == "update":
        replace(work, view, response.get("view"))
    elif action == "push":
        push(work, checked(work, response.get("view"), {"modal"}), view["user"])
    else:
        raise SlackError("invalid_arguments", [f"unknown response_action {action}"])
