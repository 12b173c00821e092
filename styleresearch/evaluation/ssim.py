"""Structural similarity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from styleresearch.errors import InputError
from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.ops.ssim import WINDOW, ssim
from styleresearch.types import Image, PerImage


@METRICS.register("ssim")
@dataclass(frozen=True)
class SSIM(Metric):
    """Structural similarity of output and content, a mean over RGB channels: how much structure is left.

    Source: Wang et al. 2004 (11 x 11 Gaussian window, sigma 1.5, k1 0.01, k2 0.03).
    Differs: colour, a mean over the three channels; others report it on grey images.

    Attributes:
        title: its name in tables.
    """

    title: str = "SSIM to content"
    better: ClassVar = "higher"
    source: ClassVar = "Wang et al. 2004"

    def summarise(self, needs: Needs, style: Image) -> None:
        """Return nothing: it does not read the style."""

    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return the similarity, at most 1."""
        return ssim(output, content)

    def definition(self) -> str:
        """Return what is measured."""
        return "Structural similarity to the content image, mean over RGB, 11x11 Gaussian window; 1 for the content."

    def check(self, needs: Needs, size: tuple[int, int] | None = None) -> None:
        """Raise for images smaller than the window."""
        if size is not None and min(size) < WINDOW:
            raise InputError(f"SSIM needs images of at least 11x11 px, got {size[1]}x{size[0]}; leave the metric out")
