"""Structural similarity over several scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from styleresearch.errors import InputError
from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.ops.ssim import SCALES, WINDOW, ms_ssim
from styleresearch.options import Between
from styleresearch.types import Image, PerImage


@METRICS.register("ms_ssim")
@dataclass(frozen=True)
class MultiScaleSSIM(Metric):
    """Multi-scale structural similarity of output and content, a mean over RGB channels: SSIM of coarse structure too.

    Source: Wang, Simoncelli and Bovik 2003, equation 7, with their weights of five scales.
    Differs: colour; a scale of negative similarity counts as 0.

    Attributes:
        scales: how many; each halves the picture, whose smallest side must then still have 11 px (5 need 176).
        title: its name in tables.
    """

    scales: Annotated[int, Between(1, len(SCALES))] = len(SCALES)
    title: str = "MS-SSIM to content"
    better: ClassVar = "higher"
    source: ClassVar = "Wang et al. 2003"
    version: ClassVar = 1
    range: ClassVar = "0 to 1"

    def summarise(self, needs: Needs, style: Image) -> None:
        """Return nothing: it does not read the style."""

    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return the similarity, at most 1."""
        return ms_ssim(output, content, self.scales)

    def definition(self) -> str:
        """Return what is measured."""
        return (
            f"Structural similarity to the content image over {self.scales} scales, mean over RGB, 11x11 Gaussian "
            "window; 1 for the content."
        )

    def check(self, needs: Needs, size: tuple[int, int] | None = None) -> None:
        """Raise for images smaller than the window at the coarsest scale."""
        least = WINDOW * 2 ** (self.scales - 1)
        if size is not None and min(size) < least:
            fit = (min(size) // WINDOW).bit_length()
            instead = f"give scales={fit}, larger images" if fit else "give larger images"
            raise InputError(
                f"MS-SSIM of {self.scales} scales needs images of at least {least}x{least} px, got "
                f"{size[1]}x{size[0]}; {instead}, or leave the metric out"
            )
