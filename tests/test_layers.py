"""ui -> bot -> index: imports point one way, and only index.store speaks to Chroma (pyproject.toml, importlinter)."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


def test_imports_point_one_way():
    if not importlib.util.find_spec("importlinter"):
        pytest.skip("import-linter is not installed (it comes with `make lint`)")
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert " kept, 0 broken" in run.stdout
