"""The baseline, measured: llama-index's own starter (SimpleDirectoryReader, SentenceSplitter, Chroma, torch on CPU).

Run it with a Python that has llama-index-core, llama-index-vector-stores-chroma, llama-index-embeddings-huggingface and
sentence-transformers; the project's own environment needs none of them. MODEL is a local sentence-transformers folder.

    starter.py index   --store STORE --model MODEL --articles A.jsonl.gz --limit 1000 --chunk default --out R.json
    starter.py ask     --store STORE --model MODEL --questions Q.jsonl --limit 300 --out R.json
    starter.py cold    --store STORE --model MODEL --question "..."
    starter.py quality --store STORE --model MODEL --articles A.jsonl.gz --questions Q.jsonl --links L.jsonl \
                       --out R.json

Units, everywhere: `*_seconds` and `*_ms` are wall-clock time; `*_mb` is 2**20 bytes; `*_percent` is 0 to 100; a
wordpiece is one token of the model's own tokenizer, special tokens included, padding not. `peak_rss_mb` is the
process's `ru_maxrss`; on Linux that also covers the process that started it, so start this from a small one.

The store folder holds `articles/NNNNN.txt` (title, blank line, text), `urls.json` (file name -> article url), `chroma/`
and `progress.json`. llama-index puts the line `file_path: ...` before every chunk it embeds, so the files are read by a
short relative path: the figures do not depend on where the store lies.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import resource
import string
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection
    from llama_index.core import VectorStoreIndex
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

BATCH_ARTICLES = 200
WARM_UP_QUESTIONS = 20
OVERLAP_QUESTIONS = 100
TOP_K = 10
PAGE_CHUNKS = 2000
CHUNK_SETTINGS: dict[str, dict[str, int]] = {"default": {}, "256": {"chunk_size": 256, "chunk_overlap": 20}}
PACKAGES = (
    "llama-index-core",
    "llama-index-vector-stores-chroma",
    "llama-index-embeddings-huggingface",
    "chromadb",
    "sentence-transformers",
    "torch",
)
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass
class Engine:
    """The starter's parts, loaded, and how long the imports and the loading took."""

    index: VectorStoreIndex
    collection: Collection
    embed_model: HuggingFaceEmbedding
    import_seconds: float
    load_seconds: float


def fail(message: str) -> SystemExit:
    """Make an error of one line, to be raised."""
    return SystemExit(f"starter.py: {message}")


def load_engine(store: Path, model: Path) -> Engine:
    """Import llama-index, load the model on the CPU and open (or create) the store's Chroma collection."""
    if not (model / "tokenizer.json").is_file():
        raise fail(f"{model} is not a sentence-transformers folder (no tokenizer.json)")
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        os.environ.setdefault(name, "1")
    started = time.perf_counter()
    import chromadb
    from llama_index.core import VectorStoreIndex
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.vector_stores.chroma import ChromaVectorStore

    imported = time.perf_counter()
    embed_model = HuggingFaceEmbedding(model_name=str(model), device="cpu")
    settings = chromadb.Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(path=str(store / "chroma"), settings=settings)
    collection = client.get_or_create_collection("articles")
    index = VectorStoreIndex.from_vector_store(ChromaVectorStore(chroma_collection=collection), embed_model=embed_model)
    loaded = time.perf_counter()
    return Engine(index, collection, embed_model, imported - started, loaded - imported)


def load_finished_engine(store: Path, model: Path) -> Engine:
    """Load the engine over a store that `index` has finished; anything else is an error."""
    path = store / "progress.json"
    if not path.is_file():
        raise fail(f"{store} is not a store: run `index` first")
    progress = json.loads(path.read_text(encoding="utf-8"))
    if progress["articles_done"] < progress["articles"]:
        raise fail(f"{store} has {progress['articles_done']} of {progress['articles']} articles: run `index` again")
    return load_engine(store, model)


def machine() -> dict[str, Any]:
    """Say what the figures depend on: processor threads and package versions."""
    import torch

    versions = {name: version(name) for name in PACKAGES}
    return {"python": sys.version.split()[0], "torch_threads": torch.get_num_threads(), "versions": versions}


def peak_rss_mb() -> float:
    """Return the most memory this process has held, in units of 2**20 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def read_jsonl(path: Path, limit: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the first `limit` records (0: all) of a JSON-lines file, gzipped if its name ends in .gz."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, itertools.islice(lines, limit or None))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file as a whole or not at all; floats keep four decimals."""

    def tidy(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: tidy(each) for key, each in item.items()}
        return round(item, 4) if isinstance(item, float) else item

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(tidy(value), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)


def as_text(article: dict[str, Any]) -> str:
    """Return an article as its .txt file holds it."""
    return f"{article['title']}\n\n{article['text']}"


def start_or_resume(store: Path, articles: Path, limit: int, chunk: str) -> dict[str, Any]:
    """Lay out a new store's text files, or take up an unfinished one; returns its progress."""
    settings = {"articles_file": articles.name, "limit": limit, "chunk": chunk}
    path = store / "progress.json"
    if path.is_file():
        progress = json.loads(path.read_text(encoding="utf-8"))
        if progress["settings"] != settings:
            raise fail(f"{store} was started with {progress['settings']}, not {settings}")
        if progress["articles_done"] == progress["articles"]:
            raise fail(f"{store} is already complete: remove it or name another --store")
        return {**progress, "starts": progress["starts"] + 1}
    if (store / "chroma").exists():
        raise fail(f"{store} holds a Chroma folder this script did not start: name another --store")
    (store / "articles").mkdir(parents=True, exist_ok=True)
    urls = {}
    for number, article in enumerate(read_jsonl(articles, limit)):
        urls[f"{number:05}.txt"] = article["url"]
        (store / "articles" / f"{number:05}.txt").write_text(as_text(article), encoding="utf-8")
    if not urls:
        raise fail(f"{articles} holds no articles")
    write_json(store / "urls.json", urls)
    counts = dict.fromkeys(("articles_done", "chunks", "chunks_cut", "wordpieces", "wordpieces_embedded"), 0)
    seconds = dict.fromkeys(("read_seconds", "split_seconds", "embed_and_store_seconds", "index_cpu_seconds"), 0.0)
    return {"settings": settings, "articles": len(urls), "starts": 1, "peak_rss_mb": 0.0, **counts, **seconds}


def index(args: argparse.Namespace) -> None:
    """Index the articles, in batches, and measure it.

    `index_seconds` is reading the text files, splitting, embedding and storing: not the imports, the loading, writing
    the text files or counting wordpieces. `index_cpu_seconds` is the processor time of all threads over the same steps:
    about `torch_threads` times as much on a quiet machine, less if other work took the processor. Each article is read,
    split and embedded as VectorStoreIndex.from_documents would (llama-index embeds ten chunks at a time in any case).
    The chunk sizes count tiktoken tokens, so a `256` chunk can exceed the model's 256 wordpieces.

    Run again after an interruption, it goes on with the first batch not stored: times and counts add up over the starts
    (see `starts`), import and load times are the last start's.
    """
    store, out, model = args.store.resolve(), args.out.resolve(), args.model.resolve()
    progress = start_or_resume(store, args.articles, args.limit, args.chunk)
    engine = load_engine(store, model)
    started = time.perf_counter()
    from llama_index.core import SimpleDirectoryReader
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.schema import MetadataMode

    splitter = SentenceSplitter(**CHUNK_SETTINGS[args.chunk])
    load_seconds = engine.load_seconds + time.perf_counter() - started

    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    most = engine.embed_model.max_length
    names = sorted(json.loads((store / "urls.json").read_text(encoding="utf-8")))
    os.chdir(store)
    if progress["starts"] > 1:
        interrupted = names[progress["articles_done"] :][:BATCH_ARTICLES]
        engine.collection.delete(where={"file_name": {"$in": interrupted}})
    write_json(store / "progress.json", progress)

    while progress["articles_done"] < progress["articles"]:
        batch = names[progress["articles_done"] :][:BATCH_ARTICLES]
        clock = [time.perf_counter()]
        cpu_started = time.process_time()
        documents = SimpleDirectoryReader(input_files=[f"articles/{name}" for name in batch]).load_data()
        clock.append(time.perf_counter())
        nodes = splitter.get_nodes_from_documents(documents)
        clock.append(time.perf_counter())
        engine.index.insert_nodes(nodes)
        clock.append(time.perf_counter())
        for number, step in enumerate(("read_seconds", "split_seconds", "embed_and_store_seconds")):
            progress[step] += clock[number + 1] - clock[number]
        progress["index_cpu_seconds"] += time.process_time() - cpu_started
        texts = [node.get_content(MetadataMode.EMBED) for node in nodes]
        lengths = [len(encoding.ids) for encoding in tokenizer.encode_batch(texts)]
        progress["articles_done"] += len(batch)
        progress["chunks"] += len(nodes)
        progress["chunks_cut"] += sum(length > most for length in lengths)
        progress["wordpieces"] += sum(lengths)
        progress["wordpieces_embedded"] += sum(min(length, most) for length in lengths)
        progress["peak_rss_mb"] = max(progress["peak_rss_mb"], peak_rss_mb())
        write_json(store / "progress.json", progress)
        rate = len(batch) / (clock[-1] - clock[0])
        done = f"{progress['articles_done']}/{progress['articles']} articles, {progress['chunks']} chunks"
        print(f"{time.strftime('%H:%M:%S')} {done}, {rate:.2f} articles/s", file=sys.stderr, flush=True)

    seconds = progress["read_seconds"] + progress["split_seconds"] + progress["embed_and_store_seconds"]
    result = {
        "task": "index",
        **progress,
        "max_wordpieces": most,
        "import_seconds": engine.import_seconds,
        "load_seconds": load_seconds,
        "index_seconds": seconds,
        "articles_per_second": progress["articles"] / seconds,
        "wordpieces_embedded_per_second": progress["wordpieces_embedded"] / seconds,
        "wordpieces_cut_percent": 100 * (1 - progress["wordpieces_embedded"] / progress["wordpieces"]),
        **machine(),
    }
    write_json(out, result)


def ask(args: argparse.Namespace) -> None:
    """Measure the time from a question to its ten hits, over questions that this process has not seen before.

    The first 20 distinct questions of the file only warm up (the first of them loads Chroma's graph: `first_hit_ms`).
    """
    questions = list(dict.fromkeys(record["question_sentence"] for record in read_jsonl(args.questions)))
    measured = questions[WARM_UP_QUESTIONS:][: args.limit or None]
    if len(measured) < (args.limit or 1):
        raise fail(f"{args.questions} has only {len(questions)} distinct questions, {WARM_UP_QUESTIONS} for warm-up")
    engine = load_finished_engine(args.store, args.model)
    import numpy as np

    retriever = engine.index.as_retriever(similarity_top_k=TOP_K)
    times_ms: list[float] = []
    for question in questions[:WARM_UP_QUESTIONS] + measured:
        started = time.perf_counter()
        hits = retriever.retrieve(question)
        times_ms.append(1000 * (time.perf_counter() - started))
        if not hits:
            raise fail(f"no hits for {question!r}")
    p50, p95 = np.percentile(times_ms[WARM_UP_QUESTIONS:], [50, 95])
    result = {
        "task": "ask",
        "questions": len(measured),
        "warm_up_questions": WARM_UP_QUESTIONS,
        "chunks": engine.collection.count(),
        "top_k": TOP_K,
        "import_seconds": engine.import_seconds,
        "load_seconds": engine.load_seconds,
        "first_hit_ms": times_ms[0],
        "hits_p50_ms": float(p50),
        "hits_p95_ms": float(p95),
        "peak_rss_mb": peak_rss_mb(),
        **machine(),
    }
    write_json(args.out, result)


def cold(args: argparse.Namespace) -> None:
    """Answer one question in a fresh process: print the hits' titles, one a line. Time the process from outside."""
    engine = load_finished_engine(args.store, args.model)
    for hit in engine.index.as_retriever(similarity_top_k=TOP_K).retrieve(args.question):
        with (args.store / "articles" / hit.node.metadata["file_name"]).open(encoding="utf-8") as lines:
            print(lines.readline().strip())


def normalise(text: str) -> str:
    """Return the text in lower case, without ASCII punctuation, with single spaces."""
    return " ".join(text.lower().translate(NO_PUNCTUATION).split())


def pages(collection: Collection) -> Iterator[dict[str, Any]]:
    """Yield the whole collection, a page of chunks at a time."""
    for offset in range(0, collection.count(), PAGE_CHUNKS):
        yield dict(collection.get(limit=PAGE_CHUNKS, offset=offset, include=["embeddings", "documents", "metadatas"]))


def quality(args: argparse.Namespace) -> None:
    """Answer-string recall: the share of questions whose gold choice's text occurs in the top passages or articles.

    The ranking is exact: every chunk's vector is read back from Chroma and scored with numpy, so it leaves out what
    Chroma's approximate search misses (`retriever_overlap_percent`: how much of the exact top ten the retriever finds,
    over the first 100 questions). passage@k looks in the first k chunks; article@k in the files of the first k distinct
    articles, in the order of their best chunk. Time-fair, a question may use only articles whose first `search_time`
    (over all questions) is not after its own first one; questions without one are left out of those rows.
    """
    engine = load_finished_engine(args.store, args.model)
    import numpy as np

    urls: dict[str, str] = json.loads((args.store / "urls.json").read_text(encoding="utf-8"))
    article_texts = {article["url"]: normalise(as_text(article)) for article in read_jsonl(args.articles)}
    missing = len(set(urls.values()) - article_texts.keys())
    if missing or len(urls) < len(article_texts):
        raise fail(f"{args.store} and {args.articles} differ: {len(urls)} and {len(article_texts)} articles")
    first_seen: dict[str, str] = {}
    own_time: dict[str, str] = {}
    for link in sorted(read_jsonl(args.links), key=lambda record: record["search_time"]):
        own_time.setdefault(link["question_id"], link["search_time"])
        for url in link["urls"]:
            first_seen.setdefault(url, link["search_time"])

    ids: list[str] = []
    passages: list[str] = []
    sources: list[str] = []
    vector_pages = []
    for page in pages(engine.collection):
        ids.extend(page["ids"])
        passages.extend(normalise(document) for document in page["documents"])
        sources.extend(urls[metadata["file_name"]] for metadata in page["metadatas"])
        vector_pages.append(np.asarray(page["embeddings"], dtype=np.float32))
    vectors = np.concatenate(vector_pages)
    if len(set(ids)) != engine.collection.count():
        raise fail(f"read {len(set(ids))} of {engine.collection.count()} chunks from {args.store}")

    def found(gold: list[str], order: list[int], until: str | None) -> list[bool]:
        """Whether passage@1, passage@10 and article@10 hit; `until` is the last search_time allowed, None for any."""
        top_passages: list[str] = []
        top_articles: list[str] = []
        for chunk in order:
            url = sources[chunk]
            if until is not None and (url not in first_seen or first_seen[url] > until):
                continue
            if len(top_passages) < TOP_K:
                top_passages.append(passages[chunk])
            if url not in top_articles:
                top_articles.append(url)
            if len(top_articles) == TOP_K:
                break
        texts = (top_passages[:1], top_passages, [article_texts[url] for url in top_articles])
        return [any(choice in text for text in each for choice in gold) for each in texts]

    rows: dict[str, list[list[bool]]] = {"not_time_fair": [], "time_fair": []}
    overlaps: list[float] = []
    retriever = engine.index.as_retriever(similarity_top_k=TOP_K)
    for record in read_jsonl(args.questions):
        question = record["question_sentence"]
        gold = [text for text in (normalise(record["choices"][int(number)]) for number in record["answer"]) if text]
        scores = vectors @ np.asarray(engine.embed_model.get_query_embedding(question), dtype=np.float32)
        order = np.argsort(-scores, kind="stable").tolist()
        rows["not_time_fair"].append(found(gold, order, None))
        if record["question_id"] in own_time:
            rows["time_fair"].append(found(gold, order, own_time[record["question_id"]]))
        if len(overlaps) < OVERLAP_QUESTIONS:
            hits = {hit.node.node_id for hit in retriever.retrieve(question)}
            overlaps.append(len(hits & {ids[chunk] for chunk in order[:TOP_K]}) / TOP_K)

    names = ("passage_at_1_percent", "passage_at_10_percent", "article_at_10_percent")
    result: dict[str, Any] = {"task": "quality", "articles": len(urls), "chunks": len(ids)}
    for label, row in rows.items():
        if not row:
            raise fail(f"{args.questions} and {args.links} have no question in common")
        shares = (100 * np.mean(row, axis=0)).tolist()
        result[label] = {"questions": len(row), **dict(zip(names, shares, strict=True))}
    result["retriever_overlap_percent"] = float(100 * np.mean(overlaps))
    result["peak_rss_mb"] = peak_rss_mb()
    write_json(args.out, {**result, **machine()})


def main() -> None:
    """Read the command line and run one task."""
    parser = argparse.ArgumentParser(description="Measure llama-index's own starter.")
    tasks = parser.add_subparsers(dest="task", required=True)
    for task in (index, ask, cold, quality):
        command = tasks.add_parser(task.__name__, help=(task.__doc__ or "").splitlines()[0])
        command.set_defaults(run=task)
        command.add_argument("--store", type=Path, required=True, help="the store's folder")
        command.add_argument("--model", type=Path, required=True, help="a local sentence-transformers folder")
        if task in (index, quality):
            command.add_argument("--articles", type=Path, required=True, help="articles.jsonl or .jsonl.gz")
        if task in (ask, quality):
            command.add_argument("--questions", type=Path, required=True, help="questions.jsonl")
        if task is index:
            command.add_argument("--limit", type=int, default=1000, help="the first N articles; 0: all")
            command.add_argument("--chunk", choices=sorted(CHUNK_SETTINGS), default="default")
        if task is ask:
            command.add_argument("--limit", type=int, default=300, help="measured questions; 0: all")
        if task is cold:
            command.add_argument("--question", required=True)
        if task is quality:
            command.add_argument("--links", type=Path, required=True, help="links.jsonl")
        if task is not cold:
            command.add_argument("--out", type=Path, required=True, help="the result's JSON file")
    args = parser.parse_args()
    if getattr(args, "limit", 0) < 0:
        raise fail("--limit must not be negative")
    try:
        args.run(args)
    except (OSError, ImportError, ValueError) as error:
        raise fail(f"{type(error).__name__}: {error}") from error


if __name__ == "__main__":
    main()
