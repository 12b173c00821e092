"""Framing: which part of a picture is shown and at what size. One rule and one resampling, for every command.

The rule: ``size`` is the short side, the long side is rounded to the aspect ratio, nothing is cropped. A picture is
resampled once, from its file to its final shape, with Pillow's Lanczos filter in float, antialiased.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from styleresearch.errors import InputError
from styleresearch.options import Between

MAX_SIDE = 16_384
"""Longest side of a picture in memory, in pixels."""
Side: TypeAlias = Annotated[int, Between(1, MAX_SIDE)]
"""A side of a picture, in pixels."""
MAX_PIXELS = 100_000_000
"""Most pixels that are decoded at once (1.2 GB as float32)."""

Shape: TypeAlias = tuple[int, int]
"""Height and width in pixels."""
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and lower edge in pixels, as Pillow has it; edges may lie between pixels."""
How: TypeAlias = Literal["squash", "crop"]
"""What an output shows that has not its content's aspect ratio: the whole content, or the middle of it."""

# Multiples that networks round a picture's sides down to.
_MULTIPLES = (2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Frame:
    """Part of an upright picture, and the shape to bring it to.

    Attributes:
        shape: height and width of the result.
        box: the part, in pixels of the picture.
    """

    shape: Shape
    box: Box

    @classmethod
    def whole(cls, picture: Shape, shape: Shape) -> Frame:
        """Return the frame of a whole picture, its aspect ratio lost where ``shape`` has another."""
        return cls(shape, _all_of(picture))

    @property
    def scale(self) -> float:
        """Pixels of the picture for one of the result, along the axis where they are fewer."""
        left, top, right, bottom = self.box
        return min((bottom - top) / self.shape[0], (right - left) / self.shape[1])


def at_size(picture: Shape, size: int, what: str = "the picture") -> Shape:
    """Return the shape of a picture whose short side becomes ``size``.

    Raises:
        InputError: if ``size`` is not in 1 to ``MAX_SIDE``, or a side or all pixels would be more than fit.
    """
    if not 1 <= size <= MAX_SIDE:
        raise InputError(f"size {size}: the short side of a picture must be 1 to {MAX_SIDE} pixels")
    height, width = picture
    shape = _scaled(picture, size)
    if max(shape) > MAX_SIDE or shape[0] * shape[1] > MAX_PIXELS:
        raise InputError(
            f"{what} is {width} x {height} pixels and would be {shape[1]} x {shape[0]} at size {size}; at most "
            f"{MAX_SIDE} on a side and {MAX_PIXELS // 10**6} million pixels fit: crop it, or give a smaller size"
        )
    return shape


def _scaled(picture: Shape, size: int) -> Shape:
    height, width = (max(1, round(side * size / min(picture))) for side in picture)
    return height, width


def _all_of(picture: Shape) -> Box:
    return (0.0, 0.0, float(picture[1]), float(picture[0]))


def fits(first: Shape, second: Shape) -> bool:
    """Return whether two shapes are of one aspect ratio, but for rounding the sides of the smaller to whole pixels."""
    small, large = sorted((first, second), key=lambda shape: shape[0] * shape[1])
    # Is there a scale that brings both sides of the large one to less than a pixel from those of the small one?
    least = max((side - 1) / of for side, of in zip(small, large, strict=True))
    most = min((side + 1) / of for side, of in zip(small, large, strict=True))
    return least < most


def difference(output: Shape, content: Shape) -> str | None:
    """Return in words how an output's framing is not its content's, as far as their shapes can tell; None if it is.

    An output that has its content's aspect ratio, but whose sides are not those of the rule and are the content's
    rounded down to a multiple of 2 to 32, was resized or cropped: that is said too.
    """
    if not fits(output, content):
        ratios = [shape[1] / shape[0] for shape in (output, content)]
        digits = next((d for d in range(2, 6) if f"{ratios[0]:.{d}f}" != f"{ratios[1]:.{d}f}"), 6)
        return f"aspect ratio {ratios[0]:.{digits}f}, the content's is {ratios[1]:.{digits}f}"
    multiple = _rounded_down(output, content)
    if multiple is None or output == _scaled(content, min(output)):
        return None
    return (
        f"{output[1]} x {output[0]}, the content's {content[1]} x {content[0]} rounded down to multiples of {multiple}"
    )


def like(content: Shape, output: Shape, how: How) -> Box:
    """Return the part of a content picture that an output of another shape shows.

    Args:
        content: shape of the content picture.
        output: shape of the output's file.
        how: "squash" for all of it. "crop" for the middle: where the output's sides are the content's rounded down to
            a multiple of 2 to 32 as many of its pixels as the output has, else the largest part that has the output's
            aspect ratio.
    """
    height, width = content
    if how == "crop" and _rounded_down(output, content) is not None:
        top, left = (height - output[0]) // 2, (width - output[1]) // 2
        return (float(left), float(top), float(left + output[1]), float(top + output[0]))
    if how == "squash" or fits(output, content):
        return _all_of(content)
    scale = max(output[0] / height, output[1] / width)
    down, across = (height - output[0] / scale) / 2, (width - output[1] / scale) / 2
    # Rounding may carry an edge a hair out of the picture, which Pillow refuses.
    return (max(0.0, across), max(0.0, down), min(float(width), width - across), min(float(height), height - down))


def _rounded_down(output: Shape, content: Shape) -> int | None:
    """Return the multiple that an output's sides are its content's rounded down to, if there is one."""
    if output == content:
        return None
    rounded = (m for m in reversed(_MULTIPLES) if output == (content[0] // m * m, content[1] // m * m))
    return next(rounded, None)


def resample(
    strips: Iterable[Float32[np.ndarray, "_ _ 3"]], height: int, box: Box, shape: Shape
) -> Float32[np.ndarray, "h w 3"]:
    """Resample part of a picture to ``shape`` with Pillow's Lanczos filter, in float, clipped to [0, 1].

    Antialiased: the filter grows with the factor when shrinking. It reads beyond the part where the picture goes on.
    The clip removes the filter's overshoot at edges. As the filter is separable, the result is that of the whole
    picture at once to the bit, but a large picture need never be in memory as float numbers.

    Args:
        strips: the picture (h, w, 3) in [0, 1] in strips of rows, from the top.
        height: rows of all strips together.
        box: the part.
        shape: height and width of the result.
    """
    left, top, right, bottom = box
    narrow = np.empty((3, height, shape[1]), np.float32)
    first = 0
    for strip in strips:
        rows = strip.shape[0]
        for channel in range(3):
            narrow[channel, first : first + rows] = _lanczos(
                strip[:, :, channel], (shape[1], rows), (left, 0.0, right, float(rows))
            )
        first += rows
    result = np.empty((*shape, 3), np.float32)
    for channel in range(3):
        result[:, :, channel] = _lanczos(narrow[channel], (shape[1], shape[0]), (0.0, top, float(shape[1]), bottom))
    return np.clip(result, 0, 1, out=result)


def _lanczos(plane: np.ndarray, size: tuple[int, int], box: Box) -> np.ndarray:
    if plane.shape == (size[1], size[0]) and box == (0, 0, *size):
        return plane
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS, box=box))


def resize(array: np.ndarray, shape: Shape) -> Float32[np.ndarray, "h w 3"]:
    """Bring a whole picture (h, w, 3) in [0, 1] to ``shape`` = (height, width); see ``resample``."""
    height, width = array.shape[:2]
    return resample([np.asarray(array, np.float32)], height, _all_of((height, width)), shape)


def short_side(array: np.ndarray, size: int) -> Float32[np.ndarray, "h w 3"]:
    """Resample a picture (h, w, 3) so that its short side is ``size`` pixels and its aspect ratio stays.

    Raises:
        InputError: as ``at_size``.
    """
    return resize(array, at_size((array.shape[0], array.shape[1]), size))


def to_bytes(array: np.ndarray) -> UInt8[np.ndarray, "h w 3"]:
    """Return a picture with 8 bits per channel: clipped to [0, 1], times 255, rounded to nearest."""
    return np.floor(np.clip(array, 0, 1) * 255 + 0.5).astype(np.uint8)


def as_in_file(array: np.ndarray) -> Float32[np.ndarray, "h w 3"]:
    """Return a picture as it comes back from an 8-bit file: methods and metrics see what a run directory holds."""
    return to_bytes(array).astype(np.float32) / np.float32(255)
