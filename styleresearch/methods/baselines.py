"""Floors that belong in every table: what metrics say of outputs that transfer nothing, everything, or only colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from styleresearch.encoder.encoder import Encoder
from styleresearch.methods.base import METHODS, Method, OnProgress
from styleresearch.methods.styles import check_styles
from styleresearch.methods.takes import Takes
from styleresearch.ops.color import MATCHES
from styleresearch.ops.resize import resize
from styleresearch.types import Image, Params, Styles


@METHODS.register("identity")
@dataclass(frozen=True)
class Identity(Method):
    """The content image itself: content loss 0, and the style loss to improve on."""

    baseline: ClassVar[bool] = True
    takes: ClassVar[Takes] = Takes(encoder=False)

    def stylize(
        self, params: Params, encoder: Encoder, content: Image, styles: Styles, *, key: Any, progress: OnProgress = None
    ) -> Image:
        """Return the content images."""
        return content


@METHODS.register("style_image")
@dataclass(frozen=True)
class StyleImage(Method):
    """The style image itself, resized to the content's size: the other end of the trade-off."""

    baseline: ClassVar[bool] = True
    takes: ClassVar[Takes] = Takes(encoder=False)

    def stylize(
        self, params: Params, encoder: Encoder, content: Image, styles: Styles, *, key: Any, progress: OnProgress = None
    ) -> Image:
        """Return the style images at the content's size."""
        check_styles("style_image", self.takes, styles, content.shape[0])
        return resize(styles[0].image, *content.shape[1:3])


@METHODS.register("color_transfer")
@dataclass(frozen=True)
class ColorTransfer(Method):
    """The content in the style's colours: how far colour alone goes.

    Attributes:
        match: "mean_std", "covariance" or "histogram" (``ops.color``).
    """

    match: Literal["mean_std", "covariance", "histogram"] = "covariance"
    baseline: ClassVar[bool] = True
    takes: ClassVar[Takes] = Takes(encoder=False)

    def stylize(
        self, params: Params, encoder: Encoder, content: Image, styles: Styles, *, key: Any, progress: OnProgress = None
    ) -> Image:
        """Return the recoloured content images."""
        check_styles("color_transfer", self.takes, styles, content.shape[0])
        return MATCHES[self.match](content, styles[0].image)
