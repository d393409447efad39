"""The seams to llama-index: our parts in its pipelines, its parts at our desk."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from llama_index.core import Settings, VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import Document, MetadataMode, NodeWithScore, QueryBundle, TextNode

from bot.answer import Question
from bot.desk import Desk
from bot.llama import ArchiveRetriever, LlamaRetriever
from bot.retriever import DenseRetriever, FusedRetriever, LexicalRetriever, Query
from index.archive import Archive
from index.article import Passage, Scope
from index.embedder import MiniLM, token_offsets
from index.ingest import ingest
from index.llama import LlamaEmbedder, MiniLMEmbedding, PassageParser, document, documents
from index.passages import passages

ROOT = Path(__file__).parents[1]
FERRY = "Nine passengers drowned when the ferry to Tarsk sank off the cape. Divers found the wreck at dawn. No. No."
BREAD = "Bread prices in Tarsk doubled within a year, the bakers' guild said."
ARTICLES = [
    {
        "text": FERRY,
        "title": "Ferry sinks",
        "source": "Harbour Gazette",
        "published": "2024-03-02",
        "url": "https://gazette.test/ferry",
    },
    {"text": BREAD, "title": "Bread costs twice as much", "source": "Morning Post"},
]


def awaited(coroutine):
    """What a coroutine gives, in a loop of its own: the browser of other tests keeps one open in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("llama")
    (folder / "articles.jsonl").write_text("\n".join(map(json.dumps, ARTICLES)), encoding="utf-8")
    with Archive(folder / "home") as archive:
        assert ingest(archive, [str(folder / "articles.jsonl")]).added == len(ARTICLES)
        yield archive


@pytest.fixture
def ferry(archive: Archive) -> str:
    """The id of the article about the ferry."""
    return ArchiveRetriever(LexicalRetriever(archive), archive).retrieve("ferry")[0].metadata["article_id"]


class Given(BaseRetriever):
    """A llama-index retriever that finds what it was given."""

    def __init__(self, *found: NodeWithScore) -> None:
        super().__init__()
        self._found = list(found)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return self._found


def scored(text: str, article_id: object, score: float | None = 1.0, **fields: object) -> NodeWithScore:
    metadata = {"article_id": article_id, **fields.pop("metadata", {})}  # type: ignore[dict-item]
    return NodeWithScore(node=TextNode(text=text, metadata=metadata, **fields), score=score)


# MiniLMEmbedding: our embedder for their pipelines --------------------------------------------------------------------


def test_the_embedding_gives_the_embedders_vectors_however_it_is_asked():
    embedding, texts = MiniLMEmbedding(), [FERRY, BREAD]
    expected = MiniLM().embed(texts).tolist()

    async def asked_in_other_ways() -> list[list[list[float]]]:
        return [
            [await embedding.aget_query_embedding(text) for text in texts],
            [await embedding.aget_text_embedding(text) for text in texts],
            await embedding.aget_text_embedding_batch(texts),
        ]

    assert embedding.get_text_embedding_batch(texts) == expected
    assert [embedding.get_text_embedding(text) for text in texts] == expected
    assert [embedding.get_query_embedding(text) for text in texts] == expected
    assert awaited(asked_in_other_ways()) == [expected] * 3


@pytest.mark.parametrize(
    "copied",
    [
        lambda it: pickle.loads(pickle.dumps(it)),  # noqa: S301 - our own bytes
        copy.deepcopy,
        lambda it: MiniLMEmbedding.from_dict(it.to_dict()),
        lambda it: MiniLMEmbedding.from_json(it.to_json()),
    ],
    ids=["pickle", "deepcopy", "dict", "json"],
)
def test_the_embedding_survives_being_copied_after_use_without_its_weights(copied, caplog):
    embedding = MiniLMEmbedding(threads=1, embed_batch_size=7)
    vector = embedding.get_text_embedding(BREAD)
    twin = copied(embedding)
    assert (twin.threads, twin.embed_batch_size, twin.model_name) == (1, 7, MiniLM.name)
    assert twin.get_text_embedding(BREAD) == vector
    assert caplog.records == []  # llama-index warns there of what it could not pickle
    assert len(pickle.dumps(embedding)) < 2_000


def test_the_embedding_names_itself_and_its_weights_when_serialised():
    data = MiniLMEmbedding().to_dict()
    assert (data["class_name"], data["model_name"]) == ("MiniLMEmbedding", MiniLM.name)


# LlamaEmbedder: their embeddings for our archive ----------------------------------------------------------------------


def test_an_embedder_is_named_after_the_model_and_as_wide_as_its_vectors():
    embedder = LlamaEmbedder(MockEmbedding(embed_dim=2, model_name="halves"))
    assert (embedder.name, embedder.dimensions) == ("MockEmbedding halves", 2)


def test_vectors_of_any_length_are_brought_to_length_one():
    vectors = LlamaEmbedder(MockEmbedding(embed_dim=2)).embed(["a", "b"])  # the mock gives (0.5, 0.5)
    assert vectors == pytest.approx(np.full((2, 2), np.sqrt(0.5)))


def test_a_text_of_which_the_model_makes_nothing_is_like_nothing():
    class Silent(MockEmbedding):
        def _get_vector(self) -> list[float]:
            return [0.0] * self.embed_dim

    assert LlamaEmbedder(Silent(embed_dim=3)).embed([""]).tolist() == [[0.0, 0.0, 0.0]]


def test_an_archive_can_be_made_and_searched_with_a_llama_index_embedding(tmp_path):
    (tmp_path / "ferry.txt").write_text(FERRY, encoding="utf-8")
    (tmp_path / "bread.txt").write_text(BREAD, encoding="utf-8")
    with Archive(tmp_path / "home", embedder=LlamaEmbedder(MiniLMEmbedding())) as archive:
        ingest(archive, [str(tmp_path / "ferry.txt"), str(tmp_path / "bread.txt")])
        best = DenseRetriever(archive).retrieve(Query("What does food cost?"), 1)[0]
        assert archive.article(best.passage.article_id).text == BREAD


# PassageParser: our passages for their pipelines ----------------------------------------------------------------------

TEXTS = {
    "emoji": "The crew waved 👋🏽 from the deck. 🚢🚢 Nobody was hurt! 👩‍👩‍👧 All went home.",
    "Arabic": "غرقت العبّارة قبالة الرأس. نجا الركّاب جميعا؟ نعم، قال القبطان.",
    "CRLF": "First line.\r\n\r\nSecond line, a\r\nlittle longer.\r\n",
    "combining": "Cafe\u0301 owners met. Zu\u0308rich followed.\u00a0The end.",
    "no sentence end": "word " * 500,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("max_tokens", [5, 200])
def test_nodes_are_our_passages_at_exact_offsets(text, max_tokens):
    nodes = PassageParser(max_tokens=max_tokens).get_nodes_from_documents([Document(text=text)])
    assert nodes
    assert [text[node.start_char_idx : node.end_char_idx] for node in nodes] == [node.text for node in nodes]
    spans = passages(text, token_offsets(text), max_tokens)
    assert [(node.start_char_idx, node.end_char_idx) for node in nodes] == spans


def test_words_that_come_twice_keep_their_own_places():
    # Searching for the second node's text from the first one on would find it inside the first.
    text = "Alpha beta gamma. Not so.\n\nNot so."
    first, second = PassageParser(max_tokens=7).get_nodes_from_documents([Document(text=text)])
    assert (first.text, second.text) == ("Alpha beta gamma. Not so.", "Not so.")
    assert (second.start_char_idx, second.end_char_idx) == (27, 34)


def test_nodes_know_their_document_its_metadata_and_their_neighbours():
    whole = Document(
        text=FERRY, id_="ferry", metadata={"desk": "news", "page": 3}, excluded_embed_metadata_keys=["page"]
    )
    first, second, third = PassageParser(max_tokens=15)([whole, Document(text=BREAD, id_="bread")])[:3]
    assert [node.ref_doc_id for node in (first, second, third)] == ["ferry", "ferry", "bread"]
    assert (first.prev_node, second.next_node, third.prev_node) == (None, None, None)
    assert (first.next_node.node_id, second.prev_node.node_id) == (second.node_id, first.node_id)
    assert (first.metadata, third.metadata) == ({"desk": "news", "page": 3}, {})
    assert first.get_content(MetadataMode.EMBED) == f"desk: news\n\n{first.text}"


def test_a_document_without_words_has_no_nodes():
    assert PassageParser()([Document(text=""), Document(text=" \n\n ")]) == []


def test_parser_and_embedding_make_a_pipeline():
    pipeline = IngestionPipeline(transformations=[PassageParser(), MiniLMEmbedding()])
    (node,) = pipeline.run(documents=[Document(text=BREAD)])
    assert node.embedding == MiniLM().embed([BREAD])[0].tolist()


def test_an_article_as_a_document_shows_models_what_they_need(archive, ferry):
    whole = document(archive.article(ferry))
    assert (whole.id_, whole.text) == (ferry, FERRY)
    assert whole.metadata == {
        "article_id": ferry,
        "title": "Ferry sinks",
        "source": "Harbour Gazette",
        "published": "2024-03-02",
        "url": "https://gazette.test/ferry",
    }
    assert whole.get_metadata_str(MetadataMode.EMBED) == "title: Ferry sinks"
    assert whole.get_metadata_str(MetadataMode.LLM) == (
        "title: Ferry sinks\nsource: Harbour Gazette\npublished: 2024-03-02\nurl: https://gazette.test/ferry"
    )


def test_what_is_not_known_of_an_article_is_not_shown_to_a_model(archive):
    bread = next(whole for whole in documents(archive) if whole.text == BREAD)
    assert (bread.metadata["published"], bread.metadata["url"]) == (None, None)
    assert bread.get_metadata_str(MetadataMode.LLM) == "title: Bread costs twice as much\nsource: Morning Post"


# ArchiveRetriever: our search for their pipelines ---------------------------------------------------------------------


def test_a_found_node_is_the_passage_with_what_a_citation_needs(archive, ferry):
    (found,) = ArchiveRetriever(FusedRetriever(archive), archive, k=1).retrieve("How many drowned?")
    (hit,) = FusedRetriever(archive).retrieve(Query("How many drowned?"), 1)
    start, end = hit.passage.start, hit.passage.end
    assert found.text == FERRY[start:end]
    assert found.score == hit.score
    assert found.node_id == f"{ferry}:{start}-{end}"
    assert found.node.ref_doc_id == ferry
    assert (found.node.start_char_idx, found.node.end_char_idx) == (start, end)
    assert found.metadata == {**document(archive.article(ferry)).metadata, "start": start, "end": end}
    assert found.get_content(MetadataMode.EMBED) == f"title: Ferry sinks\n\n{found.text}"
    assert "article_id" not in found.get_content(MetadataMode.LLM)
    assert "start" not in found.get_content(MetadataMode.LLM)


def test_it_keeps_to_its_scope_and_its_k(archive):
    within = ArchiveRetriever(DenseRetriever(archive), archive, scope=Scope(sources=("morning post",)))
    assert [found.text for found in within.retrieve("ferry")] == [BREAD]
    assert len(ArchiveRetriever(DenseRetriever(archive), archive, k=1).retrieve("ferry")) == 1
    with pytest.raises(ValueError, match="k=0 finds nothing"):
        ArchiveRetriever(DenseRetriever(archive), archive, k=0)


def test_the_day_of_the_question_counts_as_it_does_for_the_desk(archive):
    day, retriever = date(2024, 3, 2), FusedRetriever(archive)
    nodes = ArchiveRetriever(retriever, archive, asked=day).retrieve("ferry")
    assert [node.score for node in nodes] == [hit.score for hit in retriever.retrieve(Query("ferry", asked=day), 10)]
    assert nodes[0].score > ArchiveRetriever(retriever, archive).retrieve("ferry")[0].score


def test_it_finds_the_same_when_awaited(archive):
    retriever = ArchiveRetriever(FusedRetriever(archive), archive)
    assert awaited(retriever.aretrieve("ferry")) == retriever.retrieve("ferry")


# LlamaRetriever: their search for our desk ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"start_char_idx": 103, "end_char_idx": 106},
        {"metadata": {"start_char_idx": 103, "end_char_idx": 106}},
        {"metadata": {"start": 103, "end": 106}},
        {"start_char_idx": 0, "end_char_idx": 3, "metadata": {"start": 103, "end": 106}},
    ],
    ids=["node", "metadata of llama-index", "metadata of ours", "the first that is true"],
)
def test_a_node_stands_where_it_says(archive, ferry, fields):
    hits = LlamaRetriever(Given(scored("No.", ferry, **fields)), archive).retrieve(Query("?"), 5)
    assert [hit.passage for hit in hits] == [Passage(ferry, 103, 106)]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"start_char_idx": 3, "end_char_idx": 6},
        {"start_char_idx": -3, "end_char_idx": 0},
        {"start_char_idx": 103, "end_char_idx": 110},
        {"metadata": {"start": 103.5, "end": "106"}},
    ],
    ids=["unsaid", "elsewhere", "from the end", "beyond the end", "no offsets"],
)
def test_a_node_that_does_not_say_truly_where_it_stands_is_looked_for(archive, ferry, fields):
    hits = LlamaRetriever(Given(scored("No.", ferry, **fields)), archive).retrieve(Query("?"), 5)
    assert [hit.passage for hit in hits] == [Passage(ferry, FERRY.index("No."), FERRY.index("No.") + 3)]


def test_what_cannot_be_placed_is_dropped(archive, ferry):
    found = Given(
        scored("Ten passengers drowned", ferry),
        scored("Ten passengers drowned", ferry, start_char_idx=0, end_char_idx=22),
        scored("nine passengers drowned", ferry),
        scored("", ferry),
        scored("", ferry, start_char_idx=5_000, end_char_idx=5_001),
        scored("Nine passengers drowned", "no such article"),
        scored("Nine passengers drowned", ["a", "list"]),
        scored("Nine passengers drowned", None),
        NodeWithScore(node=TextNode(text="Nine passengers drowned"), score=1.0),
        scored("Divers found the wreck", ferry, 0.1),
    )
    (hit,) = LlamaRetriever(found, archive).retrieve(Query("?"), 20)
    assert FERRY[hit.passage.start : hit.passage.end] == "Divers found the wreck"


def test_hits_are_sorted_by_score_and_a_passage_found_twice_counts_once(archive, ferry):
    found = Given(scored("Divers", ferry, 0.2), scored("Nine", ferry, 0.9), scored("Divers", ferry, 0.5))
    hits = LlamaRetriever(found, archive).retrieve(Query("?"), 5)
    assert [(FERRY[h.passage.start : h.passage.end], h.score) for h in hits] == [("Nine", 0.9), ("Divers", 0.5)]


@pytest.mark.parametrize("score", [None, float("nan")])
def test_without_usable_scores_the_order_given_is_kept(archive, ferry, score):
    found = Given(scored("Divers", ferry, score), scored("Nine", ferry, 0.9), scored("dawn", ferry, score))
    hits = LlamaRetriever(found, archive).retrieve(Query("?"), 5)
    assert [FERRY[h.passage.start : h.passage.end] for h in hits] == ["Divers", "Nine", "dawn"]
    assert [hit.score for hit in hits] == pytest.approx([1, 1 / 2, 1 / 3])


def test_a_desk_answers_from_an_index_of_theirs_in_exact_quotes(archive, ferry):
    index = VectorStoreIndex.from_documents(
        list(documents(archive)), embed_model=MiniLMEmbedding(), transformations=[PassageParser(max_tokens=15)]
    )
    desk = Desk(archive, retriever=LlamaRetriever(index.as_retriever(similarity_top_k=12), archive))
    answer = desk.ask(Question("How many passengers drowned when the ferry to Tarsk sank?"))
    assert answer.status == "answered"
    best = answer.quotes[0]
    assert (best.article_id, best.source) == (ferry, "Harbour Gazette")
    assert best.text.startswith("Nine passengers drowned")
    assert all(quote.text == archive.article(quote.article_id).text[quote.start : quote.end] for quote in answer.quotes)


def test_a_desk_does_not_quote_what_no_article_says(archive, ferry):
    invented = Given(scored("Ten thousand passengers drowned when the ferry to Tarsk sank.", ferry))
    answer = Desk(archive, retriever=LlamaRetriever(invented, archive)).ask(Question("How many passengers drowned?"))
    assert (answer.status, answer.quotes, answer.near) == ("unanswered", (), ())


# Who pays for it ------------------------------------------------------------------------------------------------------


def test_the_global_settings_of_llama_index_stay_empty(archive):
    index = VectorStoreIndex.from_documents(
        list(documents(archive)), embed_model=MiniLMEmbedding(), transformations=[PassageParser()]
    )
    retriever = LlamaRetriever(index.as_retriever(), archive)
    Desk(archive, retriever=retriever).ask(Question("How many passengers drowned?"))
    ArchiveRetriever(FusedRetriever(archive), archive).retrieve("ferry")
    # Read behind its properties: those would make the OpenAI default.
    assert (Settings._llm, Settings._embed_model, Settings._node_parser) == (None, None, None)


def test_a_cold_question_does_not_load_llama_index(tmp_path):
    script = """
import sys
import bot.desk, ui.cli
try:
    ui.cli.main(["ask", "How many people were killed in Tazirbu?"])
except SystemExit as end:
    print("exit", end.code, [name for name in sys.modules if name.startswith("llama_index")])
"""
    environment = {**os.environ, "QUOTEDESK_HOME": str(tmp_path / "home")}
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ran.stdout.splitlines()[-1:] == ["exit 0 []"], ran.stderr
