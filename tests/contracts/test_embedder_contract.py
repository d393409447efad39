"""What every Embedder does, ours and those that come through llama-index."""

from __future__ import annotations

import numpy as np
import pytest

from index.embedder import Embedder, MiniLM
from index.llama import LlamaEmbedder, MiniLMEmbedding

EMBEDDERS = {"MiniLM": MiniLM, "LlamaEmbedder": lambda: LlamaEmbedder(MiniLMEmbedding())}
TEXTS = ["The ferry sank off the cape.", "Bread prices doubled.", "", "لم تصب أحدا 🚢", "word " * 2_000]


@pytest.fixture(scope="module", params=EMBEDDERS)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return EMBEDDERS[request.param]()


def test_it_says_which_model_it_is_and_how_many_numbers_it_gives(embedder):
    assert embedder.name.strip()
    assert embedder.dimensions == 384


def test_each_text_becomes_one_row_of_float32_of_length_one(embedder):
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_no_texts_become_no_rows(embedder):
    vectors = embedder.embed([])
    assert vectors.shape == (0, embedder.dimensions)
    assert vectors.dtype == np.float32


def test_a_text_gets_the_same_vector_every_time_and_in_any_company(embedder):
    together, again, alone = embedder.embed(TEXTS), embedder.embed(TEXTS), embedder.embed(TEXTS[1:2])
    assert np.array_equal(together, again)
    assert np.array_equal(together[1:2], alone)


def test_rows_come_in_the_order_of_the_texts(embedder):
    assert np.array_equal(embedder.embed(TEXTS)[::-1], embedder.embed(TEXTS[::-1]))


def test_what_is_alike_in_meaning_is_nearer(embedder):
    question, answer, akin, other = embedder.embed(
        [
            "How many people died when the boat went down?",
            "Nine passengers drowned as the ferry sank.",
            "The ferry had been inspected in spring.",
            "Bread prices doubled in a year.",
        ]
    )
    assert question @ answer > question @ akin > question @ other
