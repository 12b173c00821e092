"""The photographs inside scikit-image as a dataset: five pictures that every installation has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import UInt8

from styleresearch.data.datasets.base import DATASETS, Dataset, checked
from styleresearch.data.framing import to_bytes
from styleresearch.data.sources import SOURCES, PictureSource


@dataclass(frozen=True)
class Photographs(Dataset):
    """The pictures of a picture source, read once and kept in memory.

    Attributes:
        source: the pictures.
    """

    source: PictureSource

    @cached_property
    def _pictures(self) -> tuple[np.ndarray, ...]:
        return tuple(to_bytes(self.source.picture(name)) for name in self.source.names())

    def __len__(self) -> int:
        return len(self.source.names())

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one picture; see ``Dataset``."""
        return self._pictures[checked(index, len(self))]

    def name(self, index: int) -> str:
        """Return its name in the picture source."""
        return self.source.names()[checked(index, len(self))]

    def identity(self) -> str:
        """Return a digest of names, sizes and pixels."""
        digest = hashlib.sha256()
        for name, picture in zip(self.source.names(), self._pictures, strict=True):
            digest.update(f"{name} {picture.shape}\n".encode())
            digest.update(picture.tobytes())
        return digest.hexdigest()


@DATASETS.register("photographs")
def photographs(names: Sequence[str] | None = None) -> Dataset:
    """Colour photographs that come inside scikit-image: no download, and enough to see whether a training run works.

    Args:
        names: which, in this order; ``None`` for all five.

    Raises:
        InputError: for an unknown name.
    """
    return Photographs(SOURCES.build({"name": "photographs", "names": names}))
