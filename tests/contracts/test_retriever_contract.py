"""What every Retriever does, ours and those that come through llama-index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from llama_index.core import VectorStoreIndex

from bot.llama import ArchiveRetriever, LlamaRetriever
from bot.retriever import DenseRetriever, FusedRetriever, Hit, LexicalRetriever, Query, Retriever
from index.archive import Archive
from index.article import Scope
from index.ingest import ingest
from index.llama import MiniLMEmbedding, PassageParser, documents

DEEP = 1_000  # more than the archive has passages
ARTICLES = {
    "ferry": {
        "text": "Nine passengers drowned when the ferry to Tarsk sank off the cape. Divers found the wreck at dawn.",
        "title": "Ferry sinks",
        "source": "Harbour Gazette",
        "published": "2024-03-02",
    },
    "inquiry": {
        "text": "\r\n".join(
            [
                "An inquiry into the ferry opened in Tarsk on Friday.",
                *(f"Witness {n} told the judge what was seen from house number {n} that night." for n in range(1, 60)),
                "The inquiry found that the ferry had carried twice the passengers it was built for.",
            ]
        ),
        "title": "Inquiry into the ferry opens",
        "source": "Harbour Gazette",
        "published": "2024-05-10",
    },
    "bread": {
        "text": "Bread prices in Tarsk doubled within a year, the bakers' guild said. 🍞 Flour comes by ferry.",
        "title": "Bread costs twice as much",
        "source": "Morning Post",
        "published": "2024-05-11",
    },
    "undated": {
        "text": "Tarsk is a port of forty thousand people. A ferry links it with the islands.",
        "title": "About Tarsk",
        "source": "Almanac",
    },
}


def _index_of_theirs(archive: Archive) -> LlamaRetriever:
    index = VectorStoreIndex.from_documents(
        list(documents(archive)), embed_model=MiniLMEmbedding(), transformations=[PassageParser()]
    )
    return LlamaRetriever(index.as_retriever(similarity_top_k=DEEP), archive)


RETRIEVERS: dict[str, Callable[[Archive], Retriever]] = {
    "dense": DenseRetriever,
    "lexical": LexicalRetriever,
    "fused": FusedRetriever,
    "dense through llama-index": lambda a: LlamaRetriever(ArchiveRetriever(DenseRetriever(a), a, k=DEEP), a),
    "lexical through llama-index": lambda a: LlamaRetriever(ArchiveRetriever(LexicalRetriever(a), a, k=DEEP), a),
    "fused through llama-index": lambda a: LlamaRetriever(ArchiveRetriever(FusedRetriever(a), a, k=DEEP), a),
    "a VectorStoreIndex": _index_of_theirs,
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("contract")
    lines = (json.dumps(article) for article in ARTICLES.values())
    (folder / "articles.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with Archive(folder / "home") as archive:
        assert ingest(archive, [str(folder / "articles.jsonl")]).added == len(ARTICLES)
        yield archive


@pytest.fixture(scope="module", params=RETRIEVERS)
def retriever(request: pytest.FixtureRequest, archive: Archive) -> Retriever:
    return RETRIEVERS[request.param](archive)


def names(archive: Archive, hits: list[Hit]) -> set[str]:
    """Which of ARTICLES the hits come from."""
    titles = {archive.article(hit.passage.article_id).title for hit in hits}
    return {name for name, article in ARTICLES.items() if article["title"] in titles}


def test_the_passage_that_answers_comes_first(retriever, archive):
    hits = retriever.retrieve(Query("How many passengers drowned when the ferry sank?"), 3)
    passage = hits[0].passage
    text = archive.article(passage.article_id).text
    assert text[passage.start : passage.end].startswith("Nine passengers drowned")


def test_hits_are_the_best_k_with_the_best_first(retriever):
    everything = retriever.retrieve(Query("ferry Tarsk"), DEEP)
    scores = [hit.score for hit in everything]
    assert len(everything) > 3
    assert scores == sorted(scores, reverse=True)
    for k in (0, 1, 3):
        assert retriever.retrieve(Query("ferry Tarsk"), k) == everything[:k]


def test_a_k_beyond_the_archive_gives_each_passage_once(retriever, archive):
    passages = [hit.passage for hit in retriever.retrieve(Query("ferry Tarsk witness"), DEEP)]
    assert len(passages) == len(set(passages)) == archive.status().passages


def test_every_passage_is_words_of_its_article(retriever, archive):
    for hit in retriever.retrieve(Query("ferry Tarsk"), DEEP):
        start, end = hit.passage.start, hit.passage.end
        text = archive.article(hit.passage.article_id).text
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip() != ""


@pytest.mark.parametrize(
    ("scope", "inside"),
    [
        (Scope(), {"ferry", "inquiry", "bread", "undated"}),
        (Scope(start=date(2024, 5, 10)), {"inquiry", "bread", "undated"}),
        (Scope(end=date(2024, 5, 10)), {"ferry", "inquiry", "undated"}),
        (Scope(date(2024, 5, 10), date(2024, 5, 10)), {"inquiry", "undated"}),
        (Scope(start=date(2030, 1, 1)), {"undated"}),
        (Scope(sources=("harbour GAZETTE",)), {"ferry", "inquiry"}),
        (Scope(sources=("Morning Post", "Almanac")), {"bread", "undated"}),
        (Scope(start=date(2024, 5, 1), sources=("Harbour Gazette", "Almanac")), {"inquiry", "undated"}),
        (Scope(sources=("The Nobody",)), set()),
    ],
    ids=lambda value: "-".join(sorted(value)) if isinstance(value, set) else str(value),
)
def test_only_articles_inside_the_scope_answer_and_undated_ones_pass_any_dates(retriever, archive, scope, inside):
    assert names(archive, retriever.retrieve(Query("ferry Tarsk", scope), DEEP)) == inside


@pytest.mark.parametrize(
    "words", ["zzyzx qwvx", "?!", "🚢", "' OR 1=1 --", "ferry " * 500], ids=lambda words: words[:12]
)
def test_any_words_may_be_searched_for(retriever, words):
    assert len(retriever.retrieve(Query(words), 2)) <= 2
