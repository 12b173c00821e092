"""A bounded number of a map's positions, for statistics over all pairs of them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Array, Float

from styleresearch.ops.precision import at_least_float32
from styleresearch.types import FeatureMap


def positions(x: FeatureMap, most: int) -> Float[Array, "b n c"]:
    """Return the features at all positions, or at ``most`` of them, evenly spread and always the same.

    The order is that of a fixed shuffle: a regular grid would see a picture's own grid.
    """
    b, h, w, c = x.shape
    flat = at_least_float32(x.reshape(b, h * w, c))
    if h * w <= most:
        return flat
    return flat[:, np.sort(np.random.default_rng(0).permutation(h * w)[:most])]
