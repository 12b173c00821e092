"""Style and content losses on which feature of one picture resembles which of the other, wherever they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.losses.base import LOSSES, Loss
from styleresearch.ops.sample import positions
from styleresearch.options import Between, Layers, Positive
from styleresearch.types import Features, PerImage

Positions = Annotated[int, Between(2, 2**14)]
_EPS = 1e-12


def cosine_distances(x: Float[Array, "n c"], y: Float[Array, "m c"]) -> Float[Array, "n m"]:
    """Return 1 - the cosine of every pair, of which rounding makes none negative.

    As if features had one channel more that is almost 0 everywhere: then all-zero features, common after a ReLU, have a
    slope, and are at 0 from each other and at 1 from the rest.
    """
    x, y = (jnp.pad(each, ((0, 0), (0, 1)), constant_values=_EPS**0.5) for each in (x, y))
    x, y = (each / jnp.sqrt((each**2).sum(1, keepdims=True)) for each in (x, y))
    return jnp.maximum(1.0 - jnp.matmul(x, y.T, precision="highest"), 0.0)


@LOSSES.register("contextual")
@dataclass(frozen=True)
class Contextual(Loss):
    """Minus the logarithm of the contextual similarity, summed over layers.

    CX = mean_j max_i CX_ij with CX_ij = softmax_j((1 - d_ij / (min_k d_ik + eps)) / h), d the cosine distance of
    features less the style's mean: 1 where every feature of the style has one of the picture that is its own.

    Source: Mechrez et al. 2018, equations 2 to 5; h and eps as in the authors' code.

    Attributes:
        layers: activations to compare.
        bandwidth: h.
        eps: below every distance; it decides how much of a loss there is for a picture that is nearly the style.
        positions: at most so many of each picture, evenly spread; memory grows with their square.
    """

    target: ClassVar = "style"
    layers: Layers = ("relu3_1", "relu4_1")
    bandwidth: Positive = 0.5
    eps: Annotated[float, Between(0, 1, "(]")] = 1e-5
    positions: Positions = 1024

    def summarise(self, features: Features) -> dict[str, Float[Array, "b n c"]]:
        """Return features at some positions."""
        return {layer: positions(features[layer], self.positions) for layer in self.layers}

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the loss of each image."""
        return sum((jax.vmap(self._apart)(pred[layer], target[layer]) for layer in self.layers), jnp.zeros(()))

    def _apart(self, x: Float[Array, "n c"], y: Float[Array, "m c"]) -> Float[Array, ""]:
        centre = y.mean(0, keepdims=True)
        distances = cosine_distances(x - centre, y - centre)
        relative = distances / (distances.min(1, keepdims=True) + self.eps)
        similarity = jax.nn.softmax((1.0 - relative) / self.bandwidth, axis=1)
        return -jnp.log(similarity.max(0).mean() + _EPS)


@LOSSES.register("relaxed_emd")
@dataclass(frozen=True)
class RelaxedEMD(Loss):
    """Relaxed earth mover's distance of features under the cosine distance, summed over layers.

    max(mean_i min_j d_ij, mean_j min_i d_ij): every feature goes to its nearest, and none of the other is left out.

    Source: Kolkin et al. 2019 (STROTSS), equations 5 to 8; Kusner et al. 2015 for the relaxation.
    Differs: layer by layer, where theirs compares hypercolumns of all layers; without their terms for moments and
        colours (``moments`` is a loss of its own).

    Attributes:
        layers: activations to compare.
        positions: at most so many of each picture, evenly spread; the authors' number.
    """

    target: ClassVar = "style"
    layers: Layers = ("relu2_1", "relu3_1", "relu4_1")
    positions: Positions = 1024

    def summarise(self, features: Features) -> dict[str, Float[Array, "b n c"]]:
        """Return features at some positions."""
        return {layer: positions(features[layer], self.positions) for layer in self.layers}

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the distance of each image."""
        return sum((jax.vmap(_relaxed)(pred[layer], target[layer]) for layer in self.layers), jnp.zeros(()))


def _relaxed(x: Float[Array, "n c"], y: Float[Array, "m c"]) -> Float[Array, ""]:
    distances = cosine_distances(x, y)
    return jnp.maximum(distances.min(1).mean(), distances.min(0).mean())


@LOSSES.register("self_similarity")
@dataclass(frozen=True)
class SelfSimilarity(Loss):
    """Mean absolute difference of the self-similarities of the picture and of the content, summed over layers.

    Each holds the cosine distances of all pairs of positions, every row divided by its sum: what is alike in the
    content shall be alike, whatever it looks like.

    Source: Kolkin et al. 2019 (STROTSS), equation 10.
    Differs: layer by layer, where theirs compares hypercolumns of all layers; a mean over rows of the sums over a
        row, so that the number of positions does not matter.

    Attributes:
        layers: activations to compare.
        positions: at most so many, evenly spread and the same of both; the authors' number.
    """

    target: ClassVar = "content"
    invariances: ClassVar = ("channels",)
    layers: Layers = ("relu3_1", "relu4_1")
    positions: Positions = 1024

    def summarise(self, features: Features) -> dict[str, Float[Array, "b n n"]]:
        """Return each layer's self-similarity, rows that sum to 1."""
        summary = {}
        for layer in self.layers:
            distances = jax.vmap(lambda x: cosine_distances(x, x))(positions(features[layer], self.positions))
            summary[layer] = distances / (distances.sum(2, keepdims=True) + _EPS)
        return summary

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the difference of each image."""
        return sum((jnp.abs(pred[layer] - target[layer]).sum(2).mean(1) for layer in self.layers), jnp.zeros(()))
