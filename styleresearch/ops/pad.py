"""Padding: around activations before a convolution, and of pictures whose sides a network halves several times."""

from __future__ import annotations

from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from styleresearch.ops import device
from styleresearch.types import Image, OtherImage

Border = Literal["zeros", "reflect", "replicate", "none"]

_MODE: dict[str, Literal["constant", "reflect", "edge"]] = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "edge",
}


def pad_border(x: Float[Array, "b h w c"], border: int, padding: Border) -> Float[Array, "b h2 w2 c"]:
    """Return the activations with a border on every side.

    Args:
        x: images or activations.
        border: its width, in pixels.
        padding: what lies there; "none" for no border.
    """
    if padding == "none" or border == 0:
        return x
    # The sides of an exported program of any size are symbols, which cannot be looked up.
    if padding != "zeros" and device.on_cpu() and all(isinstance(side, int) for side in x.shape):
        return _looked_up(x, border, padding)
    return _plain(x, border, padding)


def _plain(x: Array, border: int, padding: Border) -> Array:
    return jnp.pad(x, ((0, 0), (border, border), (border, border), (0, 0)), mode=_MODE[padding])


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def _looked_up(x: Array, border: int, padding: Border) -> Array:
    """Look every pixel up: one copy, where ``jnp.pad`` makes one for each side. The gradient is that of ``jnp.pad``."""
    rows, columns = (np.pad(np.arange(side), border, mode=_MODE[padding]) for side in x.shape[1:3])
    return x[:, rows[:, None], columns]


def _looked_up_forward(x: Array, border: int, padding: Border) -> tuple[Array, None]:
    return _looked_up(x, border, padding), None


def _looked_up_backward(border: int, padding: Border, _: None, cotangent: Array) -> tuple[Array]:
    b, h, w, c = cotangent.shape
    inner = jax.ShapeDtypeStruct((b, h - 2 * border, w - 2 * border, c), cotangent.dtype)
    return tuple(jax.linear_transpose(lambda x: _plain(x, border, padding), inner)(cotangent))


_looked_up.defvjp(_looked_up_forward, _looked_up_backward)


def pad_to_multiple(image: Image, multiple: int, mode: Literal["reflect", "edge"]) -> OtherImage:
    """Return the images grown at the bottom and at the right until both sides are multiples of ``multiple``.

    Args:
        image: the images.
        multiple: in pixels, at least 1.
        mode: "reflect" at the last row and column, or "edge": repeat them.
    """
    _, height, width, _ = image.shape
    return jnp.pad(image, ((0, 0), (0, -height % multiple), (0, -width % multiple), (0, 0)), mode=mode)
