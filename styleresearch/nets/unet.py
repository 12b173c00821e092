"""A U-Net as image-to-image network."""

from __future__ import annotations

from typing import Annotated, Literal

import flax.linen as nn
import jax.numpy as jnp

from styleresearch.errors import InputError
from styleresearch.nets.base import NETS, Net
from styleresearch.nets.blocks import Conv, Dtype, Init, InstanceNorm, Mix, Styles, Upsampling
from styleresearch.nets.pixels import Output, Pixels, check_pixels, read, write
from styleresearch.ops.pad import pad_to_multiple
from styleresearch.options import Between, Channels
from styleresearch.types import Image


class UNet(Net):
    """The network that ``unet`` describes, whose arguments are the attributes."""

    width: int
    downs: int
    affine: bool
    upsample: Upsampling
    padding: Literal["reflect", "zeros"]
    pixels: Pixels
    output: Output
    dropout: bool
    initial: Init

    @property
    def multiple(self) -> int:
        """What the sides of images are padded to multiples of."""
        return 2**self.downs

    @nn.compact
    def __call__(self, image: Image, mix: Mix | None = None) -> Image:
        """Return the stylised image, float32, of the input's size, not clipped.

        Args:
            image: the content.
            mix: weights of the styles for each image, which sum to 1; ``None`` for equal shares.
        """
        _, height, width, _ = image.shape
        common = {"padding": self.padding, "initial": self.initial, "dtype": self.dtype}
        rows = self.styles if self.affine else 0
        widths = [self.width * min(2**level, 8) for level in range(self.downs)]
        x = read(pad_to_multiple(image, self.multiple, "reflect"), self.pixels)
        skips = []
        for level, channels in enumerate(widths, 1):
            x = nn.leaky_relu(x, 0.2) if level > 1 else x
            x = Conv(channels, 4, 2, name=f"down{level}", **common)(x)
            # Neither the first (which sees pixels) nor the innermost (which may be a single pixel) is normalised.
            if 1 < level < self.downs:
                x = InstanceNorm(rows, name=f"down{level}_norm")(x, mix)
            skips.append(x)
        size = 3 if self.upsample == "nearest" else 4
        for level in range(self.downs, 0, -1):
            x = x if level == self.downs else jnp.concatenate([skips[level - 1], x], -1)
            channels = widths[level - 2] if level > 1 else 3
            x = Conv(channels, size, upsample=self.upsample, name=f"up{level}", **common)(nn.relu(x))
            if level > 1:
                x = InstanceNorm(rows, name=f"up{level}_norm")(x, mix)
            if self.dropout and 4 < level < self.downs and self.has_rng("dropout"):
                x = nn.Dropout(0.5, deterministic=False)(x)
        return write(x, self.pixels, self.output)[:, :height, :width]


@NETS.register("unet")
def unet(
    width: Channels = 32,
    downs: Annotated[int, Between(2, 12)] = 4,
    styles: Styles = 1,
    affine: bool = True,
    upsample: Upsampling = "nearest",
    padding: Literal["reflect", "zeros"] = "reflect",
    pixels: Pixels = "signed",
    output: Output = "tanh",
    dropout: bool = False,
    initial: Init = 0.02,
    dtype: Dtype = "float32",
) -> UNet:
    """Return the U-Net generator of pix2pix: 4x4 stride-2 convolutions down, as many steps up, a skip at every size.

    ``width=64, downs=8, affine=False, upsample="transposed", padding="zeros"`` is pix2pix' own for 256 px with
    instance norm, 54,409,603 parameters; that for 128 px has ``downs=7``, 41,825,667. The defaults are smaller, and
    upsample without a checkerboard.

    Source: Isola et al. 2017, section 6.1.1, and the authors' PyTorch code (instance norm).
    Differs: the defaults of ``width``, ``downs``, ``affine``, ``upsample``, ``padding`` and ``dropout``. Sides that are
    no multiple of 2**downs are padded by reflection and cropped at the end.

    Args:
        width: channels at half size; they double at every step down, up to 8 times this.
        downs: steps down, 2 or more.
        styles: how many styles share the convolutions, with a scale and an offset each in every norm.
        affine: whether norms have scales and offsets at all; pix2pix' have none.
        upsample: "nearest" and a 3x3 convolution, or "transposed" 4x4 convolutions (pix2pix).
        padding: what lies beyond the border; pix2pix has "zeros".
        pixels: what the network reads and writes, as for ``transform``; pix2pix has "signed".
        output: what bounds the result, as for ``transform``; pix2pix has "tanh".
        dropout: drop half of the activations of the steps up with 8 times ``width`` channels, but for the innermost,
            wherever ``apply`` is given ``rngs={"dropout": key}``: pix2pix' noise. Without a key nothing is dropped.
        initial: standard deviation of the initial kernels, or "he" for sqrt(2 / fan_in) in each, with biases of 0;
            ``None`` for uniform in +-1/sqrt(fan_in).
        dtype: what convolutions compute in; parameters, statistics and result are float32.

    Raises:
        InputError: for options that do not fit.
    """
    if styles > 1 and not affine:
        raise InputError(f"styles={styles} differ in their norms' scales and offsets only; use affine=True")
    if dropout and downs < 6:
        raise InputError(f"dropout=True has no step to work on with downs={downs}; use downs=6 or more")
    check_pixels(pixels, output)
    return UNet(width, downs, affine, upsample, padding, pixels, output, dropout, initial, styles=styles, dtype=dtype)
