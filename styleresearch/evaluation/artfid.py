"""ArtFID: how near outputs come to their styles, times how much of their contents they keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.evaluation.frechet import frechet_distance
from styleresearch.evaluation.inception_metric import ThroughInception
from styleresearch.evaluation.lpips import LPIPS
from styleresearch.evaluation.metric import METRICS, Needs
from styleresearch.types import Image

_SIDE = 75
"""Pixels that the network needs a side."""


@METRICS.register("artfid")
@dataclass(frozen=True)
class ArtFID(ThroughInception):
    """ArtFID: (1 + mean LPIPS to the contents) (1 + Fréchet distance to the styles, in features of art).

    Few pictures make it much too large, as they do FID: compare values over equally many only.

    Source: Wright and Ommer 2022, equation 5, with the network and weights that they publish; LPIPS on AlexNet.
    Differs: each style picture counts once, however many outputs were made from it; protocols that copy styles until
        there are as many as outputs give other values. Over all pictures, and not extrapolated to infinitely many,
        which takes 5000 outputs at least. Pictures are not cropped or resized.

    Attributes:
        file: the published weights, art_inception.pth, or what was converted from it.
        weights: "published", or "random" (narrow, for tests), which takes no file.
        least: pictures, of outputs and of styles, below which there is no value.
        title: its name in tables.
    """

    title: str = "ArtFID"
    better: ClassVar = "lower"
    source: ClassVar = "Wright and Ommer 2022"
    range: ClassVar = "1 up"
    kind: ClassVar = "art"
    paired: ClassVar = True

    def needs(self, encoder: Encoder) -> dict[str, Any]:
        """Return the network of art, read from the file, and those of LPIPS."""
        return {**super().needs(encoder), **LPIPS().needs(encoder)}

    def check(self, needs: Needs, size: tuple[int, int] | None = None) -> None:
        """Raise InputError if images of (height, width) are too small for the networks."""
        if size is not None and min(size) < _SIDE:
            raise InputError(f"ArtFID needs pictures of {_SIDE} px a side at least, and one has {size[0]} x {size[1]}")
        LPIPS().check(needs, size)

    def embed(self, needs: Needs, image: Image) -> dict[str, Any]:
        """Return the activations of the last average, and no distance: a style has no content to keep."""
        return {"activations": needs["inception"](image), "distance": jnp.zeros(len(image))}

    def embed_output(self, needs: Needs, output: Image, content: Image) -> dict[str, Any]:
        """Return the activations of the last average, and the distance to the content."""
        return {"activations": needs["inception"](output), "distance": LPIPS()(needs, output, content, None)}

    def compare(self, outputs: dict[str, np.ndarray], references: dict[str, np.ndarray]) -> float:
        """Return the product; 1 for contents that are styles already."""
        content = float(outputs["distance"].mean(dtype=np.float64))
        return (1 + content) * (1 + frechet_distance(outputs["activations"], references["activations"]))

    def definition(self) -> str:
        """Return what is measured."""
        which = (
            "the published Inception of art" if self.file else "an Inception of RANDOM weights (for tests: no ArtFID)"
        )
        return (
            "Product of (1 + mean LPIPS of the outputs to their contents, AlexNet) and (1 + squared Fréchet distance "
            f"between all outputs and all styles in the last activations of {which}), at the pictures' own size."
        )
