"""Names for the arrays and values that travel between the parts.

Shapes: ``b`` images, ``h`` rows, ``w`` columns, ``c`` channels. Images are RGB, float32, in [0, 1], NHWC everywhere
past ``data/``; an encoder's own normalisation happens inside the encoder and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

from flax import struct
from jaxtyping import Array, Float

Image: TypeAlias = Float[Array, "b h w 3"]
"""A batch of RGB images in [0, 1]."""

OtherImage: TypeAlias = Float[Array, "b _ _ 3"]
"""As many images as the ``Image`` beside it, of any height and width."""

FeatureMap: TypeAlias = Float[Array, "b h w c"]
"""Activations of one layer, one entry of ``Features``."""

Features: TypeAlias = dict[str, Any]
"""Layer name -> FeatureMap, plus ``"image"`` -> Image, so that a pixel loss is not a special case."""

Mask: TypeAlias = Float[Array, "b h w 1"]
"""Spatial weights in [0, 1]."""

PerImage: TypeAlias = Float[Array, " b"]
"""One value per image: what every loss and metric returns."""

Pictures: TypeAlias = Annotated[Sequence[Any], "pictures"]
"""Pictures (h, w, 3) in [0, 1], each of its own size; a config names a picture source for an option of this type."""

Params: TypeAlias = Any
"""A pytree of arrays (plain dicts)."""


@struct.dataclass
class Style:
    """A style image and where and how much it counts.

    Attributes:
        image: Image.
        weight: relative to the other styles; only ratios matter.
        where: Mask on the content: where this style goes (None: everywhere).
        mask: Mask on the style image: which part of it to take (None: all).
    """

    image: Any
    weight: Any = 1.0
    where: Any = None
    mask: Any = None


Styles: TypeAlias = Sequence[Style]
"""Styles that a picture is to have together."""
