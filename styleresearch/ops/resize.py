"""Resizing on the device, for pyramids and warm starts.

Pictures on disk are resized in ``data.images`` before they get here. Both antialias when shrinking, as PIL does and
``torch.nn.functional.interpolate`` does not.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from styleresearch.types import Image, OtherImage


def resize(image: Image, height: int, width: int) -> OtherImage:
    """Return the images at another size, by an antialiased cubic filter, clipped to [0, 1]."""
    return image if image.shape[1:3] == (height, width) else _resize(image, height, width)


@partial(jax.jit, static_argnums=(1, 2))
def _resize(image: Image, height: int, width: int) -> OtherImage:
    b, _, _, c = image.shape
    return jnp.clip(jax.image.resize(image, (b, height, width, c), "cubic", antialias=True), 0.0, 1.0)
