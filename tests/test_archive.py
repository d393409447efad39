"""index.archive: one home, held by one process, that can be searched both ways."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from index.archive import Archive, Status
from index.article import Scope
from index.catalogue import CatalogueError, UnknownArticleError
from index.home import HomeError, HomeInUseError
from index.ingest import ingest
from index.store import StoreError
from tests.conftest import ROOT


@pytest.fixture
def libya(archive, write) -> Archive:
    """An archive of three articles, one of them undated."""
    folder = write(
        {
            "a.md": "---\nsource: Herald\npublished: 2018-11-25\n---\nNine policemen were killed in Tazirbu.",
            "b.md": "---\nsource: Post\npublished: 2015-02-17\n---\nA court in Benghazi sentenced three men.",
            "c.txt": "Tazirbu is an oasis in the desert.",
        }
    )
    ingest(archive, [str(folder)])
    return archive


def texts(archive: Archive, scored: list[tuple[int, float]]) -> list[str]:
    passages = archive.passages([key for key, _ in scored])
    return [archive.article(passages[key].article_id).text for key, _ in scored]


def test_an_empty_archive_finds_nothing_and_says_that_it_is_empty(archive):
    assert archive.is_empty
    assert archive.search_dense("Tazirbu", 5) == []
    assert archive.search_lexical("Tazirbu", 5) == []
    assert archive.status() == Status(0, 0, None, (), ())
    with pytest.raises(UnknownArticleError):
        archive.article("nope")


def test_what_it_holds(libya):
    assert not libya.is_empty
    status = libya.status()
    assert (status.articles, status.passages, status.failed) == (3, 3, ())
    assert status.sources == (("Herald", 1), ("Post", 1), ("c.txt", 1))
    assert (datetime.now(UTC) - status.changed).total_seconds() < 60


def test_dense_search_gives_the_nearest_in_meaning_first(libya):
    found = libya.search_dense("Which officers lost their lives?", 3)
    assert texts(libya, found)[0] == "Nine policemen were killed in Tazirbu."
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert len(libya.search_dense("Which officers lost their lives?", 2)) == 2
    assert libya.search_dense("Which officers lost their lives?", 0) == []


def test_lexical_search_gives_only_what_holds_a_word(libya):
    assert texts(libya, libya.search_lexical("Benghazi", 5)) == ["A court in Benghazi sentenced three men."]
    assert libya.search_lexical("submarine", 5) == []
    assert libya.search_lexical("", 5) == []


@pytest.mark.parametrize(
    ("scope", "count"),
    [
        (Scope(start=date(2018, 1, 1)), 2),
        (Scope(end=date(2018, 1, 1)), 1),
        (Scope(sources=("herald",)), 1),
        (Scope(sources=("nobody",)), 0),
    ],
)
def test_both_searches_stay_inside_the_scope_and_an_undated_article_is_always_inside_the_dates(libya, scope, count):
    assert len(libya.search_lexical("Tazirbu", 5, scope)) == count
    found = texts(libya, libya.search_dense("Tazirbu", 5, scope))
    assert len(found) == libya.coverage(scope).articles
    assert set(texts(libya, libya.search_lexical("Tazirbu", 5, scope))) <= set(found)


def test_a_second_process_is_refused_with_the_name_of_the_first(archive, quotedesk):
    run = quotedesk("status", "--home", str(archive.home))
    assert (run.returncode, run.stdout) == (1, "")
    first = f"{archive.home} is in use by process {os.getpid()} ("
    assert run.stderr.startswith(f"quotedesk: {first}")
    assert run.stderr.endswith("): stop that first, or give another home (QUOTEDESK_HOME)\n")
    assert run.stderr.count("\n") == 1


def test_a_second_archive_in_the_same_process_is_refused_too(archive, embedder):
    with pytest.raises(HomeInUseError):
        Archive(archive.home, embedder=embedder)
    assert archive.is_empty  # and the first goes on


def test_a_home_is_free_again_when_its_process_was_killed(tmp_path, embedder):
    code = "import sys; from pathlib import Path; from index.archive import Archive; a = Archive(Path(sys.argv[1]));"
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{code} print('held', flush=True); sys.stdin.read()", str(tmp_path / "home")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(HomeInUseError, match=f"in use by process {holder.pid}"):
            Archive(tmp_path / "home", embedder=embedder)
        holder.send_signal(signal.SIGKILL)
    time.sleep(0.1)
    with Archive(tmp_path / "home", embedder=embedder) as archive:
        assert archive.is_empty


def test_a_home_that_cannot_be_one_is_named_with_what_to_do(tmp_path, embedder):
    (tmp_path / "file").write_text("I am a file")
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(HomeError, match=f"^{home} cannot be the home .*: give another"):
            Archive(home, embedder=embedder)
    assert (tmp_path / "file").read_text() == "I am a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_home_that_cannot_be_written_to_is_named(tmp_path, embedder):
    tmp_path.chmod(0o500)
    with pytest.raises(HomeError, match=r"cannot be the home \(Permission denied\)"):
        Archive(tmp_path / "home", embedder=embedder)


class Other:
    """Another model."""

    name, dimensions = "another model", 384

    def embed(self, texts):
        raise NotImplementedError


def test_a_home_whose_vectors_another_model_made_is_refused_and_let_go_of(tmp_path, embedder, write):
    home = tmp_path / "home"
    with Archive(home, embedder=embedder) as archive:
        ingest(archive, [str(write({"a.txt": "Text."}))])
    with pytest.raises(StoreError, match="use another home"):
        Archive(home, embedder=Other())
    with Archive(home, embedder=embedder) as archive:
        assert not archive.is_empty


def test_a_home_whose_catalogue_is_damaged_is_refused_and_let_go_of(tmp_path, embedder):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "articles.sqlite3").write_bytes(b"no database" * 100)
    for _ in range(2):
        with pytest.raises(CatalogueError, match=r"articles\.sqlite3 cannot be used"):
            Archive(tmp_path / "home", embedder=embedder)


def test_everything_is_written_inside_the_home(tmp_path, embedder, write):
    folder = write({"a.txt": "Nine policemen were killed in Tazirbu."})
    with Archive(tmp_path / "home", embedder=embedder) as archive:
        ingest(archive, [str(folder)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["articles", "home"]
    assert [path.name for path in Path(folder).iterdir()] == ["a.txt"]
