"""What `scripts/train_reader.py` learns from and is scored on: questions on texts, dealt into splits by article.

squadshifts (CC BY 4.0) and squad2-half (CC BY-SA 4.0) in SQuAD's format, QAMR (MIT) in its own. Every question keeps
the answer of each of its annotators. Two kinds of unanswerable question are added, both of our making: the question put
to another paragraph on the same matter, and the question with one of its names, places or numbers swapped for another
that stands after the same word in some other question of the same kind. `scripts/twists.py` has more of them.
"""

from __future__ import annotations

import csv
import json
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from index.lexical import LexicalIndex, Words, terms
from index.passages import Span, sentences

Split = Literal["train", "dev", "test"]
TEST_PERCENT, DEV_PERCENT = 14, 8
FILES = {
    "wiki": "squadshifts/new_wiki_v1.0.json",
    "reddit": "squadshifts/reddit_v1.0.json",
    "amazon": "squadshifts/amazon_reviews_v1.0.json",
    "squad2": "squad2-half/train.json",
}
NAME = re.compile(r"(?<![.?!] )(?<!^)\b(?:[A-Z][\w'’.-]*\w)(?: (?:of |the |de |al-)?[A-Z][\w'’.-]*\w)*|\b\d[\d,.]*\b")
_LIST = re.compile(r",? and |,? or |, ")
_UNTOKENIZED = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "``": '"', "''": '"'}
_GLUED_LEFT, _GLUED_RIGHT = {",", ".", ";", ":", "?", "!", ")", "]", "%", "'s", "'", "n't"}, {"(", "[", "$", "£", "€"}


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the text it is put to.

    `answers` are one annotator's spans each, none when it has no answer; `near` is then what might be taken for one.
    """

    kind: str
    question: str
    title: str
    text: str
    answers: tuple[tuple[Span, ...], ...]
    near: Span | None = None


def split_of(article: str) -> Split:
    """Where all questions about an article belong, by a hash of its title."""
    number = zlib.crc32(f"reader{article}".encode()) % 100
    return "test" if number < TEST_PERCENT else "dev" if number < TEST_PERCENT + DEV_PERCENT else "train"


def squad(data: Path, kind: str, split: Split) -> Iterator[Example]:
    """The questions of one file of FILES in one split."""
    articles: list[dict[str, Any]] = json.loads((data / FILES[kind]).read_text("utf-8"))["data"]
    if len(articles) == 1:  # reddit: every post is its own article
        articles = [{"title": p["context"][:40], "paragraphs": [p]} for p in articles[0]["paragraphs"]]
    for article in articles:
        if split_of(article["title"]) != split:
            continue
        title = article["title"].replace("_", " ") if kind in {"wiki", "squad2"} else ""
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                spans = [(_span(answer),) for answer in asked["answers"] if not asked.get("is_impossible")]
                near = next((_span(answer) for answer in asked.get("plausible_answers", [])), None)
                yield Example(kind, asked["question"].strip(), title, paragraph["context"], tuple(spans), near)


def _span(answer: dict[str, Any]) -> Span:
    return Span(answer["answer_start"], answer["answer_start"] + len(answer["text"]))


def qamr(data: Path, split: Split) -> Iterator[Example]:
    """QAMR's questions over single sentences, put back from tokens into running text."""
    folder = data / "qamr"
    sentences = {}
    for line in (folder / "wiki-sentences.tsv").read_text("utf-8").splitlines():
        name, _, tokens = line.partition("\t")
        sentences[name] = untokenized(tokens.split(" "))
    for name in ("dev.tsv", "test.tsv"):
        with (folder / name).open(encoding="utf-8", newline="") as lines:
            for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                text, places = sentences[row[0]]
                if split_of(row[0]) != split:
                    continue
                chosen = [row[6], *(answer.partition(":")[2] for answer in row[7:9])]
                spans = [_runs([int(n) for n in one.split()], places) for one in chosen if re.fullmatch(r"[\d ]+", one)]
                if any(spans):
                    yield Example("qamr", row[5].strip(), "", text, tuple(filter(None, spans)))


def untokenized(tokens: Sequence[str]) -> tuple[str, list[Span]]:
    """Running text, and where each token stands in it."""
    text, places, glue, inside = "", [], True, False
    for token in tokens:
        word = _UNTOKENIZED.get(token, token).replace("\\/", "/")
        closing = word == '"' and inside
        if word == '"':
            inside = not inside
        if not (glue or closing or word in _GLUED_LEFT or (word.startswith("'") and len(word) < 4)):
            text += " "
        places.append(Span(len(text), len(text) + len(word)))
        text += word
        glue = word in _GLUED_RIGHT or (word == '"' and inside)
    return text, places


def _runs(numbers: list[int], places: Sequence[Span]) -> tuple[Span, ...]:
    """Spans of the tokens with those numbers; a gap of one token is closed."""
    spans: list[Span] = []
    last = -9
    for number in sorted(set(numbers)):
        if number - last <= 2:
            spans[-1] = Span(spans[-1].start, places[number].end)
        else:
            spans.append(places[number])
        last = number
    return tuple(spans)


def items(text: str, span: Span) -> list[Span]:
    """The members of a span that is a list of short things ("A, B and C"); the span itself when it is none."""
    found, start = [], span.start
    for match in [*_LIST.finditer(text, span.start, span.end), None]:
        end = match.start() if match else span.end
        if not 0 < len(text[start:end].split()) <= 4:
            return [span]
        found.append(Span(start, end))
        start = match.end() if match else span.end
    initial = {text[one.start].isupper() for one in found}
    return found if len(found) > 1 and len(initial) == 1 else [span]


def moved(examples: Sequence[Example], draw: random.Random) -> list[Example]:
    """Each question put to a paragraph that BM25 finds for it, other than its own, that holds none of its answers."""
    texts = sorted({(e.kind, e.title, e.text) for e in examples})
    words = (Words(number, terms(f"{title} {text}"), set()) for number, (_, title, text) in enumerate(texts))
    index = LexicalIndex.empty().updated(words)
    found = []
    for example in examples:
        golds = [example.text[s.start : s.end].casefold() for spans in example.answers for s in spans]
        weights = dict.fromkeys(terms(example.question), 1.0)
        others = [
            texts[number]
            for number, _ in index.search(weights, 6)
            if texts[number][2] != example.text and not any(gold in texts[number][2].casefold() for gold in golds)
        ]
        if golds and others:
            kind, title, text = draw.choice(others)
            found.append(Example(f"{kind} moved", example.question, title, text, ()))
    return found


def retrieved(examples: Sequence[Example], draw: random.Random) -> list[Example]:
    """Each question put to two windows of sentences that BM25 finds for it and that hold none of its answers.

    The program reads such windows, and most of them do not answer. One is from the question's own text; the other from
    another, and only for a question that names something, as "What did he say?" may have an answer anywhere.
    """
    texts = sorted({(e.title, e.text) for e in examples})
    windows = [(title, text, span) for title, text in texts for span in pairs(text)]
    held = (terms(f"{title} {text[span.start : span.end]}") for title, text, span in windows)
    words = (Words(number, own, set()) for number, own in enumerate(held))
    index = LexicalIndex.empty().updated(words)
    found = []
    for example in examples:
        golds = [example.text[s.start : s.end].casefold() for spans in example.answers for s in spans]
        if not golds:
            continue
        own, others = [], []
        for number, _ in index.search(dict.fromkeys(terms(example.question), 1.0), 12):
            title, text, span = windows[number]
            window = text[span.start : span.end]
            if not any(gold in window.casefold() for gold in golds):
                (own if text == example.text else others).append((title, window))
        for near in (own, others if NAME.search(example.question) else []):
            if near:
                title, window = draw.choice(near[:4])
                found.append(Example(f"{example.kind} retrieved", example.question, title, window, ()))
    return found


def pairs(text: str) -> list[Span]:
    """Every two sentences that follow each other; the whole of a text that has but one."""
    found = sentences(text)
    return [Span(one.start, other.end) for one, other in pairwise(found)] or found


def swapped(examples: Sequence[Example], draw: random.Random) -> list[Example]:
    """Each question that holds a name or a number, with that swapped for one its paragraph does not hold."""
    after: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    places = []
    for example in examples:
        for match in NAME.finditer(example.question):
            name = match.group()
            before = example.question[: match.start()].split()[-1:]
            shape = re.sub(r"\d", "0", name) if name[0].isdigit() else ""
            key = (example.kind, before[0].casefold() if before else "", shape)
            after[key][name] = None
            if example.answers:
                places.append((example, match.span(), key))
    found = []
    for example, (start, end), key in places:
        held = f"{example.title} {example.text}".casefold()
        names = [name for name in after[key] if name.casefold() not in held]
        if names:
            question = example.question[:start] + draw.choice(names) + example.question[end:]
            found.append(
                replace(
                    example, kind=f"{example.kind} swapped", question=question, answers=(), near=example.answers[0][0]
                )
            )
    return found
