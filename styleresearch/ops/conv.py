"""Convolution of frozen weights, written so that it is fast in every place where it is used.

Two properties of XLA on the CPU decide the form (measured in ``docs/decisions/0002-frozen-convolution.md``): the
gradient that autodiff makes for the input of a convolution misses the fast path inside ``while`` and ``scan`` bodies,
and a VALID convolution after an explicit pad is slower than a SAME one (20 times for a 9x9 kernel of few channels).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from styleresearch.ops import device
from styleresearch.ops.pad import Border, pad_border

Padding = Literal["zeros", "reflect", "replicate"]

_NHWC = ("NHWC", "HWIO", "NHWC")
_FEW = 7  # channels: pictures, and what becomes one
_MANY = 32  # channels from which matrix products beat XLA's own gradient of a kernel


def adjoint_kernel(kernel: Float[Array, "k k i o"]) -> Float[Array, "k k o i"]:
    """Return the kernel whose SAME convolution is the transpose of ``kernel``'s: flipped, channels swapped."""
    return jnp.flip(kernel, (0, 1)).swapaxes(2, 3)


def _plain(x: Array, kernel: Array, padding: str | Sequence[tuple[int, int]], stride: int = 1) -> Array:
    return lax.conv_general_dilated(x, kernel, (stride, stride), padding, dimension_numbers=_NHWC)


def _same(x: Array, kernel: Array) -> Array:
    return _plain(x, kernel, "SAME")


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
    padded = pad_border(x, border, padding)
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
    padded = pad_border(x, (kernel.shape[0] - 1) // 2, padding)
    if not device.on_cpu() or (stride == 2 and padding in ("zeros", "none")):
        return _plain(padded, kernel, "VALID", stride)
    if stride == 1:
        return _valid(padded, kernel)
    # XLA is fast where a convolution pads, as it does zeros beyond a border. So this one pads too, two rows and columns
    # of zeros behind, of which comes one of each too many.
    return _plain(padded, kernel, ((0, 2), (0, 2)), stride)[:, :-1, :-1]


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
    if kernel.shape[0] == 3 and padding != "none" and device.on_cpu():
        # The first row of the picture with every pixel four times, reflected or repeated, is its own first row.
        return _double(pad_border(x, 1, "zeros" if padding == "zeros" else "replicate"), kernel, _NEAREST)
    return conv(upsample_nearest(x), kernel, 1, padding)


def transposed_conv(x: Float[Array, "b h w i"], kernel: Float[Array, "k k i o"]) -> Float[Array, "b h2 w2 o"]:
    """Return the stride-2 transposed convolution that doubles height and width exactly.

    ``ConvTranspose2d(k, stride=2, padding=1, output_padding=k % 2)`` in PyTorch, whose weight (i, o, k, k) is this
    kernel with its axes moved. Differs: XLA's "SAME" is a pixel off.

    Args:
        x: activations.
        kernel: 3x3 or 4x4; entry (r, s) is what an input pixel adds to the output r rows and s columns further.
    """
    size = kernel.shape[0]
    if device.on_cpu():
        return _double(pad_border(x, 1, "zeros"), kernel, _TRANSPOSED[size])
    border = (size - 2, size - 2 + size % 2)
    return lax.conv_general_dilated(
        x, jnp.flip(kernel, (0, 1)), (1, 1), (border, border), lhs_dilation=(2, 2), dimension_numbers=_NHWC
    )


# Output rows 2y and 2y + 1 see two input rows each: y - 1 and y, y and y + 1. Entry [parity, which of the two, r]: how
# much of the kernel's row r falls on it.
_NEAREST = (((1, 0, 0), (0, 1, 1)), ((1, 1, 0), (0, 0, 1)))
_TRANSPOSED = {
    3: (((0, 0, 0), (0, 1, 0)), ((0, 0, 1), (1, 0, 0))),
    4: (((0, 0, 0, 1), (0, 1, 0, 0)), ((0, 0, 1, 0), (1, 0, 0, 0))),
}


def _double(padded: Array, kernel: Array, taps: tuple[tuple[tuple[int, ...], ...], ...]) -> Array:
    """Return what doubles the size as one 2x2 convolution on the small picture, to the four pixels of every place."""
    b, h, w, _ = padded.shape
    rows = jnp.asarray(taps, kernel.dtype)
    small = jnp.einsum("prk,qsl,klio->rsipqo", rows, rows, kernel).reshape(2, 2, kernel.shape[2], -1)
    y = _valid(padded, small).reshape(b, h - 1, w - 1, 2, 2, -1)
    pixels = [[y[:, p : p + h - 2, q : q + w - 2, p, q] for q in (0, 1)] for p in (0, 1)]
    return jnp.stack([jnp.stack(row, 3) for row in pixels], 2).reshape(b, 2 * (h - 2), 2 * (w - 2), -1)


@jax.custom_vjp
def _valid(x: Array, kernel: Array) -> Array:
    """Convolve without padding and with stride 1."""
    if x.shape[-1] <= _FEW:
        return _stacked(x, kernel)
    size = kernel.shape[0]
    first = (size - 1) // 2
    height, width = x.shape[1] - size + 1, x.shape[2] - size + 1
    return _plain(x, kernel, "SAME")[:, first : first + height, first : first + width]


def _stacked(x: Array, kernel: Array) -> Array:
    """Convolve few channels: the k rows that a result sees become k times the channels, and the kernel one row."""
    size, _, channels, features = kernel.shape
    height, first = x.shape[1] - size + 1, (size - 1) // 2
    rows = jnp.concatenate([x[:, row : row + height] for row in range(size)], -1)
    kernel = kernel.swapaxes(0, 1).reshape(1, size, size * channels, features)
    return _plain(rows, kernel, "SAME")[:, :, first : first + x.shape[2] - size + 1]


def _valid_forward(x: Array, kernel: Array) -> tuple[Array, tuple[Array, Array]]:
    return _valid(x, kernel), (x, kernel)


def _valid_backward(residuals: tuple[Array, Array], cotangent: Array) -> tuple[Array, Array]:
    x, kernel = residuals
    size = kernel.shape[0]
    around = pad_border(cotangent, size - 1, "zeros")
    return _valid(around, adjoint_kernel(kernel)), _kernel_gradient(x, cotangent, size).astype(kernel.dtype)


_valid.defvjp(_valid_forward, _valid_backward)


def _kernel_gradient(x: Array, cotangent: Array, size: int) -> Array:
    """Return the gradient of a VALID stride-1 convolution to its kernel, in the form fastest for its channels."""
    channels, features = x.shape[-1], cotangent.shape[-1]
    if features <= _FEW < channels:
        # The mirrored problem: few channels are then those of the input.
        mirrored = _kernel_gradient(pad_border(cotangent, size - 1, "zeros"), x, size)
        return adjoint_kernel(mirrored)
    if min(channels, features) < _MANY:
        form = _stacked if channels <= _FEW else lambda x, kernel: _plain(x, kernel, "VALID")
        of_kernel = jax.ShapeDtypeStruct((size, size, channels, features), x.dtype)
        return jax.linear_transpose(lambda kernel: form(x, kernel), of_kernel)(cotangent)[0]
    # One matrix product for each row of the kernel; its columns lie side by side in the second factor.
    height = cotangent.shape[1]
    shifted = [jnp.pad(cotangent, ((0, 0), (0, 0), (s, size - 1 - s), (0, 0))) for s in range(size)]
    columns = jnp.concatenate(shifted, -1).reshape(-1, size * features)
    rows = [
        jnp.dot(x[:, r : r + height].reshape(-1, channels).T, columns, preferred_element_type=jnp.float32)
        for r in range(size)
    ]
    return jnp.stack(rows).reshape(size, channels, size, features).swapaxes(1, 2)


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


def l2_pool(x: Float[Array, "b h w c"], ceil: bool = True) -> Float[Array, "b h2 w2 c"]:
    """Root of the mean of squares under a 3x3 Hann window, with stride 2; zeros beyond the border.

    Source: Henaff & Simoncelli 2016, as DISTS (Ding et al. 2020) has it.

    Args:
        x: activations.
        ceil: for the form of the other poolings; a last odd row or column is kept in any case.
    """
    side = jnp.asarray([0.25, 0.5, 0.25], x.dtype)
    kernel = jnp.broadcast_to((side[:, None] * side[None])[:, :, None, None], (3, 3, 1, x.shape[-1]))
    squares = lax.conv_general_dilated(
        x * x,
        kernel,
        (2, 2),
        ((1, 1), (1, 1)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=x.shape[-1],
    )
    return jnp.sqrt(squares + 1e-12)


def _windows(x: Array, ceil: bool, fill: float) -> Array:
    b, h, w, c = x.shape
    if ceil:
        x = jnp.pad(x, ((0, 0), (0, h % 2), (0, w % 2), (0, 0)), constant_values=fill)
    else:
        x = x[:, : h - h % 2, : w - w % 2]
    return x.reshape(b, x.shape[1] // 2, 2, x.shape[2] // 2, 2, c)
