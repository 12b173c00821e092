"""Datasets that are made of another one, picture by picture."""

from __future__ import annotations

import abc
import hashlib
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from styleresearch.data.datasets.base import DATASETS, Dataset, Progress
from styleresearch.data.outlines import Sigma, outlines
from styleresearch.data.srgb import to_rgb


@dataclass(frozen=True)
class Derived(Dataset):
    """As many pictures as another dataset has, of the same names, each made of that one's when it is asked for.

    Attributes:
        of: the other dataset.
    """

    of: Dataset = field(repr=False)

    @abc.abstractmethod
    def derive(self, image: Image.Image) -> Image.Image:
        """Return the picture that is made of this one, RGB as it is; always the same."""

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one picture; see ``Dataset``."""
        return np.array(self.open(index))

    def open(self, index: int) -> Image.Image:
        """Return one picture; see ``Dataset``."""
        return self.derive(to_rgb(self.of.open(index)))

    def name(self, index: int) -> str:
        """Return what the other dataset calls it."""
        return self.of.name(index)

    def identity(self) -> str:
        """Return a digest of what is made, and of the other dataset's identity."""
        return hashlib.sha256(f"{self!r} {self.of.identity()}".encode()).hexdigest()

    def prepare(self, progress: Progress | None = None) -> None:
        """Prepare the other dataset."""
        self.of.prepare(progress)


@dataclass(frozen=True)
class Half(Derived):
    """One half of each picture.

    Attributes:
        side: which.
    """

    side: Literal["left", "right"]

    def derive(self, image: Image.Image) -> Image.Image:
        """Return the half; the middle column of an odd width belongs to none, a picture one pixel wide to both."""
        width, height = image.size
        half = max(1, width // 2)
        left = 0 if self.side == "left" else width - half
        return image.crop((left, 0, left + half, height))


@dataclass(frozen=True)
class Edges(Derived):
    """The outlines of each picture.

    Attributes:
        sigma: how much the picture is blurred before, in pixels.
    """

    sigma: Sigma

    def derive(self, image: Image.Image) -> Image.Image:
        """Return black outlines, one pixel wide, on white."""
        return Image.fromarray(outlines(image, self.sigma))


@DATASETS.register("half")
def half(of: Dataset, side: Literal["left", "right"]) -> Dataset:
    """One half of each picture of another dataset, for files that hold a pair side by side, as pix2pix' do.

    Args:
        of: the other dataset.
        side: which half.
    """
    return Half(of, side)


@DATASETS.register("edges")
def edges(of: Dataset, sigma: Sigma = 2.0) -> Dataset:
    """The outlines of another dataset's pictures, thin and black on white: with that one a paired task, at no download.

    Computed whenever a picture is asked for, some 10 ms at 256 px.

    Source: see ``data.outlines``.

    Args:
        of: the other dataset.
        sigma: how much the picture is blurred before, in pixels: fewer outlines for more.
    """
    return Edges(of, sigma)
