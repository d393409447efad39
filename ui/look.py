"""How the chat page looks: its theme, its style sheet and its script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

STATIC = Path(__file__).parent / "static"
FAVICON = str(STATIC / "favicon.svg")


def head() -> str:
    """Our looks and our script; gradio's own `css` would rewrite selectors, so that some never match."""
    style, script = ((STATIC / name).read_text("utf-8") for name in ("chat.css", "chat.js"))
    return f"<style>{style}</style><script>{script}</script>"


def theme() -> Any:
    """Fonts of the reader's own machine: gradio's default theme would have its own."""
    sans = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
    return gr.themes.Base(primary_hue="blue", neutral_hue="slate", font=sans, font_mono=["ui-monospace", "monospace"])
