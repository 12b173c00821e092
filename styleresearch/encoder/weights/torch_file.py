"""torch's files of tensors, read without torch and without executing what they hold.

A ``.pth`` file is a pickle, and a pickle may call any function. The unpickler here knows the few names that a dict of
tensors needs and refuses every other. Both of torch's formats are read: the zip archive (torch 1.6 and later) and the
stream of pickles before it, which torchvision's VGG files still are. ``docs/weights.md`` describes both.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from io import BufferedIOBase, BytesIO
from math import prod
from operator import index
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from styleresearch.errors import InputError

_STREAM_MAGIC = 0x1950A86A20F9469CFC6C
_STREAM_PROTOCOL = 1001
_STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


class _Storage:
    """A flat buffer; ``data`` is filled in after the pickle that refers to it, as the stream format demands."""

    def __init__(self, key: str, dtype: str) -> None:
        self.key = key
        self.dtype = np.dtype(dtype)
        self.data: np.ndarray | None = None


class _Tensor(NamedTuple):
    """A view of a storage, in values; a tuple, because a pickle can change an object's attributes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Unpickler(pickle.Unpickler):
    """Unpickles plain values and tensors; ``storages`` collects what the tensors refer to."""

    def __init__(self, stream: BufferedIOBase) -> None:
        super().__init__(stream, encoding="utf-8")  # files written by Python 2 hold byte strings
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for ``module.name``, if it is one of the names a dict of tensors needs."""
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        raise InputError(
            f"it refers to {module}.{name}, which is not a tensor and is not run. Allowed: a dict of tensors; "
            f"save model.state_dict() in torch, or convert to .safetensors"
        )

    def persistent_load(self, pid: Any) -> tuple[_Storage, int]:
        """Return the storage that ``pid`` names and where the view of it begins."""
        kind, dtype, key, _location, _size, *view = pid
        if kind != "storage" or dtype not in _STORAGES.values() or not isinstance(key, str):
            raise ValueError(f"unknown reference {pid!r}")
        start = int(view[0][1]) if view and view[0] else 0
        return self.storages.setdefault(key, _Storage(key, dtype)), start


def _tensor(view: tuple[_Storage, int], offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> _Tensor:
    storage, start = view
    if not isinstance(storage, _Storage):
        raise ValueError("a tensor without a storage")
    return _Tensor(storage, start + index(offset), tuple(map(index, shape)), tuple(map(index, strides)))


def _tensor_v2(view: Any, offset: Any, shape: Any, strides: Any, *_gradient: Any) -> _Tensor:
    return _tensor(view, offset, shape, strides)


def _array(tensor: _Tensor) -> np.ndarray:
    """Return the tensor's values, after checking that they lie inside its storage."""
    data, offset, shape, strides = tensor.storage.data, *tensor[1:]
    if data is None:
        raise ValueError(f"the storage {tensor.storage.key!r} is missing")
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if min((offset, *shape, *strides)) < 0 or prod(shape) > data.size or (prod(shape) and last >= data.size):
        raise ValueError(f"a tensor of shape {shape} reaches beyond its storage of {data.size} values")
    in_bytes = tuple(stride * data.itemsize for stride in strides)
    return np.lib.stride_tricks.as_strided(data[offset:], shape, in_bytes, writeable=False).copy()


def _parameter(data: Any, *_gradient: Any) -> Any:
    return data


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor_v2,
    ("torch._utils", "_rebuild_parameter"): _parameter,
}


def read_torch(file: Path) -> dict[str, np.ndarray]:
    """Return the tensors in ``file`` by name; tensors in nested dicts are joined with dots.

    Raises:
        InputError: if the pickle names anything but tensors.
        Exception: whatever a malformed file makes pickle, zipfile or numpy raise.
    """
    content = _read_zip(file) if zipfile.is_zipfile(file) else _read_stream(file)
    return {name: _array(tensor) for name, tensor in _flatten(content).items()}


def _read_zip(file: Path) -> Any:
    with zipfile.ZipFile(file) as archive:
        pickles = [name for name in archive.namelist() if name == "data.pkl" or name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError("the archive holds no data.pkl; it was not written by torch.save")
        top = pickles[0].removesuffix("data.pkl")
        order = archive.read(f"{top}byteorder") if f"{top}byteorder" in archive.namelist() else b"little"
        unpickler = _Unpickler(BytesIO(archive.read(pickles[0])))
        content = unpickler.load()
        for storage in unpickler.storages.values():
            dtype = storage.dtype.newbyteorder(">" if order.strip() == b"big" else "<")
            storage.data = np.frombuffer(archive.read(f"{top}data/{storage.key}"), dtype)
    return content


def _read_stream(file: Path) -> Any:
    with file.open("rb") as stream:
        if stream.peek(1)[:1] != b"\x80" or _Unpickler(stream).load() != _STREAM_MAGIC:
            raise ValueError(
                "it is not a file of torch.save. If it comes from torch before 0.1.10, load it with a recent torch and "
                "save model.state_dict() again, or convert it to .safetensors"
            )
        if _Unpickler(stream).load() != _STREAM_PROTOCOL:
            raise ValueError(f"its protocol is not {_STREAM_PROTOCOL}")
        if not _Unpickler(stream).load().get("little_endian", True):
            raise ValueError("it was written on a big-endian machine")
        unpickler = _Unpickler(stream)
        content = unpickler.load()
        for key in _Unpickler(stream).load():
            storage = unpickler.storages[key]
            size = int.from_bytes(stream.read(8), "little")
            storage.data = np.frombuffer(stream.read(size * storage.dtype.itemsize), storage.dtype, count=size)
    return content


def _flatten(content: Any, prefix: str = "") -> dict[str, _Tensor]:
    if not isinstance(content, Mapping):
        raise ValueError(f"it holds a {type(content).__name__}, not a dict of tensors")
    tensors: dict[str, _Tensor] = {}
    for name, value in content.items():
        if isinstance(value, _Tensor):
            tensors[f"{prefix}{name}"] = value
        elif isinstance(value, Mapping):
            tensors |= _flatten(value, f"{prefix}{name}.")
    return tensors
