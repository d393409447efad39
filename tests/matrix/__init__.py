"""Quotedesk in Matrix, on a real Synapse."""
