"""Bundled files and ONNX graphs: checked against the released hash before use, run one call a core."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read once, as it loads: onnxruntime would call its maker after ten seconds

import onnxruntime as ort


class Session(Protocol):
    """A loaded graph."""

    def run(self, outputs: list[str] | None, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The graph's `outputs`, all when None, for its named inputs."""


class DamagedModelError(RuntimeError):
    """A bundled file is not the one that was released."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is damaged (its hash differs from the released one): install Quotedesk again")


def checked(path: Path, sha256: str) -> bytes:
    """The content of a bundled file; DamagedModelError when it is not the released one."""
    content = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedModelError(path)
    return content


def session(graph: bytes) -> Session:
    """An onnxruntime session on the CPU in which each call keeps to one core, so that calls can run side by side."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    loaded: Session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return loaded


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
