"""The Fréchet distance between two sets of pictures in an encoder's features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from styleresearch.encoder.encoder import Encoder
from styleresearch.evaluation.metric import METRICS, Needs, SetMetric
from styleresearch.ops.frechet import factored, squared_distance
from styleresearch.options import Between, Layers
from styleresearch.types import Image


@METRICS.register("frechet")
@dataclass(frozen=True)
class Frechet(SetMetric):
    """Fréchet distance between normal distributions fitted to the mean activations of outputs and of style pictures.

    Source: Dowson and Landau 1982; Heusel et al. 2017 (FID), whose activations are Inception's.
    Differs: the comparison's encoder and not Inception, so it is no FID and not on its scale. Few pictures make it too
        large, as they do FID: compare values over equally many only.

    Attributes:
        layers: whose activations are averaged over positions, side by side.
        least: pictures, of outputs and of styles, below which there is no value.
        title: its name in tables.
    """

    layers: Layers = ("relu3_1",)
    least: Annotated[int, Between(2, 10**6)] = 50
    title: str = "Fréchet distance to styles ({encoder})"
    better: ClassVar = "lower"
    source: ClassVar = "Heusel et al. 2017, on another encoder"
    references: ClassVar = "style"
    halves: ClassVar = True

    def embed(self, needs: Needs, image: Image) -> Float[Array, "b d"]:
        """Return the mean activations."""
        return mean_activations(needs["encoder"], image, self.layers)

    def compare(self, outputs: Float[np.ndarray, "n d"], references: Float[np.ndarray, "m d"]) -> float:
        """Return the squared distance; never negative, 0 for equal moments."""
        return frechet_distance(outputs, references)

    def definition(self) -> str:
        """Return what is measured."""
        return (
            "Squared Fréchet distance between normal distributions fitted to the mean activations "
            f"({'+'.join(self.layers)}) of all outputs and of all style pictures; 0 for equal moments."
        )


def mean_activations(encoder: Encoder, image: Image, layers: tuple[str, ...]) -> Float[Array, "b d"]:
    """Return the means over places of all layers, side by side."""
    features = encoder(image, layers)
    return jnp.concatenate([features[layer].mean((1, 2)) for layer in layers], axis=1)


def frechet_distance(rows: Float[np.ndarray, "n d"], others: Float[np.ndarray, "m d"]) -> float:
    """Return the squared Fréchet distance of normal distributions fitted to rows, in float64; n, m > 1."""
    one, other = (factored(each.astype(np.float64)[None]) for each in (rows, others))
    return float(squared_distance(one, other)[0])
