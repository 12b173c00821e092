"""Pickles of nested dicts of numpy arrays, read without running what a pickle may ask for.

Three of numpy's names are known, ``_reconstruct``, ``ndarray`` and ``dtype``, and none of them is numpy's own.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from math import prod
from operator import index
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch.encoder.weights.pickles import Built, Unpickler, tensors_of
from styleresearch.encoder.weights.stored import Index, Stored

_TYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")


class _Type(Built):
    """A type of numbers: numpy makes it with its code, and tells the order of bytes afterwards."""

    def __init__(self, code: str, *_flags: Any) -> None:
        if code not in _TYPES:
            raise ValueError(f"it holds an array of the type {str(code)[:20]!r}; numbers are needed")
        self.code, self.order = code, "="

    def build(self, state: Any) -> None:
        """Take (version, order of bytes, ...)."""
        self.order = state[1] if state[1] in ("<", ">", "|") else "="

    def dtype(self) -> np.dtype:
        return np.dtype(f"{self.order}{self.code}")


class _Array(Built):
    """An array: numpy makes an empty one, and tells shape, type and bytes afterwards."""

    def __init__(self, *_: Any) -> None:
        self.shape: tuple[int, ...] = ()
        self.type: _Type | None = None
        self.columns, self.data = False, b""

    def build(self, state: Any) -> None:
        """Take (version, shape, type, whether columns come first, bytes)."""
        _, shape, kind, self.columns, self.data = state
        if not isinstance(kind, _Type) or not isinstance(self.data, bytes) or len(shape) > 8:
            raise ValueError("it holds an array that is none of numbers")
        self.type, self.shape = kind, tuple(map(index, shape))
        if min(self.shape, default=0) < 0 or prod(self.shape) * kind.dtype().itemsize != len(self.data):
            raise ValueError(f"an array of shape {self.shape} and type {kind.code} has {len(self.data)} bytes")

    def stored(self) -> Stored:
        if self.type is None:
            raise ValueError("it holds an array without a shape")
        dtype = self.type.dtype()
        return Stored(self.shape, dtype.name, partial(self._read, dtype))

    def _read(self, dtype: np.dtype) -> np.ndarray:
        return np.frombuffer(self.data, dtype).reshape(self.shape, order="F" if self.columns else "C")


_NAMES = {("numpy", "ndarray"): None, ("numpy", "dtype"): _Type} | {
    (module, "_reconstruct"): _Array for module in ("numpy.core.multiarray", "numpy._core.multiarray")
}


@contextmanager
def opened_numpy_pickle(file: Path) -> Iterator[Index]:
    """Yield the arrays in ``file`` by name; those in nested dicts are joined with dots.

    Raises:
        Exception: if the pickle names anything but arrays of numbers, and whatever a malformed one makes pickle raise.
    """
    # Mapped, because a pickle may announce bytes that are not there.
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        content = Unpickler(mapped, _NAMES, "save the arrays with numpy.savez, or as .safetensors").load()
    yield {name: array.stored for name, array in tensors_of(content, _Array).items()}
