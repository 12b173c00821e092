"""A content loss on the edges of the picture itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from jaxtyping import Array, Float

from styleresearch.losses.base import LOSSES, Loss
from styleresearch.ops.precision import at_least_float32
from styleresearch.options import Between
from styleresearch.types import Features, PerImage


@LOSSES.register("laplacian")
@dataclass(frozen=True)
class Laplacian(Loss):
    """Squared difference of the Laplacians of picture and content, after average pooling.

    Source: Li et al. 2017, "Laplacian-steered neural style transfer", equations 4 to 6.
    Differs: a mean over positions, where theirs is a sum; pixels are in [0, 1], so published weights are 255^2 times
        larger here. As theirs, channels are added before they are compared.

    Attributes:
        layers: ("image",).
        pool: side of the average pooling; the authors use 4, and 16 beside it for large pictures.
    """

    target: ClassVar = "content"
    invariances: ClassVar = ("channels",)
    layers: tuple[Literal["image"]] = ("image",)
    pool: Annotated[int, Between(1, 256)] = 4

    def summarise(self, features: Features) -> Float[Array, "b h w"]:
        """Return the Laplacian of the pooled picture, channels added; its border is left out."""
        x = at_least_float32(features["image"]).sum(3)
        b, h, w = x.shape
        side = max(1, min(self.pool, h // 3, w // 3))
        rows, columns = h // side, w // side
        x = x[:, : rows * side, : columns * side].reshape(b, rows, side, columns, side).mean((2, 4))
        middle = x[:, 1:-1, 1:-1]
        return x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:] - 4 * middle

    def compare(self, pred: Any, target: Any) -> PerImage:
        """Return the squared difference of each image."""
        return ((pred - target) ** 2).mean((1, 2))
