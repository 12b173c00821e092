"""Structural similarity of two pictures.

Source: Wang, Bovik, Sheikh and Simoncelli 2004, "Image quality assessment: from error visibility to structural
similarity", equations 12 to 16, with their window (11 x 11 Gaussian, sigma 1.5) and constants (k1 0.01, k2 0.03).
Differs: they take grey pictures; here the map is a mean over channels. Only windows inside the picture count.
"""

from __future__ import annotations

from typing import TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.ops.conv import average_pool

WINDOW = 11
"""Side of the window, px: the smallest side of a picture."""
_SIGMA = 1.5
_C1, _C2 = 0.01**2, 0.03**2
"""For a range of 1."""
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""How much each scale counts, the finest first."""


def ssim(a: Float[Array, "b h w c"], b: Float[Array, "b h w c"]) -> Float[Array, " b"]:
    """Return the similarity of each picture of ``a`` to that of ``b``, both in [0, 1]: at most 1, that of equal ones.

    Both sides are at least ``WINDOW`` px.
    """
    (light, light_of), (structure, structure_of) = _terms(a, b)
    similarity = light * structure
    similarity /= light_of * structure_of
    return similarity.mean((1, 2, 3))


def ms_ssim(a: Float[Array, "b h w c"], b: Float[Array, "b h w c"], scales: int = 5) -> Float[Array, " b"]:
    """Return the similarity over several scales, from 0 to 1, that of equal pictures.

    Source: Wang, Simoncelli and Bovik 2003, "Multi-scale structural similarity for image quality assessment", equation
    7, with the weights of their section 3.2; each scale is the mean of 2 x 2 pixels of the one before.
    Differs: a mean over channels at each scale. A scale whose mean is negative counts as 0: it has no real power. With
        fewer scales the weights of those that there are, over their sum.

    Args:
        a: pictures in [0, 1], each side at least ``WINDOW * 2 ** (scales - 1)`` px.
        b: as many, of their size.
        scales: 1 to 5.
    """
    product = jnp.ones(())
    weights = [weight / sum(SCALES[:scales]) for weight in SCALES[:scales]]
    for scale, weight in enumerate(weights):
        (light, light_of), (structure, structure_of) = _terms(a, b)
        map_ = structure / structure_of
        if scale == scales - 1:
            map_ *= light / light_of
        product *= jnp.maximum(map_.mean((1, 2, 3)), 0.0) ** weight
        a, b = average_pool(a), average_pool(b)
    return product


_Ratio: TypeAlias = tuple[Float[Array, "b h2 w2 c"], Float[Array, "b h2 w2 c"]]


def _terms(a: Float[Array, "b h w c"], b: Float[Array, "b h w c"]) -> tuple[_Ratio, _Ratio]:
    """Return numerator and denominator of what compares luminance, and of what compares contrast and structure."""
    mean_a, mean_b = _windowed(a), _windowed(b)
    # Rounding may leave a variance below 0, or a covariance beyond what the variances allow.
    least = jnp.finfo(jnp.float32).eps ** 2
    variance_a = jnp.maximum(least, _windowed(a**2) - mean_a * mean_a)
    variance_b = jnp.maximum(least, _windowed(b**2) - mean_b * mean_b)
    covariance = _windowed(a * b) - mean_a * mean_b
    covariance = jnp.sign(covariance) * jnp.minimum(jnp.sqrt(variance_a * variance_b), jnp.abs(covariance))
    light = 2 * (mean_a * mean_b) + _C1, mean_a * mean_a + mean_b * mean_b + _C1
    return light, (2 * covariance + _C2, variance_a + variance_b + _C2)


def _windowed(x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c"]:
    """Return the mean under the window at every place where it fits: along rows, then along columns."""
    window = jnp.exp(-0.5 * ((jnp.arange(WINDOW) - WINDOW // 2) / _SIGMA) ** 2)
    window /= window.sum()

    def along(line: Float[Array, " n"]) -> Float[Array, " m"]:
        return jnp.convolve(line, window, mode="valid", precision=jax.lax.Precision.HIGHEST)

    for axis in (2, 1):
        lines = jnp.moveaxis(x, axis, -1)
        x = jnp.moveaxis(jax.vmap(along)(lines.reshape(-1, lines.shape[-1])).reshape(*lines.shape[:-1], -1), -1, axis)
    return x
