"""What a person sees of what a bot has said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.stand_ins.teams_rules import CARD, SHOWN_SUGGESTIONS, root_entity


@dataclass(frozen=True)
class Message:
    """One message of the bot, as a person sees it; `done` is false while it is being streamed."""

    id: str
    conversation: str
    activity: dict[str, Any]
    streamed: bool = False
    edits: int = 0
    done: bool = True

    @property
    def text(self) -> str:
        return str(self.activity.get("text") or "")

    @property
    def reply_to(self) -> str | None:
        """The id of the activity that it answers."""
        return self.activity.get("replyToId")

    @property
    def is_labelled_ai(self) -> bool:
        """Whether it bears the label "AI generated"."""
        return root_entity(self.activity).get("additionalType") == ["AIGeneratedContent"]

    @property
    def citations(self) -> dict[int, dict[str, Any]]:
        """What opens at each mark [n]: name, abstract, url and so on."""
        return {one["position"]: one["appearance"] for one in root_entity(self.activity).get("citation") or ()}

    @property
    def feedback(self) -> str | None:
        """Which form its thumbs open, default or custom; None without thumbs."""
        data = self.activity.get("channelData") or {}
        return (data.get("feedbackLoop") or {}).get("type") or ("default" if data.get("feedbackLoopEnabled") else None)

    @property
    def cards(self) -> list[dict[str, Any]]:
        """Its Adaptive Cards."""
        return [one["content"] for one in self.activity.get("attachments") or () if one.get("contentType") == CARD]

    @property
    def suggestions(self) -> list[str]:
        """The titles of the suggested prompts that are shown."""
        actions = (self.activity.get("suggestedActions") or {}).get("actions") or []
        return [action["title"] for action in actions][:SHOWN_SUGGESTIONS]
