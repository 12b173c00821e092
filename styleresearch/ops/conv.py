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
Border = Literal["zeros", "reflect", "replicate", "none"]

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


def conv(
    x: Float[Array, "b h w i"],
    kernel: Float[Array, "k k i o"],
    stride: int = 1,
    padding: Border = "zeros",
) -> Float[Array, "b h2 w2 o"]:
    """Convolve with trained weights; the border is (k - 1) // 2 on every side, as PyTorch's ``padding=`` would have it.

    Differs: XLA's "SAME" pads the last side more than the first where the stride is 2, which shifts the result by a
    pixel against PyTorch.

    Args:
        x: images or activations, in the dtype to compute in.
        kernel: the kernel, in the same dtype.
        stride: 1 or 2.
        padding: what lies beyond the border; "none" for nothing, which shrinks the result.
    """
    return _valid(_pad(x, (kernel.shape[0] - 1) // 2, padding), kernel, stride)


def _pad(x: Array, border: int, padding: Border) -> Array:
    if padding == "none" or border == 0:
        return x
    widths = ((0, 0), (border, border), (border, border), (0, 0))
    return jnp.pad(x, widths, mode="constant" if padding == "zeros" else _PAD_MODE[padding])


def _valid(x: Array, kernel: Array, stride: int) -> Array:
    if stride == 1 and kernel.shape[0] % 2 == 1:
        border = kernel.shape[0] // 2
        return _same(x, kernel)[:, border : x.shape[1] - border, border : x.shape[2] - border]
    return lax.conv_general_dilated(x, kernel, (stride, stride), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def transposed_conv(x: Float[Array, "b h w i"], kernel: Float[Array, "k k i o"]) -> Float[Array, "b h2 w2 o"]:
    """Return the stride-2 transposed convolution that doubles height and width exactly.

    ``ConvTranspose2d(k, stride=2, padding=(k - 1) // 2, output_padding=k % 2)`` in PyTorch, whose weight
    (i, o, k, k) is this kernel with its axes moved. Differs: XLA's "SAME" is a pixel off.

    Args:
        x: activations.
        kernel: 3x3 or 4x4; entry (r, s) is what an input pixel adds to the output r rows and s columns further.
    """
    size = kernel.shape[0]
    before = size - 1 - (size - 1) // 2
    after = before + size % 2
    return lax.conv_general_dilated(
        x,
        jnp.flip(kernel, (0, 1)),
        (1, 1),
        ((before, after), (before, after)),
        lhs_dilation=(2, 2),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def upsample_nearest(x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c"]:
    """Return the activations at twice the height and width, every pixel four times."""
    b, h, w, c = x.shape
    return jnp.broadcast_to(x[:, :, None, :, None], (b, h, 2, w, 2, c)).reshape(b, 2 * h, 2 * w, c)


def upsample_conv(
    x: Float[Array, "b h w i"], kernel: Float[Array, "k k i o"], padding: Border = "zeros"
) -> Float[Array, "b h2 w2 o"]:
    """Return ``conv(upsample_nearest(x), kernel, 1, padding)``: an upsampling without a checkerboard.

    Source: Odena et al. 2016, "Deconvolution and Checkerboard Artifacts".
    """
    return conv(upsample_nearest(x), kernel, 1, padding)


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
