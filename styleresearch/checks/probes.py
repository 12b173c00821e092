"""The features that losses are checked on: made directly, so that no encoder stands between a loss and a verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array

from styleresearch.types import FeatureMap, Features

SIZE = (48, 64)
"""Height and width of the picture that features belong to; its sides differ, for a loss may mix them up."""


def block_of(layer: str, index: int) -> int:
    """Return how often a layer's side was halved: by the first number in its name, or its place among the layers."""
    if layer == "image":
        return 0
    found = re.search(r"\d+", layer)
    block = int(found.group()) if found else index + 1
    return block if layer.startswith("pool") else max(block - 1, 0)


def shape_of(layer: str, index: int, size: tuple[int, int], width: int, most: int) -> tuple[int, int, int]:
    """Return height, width and channels of a layer as VGG has them, for a first block of ``width`` channels."""
    block = block_of(layer, index)
    channels = 3 if layer == "image" else min(width * 2**block, most)
    return max(size[0] >> block, 1), max(size[1] >> block, 1), channels


def features(
    layers: Sequence[str],
    seed: int,
    batch: int = 1,
    size: tuple[int, int] = SIZE,
    width: int = 4,
    most: int = 16,
) -> Features:
    """Return rectified noise for layers, whose channels differ in mean, and colours for "image".

    Args:
        layers: names.
        seed: of the noise.
        batch: how many.
        size: height and width of the picture.
        width: channels of the first block; each further block doubles them,
        most: but never beyond this.
    """
    made = {}
    for index, layer in enumerate(layers):
        key, means = jax.random.split(jax.random.fold_in(jax.random.key(seed), index))
        height, across, channels = shape_of(layer, index, size, width, most)
        shape = (batch, height, across, channels)
        if layer == "image":
            # Wider than [0, 1], so that a penalty on the range has something to penalise.
            made[layer] = 1.4 * jax.random.uniform(key, shape) ** (1 + seed % 3) - 0.2
        else:
            shift = 0.3 * jax.random.normal(means, (1, 1, 1, channels))
            made[layer] = 10 * jax.nn.relu(jax.random.normal(key, shape) + shift)
    return made


def smooth(layers: Sequence[str], seed: int, side: int) -> Features:
    """Return features that vary slowly, ``side`` times as many positions a side: one picture at several resolutions."""
    height, width = SIZE
    coarse = features(layers, seed, size=(height // 2, width // 2))
    fine = features(layers, seed, size=(height * side, width * side))
    return {layer: jax.image.resize(coarse[layer], fine[layer].shape, "linear") for layer in layers}


def changed(x: Features, change: Callable[[FeatureMap], Array]) -> Features:
    """Return features with every layer changed."""
    return {layer: change(value) for layer, value in x.items()}


def tiled(x: FeatureMap) -> Array:
    """Return features beside and below themselves: four times the positions, the same statistics."""
    return jnp.tile(x, (1, 2, 2, 1))


def doubled(x: FeatureMap) -> Array:
    """Return features with every channel twice."""
    return jnp.concatenate((x, x), axis=-1)
