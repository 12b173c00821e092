"""Losses on the pixels of the generated image alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import jax.numpy as jnp

from styleresearch.losses.base import LOSSES, Loss
from styleresearch.types import Features, Image, PerImage


@LOSSES.register("total_variation")
@dataclass(frozen=True)
class TotalVariation(Loss):
    """How much neighbouring pixels differ.

    * ``l1``: sum of |dx| + |dy| (neural-style-pt).
    * ``l2``: sum of dx^2 + dy^2. Johnson et al.'s code applies the gradient of half of it.
    * ``nine_point``: ``l2`` plus half of both diagonals' squares, the eight neighbours of a pixel by inverse squared
      distance: less biased towards horizontal and vertical edges.

    Source: Mahendran & Vedaldi 2015, equation 4 (beta = 2 for ``l2``); Johnson et al. 2016, section 3.3.
    Differs: pixels are in [0, 1]; weights published for 0-255 are 255^2 (``l2``) or 255 (``l1``) times larger here.

    Attributes:
        layers: ("image",).
        kind: "l1", "l2" or "nine_point".
        reduction: "sum", or "mean" over pixels and channels.
    """

    target: ClassVar = "none"
    invariances: ClassVar = ("flip", "channels")
    layers: tuple[Literal["image"]] = ("image",)
    kind: Literal["l1", "l2", "nine_point"] = "l2"
    reduction: Literal["sum", "mean"] = "sum"

    def summarise(self, features: Features) -> Image:
        """Return the image."""
        return features["image"]

    def compare(self, pred: Image, target: None) -> PerImage:
        """Return the variation of each image."""
        dy, dx = pred[:, 1:] - pred[:, :-1], pred[:, :, 1:] - pred[:, :, :-1]
        if self.kind == "l1":
            total = jnp.abs(dx).sum((1, 2, 3)) + jnp.abs(dy).sum((1, 2, 3))
        else:
            total = (dx**2).sum((1, 2, 3)) + (dy**2).sum((1, 2, 3))
        if self.kind == "nine_point":
            falling, rising = pred[:, 1:, 1:] - pred[:, :-1, :-1], pred[:, 1:, :-1] - pred[:, :-1, 1:]
            total += 0.5 * ((falling**2).sum((1, 2, 3)) + (rising**2).sum((1, 2, 3)))
        return total if self.reduction == "sum" else total / (pred.shape[1] * pred.shape[2] * pred.shape[3])


@LOSSES.register("range")
@dataclass(frozen=True)
class Range(Loss):
    """Mean squared distance of pixel values to [0, 1]: keeps an unclipped optimisation among displayable colours.

    Attributes:
        layers: ("image",).
    """

    target: ClassVar = "none"
    invariances: ClassVar = ("positions", "channels")
    layers: tuple[Literal["image"]] = ("image",)

    def summarise(self, features: Features) -> Image:
        """Return the image."""
        return features["image"]

    def compare(self, pred: Image, target: None) -> PerImage:
        """Return the excess of each image."""
        return ((pred - jnp.clip(pred, 0.0, 1.0)) ** 2).mean((1, 2, 3))
