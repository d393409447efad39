"""How a method of the Web API is written here: its name, its scopes, its arguments."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.stand_ins.slack_limits import MARKDOWN_CHARS, block_problems, too_long
from tests.stand_ins.slack_workspace import Json, SlackError, Workspace

Method = Callable[[Workspace, "Arguments"], Json]


@dataclass(frozen=True)
class Known:
    """A method, and the scopes of which the app needs one."""

    run: Method
    scopes: tuple[str, ...]


METHODS: dict[str, Known] = {}


def method(name: str, *scopes: str) -> Callable[[Method], Method]:
    """Make a function the method of that name; it gives the answer but `ok`, or raises SlackError."""

    def known(run: Method) -> Method:
        METHODS[name] = Known(run, scopes)
        return run

    return known


class Arguments(dict[str, Any]):
    """What a call was given. From forms all values are strings, and structures are JSON in strings."""

    def need(self, name: str) -> str:
        value = self.get(name)
        if value in (None, ""):
            raise SlackError("invalid_arguments", [f"missing required field: {name}"])
        if not isinstance(value, str):
            raise SlackError("invalid_arguments", [f"must provide a string [json-pointer:/{name}]"])
        return value

    def flag(self, name: str) -> bool:
        return self.get(name) in (True, "1", "true", "True")

    def number(self, name: str, default: int) -> int:
        return int(self.get(name) or default)

    def structure(self, name: str, error: str = "invalid_arguments") -> Any:
        """A list or an object, None where it is missing."""
        value = self.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(error) from None


def message_blocks(args: Arguments, many: str = "invalid_blocks") -> list[Json] | None:
    """The blocks of a message, checked. `many`: the error for more than fifty, which differs for streams."""
    blocks = args.structure("blocks", "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if many != "invalid_blocks" and len(blocks) > 50:
        raise SlackError(many)
    if problems := block_problems(blocks):
        raise SlackError("invalid_blocks", problems)
    if too_long(blocks):
        raise SlackError("msg_blocks_too_long")
    return blocks


def content(args: Arguments, most: int | None, required: bool = True) -> Json:
    """Text and blocks of a message that is posted; text of more than `most` characters is refused."""
    text, markdown, blocks = args.get("text"), args.get("markdown_text"), message_blocks(args)
    if markdown is not None:
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        if len(markdown) > MARKDOWN_CHARS:
            raise SlackError("msg_too_long")
        return {"text": markdown, "blocks": [{"type": "markdown", "text": markdown}]}
    if required and not text and not blocks and not args.get("attachments"):
        raise SlackError("no_text")
    if most is not None and len(text or "") > most:
        raise SlackError("msg_too_long")
    given: Json = {"text": text, "blocks": blocks, "metadata": args.structure("metadata", "invalid_metadata_format")}
    return {name: value for name, value in given.items() if value is not None}
