"""Masks: pictures that say where something counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from styleresearch.data.framing import Shape, fits
from styleresearch.data.images import load_image
from styleresearch.errors import InputError

# A level of 8 bits: what differs from black or white by less does so for a JPEG's sake.
_LEVEL = 1.01 / 255


def load_mask(path: str | Path, picture: Shape) -> Float32[np.ndarray, "1 h w 1"]:
    """Read a mask: lightness times opacity, 1 where the style counts.

    Args:
        path: any picture that ``load_image`` reads.
        picture: height and width of what it is a mask of.

    Returns:
        float32 (1, h, w, 1) in [0, 1], of the file's own size.

    Raises:
        InputError: if it cannot be read, is black or transparent everywhere, or has not the picture's aspect ratio.
    """
    mask = load_image(path, over=0.0).mean(2)
    height, width = mask.shape
    if not fits((height, width), picture):
        raise InputError(
            f"the mask {path} is {width} x {height} px and does not fit its picture, which is {picture[1]} x "
            f"{picture[0]}: draw it over the picture, at its size or another of its aspect ratio"
        )
    if mask.max() <= _LEVEL:
        raise InputError(
            f"the mask {path} is black everywhere; paint white where it applies (transparent counts as black)"
        )
    return mask[None, :, :, None]


def covers_all(mask: np.ndarray) -> bool:
    """Return whether a mask is white everywhere, which is as good as none."""
    return bool(mask.min() >= 1 - _LEVEL)
