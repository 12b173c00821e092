"""Learned perceptual distance of a picture to its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import jax.numpy as jnp

from styleresearch.encoder.encoder import Encoder, alexnet, vgg16
from styleresearch.encoder.weights import load
from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.ops.color import luminance
from styleresearch.types import FeatureMap, Image, PerImage

_LAYERS = {
    "alex": ("relu1", "relu2", "relu3", "relu4", "relu5"),
    "vgg": ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"),
}
Net = Literal["alex", "vgg"]


@METRICS.register("lpips")
@dataclass(frozen=True)
class LPIPS(Metric):
    """Learned perceptual image patch similarity, version 0.1, of output and content.

    At each place of five layers of torchvision's AlexNet or VGG16 activations are divided by their length over the
    channels; squared differences are weighted by channel with what was learned from human judgements, averaged over
    places and added over layers. At the pictures' own size.

    Source: Zhang et al. 2018, section 3; weights v0.1 of the authors' package.

    Attributes:
        net: "alex" (the authors' choice for comparing) or "vgg".
        grey: compare luma, so that colours taken from the style cost nothing (not as published).
        title: its name in tables; "{net}" in it stands for the network.
    """

    net: Net = "alex"
    grey: bool = False
    title: str = "LPIPS ({net})"
    better: ClassVar = "lower"
    source: ClassVar = "Zhang et al. 2018"
    version: ClassVar = 1
    range: ClassVar = "0 up"

    def needs(self, encoder: Encoder) -> dict[str, Any]:
        """Return its own network, and the weights of channels."""
        return lpips_networks(self.net)

    def label(self, needs: Needs) -> str:
        """Return its name in tables, which says the network."""
        return super().label(needs).replace("{net}", f"{self.net}, grey" if self.grey else self.net)

    def check(self, needs: Needs, size: tuple[int, int] | None = None) -> None:
        """Raise InputError if images of (height, width) are too small for the network."""
        needs["network"].check(_LAYERS[self.net], size)

    def summarise(self, needs: Needs, style: Image) -> None:
        """Return nothing: it does not read the style."""

    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return the distance; 0 for the content itself."""
        pair = jnp.concatenate([output, content])
        if self.grey:
            pair = luminance(pair)
        features = needs["network"](pair, _LAYERS[self.net])
        total = jnp.zeros(len(output))
        for layer, x in features.items():
            ours, theirs = jnp.split(_unit(x), 2)
            weight = needs["heads"][layer]["weight"][None, None, None]
            total += (weight * (ours - theirs) ** 2).sum(3).mean((1, 2))
        return total

    def definition(self) -> str:
        """Return what is measured."""
        of = " of the lumas" if self.grey else ""
        return (
            f"Learned distance{of} of the output to the content image in the activations of {self.net} "
            "(LPIPS v0.1); 0 for the content."
        )


def lpips_networks(net: Net) -> dict[str, Any]:
    """Return the network that LPIPS sees through, and its weights of channels."""
    network = alexnet() if net == "alex" else vgg16("vgg16_torchvision")
    return {"network": network, "heads": load(f"lpips_{net}").params}


def _unit(x: FeatureMap) -> FeatureMap:
    return x / (jnp.sqrt((x**2).sum(3, keepdims=True)) + 1e-10)
