"""A batch of n images is n images."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import numpy as np

from styleresearch.checks import probes
from styleresearch.checks.finding import Finding, judged
from styleresearch.checks.subject import QUICK, Subject

_SEEDS = (0, 1, 2)
_ALLOWED = 1e-4


def batch(subject: Subject) -> Iterator[Finding]:
    """A batch equals its images alone."""
    layers = subject.loss.layers
    images = [probes.features(layers, seed) for seed in _SEEDS]
    references = [probes.features(layers, seed + 10) for seed in _SEEDS]
    alone = np.array([subject.value(x, y) for x, y in zip(images, references, strict=True)])
    many = [{layer: np.concatenate([each[layer] for each in of]) for layer in layers} for of in (images, references)]
    together = subject.values(*many)
    shape = tuple(together.shape)
    worst = _apart(np.asarray(together), alone) if shape == alone.shape else np.inf
    yield judged(
        "Batch",
        "three together as three alone",
        worst <= _ALLOWED,
        f"{worst:.1e} apart" if shape == alone.shape else f"shape {shape} for three images",
        "a mean or a normalisation over the batch axis, axis 0: reduce over the axes 1, 2 and 3 only",
    )

    def one(x, y):  # noqa: ANN001, ANN202 - without the batch axis
        return subject.plain(*({layer: leaf[None] for layer, leaf in each.items()} for each in (x, y)))[0]

    worst = _apart(np.asarray(jax.jit(jax.vmap(one), compiler_options=QUICK)(*many)), alone)
    yield judged(
        "Batch",
        "under jit and vmap",
        worst <= _ALLOWED,
        f"{worst:.1e} apart",
        "a size read from the batch axis",
    )


def _apart(found: np.ndarray, alone: np.ndarray) -> float:
    return float(np.abs(found - alone).max() / max(float(np.abs(alone).max()), 1e-30))
