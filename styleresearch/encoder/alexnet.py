"""AlexNet, convolutions only: the network of LPIPS.

Source: Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks", as torchvision has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from styleresearch.encoder.conventions import convention
from styleresearch.encoder.layout import Layout
from styleresearch.encoder.weights.architectures.alexnet import KERNELS
from styleresearch.types import Features, Image

LAYOUT = Layout(
    "alexnet",
    tuple(KERNELS),
    {f"relu{i}": f"conv{i}" for i in range(1, 6)},
    "relu1 ... relu5 (after the ReLU)",
    tuple((f"relu{i}",) for i in range(1, 6)),
)
_STRIDE = {"conv1": 4}
_BORDER = {"conv1": 2, "conv2": 2}
_POOLED = ("conv2", "conv3")
"""Convolutions behind a pooling."""


@dataclass(frozen=True)
class AlexNet:
    """AlexNet up to the deepest layer asked for.

    Attributes:
        convention: the weights' convention (``encoder.conventions``).
        dtype: of activations; weights stay float32.
    """

    convention: str
    dtype: Literal["float32", "bfloat16"] = "float32"

    @property
    def layout(self) -> Layout:
        """Its layers."""
        return LAYOUT

    def smallest_side(self, layers: Iterable[str]) -> int:
        """Return the smallest image side (px) for which every layer still has a pixel."""
        depth = len(LAYOUT.reached(layers))
        return 1 if depth == 0 else 7 if depth == 1 else 15 if depth == 2 else 31

    def describe(self) -> dict[str, str]:
        """Return what a record must say of it besides its weights."""
        return {}

    def variables(self, params: Any) -> Any:
        """Return what ``apply`` takes."""
        return {"params": jax.tree.map(jnp.asarray, dict(params))}

    def apply(self, variables: Any, image: Image, layers: tuple[str, ...]) -> Features:
        """Return the named layers' activations; nothing deeper than the deepest is computed."""
        features: Features = {"image": image} if "image" in layers else {}
        x: Float[Array, "b h w c"] = convention(self.convention)(image).astype(self.dtype)
        for name in LAYOUT.reached(layers):
            if name in _POOLED:
                x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "VALID")
            weights, side = variables["params"][name], _BORDER.get(name, 1)
            x = lax.conv_general_dilated(
                x,
                weights["kernel"].astype(x.dtype),
                (_STRIDE.get(name, 1),) * 2,
                ((side, side), (side, side)),
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            )
            x = jax.nn.relu(x + weights["bias"].astype(x.dtype)[None, None, None])
            if (layer := name.replace("conv", "relu")) in layers:
                features[layer] = x
        return features
