"""EfficientNet-Lite0: an encoder that is no VGG, for a judge that nobody trained on.

Source: Tan & Le 2019, "EfficientNet", table 1, in the Lite form (no squeeze and excitation, ReLU6).
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
from styleresearch.encoder.weights.architectures.efficientnet_lite0 import KERNELS, STAGES
from styleresearch.types import Features, Image

_BLOCKS = tuple((number, block) for number, stage in enumerate(STAGES, 1) for block in range(1, stage.blocks + 1))
LAYOUT = Layout(
    "efficientnet_lite0",
    tuple(KERNELS),
    {
        "stem": "stem",
        **{f"stage{number}": f"stage{number}_{stage.blocks}_project" for number, stage in enumerate(STAGES, 1)},
        "head": "head",
    },
    "stem (after its ReLU6), stage1 ... stage7 (the sum that leaves the stage's last block, linear), "
    "head (after its ReLU6)",
    (("stage1", "stem"), ("stage2",), ("stage3",), ("stage5", "stage4"), ("stage7", "stage6", "head")),
)


@dataclass(frozen=True)
class EfficientNetLite0:
    """EfficientNet-Lite0 up to the deepest layer asked for.

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
        """Return the smallest image side (px) for which every layer still has a pixel: any has."""
        return 1

    def describe(self) -> dict[str, str]:
        """Return what a record must say of it besides its weights."""
        return {}

    def variables(self, params: Any) -> Any:
        """Return what ``apply`` takes."""
        return {"params": jax.tree.map(jnp.asarray, dict(params))}

    def apply(self, variables: Any, image: Image, layers: tuple[str, ...]) -> Features:
        """Return the named layers' activations; nothing deeper than the deepest is computed."""
        params = variables["params"]
        features: Features = {"image": image} if "image" in layers else {}
        reached = LAYOUT.reached(layers)
        if not reached:
            return features
        x = convention(self.convention)(image).astype(self.dtype)
        x = jax.nn.relu6(_conv(x, params["stem"], 2))
        if "stem" in layers:
            features["stem"] = x
        for number, block in _BLOCKS:
            name, stage = f"stage{number}_{block}", STAGES[number - 1]
            if f"{name}_project" not in reached:
                return features
            x = _block(x, params, name, stage.stride if block == 1 else 1)
            if block == stage.blocks and f"stage{number}" in layers:
                features[f"stage{number}"] = x
        if "head" in layers:
            features["head"] = jax.nn.relu6(_conv(x, params["head"]))
        return features


def _block(x: Float[Array, "b h w i"], params: Any, name: str, stride: int) -> Float[Array, "b h2 w2 o"]:
    """Return an inverted residual block; what comes in is added from a stage's second block on."""
    inner = x
    if f"{name}_expand" in params:
        inner = jax.nn.relu6(_conv(inner, params[f"{name}_expand"]))
    inner = jax.nn.relu6(_conv(inner, params[f"{name}_depthwise"], stride, inner.shape[-1]))
    out = _conv(inner, params[f"{name}_project"])
    return out if name.endswith("_1") else out + x


def _conv(x: Float[Array, "b h w i"], weights: Any, stride: int = 1, groups: int = 1) -> Float[Array, "b h2 w2 o"]:
    """Convolve with TensorFlow's border: zeros, the odd one behind."""
    x = lax.conv_general_dilated(
        x,
        weights["kernel"].astype(x.dtype),
        (stride, stride),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )
    return x + weights["bias"].astype(x.dtype)[None, None, None]
