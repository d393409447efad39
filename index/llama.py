"""The seam to llama-index for what `index` does: our embedder and passages for its pipelines, its embeddings for us.

Nothing of ours imports this module: llama-index takes over a second to load, which only those who use it should pay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from llama_index.core.bridge.pydantic import Field
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.node_parser import NodeParser
from llama_index.core.node_parser.node_utils import build_nodes_from_splits
from llama_index.core.schema import BaseNode, Document, MetadataMode, TextNode
from llama_index.core.utils import get_tqdm_iterable
from numpy.typing import NDArray

from index.article import Article
from index.embedder import MiniLM, token_offsets
from index.passages import MAX_TOKENS, passages

if TYPE_CHECKING:  # an archive brings Chroma, which a pipeline that only embeds has no use for
    from index.archive import Archive


class MiniLMEmbedding(BaseEmbedding):
    """The bundled embedder as a llama-index embedding: unit vectors of 384 numbers, for queries and texts alike.

    The weights are loaded by the first text, once a process, and are no part of a copy, a pickle or `to_dict`.
    """

    model_name: str = Field(default=MiniLM.name, description="Which weights made the vectors.")
    embed_batch_size: int = Field(default=256, description="Texts in one call of the embedder.", gt=0, le=2048)
    threads: int | None = Field(default=None, description="Texts embedded at a time; as many as cores when None.", gt=0)

    @classmethod
    def class_name(cls) -> str:
        """The name under which llama-index serialises it."""
        return "MiniLMEmbedding"

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = _loaded(self.threads).embed(texts).tolist()
        return vectors

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return await asyncio.to_thread(self._get_text_embedding, text)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)


@cache
def _loaded(threads: int | None) -> MiniLM:
    return MiniLM(threads)


class LlamaEmbedder:
    """Any llama-index embedding as our Embedder. Making one embeds a text, to learn how many dimensions there are.

    Queries are embedded as texts are. A model that wants an instruction before queries (E5, BGE, some services) works,
    but finds less than it could.
    """

    def __init__(self, model: BaseEmbedding) -> None:
        self._model = model
        self.name = f"{model.class_name()} {model.model_name}"
        self.dimensions = len(model.get_text_embedding("dimensions"))

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (len(texts), dimensions); zeros for a text of which the model makes nothing."""
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        vectors = np.asarray(self._model.get_text_embedding_batch(list(texts)), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(lengths > 0, lengths, 1)
        return vectors


class PassageParser(NodeParser):
    """Our passages as llama-index nodes: whole sentences, `document.text[node.start_char_idx:node.end_char_idx]`.

    The bundled embedder reads 256 tokens of a node, embedded metadata included; more metadata wants fewer `max_tokens`.
    """

    max_tokens: int = Field(default=MAX_TOKENS, description="Tokens of the bundled embedder in a node, at most.", gt=0)

    @classmethod
    def class_name(cls) -> str:
        """The name under which llama-index serialises it."""
        return "PassageParser"

    def _parse_nodes(self, nodes: Sequence[BaseNode], show_progress: bool = False, **kwargs: Any) -> list[BaseNode]:
        parsed: list[BaseNode] = []
        for node in get_tqdm_iterable(nodes, show_progress, "Parsing nodes"):
            text = node.get_content(metadata_mode=MetadataMode.NONE)
            spans = passages(text, token_offsets(text), self.max_tokens)
            pieces = build_nodes_from_splits([text[s.start : s.end] for s in spans], node, id_func=self.id_func)
            for piece, span in zip(pieces, spans, strict=True):
                piece.start_char_idx, piece.end_char_idx = span
            parsed += pieces
        return parsed

    def _postprocess_parsed_nodes(self, nodes: list[BaseNode], parent_doc_map: dict[str, Document]) -> list[BaseNode]:
        # llama-index looks for each node's text again, and finds words that are repeated in the wrong place.
        placed = [(node, node.start_char_idx, node.end_char_idx) for node in nodes if isinstance(node, TextNode)]
        nodes = super()._postprocess_parsed_nodes(nodes, parent_doc_map)
        for node, start, end in placed:
            node.start_char_idx, node.end_char_idx = start, end
        return nodes


def document(article: Article) -> Document:
    """An article as a llama-index document, with the metadata by which its nodes are placed in it again.

    Of the metadata only the title is embedded, as in our own index; a language model also sees who published it when.
    """
    metadata = {
        "article_id": article.id,
        "title": article.title,
        "source": article.source,
        "published": article.published.isoformat() if article.published else None,
        "url": article.url,
    }
    return Document(
        id_=article.id,
        text=article.text,
        metadata=metadata,
        excluded_embed_metadata_keys=[name for name in metadata if name != "title"],
        excluded_llm_metadata_keys=[name for name, value in metadata.items() if name == "article_id" or value is None],
    )


def documents(archive: Archive) -> Iterator[Document]:
    """Every article of an archive as a document, for an index of one's own over the same articles."""
    return (document(article) for article, _, _ in archive.catalogue.articles_with_passages())
