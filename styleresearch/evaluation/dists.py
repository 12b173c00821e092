"""Learned distance of structure and texture of a picture to its content."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import jax.numpy as jnp

from styleresearch.encoder.encoder import Encoder, vgg16
from styleresearch.encoder.weights import load
from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.types import Image, PerImage

_LAYERS = ("image", "relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
_EPSILON = 1e-6


@METRICS.register("dists")
@dataclass(frozen=True)
class DISTS(Metric):
    """Deep image structure and texture similarity (as a distance) of output and content.

    For each channel of the picture and of five layers of torchvision's VGG16 with L2 pooling: likeness of the means
    (texture) and of the deviations from them (structure, their correlation), weighted by what was learned from human
    judgements. At the pictures' own size.

    Source: Ding et al. 2020, equations 6 to 8; the authors' weights.

    Attributes:
        title: its name in tables.
    """

    title: str = "DISTS"
    better: ClassVar = "lower"
    source: ClassVar = "Ding et al. 2020"
    version: ClassVar = 1
    range: ClassVar = "0 up; about 1 at most"

    def needs(self, encoder: Encoder) -> dict[str, Any]:
        """Return its own network, and the weights of channels."""
        return dists_networks()

    def check(self, needs: Needs, size: tuple[int, int] | None = None) -> None:
        """Raise InputError if images of (height, width) are too small for the network."""
        needs["network"].check(_LAYERS, size)

    def summarise(self, needs: Needs, style: Image) -> None:
        """Return nothing: it does not read the style."""

    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return the distance; 0 for the content itself."""
        features = needs["network"](jnp.concatenate([output, content]), _LAYERS)
        heads = needs["heads"]
        likeness = jnp.zeros(len(output))
        for layer, x in features.items():
            ours, theirs = jnp.split(x, 2)
            mean, other = ours.mean((1, 2)), theirs.mean((1, 2))
            variance, others = ours.var((1, 2)), theirs.var((1, 2))
            covariance = ((ours - mean[:, None, None]) * (theirs - other[:, None, None])).mean((1, 2))
            texture = (2 * mean * other + _EPSILON) / (mean**2 + other**2 + _EPSILON)
            structure = (2 * covariance + _EPSILON) / (variance + others + _EPSILON)
            likeness += (heads[layer]["alpha"][None] * texture + heads[layer]["beta"][None] * structure).sum(1)
        return 1 - likeness / sum(part.sum() for parts in heads.values() for part in parts.values())

    def definition(self) -> str:
        """Return what is measured."""
        return (
            "Learned distance of structure and texture of the output to the content image, over the picture and five "
            "layers of VGG16 (DISTS); 0 for the content."
        )


def dists_networks() -> dict[str, Any]:
    """Return the network that DISTS sees through, and its weights of channels."""
    encoder = vgg16("vgg16_torchvision")
    network = encoder.replace(net=replace(encoder.net, pooling="l2"))  # pyright: ignore
    return {"network": network, "heads": load("dists").params}
