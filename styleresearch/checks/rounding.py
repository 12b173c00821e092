"""What bfloat16 features cost: their own rounding and no more."""

from __future__ import annotations

from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np

from styleresearch.checks.finding import Finding, judged
from styleresearch.checks.probes import changed
from styleresearch.checks.subject import Subject

_ALLOWED = 2e-2


def bfloat16(subject: Subject) -> Iterator[Finding]:
    """Bfloat16 features."""
    half = [changed(x, lambda leaf: leaf.astype(jnp.bfloat16)) for x in (subject.image, subject.reference)]
    rounded = [changed(x, lambda leaf: leaf.astype(np.float32)) for x in half]
    narrow, wide = subject.value(half[0], half[1]), subject.value(rounded[0], rounded[1])
    drift = abs(narrow - wide) / max(abs(wide), 1e-30)
    yield judged(
        "Numerics",
        "bfloat16 features",
        drift <= _ALLOWED,
        f"{drift:.1e} from the same features in float32",
        "statistics are summed in bfloat16: cast first, ops.precision.at_least_float32(features[layer])",
    )
