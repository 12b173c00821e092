"""All properties of a loss."""

from __future__ import annotations

from collections.abc import Iterator

from styleresearch.checks.batch import batch
from styleresearch.checks.cost import cost
from styleresearch.checks.finding import Finding, Property, findings_of
from styleresearch.checks.finite import gradient, shape, value
from styleresearch.checks.identity import identity
from styleresearch.checks.rounding import bfloat16
from styleresearch.checks.scaling import laws, resolutions, sizes
from styleresearch.checks.slope import slope
from styleresearch.checks.subject import Subject
from styleresearch.checks.symmetry import alike, invariances
from styleresearch.losses.base import Loss

PROPERTIES: tuple[tuple[str, Property[Subject]], ...] = (
    ("Value", shape),
    ("Value", value),
    ("Gradient", gradient),
    ("Gradient", slope),
    ("Numerics", bfloat16),
    ("Batch", batch),
    ("Identity", identity),
    ("Symmetry", invariances),
    ("Symmetry", alike),
    ("Scale", laws),
    ("Scale", sizes),
    ("Scale", resolutions),
    ("Cost", cost),
)


def check_loss(loss: Loss, size: int = 128) -> Iterator[Finding]:
    """Yield what is found of a loss, property by property.

    Args:
        loss: the loss.
        size: side of the picture for which a call's cost is measured.
    """
    yield from findings_of(PROPERTIES, Subject(loss, size))
