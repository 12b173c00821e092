"""FID and KID: distances between sets of pictures through the published Inception, whose weights the user has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Array, Float

from styleresearch.evaluation.frechet import frechet_distance
from styleresearch.evaluation.inception_metric import ThroughInception
from styleresearch.evaluation.kernel import kernel_distance
from styleresearch.evaluation.metric import METRICS, Needs
from styleresearch.types import Image

Sampling = Literal["pytorch", "tensorflow"]


@dataclass(frozen=True)
class _Published(ThroughInception):
    """FID and KID: what they keep of a picture."""

    sampling: Sampling = "pytorch"
    resize: ClassVar = "to 299x299, bilinear, not antialiased"

    def embed(self, needs: Needs, image: Image) -> Float[Array, "b d"]:
        """Return the activations of the last average."""
        return needs["inception"](image, self.sampling)

    def _definition(self, distance: str) -> str:
        which = "the published Inception-v3" if self.file else "an Inception-v3 of RANDOM weights (for tests: no FID)"
        return (
            f"{distance} between all outputs and all style pictures, in the 2048 activations of {which} before its "
            f"last layer, pictures resized as {self.sampling} does."
        )


@METRICS.register("fid")
@dataclass(frozen=True)
class FID(_Published):
    """Fréchet Inception distance between outputs and style pictures.

    Few pictures make it much too large (some hundreds leave most of the value to chance): compare values over equally
    many only, and read KID beside it.

    Source: Heusel et al. 2017, with the network, weights and resize of pytorch-fid.
    Differs: each style picture counts once, however many outputs were made from it; protocols that copy styles until
        there are as many as outputs give other values.

    Attributes:
        file: the published weights, pt_inception-2015-12-05-6726825d.pth, or what was converted from it.
        weights: "published", or "random" (narrow, for tests), which takes no file.
        sampling: how pictures are resized and scaled: as "pytorch" (pytorch-fid) or "tensorflow" (the first code).
        least: pictures, of outputs and of styles, below which there is no value.
        title: its name in tables.
    """

    title: str = "FID to styles"
    better: ClassVar = "lower"
    source: ClassVar = "Heusel et al. 2017"
    range: ClassVar = "0 up"

    def compare(self, outputs: Float[np.ndarray, "n d"], references: Float[np.ndarray, "m d"]) -> float:
        """Return the squared distance; never negative, 0 for equal moments."""
        return frechet_distance(outputs, references)

    def definition(self) -> str:
        """Return what is measured."""
        return self._definition("Squared Fréchet distance")


@METRICS.register("kid")
@dataclass(frozen=True)
class KID(_Published):
    """Kernel Inception distance between outputs and style pictures: unbiased, however few there are.

    Source: Bińkowski et al. 2018, with the network, weights and resize of pytorch-fid.
    Differs: over all pictures at once and not a mean over subsets of 1000; each style picture counts once.

    Attributes:
        file: the published weights, pt_inception-2015-12-05-6726825d.pth, or what was converted from it.
        weights: "published", or "random" (narrow, for tests), which takes no file.
        sampling: how pictures are resized and scaled: as "pytorch" (pytorch-fid) or "tensorflow" (the first code).
        least: pictures, of outputs and of styles, below which there is no value.
        title: its name in tables.
    """

    title: str = "KID to styles"
    better: ClassVar = "lower"
    source: ClassVar = "Bińkowski et al. 2018"
    range: ClassVar = "about 0 up"

    def compare(self, outputs: Float[np.ndarray, "n d"], references: Float[np.ndarray, "m d"]) -> float:
        """Return the squared distance; about 0 for equal distributions, and below it by chance."""
        return kernel_distance(outputs, references)

    def definition(self) -> str:
        """Return what is measured."""
        return self._definition("Unbiased squared maximum mean discrepancy, kernel (x y / d + 1)^3,")
