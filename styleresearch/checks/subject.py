"""A loss under examination: its value and gradient as functions of features, compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax

from styleresearch.checks import probes
from styleresearch.losses.base import Loss
from styleresearch.types import Features

QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""What a program is compiled with that runs a few times on little: the compiler would take a minute otherwise."""


@dataclass(frozen=True)
class Subject:
    """A loss, and what all properties ask of it.

    Attributes:
        loss: the loss.
        size: side of the picture for which a call's cost is measured.
    """

    loss: Loss
    size: int = 128

    def plain(self, pred: Features, reference: Features) -> Any:
        """Return what the loss returns for generated features against a reference's."""
        target = None if self.loss.target == "none" else self.loss.summarise(reference)
        return self.loss.compare(self.loss.summarise(pred), target)

    @cached_property
    def values(self) -> Callable[[Features, Features], Any]:
        """``plain``, compiled."""
        return jax.jit(lambda pred, reference: self.plain(pred, reference), compiler_options=QUICK)

    @cached_property
    def gradient(self) -> Callable[[Features, Features], Features]:
        """The gradient of the sum over images with respect to the generated features, compiled."""
        total = lambda pred, reference: self.plain(pred, reference).sum()  # noqa: E731
        return jax.jit(jax.grad(total), compiler_options=QUICK)

    def value(self, pred: Features, reference: Features) -> float:
        """Return the loss of one image."""
        return float(self.values(pred, reference)[0])

    @cached_property
    def image(self) -> Features:
        """Features of a generated image."""
        return probes.features(self.loss.layers, 0)

    @cached_property
    def reference(self) -> Features:
        """Features of what it is compared with."""
        return probes.features(self.loss.layers, 1)

    @cached_property
    def apart(self) -> float:
        """The loss of one against the other: what other values are held against."""
        return self.value(self.image, self.reference)
