"""Convolution of frozen weights, written so that it is fast in every place where it is used.

Two properties of XLA on the CPU decide the form (measured in ``docs/decisions/0002-frozen-convolution.md``): the
gradient that autodiff makes for the input of a convolution misses the fast path inside ``while`` and ``scan`` bodies,
and a VALID convolution after an explicit pad is slower than a SAME one (20 times for a 9x9 kernel of few channels).
"""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Padding = Literal["zeros", "reflect", "replicate"]

_PAD_MODE = {"reflect": "reflect", "replicate": "edge"}


def adjoint_kernel(kernel: Float[Array, "k k i o"]) -> Float[Array, "k k o i"]:
    """Return the kernel whose SAME convolution is the transpose of ``kernel``'s: flipped, channels swapped."""
    return jnp.flip(kernel, (0, 1)).swapaxes(2, 3)


def _same(x: Array, kernel: Array) -> Array:
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


@jax.custom_vjp
def _frozen_same(x: Array, kernel: Array, adjoint: Array) -> Array:
    return _same(x, kernel)


def _forward(x: Array, kernel: Array, adjoint: Array) -> tuple[Array, tuple[Array, Array]]:
    return _same(x, kernel), (kernel, adjoint)


def _backward(residuals: tuple[Array, Array], cotangent: Array) -> tuple[Array, Array, Array]:
    kernel, adjoint = residuals
    # Zeros, not None: a frozen weight has no gradient by definition, and zeros are folded away when nobody asks.
    return _same(cotangent, adjoint), jnp.zeros_like(kernel), jnp.zeros_like(adjoint)


_frozen_same.defvjp(_forward, _backward)


def frozen_conv(
    x: Float[Array, "b h w i"],
    kernel: Float[Array, "k k i o"],
    adjoint: Float[Array, "k k o i"],
    padding: Padding = "zeros",
) -> Float[Array, "b h w o"]:
    """Convolve with stride 1 and an odd kernel, keeping height and width; only ``x`` receives a gradient.

    Args:
        x: images or activations.
        kernel: the frozen kernel, whose gradient is zero by definition.
        adjoint: ``adjoint_kernel(kernel)``, made once outside the step.
        padding: what lies beyond the border. "reflect" needs h and w larger than k // 2.
    """
    if padding == "zeros":
        return _frozen_same(x, kernel, adjoint)
    # Pad, convolve SAME, crop: the same function as pad and VALID, which is the slow form.
    border = kernel.shape[0] // 2
    widths = ((0, 0), (border, border), (border, border), (0, 0))
    padded = jnp.pad(x, widths, mode=_PAD_MODE[padding])
    return _frozen_same(padded, kernel, adjoint)[:, border:-border, border:-border]


def max_pool(x: Float[Array, "b h w c"], ceil: bool = False) -> Float[Array, "b h2 w2 c"]:
    """Maximum over 2x2 windows with stride 2.

    Differs: where several entries of a window are the maximum, the gradient is split among them evenly (PyTorch gives
    it to the first); the forward value is the same. Written as reshape + maximum, whose gradient XLA runs faster than
    that of ``reduce_window``.

    Args:
        x: activations.
        ceil: keep a last odd row or column as a smaller window, instead of dropping it.
    """
    return _windows(x, ceil, -jnp.inf).max((2, 4))


def average_pool(x: Float[Array, "b h w c"], ceil: bool = False) -> Float[Array, "b h2 w2 c"]:
    """Mean over 2x2 windows with stride 2; a window cut off by the border (``ceil``) averages what it has."""
    b, h, w, _ = x.shape
    if not ceil or (h % 2 == 0 and w % 2 == 0):
        return _windows(x, ceil, 0.0).mean((2, 4))
    counts = _windows(jnp.ones((b, h, w, 1), x.dtype), ceil, 0.0).sum((2, 4))
    return _windows(x, ceil, 0.0).sum((2, 4)) / counts


def _windows(x: Array, ceil: bool, fill: float) -> Array:
    b, h, w, c = x.shape
    if ceil:
        x = jnp.pad(x, ((0, 0), (0, h % 2), (0, w % 2), (0, 0)), constant_values=fill)
    else:
        x = x[:, : h - h % 2, : w - w % 2]
    return x.reshape(b, x.shape[1] // 2, 2, x.shape[2] // 2, 2, c)
