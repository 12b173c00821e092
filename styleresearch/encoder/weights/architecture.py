"""The convolutions that a file of weights has to hold, and where the common layouts keep them.

Source: Simonyan & Zisserman 2015, table 1, columns D (VGG16) and E (VGG19).
"""

from __future__ import annotations

BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
"""Convolutions in each of the five blocks."""

WIDTHS = (64, 128, 256, 512, 512)
"""Channels of each block."""


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
