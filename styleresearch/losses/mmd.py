"""Style losses by maximum mean discrepancy: features as samples of a distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.losses.base import LOSSES, Loss
from styleresearch.ops.sample import positions
from styleresearch.options import Between, Layers, Positive
from styleresearch.types import Features, PerImage


@LOSSES.register("mmd")
@dataclass(frozen=True)
class MMD(Loss):
    """Squared maximum mean discrepancy between the features of two pictures, summed over layers.

    ``polynomial``: k(x, y) = (x y / C)^2; a Gram loss up to a factor: with all positions it is |G - A|^2 / (C M)^2.
    ``gaussian``: k(x, y) = exp(-|x - y|^2 / (2 s^2)) with s^2 = ``bandwidth`` times the mean squared distance of the
    style's own features, so that it does not depend on the scale of activations.

    Source: Li et al. 2017, "Demystifying neural style transfer", equations 4 to 9 (the biased estimate).
    Differs: theirs fix s^2 by hand; the polynomial kernel is over C, so that values of layers are alike.

    Attributes:
        layers: activations to compare.
        kernel: "polynomial" or "gaussian".
        bandwidth: of the Gaussian kernel, see above.
        positions: at most so many of each picture, evenly spread; memory grows with their square.
    """

    target: ClassVar = "style"
    layers: Layers = ("relu3_1", "relu4_1")
    kernel: Literal["polynomial", "gaussian"] = "gaussian"
    bandwidth: Positive = 1.0
    positions: Annotated[int, Between(2, 2**14)] = 1024

    def summarise(self, features: Features) -> dict[str, Float[Array, "b n c"]]:
        """Return features at some positions."""
        return {layer: positions(features[layer], self.positions) for layer in self.layers}

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the discrepancy of each image."""
        return sum((jax.vmap(self._apart)(pred[layer], target[layer]) for layer in self.layers), jnp.zeros(()))

    def _apart(self, x: Float[Array, "n c"], y: Float[Array, "m c"]) -> Float[Array, ""]:
        if self.kernel == "polynomial":
            kernels = [(jnp.matmul(a, b.T, precision="highest") / x.shape[1]) ** 2 for a, b in ((x, x), (y, y), (x, y))]
        else:
            # The style's features decide the bandwidth; its slope is nothing that a picture should follow.
            own = squared_distances(y, y)
            scale = 2 * self.bandwidth * own.mean() + 1e-12
            kernels = [jnp.exp(-d / scale) for d in (squared_distances(x, x), own, squared_distances(x, y))]
        return kernels[0].mean() + kernels[1].mean() - 2 * kernels[2].mean()


def squared_distances(x: Float[Array, "n c"], y: Float[Array, "m c"]) -> Float[Array, "n m"]:
    """Return |x_i - y_j|^2; rounding makes none negative."""
    products = jnp.matmul(x, y.T, precision="highest")
    return jnp.maximum((x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * products, 0.0)
