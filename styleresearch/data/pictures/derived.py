"""Pictures that are made of another source's, one by one."""

from __future__ import annotations

import abc
import hashlib
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from styleresearch.data.framing import short_side, to_bytes
from styleresearch.data.pictures.base import Dataset, PictureSource, Progress
from styleresearch.data.srgb import to_rgb


@dataclass(frozen=True)
class Derived(PictureSource):
    """As many pictures as another source has, of the same names, each made of that one's when it is asked for.

    Attributes:
        of: the other source.
    """

    of: PictureSource = field(repr=False)

    @abc.abstractmethod
    def derive(self, image: Image.Image) -> Image.Image:
        """Return the picture that is made of this one, RGB as it is; always the same."""

    def names(self) -> tuple[str, ...]:
        """Return the names of the other source's pictures."""
        return self.of.names()

    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Return what is made of one picture at its own size, resized then; see ``PictureSource``."""
        array = self.made(self.of.picture(name))
        return array if size is None else short_side(array, size)

    def made(self, array: np.ndarray) -> Float32[np.ndarray, "h w 3"]:
        """Return what is made of a picture (h, w, 3) in [0, 1]."""
        return np.asarray(self.derive(Image.fromarray(to_bytes(array))), np.float32) / np.float32(255)

    def dataset(self) -> Dataset:
        """Return what is made of the other source's dataset, picture by picture."""
        return DerivedDataset(self, self.of.dataset())


@dataclass(frozen=True)
class DerivedDataset(Dataset):
    """What is made of the pictures of a dataset.

    Attributes:
        maker: makes it.
        of: the dataset.
    """

    maker: Derived
    of: Dataset

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one picture; see ``Dataset``."""
        return np.array(self.open(index))

    def open(self, index: int) -> Image.Image:
        """Return one picture; see ``Dataset``."""
        return self.maker.derive(to_rgb(self.of.open(index)))

    def name(self, index: int) -> str:
        """Return what the other dataset calls it."""
        return self.of.name(index)

    def identity(self) -> str:
        """Return a digest of what is made, and of the other dataset's identity."""
        return hashlib.sha256(f"{self.maker!r} {self.of.identity()}".encode()).hexdigest()

    def prepare(self, progress: Progress | None = None) -> None:
        """Prepare the other dataset."""
        self.of.prepare(progress)

    def notes(self) -> list[str]:
        """Return those of the other dataset."""
        return self.of.notes()
