"""Quotedesk in Microsoft Teams (docs/teams.md)."""

from ui.teams.door import PATH, TeamsSettingsError, check, mount

__all__ = ["PATH", "TeamsSettingsError", "check", "mount"]
