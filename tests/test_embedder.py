"""index.embedder: the bundled weights are the released ones, and texts become the same unit vectors every time.

What every embedder does is in tests/contracts/.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from index import embedder as module
from index.embedder import GRAPH, MAX_TOKENS, VOCABULARY, MiniLM, token_offsets, tokenizer
from index.graphs import DamagedModelError

TEXTS = [
    "Nine policemen were killed in Tazirbu.",
    "The court in Benghazi sentenced three men.",
    "تازربو",
    "👍🏽",
    "x" * 400,
]


def test_texts_become_unit_vectors_of_384_numbers(embedder):
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_no_texts_become_no_vectors(embedder):
    assert embedder.embed([]).shape == (0, 384)


def test_a_text_has_the_same_vector_alone_in_company_and_with_any_number_of_threads(embedder):
    together = embedder.embed(TEXTS)
    assert np.array_equal(together, np.concatenate([embedder.embed([text]) for text in TEXTS]))
    assert np.array_equal(together, MiniLM(threads=1).embed(TEXTS))


def test_the_vector_of_a_known_text_is_the_one_that_the_released_weights_give(embedder):
    (vector,) = embedder.embed(["Nine policemen were killed in Tazirbu."])
    assert vector[:4] == pytest.approx(
        [0.0110, 0.0117, -0.0676, -0.0050], abs=2e-3
    )  # processors round the last places differently


def test_what_means_alike_lies_nearer(embedder):
    question, answer, near, far = embedder.embed(
        [
            "Who was kidnapped in Tazirbu?",
            "Eleven civilians were abducted in Tazirbu.",
            "Nine policemen were killed in Tazirbu.",
            "Bread prices doubled within a year.",
        ]
    )
    assert question @ answer > question @ near > question @ far


def test_a_long_text_is_read_up_to_its_256th_token_and_no_further(embedder):
    seen = " ".join(["word"] * (MAX_TOKENS - 2))
    cut, longer = embedder.embed([seen, f"{seen} and much more that is not seen"])
    assert np.array_equal(cut, longer)
    shorter, cut = embedder.embed([seen.removesuffix(" word"), seen])
    assert not np.array_equal(shorter, cut)


def test_token_offsets_are_code_points_of_the_text():
    text = "Café 😀 تازربو\nTazirbu"
    offsets = token_offsets(text)
    assert [text[start:end] for start, end in offsets] == ["Café", "😀", *"تازربو", "Ta", "zi", "rb", "u"]
    assert token_offsets("") == []


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    """A copy of the bundled files that may be broken."""
    copy = tmp_path / "models"
    shutil.copytree(module.MODELS, copy)
    monkeypatch.setattr(module, "MODELS", copy)
    return copy


def test_a_copy_of_the_files_works_elsewhere(models):
    assert MiniLM(threads=1).embed(["a"]).shape == (1, 384)


@pytest.mark.parametrize("broken", ["changed", "cut", "missing"])
def test_a_damaged_model_is_refused_with_what_to_do(models, broken):
    path = models / GRAPH
    content = bytearray(path.read_bytes())
    if broken == "missing":
        path.unlink()
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content if broken == "changed" else content[:-1])
    with pytest.raises(DamagedModelError) as caught:
        MiniLM().embed(["a"])
    assert str(caught.value) == (f"{path} is damaged (its hash differs from the released one): install Quotedesk again")


def test_a_damaged_vocabulary_is_refused_too(models):
    (models / VOCABULARY).write_text("{}")
    tokenizer.cache_clear()
    try:
        with pytest.raises(DamagedModelError, match=r"tokenizer\.json is damaged"):
            tokenizer()
    finally:
        tokenizer.cache_clear()
