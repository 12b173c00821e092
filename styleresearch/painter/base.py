"""The procedural painter: seeded pictures in styles that a person would name."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable

import numpy as np
from jaxtyping import Float32

from styleresearch.errors import InputError
from styleresearch.painter.canvas import shrink
from styleresearch.registry import Registry

MAX_SIDE = 4096
"""Longest side that is painted, in pixels."""

Style = Callable[[int, int, np.random.Generator], np.ndarray]
"""(height, width, randomness) -> (height, width, 3), about in [0, 1]."""

PAINTINGS: Registry[np.ndarray] = Registry("painting style")


def paint(style: str, size: tuple[int, int] = (256, 256), seed: int = 0) -> Float32[np.ndarray, "h w 3"]:
    """Paint a picture.

    The same style, size and seed give the same picture in every process; the size changes how finely it is painted,
    not what is on it; the seed changes composition, palette and strokes.

    Args:
        style: a name in ``PAINTINGS``.
        size: height and width in pixels, each 1 to ``MAX_SIDE``.
        seed: at least 0.

    Returns:
        float32 (h, w, 3) in [0, 1].

    Raises:
        InputError: for an unknown style (with the nearest match), a size out of range or a negative seed.
    """
    style_painter = PAINTINGS.get(style)
    h, w = size
    if not (1 <= h <= MAX_SIDE and 1 <= w <= MAX_SIDE):
        raise InputError(f"the painter paints 1 to {MAX_SIDE} pixels a side, not {h} x {w} (height x width)")
    if seed < 0:
        raise InputError(f"the painter's seed must be at least 0, not {seed}")
    rng = np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(style.encode())]))
    # Strokes need some pixels to be drawn with: tiny pictures are painted larger and shrunk.
    factor = max(1, math.ceil(128 / max(h, w)))
    painted = np.clip(style_painter(h * factor, w * factor, rng), 0, 1)
    return shrink(painted, factor).astype(np.float32)
