"""Quotedesk in Slack (docs/slack.md)."""

from ui.slack.connection import EVENTS, SlackSettingsError, check, mount, run

__all__ = ["EVENTS", "SlackSettingsError", "check", "mount", "run"]
