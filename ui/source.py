"""The source drawer: the address of a quote, and the article around it as HTML."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from urllib.parse import quote as percent_encoded
from urllib.parse import unquote, urlsplit

from bot.answer import Quote
from bot.desk import Desk
from index.article import Article
from index.catalogue import UnknownArticleError
from ui.shown import day, inert, web_page

CHECKED = "Checked just now: the {} words stand in the article, letter for letter."
CHANGED = "This quote no longer stands in the article, which has changed since."
GONE = "This article is no longer in the archive."
_PARAGRAPH_END, _LINE_END = re.compile(r"\n[^\S\n]*\n\s*"), re.compile(r"\n")
_ADDRESS = re.compile(r"#cite-(.+)-(\d{1,9})-(\d{1,9})-([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands, and the digest of its words, by which they are known again."""

    article_id: str
    start: int
    end: int
    digest: str

    @classmethod
    def of(cls, quote: Quote) -> Place:
        """The place of `quote`."""
        return cls(quote.article_id, quote.start, quote.end, _digest(quote.text))

    @classmethod
    def at(cls, address: str) -> Place:
        """The place that `address` leads to. ValueError when it is no address of a quote."""
        match = _ADDRESS.fullmatch(address)
        if not match:
            raise ValueError(f"{address[:80]!r} is not the address of a quote")
        return cls(unquote(match[1]), int(match[2]), int(match[3]), match[4])

    @property
    def address(self) -> str:
        """The link of a citation, within the page."""
        return f"#cite-{percent_encoded(self.article_id, safe='')}-{self.start}-{self.end}-{self.digest}"

    def is_exact(self, article: Article) -> bool:
        """Whether the very words of the quote stand there in `article`."""
        return self.start < self.end and _digest(article.text[self.start : self.end]) == self.digest


def around(text: str, start: int, end: int, most: int) -> tuple[str, str]:
    """What stands in `text` before `start`, from the paragraph before on, and after `end`, to the end of the next.

    Each has at most `most` characters, and an ellipsis where it begins or ends within a paragraph.
    """
    ends = list(_PARAGRAPH_END.finditer(text)) or list(_LINE_END.finditer(text))
    first = [0, 0, *(found.end() for found in ends if found.end() <= start)][-2]
    last = [*(found.start() for found in ends if found.start() >= end), len(text), len(text)][1]
    before, after = text[first:start], text[end:last].rstrip()
    if len(before) > most:
        before = "… " + before[-most:].partition(" ")[2]
    if len(after) > most:
        after = after[:most].rpartition(" ")[0] + " …"
    return before, after


def drawer(desk: Desk, address: str) -> str:
    """The article that `address` leads to, its quote marked; or, as HTML too, why there is nothing to mark."""
    try:
        place = Place.at(address)
        article = desk.article(place.article_id)
    except ValueError:
        return _panel(_problem("This link leads to no quote."))
    except UnknownArticleError:
        return _panel(_problem(GONE))
    if not place.is_exact(article):
        problem = _problem(f"{CHANGED} It reads now:")
        return _page(article, problem, _text(article.text))
    start, end = place.start, place.end
    mark = f'<mark id="source-quote" tabindex="-1">{_text(article.text[start:end])}</mark>'
    checked = (
        f'<p class="source-check">{CHECKED.format("marked")}</p>'
        f'<button type="button" class="source-copy" data-copy="{_text(_reference(article, start, end))}">'
        "Copy quote</button>"
    )
    return _page(article, checked, _text(article.text[:start]) + mark + _text(article.text[end:]))


def _panel(content: str) -> str:
    return (
        '<div class="source-bar"><span>Source</span>'
        '<button type="button" class="source-close" aria-label="Close the source">×</button></div>'
        f"<article>{content}</article>"
    )


def _page(article: Article, note: str, text: str) -> str:
    authors = f'<p class="source-authors">By {_text(", ".join(article.authors))}</p>' if article.authors else ""
    return _panel(
        f'<p class="source-outlet"><bdi>{_text(article.source)}</bdi>, {day(article.published)}</p>'
        f'<h2 id="source-title" dir="auto">{_text(article.title)}</h2>'
        f"{authors}{_original(article.url)}"
        f'<div class="source-note">{note}</div>'
        f'<div class="source-text" dir="auto">{text}</div>'
    )


def _original(url: str | None) -> str:
    """A link to where the article was published, when that is a web page; it names the host, which addresses hide."""
    page = web_page(url)
    if not page:
        return ""
    return (
        f'<p class="source-link"><a href="{_text(page)}" target="_blank" rel="noopener noreferrer">'
        f"Read the original at {_text(urlsplit(page).hostname or '')}</a></p>"
    )


def _problem(message: str) -> str:
    return f'<p class="source-problem" role="alert">{message}</p>'


def _reference(article: Article, start: int, end: int) -> str:
    """The quote as a journalist would paste it: words, title, outlet and day, address."""
    words = " ".join(article.text[start:end].split())
    lines = [f"“{words}”", f"{article.title} ({article.source}, {day(article.published)})", article.url or ""]
    return "\n".join(line for line in lines if line)


def _text(text: str) -> str:
    return html.escape(inert(text))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
