"""How far a picture's likeness of places to each other is from its content's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.options import Layers
from styleresearch.types import FeatureMap, Image, PerImage

MOST = 2**21
"""Similarities that are in memory at once, of each of the two pictures."""


@METRICS.register("cfsd")
@dataclass(frozen=True)
class CFSD(Metric):
    """Content feature structural distance: divergence of the self-similarities of content and output.

    Each place of a layer looks at all others: a softmax over the inner products of its activations, over C^2, with
    theirs. The value is KL(content || output), summed over places; it grows with their number, so compare it at one
    size only.

    Source: Chung, Hyun and Heo 2024 (StyleID), section 4, and its published evaluation, which is on VGG19 relu3_1 of
        torchvision's weights and pictures of 512 px.
    Differs: on whatever encoder it is given, which its title and contract name; values of another are not its values.
        Activations of weights that were trained on other pixels than torchvision's (Caffe's are 58 times as large) are
        divided by that factor, without which every place would look at a single one.

    Attributes:
        layers: whose places are compared; the divergences of several are added.
        title: its name in tables.
    """

    layers: Layers = ("relu3_1",)
    title: str = "CFSD ({encoder} {layers})"
    better: ClassVar = "lower"
    source: ClassVar = "Chung et al. 2024"
    version: ClassVar = 1
    range: ClassVar = "0 up"

    def summarise(self, needs: Needs, style: Image) -> None:
        """Return nothing: it does not read the style."""

    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return the divergence; 0 for the content itself."""
        encoder = needs["encoder"]
        pred, target = (encoder(image, self.layers) for image in (output, content))
        pairs = [(target[layer] / encoder.gain, pred[layer] / encoder.gain) for layer in self.layers]
        return sum((divergence(*pair) for pair in pairs), jnp.zeros(()))

    def definition(self) -> str:
        """Return what is measured."""
        return (
            f"KL divergence of the softmaxed self-similarity of features ({'+'.join(self.layers)}, inner products over "
            "C^2) of the output from that of the content image, summed over places; 0 for the content."
        )


def divergence(target: FeatureMap, pred: FeatureMap, most: int = MOST) -> Float[Array, " b"]:
    """Return the sum over places of KL(target || pred), in chunks of places that keep memory bounded.

    Args:
        target: activations of the content.
        pred: activations of the output, of their shape.
        most: how many similarities of a picture to hold at once; a row of all places is the least.
    """
    features = [x.reshape(x.shape[0], -1, x.shape[-1]) / x.shape[-1] for x in (target, pred)]
    places = features[0].shape[1]
    rows = max(1, min(places, most // places))
    chunks = -(-places // rows)

    def of_one(p: Float[Array, "n c"], q: Float[Array, "n c"]) -> Float[Array, ""]:
        # The last chunk is filled up with places that do not count.
        here = jnp.arange(chunks * rows).reshape(chunks, rows)

        def chunk(index: Any) -> Any:
            log_p, log_q = (
                jax.nn.log_softmax(jnp.matmul(x[jnp.minimum(index, places - 1)], x.T, precision="highest"))
                for x in (p, q)
            )
            divergences = (jnp.exp(log_p) * (log_p - log_q)).sum(1)
            return jnp.where(index < places, divergences, 0.0).sum()

        return jax.lax.map(chunk, here).sum()

    return jax.lax.map(lambda pair: of_one(*pair), tuple(features))
