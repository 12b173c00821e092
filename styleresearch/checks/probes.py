"""The features that losses are checked on: made directly, so that no encoder stands between a loss and a verdict.

In NumPy: a program for every shape of noise would take longer to compile than the loss.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from styleresearch.types import Features

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
        random = np.random.default_rng((seed, index))
        height, across, channels = shape_of(layer, index, size, width, most)
        shape = (batch, height, across, channels)
        if layer == "image":
            # Wider than [0, 1], so that a penalty on the range has something to penalise.
            made[layer] = np.float32(1.4 * random.random(shape) ** (1 + seed % 3) - 0.2)
        else:
            shift = 0.3 * random.normal(size=channels)
            made[layer] = np.float32(10 * np.maximum(random.normal(size=shape) + shift, 0))
    return made


def smooth(layers: Sequence[str], seed: int, side: int) -> Features:
    """Return features that vary slowly, ``side`` times as many positions a side: one picture at several resolutions."""
    made = {}
    for index, layer in enumerate(layers):
        random = np.random.default_rng((seed, index))
        height, width, channels = shape_of(layer, index, SIZE, 4, 16)
        y, x = ((np.arange(n * side) + 0.5) / (n * side) for n in (height, width))
        waves = np.zeros((height * side, width * side, channels))
        for _ in range(4):  # none shorter than the map: also a coarse layer shows them
            across, down = random.integers(0, 2, 2)
            phase = random.random(channels)
            waves += np.cos(2 * np.pi * (down * y[:, None, None] + across * x[None, :, None] + phase))
        level = random.normal(size=channels)
        made[layer] = (10 * np.maximum(waves + level, 0))[None].astype(np.float32)
    return made


def changed(x: Features, change: Callable[[np.ndarray], np.ndarray]) -> Features:
    """Return features with every layer changed."""
    return {layer: change(value) for layer, value in x.items()}


def tiled(x: np.ndarray) -> np.ndarray:
    """Return features beside and below themselves: four times the positions, the same statistics."""
    return np.tile(x, (1, 2, 2, 1))


def doubled(x: np.ndarray) -> np.ndarray:
    """Return features with every channel twice."""
    return np.concatenate((x, x), axis=-1)
