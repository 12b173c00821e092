"""EfficientNet-Lite0 without its classifier; batch normalisation is folded into the convolutions as a file is read.

Source: Tan & Le 2019 (EfficientNet-B0, table 1), in the Lite form: no squeeze and excitation, ReLU6, a stem and a head
    that are not scaled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from styleresearch.encoder.weights.architectures.base import (
    Architecture,
    Found,
    Place,
    convolutions,
    named,
)
from styleresearch.encoder.weights.stored import Index, Stored
from styleresearch.errors import InputError


@dataclass(frozen=True)
class Stage:
    """Inverted residual blocks of one width.

    Attributes:
        blocks: how many.
        kernel: side of the depthwise kernels.
        stride: of the first block.
        expansion: channels within a block, as a multiple of those that come in.
        width: channels that go out.
    """

    blocks: int
    kernel: int
    stride: int
    expansion: int
    width: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280
"""Channels after the first convolution, and after the last."""
_EPSILON = 1e-3


def _kernels() -> dict[str, tuple[int, int, int, int]]:
    shapes: dict[str, tuple[int, int, int, int]] = {"stem": (3, 3, 3, STEM)}
    channels = STEM
    for number, stage in enumerate(STAGES, 1):
        for block in range(1, stage.blocks + 1):
            inner = channels * stage.expansion
            if stage.expansion > 1:
                shapes[f"stage{number}_{block}_expand"] = (1, 1, channels, inner)
            shapes[f"stage{number}_{block}_depthwise"] = (stage.kernel, stage.kernel, 1, inner)
            shapes[f"stage{number}_{block}_project"] = (1, 1, inner, stage.width)
            channels = stage.width
    return shapes | {"head": (1, 1, channels, HEAD)}


KERNELS = _kernels()
"""Layer -> kernel shape (height, width, in, out), depthwise kernels (height, width, 1, channels)."""


def _published() -> dict[str, tuple[str, str]]:
    """Return layer -> (convolution, its batch normalisation) as the published PyTorch file calls them."""
    names = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    number = -1
    for layer in KERNELS:
        if match := re.fullmatch(r"stage[0-9]_[0-9]_(expand|depthwise|project)", layer):
            first = "expand" if f"{layer.rpartition('_')[0]}_expand" in KERNELS else "depthwise"
            number += match[1] == first
            norm = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[match[1]]
            names[layer] = (f"_blocks.{number}._{match[1]}_conv", f"_blocks.{number}.{norm}")
    return names


_PUBLISHED = _published()
_NORM = ("weight", "bias", "running_mean", "running_var")


def _find(index: Index) -> Found:
    found = named(index, ARCHITECTURE.shapes)
    for layer, (conv, norm) in _PUBLISHED.items():
        if f"{conv}.weight" in index:
            found |= _folded(index, layer, conv, norm)
    return Found(found)


def _folded(index: Index, layer: str, conv: str, norm: str) -> Mapping[Place, tuple[str, Stored]]:
    height, width, channels, out = KERNELS[layer]
    names = {"kernel": f"{conv}.weight", **{part: f"{norm}.{part}" for part in _NORM}}
    needed = {"kernel": (out, channels, height, width), **dict.fromkeys(_NORM, (out,))}
    tensors: dict[str, Stored] = {}
    for part, name in names.items():
        if name not in index:
            raise InputError(f"{name} is missing, with which {layer} is normalised")
        tensors[part] = index[name]()
        if tensors[part].shape != needed[part] or not tensors[part].dtype.startswith("float"):
            raise InputError(
                f"{name} holds {tensors[part].dtype} values of the shape {tensors[part].shape}; efficientnet_lite0 "
                f"needs floating-point numbers of the shape {needed[part]}"
            )

    def scale() -> np.ndarray:
        gain, spread = (tensors[part].read().astype(np.float64) for part in ("weight", "running_var"))
        return gain / np.sqrt(spread + _EPSILON)

    def kernel() -> np.ndarray:
        return (tensors["kernel"].read().transpose(2, 3, 1, 0) * scale()).astype(np.float32)

    def bias() -> np.ndarray:
        shift, mean = (tensors[part].read().astype(np.float64) for part in ("bias", "running_mean"))
        return (shift - mean * scale()).astype(np.float32)

    return {
        (layer, "kernel"): (names["kernel"], Stored(KERNELS[layer], "float32", kernel)),
        (layer, "bias"): (names["bias"], Stored((out,), "float32", bias)),
    }


ARCHITECTURE = Architecture("efficientnet_lite0", convolutions(KERNELS), _find)
