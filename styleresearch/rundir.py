"""A run directory: plain files that can be understood without the code.

``config.json contracts.json inputs/ images/ curves/ outputs.jsonl records.jsonl report.html table.csv table.tex``.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import numpy as np

from styleresearch import __version__
from styleresearch.data.images import save_image
from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.ledger import Ledger, write_atomically


class RunDirectory:
    """The files of a run: what is done, and where the rest goes.

    Args:
        path: created if it is not there.

    Raises:
        InputError: if it cannot be created or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot create the run directory {path}: {error.strerror}; name another") from error
        if not os.access(path, os.W_OK):
            raise InputError(f"the run directory {path} cannot be written; name another or change its permissions")
        self.outputs = Ledger(path / "outputs.jsonl")
        self.records = Ledger(path / "records.jsonl")

    def describe(self, config: Mapping[str, Any], contracts: Mapping[str, Any]) -> None:
        """Write ``config.json`` and ``contracts.json``."""
        for name, value in (("config", config), ("contracts", contracts)):
            write_atomically(self.path / f"{name}.json", json.dumps(value, indent=2, default=str) + "\n")

    def save_inputs(self, contents: Mapping[str, np.ndarray], styles: Mapping[str, np.ndarray]) -> None:
        """Write what the methods are given to ``inputs/``."""
        for group, pictures in (("content", contents), ("style", styles)):
            for name, image in pictures.items():
                self.save(f"inputs/{group}/{name}.png", image)

    def save(self, relative: str, image: np.ndarray, **text: str) -> None:
        """Write a picture."""
        file = self.path / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        save_image(file, image, text or None)

    def finished(self) -> dict[str, dict[str, Any]]:
        """Return key -> entry of ``outputs.jsonl``, for outputs whose file is there and unchanged."""
        return {
            entry["key"]: entry
            for entry in self.outputs.read()
            if (self.path / entry["file"]).is_file() and file_digest(self.path / entry["file"]) == entry["sha256"]
        }


def file_digest(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def hash_of(value: Any) -> str:
    """Return the sha256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def provenance(config: Mapping[str, Any], encoder: Encoder, precision: str) -> dict[str, Any]:
    """Return what a record must say of how it came about."""
    device = jax.local_devices()[0]
    kind = platform.machine() if device.platform == "cpu" else device.device_kind
    packages = ("jax", "jaxlib", "flax", "optax", "numpy", "dm-pix", "pillow")
    return {
        "config_hash": hash_of(config),
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "device": f"{device.platform} ({f'{os.cpu_count()} cores, ' if device.platform == 'cpu' else ''}{kind})",
        "precision": precision,
        "packages": {"styleresearch": __version__, **{name: metadata.version(name) for name in packages}},
        "encoder": encoder.describe(),
    }
