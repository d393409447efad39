"""Quotedesk in Slack, beside a stand-in of Slack that is tested here too."""
