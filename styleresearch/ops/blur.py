"""Halving and doubling of activations behind a fixed low-pass filter, so that no detail is mistaken for another.

Source: Zhang 2019, "Making Convolutional Networks Shift-Invariant Again", section 3; filters and borders are those of
the published code of CUT (Park et al. 2020). Written as sums of shifted rows and columns: one channel at a time is what
convolutions are slow at.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.ops.pad import pad_border


def blur_down(x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c"]:
    """Return every second pixel of the reflected picture under the filter (1, 2, 1) / 4; odd sides are rounded up."""
    _, height, width, _ = x.shape
    padded = pad_border(x, 1, "reflect")
    above, here, below = (padded[:, first : first + height : 2] for first in range(3))
    rows = (above + 2 * here + below) / 4
    left, here, right = (rows[:, :, first : first + width : 2] for first in range(3))
    return (left + 2 * here + right) / 4


def blur_up(x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c"]:
    """Return the picture, repeated at its border, at twice the size under the filter (1, 3, 3, 1) / 4 of every pixel.

    Three quarters of the nearest pixel and one of the next: bilinear interpolation.
    """
    b, h, w, c = x.shape
    padded = pad_border(x, 1, "replicate")
    above, here, below = (padded[:, first : first + h] for first in range(3))
    rows = jnp.stack([above + 3 * here, 3 * here + below], 2).reshape(b, 2 * h, w + 2, c) / 4
    left, here, right = (rows[:, :, first : first + w] for first in range(3))
    return jnp.stack([left + 3 * here, 3 * here + right], 3).reshape(b, 2 * h, 2 * w, c) / 4
