"""Whether edges are where they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.ops.color import rgb_to_yuv
from styleresearch.ops.pad import pad_border
from styleresearch.types import Image, PerImage

_FLAT = 1e-10
"""Variance of the strengths of edges, in (grey levels of 1)^2, below which there are none."""


@METRICS.register("edge_agreement")
@dataclass(frozen=True)
class EdgeAgreement(Metric):
    """Correlation of the strengths of edges in output and content: how much of the drawing is left.

    The strength is the magnitude of Sobel's gradient of luma, whatever its direction: an edge that turns from light to
    dark still counts, and neither contrast nor brightness does.

    Source: Sattar, Floreby, Salomonsson and Lövström 1997, whose edge preservation is such a correlation.
    Differs: of gradients' magnitudes (Sobel), not of Laplacians, so that an inverted edge is no disagreement.

    Attributes:
        title: its name in tables.
    """

    title: str = "Edge agreement with content"
    better: ClassVar = "higher"
    source: ClassVar = "after Sattar et al. 1997"
    version: ClassVar = 1
    range: ClassVar = "-1 to 1"

    def summarise(self, needs: Needs, style: Image) -> None:
        """Return nothing: it does not read the style."""

    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return the correlation: 1 for the content, about 0 for an unrelated or a flat picture."""
        a, b = (x - x.mean((1, 2), keepdims=True) for x in map(_strength, (output, content)))
        covariance = (a * b).mean((1, 2))
        variance, variance_of = (a**2).mean((1, 2)), (b**2).mean((1, 2))
        flat, flat_of = variance < _FLAT, variance_of < _FLAT
        known = covariance / jnp.sqrt(jnp.where(flat, 1.0, variance) * jnp.where(flat_of, 1.0, variance_of))
        return jnp.where(flat | flat_of, (flat & flat_of).astype(known.dtype), known)

    def definition(self) -> str:
        """Return what is measured."""
        return (
            "Correlation of Sobel gradient magnitudes of luma in output and content image; 1 for the content, 0 for an "
            "unrelated picture."
        )


def _strength(image: Image) -> Float[Array, "b h w"]:
    """Return the magnitude of the gradient of luma, per pixel; pixels at the border are repeated beyond it."""
    luma = pad_border(rgb_to_yuv(image)[..., :1], 1, "replicate")[..., 0]
    smooth_rows = (luma[:, :-2] + 2 * luma[:, 1:-1] + luma[:, 2:]) / 4
    smooth_columns = (luma[:, :, :-2] + 2 * luma[:, :, 1:-1] + luma[:, :, 2:]) / 4
    across = (smooth_rows[:, :, 2:] - smooth_rows[:, :, :-2]) / 2
    down = (smooth_columns[:, 2:] - smooth_columns[:, :-2]) / 2
    return jnp.sqrt(across**2 + down**2)
