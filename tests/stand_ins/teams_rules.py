"""What Teams takes from a bot and what it refuses, with the errors it gives. No state: see `teams_chats` for that.

Sources, on learn.microsoft.com under /microsoftteams/platform/bots: "Stream bot messages", "Bot messages with
AI-generated content", "Format your bot messages", and "Status codes from bot conversational APIs" in "Build
conversational capability". Where those pages name no error but a limit, the stand-in answers 400: it is meant to be
stricter than Teams, never laxer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

MAX_BYTES: Final = 100 * 1024
"""A message as UTF-16. About so: Microsoft advises to stay under 80 KB."""

MAX_CITATIONS: Final = 20
MAX_NAME, MAX_ABSTRACT, MAX_KEYWORDS, MAX_KEYWORD = 80, 160, 3, 28
SHOWN_SUGGESTIONS: Final = 3
"""How many suggested prompts a person sees, however many are sent."""

CARD: Final = "application/vnd.microsoft.card.adaptive"
CARD_VERSION: Final = (1, 5)
"""The newest schema of Adaptive Cards that Teams shows."""

_MESSAGE = "https://schema.org/Message"
_ACTIONS = {"Action.OpenUrl", "Action.Submit", "Action.ShowCard", "Action.ToggleVisibility", "Action.Execute"}
_SUGGESTIONS = {"imBack", "Action.Compose", "Action.Submit"}
_ICONS = {
    *("Microsoft Word", "Microsoft Excel", "Microsoft PowerPoint", "Microsoft OneNote", "Microsoft SharePoint"),
    *("Microsoft Visio", "Microsoft Loop", "Microsoft Whiteboard", "Adobe Illustrator", "Adobe Photoshop"),
    *("Adobe InDesign", "Adobe Flash", "Sketch", "Source Code", "Image", "GIF", "Video", "Sound", "ZIP", "Text", "PDF"),
}


class RefusedError(Exception):
    """A call that Teams refuses: the status, the code and the message of its answer; seconds to wait, if it says so."""

    def __init__(self, status: int, code: str | None, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.retry_after_s = status, code, message, retry_after_s

    def as_json(self) -> dict[str, Any]:
        """The body of the answer."""
        code = {} if self.code is None else {"code": self.code}
        return {"error": {**code, "message": self.message}}


def bad(message: str, code: str = "BadArgument") -> RefusedError:
    """A refusal of what is not of the form that Teams takes."""
    return RefusedError(400, code, message)


def size(activity: Mapping[str, Any]) -> int:
    """Bytes of a message as Teams counts them: all of it, as UTF-16."""
    return len(json.dumps(activity, ensure_ascii=False).encode("utf-16-le"))


def check(activity: Mapping[str, Any]) -> None:
    """Raise RefusedError unless Teams would show this message (or this piece of a streamed one)."""
    root = root_entity(activity)
    _check_label(root)
    _check_citations(root, str(activity.get("text") or ""))
    _check_feedback(activity.get("channelData") or {})
    for attachment in activity.get("attachments") or ():
        if attachment.get("contentType") == CARD:
            check_card(attachment.get("content"))
    for action in (activity.get("suggestedActions") or {}).get("actions") or ():
        if action.get("type") not in _SUGGESTIONS or not action.get("title") or not action.get("value"):
            raise bad(f"a suggested action is one of {sorted(_SUGGESTIONS)}, with title and value: not {action}")


def root_entity(activity: Mapping[str, Any]) -> dict[str, Any]:
    """The entity that bears the label and the citations; empty when there is none."""
    roots = [entity for entity in activity.get("entities") or () if entity.get("type") == _MESSAGE]
    if len(roots) > 1:
        raise bad("Multiple root message entities found under `entities` array.")
    if roots and (roots[0].get("@type") != "Message" or roots[0].get("@context") != "https://schema.org"):
        raise bad("Error parsing message entity from `entities` array.")
    return roots[0] if roots else {}


def _check_label(root: Mapping[str, Any]) -> None:
    if root.get("additionalType") not in (None, ["AIGeneratedContent"]):
        raise bad("Error parsing message entity from `entities` array.")


def _check_citations(root: Mapping[str, Any], text: str) -> None:
    citations = root.get("citation") or []
    if len(citations) > MAX_CITATIONS:
        raise bad(f"Bot message with more than {MAX_CITATIONS} citations.")
    marks = {int(number) for number in re.findall(r"\[(\d+)\]", text)}
    seen: set[int] = set()
    for citation in citations:
        if not citation.get("appearance"):
            raise bad("The `appearance` object is empty.")
        position = citation.get("position")
        fault = _fault(citation) or (position in seen and "the position is given twice")
        if not fault and text and position not in marks:
            fault = f"the text has no mark [{position}]"
        if fault:
            raise bad(f"Error while parsing citation entity with ID: {position}. ({fault})")
        seen.add(position)


def _fault(citation: Mapping[str, Any]) -> str | None:
    """What is wrong with one citation, if anything."""
    appearance = citation["appearance"]
    name, abstract = appearance.get("name"), appearance.get("abstract")
    keywords = appearance.get("keywords") or []
    url, icon = appearance.get("url"), appearance.get("image")
    faults = {
        "@type is not Claim": citation.get("@type") != "Claim",
        "position is no number from 1": not isinstance(citation.get("position"), int) or citation["position"] < 1,
        "appearance is not a DigitalDocument": appearance.get("@type") != "DigitalDocument",
        f"name is not 1 to {MAX_NAME} characters": not name or len(name) > MAX_NAME,
        f"abstract is over {MAX_ABSTRACT} characters": bool(abstract) and len(abstract) > MAX_ABSTRACT,
        f"over {MAX_KEYWORDS} keywords": len(keywords) > MAX_KEYWORDS,
        f"a keyword over {MAX_KEYWORD} characters": any(len(keyword) > MAX_KEYWORD for keyword in keywords),
        "url is no http address": url is not None and not re.match(r"https?://\S+$", url),
        "image is no icon of Teams": icon is not None and icon.get("name") not in _ICONS,
        "text is no Adaptive Card as a string": not _is_card_text(appearance),
    }
    return next((fault for fault, found in faults.items() if found), None)


def _is_card_text(appearance: Mapping[str, Any]) -> bool:
    """Whether what a citation opens, if anything, is a card without anything to press or to fill in."""
    text = appearance.get("text")
    if text is None:
        return True
    try:
        card = json.loads(text)
        check_card(card)
    except (ValueError, RefusedError):
        return False
    elements = [element.get("type", "") for element in _elements(card)]
    return appearance.get("encodingFormat") == CARD and not any(
        kind.startswith(("Action.", "Input.")) for kind in elements
    )


def _check_feedback(channel_data: Mapping[str, Any]) -> None:
    loop = channel_data.get("feedbackLoop")
    if loop is not None and loop.get("type") not in ("default", "custom"):
        raise bad(f"feedbackLoop.type is default or custom, not {loop.get('type')!r}")
    if loop is not None and channel_data.get("feedbackLoopEnabled") is not None:
        raise bad("feedbackLoop and feedbackLoopEnabled exclude each other")


def check_card(card: object) -> None:
    """Raise RefusedError unless that is an Adaptive Card that Teams shows."""
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        raise bad("an attachment of an Adaptive Card is not of type AdaptiveCard")
    version = re.fullmatch(r"(\d+)\.(\d+)", str(card.get("version")))
    if version is None or (int(version[1]), int(version[2])) > CARD_VERSION:
        raise bad(f"version {card.get('version')!r} of Adaptive Cards is not shown: it goes up to 1.5")
    identifiers = [element["id"] for element in _elements(card) if element.get("id")]
    if len(set(identifiers)) < len(identifiers):
        raise bad("ids of a card's elements are not unique")
    for element in _elements(card):
        _check_element(element)


def _check_element(element: Mapping[str, Any]) -> None:
    kind = element.get("type")
    if not isinstance(kind, str):
        raise bad(f"an element of a card has no type: {element}")
    if kind.startswith("Action.") and kind not in _ACTIONS:
        raise bad(f"{kind} is no action of cards in Teams")
    if kind in ("Action.ShowCard", "Action.Submit", "Action.OpenUrl") and not element.get("title"):
        raise bad(f"{kind} has no title")
    if kind == "Action.ShowCard" and (element.get("card") or {}).get("type") != "AdaptiveCard":
        raise bad("Action.ShowCard has no card")
    if kind == "Action.OpenUrl" and not re.match(r"https?://\S+$", str(element.get("url"))):
        raise bad("Action.OpenUrl has no address")
    if kind == "TextBlock" and not isinstance(element.get("text"), str):
        raise bad("TextBlock has no text")
    if kind.startswith("Input.") and not element.get("id"):
        raise bad(f"{kind} has no id")


def _elements(card: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All elements and actions of a card, of the cards that it shows too."""
    for part in ("body", "actions", "items", "columns", "rows", "cells"):
        for element in card.get(part) or ():
            if isinstance(element, dict):
                yield element
                yield from _elements(element)
    for inner in (card.get("card"), card.get("selectAction")):
        if isinstance(inner, dict):
            yield from ([inner] if inner.get("type") != "AdaptiveCard" else [])
            yield from _elements(inner)


def button(card: Mapping[str, Any], title: str) -> dict[str, Any]:
    """The action with that title. Raises LookupError, which names those there are."""
    actions = [element for element in _elements(card) if element["type"].startswith("Action.")]
    for action in actions:
        if action.get("title") == title:
            return action
    raise LookupError(f"no button {title!r} among {[action.get('title') for action in actions]}")
