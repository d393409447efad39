"""Markdown as chat programs render it: HTML passes, as it does in some of them, and a line break is one."""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt

PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": False, "breaks": True})
OURS = {"p", "blockquote", "strong", "em", "a"}
"""The elements that an answer of ours may have."""


def tags(rendered: str) -> set[str]:
    """The names of all elements in HTML, and of what a browser might take for one."""
    return set(re.findall(r"<\s*/?([a-zA-Z!?][^\s/>]*)", rendered))


def read_back(markdown: str) -> str:
    """The words that a reader sees of a paragraph, with single spaces. AssertionError when it is not one paragraph."""
    rendered = PARSER.render(f"x{markdown}x")
    assert tags(rendered) == {"p"}
    return " ".join(html.unescape(rendered.removeprefix("<p>x").removesuffix("x</p>\n")).split())
