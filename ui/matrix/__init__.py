"""Quotedesk in Matrix (docs/matrix.md)."""

from ui.matrix.bot import run
from ui.matrix.login import MatrixError, account

__all__ = ["MatrixError", "account", "run"]
