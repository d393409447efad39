"""What makes an app an agent: streamed messages, sessions with a stop button, status and suggested prompts."""

from __future__ import annotations

import copy
from typing import Any

from tests.stand_ins.slack_calls import Arguments, message_blocks, method
from tests.stand_ins.slack_limits import MARKDOWN_CHARS, MESSAGE_BLOCKS, block_problems, chunk_problems
from tests.stand_ins.slack_workspace import BOT_USER, Conversation, Json, SlackError, Stream, Workspace

STATUSES = ("active", "processing", "suspended", "closed")
PROMPTS, LOADING_MESSAGES, TITLE_CHARS = 4, 10, 200
STOP_EVENT = "agent_session_stopped"


@method("chat.startStream", "chat:write")
def start_stream(work: Workspace, args: Arguments) -> Json:
    place, thread_ts = work.conversation(args.need("channel"), member=True), args.get("thread_ts")
    recipient = args.get("recipient_user_id")
    if place.kind == "im":
        if thread_ts is None:  # a message that is no reply can be streamed in channels only
            raise SlackError("invalid_arguments", ["missing required field: thread_ts"])
    elif recipient is None:
        raise SlackError("missing_recipient_user_id")
    elif args.get("recipient_team_id") is None:
        raise SlackError("missing_recipient_team_id")
    if recipient is not None and recipient not in work.users:
        raise SlackError("user_not_found")
    if args.get("task_display_mode", "timeline") not in ("timeline", "plan", "dense"):
        raise SlackError("invalid_arguments", ["invalid task_display_mode"])
    given = Stream(place.id, "", thread_ts, recipient)
    extend(given, args)
    message = work.add_message(place, BOT_USER, thread_ts, text=given.text, blocks=given.blocks)
    given.ts = message["ts"]
    work.streams[given.ts] = given
    if work.manifest.is_agent():  # streaming makes a session by itself
        session(work, place, thread_ts or given.ts)["status"] = "processing"
    return {"channel": place.id, "ts": given.ts}


def extend(stream: Stream, args: Arguments) -> None:
    """Add a call's text or chunks to a stream. Raises SlackError and then adds nothing."""
    text, chunks = args.get("markdown_text"), args.structure("chunks", "invalid_chunks")
    if text is not None and chunks is not None:
        raise SlackError("cannot_provide_both_markdown_text_and_chunks")
    if text is None and chunks is None:
        return
    mode = "chunks" if text is None else "markdown_text"
    if stream.mode not in (None, mode):
        raise SlackError("streaming_mode_mismatch")
    if text is not None and len(text) > MARKDOWN_CHARS:
        raise SlackError("msg_too_long")
    chunks = [{"type": "markdown_text", "text": text}] if chunks is None else chunks
    if text != "" and (problems := chunk_problems(chunks)):
        raise SlackError("invalid_chunks", problems)
    blocks = [block for chunk in chunks if chunk["type"] == "blocks" for block in chunk["blocks"]]
    if len(stream.blocks) + len(blocks) > MESSAGE_BLOCKS:
        raise SlackError("msg_blocks_too_many")
    if problems := block_problems(blocks):
        raise SlackError("invalid_blocks", problems)
    stream.mode = mode
    stream.blocks += blocks
    for chunk in chunks:
        absorb(stream, chunk)


def absorb(stream: Stream, chunk: Json) -> None:
    if chunk["type"] == "markdown_text":
        stream.text += chunk["text"]
    elif chunk["type"] == "plan_update":
        stream.plan = chunk["title"]
    elif chunk["type"] == "task_update":
        task = stream.tasks.setdefault(chunk["id"], {})
        details = task.get("details", "") + chunk.get("details", "")  # Slack adds to them; all else it replaces
        task |= {**chunk, **({"details": details} if details else {})}


def running(work: Workspace, args: Arguments) -> tuple[Conversation, Stream]:
    """The stream of a call, if it still takes text."""
    place = work.conversation(args.need("channel"), member=True)
    message = work.message(place.id, args.need("ts"))
    if message["user"] != BOT_USER:
        raise SlackError("message_not_owned_by_app")
    stream = work.streams.get(message["ts"])
    if stream is None or stream.state in ("completed", "expired"):
        raise SlackError("message_not_in_streaming_state")
    return place, stream


@method("chat.appendStream", "chat:write")
def append_stream(work: Workspace, args: Arguments) -> Json:
    place, stream = running(work, args)
    if stream.state == "stopped_by_user":
        raise SlackError("stopped_by_user")
    if args.get("markdown_text") is None and args.get("chunks") is None:
        raise SlackError("markdown_text_or_chunks_required")
    extend(stream, args)
    place.messages[stream.ts]["text"] = stream.text
    return {"channel": place.id, "ts": stream.ts}


@method("chat.stopStream", "chat:write")
def stop_stream(work: Workspace, args: Arguments) -> Json:
    place, stream = running(work, args)
    if stream.state == "stopped_by_user":  # "stopped_by_user" is documented for appends alone
        raise SlackError("message_not_in_streaming_state")
    status = args.get("session_status", "active")
    if status not in STATUSES:
        raise SlackError("invalid_arguments", ["invalid session_status"])
    last = message_blocks(args, many="msg_blocks_too_many") or []
    extend(stream, args)
    stream.state = "completed"
    message = place.messages[stream.ts]
    more = {"metadata": data} if (data := args.structure("metadata", "invalid_metadata_format")) else {}
    work.change(place, message, text=stream.text, blocks=[*stream.blocks, *last], **more)
    if known := work.sessions.get((place.id, stream.thread_ts or stream.ts)):
        known["status"] = status
    return {"channel": place.id, "ts": stream.ts, "message": copy.deepcopy(message)}


def session(work: Workspace, place: Conversation, thread_ts: str) -> Json:
    """The session of a thread, made if there is none."""
    return work.sessions.setdefault((place.id, thread_ts), {"status": "active", "title": None, "initiator": None})


def session_place(work: Workspace, args: Arguments) -> Conversation:
    place = work.conversation(args.need("channel_id"))
    if not work.manifest.is_agent() or BOT_USER not in place.members:
        raise SlackError("not_authorized")
    if args.get("thread_ts") is None:
        raise SlackError("thread_ts_required")
    work.message(place.id, args["thread_ts"])
    return place


@method("agents.sessions.setStatus", "chat:write")
def set_session_status(work: Workspace, args: Arguments) -> Json:
    place, status = session_place(work, args), args.need("status")
    if status not in STATUSES:
        raise SlackError("invalid_status")
    if (initiator := args.get("initiator_user_id")) is not None and initiator not in place.members:
        raise SlackError("user_not_found")
    if len(args.get("title") or "") > TITLE_CHARS:
        raise SlackError("invalid_arguments", ["must be less than 201 characters [json-pointer:/title]"])
    new = (place.id, args["thread_ts"]) not in work.sessions
    known = session(work, place, args["thread_ts"])
    known |= {"status": status, **({"title": args.get("title"), "initiator": initiator} if new else {})}
    warning = "missing_agent_session_stopped_event_subscription"
    warned = (
        {}
        if work.manifest.subscribes(STOP_EVENT)
        else {"warning": warning, "response_metadata": {"warnings": [warning]}}
    )
    return {"status": status, "agent_status": status, "title": known["title"], **warned}


@method("agents.sessions.rename", "chat:write")
def rename_session(work: Workspace, args: Arguments) -> Json:
    place, title = session_place(work, args), args.need("title")
    if len(title) > TITLE_CHARS:
        raise SlackError("invalid_arguments", ["must be less than 201 characters [json-pointer:/title]"])
    if (known := work.sessions.get((place.id, args["thread_ts"]))) is None:
        raise SlackError("session_not_found")
    known["title"] = title
    return {"title": title}


def thread(work: Workspace, args: Arguments) -> tuple[str, str]:
    """The thread of an assistant.threads method."""
    place = work.conversation(args.need("channel_id"))
    if args.need("thread_ts") not in place.messages:
        raise SlackError("invalid_thread_ts")
    return place.id, args["thread_ts"]


@method("assistant.threads.setStatus", "chat:write", "assistant:write")
def set_status(work: Workspace, args: Arguments) -> Json:
    place, status, loading = thread(work, args), args.get("status"), args.structure("loading_messages") or []
    if not isinstance(status, str):
        raise SlackError("invalid_arguments", ["missing required field: status"])
    if len(loading) > LOADING_MESSAGES:
        raise SlackError("invalid_arguments", ["no more than 10 items allowed [json-pointer:/loading_messages]"])
    work.statuses.pop(place, None)
    if status:  # an empty one clears it
        work.statuses[place] = status
    return {}


@method("assistant.threads.setTitle", "assistant:write")
def set_title(work: Workspace, args: Arguments) -> Json:
    work.titles[thread(work, args)] = args.need("title")
    return {}


@method("assistant.threads.setSuggestedPrompts", "assistant:write")
def set_prompts(work: Workspace, args: Arguments) -> Json:
    place = work.conversation(args.need("channel_id"))
    if not work.manifest.is_agent():
        raise SlackError("not_agent_app")
    if args.get("thread_ts") is not None:
        thread(work, args)
    prompts: Any = args.structure("prompts")
    if not isinstance(prompts, list) or not prompts:
        raise SlackError("invalid_arguments", ["missing required field: prompts"])
    if len(prompts) > PROMPTS:
        raise SlackError("invalid_arguments", ["no more than 4 items allowed [json-pointer:/prompts]"])
    for number, prompt in enumerate(prompts):
        if not isinstance(prompt, dict) or not (prompt.get("title") and prompt.get("message")):
            raise SlackError("invalid_arguments", [f"missing title or message [json-pointer:/prompts/{number}]"])
    work.prompts[place.id, args.get("thread_ts")] = prompts
    return {}
