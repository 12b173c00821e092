"""First and second moments of feature maps over positions, optionally weighted by a mask.

Everything is accumulated in float32 (float64 stays) at the highest matmul precision, whatever the activations' dtype:
bfloat16 or TF32 Gram matrices lose the digits that style losses compare.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.ops.precision import at_least_float32
from styleresearch.types import FeatureMap, Mask


def resize_mask(mask: Mask, height: int, width: int) -> Float[Array, "b h2 w2 1"]:
    """Return the mask at a layer's resolution, by area-weighted averaging."""
    b, h, w, _ = mask.shape
    if (h, w) == (height, width):
        return mask
    return jnp.clip(jax.image.resize(mask, (b, height, width, 1), "linear", antialias=True), 0.0, 1.0)


def _flat(x: FeatureMap, weights: Mask | None) -> tuple[Float[Array, "b m c"], Float[Array, "b m 1"] | float]:
    """Return positions in one axis and weights that sum to 1 over it."""
    b, h, w, c = x.shape
    flat = at_least_float32(x).reshape(b, h * w, c)
    if weights is None:
        return flat, 1.0 / (h * w)
    mass = at_least_float32(weights).reshape(weights.shape[0], h * w, 1)
    # An all-zero mask has no statistics; the guard turns 0/0 into 0 so that its gradient stays finite.
    return flat, mass / jnp.maximum(mass.sum(1, keepdims=True), 1e-6)


def mean(x: FeatureMap, weights: Mask | None = None) -> Float[Array, "b c"]:
    """Return the mean of each channel over positions."""
    flat, mass = _flat(x, weights)
    return (flat * mass).sum(1)


def variance(x: FeatureMap, weights: Mask | None = None) -> Float[Array, "b c"]:
    """Return the (biased) variance of each channel over positions, computed in two passes."""
    flat, mass = _flat(x, weights)
    centred = flat - (flat * mass).sum(1, keepdims=True)
    return (centred**2 * mass).sum(1)


def std(x: FeatureMap, eps: float, weights: Mask | None = None, unbiased: bool = False) -> Float[Array, "b c"]:
    """Return sqrt(variance + eps) of each channel; the derivative at a constant is NaN for eps = 0.

    Args:
        x: activations.
        eps: added to the variance, inside the root.
        weights: a mask.
        unbiased: divide by M - 1 instead of M positions (Bessel), M those of the whole map even under a mask; an M of 1
            stays finite.
    """
    var = variance(x, weights)
    if unbiased:
        positions = x.shape[1] * x.shape[2]
        var = var * (positions / max(positions - 1, 1))
    return jnp.sqrt(var + eps)


def gram(x: FeatureMap, weights: Mask | None = None) -> Float[Array, "b c c"]:
    """Return the Gram matrix divided by the number of positions, F F^T / M: the mean outer product of features.

    Source: Gatys et al. 2016, equation 3.
    Differs: divided by M, so that images of different sizes compare; ``losses.gram`` holds the other factors.
    """
    return _outer(*_flat(x, weights))


def covariance(x: FeatureMap, weights: Mask | None = None) -> Float[Array, "b c c"]:
    """Return the (biased) covariance of channels over positions."""
    flat, mass = _flat(x, weights)
    return _outer(flat - (flat * mass).sum(1, keepdims=True), mass)


def _outer(flat: Float[Array, "b m c"], mass: Float[Array, "b m 1"] | float) -> Float[Array, "b c c"]:
    """Return the mean outer product; without a mask the small result is scaled, which spares a copy of the map."""
    if isinstance(mass, float):
        return jnp.einsum("bmc,bmd->bcd", flat, flat, precision="highest") * mass
    return jnp.einsum("bmc,bmd->bcd", flat * mass, flat, precision="highest")


def sqrt_psd(matrix: Float[Array, "*b c c"]) -> Float[Array, "*b c c"]:
    """Return the symmetric square root of a positive semi-definite matrix; tiny negative eigenvalues count as zero."""
    values, vectors = jnp.linalg.eigh(matrix)
    root = jnp.sqrt(jnp.maximum(values, 0.0))
    return jnp.einsum("...ij,...j,...kj->...ik", vectors, root, vectors, precision="highest")
