"""Weights of an encoder together with what has to be known to use them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from styleresearch.encoder.weights.architectures import ARCHITECTURES
from styleresearch.errors import InputError

Tensors = dict[str, dict[str, np.ndarray]]
"""{"conv1_1": {"kernel": (3, 3, in, out) float32, "bias": (out,) float32}, ...}: layer -> part -> array."""

WEIGHT_CONVENTIONS = ("caffe", "torchvision", "normalised", "lite", "random")
"""What the first convolution reads; ``encoder.conventions`` says it in numbers."""


@dataclass(frozen=True, eq=False)
class Weights:
    """The tensors of an architecture, with their provenance.

    Attributes:
        name: what they are called in the cache and in configs.
        arch: one of ``ARCHITECTURES``.
        convention: the preprocessing they were trained with, one of ``WEIGHT_CONVENTIONS``.
        params: layer -> part -> array float32, kernels HWIO; a prefix of the architecture's layers.
        digest: sha256 over all tensors, see ``digest_of``.
        source: where they came from.
        licence: under which terms their publisher gives them.
    """

    name: str
    arch: str
    convention: str
    params: Tensors = field(repr=False)
    digest: str
    source: str
    licence: str


def tensor_digests(params: Tensors) -> dict[str, str]:
    """Return "conv1_1/kernel" -> sha256 of its little-endian float32 bytes in C order."""
    return {
        f"{layer}/{part}": hashlib.sha256(np.ascontiguousarray(array, dtype="<f4").data).hexdigest()
        for layer, parts in params.items()
        for part, array in parts.items()
    }


def digest_of(tensors: Mapping[str, str]) -> str:
    """Return one digest for all: the sha256 of the lines "<tensor name> <its sha256>", sorted by name."""
    lines = (f"{name} {tensors[name]}\n" for name in sorted(tensors))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_params(params: Tensors, arch: str) -> None:
    """Raise unless ``params`` are the first layers of ``arch``, complete, of the right shapes and finite.

    Raises:
        InputError: naming the layer and what was expected.
    """
    check_shapes({layer: {part: array.shape for part, array in parts.items()} for layer, parts in params.items()}, arch)
    for layer, parts in params.items():
        for part, array in parts.items():
            if not np.isfinite(array).all():
                raise InputError(f"the {part} of {layer} holds values that are not finite (NaN or infinity)")


def check_shapes(params: Mapping[str, Mapping[str, tuple[int, ...]]], arch: str) -> None:
    """Raise unless ``params``, layer -> part -> shape, are the first layers of ``arch``, or all where it needs them.

    Raises:
        InputError: naming the layer and what was expected.
    """
    needed = ARCHITECTURES[arch]
    shapes = needed.shapes
    unknown = [layer for layer in params if layer not in shapes]
    if unknown:
        raise InputError(f"{arch} has no layer {unknown[0]!r}; it has {', '.join(shapes)}")
    some = list(shapes) if needed.whole else list(shapes)[: max(len(params), 1)]
    missing = [layer for layer in some if layer not in params]
    if missing:
        found = ", ".join(params) or "none"
        rule = "" if needed.whole else "; only the deepest may be absent"
        raise InputError(f"{arch} needs {missing[0]}, which is missing (found: {found}){rule}")
    for layer, parts in params.items():
        for part, shape in shapes[layer].items():
            if part not in parts:
                raise InputError(f"the {part} of {layer} is missing")
            if parts[part] != shape:
                raise InputError(f"the {part} of {layer} has the shape {parts[part]}; {arch} needs {shape}")
