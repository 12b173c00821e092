"""Style losses on distributions along lines: each channel's, or those of random directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from styleresearch.losses.base import LOSSES, Loss
from styleresearch.losses.style import RELU_1
from styleresearch.ops.precision import at_least_float32
from styleresearch.options import Between, Layers, Seed
from styleresearch.types import Features, PerImage


def quantiles(x: Float[Array, "b m d"], levels: int) -> Float[Array, "b levels d"]:
    """Return values of the sorted positions at evenly spaced levels, so that pictures of two sizes compare.

    Each of as many levels as positions is a position itself; between two positions it is interpolated, beyond the first
    and the last it is that one.
    """
    count = x.shape[1]
    ordered = jnp.sort(x, axis=1)
    if count == levels:
        return ordered
    places = np.clip((np.arange(levels) + 0.5) * count / levels - 0.5, 0, count - 1)
    low = np.floor(places).astype(np.int32)
    share = jnp.asarray(places - low, x.dtype)[None, :, None]
    return ordered[:, low] * (1 - share) + ordered[:, np.minimum(low + 1, count - 1)] * share


def _flat(x: Any) -> Float[Array, "b m c"]:
    return at_least_float32(x.reshape(x.shape[0], -1, x.shape[-1]))


def _squared(pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
    return sum((((pred[layer] - target[layer]) ** 2).mean((1, 2)) for layer in pred), jnp.zeros(()))


@LOSSES.register("histogram")
@dataclass(frozen=True)
class Histogram(Loss):
    """Squared distance of each channel's activations to what histogram matching makes of them, summed over layers.

    Source: Risser et al. 2017, section 4.1.
    Differs: their histograms have 256 bins; here both are compared at ``levels`` quantiles, an exact match of sorted
        activations where pictures have as many positions. The square is a mean over channels and levels. A match is
        linear in the picture, so no gradient needs to be stopped.

    Attributes:
        layers: activations to compare; the authors use relu4_1 and relu1_1.
        levels: quantiles of each channel.
    """

    target: ClassVar = "style"
    invariances: ClassVar = ("positions",)
    layers: Layers = ("relu1_1", "relu4_1")
    levels: Annotated[int, Between(2, 2**16)] = 1024

    def summarise(self, features: Features) -> dict[str, Float[Array, "b levels c"]]:
        """Return the quantiles of each channel."""
        return {layer: quantiles(_flat(features[layer]), self.levels) for layer in self.layers}

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the squared distance of each image."""
        return _squared(pred, target)


@LOSSES.register("sliced_wasserstein")
@dataclass(frozen=True)
class SlicedWasserstein(Loss):
    """Squared 2-Wasserstein distance of features projected on random directions, a mean over them, summed over layers.

    Source: Heitz et al. 2021, equations 2 to 5; Bonneel et al. 2015, for the mean over directions.
    Differs: the directions are fixed by ``seed`` (Heitz et al. draw new ones at every step), so that values compare;
        distributions of different sizes are compared at ``levels`` quantiles.

    Attributes:
        layers: activations to compare.
        projections: directions of each layer; the authors use as many as channels.
        levels: quantiles of each projection.
        seed: of the directions.
    """

    target: ClassVar = "style"
    invariances: ClassVar = ("positions",)
    layers: Layers = RELU_1[:4]
    projections: Annotated[int, Between(1, 4096)] = 64
    levels: Annotated[int, Between(2, 2**16)] = 1024
    seed: Seed = 0

    def summarise(self, features: Features) -> dict[str, Float[Array, "b levels p"]]:
        """Return the quantiles along each direction."""
        summary = {}
        for layer in self.layers:
            x = _flat(features[layer])
            lines = jnp.asarray(self._directions(x.shape[-1]), x.dtype)
            summary[layer] = quantiles(jnp.einsum("bmc,cp->bmp", x, lines, precision="highest"), self.levels)
        return summary

    def _directions(self, channels: int) -> Float[np.ndarray, "c p"]:
        """Return unit vectors, the same on every machine."""
        drawn = np.random.default_rng((self.seed, channels)).normal(size=(channels, self.projections))
        return drawn / np.linalg.norm(drawn, axis=0)

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the squared distance of each image."""
        return _squared(pred, target)
