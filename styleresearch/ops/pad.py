"""Padding of pictures whose sides a network halves several times."""

from __future__ import annotations

from typing import Literal

import jax.numpy as jnp

from styleresearch.types import Image, OtherImage


def pad_to_multiple(image: Image, multiple: int, mode: Literal["reflect", "edge"]) -> OtherImage:
    """Return the images grown at the bottom and at the right until both sides are multiples of ``multiple``.

    Args:
        image: the images.
        multiple: in pixels, at least 1.
        mode: "reflect" at the last row and column, or "edge": repeat them.
    """
    _, height, width, _ = image.shape
    return jnp.pad(image, ((0, 0), (0, -height % multiple), (0, -width % multiple), (0, 0)), mode=mode)
