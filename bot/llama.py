"""The seam to llama-index for retrieval: our retrievers for its pipelines, its retrievers for our Desk.

Nothing of ours imports this module: llama-index takes over a second to load, which only those who use it should pay.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import (
    BaseNode,
    MetadataMode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    TextNode,
)

from bot.retriever import Hit, Query, Retriever
from index.archive import Archive
from index.article import EVERYTHING, Article, Passage, Scope
from index.catalogue import UnknownArticleError
from index.llama import document


class ArchiveRetriever(BaseRetriever):
    """One of our retrievers as a llama-index one: `ArchiveRetriever(FusedRetriever(archive), archive, k=10)`.

    llama-index has no word for a scope or for the day of the question, so they are set here and hold for every query.
    Raises ValueError when `k` is below 1.
    """

    def __init__(
        self,
        retriever: Retriever,
        archive: Archive,
        *,
        k: int = 10,
        scope: Scope = EVERYTHING,
        asked: date | None = None,
    ) -> None:
        super().__init__()
        if k < 1:
            raise ValueError(f"k={k} finds nothing: ask for at least 1 passage")
        self._retriever = retriever
        self._archive = archive
        self._k = k
        self._scope = scope
        self._asked = asked

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._retriever.retrieve(Query(query_bundle.query_str, self._scope, self._asked), self._k)
        return [NodeWithScore(node=self._node(hit.passage), score=hit.score) for hit in hits]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)

    def _node(self, passage: Passage) -> TextNode:
        """The passage with its article's metadata, under an id that is the same in every run."""
        whole = document(self._archive.article(passage.article_id))
        place = {"start": passage.start, "end": passage.end}
        return TextNode(
            id_=f"{passage.article_id}:{passage.start}-{passage.end}",
            text=whole.text[passage.start : passage.end],
            start_char_idx=passage.start,
            end_char_idx=passage.end,
            metadata={**whole.metadata, **place},
            excluded_embed_metadata_keys=[*whole.excluded_embed_metadata_keys, *place],
            excluded_llm_metadata_keys=[*whole.excluded_llm_metadata_keys, *place],
            relationships={NodeRelationship.SOURCE: whole.as_related_node_info()},
        )


class LlamaRetriever:
    """Any llama-index retriever as ours: `Desk(archive, retriever=LlamaRetriever(theirs, archive))`.

    A node counts when its metadata names an article of the archive (`article_id`) and its text stands in it word for
    word; the rest is dropped, because what cannot be placed cannot be quoted. The scope is enforced on what was found,
    so theirs should be set to find more than the desk reads (its `similarity_top_k`).
    """

    def __init__(self, retriever: BaseRetriever, archive: Archive) -> None:
        self._retriever = retriever
        self._archive = archive

    def retrieve(self, query: Query, k: int) -> list[Hit]:
        """At most `k` passages inside the query's scope, best first."""
        best: dict[Passage, Hit] = {}
        for node, score in _ranked(self._retriever.retrieve(query.text)):
            article = self._article(node)
            passage = _placed(node, article) if article and query.scope.holds(article) else None
            if passage:
                best.setdefault(passage, Hit(passage, score))
        return list(best.values())[: max(k, 0)]

    def _article(self, node: BaseNode) -> Article | None:
        article_id = node.metadata.get("article_id")
        if isinstance(article_id, str):
            with suppress(UnknownArticleError):
                return self._archive.article(article_id)
        return None


def _ranked(found: list[NodeWithScore]) -> list[tuple[BaseNode, float]]:
    """Nodes by score, best first; in the order given, scored by rank, when one of them has no number for a score."""
    scored = [(item.node, float(item.score)) for item in found if item.score is not None and math.isfinite(item.score)]
    if len(scored) < len(found):
        return [(item.node, 1 / rank) for rank, item in enumerate(found, start=1)]
    return sorted(scored, key=lambda pair: -pair[1])


def _placed(node: BaseNode, article: Article) -> Passage | None:
    """Where the node's text stands in `article`: where the node says, else where it is found first, else None."""
    text = node.get_content(metadata_mode=MetadataMode.NONE)
    if not text:
        return None
    for start, end in _stated(node):
        if isinstance(start, int) and start >= 0 and end == start + len(text) and article.text.startswith(text, start):
            return Passage(article.id, start, start + len(text))
    start = article.text.find(text)
    return Passage(article.id, start, start + len(text)) if start >= 0 else None


def _stated(node: BaseNode) -> Iterator[tuple[object, object]]:
    if isinstance(node, TextNode):
        yield node.start_char_idx, node.end_char_idx
    yield node.metadata.get("start_char_idx"), node.metadata.get("end_char_idx")
    yield node.metadata.get("start"), node.metadata.get("end")
