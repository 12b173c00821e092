"""Readers of files with tensors, one for each format; none runs code that a file may hold.

What a file says of its tensors is read first, and the numbers of a tensor only when it is asked for: names and shapes
are free to claim, and a kilobyte may claim a terabyte.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from io import BytesIO
from math import ceil, prod
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch.encoder.weights.numpy_pickle import opened_numpy_pickle
from styleresearch.encoder.weights.onnx_file import opened_onnx
from styleresearch.encoder.weights.stored import LARGEST, Index, Stored, open_member
from styleresearch.encoder.weights.torch_file import opened_torch
from styleresearch.errors import InputError
from styleresearch.extras import require


@contextmanager
def _opened_safetensors(file: Path) -> Iterator[Index]:
    from safetensors import safe_open

    names = {"F16": "float16", "F32": "float32", "F64": "float64"}
    with safe_open(file, framework="numpy") as tensors:  # it checks that sizes fit shapes, and the file

        def describe(name: str) -> Stored:
            part = tensors.get_slice(name)
            dtype = str(part.get_dtype())
            return Stored(tuple(part.get_shape()), names.get(dtype, dtype), lambda: tensors.get_tensor(name))

        yield {name: partial(describe, name) for name in tensors.keys()}  # noqa: SIM118 - it is no mapping


@contextmanager
def _opened_npz(file: Path) -> Iterator[Index]:
    with zipfile.ZipFile(file) as archive:
        yield {
            name.removesuffix(".npy"): partial(_npy, archive, name)
            for name in archive.namelist()
            if name.endswith(".npy")
        }


def _npy(archive: zipfile.ZipFile, name: str) -> Stored:
    with open_member(archive, name) as stream:
        head = BytesIO(stream.read(1 << 14))  # numpy reads a header of any length before it refuses its length
    version = np.lib.format.read_magic(head)
    readers: dict[Any, Any] = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"{name} is of version {version} of numpy's format; arrays of numbers are 1.0")
    shape, _, dtype = readers[version](head)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects, which are not loaded; save arrays of numbers")

    def read() -> np.ndarray:
        with open_member(archive, name) as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)

    return Stored(shape, dtype.name, read)


@contextmanager
def _opened_h5(file: Path) -> Iterator[Index]:
    """Yield datasets by path; Keras 3 numbers them and keeps the layer's name in an attribute, put in front here."""
    h5py = require("h5py", "h5", "reading .h5 files")
    tensors: dict[str, Callable[[], Stored]] = {}

    def visit(path: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset) or path.startswith("optimizer"):
            return
        layer = item.parent.attrs.get("name", "")
        tensors[f"{path}@{layer}" if layer else path] = partial(_dataset, item)

    with h5py.File(file) as stored:
        stored.visititems(visit)  # it follows no link out of the file
        yield tensors


def _dataset(item: Any) -> Stored:
    if item.is_virtual or item.external:
        raise ValueError(f"{item.name} lies in another file; save the model with its tensors inside")
    if item.shape is None:
        raise ValueError(f"{item.name} is empty")

    def read() -> np.ndarray:
        # What was never written is the fill value, of whatever shape was claimed for it.
        if item.id.get_storage_size() == 0 or (item.chunks is not None and not _whole(item)):
            raise ValueError(f"{item.name} was not written, or only in part")
        return item[()]

    return Stored(item.shape, item.dtype.name, read)


def _whole(item: Any) -> bool:
    """Return whether all chunks of a dataset are there, as far as their index says; HDF5 itself relies on that.

    Raises:
        ValueError: if one chunk alone would be larger than any layer.
    """
    if prod(item.chunks) > LARGEST:
        raise ValueError(f"{item.name} is cut into chunks of {item.chunks}, larger than any layer")
    least = 8 if item.id.get_create_plist().get_nfilters() else 1
    sizes: list[int] = []
    item.id.chunk_iter(lambda chunk: sizes.append(chunk.size))
    expected = prod(ceil(size / chunk) for size, chunk in zip(item.shape, item.chunks, strict=True))
    return len(sizes) == expected and min(sizes) >= least


READERS: Mapping[str, Callable[[Path], AbstractContextManager[Index]]] = {
    ".safetensors": _opened_safetensors,
    ".npz": _opened_npz,
    ".h5": _opened_h5,
    ".onnx": opened_onnx,
    ".pth": opened_torch,
    ".pt": opened_torch,
    ".ckpt": opened_numpy_pickle,
}


@contextmanager
def opened(file: Path) -> Iterator[Index]:
    """Open a file of tensors and yield what it says of them: name -> a function that returns ``Stored``.

    Raises:
        InputError: if there is no such file, or it cannot be read as what its suffix says; within the block too.
    """
    if not file.is_file():
        raise InputError(f"no such file: {file}")
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{file}: unknown kind of weights file {file.suffix!r}. Allowed: {', '.join(READERS)}")
    try:
        with reader(file) as index:
            yield index
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    except Exception as error:  # on a malformed file the format's library may raise anything
        why = " ".join(str(error).split())[:500] or type(error).__name__
        raise InputError(f"{file} cannot be read as a {file.suffix} file of weights: {why}") from error
