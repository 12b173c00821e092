"""The discriminator of pix2pix, CycleGAN and CUT, which judges overlapping patches, and what later papers added."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import flax.linen as nn
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from styleresearch.errors import InputError
from styleresearch.nets.base import DISCRIMINATORS, Discriminator
from styleresearch.nets.blocks import Conv, Dtype, Init, InstanceNorm
from styleresearch.nets.pixels import read
from styleresearch.ops.blur import blur_down
from styleresearch.options import Between, Channels

Condition = Float[Array, "b condition"]
Judgement = tuple[tuple[Array, ...], ...]
"""For every scale the activations (b, h, w, c) of every layer, the last the scores (b, h, w, 1)."""


class PatchDiscriminator(Discriminator):
    """The network that ``patch`` describes, whose arguments are the attributes."""

    width: int
    layers: int
    norm: Literal["instance", "none"]
    spectral: bool
    scales: int
    antialias: bool
    pixels: Literal["byte", "unit", "signed"]
    initial: Init

    @property
    def least(self) -> int:
        """The smallest side of an image that leaves a score at every scale."""
        return (3 * 2**self.layers - 1) * 2 ** (self.scales - 1) + 1

    @nn.compact
    def __call__(self, image: Float[Array, "b h w c"], condition: Condition | None = None) -> Judgement:
        """Return the activations of every layer at every scale, from the image's own size to the smallest.

        Args:
            image: in [0, 1], with as many channels as the parameters are for.
            condition: what the image is said to show, for each.

        Raises:
            InputError: for an image too small, and a condition that is missing or not of the size that was built for.
        """
        _, height, width, _ = image.shape
        if min(height, width) < self.least:
            raise InputError(
                f"images of {height}x{width} px: this discriminator needs {self.least} px or more; give larger images, "
                "or it fewer layers or scales"
            )
        size = 0 if condition is None else condition.shape[-1]
        if size != self.condition:
            raise InputError(f"a condition of {size} values (0: none); this discriminator takes {self.condition}")
        x, scales = read(image, self.pixels), []
        for index in range(1, self.scales + 1):
            x = x if index == 1 else _shrink(x)
            scales.append(self._judge(x, condition, f"scale{index}"))
        return tuple(scales)

    def _judge(self, x: Array, condition: Condition | None, scale: str) -> tuple[Array, ...]:
        common = {"padding": "zeros", "initial": self.initial, "spectral": self.spectral, "dtype": self.dtype}
        activations = []
        for index in range(1, self.layers + 2):
            shrinks = index <= self.layers
            stride = 2 if shrinks and not self.antialias else 1
            name = f"{scale}_conv{index}"
            x = Conv(self.width * 2 ** min(index - 1, 3), 4, stride, name=name, **common)(x)
            # The first is not normalised: how bright its pixels are and how they are spread is something to judge by.
            x = InstanceNorm(0, name=f"{name}_norm")(x) if self.norm == "instance" and index > 1 else x
            x = nn.leaky_relu(x, 0.2)
            x = blur_down(x) if shrinks and self.antialias else x
            activations.append(x)
        scores = Conv(1, 4, name=f"{scale}_scores", **common)(x).astype(jnp.float32)
        if condition is not None:
            expected = Conv(x.shape[-1], 1, name=f"{scale}_condition", **common)(condition[:, None, None])
            agreement = (expected.astype(jnp.float32) * x).sum(-1, keepdims=True) / math.sqrt(x.shape[-1])
            # A score sees 4x4 activations: the four in the middle are its own.
            agreement = (agreement[:, :-1] + agreement[:, 1:]) / 2
            scores = scores + (agreement[:, :, :-1] + agreement[:, :, 1:]) / 2
        return (*activations, scores)


def _shrink(x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c"]:
    """Return the mean of every second pixel and its neighbours, of those that there are at the border."""
    window, strides, border = (1, 3, 3, 1), (1, 2, 2, 1), ((0, 0), (1, 1), (1, 1), (0, 0))
    sums, counts = (lax.reduce_window(y, 0.0, lax.add, window, strides, border) for y in (x, jnp.ones_like(x[:1])))
    return sums / counts


@DISCRIMINATORS.register("patch")
def patch(
    width: Channels = 64,
    layers: Annotated[int, Between(1, 12)] = 3,
    norm: Literal["instance", "none"] = "instance",
    spectral: bool = False,
    scales: Annotated[int, Between(1, 8)] = 1,
    antialias: bool = False,
    condition: Annotated[int, Between(0, 16_384)] = 0,
    pixels: Literal["byte", "unit", "signed"] = "signed",
    initial: Init = 0.02,
    dtype: Dtype = "float32",
) -> PatchDiscriminator:
    """Return the PatchGAN discriminator: 4x4 convolutions of stride 2, two of stride 1, a score for each place.

    The defaults are the 70 px discriminator of pix2pix and CycleGAN: 2,764,737 parameters for images of 3 channels,
    30x30 scores for 256 px. Pix2pix judges its content and output together: 6 channels.

    Source: Isola et al. 2017, section 6.1.2; Zhu et al. 2017, appendix 7.2, and the authors' PyTorch code. ``scales``:
    Wang et al. 2018, section 3.2. ``spectral``: Miyato et al. 2018. ``condition``: Miyato & Koyama 2018, "cGANs with
    Projection Discriminator". ``antialias``: the code of Park et al. 2020.
    Differs: of several scales, the code of Wang et al. pads each side by 2, which makes the maps larger as they
    go down. Miyato & Koyama have one inner product with the sum over all places; here each score has its own, with the
    mean of the four activations in the middle of what it sees, over sqrt(channels), so that its size at the beginning
    does not depend on the width.

    Args:
        width: channels of the first layer; they double from layer to layer, up to 8 times this.
        layers: how many convolutions halve the size: a score sees 70 px with 3, 34 px with 2, 16 px with 1.
        norm: "instance", without scales and offsets, in all layers but the first and the last; or "none", which a
            gradient penalty and ``spectral`` go with.
        spectral: divide every kernel by its largest singular value.
        scales: how many discriminators of the same form judge the image, each at half the size of the one before.
        antialias: halve by a convolution of stride 1 and a blur (CUT).
        condition: the size of a vector that says what every image is to show; 0 for none.
        pixels: what the network reads, as for ``transform``.
        initial: standard deviation of the initial kernels, or "he" for sqrt(2 / fan_in) in each, with biases of 0;
            ``None`` for uniform in +-1/sqrt(fan_in).
        dtype: what convolutions compute in; parameters, statistics and scores are float32.
    """
    return PatchDiscriminator(
        width, layers, norm, spectral, scales, antialias, pixels, initial, condition=condition, dtype=dtype
    )
