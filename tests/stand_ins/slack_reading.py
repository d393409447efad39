"""What a message does to those who read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

CONTROL = re.compile(r"<(?:@([A-Z0-9]+)|!(channel|here|everyone)|!subteam\^([A-Z0-9]+))(?:\|[^>]*)?>")
"""What notifies people in `text`, in mrkdwn and in Markdown. With "<" escaped it is text like any other."""


def pinged(value: Any) -> set[str]:
    """Whom a message, or a part of one, notifies."""
    return set(_pinged(value))


def _pinged(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _pinged(part)
    elif isinstance(value, dict):
        if value.get("type") in ("user", "usergroup", "broadcast"):  # elements of rich text
            yield from (str(value[name]) for name in ("user_id", "usergroup_id", "range") if name in value)
        elif isinstance(value.get("text"), str) and value.get("type") in ("message", "mrkdwn", "markdown"):
            yield from (next(filter(None, found)) for found in CONTROL.findall(value["text"]))
        yield from _pinged(value.get("blocks", []))
        for name, part in value.items():
            if name != "blocks" and isinstance(part, dict | list):
                yield from _pinged(part)
