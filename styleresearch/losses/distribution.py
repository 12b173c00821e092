"""Style losses on whole feature distributions, taken as Gaussians."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp

from styleresearch.losses.base import LOSSES, Loss, mask_at
from styleresearch.losses.style import RELU_1
from styleresearch.ops.moments import covariance, mean, sqrt_psd
from styleresearch.options import Epsilon, Layers
from styleresearch.types import Features, PerImage


@LOSSES.register("covariance")
@dataclass(frozen=True)
class Covariance(Loss):
    """Squared Frobenius distance of feature covariances, over 4 C^2, summed over layers.

    Source: Sun & Saenko 2016 (Deep CORAL), equation 1.

    Attributes:
        layers: activations to compare.
    """

    target: ClassVar = "style"
    masked: ClassVar = True
    invariances: ClassVar = ("positions",)
    layers: Layers = RELU_1

    def summarise(self, features: Features) -> dict[str, Any]:
        """Return each layer's covariance, (b, c, c)."""
        return {layer: covariance(features[layer], mask_at(features, layer)) for layer in self.layers}

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the distance of each image."""
        total = jnp.zeros(())
        for layer in self.layers:
            channels = pred[layer].shape[-1]
            total += (((pred[layer] - target[layer]) / (2 * channels)) ** 2).sum((1, 2))
        return total


@LOSSES.register("wasserstein")
@dataclass(frozen=True)
class Wasserstein(Loss):
    """Squared 2-Wasserstein distance between Gaussians fitted to the features, over C, summed over layers.

    W2^2 = |m - m'|^2 + tr(S + S' - 2 (S'^1/2 S S'^1/2)^1/2), the Bures metric on covariances.

    Source: Olkin & Pukelsheim 1982; used for style transfer by Mroueh 2019 ("Wasserstein style transfer", equation 3).
    Differs: divided by C, so layers of different width count alike; ``eps`` I is added to both covariances.

    Attributes:
        layers: activations to compare; cost grows with C^3, an eigendecomposition per layer and evaluation.
        eps: ridge on the covariances, in units of their mean variance.
    """

    target: ClassVar = "style"
    masked: ClassVar = True
    invariances: ClassVar = ("positions",)
    layers: Layers = RELU_1[:4]
    eps: Epsilon = 1e-4

    def summarise(self, features: Features) -> dict[str, Any]:
        """Return each layer's mean, covariance and root of the covariance.

        The root is read of targets only; for the generated image it is dead code that the compiler drops.
        """
        summary = {}
        for layer in self.layers:
            mask = mask_at(features, layer)
            cov = covariance(features[layer], mask)
            scale = jnp.trace(cov, axis1=1, axis2=2)[:, None, None] / cov.shape[-1]
            cov = cov + (self.eps * scale + 1e-12) * jnp.eye(cov.shape[-1])[None]
            summary[layer] = (mean(features[layer], mask), cov, sqrt_psd(cov))
        return summary

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the distance of each image."""
        total = jnp.zeros(())
        for layer in self.layers:
            m, s, _ = pred[layer]
            m_target, s_target, root = target[layer]
            # Only eigenvalues enter, so repeated ones do no harm to the gradient.
            product = jnp.einsum("bij,bjk,bkl->bil", root, s, root, precision="highest")
            values = jnp.linalg.eigvalsh((product + product.swapaxes(1, 2)) / 2)
            floor = 1e-12 * values[:, -1:] + 1e-20
            cross = jnp.sqrt(jnp.maximum(values, floor)).sum(-1)
            bures = jnp.trace(s, axis1=1, axis2=2) + jnp.trace(s_target, axis1=1, axis2=2) - 2 * cross
            total += (((m - m_target) ** 2).sum(-1) + bures) / m.shape[-1]
        return total
