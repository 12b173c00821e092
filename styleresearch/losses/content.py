"""Content losses: how far the features of the generated image are from the content image's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import jax.numpy as jnp

from styleresearch.losses.base import LOSSES, Loss
from styleresearch.ops.moments import mean, std
from styleresearch.ops.precision import at_least_float32
from styleresearch.options import Epsilon, Layers
from styleresearch.types import Features, PerImage

Reduction = Literal["mse", "sum", "half_sum"]


@LOSSES.register("feature")
@dataclass(frozen=True)
class Feature(Loss):
    """Squared error between activations, summed over layers.

    ``mse``: mean over the C*M entries of a layer (the authors' code, Johnson, most others);
    ``sum``: L = sum (F(G) - F(A))^2; ``half_sum``: half of it.

    Source: Gatys et al. 2016, equation 1 (``half_sum``).
    Differs: nothing; the three reductions give the same optimum under different weights.

    Attributes:
        layers: activations to compare.
        reduction: "mse", "sum" or "half_sum".
    """

    target: ClassVar = "content"
    layers: Layers = ("relu4_2",)
    reduction: Reduction = "mse"

    def summarise(self, features: Features) -> Features:
        """Return the activations themselves."""
        return {layer: at_least_float32(features[layer]) for layer in self.layers}

    def compare(self, pred: Features, target: Features) -> PerImage:
        """Return the squared error of each image."""
        total = jnp.zeros(())
        for layer in self.layers:
            squared = (pred[layer] - target[layer]) ** 2
            total += squared.mean((1, 2, 3)) if self.reduction == "mse" else squared.sum((1, 2, 3))
        return 0.5 * total if self.reduction == "half_sum" else total


@LOSSES.register("normalised_feature")
@dataclass(frozen=True)
class NormalisedFeature(Loss):
    """Mean squared error between activations after each channel is brought to zero mean and unit deviation.

    It ignores what style moves first (a channel's mean and scale) and keeps where things are.

    Source: Deng et al. 2022 (StyTr2), content loss on mean-variance-normalised features.

    Attributes:
        layers: activations to compare.
        eps: added to the variance under the root.
    """

    target: ClassVar = "content"
    layers: Layers = ("relu4_1",)
    eps: Epsilon = 1e-5

    def summarise(self, features: Features) -> Features:
        """Return the normalised activations."""
        summary = {}
        for layer in self.layers:
            x = at_least_float32(features[layer])
            summary[layer] = (x - mean(x)[:, None, None]) / std(x, self.eps)[:, None, None]
        return summary

    def compare(self, pred: Features, target: Features) -> PerImage:
        """Return the mean squared error of each image, summed over layers."""
        total = jnp.zeros(())
        for layer in self.layers:
            total += ((pred[layer] - target[layer]) ** 2).mean((1, 2, 3))
        return total
