"""The kernel distance between two sets of pictures in an encoder's features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from jaxtyping import Array, Float

from styleresearch.evaluation.frechet import mean_activations
from styleresearch.evaluation.metric import METRICS, Needs, SetMetric
from styleresearch.options import Between, Layers
from styleresearch.types import Image


@METRICS.register("kernel")
@dataclass(frozen=True)
class Kernel(SetMetric):
    """Kernel distance (unbiased squared MMD, cubic kernel) of the mean activations of outputs and of style pictures.

    Its mean over sets is right however few pictures there are, where the Fréchet distance is too large; a single value
    may be below 0.

    Source: Bińkowski et al. 2018 (KID), section 4, with the estimate of Gretton et al. 2012, lemma 6.
    Differs: the comparison's encoder and not Inception, so it is no KID and not on its scale. Activations of weights
        that were trained on other pixels than torchvision's are divided by how much larger those are: the kernel is
        made for values about 1. All pictures at once, not a mean over subsets of 1000.

    Attributes:
        layers: whose activations are averaged over positions, side by side.
        least: pictures, of outputs and of styles, below which there is no value.
        title: its name in tables.
    """

    layers: Layers = ("relu3_1",)
    least: Annotated[int, Between(2, 10**6)] = 50
    title: str = "Kernel distance to styles ({encoder})"
    better: ClassVar = "lower"
    source: ClassVar = "Bińkowski et al. 2018, on another encoder"
    references: ClassVar = "style"
    version: ClassVar = 1
    range: ClassVar = "about 0 up"
    halves: ClassVar = True

    def embed(self, needs: Needs, image: Image) -> Float[Array, "b d"]:
        """Return the mean activations."""
        encoder = needs["encoder"]
        return mean_activations(encoder, image, self.layers) / encoder.gain

    def compare(self, outputs: Float[np.ndarray, "n d"], references: Float[np.ndarray, "m d"]) -> float:
        """Return the squared distance; about 0 for equal distributions, and below it by chance."""
        return kernel_distance(outputs, references)

    def definition(self) -> str:
        """Return what is measured."""
        return (
            "Unbiased squared maximum mean discrepancy, kernel (x y / d + 1)^3, between the mean activations "
            f"({'+'.join(self.layers)}) of all outputs and of all style pictures; about 0 for equal distributions."
        )


def kernel_distance(rows: Float[np.ndarray, "n d"], others: Float[np.ndarray, "m d"]) -> float:
    """Return the unbiased estimate of the squared maximum mean discrepancy, in float64; n, m > 1."""
    a, b = rows.astype(np.float64), others.astype(np.float64)

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def apart(x: np.ndarray) -> float:
        similarities = kernel(x, x)
        return float((similarities.sum() - np.trace(similarities)) / (len(x) * (len(x) - 1)))

    return apart(a) + apart(b) - 2 * float(kernel(a, b).mean())
