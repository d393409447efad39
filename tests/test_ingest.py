"""index.ingest: doing it twice changes nothing, what is gone goes, and what broke off or was lost is made good."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index.archive import Archive
from index.article import EVERYTHING
from index.embedder import MiniLM
from index.ingest import Failure, IngestReport, ingest

TAZIRBU = "Nine policemen were killed in the oasis of Tazirbu."
BENGHAZI = "A military court in Benghazi sentenced three men."
KUFRA = "The army pursued militants in the desert of Kufra."

Write = Callable[..., Path]


def counts(report: IngestReport) -> tuple[int, int, int, int]:
    """(added, updated, unchanged, removed) of a run in which everything could be read."""
    assert report.failed == ()
    return report.added, report.updated, report.unchanged, report.removed


def assert_in_step(archive: Archive) -> None:
    """The vectors and the word counts are of the catalogue's passages, all of them and no others."""
    keys = archive.catalogue.passage_keys(EVERYTHING).tolist()
    assert sorted(archive.vectors.keys()) == keys
    assert archive.lexical.keys.tolist() == keys
    assert archive.out_of_step() == ([], [])


def texts(archive: Archive) -> list[str]:
    return sorted(article.text for article, _, _ in archive.catalogue.articles_with_passages())


def found(archive: Archive, query: str) -> list[str]:
    """The texts of the articles that hold a word of `query`."""
    passages = archive.passages([key for key, _ in archive.search_lexical(query, 10)])
    return sorted({archive.article(passage.article_id).text for passage in passages.values()})


def test_articles_go_in_once_and_a_second_run_changes_nothing(archive, write):
    folder = write({"a.txt": TAZIRBU, "b.md": BENGHAZI, "more/c.jsonl": json.dumps({"text": KUFRA})})
    first = ingest(archive, [str(folder)])
    assert counts(first) == (3, 0, 0, 0)
    assert (first.articles, first.passages) == (3, 3)
    before = (archive.catalogue.generation, archive.catalogue.state("changed"), archive.vectors.keys())
    second = ingest(archive, [str(folder)])
    assert counts(second) == (0, 0, 3, 0)
    assert (second.articles, second.passages) == (3, 3)
    assert (archive.catalogue.generation, archive.catalogue.state("changed"), archive.vectors.keys()) == before
    assert_in_step(archive)


def test_the_articles_of_an_earlier_process_are_still_found_after_a_later_one_adds_more(tmp_path, embedder, write):
    folder = write({"a.txt": TAZIRBU, "b.txt": BENGHAZI})
    for name in ("a.txt", "b.txt"):
        with Archive(tmp_path / "home", embedder=embedder) as archive:
            assert counts(ingest(archive, [str(folder / name)])) == (1, 0, 0, 0)
            assert_in_step(archive)
    with Archive(tmp_path / "home", embedder=embedder) as archive:
        assert found(archive, "Tazirbu") == [TAZIRBU]
        assert found(archive, "Benghazi") == [BENGHAZI]


@pytest.mark.parametrize("url", ["", "url: http://x.org/a\n"], ids=["without an address", "with an address"])
def test_an_edited_article_replaces_its_old_text_which_is_no_longer_found(archive, write, url):
    folder = write({"a.md": f"---\n{url}source: S\n---\n{TAZIRBU}", "b.txt": BENGHAZI})
    ingest(archive, [str(folder)])
    write({"a.md": f"---\n{url}source: S\n---\n{KUFRA}"})
    report = ingest(archive, [str(folder)])
    assert counts(report) == (0, 1, 1, 0)
    assert (report.articles, report.passages) == (2, 2)
    assert found(archive, "Tazirbu policemen") == []
    assert found(archive, "Kufra") == [KUFRA]
    best, _ = archive.search_dense(TAZIRBU, 1)[0]
    assert archive.passages([best])
    assert texts(archive) == [BENGHAZI, KUFRA]
    assert_in_step(archive)


def test_an_article_whose_labels_alone_changed_is_updated(archive, write):
    folder = write({"a.jsonl": json.dumps({"text": TAZIRBU, "url": "http://x.org/a", "title": "Old"})})
    ingest(archive, [str(folder)])
    write({"a.jsonl": json.dumps({"text": TAZIRBU, "url": "http://x.org/a", "title": "New", "authors": ["Ann"]})})
    assert counts(ingest(archive, [str(folder)])) == (0, 1, 0, 0)
    ((article, _, _),) = archive.catalogue.articles_with_passages()
    assert (article.title, article.authors) == ("New", ("Ann",))
    assert_in_step(archive)


def test_what_a_removed_file_held_goes_when_its_folder_is_read_again(archive, write):
    folder = write({"a.txt": TAZIRBU, "deep/b.txt": BENGHAZI})
    ingest(archive, [str(folder)])
    (folder / "deep" / "b.txt").unlink()
    assert counts(ingest(archive, [str(folder)])) == (0, 0, 1, 1)
    assert texts(archive) == [TAZIRBU]
    assert found(archive, "Benghazi") == []
    assert_in_step(archive)


def test_a_folder_lets_go_only_of_what_came_from_inside_it(archive, write):
    one, other = write({"a.txt": TAZIRBU}, "news"), write({"b.txt": BENGHAZI}, "news-old")
    ingest(archive, [str(one), str(other)])
    (one / "a.txt").unlink()
    (other / "b.txt").unlink()
    write({"c.txt": KUFRA}, "news")
    assert counts(ingest(archive, [str(one)])) == (1, 0, 0, 1)
    assert texts(archive) == [BENGHAZI, KUFRA]


def test_a_line_taken_out_of_a_file_takes_its_article_with_it(archive, write):
    lines = [json.dumps({"text": text}) for text in (TAZIRBU, BENGHAZI, KUFRA)]
    folder = write({"a.jsonl": "\n".join(lines)})
    ingest(archive, [str(folder / "a.jsonl")])
    write({"a.jsonl": "\n".join(lines[:1] + lines[2:])})
    assert counts(ingest(archive, [str(folder / "a.jsonl")])) == (0, 0, 2, 1)
    assert texts(archive) == [TAZIRBU, KUFRA]


def test_one_article_in_two_files_is_one_article_until_both_are_gone(archive, write):
    folder = write({"a.txt": TAZIRBU, "b.txt": TAZIRBU})
    assert counts(ingest(archive, [str(folder)])) == (1, 0, 1, 0)
    assert counts(ingest(archive, [str(folder)])) == (0, 0, 2, 0)
    (folder / "a.txt").unlink()
    assert counts(ingest(archive, [str(folder)]))[3] == 0
    assert texts(archive) == [TAZIRBU]
    (folder / "b.txt").unlink()
    write({"c.txt": KUFRA})
    assert counts(ingest(archive, [str(folder)])) == (1, 0, 0, 1)
    assert texts(archive) == [KUFRA]


def test_two_texts_under_one_address_do_not_take_turns(archive, write):
    page = "---\nurl: http://x.org/a\n---\n"
    folder = write({"a.md": page + TAZIRBU, "b.md": page + BENGHAZI})
    assert counts(ingest(archive, [str(folder)])) == (1, 0, 1, 0)
    for _ in range(2):
        assert counts(ingest(archive, [str(folder)])) == (0, 0, 2, 0)
        assert texts(archive) == [TAZIRBU]


def test_a_file_that_moved_keeps_its_article(archive, write):
    folder = write({"a.md": f"---\nsource: S\n---\n{TAZIRBU}"})
    ingest(archive, [str(folder)])
    (folder / "a.md").rename(folder / "z.md")
    assert counts(ingest(archive, [str(folder)])) == (0, 0, 1, 0)
    assert texts(archive) == [TAZIRBU]


def test_one_bad_file_is_reported_and_the_rest_go_in(archive, write):
    folder = write(
        {"a.txt": TAZIRBU, "bad.txt": b"\xff\x00", "c.jsonl": f'{{"text": "{KUFRA}"}}\n{{', "z.txt": BENGHAZI}
    )
    report = ingest(archive, [str(folder)])
    assert (report.added, report.articles) == (3, 3)
    assert [Path(failure.path).name for failure in report.failed] == ["bad.txt", "c.jsonl:2"]
    assert report.failed[0] == Failure(str(folder / "bad.txt"), "it is binary, not text")
    assert [tuple(failure) for failure in archive.status().failed] == [(f.path, f.error) for f in report.failed]
    assert_in_step(archive)


def test_a_place_that_cannot_be_read_in_full_keeps_what_came_from_it(archive, write):
    lines = [json.dumps({"text": text}) for text in (TAZIRBU, BENGHAZI)]
    folder = write({"a.jsonl": "\n".join(lines), "b.txt": KUFRA})
    ingest(archive, [str(folder)])
    write({"a.jsonl": lines[0] + "\n{", "b.txt": b"\x00"})
    report = ingest(archive, [str(folder)])
    assert (report.removed, report.unchanged, len(report.failed)) == (0, 1, 2)
    assert texts(archive) == sorted([TAZIRBU, BENGHAZI, KUFRA])
    write({"a.jsonl": lines[0], "b.txt": KUFRA})
    assert counts(ingest(archive, [str(folder)])) == (0, 0, 2, 1)
    assert archive.status().failed == ()


def test_what_was_wrong_is_forgotten_once_it_is_right_or_gone(archive, write):
    folder = write({})
    ingest(archive, [str(folder)])
    assert [path for path, _ in archive.status().failed] == [str(folder)]
    write({"a.txt": b"\x00", "b.txt": TAZIRBU, "c.jsonl": "{"})
    ingest(archive, [str(folder)])
    assert [Path(path).name for path, _ in archive.status().failed] == ["a.txt", "c.jsonl:1"]
    (folder / "a.txt").unlink()
    (folder / "c.jsonl").unlink()
    ingest(archive, [str(folder)])
    assert archive.status().failed == ()


def test_several_targets_go_in_together_and_a_missing_one_does_not_stop_the_others(archive, write):
    folder = write({"a.txt": TAZIRBU, "b.txt": BENGHAZI})
    missing = str(folder / "missing.txt")
    report = ingest(archive, [str(folder / "a.txt"), missing, str(folder / "b.txt")])
    assert report.added == 2
    assert report.failed == (Failure(missing, "No such file or directory"),)


def test_progress_is_told_after_each_article(archive, write):
    folder = write({"a.txt": TAZIRBU, "b.jsonl": f'{{"text": "{KUFRA}"}}\n{{\n', "c.txt": BENGHAZI})
    told: list[tuple[int, int | None]] = []
    ingest(archive, [str(folder)], lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_nothing_to_read_is_a_run_that_changes_nothing(archive):
    assert counts(ingest(archive, [])) == (0, 0, 0, 0)
    assert_in_step(archive)


class BreakingOff:
    """The real embedder, that breaks off after `calls` calls, as a process does that is stopped."""

    def __init__(self, embedder: MiniLM, calls: int) -> None:
        self._embedder, self._calls = embedder, calls
        self.name, self.dimensions = embedder.name, embedder.dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not self._calls:
            raise KeyboardInterrupt
        self._calls -= 1
        return self._embedder.embed(texts)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit after every article rather than after every 400,000 characters."""
    monkeypatch.setattr("index.ingest._BATCH_CHARS", 10)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("calls", [0, 1, 2])
def test_a_run_that_breaks_off_is_finished_by_the_next(tmp_path, embedder, write, calls):
    folder = write({"a.txt": TAZIRBU, "b.txt": BENGHAZI, "c.txt": KUFRA})
    with Archive(tmp_path / "home", embedder=BreakingOff(embedder, calls)) as archive, pytest.raises(KeyboardInterrupt):
        ingest(archive, [str(folder)])
    with Archive(tmp_path / "home", embedder=embedder) as archive:
        assert archive.coverage().articles == calls
        assert counts(ingest(archive, [str(folder)])) == (3 - calls, 0, calls, 0)
        assert_in_step(archive)
        assert found(archive, "Tazirbu Benghazi Kufra") == sorted([TAZIRBU, BENGHAZI, KUFRA])


@pytest.mark.usefixtures("small_batches")
def test_an_archive_whose_run_broke_off_answers_from_what_went_in(tmp_path, embedder, write):
    folder = write({"a.txt": TAZIRBU, "b.txt": BENGHAZI})
    with Archive(tmp_path / "home", embedder=BreakingOff(embedder, 1)) as archive, pytest.raises(KeyboardInterrupt):
        ingest(archive, [str(folder)])
    with Archive(tmp_path / "home", embedder=embedder) as archive:
        assert found(archive, "Tazirbu Benghazi") == [TAZIRBU]
        assert len(archive.search_dense("Tazirbu", 5)) == 1


class Forgetful:
    """A store that takes vectors in and then breaks off, before the catalogue has heard of it."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def add(self, *values: Any) -> None:
        self._store.add(*values)
        raise KeyboardInterrupt


def test_vectors_that_a_crash_left_behind_are_taken_out_by_the_next_run(archive, write):
    folder = write({"a.txt": TAZIRBU})
    store, archive.vectors = archive.vectors, Forgetful(archive.vectors)
    with pytest.raises(KeyboardInterrupt):
        ingest(archive, [str(folder)])
    archive.vectors = store
    assert (archive.vectors.count(), archive.catalogue.count_passages()) == (1, 0)
    assert archive.search_dense("Tazirbu", 5) == []
    assert counts(ingest(archive, [])) == (0, 0, 0, 0)
    assert archive.vectors.count() == 0
    assert counts(ingest(archive, [str(folder)])) == (1, 0, 0, 0)
    assert_in_step(archive)


@pytest.fixture
def home(tmp_path: Path, embedder: MiniLM, write: Write) -> Path:
    """A home with two articles, held by nobody; their folder is beside it."""
    folder = write({"a.txt": TAZIRBU, "b.txt": BENGHAZI})
    with Archive(tmp_path / "home", embedder=embedder) as archive:
        ingest(archive, [str(folder)])
    return tmp_path / "home"


def test_a_chroma_folder_that_was_deleted_is_made_again(home, embedder):
    shutil.rmtree(home / "chroma")
    with Archive(home, embedder=embedder) as archive:
        assert archive.search_dense("Tazirbu", 5) == []
        assert counts(ingest(archive, [str(home.parent / "articles")])) == (0, 0, 2, 0)
        assert len(archive.search_dense("Tazirbu", 5)) == 2
        assert_in_step(archive)


def _flip(path: Path) -> Iterator[None]:
    content = path.read_bytes()
    yield path.write_bytes(b"garbage")
    yield path.write_bytes(content[: len(content) // 2])
    yield path.write_bytes(b"")
    yield path.unlink()


def test_word_counts_that_were_damaged_or_lost_are_made_again(home, embedder):
    for _ in _flip(home / "lexical.npz"):
        with Archive(home, embedder=embedder) as archive:
            assert found(archive, "Tazirbu") == [TAZIRBU]
            assert_in_step(archive)
        assert (home / "lexical.npz").stat().st_size > 100


def test_word_counts_of_an_earlier_state_are_made_again(home, embedder, write):
    earlier = (home / "lexical.npz").read_bytes()
    folder = write({"c.txt": KUFRA})
    with Archive(home, embedder=embedder) as archive:
        ingest(archive, [str(folder)])
    (home / "lexical.npz").write_bytes(earlier)
    with Archive(home, embedder=embedder) as archive:
        assert found(archive, "Kufra") == [KUFRA]
        assert_in_step(archive)
