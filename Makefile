# Quotedesk: `make chat` and `make test` are all that a fresh machine needs.

PORT ?= 7860
EVAL_DATA ?= ../shared/data
PYTHON ?= python3
PYTEST ?= -n auto --dist loadfile --no-loadscope-reorder
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# pip would compile what it installs on one core; files that cannot be compiled are none that are used.
COMPILE := $(BIN)/python -m compileall -qq -j 0 .venv/lib || true

.PHONY: chat install test lint check chromium bench eval embedder names reader constraints clean

chat: install
	@$(BIN)/quotedesk chat --port $(PORT)

install: .venv/installed

test: .venv/installed-dev chromium
	@$(BIN)/python -m pytest $(PYTEST)

lint: .venv/installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test

# One table: this tree beside llama-index's own starter, on articles in ../shared/data (BENCH_DATA moves that).
bench: install
	@$(BIN)/python -m tests.bench $(BENCH)

# One table: what is reached on the benchmarks in ../shared/data (EVAL_DATA moves that).
eval: .venv/installed-eval
	@$(BIN)/python -m tests.eval --data $(EVAL_DATA)

chromium: .venv/bin/python
	@scripts/chromium.sh

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Quotedesk needs Python 3.11 or newer: make PYTHON=python3.12" >&2; exit 1; }
	@scripts/venv.sh $(PYTHON)

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing Quotedesk into .venv (about a minute and 950 MB, this once)."
	@$(PIP) install --quiet --no-compile --constraint constraints.txt --editable .
	@$(COMPILE)
	@touch $@

.venv/installed-dev: .venv/installed
	@$(PIP) install --quiet --no-compile --constraint constraints.txt --editable '.[test,lint]'
	@$(COMPILE)
	@touch $@

.venv/installed-eval: .venv/installed
	@$(PIP) install --quiet --no-compile --constraint constraints.txt --editable '.[eval]'
	@$(COMPILE)
	@touch $@

# What the install is pinned to: every package at the version that the tests last passed with.
constraints: .venv/installed-dev .venv/installed-eval
	@$(PIP) freeze --exclude-editable > constraints.txt

# The bundled models, made again (each needs about 1 GB for torch, in their own environment).
build/models/installed:
	@$(PYTHON) -m venv build/models
	@build/models/bin/python -m pip install --quiet torch==2.13.0 safetensors==0.8.0 onnx==1.23.2 \
		onnxruntime==1.31.1 tokenizers==0.23.3 PyStemmer==3.1.0 sentencex==1.0.32
	@touch $@

# From the published weights of all-MiniLM-L6-v2.
embedder: build/models/installed
	@PYTHONPATH=. build/models/bin/python scripts/build_embedder.py

# From Arabic names with their spellings in ../shared/data (EVAL_DATA moves that): two minutes.
names: build/models/installed
	@PYTHONPATH=. build/models/bin/python scripts/train_names.py --data $(EVAL_DATA)

# From the embedder's weights and the questions in ../shared/data (EVAL_DATA moves that): some six hours on two cores;
# goes on when cut off.
TRAIN := PYTHONPATH=. build/models/bin/python scripts/train_reader.py --data $(EVAL_DATA)
reader: build/models/installed
	@$(TRAIN) --work build/reader
	@$(TRAIN) --work build/reader-hard --phases hard --start build/reader/reader.pt --rate 1e-4
	@$(TRAIN) --work build/reader-windows --phases windows --start build/reader-hard/reader.pt --rate 7e-5 --seed 2
	@PYTHONPATH=. build/models/bin/python scripts/build_reader.py --data $(EVAL_DATA) --work build/reader-windows

clean:
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .bench
