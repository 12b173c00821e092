"""One half of each picture: of files that hold a pair side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import Image

from styleresearch.data.pictures.base import SOURCES, PictureSource
from styleresearch.data.pictures.derived import Derived


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


@SOURCES.register("half")
def half(of: PictureSource, side: Literal["left", "right"]) -> PictureSource:
    """One half of each picture of another source, for files that hold a pair side by side, as pix2pix' do.

    Args:
        of: the other source.
        side: which half.
    """
    return Half(of, side)
