"""Readers of files with tensors, one for each format; none runs code that a file may hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from styleresearch.encoder.weights.torch_file import read_torch
from styleresearch.errors import InputError


def _read_safetensors(file: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(file)


def _read_npz(file: Path) -> dict[str, np.ndarray]:
    with np.load(file, allow_pickle=False) as archive:
        return dict(archive)


def _read_h5(file: Path) -> dict[str, np.ndarray]:
    """Return datasets by path; Keras 3 numbers them and keeps the layer's name in an attribute, put in front here."""
    import h5py

    tensors: dict[str, np.ndarray] = {}

    def visit(path: str, item: h5py.Group | h5py.Dataset) -> None:
        if not isinstance(item, h5py.Dataset) or path.startswith("optimizer"):
            return
        layer = item.parent.attrs.get("name", "")
        tensors[f"{path}@{layer}" if layer else path] = item[()]

    with h5py.File(file) as stored:
        stored.visititems(visit)
    return tensors


def _read_onnx(file: Path) -> dict[str, np.ndarray]:
    import onnx
    from onnx import numpy_helper
    from onnx.external_data_helper import uses_external_data

    model = onnx.load(str(file), load_external_data=False)
    if any(uses_external_data(tensor) for tensor in model.graph.initializer):
        raise ValueError("its tensors are in another file; save the model with them inside")
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


READERS: dict[str, Callable[[Path], dict[str, np.ndarray]]] = {
    ".safetensors": _read_safetensors,
    ".npz": _read_npz,
    ".h5": _read_h5,
    ".onnx": _read_onnx,
    ".pth": read_torch,
    ".pt": read_torch,
}


def read_tensors(file: Path) -> dict[str, np.ndarray]:
    """Return every tensor in ``file`` by the name it has there.

    Raises:
        InputError: if there is no such file, or it cannot be read as what its suffix says.
    """
    if not file.is_file():
        raise InputError(f"no such file: {file}")
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{file}: unknown kind of weights file {file.suffix!r}. Allowed: {', '.join(READERS)}")
    try:
        return reader(file)
    except Exception as error:  # on a malformed file the format's library may raise anything
        raise InputError(f"{file} cannot be read as a {file.suffix} file of weights: {error}") from error
