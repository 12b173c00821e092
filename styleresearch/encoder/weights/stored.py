"""What a file says of a tensor, before its numbers are read."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np

LARGEST = 3 * 3 * 512 * 512
"""Numbers in the largest tensor of any architecture: VGG's deep kernels."""

MOST_TENSORS = 100_000
"""More in one file are refused; a network has some thousand."""


class Stored(NamedTuple):
    """A tensor in a file.

    Attributes:
        shape: as the file says.
        dtype: of its numbers, as the file says: "float32".
        read: reads it. Only called for a shape that a layer has, so that what it may take is known.
    """

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], np.ndarray]


Index: TypeAlias = Mapping[str, Callable[[], Stored]]
"""Name -> what describes the tensor; asked only of tensors whose name is a layer's."""


def open_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipExtFile:
    """Open one file of a zip archive.

    Raises:
        ValueError: if it is packed in a way that no library of arrays writes, and that may take any memory.
    """
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} in it is neither stored as it is nor deflated")
    return archive.open(name)  # pyright: ignore[reportReturnType] - for reading it is one
