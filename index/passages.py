"""Article text to passages: windows of whole sentences, with exact offsets, that the embedder sees in full."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sentencex

MAX_TOKENS = 200
"""Word pieces in a passage at the most; with a title before it, that stays within the 256 the model was trained on."""

_LINE = re.compile(r"[^\n]+")
_WRAPPED = range(45, 100)  # code points in a line that an editor, not an author, has broken
_SENTENCE_END = re.compile(r"[.!?:;…。！？؟۔][\"'”’»)\]]*\s*$")


class Span(NamedTuple):
    """Half-open range `[start, end)` of code points."""

    start: int
    end: int


def sentences(text: str) -> list[Span]:
    """Every sentence of `text`, in order, without the white space around it.

    A line break ends a sentence unless the text was hard-wrapped there; so captions, headings and list items, which
    have no full stop, stay by themselves.
    """
    found = []
    for start, end in _blocks(text):
        block, offset = text[start:end], start
        pieces = sentencex.segment("en", block)
        if "".join(pieces) != block:  # the splitter lost a character: better one long sentence than a wrong offset
            pieces = [block]
        for piece in pieces:
            span = _trim(text, offset, offset + len(piece))
            offset += len(piece)
            if span.end > span.start:
                found.append(span)
    return found


def passages(text: str, token_offsets: Sequence[tuple[int, int]], max_tokens: int = MAX_TOKENS) -> list[Span]:
    """Windows of whole consecutive sentences, each at most `max_tokens` tokens, that cover every sentence once.

    `token_offsets` are the (start, end) of the embedder's tokens in `text`, in code points. A sentence that is longer
    than a window is cut between words.
    """
    starts = [start for start, _ in token_offsets]

    def tokens(start: int, end: int) -> int:
        return bisect_left(starts, end) - bisect_left(starts, start)

    windows: list[Span] = []
    for sentence in sentences(text):
        for part in _cut(text, sentence, starts, max_tokens):
            if windows and tokens(windows[-1].start, part.end) <= max_tokens:
                windows[-1] = Span(windows[-1].start, part.end)
            else:
                windows.append(part)
    return windows


def _blocks(text: str) -> Iterator[Span]:
    """Lines, with those that were only wrapped joined again."""
    open_block: Span | None = None
    for match in _LINE.finditer(text):
        line = Span(match.start(), match.end())
        if open_block and _continues(text, open_block, line):
            open_block = Span(open_block.start, line.end)
            continue
        if open_block:
            yield open_block
        open_block = line
    if open_block:
        yield open_block


def _continues(text: str, block: Span, line: Span) -> bool:
    """Whether `line` goes on with the sentence that the line before it left open."""
    if line.start - block.end != 1:  # a blank line between
        return False
    last = text[max(text.rfind("\n", block.start, block.end) + 1, block.start) : block.end]
    if last.isspace() or text[line.start : line.end].isspace():
        return False
    if _SENTENCE_END.search(last):
        return len(last) in _WRAPPED and text[line.start].islower()
    return text[line.start].islower() or (len(last) in _WRAPPED and len(last.split()) > 5)


def _cut(text: str, sentence: Span, starts: Sequence[int], max_tokens: int) -> Iterator[Span]:
    """`sentence` itself, or pieces of at most `max_tokens` tokens, cut at white space where there is any."""
    start = sentence.start
    while True:
        limit = bisect_left(starts, start) + max_tokens
        if limit >= len(starts) or starts[limit] >= sentence.end:
            break
        hard = starts[limit]
        space = max(text.rfind(" ", start + 1, hard), text.rfind("\n", start + 1, hard))
        cut = space if space > start else max(hard, start + 1)
        piece = _trim(text, start, cut)
        if piece.end > piece.start:
            yield piece
        start = cut
    piece = _trim(text, start, sentence.end)
    if piece.end > piece.start:
        yield piece


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)
