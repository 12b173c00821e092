"""Colour spaces and colour transfer between images.

Source: Gatys et al. 2016, "Preserving color in neural artistic style transfer" (arXiv:1606.05897), for the luminance
and the linear (covariance) transfer; Reinhard et al. 2001 for mean and standard deviation.
Differs: channels stay RGB in [0, 1] (Reinhard uses a decorrelated space).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from styleresearch.ops.moments import covariance, mean, sqrt_psd, std
from styleresearch.types import Image, OtherImage

# ITU-R BT.601, the luma of the analogue YUV that neural-style implementations use.
_RGB_TO_YUV = ((0.299, 0.587, 0.114), (-0.14713, -0.28886, 0.436), (0.615, -0.51499, -0.10001))


def rgb_to_yuv(image: Image) -> Float[Array, "b h w 3"]:
    """Return Y (0 to 1), U (-0.436 to 0.436), V (-0.615 to 0.615)."""
    return jnp.matmul(image, jnp.array(_RGB_TO_YUV).T, precision="highest")


def yuv_to_rgb(yuv: Float[Array, "b h w 3"]) -> Image:
    """Return RGB; values outside [0, 1] are kept for the caller to clip."""
    return jnp.matmul(yuv, jnp.linalg.inv(jnp.array(_RGB_TO_YUV)).T, precision="highest")


@jax.jit
def luminance(image: Image) -> Image:
    """Return the grey image of the same luma, on three channels."""
    return jnp.broadcast_to(rgb_to_yuv(image)[..., :1], image.shape)


@jax.jit
def with_luminance_of(color: Image, light: Image) -> Image:
    """Return ``color``'s chroma under ``light``'s luma, clipped to [0, 1]."""
    yuv = jnp.concatenate([rgb_to_yuv(light)[..., :1], rgb_to_yuv(color)[..., 1:]], axis=-1)
    return jnp.clip(yuv_to_rgb(yuv), 0.0, 1.0)


def match_mean_std(image: Image, reference: OtherImage) -> Image:
    """Return ``image`` with the reference's mean and standard deviation in each channel, clipped to [0, 1]."""
    # Here and below: a program for each size of either picture, not one for each pair of sizes.
    return _with_mean_std(image, *_mean_std(reference))


@jax.jit
def _mean_std(image: Image) -> tuple[Float[Array, "b c"], Float[Array, "b c"]]:
    return mean(image), std(image, eps=1e-8)


@jax.jit
def _with_mean_std(image: Image, wanted_mean: Float[Array, "b c"], wanted_std: Float[Array, "b c"]) -> Image:
    scale = wanted_std / std(image, eps=1e-8)
    return jnp.clip((image - _at(mean(image))) * _at(scale) + _at(wanted_mean), 0.0, 1.0)


def match_covariance(image: Image, reference: OtherImage) -> Image:
    """Return ``image`` with the reference's colour mean and covariance (CORAL), clipped to [0, 1].

    Source: arXiv:1606.05897, section 4.1, with symmetric square roots ("image analogies" colour matching).
    """
    return _with_mean_root(image, *_mean_root(reference))


@jax.jit
def _mean_root(image: Image) -> tuple[Float[Array, "b c"], Float[Array, "b c c"]]:
    """Return the mean colour and the root of the colours' covariance, kept from being singular."""
    return mean(image), sqrt_psd(covariance(image) + 1e-5 * jnp.eye(3)[None])


@jax.jit
def _with_mean_root(image: Image, wanted_mean: Float[Array, "b c"], wanted_root: Float[Array, "b c c"]) -> Image:
    image_mean, image_root = _mean_root(image)
    colour = jnp.einsum("bij,bjk->bik", wanted_root, jnp.linalg.inv(image_root), precision="highest")
    centred = image - _at(image_mean)
    return jnp.clip(jnp.einsum("bij,bhwj->bhwi", colour, centred, precision="highest") + _at(wanted_mean), 0.0, 1.0)


def match_histogram(image: Image, reference: OtherImage) -> Image:
    """Return ``image`` with the reference's distribution of values in each channel, by quantiles.

    Equal values stay equal (they get their middle quantile): ranking them apart would paint ramps on flat areas.
    """
    return _with_values(image, _sorted(reference), np.int32(reference.shape[1] * reference.shape[2]))


@jax.jit
def _sorted(image: Image) -> Float[Array, "b m 3"]:
    """Return each channel's values in order, the last repeated up to a power of two: the sizes of pictures are many."""
    values = jnp.sort(image.reshape(image.shape[0], -1, 3), 1)
    count = values.shape[1]
    return jnp.pad(values, ((0, 0), (0, (1 << (count - 1).bit_length()) - count), (0, 0)), "edge")


@jax.jit
def _with_values(image: Image, wanted: Float[Array, "b m 3"], count: Any) -> Image:
    """Return the images with the first ``count`` values of ``wanted``."""

    def match(values: Float[Array, " n"], target: Float[Array, " m"]) -> Float[Array, " n"]:
        ordered = jnp.sort(values)
        low, high = (jnp.searchsorted(ordered, values, side, method="sort") for side in ("left", "right"))
        quantile = (low + high - 1) / (2 * max(values.size - 1, 1))
        return jnp.interp(quantile * (count - 1), jnp.arange(target.size), target)

    per_channel = jax.vmap(jax.vmap(match, in_axes=1, out_axes=1))
    return per_channel(image.reshape(image.shape[0], -1, 3), wanted).reshape(image.shape)


MATCHES = {"mean_std": match_mean_std, "covariance": match_covariance, "histogram": match_histogram}
"""Colour transfers by name: ``(image, reference) -> image``."""


def _at(per_channel: Float[Array, "b c"]) -> Float[Array, "b 1 1 c"]:
    return per_channel[:, None, None, :]
