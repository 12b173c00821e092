"""The gradient against finite differences of the value in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from styleresearch.checks.finding import Finding, judged
from styleresearch.checks.subject import QUICK, Subject
from styleresearch.types import Features

_DIRECTIONS = 3
_STEP = {"float64": 1e-6, "float32": 1e-3}
_ALLOWED = {"float64": 1e-3, "float32": 5e-2}
_ADVICE = "a custom derivative, a stop_gradient, or rounding that jax.grad cannot see"


def slope(subject: Subject) -> Iterator[Finding]:
    """Gradient agrees with finite differences."""
    pair = _pair(subject)
    slopes = {layer: np.asarray(leaf, np.float64) for layer, leaf in subject.gradient(*pair).items()}
    with jax.enable_x64(True):
        image, reference = ({layer: np.asarray(x, np.float64) for layer, x in features.items()} for features in pair)
        traced = jax.jit(subject.plain).trace(image, reference)
        # A loss that casts to float32 by itself has float32's rounding, whatever it is given.
        precision = "float32" if "f32[" in str(traced.jaxpr) else "float64"
        value = traced.lower().compile(QUICK)
        exact = float(value(image, reference)[0])
        errors = [
            abs(_difference(value, image, reference, along, precision) - expected) / max(scale, 1e-30)
            for along, expected, scale in _directions(slopes, image, precision)
        ]
        worst = float(np.max(errors))  # nan, if one is
    yield judged(
        "Gradient",
        "agrees with finite differences",
        worst <= _ALLOWED[precision],
        f"to {worst:.1e} in {precision}" + ("" if precision == "float64" else ", which the loss casts to by itself"),
        _ADVICE,
    )
    drift = abs(subject.value(*pair) - exact) / max(abs(exact), 1e-30)
    yield judged(
        "Numerics",
        "float32 is enough",
        drift <= 1e-3,
        f"{drift:.1e} from the value in {precision}",
        "a difference of large numbers (subtract the mean first), or random numbers that differ between compilations",
    )


def _pair(subject: Subject) -> tuple[Features, Features]:
    """Return features of which no two are equal: many are 0 after a ReLU, where what sorts or picks has a kink."""
    random = np.random.default_rng(0)
    image, reference = (
        {layer: x + np.float32(0.1) * random.random(x.shape, np.float32) for layer, x in features.items()}
        for features in (subject.image, subject.reference)
    )
    return image, reference


def _directions(slopes: Any, image: Features, precision: str) -> Iterator[tuple[Any, float, float]]:
    """Yield a direction of norm 1, the gradient along it, and what an error is held against.

    In float32 along the gradient alone: along any other direction the difference drowns in rounding.
    """
    norm = np.sqrt(sum((slope**2).sum() for slope in slopes.values()))
    yield {layer: slope / max(norm, 1e-300) for layer, slope in slopes.items()}, float(norm), float(norm)
    random = np.random.default_rng(0)
    for _ in range(_DIRECTIONS if precision == "float64" else 0):
        # Half along the gradient, so that the slope along it is no small number.
        noise = {layer: random.normal(size=x.shape) for layer, x in image.items()}
        length = np.sqrt(sum((each**2).sum() for each in noise.values()))
        along = {layer: slopes[layer] / max(norm, 1e-300) + noise[layer] / length for layer in slopes}
        length = np.sqrt(sum((each**2).sum() for each in along.values()))
        along = {layer: each / length for layer, each in along.items()}
        yield along, float(sum((along[layer] * slopes[layer]).sum() for layer in slopes)), float(norm)


def _difference(value: Any, image: Features, reference: Features, along: Any, precision: str) -> float:
    step = _STEP[precision] * np.sqrt(sum(float((x**2).sum()) for x in image.values()))
    ahead, behind = (
        value({layer: x + sign * step * along[layer] for layer, x in image.items()}, reference)[0] for sign in (1, -1)
    )
    return float(ahead - behind) / (2 * step)
