"""The feed-forward network of Johnson et al. 2016, for one style or many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array

from styleresearch.errors import InputError
from styleresearch.nets.blocks import Conv, Dtype, Init, InstanceNorm, Mix, Residual, Upsampling
from styleresearch.nets.pixels import Output, Pixels, check_pixels, read, write
from styleresearch.nets.registry import NETS
from styleresearch.ops.conv import Border
from styleresearch.ops.pad import pad_to_multiple
from styleresearch.types import Image

Padding = Literal["reflect", "reflect_start", "zeros"]


class Transform(nn.Module):
    """The network that ``transform`` describes, whose arguments are the attributes."""

    widths: tuple[int, ...]
    residuals: int
    styles: int
    upsample: Upsampling
    padding: Padding
    pixels: Pixels
    output: Output
    norm_output: bool
    initial: Init
    dtype: Dtype

    @property
    def multiple(self) -> int:
        """What the sides of images are padded to multiples of."""
        return 2 ** (len(self.widths) - 1)

    @nn.compact
    def __call__(self, image: Image, mix: Mix | None = None) -> Image:
        """Return the stylised image, float32, of the input's size, not clipped.

        Args:
            image: the content.
            mix: weights of the styles for each image, which sum to 1; ``None`` for equal shares.
        """
        _, height, width, _ = image.shape
        x = read(pad_to_multiple(image, self.multiple, "reflect"), self.pixels)
        border: Border = "zeros" if self.padding == "reflect_start" else self.padding
        if self.padding == "reflect_start":
            # As much as the residual blocks, without padding of their own, take away.
            start = 2 * self.residuals * self.multiple
            x = jnp.pad(x, ((0, 0), (start, start), (start, start), (0, 0)), mode="reflect")
        common = {"initial": self.initial, "dtype": self.dtype}
        x = self._layer(x, mix, "contract1", Conv(self.widths[0], 9, padding=border, name="contract1", **common))
        for index, channels in enumerate(self.widths[1:], 2):
            name = f"contract{index}"
            x = self._layer(x, mix, name, Conv(channels, stride=2, padding=border, name=name, **common))
        inner: Border = "none" if self.padding == "reflect_start" else border
        for index in range(1, self.residuals + 1):
            x = Residual(inner, self.styles, self.initial, self.dtype, name=f"residual{index}")(x, mix)
        for index, channels in enumerate(self.widths[-2::-1], 1):
            name = f"expand{index}"
            x = self._layer(x, mix, name, Conv(channels, padding=border, upsample=self.upsample, name=name, **common))
        x = Conv(3, 9, padding=border, name="output", **common)(x)
        x = InstanceNorm(self.styles, name="output_norm")(x, mix) if self.norm_output else x
        return write(x, self.pixels, self.output)[:, :height, :width]

    def _layer(self, x: Array, mix: Mix | None, name: str, conv: Conv) -> Array:
        return nn.relu(InstanceNorm(self.styles, name=f"{name}_norm")(conv(x), mix))


@NETS.register("transform")
def transform(
    widths: Sequence[int] = (32, 64, 128),
    residuals: int = 5,
    styles: int = 1,
    upsample: Upsampling = "nearest",
    padding: Padding = "reflect",
    pixels: Pixels = "byte",
    output: Output = "linear",
    norm_output: bool = False,
    initial: Init = None,
    dtype: Dtype = "float32",
) -> Transform:
    """Return Johnson's network: 9x9 convolution, stride-2 convolutions, residual blocks, upsampling, 9x9 convolution.

    The defaults are the network of the PyTorch examples (fast_neural_style), 1,679,235 parameters.

    Source: Johnson et al. 2016, supplementary material, table 1; Dumoulin et al. 2017 for several styles.
    Differs: instance norm where the paper has batch norm, as in all published code since Ulyanov et al. 2016. Dumoulin
    et al. have no biases before a norm. Sides that are no multiple of 4 are padded by reflection, and cropped at the
    end.

    Args:
        widths: channels at full, half and quarter size; the models that the authors published have (16, 32, 64).
        residuals: how many residual blocks.
        styles: how many styles share the convolutions, with a scale and an offset each in every norm.
        upsample: "nearest" and a convolution (PyTorch examples, Dumoulin et al.), or "transposed" convolutions (the
            paper, the authors' Lua code), which tend to leave a checkerboard.
        padding: "reflect" for every convolution (PyTorch examples, Dumoulin et al.); "reflect_start" for the input
            only, residual blocks having no padding and the others zeros (the authors); "zeros" throughout.
        pixels: what the network reads and writes. "byte": RGB of 0-255 (PyTorch examples); "unit": RGB of 0-1 (Dumoulin
            et al., in magenta); "signed": RGB of -1 to 1 (pix2pix); "caffe": BGR of 0-255 minus ImageNet's mean (the
            authors).
        output: "linear" (PyTorch examples); "tanh", which is 150 tanh in "caffe" (the authors) and (tanh + 1) / 2 of
            the range elsewhere (the paper); or "sigmoid" (magenta).
        norm_output: whether the last convolution has a norm too, before what bounds it (magenta).
        initial: standard deviation of the initial kernels, or "he" for sqrt(2 / fan_in) in each, with biases of 0
            (magenta: 0.01); ``None`` for uniform in +-1/sqrt(fan_in), the default of Torch7 and PyTorch.
        dtype: what convolutions compute in; parameters, statistics and result are float32.

    Raises:
        InputError: for options that do not fit.
    """
    if not widths or min(*widths, styles) < 1 or residuals < 0:
        raise InputError(
            f"widths={tuple(widths)}, residuals={residuals}, styles={styles}: give at least one width, all widths and "
            "styles 1 or more, residuals 0 or more"
        )
    check_pixels(pixels, output)
    return Transform(tuple(widths), residuals, styles, upsample, padding, pixels, output, norm_output, initial, dtype)
