"""The parts that trainable networks are made of.

Parameters are float32; ``dtype`` is what convolutions compute in. Statistics are float32 whatever it is.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Initializer
from jaxtyping import Array, Float

from styleresearch.ops import conv as ops
from styleresearch.ops.pad import Border
from styleresearch.options import Between

Dtype = Literal["float32", "bfloat16"]
Upsampling = Literal["nearest", "transposed"]

Init = Annotated[float, Between(0, 1e6)] | Literal["he"] | None

Blocks = Annotated[int, Between(0, 128)]
"""How many residual blocks."""

Styles = Annotated[int, Between(1, 10_000)]
"""How many styles share a network."""

Mix = Float[Array, "b styles"]


def uniform(fan_in: int) -> Initializer:
    """Return U(-1/sqrt(fan_in), 1/sqrt(fan_in)), the default of Torch7 and PyTorch for kernels and biases alike."""
    bound = 1 / math.sqrt(fan_in)
    return lambda key, shape, dtype=jnp.float32: jax.random.uniform(key, shape, dtype, -bound, bound)


def largest_singular_value(kernel: Float[Array, "*inputs o"], iterations: int = 16) -> Float[Array, ""]:
    """Return the largest singular value of a kernel as a matrix with a column for each channel out, by power iteration.

    Source: Miyato et al. 2018, "Spectral Normalization", algorithm 1; the gradient is that of section 2.1, equation 10:
    singular vectors count as constants.
    Differs: they keep the vector between training steps and take one iteration in each. This one starts at the same
    vector every time, so that a network holds nothing but its parameters: what it gives depends on them alone. It is
    never too large; for a normally distributed 4x4 kernel it is up to 5 % too small, less where one value stands out.

    Args:
        kernel: float32.
        iterations: products with the matrix and its transpose.
    """
    matrix = kernel.reshape(-1, kernel.shape[-1])
    fixed = jax.lax.stop_gradient(matrix)
    # A direction that no kernel has reason to avoid.
    start = jax.random.normal(jax.random.key(0), (kernel.shape[-1],))
    right = jax.lax.fori_loop(0, iterations, lambda _, right: _unit(_times(_unit(_times(fixed, right)), fixed)), start)
    left = _unit(_times(fixed, right))
    return _times(left, _times(matrix, right))


def _times(a: Array, b: Array) -> Array:
    return jnp.dot(a, b, precision="highest")


def _unit(vector: Float[Array, " n"]) -> Float[Array, " n"]:
    return vector * jax.lax.rsqrt((vector**2).sum() + 1e-24)


class Conv(nn.Module):
    """A convolution with its bias; or, with ``upsample``, one that doubles height and width.

    Attributes:
        features: channels out.
        size: of the kernel.
        stride: 1 or 2.
        padding: what lies beyond the border.
        upsample: "nearest" convolves the picture with every pixel four times, "transposed" is PyTorch's
            ``ConvTranspose2d`` (its border is zeros always).
        initial: standard deviation of the kernel's normal distribution, "he" for sqrt(2 / fan_in), with a bias of
            ``offset``; None: ``uniform``.
        offset: the bias to begin with.
        spectral: divide the kernel by its largest singular value before it is used.
        dtype: to compute in.
    """

    features: int
    size: int = 3
    stride: int = 1
    padding: Border = "reflect"
    upsample: Upsampling | None = None
    initial: Init = None
    offset: float = 0.0
    spectral: bool = False
    dtype: Dtype = "float32"

    @nn.compact
    def __call__(self, x: Float[Array, "b h w i"]) -> Float[Array, "b h2 w2 o"]:
        """Return the pre-activations."""
        fan_in = self.size**2 * x.shape[-1]
        deviation = math.sqrt(2 / fan_in) if self.initial == "he" else self.initial
        of_kernel = uniform(fan_in) if deviation is None else nn.initializers.normal(deviation)
        of_bias = uniform(fan_in) if deviation is None else nn.initializers.constant(self.offset)
        kernel: Array = self.param("kernel", of_kernel, (self.size, self.size, x.shape[-1], self.features))
        bias: Array = self.param("bias", of_bias, (self.features,))
        kernel = kernel / largest_singular_value(kernel) if self.spectral else kernel
        x, kernel = x.astype(self.dtype), kernel.astype(self.dtype)
        if self.upsample == "nearest":
            y = ops.upsample_conv(x, kernel, self.padding)
        elif self.upsample == "transposed":
            y = ops.transposed_conv(x, kernel)
        else:
            y = ops.conv(x, kernel, self.stride, self.padding)
        return y + bias.astype(self.dtype)[None, None, None]


class InstanceNorm(nn.Module):
    """Every channel of every image to mean 0 and variance 1, then a scale and an offset for the style.

    Source: Ulyanov et al. 2016, "Instance Normalization"; Dumoulin et al. 2017, equation 5 (a row for each style).

    Attributes:
        styles: rows of the tables of scales and offsets; 1 is an ordinary affine instance norm, 0 has neither.
        eps: added to the (biased) variance.
    """

    styles: int = 1
    eps: float = 1e-5

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], mix: Mix | None = None) -> Float[Array, "b h w c"]:
        """Return the normalised activations, in the dtype of ``x``.

        Args:
            x: activations.
            mix: how much of each style's row every image gets; ``None`` for equal shares.
        """
        wide = x.astype(jnp.float32)
        # Two passes: E[x^2] - E[x]^2 loses every digit where the mean is a thousand times the deviation.
        centred = wide - wide.mean((1, 2), keepdims=True)
        scale = jax.lax.rsqrt((centred**2).mean((1, 2), keepdims=True) + self.eps)
        if self.styles == 0:
            return (centred * scale).astype(x.dtype)
        shape = (self.styles, x.shape[-1])
        scales: Array = self.param("scale", nn.initializers.ones, shape)
        offsets: Array = self.param("offset", nn.initializers.zeros, shape)
        if mix is None:
            mix = jnp.full((x.shape[0], self.styles), 1 / self.styles)
        scale = scale * jnp.dot(mix, scales, precision="highest")[:, None, None]
        offset = jnp.dot(mix, offsets, precision="highest")[:, None, None]
        return (centred * scale + offset).astype(x.dtype)


class Residual(nn.Module):
    """Two 3x3 convolutions with their norms, added to their input.

    Source: Johnson et al. 2016, supplementary material, table 1; without a ReLU after the sum (Gross & Wilber 2016).

    Attributes:
        padding: "none" shrinks the result by two pixels on every side and crops the input to it.
        styles: of the norms.
        initial: as in ``Conv``.
        dtype: to compute in.
    """

    padding: Border = "reflect"
    styles: int = 1
    initial: Init = None
    dtype: Dtype = "float32"

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], mix: Mix | None = None) -> Float[Array, "b h2 w2 c"]:
        """Return the sum."""
        y = x
        for index in (1, 2):
            y = Conv(x.shape[-1], padding=self.padding, initial=self.initial, dtype=self.dtype, name=f"conv{index}")(y)
            y = InstanceNorm(self.styles, name=f"norm{index}")(y, mix)
            y = nn.relu(y) if index == 1 else y
        return y + (x[:, 2:-2, 2:-2] if self.padding == "none" else x)
