"""How sharp a picture is, whatever it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.ops.color import rgb_to_yuv
from styleresearch.types import Image, PerImage

_WINDOW = 9
"""Length of the blur, px."""
_FLAT = 1e-8
"""Mean change between neighbours below which there is nothing to be sharp."""


@METRICS.register("sharpness")
@dataclass(frozen=True)
class Sharpness(Metric):
    """How much of the change between neighbouring pixels of the output a further blur takes away: 0 blurred, 1 sharp.

    Neither more nor less is better: noise is sharp, and so are some styles. Read it beside the floor baselines, which
    say how sharp contents and styles are.

    Source: Crete, Dolmiere, Ladret and Nicolas 2007, "The blur effect", of which it is 1 minus the blur.

    Attributes:
        title: its name in tables.
    """

    title: str = "Sharpness"
    better: ClassVar = None
    source: ClassVar = "Crete et al. 2007"
    version: ClassVar = 1
    range: ClassVar = "0 to 1"
    compares: ClassVar = False

    def summarise(self, needs: Needs, style: Image) -> None:
        """Return nothing: it does not read the style."""

    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return the sharpness, that of the direction that has less of it; 0 for a flat picture."""
        luma = rgb_to_yuv(output)[..., 0]
        found = jnp.minimum(_lost(luma), _lost(luma.swapaxes(1, 2)))
        return jnp.where(jnp.isinf(found), 0.0, found)

    def definition(self) -> str:
        """Return what is measured."""
        return (
            "Share of the change between neighbouring pixels' luma that a further blur over 9 px takes away, in the "
            "direction with less of it; 0 for a blurred output, 1 for a sharp one."
        )


def _lost(luma: Float[Array, "b h w"]) -> PerImage:
    """Return the share of the changes from row to row that goes with a blur along columns; infinity without changes."""
    half = _WINDOW // 2
    padded = jnp.pad(luma, ((0, 0), (half, half), (0, 0)), "symmetric")
    shifted = [padded[:, first : first + luma.shape[1]] for first in range(_WINDOW)]
    blurred = sum(shifted, jnp.zeros(())) / _WINDOW
    change, left = (jnp.abs(x[:, 1:] - x[:, :-1]) for x in (luma, blurred))
    total, lost = change.sum((1, 2)), jnp.maximum(change - left, 0.0).sum((1, 2))
    flat = total < _FLAT * luma[0].size
    return jnp.where(flat, jnp.inf, lost / jnp.where(flat, 1.0, total))
