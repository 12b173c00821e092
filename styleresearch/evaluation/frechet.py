"""The Fréchet distance between two sets of pictures in an encoder's features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from styleresearch.evaluation.metric import METRICS, Needs, SetMetric
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
    title: str = "Fréchet distance to styles"
    better: ClassVar = "lower"
    source: ClassVar = "Heusel et al. 2017, on another encoder"
    references: ClassVar = "style"

    def embed(self, needs: Needs, image: Image) -> Float[Array, "b d"]:
        """Return the mean activations."""
        features = needs["encoder"](image, self.layers)
        return jnp.concatenate([features[layer].mean((1, 2)) for layer in self.layers], axis=1)

    def compare(self, outputs: Float[np.ndarray, "n d"], references: Float[np.ndarray, "m d"]) -> float:
        """Return the squared distance; never negative, 0 for equal moments."""
        (mean, spread), (mean_of, spread_of) = _moments(outputs), _moments(references)
        # tr(sqrt(A B)) of two covariances is the sum of the singular values of sqrt(A) sqrt(B).
        cross = np.linalg.svd(_root(spread) @ _root(spread_of), compute_uv=False).sum()
        between = ((mean - mean_of) ** 2).sum()
        return float(max(between + np.trace(spread) + np.trace(spread_of) - 2 * cross, 0.0))

    def definition(self) -> str:
        """Return what is measured."""
        return (
            "Squared Fréchet distance between normal distributions fitted to the mean activations "
            f"({'+'.join(self.layers)}) of all outputs and of all style pictures; 0 for equal moments."
        )


def _moments(rows: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, "d d"]]:
    """Return mean and covariance, in float64."""
    rows = rows.astype(np.float64)
    return rows.mean(0), np.atleast_2d(np.cov(rows, rowvar=False))


def _root(matrix: Float[np.ndarray, "d d"]) -> Float[np.ndarray, "d d"]:
    """Return the square root of a covariance."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
