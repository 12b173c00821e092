"""The decoder of AdaIN: a VGG up to relu4_1, mirrored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import flax.linen as nn
import jax.numpy as jnp

from styleresearch.errors import InputError
from styleresearch.nets.base import DECODERS, Decoder
from styleresearch.nets.blocks import Conv, Dtype, Init
from styleresearch.options import Between, Channels, Length
from styleresearch.types import FeatureMap, OtherImage


class MirroredVGG(Decoder):
    """The network that ``decoder`` describes, whose arguments are the attributes."""

    widths: tuple[int, ...]
    depths: tuple[int, ...]
    initial: Init

    @nn.compact
    def __call__(self, features: FeatureMap) -> OtherImage:
        """Return an image of scale [0, 1], not clipped, float32, 2**len(widths) times as large as ``features``."""
        # A convolution mirrors one of VGG: it gives what that one takes, and an upsampling stands where VGG pools.
        layers = [channels for channels, depth in zip(self.widths, self.depths, strict=True) for _ in range(depth)]
        starts = {sum(self.depths[:block]) + 1 for block in range(len(self.depths))}
        x = features
        for index, channels in enumerate([*layers, 3]):
            upsample = "nearest" if index in starts else None
            last = index == len(layers)
            # A picture that is nearly grey to begin with: gradients of wild colours would fill Adam's second moments.
            initial, offset = (0.01, 0.5) if last and self.initial == "he" else (self.initial, 0.0)
            name = f"conv{index + 1}"
            x = Conv(channels, upsample=upsample, initial=initial, offset=offset, dtype=self.dtype, name=name)(x)
            x = x if last else nn.relu(x)
        return x.astype(jnp.float32)


@DECODERS.register("decoder")
def decoder(
    widths: Annotated[Sequence[Channels], Length(1, 8)] = (256, 128, 64),
    depths: Sequence[Annotated[int, Between(1, 64)]] = (4, 2, 2),
    initial: Init = None,
    dtype: Dtype = "float32",
) -> MirroredVGG:
    """Return AdaIN's decoder: reflection padding, nearest upsampling, no norm; 3,505,219 parameters for VGG's relu4_1.

    Source: Huang & Belongie 2017, section 6.1, and the authors' decoder.
    Differs: it writes RGB in [0, 1]; theirs writes the pixels that their encoder reads.

    Args:
        widths: channels of blocks 3, 2 and 1. The input's channels are those of the features.
        depths: convolutions that give these channels: (4, 2, 2) mirrors VGG19, (3, 2, 2) VGG16.
        initial: standard deviation of the initial kernels, or "he" for sqrt(2 / fan_in) in each (He et al. 2015), with
            a last one that makes a nearly grey picture; ``None`` for uniform in +-1/sqrt(fan_in), as in both published
            codes.
        dtype: what convolutions compute in; parameters and result are float32.

    Raises:
        InputError: for widths and depths that do not fit.
    """
    if len(widths) != len(depths):
        raise InputError(f"widths={tuple(widths)}, depths={tuple(depths)}: give as many depths as widths")
    return MirroredVGG(tuple(widths), tuple(depths), initial, dtype=dtype)
