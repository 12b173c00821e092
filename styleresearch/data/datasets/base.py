"""What every dataset offers: pictures by number, and a digest that says which they are."""

from __future__ import annotations

import abc
from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from styleresearch.registry import Registry

Progress = Callable[[str, int, int], None]
"""Told of long work: (what is being done, steps done, steps in all)."""


class Dataset(abc.ABC):
    """Pictures by number, in a fixed order. Subclasses are frozen dataclasses that can be pickled.

    A picture is what the file shows: upright, RGB, 8 bits, at its own size; ``Pipeline`` makes training examples of it.
    To register is to be tested: ``tests/contract/test_datasets.py`` runs over every entry of ``DATASETS``.
    """

    @abc.abstractmethod
    def __len__(self) -> int:
        """Return the number of pictures, at least 1."""

    @abc.abstractmethod
    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return the picture ``index``, always the same; called from several threads at once.

        Raises:
            IndexError: if ``index`` is not in 0 to ``len(self) - 1``.
        """

    @abc.abstractmethod
    def name(self, index: int) -> str:
        """Return what the picture ``index`` is called; different from every other."""

    @abc.abstractmethod
    def identity(self) -> str:
        """Return a sha256 (hexadecimal) of what the dataset holds: another for other pictures or another order."""

    def open(self, index: int) -> Image.Image:
        """Return the picture ``index`` as Pillow's, which may be read but not yet decoded.

        A dataset of encoded pictures overrides this, so that a large JPEG is decoded no larger than it is used.
        """
        return Image.fromarray(self[index])

    def names(self) -> tuple[str, ...]:
        """Return the names of all pictures, in order."""
        return tuple(self.name(i) for i in range(len(self)))

    def prepare(self, progress: Progress | None = None) -> None:  # noqa: B027 - most have nothing to prepare
        """Do now, and tell of it, the slow work that the first use would do otherwise."""


DATASETS: Registry[Dataset] = Registry("dataset", Dataset)


def checked(index: int, length: int) -> int:
    """Return ``index``; raise IndexError if it is not in 0 to ``length - 1``."""
    if not 0 <= index < length:
        raise IndexError(f"picture {index} of a dataset of {length}")
    return index
