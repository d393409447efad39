"""Several processes on one home whose vectors are in a Chroma server: one writes, all others ask on and see it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from bot.answer import Question
from bot.desk import Desk
from index.archive import Archive
from index.embedder import MiniLM
from index.home import HomeInUseError
from index.ingest import ingest
from index.store import StoreError
from tests.conftest import ROOT, CommandLine, free_port, wait_until
from tests.servers import chatting, chroma

pytestmark = pytest.mark.served

TAZIRBU = "Nine policemen were killed in Tazirbu on Friday. The men were guarding the oasis."
BENGHAZI = "A military court in Benghazi sentenced three men on Monday. The judge read the verdict aloud."
KUFRA = "Salem Bozrig opened a hospital in Kufra. Hundreds of patients came on the first day."
WHO = Question("Who opened a hospital in Kufra?")
MANY = Question("How many policemen were killed in Tazirbu?")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chroma server."""
    with chroma(tmp_path_factory.mktemp("chroma") / "server") as address:
        yield address


@pytest.fixture
def shared(quotedesk: CommandLine, server: str, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line with an empty home whose vectors go to the server."""
    environment = quotedesk.environment
    monkeypatch.setattr(quotedesk, "environment", lambda **more: environment(QUOTEDESK_CHROMA_URL=server, **more))
    return quotedesk


@pytest.fixture
def opened(shared: CommandLine, server: str, embedder: MiniLM) -> Iterator[Callable[[], Archive]]:
    """Open that home once more, in this process."""
    archives = []

    def archive() -> Archive:
        archives.append(Archive(shared.home, chroma_url=server, embedder=embedder))
        return archives[-1]

    yield archive
    for one in archives:
        one.close()


def answered(desk: Desk, question: Question) -> list[str]:
    answer = desk.ask(question)
    return [finding.text for finding in answer.answers] if answer.status == "answered" else []


def found(archive: Archive, query: str) -> set[str]:
    """The texts that hold a word of `query`, as those who search are given them."""
    passages = archive.passages([key for key, _ in archive.search_lexical(query, 9)])
    return {archive.article(passage.article_id).text for passage in passages.values()}


class Halted:
    """A page that is only sent once it is let go: whoever indexes it is in the middle of that until then."""

    def __init__(self) -> None:
        self.is_asked, self.goes = threading.Event(), threading.Event()
        self.url = ""

    @contextmanager
    def served(self) -> Iterator[Halted]:
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page.is_asked.set()
                page.goes.wait(60)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.end_headers()
                self.wfile.write(KUFRA.encode())

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
            thread = threading.Thread(target=http.serve_forever, args=(0.05,))
            thread.start()
            self.url = f"http://127.0.0.1:{http.server_port}/kufra.txt"
            try:
                yield self
            finally:
                self.goes.set()
                http.shutdown()
                thread.join()


@pytest.fixture
def halted() -> Iterator[Halted]:
    """A page that does not come yet."""
    with Halted().served() as page:
        yield page


@contextmanager
def indexing(shared: CommandLine, page: Halted, *before: str) -> Iterator[subprocess.Popen[bytes]]:
    """`quotedesk index` of what is given and then of `page`, for which it now waits."""
    words = shared.command("index", *before, page.url)
    with subprocess.Popen(words, cwd=shared.folder, env=shared.environment(), stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(page.is_asked.is_set, 60)
            yield process
        finally:
            page.goes.set()
            assert process.wait(60) == 0


# Asking while another process writes ---------------------------------------------------------------------------------


def test_a_chat_answers_from_what_another_process_indexes_without_a_restart(shared, opened, server, write):
    folder = write({"a.txt": TAZIRBU, "b.txt": BENGHAZI})
    ingest(opened(), [str(folder)])
    (folder / "a.txt").write_text(TAZIRBU.replace("Nine", "Twelve"))
    (folder / "b.txt").unlink()
    (folder / "c.txt").write_text(KUFRA)
    with (
        chatting(shared.home, QUOTEDESK_CHROMA_URL=server) as chat,
        httpx.Client(base_url=chat.url, timeout=60) as http,
    ):

        def ask(question: str) -> list[str]:
            answer = http.post("/v1/ask", json={"question": question})
            assert answer.status_code == 200, answer.text
            return [one["text"] for one in answer.json()["answers"] if answer.json()["status"] == "answered"]

        many, sentenced, opener = MANY.text, "Who was sentenced in Benghazi?", "Who opened a hospital in Kofra?"
        assert [ask(many), ask(sentenced), ask(opener)] == [["Nine"], ["three men"], []]
        words = shared.command("index", str(folder), "--json")
        with subprocess.Popen(words, cwd=shared.folder, env=shared.environment(), stdout=subprocess.PIPE) as index:
            meanwhile = [ask(many)]
            while index.poll() is None:
                meanwhile.append(ask(many))
            report = json.loads(index.stdout.read())
        assert [report[name] for name in ("added", "updated", "unchanged", "removed")] == [1, 1, 0, 1]
        assert [ask(many), ask(sentenced), ask(opener)] == [["Twelve"], [], ["Salem Bozrig"]]
    assert ["Nine"] in meanwhile


def test_who_asks_in_the_middle_of_indexing_goes_on_with_the_old_word_counts(
    shared, opened, write, halted, monkeypatch
):
    folder = write({"a.txt": TAZIRBU, "b.txt": BENGHAZI})
    ingest(opened(), [str(folder)])
    before = opened()
    assert found(before, "Tazirbu Benghazi") == {TAZIRBU, BENGHAZI}
    saved = (shared.home / "lexical.npz").read_bytes()
    (folder / "b.txt").unlink()
    with indexing(shared, halted, str(folder)):
        begun = opened()
        assert begun.coverage().articles == 1
        with monkeypatch.context() as patch:
            patch.delattr(type(begun.catalogue), "articles_with_passages")  # what making them anew would read
            for archive in (before, begun):
                assert found(archive, "Tazirbu Benghazi") == {TAZIRBU}  # the key of the other is passed over
                assert answered(Desk(archive), MANY) == ["Nine"]
                assert answered(Desk(archive), Question("Who was sentenced in Benghazi?")) == []
        assert (shared.home / "lexical.npz").read_bytes() == saved
    for archive in (before, begun):
        assert found(archive, "Tazirbu Kufra") == {TAZIRBU, KUFRA}
        assert answered(Desk(archive), WHO) == ["Salem Bozrig"]


def test_a_home_that_another_process_fills_for_the_first_time_is_asked_what_is_there_by_now(
    shared, opened, write, halted
):
    early = opened()
    assert early.is_empty
    with indexing(shared, halted):
        with Desk(opened()) as desk:
            assert answered(desk, WHO) == []
        assert not (shared.home / "lexical.npz").exists()
    assert answered(Desk(early), WHO) == ["Salem Bozrig"]


def test_word_counts_are_loaded_again_once_for_each_that_another_has_saved_and_never_older_ones(opened, write):
    folder = write({"a.txt": TAZIRBU})
    one, other = opened(), opened()
    ingest(one, [str(folder)])
    held = other.lexical
    assert other.lexical is held
    (folder / "b.txt").write_text(BENGHAZI)
    ingest(one, [str(folder)])
    newer = other.lexical
    assert newer is not held
    assert found(other, "Benghazi") == {BENGHAZI}
    (folder / "c.txt").write_text(KUFRA)
    ingest(other, [str(folder)])  # begins with what the first wrote, and adds to it
    for archive in (one, other, opened()):
        assert found(archive, "Tazirbu Benghazi Kufra") == {TAZIRBU, BENGHAZI, KUFRA}
    held.save(one.home, generation=1)
    assert found(other, "Kufra") == {KUFRA}


def test_a_writer_goes_on_from_what_another_wrote_although_it_never_looked(opened, write):
    one, other = opened(), opened()
    assert found(one, "Tazirbu") == found(other, "Tazirbu") == set()
    ingest(one, [str(write({"a.txt": TAZIRBU}))])
    ingest(other, [str(write({"b.txt": BENGHAZI}, "more"))])
    ingest(one, [str(write({"c.txt": KUFRA}, "most"))])
    for archive in (one, other, opened()):
        assert found(archive, "Tazirbu Benghazi Kufra") == {TAZIRBU, BENGHAZI, KUFRA}


def test_what_a_run_that_was_killed_left_undone_is_mended_by_the_next_process(shared, opened, write, halted):
    folder = write({"a.txt": TAZIRBU, "b.txt": BENGHAZI})
    ingest(opened(), [str(folder)])
    early = opened()
    assert found(early, "Benghazi") == {BENGHAZI}
    (folder / "b.txt").unlink()
    words = shared.command("index", str(folder), halted.url)
    with subprocess.Popen(words, cwd=shared.folder, env=shared.environment()) as process:
        wait_until(halted.is_asked.is_set, 60)
        process.kill()
    assert len(early.lexical) == 2  # who asks already goes on as before
    assert found(early, "Tazirbu Benghazi") == {TAZIRBU}
    assert len(opened().lexical) == 1
    assert len(early.lexical) == 1


# Writing -------------------------------------------------------------------------------------------------------------


def test_of_two_that_index_at_once_the_second_is_refused_in_one_line_and_nothing_is_lost(shared, opened, write, halted):
    folder = write({"a.txt": TAZIRBU})
    with indexing(shared, halted) as first:
        second = shared("index", str(folder), "--json")
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr.startswith(f"quotedesk: {shared.home} is in use by process {first.pid} (cli.py index ")
        assert second.stderr.endswith("): stop that first, or give another home (QUOTEDESK_HOME)\n")
        with pytest.raises(HomeInUseError, match=f"process {first.pid} "):
            Desk(opened()).add([str(folder)])
    assert ingest(opened(), [str(folder)]).articles == 2
    assert found(opened(), "Tazirbu Kufra") == {KUFRA, TAZIRBU}


def test_two_threads_of_one_process_do_not_index_at_once_either(opened, write, halted):
    archive = opened()
    thread = threading.Thread(target=ingest, args=(archive, [halted.url]))
    thread.start()
    try:
        wait_until(halted.is_asked.is_set, 60)
        with pytest.raises(HomeInUseError):
            ingest(archive, [str(write({"a.txt": TAZIRBU}))])
    finally:
        halted.goes.set()
        thread.join()
    ingest(archive, [str(write({"a.txt": TAZIRBU}))])
    assert found(archive, "Tazirbu Kufra") == {KUFRA, TAZIRBU}


def test_the_home_is_free_again_when_indexing_failed(opened, write):
    def stop(_done: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    one, other = opened(), opened()
    folder = write({"a.txt": TAZIRBU})
    with pytest.raises(KeyboardInterrupt):
        ingest(one, [str(folder)], stop)
    assert ingest(other, [str(folder)]).added == 1


def test_without_a_server_nobody_writes_to_a_home_that_another_process_only_has_open(quotedesk, write, embedder):
    with Archive(quotedesk.home, embedder=embedder) as archive:
        run = quotedesk("index", str(write({"a.txt": TAZIRBU})))
        assert (run.returncode, run.stdout) == (1, "")
        assert run.stderr.startswith(f"quotedesk: {quotedesk.home} is in use by process {os.getpid()} (")
        assert run.stderr.count("\n") == 1
        assert archive.is_empty


# The first opening ---------------------------------------------------------------------------------------------------

OPENING = """
import os, sys, time
from pathlib import Path
from index.catalogue import Catalogue

print("ready", flush=True)
for line in sys.stdin:
    file, begins = line.split()
    while time.time() < float(begins):
        pass
    catalogue = Catalogue(Path(file))
    print(catalogue.once("collection", str(os.getpid())), catalogue.count_passages(), flush=True)
    catalogue.close()
"""


def test_processes_that_make_a_home_s_catalogue_at_once_agree_on_what_is_in_it(tmp_path):
    processes, files = 4, 60
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with ExitStack() as stack:
        making = [
            stack.enter_context(subprocess.Popen([sys.executable, "-c", OPENING], cwd=ROOT, **pipes))
            for _ in range(processes)
        ]
        assert {process.stdout.readline() for process in making} == {"ready\n"}
        for number in range(files):
            begins = time.time() + 0.01
            for process in making:
                process.stdin.write(f"{tmp_path / str(number)} {begins}\n")
            (said,) = {process.stdout.readline() for process in making}
            assert said in {f"{process.pid} 0\n" for process in making}


def test_two_that_find_a_home_empty_index_the_articles_that_ship_once(shared, opened):
    words = shared.command("ask", "who was kidnapped in Tazirbu", "--json")
    place = {"cwd": shared.folder, "env": shared.environment(), "stdout": subprocess.PIPE}
    for process in [subprocess.Popen(words, **place) for _ in range(2)]:
        answer, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert json.loads(answer)["status"] == "answered"
        assert json.loads(answer)["searched"]["articles"] == 18
    archive = opened()
    assert archive.catalogue.generation == 18
    assert archive.out_of_step() == ([], [])
    assert archive.vectors.count() == archive.catalogue.count_passages()


# The server ----------------------------------------------------------------------------------------------------------


def test_questions_are_answered_again_once_a_server_that_was_away_is_back(quotedesk, tmp_path, embedder, write):
    folder, port = write({"a.txt": TAZIRBU}), free_port()
    url = f"http://127.0.0.1:{port}"
    with chroma(tmp_path / "server", port):
        archive = Archive(quotedesk.home, chroma_url=url, embedder=embedder)
        ingest(archive, [str(folder)])
    with Desk(archive) as desk:
        for _ in range(2):
            with pytest.raises(StoreError, match=f"^no Chroma server answers at {url}: start it"):
                desk.ask(MANY)
        (folder / "b.txt").write_text(KUFRA)
        with pytest.raises(StoreError):
            desk.add([str(folder)])
        with chroma(tmp_path / "server", port):
            assert (answered(desk, MANY), answered(desk, WHO)) == (["Nine"], [])
            assert desk.add([str(folder)]).added == 1
            assert answered(desk, WHO) == ["Salem Bozrig"]


def test_a_server_that_comes_back_empty_is_filled_again_by_the_next_run_of_any_process(
    quotedesk, tmp_path, embedder, write
):
    folder, port = write({"a.txt": TAZIRBU}), free_port()
    url = f"http://127.0.0.1:{port}"
    with chroma(tmp_path / "server", port):
        archive = Archive(quotedesk.home, chroma_url=url, embedder=embedder)
        ingest(archive, [str(folder)])
        assert len(archive.search_dense(MANY.text, 5)) == 1
    with archive, chroma(tmp_path / "another", port):
        assert archive.search_dense(MANY.text, 5) == []
        with Archive(quotedesk.home, chroma_url=url, embedder=embedder) as other:
            ingest(other, [str(folder)])
        assert len(archive.search_dense(MANY.text, 5)) == 1
