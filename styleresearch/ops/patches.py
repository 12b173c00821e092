"""Sliding windows of feature maps."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.ops.precision import at_least_float32
from styleresearch.types import FeatureMap


def extract_patches(x: FeatureMap, side: int, stride: int) -> Float[Array, "b n d"]:
    """Return all windows of ``side`` x ``side`` pixels as vectors of side * side * c values, row by row.

    A map smaller than the window gives one patch of the whole map, padded by repeating its last row and column.
    """
    b, h, w, c = x.shape
    if h < side or w < side:
        x = jnp.pad(x, ((0, 0), (0, max(0, side - h)), (0, max(0, side - w)), (0, 0)), mode="edge")
        _, h, w, _ = x.shape
    rows, cols = (h - side) // stride + 1, (w - side) // stride + 1
    shifted = [
        x[:, dy : dy + (rows - 1) * stride + 1 : stride, dx : dx + (cols - 1) * stride + 1 : stride]
        for dy in range(side)
        for dx in range(side)
    ]
    return at_least_float32(jnp.stack(shifted, axis=3).reshape(b, rows * cols, side * side * c))
