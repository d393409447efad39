"""index.store: the same behaviour from a Chroma inside the process and from a Chroma server over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from index.archive import Archive
from index.article import EVERYTHING, Scope, article
from index.ingest import ingest
from index.store import StoreError, VectorStore
from tests.conftest import free_port
from tests.servers import chroma

Open = Callable[..., VectorStore]
_collections = count(1)

OLD = article("Old.", source="The Herald", published=date(2015, 2, 17))
NEW = article("New.", source="The Post", published=date(2018, 11, 25))
UNDATED = article("Undated.", source="THE HERALD")


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Chroma server, from the same environment as the tests."""
    with chroma(tmp_path_factory.mktemp("chroma") / "server") as address:
        yield address


@pytest.fixture(params=["embedded", pytest.param("over HTTP", marks=pytest.mark.served)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Open the store of this test: every call opens the same one."""
    name = f"test-{next(_collections)}"
    if request.param == "embedded":
        return lambda embedder="E": VectorStore.embedded(tmp_path / "chroma", embedder)
    server = request.getfixturevalue("chroma_server")
    return lambda embedder="E": VectorStore.over_http(server, name, embedder)


@pytest.fixture
def store(opened: Open) -> Iterator[VectorStore]:
    store = opened()
    yield store
    store.close()


@pytest.fixture
def three(store: VectorStore) -> VectorStore:
    """Three vectors at right angles, under 11, 12 and 13."""
    store.add([11, 12, 13], np.eye(3, dtype=np.float32), [OLD, NEW, UNDATED])
    return store


def near(*weights: float) -> np.ndarray:
    vector = np.array(weights, np.float32)
    return vector / np.linalg.norm(vector)


def test_the_nearest_come_first_with_their_cosine(three):
    found = three.search(near(3, 4, 0), 3, EVERYTHING)
    assert [key for key, _ in found] == [12, 11, 13]
    assert [cosine for _, cosine in found] == pytest.approx([0.8, 0.6, 0.0], abs=1e-6)
    assert three.search(near(3, 4, 0), 1, EVERYTHING) == found[:1]


def test_an_empty_store_finds_nothing(store):
    assert store.search(near(1, 0, 0), 5, EVERYTHING) == []
    assert (store.keys(), store.count()) == ([], 0)


@pytest.mark.parametrize(
    ("scope", "keys"),
    [
        (EVERYTHING, {11, 12, 13}),
        (Scope(start=date(2018, 11, 25)), {12, 13}),
        (Scope(start=date(2018, 11, 26)), {13}),
        (Scope(end=date(2018, 11, 24)), {11, 13}),
        (Scope(end=date(1900, 1, 1)), {13}),
        (Scope(date(2015, 2, 17), date(2018, 11, 25)), {11, 12, 13}),
        (Scope(sources=("the herald",)), {11, 13}),
        (Scope(sources=("The Post", "nobody")), {12}),
        (Scope(sources=("nobody",)), set()),
        (Scope(date(2018, 1, 1), date(2019, 1, 1), ("The Herald",)), {13}),
    ],
    ids=str,
)
def test_a_search_stays_inside_its_scope(three, scope, keys):
    assert {key for key, _ in three.search(near(1, 1, 1), 10, scope)} == keys


def test_adding_under_a_key_again_replaces_what_is_there(three):
    three.add([12], np.array([near(0, 0, 1)]), [OLD])
    assert three.count() == 3
    assert {key for key, cosine in three.search(near(0, 0, 1), 3, EVERYTHING) if cosine > 0.99} == {12, 13}
    assert {key for key, _ in three.search(near(1, 1, 1), 3, Scope(end=date(2015, 12, 31)))} == {11, 12, 13}


def test_what_is_removed_is_not_found_and_unknown_keys_do_no_harm(three):
    three.remove([12, 99])
    three.remove([])
    assert sorted(three.keys()) == [11, 13]
    assert [key for key, _ in three.search(near(0, 1, 0), 5, EVERYTHING)] != [12]
    assert three.count() == 2


def test_vectors_come_back_in_the_order_asked_for(three):
    assert three.vectors([13, 11]).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_more_vectors_than_one_call_takes(store):
    keys = list(range(1, 4_502))
    vectors = np.random.default_rng(1).normal(size=(len(keys), 3)).astype(np.float32)
    store.add(keys, vectors, [OLD] * len(keys))
    assert store.count() == len(keys)
    store.remove(keys[1:])
    assert store.keys() == [1]


def test_what_was_added_is_there_when_the_store_is_opened_again(opened):
    first = opened()
    first.add([11], np.array([near(1, 0, 0)]), [OLD])
    first.close()
    again = opened()
    assert again.search(near(1, 0, 0), 1, EVERYTHING) == [(11, pytest.approx(1, abs=1e-6))]
    again.close()


def test_vectors_of_another_embedder_are_refused(opened, three):
    with pytest.raises(StoreError, match=r"were made by 'E', not 'another one': use another home"):
        opened("another one")


@pytest.mark.served
def test_two_homes_share_one_server_and_keep_apart(chroma_server, tmp_path, embedder, write):
    files = {"herald": "Nine policemen were killed in Tazirbu.", "post": "A court sat in Benghazi."}
    for name, text in files.items():
        folder = write({f"{name}.txt": text}, name)
        with Archive(tmp_path / f"{name}-home", chroma_url=chroma_server, embedder=embedder) as archive:
            ingest(archive, [str(folder)])
    for name, text in files.items():
        with Archive(tmp_path / f"{name}-home", chroma_url=chroma_server, embedder=embedder) as archive:
            ((key, cosine),) = archive.search_dense(text, 5)
            assert archive.passages([key])[key].end == len(text)
            assert cosine > 0.8
            assert not (tmp_path / f"{name}-home" / "chroma").exists()


def test_a_server_that_does_not_answer_is_named_with_what_to_do():
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(StoreError) as caught:
        VectorStore.over_http(address, "test", "E")
    assert str(caught.value).startswith(f"no Chroma server answers at {address}: start it, or correct chroma_url (")
    assert "\n" not in str(caught.value)


def test_a_server_that_is_no_chroma_is_named_with_what_to_do():
    class Quiet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        try:
            with pytest.raises(StoreError, match=f"^no Chroma server answers at {address}: start it"):
                VectorStore.over_http(address, "test", "E")
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://x", "http://", "chroma", "http://x:port"])
def test_an_address_that_is_none_is_named(address):
    with pytest.raises(StoreError, match="^(chroma_url|no Chroma server answers at) .*" + address[-4:]):
        VectorStore.over_http(address, "test", "E")


def test_a_damaged_folder_is_named_with_what_to_do(tmp_path):
    folder = tmp_path / "chroma"
    VectorStore.embedded(folder, "E").close()
    (folder / "chroma.sqlite3").write_bytes(b"no database" * 500)
    with pytest.raises(StoreError) as caught:
        VectorStore.embedded(folder, "E")
    assert str(caught.value).startswith(
        f"the vectors in {folder} cannot be used: delete that folder and run `quotedesk index` again ("
    )
