"""How far two pictures' chromaticities are apart, as HistoGAN compares them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.ops.resize import bilinear
from styleresearch.types import Image, PerImage

BINS = 64
"""Of each of the two log-chroma axes, from -3 to 3."""
SIGMA = 0.02
SIDE = 256
"""Pictures with a side beyond it are resized to it, to a square."""
_EPS = 1e-6


@METRICS.register("histogan")
@dataclass(frozen=True)
class HistoGAN(Metric):
    """Hellinger distance between the RGB-uv histograms of output and style image.

    Each colour is drawn in three planes of log-chroma, weighed by its intensity and spread by an inverse quadratic
    kernel. So a change of light counts little, and black and white not at all where the kernel of grey ends.

    Source: Afifi, Brubaker and Brown 2021 (HistoGAN), equations 1 to 6, with their settings: 64 bins, sigma 0.02; the
        size of 256 px and its resize are those of the evaluation of Chung et al. 2024 (StyleID).

    Attributes:
        title: its name in tables.
    """

    title: str = "HistoGAN colour distance to style"
    better: ClassVar = "lower"
    source: ClassVar = "Afifi et al. 2021"
    version: ClassVar = 1
    resize: ClassVar = "above 256 px on a side to 256x256, bilinear at half-pixel centres, not antialiased"
    range: ClassVar = "0 to 1"

    def summarise(self, needs: Needs, style: Image) -> Float[Array, "b 3 u v"]:
        """Return the style images' histograms, each of which sums to 1."""
        return _histogram(style)

    def __call__(self, needs: Needs, output: Image, content: Image, style: Float[Array, "b 3 u v"]) -> PerImage:
        """Return the distance, between 0 (same colours) and 1 (no colour shared)."""
        return jnp.sqrt(((jnp.sqrt(_histogram(output)) - jnp.sqrt(style)) ** 2).sum((1, 2, 3)) / 2)

    def definition(self) -> str:
        """Return what is measured."""
        return (
            f"Hellinger distance between the RGB-uv histograms ({BINS}x{BINS} log-chroma bins, inverse quadratic "
            f"kernel, sigma {SIGMA}) of output and style image, at {SIDE} px at most; 0 for equal colours."
        )


def _histogram(image: Image) -> Float[Array, "b 3 u v"]:
    image = jnp.clip(image, 0.0, 1.0)
    if max(image.shape[1:3]) > SIDE:
        image = bilinear(image, SIDE, SIDE)
    pixels = image.reshape(image.shape[0], -1, 3)
    intensity = jnp.sqrt((pixels**2).sum(-1, keepdims=True) + _EPS)
    logs = jnp.log(pixels + _EPS)
    centres = jnp.linspace(-3.0, 3.0, BINS)[None, None]

    def near(chroma: Float[Array, "b n"]) -> Float[Array, "b n u"]:
        return 1 / (1 + ((chroma[..., None] - centres) / SIGMA) ** 2)

    def plane(channel: int) -> Float[Array, "b u v"]:
        u, v = (logs[..., channel] - logs[..., other] for other in range(3) if other != channel)
        return jnp.einsum("bnu,bnv->buv", intensity * near(u), near(v), precision=jax.lax.Precision.HIGHEST)

    planes = jnp.stack([plane(channel) for channel in range(3)], 1)
    return planes / (planes.sum((1, 2, 3), keepdims=True) + _EPS)
