"""The Fréchet distance between two single pictures, over the places of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp

from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.ops.frechet import factored, squared_distance
from styleresearch.options import Layers
from styleresearch.types import Image, PerImage


@METRICS.register("single_frechet")
@dataclass(frozen=True)
class SingleFrechet(Metric):
    """Fréchet distance between normal distributions fitted to the activations at all places of output and style.

    Source: Rott Shaham, Dekel and Michaeli 2019 (SinGAN), section 3.1 (single image FID); Dowson and Landau 1982.
    Differs: the comparison's encoder and not Inception, so it is no SIFID and not on its scale. The layer is the last
        before the second pooling, as in the paper; published code reads the one before the first.

    Attributes:
        layers: whose activations are compared; the distances of several are added.
        title: its name in tables.
    """

    layers: Layers = ("relu2_2",)
    title: str = "Single-picture Fréchet distance ({encoder} {layers})"
    better: ClassVar = "lower"
    source: ClassVar = "Rott Shaham et al. 2019, on another encoder"
    version: ClassVar = 1
    range: ClassVar = "0 up"

    def summarise(self, needs: Needs, style: Image) -> dict[str, Any]:
        """Return each layer's mean and a factor of its covariance."""
        features = needs["encoder"](style, self.layers)
        return {layer: factored(x.reshape(x.shape[0], -1, x.shape[-1])) for layer, x in features.items()}

    def __call__(self, needs: Needs, output: Image, content: Image, style: dict[str, Any]) -> PerImage:
        """Return the squared distance; never negative, 0 for equal moments."""
        found = self.summarise(needs, output)
        return sum((squared_distance(found[layer], style[layer]) for layer in self.layers), jnp.zeros(()))

    def definition(self) -> str:
        """Return what is measured."""
        return (
            "Squared Fréchet distance between normal distributions fitted to the activations "
            f"({'+'.join(self.layers)}) at all places of the output and of the style image; 0 for equal moments."
        )
