"""The VGG network that all methods, losses and metrics see images through.

Source: Simonyan & Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition", table 1,
columns D (VGG16) and E (VGG19), convolutions only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from styleresearch.encoder.conventions import convention
from styleresearch.encoder.weights.architectures.vgg import WIDTHS, kernel_shapes
from styleresearch.errors import InputError
from styleresearch.ops.conv import Padding, adjoint_kernel, average_pool, frozen_conv, max_pool
from styleresearch.options import shown
from styleresearch.registry import nearest
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


def check_layers(layers: Iterable[str], arch: str) -> None:
    """Raise if a layer is neither ``"image"`` nor one of the architecture's.

    Raises:
        InputError: naming the layer, the nearest match and what there is.
    """
    known = ("image", *layer_names(arch))
    for layer in layers:
        if layer not in known:
            raise InputError(
                f"{arch} has no layer {shown(layer)}.{nearest(layer, known)} Layers: image, conv1_1 ... "
                f"{conv_names(arch)[-1]} (before the ReLU), relu1_1 ... (after it), pool1 ... pool4"
            )


def smallest_side(layers: Iterable[str], ceil: bool = False) -> int:
    """Return the smallest image side (px) for which every layer still has a pixel."""
    poolings = max((_poolings(layer) for layer in layers), default=0)
    return 1 if ceil else 2**poolings


def _poolings(layer: str) -> int:
    if layer == "image":
        return 0
    return int(layer[4]) if layer.startswith("pool") else int(layer[4]) - 1


class FrozenConv(nn.Module):
    """A 3x3 convolution and bias that are never trained; collection "adjoint" holds the kernel of its gradient."""

    features: int
    padding: Padding

    @nn.compact
    def __call__(self, x: Float[Array, "b h w i"]) -> Float[Array, "b h w o"]:
        """Return the pre-activations."""
        shape = (3, 3, x.shape[-1], self.features)
        kernel: Array = self.param("kernel", nn.initializers.he_normal(), shape)
        bias: Array = self.param("bias", nn.initializers.zeros, (self.features,))
        adjoint: Array = self.variable("adjoint", "kernel", lambda: adjoint_kernel(kernel)).value
        kernel, adjoint = kernel.astype(x.dtype), adjoint.astype(x.dtype)
        return frozen_conv(x, kernel, adjoint, self.padding) + bias.astype(x.dtype)[None, None, None]


class VGG(nn.Module):
    """VGG16 or VGG19 up to the deepest layer asked for.

    Attributes:
        arch: "vgg16" or "vgg19".
        convention: the weights' convention (``encoder.conventions``), which fixes preprocessing and pooling size.
        pooling: "max" as trained, or "average" (Gatys et al. 2016, section 2).
        padding: the border of every convolution: "zeros" as trained by the authors, "reflect" or "replicate".
        widths: channels of the five blocks; smaller ones only make sense with random weights.
        dtype: of activations; weights stay float32, and so do the statistics that losses take of activations.
    """

    arch: Architecture
    convention: str
    pooling: Literal["max", "average"] = "max"
    padding: Padding = "zeros"
    widths: tuple[int, ...] = WIDTHS
    dtype: Literal["float32", "bfloat16"] = "float32"

    @nn.compact
    def __call__(self, image: Image, layers: tuple[str, ...]) -> Features:
        """Return the named layers' activations; nothing deeper than the deepest is computed."""
        rule = convention(self.convention)
        pool = max_pool if self.pooling == "max" else average_pool
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
            x = FrozenConv(self.widths[block - 1], self.padding, name=name)(x)
            _keep(features, missing, name, x)
            x = nn.relu(x)
            _keep(features, missing, name.replace("conv", "relu"), x)
        return features


def _keep(features: Features, missing: set[str], name: str, x: Any) -> None:
    if name in missing:
        features[name] = x
        missing.discard(name)


def variables(params: Any) -> Any:
    """Return the network's collections for its weights; the gradients' kernels are made here, once, in numpy."""
    flipped = {name: np.flip(np.asarray(layer["kernel"]), (0, 1)).swapaxes(2, 3) for name, layer in params.items()}
    return {
        "params": jax.tree.map(jnp.asarray, dict(params)),
        "adjoint": {name: {"kernel": jnp.asarray(kernel)} for name, kernel in flipped.items()},
    }
