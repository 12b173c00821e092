"""Floors that belong in every table: what metrics say of outputs that transfer nothing, everything, or only colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from styleresearch.encoder.encoder import Encoder
from styleresearch.methods.base import METHODS, Method, ProgressCallback, style_image
from styleresearch.ops.color import MATCHES
from styleresearch.ops.resize import resize
from styleresearch.types import Image, OtherImage, Params, Style


@METHODS.register("identity")
@dataclass(frozen=True)
class Identity(Method):
    """The content image itself: content loss 0, and the style loss to improve on."""

    baseline: ClassVar[bool] = True

    def stylize(
        self,
        params: Params,
        encoder: Encoder,
        content: Image,
        style: OtherImage | Sequence[Style],
        *,
        key: Any,
        progress: ProgressCallback | None = None,
    ) -> Image:
        """Return the content images."""
        return content


@METHODS.register("style_image")
@dataclass(frozen=True)
class StyleImage(Method):
    """The style image itself, resized to the content's size: the other end of the trade-off."""

    baseline: ClassVar[bool] = True

    def stylize(
        self,
        params: Params,
        encoder: Encoder,
        content: Image,
        style: OtherImage | Sequence[Style],
        *,
        key: Any,
        progress: ProgressCallback | None = None,
    ) -> Image:
        """Return the style images at the content's size."""
        return resize(style_image(style), *content.shape[1:3])


@METHODS.register("color_transfer")
@dataclass(frozen=True)
class ColorTransfer(Method):
    """The content in the style's colours: how far colour alone goes.

    Attributes:
        match: "mean_std", "covariance" or "histogram" (``ops.color``).
    """

    match: Literal["mean_std", "covariance", "histogram"] = "covariance"
    baseline: ClassVar[bool] = True

    def stylize(
        self,
        params: Params,
        encoder: Encoder,
        content: Image,
        style: OtherImage | Sequence[Style],
        *,
        key: Any,
        progress: ProgressCallback | None = None,
    ) -> Image:
        """Return the recoloured content images."""
        return MATCHES[self.match](content, style_image(style))
