"""Quotedesk in Microsoft Teams (docs/teams.md)."""

from ui.teams.door import MAX_BODY_BYTES, PATH, TeamsSettingsError, check, mount

__all__ = ["MAX_BODY_BYTES", "PATH", "TeamsSettingsError", "check", "mount"]
