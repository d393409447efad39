"""Pages and feeds to Articles. Loaded only when there is HTML to read or an address to fetch."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import IO, cast
from urllib.parse import urljoin, urlsplit

import httpx
import trafilatura
from lxml import etree
from trafilatura.settings import Document

from index import readers
from index.article import Article, article, site
from index.readers import MAX_CHARS, ReadError, Reading

_TIMEOUT_S = 20.0
_FEED_ROOTS = {"rss", "feed", "RDF"}


def article_from_html(html: str, *, file_name: str = "", url: str | None = None) -> Article:
    """The article on a page, without menus and the like; title, site and day as the page states them."""
    found = trafilatura.bare_extraction(html, url=url, include_comments=False, with_metadata=True)
    if not isinstance(found, Document):
        found = Document()
    text = found.text or trafilatura.html2txt(html)
    if not text.strip():
        raise ReadError("empty: the page holds no article text")
    stated = found.url or url
    return article(
        text,
        title=found.title or "",
        source=found.sitename or (site(stated) if stated else ""),
        file_name=file_name,
        url=stated if stated and readers.is_address(stated) else None,
        published=_day(found.date),
        authors=tuple(name.strip() for name in (found.author or "").split(";") if name.strip()),
    )


def fetch(address: str) -> Iterator[Reading]:
    """The article at an http(s) address; for an RSS or Atom feed, the articles it links to."""
    try:
        content, kind, address_now = _get(address)
        links = _feed_links(content, address_now) if "html" not in kind else []
        if links:
            yield from _fetch_all(links)
        elif urlsplit(address_now).path.endswith((".jsonl", ".jsonl.gz")):
            yield from _json_lines(address, content)
        elif "html" in kind or content.lstrip()[:1] == b"<":
            yield Reading(address, article_from_html(readers.decode(content), url=address_now))
        else:
            text = readers.decode(content)
            yield Reading(address, article(text, url=address_now, published=readers.stated_day(text)))
    except (ValueError, OSError, EOFError, zlib.error, httpx.HTTPError, httpx.InvalidURL) as error:
        yield Reading(address, place=address, error=str(error) or type(error).__name__)


def _fetch_all(links: list[str]) -> Iterator[Reading]:
    for link in links:
        try:
            content, _, link_now = _get(link)
            yield Reading(link, article_from_html(readers.decode(content), url=link_now))
        except (ValueError, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            yield Reading(link, place=link, error=str(error) or type(error).__name__)


def _json_lines(address: str, content: bytes) -> Iterator[Reading]:
    file: IO[bytes] = io.BytesIO(content)
    if content.startswith(b"\x1f\x8b"):
        import gzip

        file = cast(IO[bytes], gzip.GzipFile(fileobj=file))
    yield from readers.json_lines(address, site(address), file)


def _get(address: str) -> tuple[bytes, str, str]:
    """(body, content type, final address); ReadError when it is refused or too large."""
    headers = {"User-Agent": "Quotedesk (news archive reader)"}
    with httpx.stream("GET", address, timeout=_TIMEOUT_S, follow_redirects=True, headers=headers) as response:
        if response.is_error:
            raise ReadError(f"the server answered {response.status_code} {response.reason_phrase}")
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > MAX_CHARS:
                raise ReadError(f"the page is larger than {MAX_CHARS:,} bytes")
        return bytes(body), response.headers.get("content-type", ""), str(response.url)


def _feed_links(content: bytes, base: str) -> list[str]:
    """The addresses of a feed's articles, in its order; [] when it is no feed."""
    with suppress(etree.XMLSyntaxError, ValueError):
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
        if etree.QName(root).localname in _FEED_ROOTS:
            items = root.xpath("//*[local-name()='item' or local-name()='entry']")
            links = [_item_link(item) for item in items]
            return list(dict.fromkeys(urljoin(base, link) for link in links if link))
    return []


def _item_link(item: etree._Element) -> str | None:
    for link in item.xpath("*[local-name()='link']"):
        if link.get("rel", "alternate") == "alternate":
            return (link.get("href") or link.text or "").strip() or None
    return None


def _day(stated: str | None) -> date | None:
    with suppress(ReadError):
        return readers.parse_day(stated)
    return None
