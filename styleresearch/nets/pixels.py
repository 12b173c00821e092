"""What pixels a network reads and writes: images are RGB in [0, 1] outside it."""

from __future__ import annotations

from typing import Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.errors import InputError
from styleresearch.types import Image

Pixels = Literal["byte", "unit", "signed", "caffe"]
Output = Literal["linear", "tanh", "sigmoid"]

# Blue, green, red: what Caffe's VGG networks subtract.
_MEAN = (103.939, 116.779, 123.68)


def check_pixels(pixels: Pixels, output: Output) -> None:
    """Raise if no known network ends in ``output`` for these ``pixels``.

    Raises:
        InputError: for "sigmoid" in mean-subtracted pixels.
    """
    if pixels == "caffe" and output == "sigmoid":
        raise InputError(
            "output='sigmoid' cannot make the negative values of pixels='caffe'; use output='tanh' or 'linear', or "
            "pixels='unit'"
        )


def read(image: Float[Array, "b h w c"], pixels: Pixels) -> Float[Array, "b h w c"]:
    """Return the image in [0, 1] as a network for ``pixels`` reads it; "caffe" knows three channels alone."""
    if pixels == "byte":
        return image * 255
    if pixels == "signed":
        return image * 2 - 1
    if pixels == "caffe":
        return image[..., ::-1] * 255 - _mean()
    return image


def write(y: Float[Array, "b h w 3"], pixels: Pixels, output: Output) -> Image:
    """Return the last convolution's result as an image of scale [0, 1], not clipped.

    Args:
        y: of the last convolution.
        pixels: the space that it is in.
        output: what bounds it: "tanh" and "sigmoid" fill the space's range; in "caffe", 150 tanh does.
    """
    y = y.astype(jnp.float32)
    if pixels == "caffe":
        y = 150 * jnp.tanh(y) if output == "tanh" else y
        return ((y + _mean()) / 255)[..., ::-1]
    if output == "tanh":
        return (jnp.tanh(y) + 1) / 2
    if output == "sigmoid":
        return nn.sigmoid(y)
    return {"byte": y / 255, "unit": y, "signed": (y + 1) / 2}[pixels]


def _mean() -> Array:
    return jnp.asarray(_MEAN, jnp.float32)[None, None, None]
