"""The outlines of pictures: what a method can learn to paint from without anybody having drawn them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from styleresearch.data.pictures.base import SOURCES, PictureSource
from styleresearch.data.pictures.derived import Derived
from styleresearch.options import Between

Sigma = Annotated[float, Between(0.001, 1000.0)]
"""How much a picture is blurred before, in pixels: fewer outlines for more."""


def outlines(image: Image.Image, sigma: Sigma) -> UInt8[np.ndarray, "h w 3"]:
    """Return black outlines, one pixel wide, on white.

    Source: Canny 1986, "A computational approach to edge detection", as skimage.feature.canny with its own
        thresholds (0.1 and 0.2 of the largest brightness), on the luma of ITU-R BT.601.

    Args:
        image: the picture.
        sigma: how much it is blurred before, in pixels: fewer outlines for more.
    """
    from skimage.feature import canny  # not above: it takes a while to import

    found = canny(np.asarray(image.convert("L"), np.float32) / np.float32(255), sigma)
    return np.repeat(np.where(found, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


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

    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Return the outlines of one picture, drawn at its final size; see ``PictureSource``."""
        return self.made(self.of.picture(name, size))


@SOURCES.register("edges")
def edges(of: PictureSource, sigma: Sigma = 2.0) -> PictureSource:
    """The outlines of another source's pictures, thin and black on white: with that one a paired task, at no download.

    Computed whenever a picture is asked for, some 10 ms at 256 px: by name at the size that is asked for; to train on
    at the picture's own size, and what is resized then is grey and thinner.

    Source: see ``outlines``.

    Args:
        of: the other source.
        sigma: how much the picture is blurred before, in pixels: fewer outlines for more.
    """
    return Edges(of, sigma)
