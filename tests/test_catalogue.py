"""index.catalogue: the one copy of every text, in one SQLite file that takes all of a change or none of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given

from index.article import EVERYTHING, Article, Passage, Scope, article
from index.catalogue import Catalogue, CatalogueError, Coverage, UnknownArticleError
from index.passages import Span
from tests.texts import texts

OLD = article("Old news.", title="Old", source="The Herald", published=date(2015, 2, 17))
NEW = article("New news.", title="New", source="The Post", published=date(2018, 11, 25), url="http://post.test/new")
UNDATED = article("Some news.", title="Some", source="THE HERALD", authors=("Ann", "Bób"))


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    catalogue = Catalogue(tmp_path / "articles.sqlite3")
    yield catalogue
    catalogue.close()


@pytest.fixture
def three(catalogue: Catalogue) -> Catalogue:
    """Three articles, with the passages 1, 2 and 3."""
    with catalogue.transaction():
        for one in (OLD, NEW, UNDATED):
            catalogue.put(one)
            catalogue.put_passages(one.id, [Span(0, len(one.text))])
    return catalogue


def put(catalogue: Catalogue, one: Article) -> list[int]:
    with catalogue.transaction():
        return catalogue.put(one)


def test_an_article_comes_back_as_it_was_put_in(three):
    assert [three.article(one.id) for one in (OLD, NEW, UNDATED)] == [OLD, NEW, UNDATED]
    assert three.fingerprint(NEW.id) == NEW.fingerprint
    assert three.fingerprint("0" * 16) is None


@given(texts)
def test_any_text_comes_back_exactly(text):
    catalogue = Catalogue(Path(":memory:"))
    try:
        one = article(text + ".", title=text, source=text)
        put(catalogue, one)
        assert catalogue.article(one.id) == one
    finally:
        catalogue.close()


@pytest.mark.parametrize("article_id", ["nope", "", "\udcff", "x" * 100_000])
def test_an_unknown_id_is_named(catalogue, article_id):
    with pytest.raises(UnknownArticleError, match=r"^no article has the id ") as caught:
        catalogue.article(article_id)
    assert len(str(caught.value)) < 300


def test_an_article_put_in_again_replaces_the_one_of_its_id_and_drops_its_passages(three):
    newer = article("Newer news.", title="Newer", source="The Post", url="http://post.test/new")
    assert newer.id == NEW.id
    assert put(three, newer) == [2]
    assert three.article(NEW.id) == newer
    assert three.coverage(EVERYTHING).articles == 3
    assert three.passages([1, 2, 3]) == {1: Passage(OLD.id, 0, 9), 3: Passage(UNDATED.id, 0, 10)}


def test_the_key_of_a_passage_is_never_used_again(three):
    with three.transaction():
        assert three.remove(UNDATED.id) == [3]
        three.put(UNDATED)
        assert three.put_passages(UNDATED.id, [Span(0, 4), Span(5, 10)]) == [4, 5]
    assert three.passages([3, 4, 5, 99]) == {4: Passage(UNDATED.id, 0, 4), 5: Passage(UNDATED.id, 5, 10)}


def test_removing_an_unknown_article_changes_nothing_else(three):
    with three.transaction():
        assert three.remove("nope") == []
    assert three.count_passages() == 3


@pytest.mark.parametrize(
    ("scope", "keys", "coverage"),
    [
        (EVERYTHING, [1, 2, 3], Coverage(3, date(2015, 2, 17), date(2018, 11, 25))),
        (Scope(start=date(2018, 11, 25)), [2, 3], Coverage(2, date(2018, 11, 25), date(2018, 11, 25))),
        (Scope(start=date(2018, 11, 26)), [3], Coverage(1, None, None)),
        (Scope(end=date(2015, 2, 17)), [1, 3], Coverage(2, date(2015, 2, 17), date(2015, 2, 17))),
        (Scope(date(2016, 1, 1), date(2017, 1, 1)), [3], Coverage(1, None, None)),
        (Scope(sources=("the herald",)), [1, 3], Coverage(2, date(2015, 2, 17), date(2015, 2, 17))),
        (Scope(sources=("THE POST", "none")), [2], Coverage(1, date(2018, 11, 25), date(2018, 11, 25))),
        (Scope(date(2018, 1, 1), None, ("The Herald",)), [3], Coverage(1, None, None)),
        (Scope(sources=("Her", "'; DROP TABLE articles; --")), [], Coverage(0, None, None)),
    ],
    ids=str,
)
def test_a_scope_holds_its_articles_and_those_without_a_date(three, scope, keys, coverage):
    assert three.passage_keys(scope).tolist() == keys
    assert three.coverage(scope) == coverage


def test_the_day_of_each_passage(three):
    assert three.published([1, 2, 3, 4]) == {1: date(2015, 2, 17), 2: date(2018, 11, 25), 3: None}


def test_sources_are_counted_most_first(three):
    assert three.sources() == [("THE HERALD", 1), ("The Herald", 1), ("The Post", 1)]
    put(three, article("More.", source="The Post"))
    assert three.sources()[0] == ("The Post", 2)


def test_every_article_with_its_passages(three):
    assert list(three.articles_with_passages()) == [
        (OLD, [1], [Span(0, 9)]),
        (NEW, [2], [Span(0, 9)]),
        (UNDATED, [3], [Span(0, 10)]),
    ]


def test_the_generation_grows_with_every_change_and_the_time_is_noted(catalogue):
    assert catalogue.generation == 0
    put(catalogue, OLD)
    assert catalogue.generation == 1
    with catalogue.transaction():
        catalogue.remove(OLD.id)
    assert catalogue.generation == 2
    changed = datetime.fromisoformat(catalogue.state("changed"))
    assert timedelta(0) <= datetime.now(UTC) - changed < timedelta(minutes=1)


def test_a_change_that_breaks_off_is_taken_back_whole(three):
    class BrokenOffError(Exception):
        pass

    def break_off() -> None:
        with three.transaction():
            three.remove(OLD.id)
            three.put(article("Another.", source="S"))
            three.remember("name", "value")
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        break_off()
    assert three.article(OLD.id) == OLD
    assert three.passage_keys(EVERYTHING).tolist() == [1, 2, 3]
    assert (three.coverage(EVERYTHING).articles, three.generation, three.state("name")) == (3, 3, None)


def test_an_article_is_held_by_each_place_that_it_came_from(three):
    with three.transaction():
        for origin in ("/news/a.txt", "/news/b.txt", "/newspaper/c.txt"):
            three.link(origin, OLD.id)
        three.link("/news/a.txt", OLD.id)
        three.link("/news/a.txt", NEW.id)
        three.link("/news/a.txt", "unknown")
    assert three.origin("/news/a.txt") == {OLD.id, NEW.id}
    assert three.origins_under("/news") == three.origins_under("/news/") == {"/news/a.txt", "/news/b.txt"}
    assert three.origins_under("/") == {"/news/a.txt", "/news/b.txt", "/newspaper/c.txt"}
    with three.transaction():
        assert not three.unlink("/news/a.txt", OLD.id)
        assert not three.unlink("/news/b.txt", OLD.id)
        assert three.unlink("/newspaper/c.txt", OLD.id)
        three.remove(NEW.id)
    assert three.origin("/news/a.txt") == set()


def test_failures_are_kept_until_their_place_is_read_again(catalogue):
    with catalogue.transaction():
        catalogue.fail("/a.jsonl:3", "the line is not JSON")
        catalogue.fail("/a.jsonl:3", "it is binary, not text")
        catalogue.fail("/a.jsonl.gz", "it is cut off")
        catalogue.fail("/b.txt", "empty: it holds no text")
    assert catalogue.failures() == [
        ("/a.jsonl.gz", "it is cut off"),
        ("/a.jsonl:3", "it is binary, not text"),
        ("/b.txt", "empty: it holds no text"),
    ]
    with catalogue.transaction():
        catalogue.forgive("/a.jsonl")
        catalogue.forgive("/b.txt")
    assert catalogue.failures() == [("/a.jsonl.gz", "it is cut off")]


def test_everything_is_there_when_it_is_opened_again(three, tmp_path):
    three.close()
    again = Catalogue(tmp_path / "articles.sqlite3")
    try:
        assert again.article(UNDATED.id) == UNDATED
        assert again.passage_keys(EVERYTHING).tolist() == [1, 2, 3]
        assert again.generation == 3
    finally:
        again.close()


def test_a_file_that_is_no_database_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "articles.sqlite3"
    path.write_bytes(b"no database" * 1_000)
    with pytest.raises(CatalogueError) as caught:
        Catalogue(path)
    assert str(caught.value) == f"{path} cannot be used (file is not a database): free the disk or use another home"


def test_a_catalogue_of_another_version_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "articles.sqlite3"
    Catalogue(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(CatalogueError) as caught:
        Catalogue(path)
    assert str(caught.value) == f"{path} was written by another version of Quotedesk: index into a new home"


def test_a_full_disk_takes_the_change_back_and_says_what_to_do(three):
    pages = three._db.execute("PRAGMA page_count").fetchone()[0]
    three._db.execute(f"PRAGMA max_page_count = {pages + 2}")  # as full as a disk can be made here
    with pytest.raises(CatalogueError, match=r"cannot be used \(database or disk is full\): free the disk"):
        put(three, article("x" * 1_000_000))
    assert three.coverage(EVERYTHING).articles == 3
    three._db.execute("PRAGMA max_page_count = 1000000")
    put(three, article("x" * 1_000_000))
    assert three.coverage(EVERYTHING).articles == 4


def test_a_damaged_page_is_told_and_not_passed_over(three, tmp_path):
    for number in range(200):
        put(three, article(f"Filler {number} " + "x" * 3_000))
    three._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    three.close()
    path = tmp_path / "articles.sqlite3"
    content = bytearray(path.read_bytes())
    content[4096 * 20 : 4096 * 40] = b"\xaa" * 4096 * 20
    path.write_bytes(content)
    damaged = Catalogue(path)
    try:
        with pytest.raises(CatalogueError, match=r"articles\.sqlite3 cannot be used"):
            for found, _, _ in damaged.articles_with_passages():
                json.dumps(found.authors)
    finally:
        damaged.close()
