"""The feed-forward network of Johnson et al. 2016, for one style or many, and what CycleGAN made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array

from styleresearch.errors import InputError
from styleresearch.nets.base import NETS, Net
from styleresearch.nets.blocks import Blocks, Conv, Dtype, Init, InstanceNorm, Mix, Residual, Styles, Upsampling
from styleresearch.nets.pixels import Output, Pixels, check_pixels, read, write
from styleresearch.ops.blur import blur_down, blur_up
from styleresearch.ops.pad import Border, pad_to_multiple
from styleresearch.options import Channels, Length
from styleresearch.types import Image

Padding = Literal["reflect", "reflect_start", "zeros"]


class Transform(Net):
    """The network that ``transform`` and ``resnet`` describe, whose arguments are the attributes.

    Attributes:
        ends: size of the first and the last kernel.
        between: the padding of convolutions that change the size, where it differs from ``padding``.
    """

    widths: tuple[int, ...]
    residuals: int
    upsample: Upsampling
    padding: Padding
    pixels: Pixels
    output: Output
    norm_output: bool
    initial: Init
    ends: int = 9
    between: Border | None = None
    affine: bool = True
    antialias: bool = False

    @property
    def multiple(self) -> int:
        """What the sides of images are padded to multiples of."""
        return 2 ** (len(self.widths) - 1)

    @property
    def rows(self) -> int:
        """Rows of scales and offsets in every norm."""
        return self.styles if self.affine else 0

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
        between = self.between or border
        common = {"initial": self.initial, "dtype": self.dtype}
        first = Conv(self.widths[0], self.ends, padding=border, name="contract1", **common)
        x = self._layer(x, mix, "contract1", first)
        for index, channels in enumerate(self.widths[1:], 2):
            name = f"contract{index}"
            stride = 1 if self.antialias else 2
            x = self._layer(x, mix, name, Conv(channels, stride=stride, padding=between, name=name, **common))
            x = blur_down(x) if self.antialias else x
        inner: Border = "none" if self.padding == "reflect_start" else border
        for index in range(1, self.residuals + 1):
            x = Residual(inner, self.rows, self.initial, self.dtype, name=f"residual{index}")(x, mix)
        for index, channels in enumerate(self.widths[-2::-1], 1):
            name = f"expand{index}"
            x = blur_up(x) if self.antialias else x
            upsample = None if self.antialias else self.upsample
            x = self._layer(x, mix, name, Conv(channels, padding=between, upsample=upsample, name=name, **common))
        x = Conv(3, self.ends, padding=border, name="output", **common)(x)
        x = InstanceNorm(self.rows, name="output_norm")(x, mix) if self.norm_output else x
        return write(x, self.pixels, self.output)[:, :height, :width]

    def _layer(self, x: Array, mix: Mix | None, name: str, conv: Conv) -> Array:
        return nn.relu(InstanceNorm(self.rows, name=f"{name}_norm")(conv(x), mix))


@NETS.register("transform")
def transform(
    widths: Annotated[Sequence[Channels], Length(1, 8)] = (32, 64, 128),
    residuals: Blocks = 5,
    styles: Styles = 1,
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
    check_pixels(pixels, output)
    return Transform(
        tuple(widths),
        residuals,
        upsample,
        padding,
        pixels,
        output,
        norm_output,
        initial,
        styles=styles,
        dtype=dtype,
    )


@NETS.register("resnet")
def resnet(
    width: Channels = 64,
    blocks: Blocks = 9,
    styles: Styles = 1,
    affine: bool = False,
    upsample: Upsampling = "transposed",
    antialias: bool = False,
    padding: Literal["reflect", "zeros"] = "reflect",
    pixels: Pixels = "signed",
    output: Output = "tanh",
    initial: Init = 0.02,
    dtype: Dtype = "float32",
) -> Transform:
    """Return CycleGAN's generator: Johnson's network with 7x7 ends, twice the channels and more residual blocks.

    The defaults are CycleGAN's for 256 px, 11,378,179 parameters; it has 6 blocks for 128 px, 7,837,699 parameters.
    With ``antialias=True`` it is CUT's and FastCUT's.

    Source: Zhu et al. 2017, appendix 7.2, and the authors' PyTorch code; Park et al. 2020, appendix C.1, and theirs.
    Differs: CUT's code begins with other kernels (Xavier's deviation, times 0.02). Sides that are no multiple of 4 are
    padded by reflection, and cropped at the end.

    Args:
        width: channels at full size; twice and four times as many at half and at quarter size.
        blocks: how many residual blocks.
        styles: how many styles share the convolutions, with a scale and an offset each in every norm.
        affine: whether norms have scales and offsets at all; CycleGAN's have none.
        upsample: "transposed" convolutions, which tend to leave a checkerboard, or "nearest" and a convolution.
        antialias: shrink by a convolution of stride 1 and a blur, and grow by a blur and a convolution, in place of
            what ``upsample`` names (CUT).
        padding: what lies beyond the border for the 7x7 convolutions and the residual blocks. For those that change
            the size it is zeros always.
        pixels: what the network reads and writes, as for ``transform``.
        output: what bounds the result, as for ``transform``.
        initial: standard deviation of the initial kernels, or "he" for sqrt(2 / fan_in) in each, with biases of 0;
            ``None`` for uniform in +-1/sqrt(fan_in).
        dtype: what convolutions compute in; parameters, statistics and result are float32.

    Raises:
        InputError: for options that do not fit.
    """
    if styles > 1 and not affine:
        raise InputError(f"styles={styles} differ in their norms' scales and offsets only; use affine=True")
    check_pixels(pixels, output)
    return Transform(
        widths=(width, 2 * width, 4 * width),
        residuals=blocks,
        styles=styles,
        upsample=upsample,
        padding=padding,
        pixels=pixels,
        output=output,
        norm_output=False,
        initial=initial,
        dtype=dtype,
        ends=7,
        between="zeros",
        affine=affine,
        antialias=antialias,
    )
