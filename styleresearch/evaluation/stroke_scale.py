"""How wide the strokes of a picture are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.ops.color import rgb_to_yuv
from styleresearch.types import Image, PerImage

SIDES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
"""Of the squares, px; each at most twice the one before."""
_FLAT = 1e-6
"""Mean height of all strokes below which there are none."""


@METRICS.register("stroke_scale")
@dataclass(frozen=True)
class StrokeScale(Metric):
    """Width of the output's strokes, light and dark, in px: a geometric mean, each stroke weighed by area and contrast.

    A stroke is what a square does not fit into: openings (and closings) of luma with growing squares take away wider
    and wider ones. What is wider than 47 px is no stroke. Neither wider nor narrower is better; the floor baselines say
    how wide those of contents and styles are.

    Source: Maragos 1989, "Pattern spectrum and multiscale shape representation", grey-scale openings and closings.
    Differs: one number, exp(mean log width); a stroke that the border cuts goes on beyond it.

    Attributes:
        title: its name in tables.
    """

    title: str = "Stroke scale (px)"
    better: ClassVar = None
    source: ClassVar = "after Maragos 1989"
    version: ClassVar = 1
    range: ClassVar = "1 to 39 px; 0 for no stroke"
    compares: ClassVar = False

    def summarise(self, needs: Needs, style: Image) -> None:
        """Return nothing: it does not read the style."""

    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return the width; 0 for a flat picture."""
        luma = rgb_to_yuv(output)[..., 0]
        heights = _taken(luma) + _taken(1.0 - luma)
        # A square of one side takes strokes from the side before it up to one pixel less than its own.
        widths = [0.5 * math.log(least * (side - 1)) for least, side in pairwise(SIDES)]
        total = heights.sum(0)
        mean = (heights * jnp.array(widths)[:, None]).sum(0) / jnp.maximum(total, _FLAT)
        return jnp.where(total < _FLAT, 0.0, jnp.exp(mean))

    def definition(self) -> str:
        """Return what is measured."""
        return (
            "Geometric mean width, px, of the output's light and dark strokes up to 47 px, weighed by area and "
            "contrast: the pattern spectrum of openings and closings of luma with squares."
        )


def _taken(luma: Float[Array, "b h w"]) -> Float[Array, "k b"]:
    """Return how much the opening with each square takes from that with the one before, a mean over pixels."""
    border = SIDES[-1]
    # Beyond the border is nothing: windows that reach there see what is left of them.
    padded = jnp.pad(luma, ((0, 0), (border, border), (border, border)), constant_values=jnp.inf)

    def opened(steps: Int[Array, " n"]) -> PerImage:
        eroded = jax.lax.fori_loop(0, len(steps), lambda i, x: _grown(x, steps[i], jnp.minimum), padded)
        whole = jax.lax.fori_loop(0, len(steps), lambda i, x: _grown(x, -steps[i], jnp.maximum), eroded)
        return whole[:, border:-border, border:-border].mean((1, 2))

    # In a loop over the squares, whose steps are data: written out, the program takes seconds to compile.
    means = jax.lax.map(opened, jnp.array([_steps(side) for side in SIDES]))
    return means[:-1] - means[1:]


def _steps(side: int) -> list[int]:
    """Return by how much a window of one pixel grows, never more than twofold, until it has ``side``."""
    steps, reached = [], 1
    for _ in range((SIDES[-1] - 1).bit_length()):
        steps.append(min(reached, side - reached))
        reached += steps[-1]
    return steps


def _grown(x: Float[Array, "b h w"], step: Any, best: Any) -> Float[Array, "b h w"]:
    """Return the best of each place and of those ``step`` further, along rows and columns: a window longer by that."""
    for axis in (1, 2):
        x = best(x, jnp.roll(x, -step, axis))
    return x
