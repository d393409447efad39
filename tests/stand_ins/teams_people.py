"""What Teams sends to a bot on behalf of people, and what it expects in return."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.stand_ins.teams_rules import CARD, RefusedError, check_card

if TYPE_CHECKING:
    from tests.stand_ins.teams_chats import Conversation


@dataclass(frozen=True)
class Person:
    """Somebody of the tenant."""

    name: str

    @property
    def aad(self) -> str:
        """The id of their account."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, self.name))

    def account(self) -> dict[str, Any]:
        """How activities and rosters name them."""
        return {"id": f"29:{self.aad}", "name": self.name, "aadObjectId": self.aad}


def activity_from(chat: Conversation, person: Person, bot: Mapping[str, str], tenant_id: str) -> dict[str, Any]:
    """An activity of that person there; it still lacks its id, its type and its content."""
    now = datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")
    place: dict[str, Any] = {"id": chat.id, "conversationType": chat.kind, "tenantId": tenant_id}
    data: dict[str, Any] = {"tenant": {"id": tenant_id}}
    if chat.kind != "personal":
        place["isGroup"] = True
    if chat.kind == "channel":
        place["name"] = "News"
        data |= {"team": {"id": chat.id}, "channel": {"id": chat.id}, "teamsTeamId": chat.id, "teamsChannelId": chat.id}
    return {
        "channelId": "msteams",
        "timestamp": now,
        "localTimestamp": now,
        "locale": "en-GB",
        "from": person.account(),
        "recipient": dict(bot),
        "conversation": place,
        "channelData": data,
        "entities": [{"type": "clientInfo", "locale": "en-GB", "country": "GB", "platform": "Web", "timezone": "UTC"}],
    }


def mention(text: str, bot: Mapping[str, str]) -> dict[str, Any]:
    """The text and the entities of a message that begins with the bot's name."""
    name = f"<at>{bot['name']}</at>"
    return {"text": f"{name} {text}", "entities": [{"type": "mention", "mentioned": dict(bot), "text": name}]}


@dataclass(frozen=True)
class Delivery:
    """An activity on its way to the bot. `status`, `body` and `complaint` wait until the bot has answered.

    A bot that takes too long gets status 504. `complaint` is what Teams finds wrong with the answer.
    """

    activity: dict[str, Any]
    _answer: Future[tuple[int, Any]] = field(repr=False)

    @property
    def id(self) -> str:
        return str(self.activity["id"])

    @property
    def conversation(self) -> str:
        return str(self.activity["conversation"]["id"])

    @property
    def status(self) -> int:
        return self._answer.result()[0]

    @property
    def body(self) -> Any:
        return self._answer.result()[1]

    @property
    def complaint(self) -> str | None:
        return complaint(self.activity, self.status, self.body)


def complaint(activity: Mapping[str, Any], status: int, body: Any) -> str | None:
    """What Teams finds wrong with a bot's answer to an activity; None when it is content."""
    if status >= 300:
        return f"status {status}"
    name = activity.get("name") if activity["type"] == "invoke" else None
    if name == "message/submitAction" and body:
        return f"the answer to feedback is not empty but {body}"
    if name in ("task/fetch", "message/fetchTask"):
        return _dialog_fault(body)
    if name == "task/submit" and body:
        return _dialog_fault(body)
    return None


def _dialog_fault(body: Any) -> str | None:
    """What is wrong with a dialog; a dialog shows a card, an address or a message."""
    task = body.get("task") if isinstance(body, dict) else None
    value = task.get("value") if isinstance(task, dict) else None
    if not isinstance(task, dict) or task.get("type") not in ("continue", "message") or not value:
        return f"no dialog but {body}"
    if task["type"] == "message":
        return None if isinstance(value, str) else f"a message is a string, not {value}"
    if value.get("url"):
        return None
    card = value.get("card") or {}
    if card.get("contentType") != CARD:
        return f"a dialog shows a card or an address, not {value}"
    try:
        check_card(card.get("content"))
    except RefusedError as error:
        return str(error)
    return None
