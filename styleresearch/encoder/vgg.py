"""The VGG network that methods, losses and metrics see images through.

Source: Simonyan & Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition", table 1,
columns D (VGG16) and E (VGG19), convolutions only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from styleresearch.encoder.conventions import convention
from styleresearch.encoder.layout import Layout
from styleresearch.encoder.weights.architectures.vgg import kernel_shapes
from styleresearch.ops.conv import Padding, average_pool, frozen_conv, l2_pool, max_pool
from styleresearch.types import Features, Image

Architecture = Literal["vgg16", "vgg19"]


def conv_names(arch: str) -> tuple[str, ...]:
    """Return the names of the convolutions in order: conv1_1, conv1_2, conv2_1, ..."""
    return tuple(kernel_shapes(arch))


def layer_names(arch: str) -> tuple[str, ...]:
    """Return every layer that can be asked for, in order: convB_C (before the ReLU), reluB_C (after it), poolB."""
    names: list[str] = []
    for name in conv_names(arch):
        if name.endswith("_1") and name != "conv1_1":
            names.append(f"pool{int(name[4]) - 1}")
        names += [name, name.replace("conv", "relu")]
    return tuple(names)


@cache
def layout(arch: str) -> Layout:
    """Return the architecture's layers."""
    deepest, last = {}, ""
    for name in layer_names(arch):
        last = last if name.startswith("pool") else name.replace("relu", "conv")
        deepest[name] = last
    names = conv_names(arch)
    listed = f"conv1_1 ... {names[-1]} (before the ReLU), relu1_1 ... (after it), pool1 ... pool4"
    levels = ((f"relu{n}_1", *(name for name in deepest if name[4] == n and name != f"relu{n}_1")) for n in "12345")
    return Layout(arch, names, deepest, listed, tuple(levels))


def smallest_side(layers: Iterable[str], ceil: bool = False) -> int:
    """Return the smallest image side (px) for which every layer still has a pixel."""
    poolings = max((_poolings(layer) for layer in layers), default=0)
    return 1 if ceil else 2**poolings


def _poolings(layer: str) -> int:
    if layer == "image":
        return 0
    return int(layer[4]) if layer.startswith("pool") else int(layer[4]) - 1


@dataclass(frozen=True)
class VGG:
    """VGG16 or VGG19 up to the deepest layer asked for.

    Attributes:
        arch: "vgg16" or "vgg19".
        convention: the weights' convention (``encoder.conventions``), which fixes preprocessing and pooling size.
        pooling: "max" as trained, "average" (Gatys et al. 2016, section 2), or "l2" (as DISTS sees through it).
        padding: the border of every convolution: "zeros" as trained by the authors, "reflect" or "replicate".
        dtype: of activations; weights stay float32, and so do the statistics that losses take of activations.
    """

    arch: Architecture
    convention: str
    pooling: Literal["max", "average", "l2"] = "max"
    padding: Padding = "zeros"
    dtype: Literal["float32", "bfloat16"] = "float32"

    @property
    def layout(self) -> Layout:
        """Its layers."""
        return layout(self.arch)

    def smallest_side(self, layers: Iterable[str]) -> int:
        """Return the smallest image side (px) for which every layer can be computed."""
        side = smallest_side(layers, convention(self.convention).ceil or self.pooling == "l2")
        return 2 * side if self.padding == "reflect" else side  # it needs a second pixel at the deepest layer

    def describe(self) -> dict[str, str]:
        """Return what a record must say of it besides its weights."""
        return {"pooling": self.pooling, "padding": self.padding}

    def variables(self, params: Any) -> Any:
        """Return what ``apply`` takes: the weights, and the kernels of gradients, made here, once, in numpy."""
        flipped = {name: np.flip(np.asarray(layer["kernel"]), (0, 1)).swapaxes(2, 3) for name, layer in params.items()}
        return {
            "params": jax.tree.map(jnp.asarray, dict(params)),
            "adjoint": {name: {"kernel": jnp.asarray(kernel)} for name, kernel in flipped.items()},
        }

    def apply(self, variables: Any, image: Image, layers: tuple[str, ...]) -> Features:
        """Return the named layers' activations; nothing deeper than the deepest is computed."""
        rule = convention(self.convention)
        pool = {"max": max_pool, "average": average_pool, "l2": l2_pool}[self.pooling]
        features: Features = {"image": image} if "image" in layers else {}
        missing = set(layers) - {"image"}
        x = rule(image).astype(self.dtype)
        for name in conv_names(self.arch):
            if not missing:
                break
            block = int(name[4])
            if name.endswith("_1") and block > 1:
                x = pool(x, rule.ceil)
                _keep(features, missing, f"pool{block - 1}", x)
                if not missing:
                    break
            x = self._conv(x, variables["params"][name], variables["adjoint"][name])
            _keep(features, missing, name, x)
            x = jax.nn.relu(x)
            _keep(features, missing, name.replace("conv", "relu"), x)
        return features

    def _conv(self, x: Float[Array, "b h w i"], weights: Any, adjoint: Any) -> Float[Array, "b h w o"]:
        kernel, of_gradient = weights["kernel"].astype(x.dtype), adjoint["kernel"].astype(x.dtype)
        return frozen_conv(x, kernel, of_gradient, self.padding) + weights["bias"].astype(x.dtype)[None, None, None]


def _keep(features: Features, missing: set[str], name: str, x: Any) -> None:
    if name in missing:
        features[name] = x
        missing.discard(name)
