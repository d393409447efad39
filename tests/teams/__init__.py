"""Quotedesk in Microsoft Teams, beside a stand-in of Teams that is tested here too."""
