"""Files, folders and addresses to Articles. What cannot be read becomes a Reading with an error, never an exception."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

import yaml

from index.article import Article, article

MAX_CHARS = 20_000_000
"""Code points (bytes, for a file) of one article, one line or one page at the most."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One article out of `origin`, or the reason why there is none at `place` (the origin, or a line of it)."""

    origin: str
    article: Article | None = None
    place: str = ""
    error: str = ""


class ReadError(ValueError):
    """A file or a line that holds no article; the message says why."""


def read(target: str) -> Iterator[Reading]:
    """Every article at `target`: a file, a folder (read whole, in order of names) or an http(s) address."""
    if is_address(target):
        from index.web import fetch  # what only addresses need is loaded only for them

        return fetch(target)
    path = located(target)
    return _read_folder(path) if path.is_dir() else _read_file(path)


def located(target: str) -> Path:
    """The file or folder that is meant by `target`, as an absolute path."""
    with suppress(RuntimeError):  # "~nobody/file": there is no such user, and so no such file
        return Path(target).expanduser().resolve()
    return Path(target).resolve()


def named(path: Path) -> str:
    """The name of a file or folder as text; bytes of it that are no text are written as escapes."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def count(targets: Iterable[str]) -> int | None:
    """How many readings `targets` will give, None when that cannot be told before they are fetched."""
    total = 0
    for target in targets:
        if is_address(target):
            return None
        path = located(target)
        for file in _files(path) if path.is_dir() else [path]:
            total += _count_lines(file) if ".jsonl" in file.name.lower() else 1
    return total


def _count_lines(path: Path) -> int:
    with suppress(OSError, EOFError, zlib.error), path.open("rb") as raw:
        file = gzip.GzipFile(fileobj=raw) if path.name.lower().endswith(".gz") else raw
        lines, last = 0, b""
        for block in iter(lambda: file.read(1 << 20), b""):
            lines, last = lines + block.count(b"\n"), block[-1:]
        return lines + (last not in {b"", b"\n"})
    return 1


def is_address(target: str) -> bool:
    """Whether `target` is fetched rather than opened."""
    return target.startswith(("http://", "https://"))


def _read_folder(folder: Path) -> Iterator[Reading]:
    files = _files(folder)
    for path in files:
        yield from _read_file(path)
    if not files:
        kinds = ", ".join(_FORMATS)
        yield Reading(named(folder), place=named(folder), error=f"no articles in this folder: it holds none of {kinds}")


def _files(folder: Path) -> list[Path]:
    """The articles' files in a folder and below it, without hidden ones."""
    paths = (path for path in sorted(folder.rglob("*")) if _format(path) and path.is_file())
    return [path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def _read_file(path: Path) -> Iterator[Reading]:
    origin = named(path)
    reader = _format(path)
    if reader is None:
        kinds = ", ".join(_FORMATS)
        reason = f"cannot be read as an article: use one of {kinds}" if path.exists() else "no such file or folder"
        yield Reading(origin, place=origin, error=reason)
        return
    try:
        with path.open("rb") as file:
            yield from reader(path, file)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        yield Reading(origin, place=origin, error=_reason(error))


def _format(path: Path) -> Callable[[Path, IO[bytes]], Iterator[Reading]] | None:
    return next((reader for ending, reader in _FORMATS.items() if path.name.lower().endswith(ending)), None)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__


def _read_text(path: Path, file: IO[bytes]) -> Iterator[Reading]:
    text = decode(_whole(file))
    yield Reading(named(path), article(text, file_name=path.name, published=stated_day(text)))


def _read_markdown(path: Path, file: IO[bytes]) -> Iterator[Reading]:
    fields, body = front_matter(decode(_whole(file)))
    title, text = _plain(body)
    yield Reading(named(path), _from_fields({"title": title, **fields}, text, path.name))


def _read_html(path: Path, file: IO[bytes]) -> Iterator[Reading]:
    from index.web import article_from_html

    yield Reading(named(path), article_from_html(decode(_whole(file)), file_name=path.name))


def _read_jsonl(path: Path, file: IO[bytes]) -> Iterator[Reading]:
    lines = gzip.GzipFile(fileobj=file) if path.name.lower().endswith(".gz") else file
    yield from json_lines(named(path), path.name, lines)  # type: ignore[arg-type]


_FORMATS: dict[str, Callable[[Path, IO[bytes]], Iterator[Reading]]] = {
    ".txt": _read_text,
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".jsonl": _read_jsonl,
    ".jsonl.gz": _read_jsonl,
}


def json_lines(origin: str, name: str, file: IO[bytes]) -> Iterator[Reading]:
    """One article a line: an object with `text`, and any of title, source, url, published (publish_date), authors."""
    number, held = 0, False
    while line := file.readline(MAX_CHARS + 1):
        number += 1
        place = f"{origin}:{number}"
        if len(line) > MAX_CHARS:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_CHARS)
            yield Reading(origin, place=place, error=f"the line is longer than {MAX_CHARS:,} bytes: split the article")
        elif line.strip():
            try:
                yield Reading(origin, _from_json(line, name))
            except ValueError as error:
                yield Reading(origin, place=place, error=_reason(error))
        else:
            continue
        held = True
    if not held:
        raise ReadError("empty: it holds no text")


def _from_json(line: bytes, name: str) -> Article:
    try:
        record = json.loads(decode(line))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ReadError(f"the line is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise ReadError(f"the line holds {type(record).__name__}, not an object with a text")
    text = record.get("text")
    if not isinstance(text, str):
        raise ReadError("the object has no text (a string under the key 'text')")
    return _from_fields(record, text, name)


def _from_fields(fields: dict[str, Any], text: str, name: str) -> Article:
    """An Article from loosely typed fields; ReadError names the field that cannot be understood."""
    authors = fields.get("authors") or ()
    url = fields.get("url") or None
    if url is not None and not (isinstance(url, str) and is_address(url)):
        raise ReadError(f"url {str(url)[:80]!r} is not an http(s) address")
    return article(
        text,
        title=str(fields.get("title") or ""),
        source=str(fields.get("source") or ""),
        file_name=name,
        url=url,
        published=parse_day(fields.get("published") or fields.get("publish_date")),
        authors=tuple(map(str, authors)) if isinstance(authors, list | tuple) else (str(authors),),
    )


def parse_day(value: object) -> date | None:
    """A day from a date, or from text: ISO (`2018-11-25`, a time after it is ignored) or `2018/11/25`."""
    if value is None or isinstance(value, date):
        # A datetime is a date too; only its day is kept.
        return date(value.year, value.month, value.day) if value else None
    match = re.match(r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)", str(value))
    try:
        if not match:
            raise ValueError
        return date(*map(int, match.groups()))
    except ValueError:
        raise ReadError(f"published {str(value)[:80]!r} is not a date: write it as 2018-11-25") from None


def stated_day(text: str) -> date | None:
    """The day that a plain text states about itself near its top (`Published: 2018-11-25`), None when it does not."""
    pattern = r"\b(?:date|published|posted|updated)(?:\s+on)?\s*:?\s*(\d{4}[-/]\d{1,2}[-/]\d{1,2})(?!\d)"
    match = re.search(pattern, text[:300], re.IGNORECASE)
    try:
        return parse_day(match[1]) if match else None
    except ReadError:
        return None


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The YAML mapping between `---` lines at the top of a Markdown file, and the rest; ({}, text) when none is."""
    match = re.match(r"---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", text.replace("\r\n", "\n"), re.DOTALL)
    if not match:
        return {}, text
    try:
        fields = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())[:120]
        raise ReadError(f"the front matter is not YAML ({reason})") from error
    if fields is not None and not isinstance(fields, dict):
        raise ReadError("the front matter is not a list of `name: value` lines")
    return fields or {}, text.replace("\r\n", "\n")[match.end() :]


def decode(content: bytes) -> str:
    """Bytes to text: UTF-8, or UTF-16 with its mark. ReadError for anything else."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in content:
        raise ReadError("it is binary, not text")
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ReadError(f"it is not UTF-8 text (byte {error.start:,} is wrong): save it as UTF-8") from error


def _whole(file: IO[bytes]) -> bytes:
    content = file.read(MAX_CHARS + 1)
    if len(content) > MAX_CHARS:
        raise ReadError(f"it is larger than {MAX_CHARS:,} bytes: split it into articles")
    return content


def _plain(markdown: str) -> tuple[str, str]:
    """(title, text) of Markdown: its first heading, and its words without the marks, a blank line between blocks."""
    from markdown_it import MarkdownIt

    title = ""
    blocks: list[str] = []
    tokens = MarkdownIt("commonmark").parse(markdown)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "inline":
            text = "".join(_inline(child) for child in token.children or ()).strip()
            if not title and not blocks and before and before.type == "heading_open":
                title = text
            elif text:
                blocks.append(text)
        elif token.type in {"fence", "code_block"}:
            blocks.append(token.content.rstrip("\n"))
    return title, "\n\n".join(blocks)


def _inline(token: Any) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " " if token.type == "softbreak" else "\n"
    return token.content if token.type in {"text", "code_inline"} else ""
