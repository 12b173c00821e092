"""From a picture to a training example: resized, cropped, perhaps mirrored. On 8-bit pixels, as the published code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from styleresearch.data.framing import Side
from styleresearch.data.srgb import to_rgb
from styleresearch.errors import InputError
from styleresearch.options import checked

ResizeMode = Literal["short", "long", "squash"]
"""What becomes ``size`` pixels: the short side, the long side, or both (the aspect ratio is lost)."""


def resized_shape(height: int, width: int, size: int | None, mode: ResizeMode, crop: int) -> tuple[int, int]:
    """Return the (height, width) to bring a picture to, so that a square of ``crop`` pixels fits.

    What is smaller than the crop after resizing is enlarged, its aspect ratio kept, until its short side is ``crop``.

    Source: "short" is torchvision's Resize and the text of Huang & Belongie 2017, section 6.1; "long" is image.scale
        in their Lua code and in Johnson's; "squash" is Johnson's training data and pytorch-AdaIN.

    Args:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        size: what to bring the side to that ``mode`` names; ``None`` keeps the picture's own size.
        mode: which side.
        crop: side of the square, in pixels.
    """
    if size is None:
        shape = (height, width)
    elif mode == "squash":
        shape = (size, size)
    else:
        side = min(height, width) if mode == "short" else max(height, width)
        shape = (round(height * size / side), round(width * size / side))
    # Of a picture of 1 x 1000 the side that the mode does not name may round to 0.
    short = min(shape)
    if short >= crop:
        return shape
    if short < 1:
        short, shape = min(height, width), (height, width)
    return max(crop, round(shape[0] * crop / short)), max(crop, round(shape[1] * crop / short))


@checked("an example")
@dataclass(frozen=True)
class Example:
    """Make a training example of a picture.

    Attributes:
        crop: side of the square, in pixels.
        resize: what to bring the picture to before; ``None`` keeps its own size.
        mode: see ``ResizeMode``.
        position: where the square is cut: anywhere, or in the middle.
        flip: whether every other example is mirrored left to right.
    """

    crop: Side
    resize: Side | None = None
    mode: ResizeMode = "short"
    position: Literal["random", "center"] = "random"
    flip: bool = True

    def __post_init__(self) -> None:
        if self.resize is not None and self.resize < self.crop:
            raise InputError(
                f"resize={self.resize} is smaller than crop={self.crop}: a crop cannot be larger than the picture"
            )

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> UInt8[np.ndarray, "c c 3"]:
        """Return the example, (crop, crop, 3).

        Equal to resizing the whole picture and cropping then, but only the pixels of the crop are computed: the
        resampling filter reads beyond the crop where the picture goes on.

        Source: antialiased bilinear, as torchvision's Resize on Pillow images.

        Args:
            image: the picture, of any size; a JPEG may be undecoded, and is then decoded at 1/2, 1/4 or 1/8 of its
                size where that is still at least twice the size it is brought to.
            rng: decides on the place of the crop and on the flip. Three numbers are drawn, whatever the settings.
        """
        return self.alike((image,), rng)[0]

    def alike(self, images: Sequence[Image.Image], rng: np.random.Generator) -> tuple[UInt8[np.ndarray, "c c 3"], ...]:
        """Return an example of each of several pictures of one scene: the same part of all, mirrored or not together.

        All are brought to the shape that the first is brought to. Pictures of one aspect ratio fit each other then,
        whatever their sizes; one of another aspect ratio loses its own.

        Args:
            images: the pictures, as for one example.
            rng: as for one example; three numbers are drawn for all together.
        """
        width, height = images[0].size
        shape = resized_shape(height, width, self.resize, self.mode, self.crop)
        top, left, mirror = rng.random(3)
        if self.position == "center":
            top = left = 0.5
        # floor of [0, 1) times the number of places; 0.5 gives the middle one.
        y, x = int(top * (shape[0] - self.crop + 1)), int(left * (shape[1] - self.crop + 1))
        cuts = (np.array(self._cut(image, shape, y, x)) for image in images)
        return tuple(np.ascontiguousarray(cut[:, ::-1]) if self.flip and mirror < 0.5 else cut for cut in cuts)

    def _cut(self, image: Image.Image, shape: tuple[int, int], y: int, x: int) -> Image.Image:
        """Return the square from (y, x) on of a picture brought to ``shape`` = (height, width)."""
        drafted = image.draft("RGB", (2 * shape[1], 2 * shape[0]))
        # Of a JPEG that its decoder shrinks, the last row and column may stand for part of a pixel.
        width, height = image.size if drafted is None else drafted[1][2:]
        image = to_rgb(image)
        box = (x, y, x + self.crop, y + self.crop)
        if image.size == (shape[1], shape[0]):
            return image.crop(box)
        across, down = width / shape[1], height / shape[0]
        inside = (x * across, y * down, box[2] * across, box[3] * down)
        # Rounding may carry the box a hair out of the picture, which Pillow refuses.
        inside = (*inside[:2], min(inside[2], image.size[0]), min(inside[3], image.size[1]))
        return image.resize((self.crop, self.crop), Image.Resampling.BILINEAR, box=inside)
