"""index.readers: every kind of file to articles; what cannot be read becomes a reading with the reason."""

from __future__ import annotations

import gzip
import json
import os
from datetime import date, datetime
from pathlib import Path

import pytest

from index.article import Article
from index.readers import MAX_CHARS, ReadError, count, decode, front_matter, is_address, parse_day, read, stated_day


def articles(path: Path) -> list[Article]:
    """The articles at `path`, all of which must be readable."""
    readings = list(read(str(path)))
    assert [reading.error for reading in readings] == [""] * len(readings)
    return [reading.article for reading in readings if reading.article]


def errors(path: Path) -> list[tuple[str, str]]:
    """(place inside the folder of `path`, error) of what could not be read."""
    return [
        (Path(reading.place).name, reading.error)
        for reading in read(str(path))
        if reading.error and not reading.article
    ]


def test_a_text_file_is_an_article_titled_by_its_first_line(write):
    folder = write({"a.txt": "Nine killed in Tazirbu\r\n\r\nMilitants attacked the oasis.\r\n"})
    (article,) = articles(folder / "a.txt")
    assert article.text == "Nine killed in Tazirbu\n\nMilitants attacked the oasis.\n"
    assert (article.title, article.source, article.url, article.published) == (
        "Nine killed in Tazirbu",
        "a.txt",
        None,
        None,
    )


def test_a_text_file_may_state_its_day_near_its_top(write):
    folder = write({"a.txt": " date 2018-11-25 There are an estimated 3,000 fighters."})
    assert articles(folder / "a.txt")[0].published == date(2018, 11, 25)


MARKDOWN = """\
---
title: Nine killed
source: The Herald
url: https://herald.test/nine?utm_source=x
published: 2018-11-25
authors: [Ann Bell, Carl Dow]
extra: is ignored
---

# A heading

Militants attacked *the oasis* of
[Tazirbu](https://map.test), a **source** said.

- nine dead
- `ten` hurt

![a picture](x.png) <b>Raw</b> marks.

    indented code
"""


def test_markdown_with_front_matter(write):
    (article,) = articles(write({"a.md": MARKDOWN}) / "a.md")
    assert article.title == "Nine killed"
    assert article.source == "The Herald"
    assert article.url == "https://herald.test/nine"
    assert article.published == date(2018, 11, 25)
    assert article.authors == ("Ann Bell", "Carl Dow")
    assert article.text == (
        "Militants attacked the oasis of Tazirbu, a source said.\n\n"
        "nine dead\n\nten hurt\n\nRaw marks.\n\nindented code"
    )


def test_markdown_without_front_matter_is_titled_by_its_heading(write):
    (article,) = articles(
        write({"a.markdown": "# Nine *killed*\n\nIn Tazirbu.\n\n## And after\n\nTen."}) / "a.markdown"
    )
    assert (article.title, article.source) == ("Nine killed", "a.markdown")
    assert article.text == "In Tazirbu.\n\nAnd after\n\nTen."


def test_front_matter_with_windows_line_ends(write):
    (article,) = articles(write({"a.md": MARKDOWN.replace("\n", "\r\n")}) / "a.md")
    assert (article.title, article.published) == ("Nine killed", date(2018, 11, 25))


@pytest.mark.parametrize("written", ["2018-11-25", "2018-11-25 10:30:00", "'2018/11/25'", '"2018-11-25T10:30:00Z"'])
def test_a_day_in_front_matter_may_have_a_time_after_it(write, written):
    (article,) = articles(write({"a.md": f"---\npublished: {written}\n---\nText."}) / "a.md")
    assert article.published == date(2018, 11, 25)


def test_front_matter_gives_its_fields_and_the_rest():
    assert front_matter("---\ntitle: A\n---\nText.") == ({"title": "A"}, "Text.")
    assert front_matter("---\n---\nText.") == ({}, "---\n---\nText.")
    assert front_matter("Text.\n---\ntitle: A\n---\n") == ({}, "Text.\n---\ntitle: A\n---\n")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("---\ntitle: [\n---\nText.", "the front matter is not YAML"),
        ("---\ntitle: " + "[" * 1_000 + "\n---\nText.", "the front matter is not YAML (nested too deeply)"),
        ("---\n- a\n---\nText.", "the front matter is not a list of `name: value` lines"),
        ("---\npublished: yesterday\n---\nText.", "published 'yesterday' is not a date: write it as 2018-11-25"),
        ("---\npublished: 2018-02-30\n---\nText.", "the front matter is not YAML (day is out of range for month)"),
        ("---\nurl: file:///etc/passwd\n---\nText.", "url 'file:///etc/passwd' is not an http(s) address"),
        ("---\ntitle: A\n---\n\n", "empty: it holds no text"),
    ],
)
def test_markdown_that_cannot_be_understood_says_why(write, content, error):
    ((name, reason),) = errors(write({"a.md": content}))
    assert name == "a.md"
    assert reason.startswith(error)


PAGE = """\
<!doctype html><html lang="en"><head><title>Nine killed in Tazirbu | The Herald</title>
<meta property="og:title" content="Nine killed in Tazirbu"><meta property="og:site_name" content="The Herald">
<meta property="article:published_time" content="2018-11-25T08:00:00+00:00"><meta name="author" content="Ann Bell">
</head><body><nav><a href="/">Home</a><a href="/sport">Sport</a></nav><article><h1>Nine killed in Tazirbu</h1>
<p>Militants attacked a police station in the oasis of Tazirbu in the southeast of the country on Sunday.</p>
<p>Nine policemen were killed &amp; eleven civilians were taken away, a security source told the paper.</p></article>
<footer>Subscribe to our newsletter</footer></body></html>"""


def test_a_page_is_its_article_without_the_menu(write):
    (article,) = articles(write({"a.html": PAGE}) / "a.html")
    assert "Nine policemen were killed & eleven civilians were taken away" in article.text
    assert "Sport" not in article.text
    assert "newsletter" not in article.text
    assert (article.title, article.source, article.published) == (
        "Nine killed in Tazirbu",
        "The Herald",
        date(2018, 11, 25),
    )
    assert article.authors == ("Ann Bell",)


@pytest.mark.parametrize("page", ["<html><body></body></html>", "<!-- only a comment -->", "<html><script>1</script>"])
def test_a_page_without_an_article_says_so(write, page):
    assert errors(write({"a.htm": page})) == [("a.htm", "empty: the page holds no article text")]


LINES = [
    {"text": "One.", "title": "First", "source": "S", "url": "http://x.org/1", "published": "2018-11-25"},
    {"text": "Two.", "publish_date": "2018/11/26", "authors": ["Ann", "Bob"]},
    {"text": "Three.", "published": None, "publish_date": None, "authors": "Ann", "more": {"a": 1}},
]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "A.JSONL.GZ"])
def test_one_article_a_line(write, name):
    content = "\n\n".join(map(json.dumps, LINES)).encode()
    folder = write({name: gzip.compress(content) if name.lower().endswith("gz") else content})
    one, two, three = articles(folder / name)
    assert (one.text, one.title, one.source, one.url) == ("One.", "First", "S", "http://x.org/1")
    assert one.published == date(2018, 11, 25)
    assert (two.text, two.title, two.source, two.published) == ("Two.", "Two.", name, date(2018, 11, 26))
    assert two.authors == ("Ann", "Bob")
    assert (three.published, three.authors) == (None, ("Ann",))
    assert count([str(folder)]) == 5  # lines, those that are empty included, are quicker to count than to read


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"{", "the line is not JSON"),
        (b"[" * 100_000, "the line is not JSON"),
        (b"3", "the line holds int, not an object with a text"),
        (b"{}", "the object has no text (a string under the key 'text')"),
        (b'{"text": 3}', "the object has no text (a string under the key 'text')"),
        (b'{"text": " \\n"}', "empty: it holds no text"),
        (b'{"text": "T", "published": "soon"}', "published 'soon' is not a date: write it as 2018-11-25"),
        (b'{"text": "T", "url": 3}', "url '3' is not an http(s) address"),
        (b'{"text": "T", "url": "http://["}', "url 'http://[' is not an address: Invalid IPv6 URL"),
        (b'{"text": "\xff"}', "it is not UTF-8 text (byte 10 is wrong): save it as UTF-8"),
        (b'{"text": "a\x00"}', "it is binary, not text"),
        (b'{"text": "T", "n": ' + b"9" * 5_000 + b"}", "Exceeds the limit"),
    ],
)
def test_one_bad_line_does_not_stop_the_good_ones(write, line, error):
    folder = write({"a.jsonl": b'{"text": "Before."}\n' + line + b'\n{"text": "After."}\n'})
    before, bad, after = read(str(folder / "a.jsonl"))
    assert before.article
    assert after.article
    assert (before.article.text, after.article.text) == ("Before.", "After.")
    assert bad.article is None
    assert bad.place == f"{folder / 'a.jsonl'}:2"
    assert bad.error.startswith(error)


def test_half_a_surrogate_pair_in_json_becomes_the_replacement_character(write):
    folder = write({"a.jsonl": '{"text": "half \\ud83d", "title": "\\ud800", "url": "http://x.org/\\udfff"}'})
    (article,) = articles(folder / "a.jsonl")
    assert (article.text, article.title, article.url) == ("half \ufffd", "\ufffd", "http://x.org/\ufffd")


def test_a_line_longer_than_the_limit_is_passed_over(write):
    long = b'{"text": "' + b"x" * (MAX_CHARS + 7) + b'"}'
    folder = write({"a.jsonl": long + b'\n{"text": "After."}\n' + long})
    readings = list(read(str(folder / "a.jsonl")))
    problem = "the line is longer than 20,000,000 bytes: split the article"
    assert [(reading.place[-2:], reading.error) for reading in readings] == [(":1", problem), ("", ""), (":3", problem)]


def test_a_file_larger_than_the_limit_is_refused(write):
    assert errors(write({"a.txt": b"x" * (MAX_CHARS + 1)})) == [
        ("a.txt", "it is larger than 20,000,000 bytes: split it into articles")
    ]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "empty: it holds no text"),
        (b" \r\n\t", "empty: it holds no text"),
        (b"\xef\xbb\xbf", "empty: it holds no text"),
        (b"\x7fELF\x00\x01", "it is binary, not text"),
        (b"caf\xe9", "it is not UTF-8 text (byte 3 is wrong): save it as UTF-8"),
        (b"\xff\xfeA", "it is not UTF-8 text (byte 2 is wrong): save it as UTF-8"),
    ],
    ids=["empty", "blank", "mark only", "binary", "Latin-1", "cut UTF-16"],
)
def test_a_text_file_that_holds_no_text_says_why(write, content, error):
    assert errors(write({"a.txt": content})) == [("a.txt", error)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_utf_8_and_marked_utf_16_are_read(encoding):
    mark = {"utf-16-le": "\ufeff", "utf-16-be": "\ufeff"}.get(encoding, "")
    assert decode((mark + "تازربو 👍").encode(encoding)) == "تازربو 👍"


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.jsonl.gz", b"not gzip at all", "Not a gzipped file"),
        ("a.jsonl.gz", gzip.compress(b'{"text": "One."}\n' * 999, mtime=0)[:-12], "Compressed file ended"),
        ("a.jsonl.gz", gzip.compress(b"", mtime=0), "empty: it holds no text"),
        ("a.jsonl", b"\n \n", "empty: it holds no text"),
    ],
)
def test_a_file_of_lines_that_breaks_off_says_why(write, name, content, error):
    *_, (place, reason) = errors(write({name: content}))
    assert place == name
    assert reason.startswith(error)


def test_a_folder_is_read_whole_in_order_of_names_without_hidden_and_foreign_files(write):
    folder = write(
        {
            "b.txt": "B.",
            "a/deep/er.md": "Deep.",
            "a.txt": "A.",
            ".hidden.txt": "No.",
            ".git/config.txt": "No.",
            "a/.cache/x.txt": "No.",
            "picture.png": b"\x89PNG",
            "table.csv": "a,b",
            "UPPER.TXT": "Upper.",
        }
    )
    (folder / "folder.txt").mkdir()
    assert [article.text for article in articles(folder)] == ["Upper.", "Deep.", "A.", "B."]
    assert count([str(folder), str(folder / "a.txt")]) == 5


def test_a_folder_below_a_hidden_one_can_be_read_by_name(write):
    folder = write({"a.txt": "A."}, ".articles")
    assert [article.text for article in articles(folder)] == ["A."]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing.txt", "No such file or directory"),
        ("missing", "no such file or folder"),
        ("~no-such-user/a", "no such file or folder"),
        ("report.pdf", "cannot be read as an article: use one of .txt, .md, .markdown, .html, .htm, .jsonl, .jsonl.gz"),
    ],
)
def test_what_is_no_article_says_why(write, monkeypatch, name, error):
    monkeypatch.chdir(write({"report.pdf": b"%PDF"}))
    ((reading),) = read(name)
    assert (reading.article, reading.error) == (None, error)
    assert reading.place.endswith(name)


def test_a_folder_without_articles_says_which_files_it_looked_for(write):
    ((_, error),) = errors(write({"a.csv": "1"}))
    assert error.startswith("no articles in this folder: it holds none of .txt, .md,")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_an_unreadable_file_says_so(write):
    folder = write({"a.txt": "A.", "b.txt": "B."})
    (folder / "a.txt").chmod(0)
    assert errors(folder) == [("a.txt", "Permission denied")]


def test_a_file_whose_name_is_no_text_is_read(write):
    folder = write({})
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("Coffee.")
    (reading,) = read(str(folder))
    assert reading.article
    assert reading.article.source == "caf\ufffd.txt"
    assert reading.origin == f"{folder}/caf\\udce9.txt"


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (None, None),
        ("2018-11-25", date(2018, 11, 25)),
        (" 2018/11/5", date(2018, 11, 5)),
        ("2018-11-25T23:59:59+02:00", date(2018, 11, 25)),
        (date(2018, 11, 25), date(2018, 11, 25)),
        (datetime(2018, 11, 25, 9), date(2018, 11, 25)),
    ],
)
def test_days_that_are_understood(value, day):
    assert parse_day(value) == day
    assert type(parse_day(value)) in (date, type(None))


@pytest.mark.parametrize(
    "value", ["25.11.2018", "2018-13-01", "2018-11-255", "20181125", 2018, True, "0000-01-01", [1]]
)
def test_days_that_are_refused_by_name(value):
    with pytest.raises(ReadError, match=r"is not a date: write it as 2018-11-25"):
        parse_day(value)


def test_a_text_states_its_day_only_near_its_top_and_only_after_a_word_that_says_so():
    assert stated_day("Published on: 2018/11/25\nText.") == date(2018, 11, 25)
    assert stated_day("Posted 2018-11-25") == date(2018, 11, 25)
    assert stated_day("On 2018-11-25 it rained.") is None
    assert stated_day("Updated 2018-13-25") is None
    assert stated_day("x" * 300 + " date 2018-11-25") is None


def test_what_is_fetched_rather_than_opened():
    assert is_address("http://x.org")
    assert is_address("https://x.org")
    assert not is_address("x.org")
    assert count(["https://x.org", "a.txt"]) is None
