"""Resizing on the device, for pyramids and warm starts, and for metrics.

Pictures on disk are resized in ``data.images`` before they get here. That and ``resize`` antialias when shrinking, as
PIL does and ``torch.nn.functional.interpolate`` does not; ``bilinear`` is for metrics that are published without.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from styleresearch.types import Image, OtherImage


def resize(image: Image, height: int, width: int) -> OtherImage:
    """Return the images at another size, by an antialiased cubic filter, clipped to [0, 1]."""
    return image if image.shape[1:3] == (height, width) else _resize(image, height, width)


@partial(jax.jit, static_argnums=(1, 2))
def _resize(image: Image, height: int, width: int) -> OtherImage:
    b, _, _, c = image.shape
    return jnp.clip(jax.image.resize(image, (b, height, width, c), "cubic", antialias=True), 0.0, 1.0)


def bilinear(
    image: Image, height: int, width: int, centres: Literal["half_pixel", "corner"] = "half_pixel"
) -> OtherImage:
    """Return the images at another size by bilinear interpolation, without antialiasing: what published metrics do.

    Args:
        image: the images.
        height: of the result.
        width: of the result.
        centres: where pixels lie: at their middles (``torch.nn.functional.interpolate`` with ``align_corners=False``),
            or at their upper left corners (``tf.compat.v1.image.resize_bilinear``).
    """
    rows, columns = (_between(n, m, centres) for n, m in ((image.shape[1], height), (image.shape[2], width)))
    return jnp.einsum("yh,bhwc,xw->byxc", rows, image, columns, precision="highest")


def _between(size: int, wanted: int, centres: str) -> Float[np.ndarray, "m n"]:
    """Return the weights of ``size`` pixels in each of ``wanted``."""
    half = 0.5 if centres == "half_pixel" else 0.0
    place = np.clip((np.arange(wanted) + half) * size / wanted - half, 0, size - 1)
    before = np.minimum(np.floor(place).astype(int), max(size - 2, 0))
    weights = np.zeros((wanted, size), np.float32)
    weights[np.arange(wanted), before] = 1 - (place - before)
    weights[np.arange(wanted), np.minimum(before + 1, size - 1)] += place - before
    return weights
