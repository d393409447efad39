"""The vector store: Chroma, embedded in the home or over HTTP. The only file that imports chromadb."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromadb
import httpx
import numpy as np
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError
from numpy.typing import NDArray

from index.article import Article, Scope

_BATCH = 2_000  # vectors in one call: well under Chroma's own limit, and a small HTTP request
_UNDATED = 0


class StoreError(RuntimeError):
    """Chroma cannot be used; the message says which and what to do."""


class VectorStore:
    """Passage vectors by key, with what is needed to keep a search inside a Scope."""

    def __init__(self, client: Any, name: str, embedder: str, trouble: str) -> None:
        self._client = client
        self._name, self._embedder = name, embedder
        self._trouble = trouble  # what to say, and what to do, when Chroma fails
        try:
            self._collection = self._opened()
        except BaseException:
            self.close()
            raise

    @classmethod
    def embedded(cls, folder: Path, embedder: str) -> VectorStore:
        """A store in `folder`, inside this process. No second process may open the same folder."""
        trouble = f"the vectors in {folder} cannot be used: delete that folder and run `quotedesk index` again"
        with _told(trouble):
            folder.mkdir(parents=True, exist_ok=True)
            client = chromadb.PersistentClient(path=str(folder), settings=_quiet())
        return cls(client, "passages", embedder, trouble)

    @classmethod
    def over_http(cls, address: str, name: str, embedder: str) -> VectorStore:
        """A store in the Chroma server at `address` (http://host:port), in a collection of that name."""
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise StoreError(f"chroma_url {address!r} is not an address: write http://HOST:PORT")
        trouble = f"no Chroma server answers at {address}: start it, or correct chroma_url"
        with _told(trouble):
            client = chromadb.HttpClient(
                host=parts.hostname,
                port=parts.port or (443 if parts.scheme == "https" else 8000),
                ssl=parts.scheme == "https",
                settings=_quiet(),
            )
        return cls(client, name, embedder, trouble)

    def _opened(self) -> Any:
        configuration = {"hnsw": {"space": "cosine", "ef_construction": 100, "ef_search": 100, "max_neighbors": 16}}
        with _told(self._trouble):
            collection = self._client.get_or_create_collection(
                self._name, embedding_function=None, metadata={"embedder": self._embedder}, configuration=configuration
            )
        held = (collection.metadata or {}).get("embedder", self._embedder)
        if held != self._embedder:
            raise StoreError(
                f"the vectors in collection {self._name!r} were made by {held!r}, not {self._embedder!r}: "
                "use another home"
            )
        return collection

    def add(self, keys: Sequence[int], vectors: NDArray[np.float32], articles: Sequence[Article]) -> None:
        """Put vectors (n, dimensions) under their keys, each with the article it is from; replaces what is there."""
        metadatas = [{"published": _day(article), "source": article.source.casefold()} for article in articles]
        for part in _parts(len(keys)):
            ids = [str(key) for key in keys[part]]
            self._call("upsert", ids=ids, embeddings=vectors[part], metadatas=metadatas[part])

    def remove(self, keys: Sequence[int]) -> None:
        """Forget the vectors of `keys`; unknown ones are ignored."""
        for part in _parts(len(keys)):
            self._call("delete", ids=[str(key) for key in keys[part]])

    def search(self, vector: NDArray[np.float32], k: int, scope: Scope) -> list[tuple[int, float]]:
        """The `k` nearest passages inside `scope` as (key, cosine), nearest first."""
        where = _where(scope)
        found = self._call("query", query_embeddings=[vector], n_results=k, where=where, include=["distances"])
        keys, distances = found["ids"][0], found["distances"][0]
        return [(int(key), 1.0 - float(distance)) for key, distance in zip(keys, distances, strict=True)]

    def keys(self) -> list[int]:
        """The keys of all vectors."""
        return [int(key) for key in self._call("get", include=[])["ids"]]

    def vectors(self, keys: Sequence[int]) -> NDArray[np.float32]:
        """The vectors (len(keys), dimensions) of `keys`, in that order; KeyError for one it does not hold."""
        held: dict[int, NDArray[np.float32]] = {}
        for part in _parts(len(keys)):
            found = self._call("get", ids=[str(key) for key in keys[part]], include=["embeddings"])
            held.update(zip(map(int, found["ids"]), found["embeddings"], strict=True))
        return np.array([held[key] for key in keys], np.float32)

    def count(self) -> int:
        """How many vectors it holds."""
        return int(self._call("count"))

    def _call(self, method: str, **values: Any) -> Any:
        with _told(self._trouble):
            try:
                return getattr(self._collection, method)(**values)
            except NotFoundError:  # the server lost it and came back empty; another process may have filled it since
                self._collection = self._opened()
                return getattr(self._collection, method)(**values)

    def close(self) -> None:
        """Let go of the folder or the connection."""
        clients = (self._client, getattr(self._client, "_admin_client", None))
        self._client.close()
        for client in clients:  # over HTTP, Chroma's own close leaves its connections open
            session = getattr(getattr(client, "_server", None), "_session", None)
            if session:
                session.close()


@contextmanager
def _told(trouble: str) -> Iterator[None]:
    """What Chroma or the way to it throws, as a StoreError."""
    try:
        yield
    except (ChromaError, httpx.HTTPError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise StoreError(f"{trouble} ({reason})") from error


def _quiet() -> Settings:
    return Settings(anonymized_telemetry=False)


def _day(article: Article) -> int:
    return int(article.published.strftime("%Y%m%d")) if article.published else _UNDATED


def _where(scope: Scope) -> dict[str, Any] | None:
    clauses: list[dict[str, Any]] = []
    if scope.start:
        start = {"published": {"$gte": int(scope.start.strftime("%Y%m%d"))}}
        clauses.append({"$or": [start, {"published": {"$eq": _UNDATED}}]})
    if scope.end:  # an undated article counts as day 0, which is before any end
        clauses.append({"published": {"$lte": int(scope.end.strftime("%Y%m%d"))}})
    if scope.sources:
        clauses.append({"source": {"$in": [source.casefold() for source in scope.sources]}})
    if len(clauses) < 2:
        return clauses[0] if clauses else None
    return {"$and": clauses}


def _parts(total: int) -> Iterator[slice]:
    for start in range(0, total, _BATCH):
        yield slice(start, start + _BATCH)
