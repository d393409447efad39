"""Article and Passage: the two values that everything in `index` passes around."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields
from datetime import date
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# Everything a terminal, a browser or SQLite could take for a command, apart from tab and newline; and lone surrogates,
# which no UTF-8 output can carry.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRACKING = re.compile(r"^(utm_|fbclid$|gclid$|mc_cid$|mc_eid$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Article:
    """One article as it is stored. Offsets into `text` count Unicode code points.

    `source` is who published it (an outlet, or the name of the file when nothing better is known), `published` the day
    it appeared, None when unknown. Make one with `article`, which keeps `text` canonical and derives `id`.
    """

    id: str
    text: str
    title: str
    source: str
    url: str | None = None
    published: date | None = None
    authors: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A hash of every field: equal exactly when nothing about the article changed."""
        return _digest(*(str(getattr(self, field.name)) for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Passage:
    """A window of an article: `article.text[start:end]`, in code points."""

    article_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Which articles may answer: published from `start` to `end` (inclusive), by one of `sources` (any case).

    None and () leave that side open. An article without a date is always inside the dates.
    """

    start: date | None = None
    end: date | None = None
    sources: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether every article is inside."""
        return not (self.start or self.end or self.sources)

    def holds(self, article: Article) -> bool:
        """Whether `article` is inside."""
        day, source = article.published, article.source.casefold()
        in_time = not day or ((self.start or day) <= day <= (self.end or day))
        return in_time and (not self.sources or source in {name.casefold() for name in self.sources})


EVERYTHING = Scope()


def article(
    text: str,
    *,
    title: str = "",
    source: str = "",
    file_name: str = "",
    url: str | None = None,
    published: date | None = None,
    authors: tuple[str, ...] = (),
) -> Article:
    """Build an Article, with its canonical text, an id that depends on nothing but what it is, and no blank labels.

    The id comes from the canonical URL; without one, from the outlet, day, title and text, so that the same article
    read twice is the same article. Raises ValueError when there is no text.
    """
    text = canonical_text(text)
    if not text.strip():
        raise ValueError("empty: it holds no text")
    url = canonical_url(url) if url else None
    title = _one_line(title) or headline(text)
    source = _one_line(source)
    identity = (url,) if url else (source, str(published), title, text)
    label = source or (site(url) if url else "") or _one_line(file_name) or "unnamed"
    authors = tuple(name for name in map(_one_line, authors) if name)
    return Article(_digest(*identity)[:16], text, title, label, url, published, authors)


def canonical_text(text: str) -> str:
    r"""The one form of a text that is stored and that offsets refer to.

    Line ends become `\n`, control characters go and lone surrogates become U+FFFD; every other code point stays as it
    is (no Unicode normalisation: a quote must be findable in the original).
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _UNPRINTABLE.sub("", text))


def canonical_url(url: str) -> str:
    """One spelling for one address: host in lower case, no fragment, no tracking parameters, no trailing slash."""
    try:
        parts = urlsplit(_one_line(url))
        query = urlencode([(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k)])
        return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/"), query, ""))
    except ValueError as error:
        raise ValueError(f"url {url[:80]!r} is not an address: {error}") from error


def site(url: str) -> str:
    """The host of an address without `www.`: who published it, when nothing says so better."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def headline(text: str, max_chars: int = 90) -> str:
    """A title for an article that has none: its first line that says something, cut at a word."""
    line = next((line for line in map(_one_line, text.split("\n")) if len(line) > 3), _one_line(text))
    if len(line) <= max_chars:
        return line
    return line[:max_chars].rsplit(" ", 1)[0].rstrip(" ,;:-–—") + "…"


def _one_line(text: str) -> str:
    return " ".join(canonical_text(text).split())


def _digest(*parts: str) -> str:
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()
