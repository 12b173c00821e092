"""How far two pictures' colours are apart, wherever they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.options import Between
from styleresearch.types import Image, PerImage


@METRICS.register("color_histogram")
@dataclass(frozen=True)
class ColorHistogram(Metric):
    """Hellinger distance between the joint RGB histograms of output and style image.

    Source: Hellinger 1909; for style transfer Afifi et al. 2021 (HistoGAN), on another colour space.
    Differs: hard bins in RGB, no log-chroma and no kernel, so it is exact and free of settings but the bin count.

    Attributes:
        bins: per channel.
        title: its name in tables.
    """

    bins: Annotated[int, Between(2, 64)] = 8
    title: str = "Colour distance to style"
    better: ClassVar = "lower"
    source: ClassVar = "Hellinger distance of RGB histograms"

    def summarise(self, needs: Needs, style: Image) -> Float[Array, "b bins"]:
        """Return the style images' histograms, each of which sums to 1."""
        return self._histogram(style)

    def __call__(self, needs: Needs, output: Image, content: Image, style: Float[Array, "b bins"]) -> PerImage:
        """Return the distance, between 0 (same colours) and 1 (no colour shared)."""
        overlap = jnp.sqrt(self._histogram(output) * style).sum(1)
        return jnp.sqrt(jnp.maximum(1.0 - overlap, 0.0))

    def _histogram(self, image: Image) -> Float[Array, "b bins"]:
        level = jnp.clip((image * self.bins).astype(jnp.int32), 0, self.bins - 1)
        index = (level[..., 0] * self.bins + level[..., 1]) * self.bins + level[..., 2]
        flat = index.reshape(image.shape[0], -1)
        counts = jax.vmap(lambda one: jnp.bincount(one, length=self.bins**3))(flat)
        return counts / flat.shape[1]

    def definition(self) -> str:
        """Return what is measured."""
        return (
            f"Hellinger distance between the joint RGB histograms ({self.bins} bins per channel) of output and style "
            "image; 0 for equal colours, 1 for disjoint ones."
        )
