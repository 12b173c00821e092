"""torch's files of tensors, read without torch.

Both of torch's formats are read: the zip archive (torch 1.6 and later) and the stream of pickles before it, which
torchvision's VGG files still are. ``docs/weights.md`` describes both.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from styleresearch.encoder.weights.pickles import tensors_of
from styleresearch.encoder.weights.stored import LARGEST, Index, Stored, open_member
from styleresearch.encoder.weights.torch_pickle import Storage, Tensor, TorchUnpickler

_STREAM_MAGIC = 0x1950A86A20F9469CFC6C
_STREAM_PROTOCOL = 1001

_LONGEST_PICKLE = 2 * 2**20
"""Bytes; the names, shapes and references of a thousand tensors take a tenth of it."""

_ReadStorage: TypeAlias = Callable[[Storage], np.ndarray]


@contextmanager
def opened_torch(file: Path) -> Iterator[Index]:
    """Yield the tensors in ``file`` by name; those in nested dicts are joined with dots.

    Raises:
        Exception: if the pickle names anything but tensors, and whatever a malformed file makes pickle, zipfile or
            numpy raise.
    """
    with (_opened_zip if zipfile.is_zipfile(file) else _opened_stream)(file) as (content, read):
        yield {name: partial(_described, tensor, read) for name, tensor in tensors_of(content, Tensor).items()}


def _described(tensor: Tensor, read: _ReadStorage) -> Stored:
    return Stored(tensor.shape, tensor.storage.dtype.name, lambda: _array(tensor, read(tensor.storage)))


def _array(tensor: Tensor, data: np.ndarray) -> np.ndarray:
    """Return the tensor's values, after checking that they lie inside its storage."""
    _, offset, shape, strides = tensor
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if min((offset, *shape, *strides)) < 0 or prod(shape) > data.size or (prod(shape) and last >= data.size):
        raise ValueError(f"a tensor of shape {shape} reaches beyond its storage of {data.size} values")
    in_bytes = tuple(stride * data.itemsize for stride in strides)
    return np.lib.stride_tricks.as_strided(data[offset:], shape, in_bytes, writeable=False).copy()


@contextmanager
def _opened_zip(file: Path) -> Iterator[tuple[Any, _ReadStorage]]:
    with zipfile.ZipFile(file) as archive:
        pickles = [name for name in archive.namelist() if name == "data.pkl" or name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError("the archive holds no data.pkl; it was not written by torch.save")
        top = pickles[0].removesuffix("data.pkl")

        def content(name: str, most: int) -> bytes:
            if (size := archive.getinfo(name).file_size) > most:
                raise ValueError(f"{name} in it has {size} bytes; more than {most} cannot be right")
            with open_member(archive, name) as stream:
                return stream.read()

        def read(storage: Storage) -> np.ndarray:
            # torch does not compress, so even a storage of many tensors is no larger than the file.
            data = content(f"{top}data/{storage.key}", max(8 * LARGEST, file.stat().st_size))
            return np.frombuffer(data, storage.dtype.newbyteorder(order))

        named = f"{top}byteorder"
        order: Literal["<", ">"] = ">" if named in archive.namelist() and content(named, 100).strip() == b"big" else "<"
        yield TorchUnpickler(BytesIO(content(pickles[0], _LONGEST_PICKLE))).load(), read


@contextmanager
def _opened_stream(file: Path) -> Iterator[tuple[Any, _ReadStorage]]:
    with file.open("rb") as stream:
        head = BytesIO(stream.read(_LONGEST_PICKLE))
        if head.getvalue()[:1] != b"\x80" or TorchUnpickler(head).load() != _STREAM_MAGIC:
            raise ValueError(
                "it is not a file of torch.save. If it comes from torch before 0.1.10, load it with a recent torch and "
                "save model.state_dict() again, or convert it to .safetensors"
            )
        if TorchUnpickler(head).load() != _STREAM_PROTOCOL:
            raise ValueError(f"its protocol is not {_STREAM_PROTOCOL}")
        if not TorchUnpickler(head).load().get("little_endian", True):
            raise ValueError("it was written on a big-endian machine")
        unpickler = TorchUnpickler(head)
        content = unpickler.load()
        places: dict[str, tuple[int, int]] = {}
        place, end = 0, file.stat().st_size
        for key in TorchUnpickler(head).load():
            place = place or head.tell()
            stream.seek(place)
            size = int.from_bytes(stream.read(8), "little")
            places[key] = place + 8, size
            place += 8 + size * unpickler.storages[key].dtype.itemsize
            if place > end:
                raise ValueError(f"it is cut off within the storage {key!r}")

        def read(storage: Storage) -> np.ndarray:
            if storage.key not in places:
                raise ValueError(f"the storage {storage.key!r} is missing")
            offset, size = places[storage.key]
            return np.fromfile(file, storage.dtype, size, offset=offset)

        yield content, read
