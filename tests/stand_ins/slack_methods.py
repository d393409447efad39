"""Messages, conversations and people: the methods that every chat app calls."""

from __future__ import annotations

import copy
from typing import Any

from tests.stand_ins.slack_calls import Arguments, content, method
from tests.stand_ins.slack_limits import TEXT_CHARS, UPDATE_CHARS
from tests.stand_ins.slack_workspace import BOT, BOT_USER, TEAM, Conversation, Json, SlackError, Workspace

HISTORY = ("channels:history", "groups:history", "im:history")
READ = ("channels:read", "groups:read", "im:read")


@method("auth.test")
def auth_test(work: Workspace, args: Arguments) -> Json:
    return {
        "url": "https://stand-in.slack.com/",
        "team": "Stand-in",
        "user": work.users[BOT_USER]["name"],
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
    }


@method("api.test")
def api_test(work: Workspace, args: Arguments) -> Json:
    return {"args": dict(args)}


@method("chat.postMessage", "chat:write")
def post_message(work: Workspace, args: Arguments) -> Json:
    place = work.conversation(args.need("channel"), member=True)
    said = content(args, most=None)
    said["text"] = said.get("text", "")[:TEXT_CHARS]  # longer ones are truncated, not refused
    message = work.add_message(place, BOT_USER, args.get("thread_ts"), **said)
    return {"channel": place.id, "ts": message["ts"], "message": copy.deepcopy(message)}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(work: Workspace, args: Arguments) -> Json:
    place, user = work.conversation(args.need("channel"), member=True), args.need("user")
    if user not in place.members:
        raise SlackError("user_not_in_channel")
    said = content(args, TEXT_CHARS)
    work.root(place, args.get("thread_ts"))
    return {"message_ts": ephemeral(work, place, user, args.get("thread_ts"), said)["ts"]}


def ephemeral(work: Workspace, place: Conversation, user: str, thread_ts: str | None, said: Json) -> Json:
    """Show something to one person only. It has a ts, but is nobody's to fetch."""
    shown = {"type": "message", "user": BOT_USER, "bot_id": BOT, "ts": work.new_ts(), "is_ephemeral": True, "text": ""}
    shown |= {"channel": place.id, "to": user, **({"thread_ts": thread_ts} if thread_ts else {}), **said}
    shown["blocks"] = work.named(said.get("blocks") or [])
    work.ephemerals.append(shown)
    return shown


@method("chat.update", "chat:write")
def update(work: Workspace, args: Arguments) -> Json:
    place = work.conversation(args.need("channel"), member=True)
    message = work.message(place.id, args.need("ts"))
    if message["user"] != BOT_USER:
        raise SlackError("cant_update_message")
    if (stream := work.streams.get(message["ts"])) and stream.state == "in_progress":
        raise SlackError("streaming_state_conflict")
    said = content(args, UPDATE_CHARS)
    if "text" in said and "blocks" not in said:
        said |= {"blocks": [], "edited": {"user": BOT_USER, "ts": work.new_ts()}}
    work.change(place, message, **said)
    return {"channel": place.id, "ts": message["ts"], "text": message["text"], "message": copy.deepcopy(message)}


@method("chat.delete", "chat:write")
def delete(work: Workspace, args: Arguments) -> Json:
    place = work.conversation(args.need("channel"), member=True)
    message = work.message(place.id, args.need("ts"))
    if message["user"] != BOT_USER:
        raise SlackError("cant_delete_message")
    del place.messages[message["ts"]]
    at = work.new_ts()
    event = {"type": "message", "subtype": "message_deleted", "hidden": True, "ts": at, "event_ts": at}
    work.tell(place, event | {"deleted_ts": message["ts"], "previous_message": message})
    return {"channel": place.id, "ts": message["ts"]}


@method("chat.getPermalink")
def permalink(work: Workspace, args: Arguments) -> Json:
    message = work.message(args.need("channel"), args.need("message_ts"))
    place = work.conversation(args.need("channel"))
    thread = message.get("thread_ts")
    inside = f"?thread_ts={thread}&cid={place.id}" if thread not in (None, message["ts"]) else ""
    address = f"https://stand-in.slack.com/archives/{place.id}/p{message['ts'].replace('.', '')}{inside}"
    return {"channel": place.id, "permalink": address}


@method("conversations.open", "im:write", "mpim:write")
def open_conversation(work: Workspace, args: Arguments) -> Json:
    users = args.need("users").split(",")
    if len(users) != 1:
        raise SlackError("method_not_supported_for_channel_type")  # group messages: no test needs them
    place = work.direct(users[0])
    return {"no_op": True, "already_open": True, "channel": {"id": place.id}}


@method("conversations.info", *READ)
def info(work: Workspace, args: Arguments) -> Json:
    return {"channel": described(work.conversation(args.need("channel")))}


def described(place: Conversation) -> Json:
    about = {"id": place.id, "is_im": place.kind == "im", "is_archived": place.is_archived, "is_mpim": False}
    if place.kind == "im":
        return about | {"user": next(iter(place.members - {BOT_USER})), "is_user_deleted": False}
    private = place.kind == "group"
    return about | {
        "name": place.name,
        "is_channel": not private,
        "is_group": private,
        "is_private": private,
        "is_member": BOT_USER in place.members,
        "is_ext_shared": False,
    }


@method("conversations.join", "channels:join")
def join(work: Workspace, args: Arguments) -> Json:
    place = work.conversation(args.need("channel"))
    if place.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if place.is_archived:
        raise SlackError("is_archived")
    place.members.add(BOT_USER)
    return {"channel": described(place)}


def page(found: list[Json], args: Arguments, default: int) -> Json:
    """One page of messages between `oldest` and `latest`, and the cursor of the next."""
    oldest, latest = str(args.get("oldest") or "0"), str(args.get("latest") or "9999999999.999999")
    edges = {oldest, latest} if args.flag("inclusive") else set()
    found = [one for one in found if oldest < one["ts"] < latest or one["ts"] in edges]
    start, size = args.number("cursor", 0), max(1, min(args.number("limit", default), 1000))
    rest = len(found) > start + size
    answer: Json = {"messages": copy.deepcopy(found[start : start + size]), "has_more": rest}
    return answer | ({"response_metadata": {"next_cursor": str(start + size)}} if rest else {})


@method("conversations.replies", *HISTORY)
def replies(work: Workspace, args: Arguments) -> Json:
    place, ts = work.conversation(args.need("channel"), member=True), args.need("ts")
    asked = place.messages.get(ts)
    if asked is None:
        raise SlackError("thread_not_found")
    root = asked.get("thread_ts", ts)
    return page([one for one in place.messages.values() if root in (one["ts"], one.get("thread_ts"))], args, 1000)


@method("conversations.history", *HISTORY)
def history(work: Workspace, args: Arguments) -> Json:
    place = work.conversation(args.need("channel"), member=True)
    top = [one for one in place.messages.values() if one.get("thread_ts") in (None, one["ts"])]
    return page(top[::-1], args, 100)


@method("users.info", "users:read")
def users_info(work: Workspace, args: Arguments) -> Json:
    if (user := work.users.get(args.need("user"))) is None:
        raise SlackError("user_not_found")
    return {"user": user}


@method("reactions.add", "reactions:write")
def add_reaction(work: Workspace, args: Arguments) -> Json:
    react(work, work.message(args.need("channel"), args.need("timestamp")), args.need("name"), BOT_USER, add=True)
    return {}


@method("reactions.remove", "reactions:write")
def remove_reaction(work: Workspace, args: Arguments) -> Json:
    react(work, work.message(args.need("channel"), args.need("timestamp")), args.need("name"), BOT_USER, add=False)
    return {}


def react(work: Workspace, message: Json, name: str, user: str, add: bool) -> None:
    """Add or take away a person's reaction."""
    if name != name.strip(":"):
        raise SlackError("invalid_name")
    every: dict[str, Any] = {one["name"]: one for one in message.get("reactions", [])}
    users = every.get(name, {}).get("users", [])
    if add and user in users:
        raise SlackError("already_reacted")
    if not add and user not in users:
        raise SlackError("no_reaction")
    users = [*users, user] if add else [one for one in users if one != user]
    every[name] = {"name": name, "users": users, "count": len(users)}
    message["reactions"] = [one for one in every.values() if one["count"]]
