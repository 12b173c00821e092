"""What torch pickles of a dict of tensors, unpickled without torch."""

from __future__ import annotations

from io import BytesIO
from operator import index
from typing import Any, NamedTuple

import numpy as np

from styleresearch.encoder.weights.pickles import Unpickler

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


class Storage(NamedTuple):
    """A flat buffer in the file, by its name there."""

    key: str
    dtype: np.dtype


class Tensor(NamedTuple):
    """A view of a storage, in values; a tuple, because a pickle can change an object's attributes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class TorchUnpickler(Unpickler):
    """Unpickles plain values and tensors; ``storages`` collects by name what the tensors refer to."""

    def __init__(self, stream: BytesIO) -> None:
        super().__init__(stream, _NAMES, "save model.state_dict() in torch, or convert to .safetensors")
        self.storages: dict[str, Storage] = {}

    def persistent_load(self, pid: Any) -> tuple[Storage, int]:
        """Return the storage that ``pid`` names and where the view of it begins."""
        kind, dtype, key, _location, _size, *view = pid
        if kind != "storage" or dtype not in _STORAGES.values() or not isinstance(key, str):
            raise ValueError("it holds an unknown reference to a storage")
        start = int(view[0][1]) if view and view[0] else 0
        return self.storages.setdefault(key, Storage(key, np.dtype(dtype))), start


def _tensor(view: tuple[Storage, int], offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Tensor:
    storage, start = view
    if not isinstance(storage, Storage):
        raise ValueError("a tensor without a storage")
    if len(shape) > 8 or len(shape) != len(strides):
        raise ValueError(f"a tensor of {len(shape)} dimensions with {len(strides)} strides")
    return Tensor(storage, start + index(offset), tuple(map(index, shape)), tuple(map(index, strides)))


def _tensor_v2(view: Any, offset: Any, shape: Any, strides: Any, *_gradient: Any) -> Tensor:
    return _tensor(view, offset, shape, strides)


def _parameter(data: Any, *_gradient: Any) -> Any:
    return data


_NAMES: dict[tuple[str, str], Any] = {
    **{("torch", name): dtype for name, dtype in _STORAGES.items()},
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor_v2,
    ("torch._utils", "_rebuild_parameter"): _parameter,
}
