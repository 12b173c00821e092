"""Style losses on first and second moments of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.errors import InputError
from styleresearch.losses.base import LOSSES, Loss, mask_at
from styleresearch.ops.moments import gram, mean, std, variance
from styleresearch.options import Epsilon, Layers
from styleresearch.types import Features, PerImage

RELU_1 = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""The first ReLU of every block: the style layers of Gatys et al. 2016."""

Convention = Literal["paper", "authors", "neural_style", "johnson"]

# k = factor / C^power multiplies sum (G/M - A/M)^2, G the unnormalised Gram matrix of C channels and M positions.
_CONVENTIONS: Mapping[str, tuple[float, int]] = MappingProxyType(
    {
        "paper": (1 / 4, 2),
        "authors": (1e3, 4),
        "neural_style": (1.0, 4),
        "johnson": (1.0, 2),
    }
)


def gram_coefficient(convention: str, channels: int) -> float:
    """Return what a Gram convention multiplies ``sum (G/M - A/M)^2`` with, for a layer of ``channels`` channels.

    * ``paper``: 1 / (4 C^2), equation 4 of Gatys et al. 2016 for images of equal size.
    * ``authors``: 1000 / C^4, the authors' published PyTorch code: mse of G/M, weight 1000 / C^2.
    * ``neural_style``: 1 / C^4, mse of G/(C M): neural-style, fast-neural-style, the PyTorch examples.
    * ``johnson``: 1 / C^2, the Frobenius norm of G/(C M), squared: Johnson et al. 2016, equation 4.

    Raises:
        InputError: for an unknown convention.
    """
    if convention not in _CONVENTIONS:
        raise InputError(f"unknown Gram convention {convention!r}; allowed: {', '.join(_CONVENTIONS)}")
    factor, power = _CONVENTIONS[convention]
    return factor / channels**power


def convert_gram_weights(
    weights: Sequence[float], channels: Sequence[int], *, source: str, target: str
) -> tuple[float, ...]:
    """Return the layer weights under ``target`` that mean the same loss as ``weights`` do under ``source``.

    Conventions differ by powers of C, so one number for all layers rarely converts to one number: weights are given
    and returned layer by layer.

    Args:
        weights: one weight per layer.
        channels: channels of each layer.
        source: convention that ``weights`` are meant in.
        target: convention to express them in.

    Raises:
        InputError: for an unknown convention, or lengths that differ.
    """
    if len(weights) != len(channels):
        raise InputError(f"{len(weights)} weights for {len(channels)} layers; give one weight per layer")
    return tuple(
        weight * gram_coefficient(source, c) / gram_coefficient(target, c)
        for weight, c in zip(weights, channels, strict=True)
    )


def check_layer_weights(loss: str, layers: tuple[str, ...], weights: tuple[float, ...] | None) -> tuple[float, ...]:
    """Return one weight per layer (1 when ``weights`` is None).

    Raises:
        InputError: if the lengths differ.
    """
    if weights is None:
        return (1.0,) * len(layers)
    if len(weights) != len(layers):
        raise InputError(f"{loss} loss: {len(weights)} layer_weights for {len(layers)} layers; give one per layer")
    return weights


@LOSSES.register("gram")
@dataclass(frozen=True)
class Gram(Loss):
    """Squared difference of Gram matrices under a named convention, summed over layers.

    Source: Gatys et al. 2016, equations 3 to 5.
    Differs: each Gram matrix is divided by its own number of positions, so style images of another size work; for
        equal sizes ``convention="paper"`` is equation 4 exactly. See ``gram_coefficient`` for the others.

    Attributes:
        layers: activations whose Gram matrices are compared.
        convention: "paper", "authors", "neural_style" or "johnson".
        layer_weights: one factor per layer, w_l of equation 5; None for 1 each.
    """

    target: ClassVar = "style"
    masked: ClassVar = True
    invariances: ClassVar = ("positions",)
    layers: Layers = RELU_1
    convention: Convention = "authors"
    layer_weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        gram_coefficient(self.convention, 1)
        check_layer_weights("gram", self.layers, self.layer_weights)

    def summarise(self, features: Features) -> dict[str, Float[Array, "b c c"]]:
        """Return each layer's Gram matrix over M."""
        return {layer: gram(features[layer], mask_at(features, layer)) for layer in self.layers}

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the weighted sum over layers, for each image."""
        total = jnp.zeros(())
        weights = check_layer_weights("gram", self.layers, self.layer_weights)
        for layer, weight in zip(self.layers, weights, strict=True):
            root = gram_coefficient(self.convention, pred[layer].shape[-1]) ** 0.5
            # The coefficient's root goes inside: entries of deep layers reach 1e10, their squares' sum float32's end.
            total += weight * ((root * (pred[layer] - target[layer])) ** 2).sum((1, 2))
        return total


@LOSSES.register("moments")
@dataclass(frozen=True)
class Moments(Loss):
    """Squared difference of channel means and standard deviations, summed over layers.

    Source: Huang & Belongie 2017 (AdaIN), equation 13.
    Differs: equation 13 takes the root of the squares' sum; every published implementation leaves it out, as here.
        ``reduction="sum"`` over channels is the authors' Lua code, ``"mean"`` the PyTorch port most papers train with;
        eps and ``unbiased`` differ between those two as well.

    Attributes:
        layers: activations to compare.
        reduction: over channels, "mean" or "sum".
        eps: added to the variance, inside the root.
        unbiased: divide the variance by M - 1.
    """

    target: ClassVar = "style"
    masked: ClassVar = True
    invariances: ClassVar = ("positions",)
    layers: Layers = RELU_1[:4]
    reduction: Literal["mean", "sum"] = "mean"
    eps: Epsilon = 1e-5
    unbiased: bool = False

    def summarise(self, features: Features) -> dict[str, tuple[Float[Array, "b c"], Float[Array, "b c"]]]:
        """Return each layer's channel means and deviations."""
        summary = {}
        for layer in self.layers:
            mask = mask_at(features, layer)
            x = features[layer]
            summary[layer] = (mean(x, mask), std(x, self.eps, mask, self.unbiased))
        return summary

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the squared differences of each image, summed over layers."""
        total = jnp.zeros(())
        for layer in self.layers:
            for mine, other in zip(pred[layer], target[layer], strict=True):
                squared = (mine - other) ** 2
                total += squared.mean(1) if self.reduction == "mean" else squared.sum(1)
        return total


@LOSSES.register("spatial_variance")
@dataclass(frozen=True)
class SpatialVariance(Loss):
    """Energy of the generated image's features around their spatial mean: L = sum_ij (F_ij - mean_xy F_i)^2.

    It needs no reference image: minimising it flattens texture, a negative weight encourages it.

    Source: the founding note of this project; the diagonal of the unnormalised feature covariance.

    Attributes:
        layers: activations, their energies summed.
        reduction: "sum" over channels and positions as in the equation, or "mean" for a value free of size.
    """

    target: ClassVar = "none"
    invariances: ClassVar = ("positions",)
    layers: Layers = RELU_1
    reduction: Literal["sum", "mean"] = "sum"

    def summarise(self, features: Features) -> Float[Array, " b"]:
        """Return the energy itself."""
        total = jnp.zeros(())
        for layer in self.layers:
            _, h, w, _ = features[layer].shape
            spread = variance(features[layer])
            total += spread.sum(1) * (h * w) if self.reduction == "sum" else spread.mean(1)
        return total

    def compare(self, pred: Float[Array, " b"], target: None) -> PerImage:
        """Return the energy of each image."""
        return pred


@LOSSES.register("spatial_variance_match")
@dataclass(frozen=True)
class SpatialVarianceMatch(Loss):
    """Squared difference between the generated and the style image's spatial variance of each channel.

    Source: as ``spatial_variance``; the diagonal part of a covariance match.
    Differs: variances are means over positions, so sizes may differ, and the result is a mean over channels.

    Attributes:
        layers: activations to compare, summed.
    """

    target: ClassVar = "style"
    masked: ClassVar = True
    invariances: ClassVar = ("positions",)
    layers: Layers = RELU_1

    def summarise(self, features: Features) -> dict[str, Float[Array, "b c"]]:
        """Return each layer's channel variances."""
        return {layer: variance(features[layer], mask_at(features, layer)) for layer in self.layers}

    def compare(self, pred: dict[str, Any], target: dict[str, Any]) -> PerImage:
        """Return the mean squared difference of each image, summed over layers."""
        total = jnp.zeros(())
        for layer in self.layers:
            total += ((pred[layer] - target[layer]) ** 2).mean(1)
        return total
