"""Haystack's extractive pipeline, measured: BM25 in memory, then its ExtractiveReader with our reader's own weights.

Run it with a Python that has haystack-ai (2.x, the last to have a reader), transformers, torch and onnx; the project's
own environment needs none of them.

    extractive.py --graph READER.onnx --tokenizer tokenizer.json --articles A.jsonl.gz --questions Q.jsonl --out R.json

Weights are those of the int8 graph, made floats again, in a folder that transformers reads; settings are Haystack's
defaults (ten documents a question, 384 tokens a window, a stride of 128), documents its splitter's 200 words. `*_ms`
are wall-clock time for questions that were not asked before.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

WARM_UP = 3
LAYERS, WIDTH, INNER, HEADS = 6, 384, 1536, 12
PARTS = ("query", "key", "value")


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser()
    for name in ("graph", "tokenizer", "articles", "questions", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=30, help="questions")
    arguments = parser.parse_args()
    os.environ |= {"HAYSTACK_TELEMETRY_ENABLED": "False", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    with tempfile.TemporaryDirectory() as scratch:
        write_model(arguments.graph, arguments.tokenizer, Path(scratch))
        figures = measure(Path(scratch), arguments.articles, arguments.questions, arguments.limit)
    arguments.out.write_text(json.dumps(figures, indent=1))


def write_model(graph: Path, tokenizer: Path, folder: Path) -> None:
    """The reader as transformers' BertForQuestionAnswering: the start and end rows of its head."""
    import numpy as np
    import onnx
    import torch
    from onnx import numpy_helper
    from transformers import BertConfig, BertForQuestionAnswering, PreTrainedTokenizerFast

    plain = {one.name: numpy_helper.to_array(one) for one in onnx.load(str(graph)).graph.initializer}

    def floats(name: str) -> Any:
        quantized = plain[f"{name}_quantized"].astype(np.float32) - plain[f"{name}_zero_point"].astype(np.float32)
        return quantized * plain[f"{name}_scale"]

    products = [
        name.removesuffix("_quantized") for name in plain if name.startswith("onnx::MatMul") and "_quant" in name
    ]
    products.sort(key=lambda name: int(name.rpartition("_")[2]))
    head = next(name for name in plain if name.startswith("onnx::MatMul") and plain[name].shape == (WIDTH, 4))
    embeddings = "bert.embeddings."
    weights = {
        f"{embeddings}word_embeddings.weight": floats("encoder.words"),
        f"{embeddings}position_embeddings.weight": plain["encoder.places"],
        f"{embeddings}token_type_embeddings.weight": np.stack([np.zeros(WIDTH), plain["encoder.second_segment"]]),
        f"{embeddings}LayerNorm.weight": plain["encoder.norm.weight"],
        f"{embeddings}LayerNorm.bias": plain["encoder.norm.bias"],
        "qa_outputs.weight": plain[head].T[:2],
        "qa_outputs.bias": plain["head.bias"][:2],
    }
    scales = ((WIDTH / HEADS) ** 0.5, 1.0, 1.0)  # the query's is folded into it in the graph
    for number in range(LAYERS):
        ours, theirs = f"encoder.layers.{number}.", f"bert.encoder.layer.{number}."
        qkv, out, widen, narrow = (floats(name).T for name in products[4 * number : 4 * number + 4])
        rows, biases = np.split(qkv, 3), np.split(plain[f"{ours}qkv.bias"], 3)
        for part, row, bias, scale in zip(PARTS, rows, biases, scales, strict=True):
            weights[f"{theirs}attention.self.{part}.weight"] = row * scale
            weights[f"{theirs}attention.self.{part}.bias"] = bias * scale
        for name, weight, own in (
            ("attention.output.dense", out, "out"),
            ("intermediate.dense", widen, "widen"),
            ("output.dense", narrow, "narrow"),
        ):
            weights[f"{theirs}{name}.weight"], weights[f"{theirs}{name}.bias"] = weight, plain[f"{ours}{own}.bias"]
        for name, own in (("attention.output.LayerNorm", "norm_attention"), ("output.LayerNorm", "norm_out")):
            for kind in ("weight", "bias"):
                weights[f"{theirs}{name}.{kind}"] = plain[f"{ours}{own}.{kind}"]
    config = BertConfig(hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=INNER)
    model = BertForQuestionAnswering(config)
    tensors = {
        name: torch.tensor(np.ascontiguousarray(weight), dtype=torch.float32) for name, weight in weights.items()
    }
    missing = model.load_state_dict(tensors, strict=False)
    if missing.unexpected_keys or any("position_ids" not in name for name in missing.missing_keys):
        raise SystemExit(f"extractive.py: the weights do not fit: {missing}")
    model.save_pretrained(folder)
    markers = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    PreTrainedTokenizerFast(tokenizer_file=str(tokenizer), model_max_length=512, **markers).save_pretrained(folder)


def measure(model: Path, articles: Path, questions: Path, limit: int) -> dict[str, float]:
    """Milliseconds to an answer and to its documents."""
    from haystack import Document
    from haystack.components.preprocessors import DocumentSplitter
    from haystack.components.readers import ExtractiveReader
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack.document_stores.types import DuplicatePolicy

    with gzip.open(articles, "rt", encoding="utf-8") as lines:
        documents = [Document(content=json.loads(line)["text"]) for line in lines]
    parts = DocumentSplitter(split_by="word", split_length=200).run(documents=documents)["documents"]
    store = InMemoryDocumentStore()
    store.write_documents(parts, policy=DuplicatePolicy.SKIP)  # reprints have one id
    retriever, reader = InMemoryBM25Retriever(store), ExtractiveReader(model=str(model))
    reader.warm_up()
    asked = list(dict.fromkeys(json.loads(line)["question_sentence"] for line in questions.open(encoding="utf-8")))
    to_hits, to_answer = [], []
    for question in itertools.islice(asked, WARM_UP + limit):
        started = time.perf_counter()
        found = retriever.run(query=question)["documents"]
        to_hits.append(1000 * (time.perf_counter() - started))
        reader.run(query=question, documents=found)
        to_answer.append(1000 * (time.perf_counter() - started))
    return {
        "articles": len(documents),
        "documents": len(parts),
        "questions": len(to_answer) - WARM_UP,
        "hits_p50_ms": statistics.median(to_hits[WARM_UP:]),
        "answer_p50_ms": statistics.median(to_answer[WARM_UP:]),
        "reading_p50_ms": statistics.median(a - h for a, h in zip(to_answer[WARM_UP:], to_hits[WARM_UP:], strict=True)),
    }


if __name__ == "__main__":
    main()
