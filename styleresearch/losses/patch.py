"""Style losses that compare every place of the generated image with its best match in the style image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import jax
import jax.numpy as jnp

from styleresearch.losses.base import LOSSES, Loss
from styleresearch.ops.patches import extract_patches
from styleresearch.options import Between, Count, Layers
from styleresearch.types import Features, PerImage


@LOSSES.register("nearest_patch")
@dataclass(frozen=True)
class NearestPatch(Loss):
    """Mean distance from each feature patch to the most similar patch (by cosine) of the style image.

    ``patch=3, distance="squared"`` is the Markov random field prior; ``patch=1, distance="cosine"`` is
    nearest-neighbour feature matching.

    Source: Li & Wand 2016 (CNNMRF), equation 2; Zhang et al. 2022 (ARF), equation 2, for the second.
    Differs: the squared distance is a mean over entries and patches (Li & Wand sum), so sizes may differ.

    Attributes:
        layers: activations to compare, summed.
        patch: side of a patch in feature pixels.
        stride: step between patches.
        distance: "squared" or "cosine".
        chunk: patches matched at once; bounds memory to chunk x (patches of the style image) floats.
    """

    target: ClassVar = "style"
    layers: Layers = ("relu3_1", "relu4_1")
    patch: Annotated[int, Between(1, 32)] = 3
    stride: Count = 1
    distance: Literal["squared", "cosine"] = "squared"
    chunk: Count = 1024

    def summarise(self, features: Features) -> dict[str, Any]:
        """Return each layer's patches, (b, n, patch * patch * c)."""
        return {layer: extract_patches(features[layer], self.patch, self.stride) for layer in self.layers}

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the mean distance to the best matches of each image, summed over layers."""
        total = jnp.zeros(())
        for layer in self.layers:
            total += jax.vmap(self._distance)(pred[layer], target[layer])
        return total

    def _distance(self, mine: Any, other: Any) -> Any:
        matched = other[self._best(jax.lax.stop_gradient(mine), other)]
        if self.distance == "squared":
            return ((mine - matched) ** 2).mean()
        return (1 - (_unit(mine) * _unit(matched)).sum(-1)).mean()

    def _best(self, mine: Any, other: Any) -> Any:
        directions = _unit(other)
        return jax.lax.map(
            lambda patch: jnp.argmax(jnp.dot(directions, _unit(patch), precision="highest")),
            mine,
            batch_size=min(self.chunk, mine.shape[0]),
        )


def _unit(x: Any) -> Any:
    # The constant inside the root keeps the gradient of an all-zero patch (common after a ReLU) finite.
    return x / jnp.sqrt((x**2).sum(-1, keepdims=True) + 1e-12)
