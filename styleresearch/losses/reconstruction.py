"""Distances to one given image, in pixels or in what a discriminator sees."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from styleresearch.losses.adversarial import Outputs
from styleresearch.types import Image, PerImage


def l1(a: Image, b: Image) -> PerImage:
    """Return the mean absolute difference over pixels and channels, for each image.

    Source: Zhu et al. 2017 (CycleGAN), equation 2, and section 5.2 for the identity loss; Isola et al. 2017
        (pix2pix), equation 3.
    Differs: their pixels are in [-1, 1], where differences are twice those here; so are the weights to give here.

    Args:
        a: images in [0, 1].
        b: as many of the same size.
    """
    return jnp.abs(a.astype(jnp.float32) - b.astype(jnp.float32)).mean((1, 2, 3))


def feature_matching(fake: Outputs, real: Outputs) -> PerImage:
    """Return the mean absolute difference of a discriminator's activations, summed over layers, mean over scales.

    Source: Wang et al. 2018 (pix2pixHD), equation 4.
    Differs: the scores themselves, the last layer, are left out, as in the authors' code, whose factor
        4 / (layers + 1) is 1 for its 3 layers and left out here; equation 5 sums over the scales. No
        gradient reaches ``real``.

    Args:
        fake: the discriminator's answer to the generated images.
        real: its answer to the images that they should be.
    """
    total = jnp.zeros(())
    for mine, other in zip(fake, real, strict=True):
        for x, y in zip(mine[:-1], other[:-1], strict=True):
            difference = x.astype(jnp.float32) - jax.lax.stop_gradient(y.astype(jnp.float32))
            total += jnp.abs(difference).mean((1, 2, 3))
    return total / len(fake)
