"""Digests: what a file or a value is, as the sha256 that records carry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def of_file(path: Path) -> str:
    """Return the sha256 of a file's bytes.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_json(value: Any) -> str:
    """Return the sha256 of a value's canonical JSON; what JSON does not know is written as its text."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def of_json_with(fixed: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], str]:
    """Return ``of_json`` of ``fixed`` and of what it is given together, for many that have a large part in common."""
    known = {key: json.dumps(value, sort_keys=True, default=str) for key, value in fixed.items()}

    def digest(more: Mapping[str, Any]) -> str:
        texts = known | {key: json.dumps(value, sort_keys=True, default=str) for key, value in more.items()}
        whole = ", ".join(f"{json.dumps(key)}: {texts[key]}" for key in sorted(texts))
        return hashlib.sha256(f"{{{whole}}}".encode()).hexdigest()

    return digest


def of_array(array: np.ndarray) -> str:
    """Return the sha256 of an array's type, shape and bytes."""
    digest = hashlib.sha256(f"{array.dtype} {array.shape}\n".encode())
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
