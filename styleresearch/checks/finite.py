"""Finite values and gradients, on what optimisations really meet: a black picture, a flat one, the target itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from styleresearch.checks.finding import Finding, judged
from styleresearch.checks.probes import changed
from styleresearch.checks.subject import Subject
from styleresearch.types import Features

INPUTS = ("generic", "constant", "black", "identical", "huge", "tiny")


def inputs(subject: Subject) -> Iterator[tuple[str, Features, Features]]:
    """Yield (name, features, reference): the extremes against another picture and, all but one, against themselves."""
    image, other = subject.image, subject.reference
    extremes = {
        "generic": image,
        "constant": changed(image, lambda x: np.full_like(x, 0.5)),
        "black": changed(image, np.zeros_like),
        "huge": changed(image, lambda x: np.float32(1e4) * x),
        "tiny": changed(image, lambda x: np.float32(1e-4) * x),
    }
    for name, extreme in extremes.items():
        yield name, extreme, other
        yield "identical" if name == "generic" else f"identical and {name}", extreme, extreme


def shape(subject: Subject) -> Iterator[Finding]:
    """One number for each image."""
    found = subject.values(subject.image, subject.reference)
    got = getattr(found, "shape", None)
    yield judged(
        "Value",
        "one number for each image",
        got == (1,),
        f"{type(found).__name__} for one image" if got is None else f"shape {got} for one image",
        "compare returns an array of shape (batch,); a mean over the batch would be the wrong number for a metric",
    )


def value(subject: Subject) -> Iterator[Finding]:
    """Finite value."""
    wrong = [name for name, x, y in inputs(subject) if not np.isfinite(subject.value(x, y))]
    yield judged(
        "Value",
        "finite",
        not wrong,
        f"not on {', '.join(wrong)} input" if wrong else f"on {', '.join(INPUTS)} input",
        "a division by 0, or numbers beyond float32: divide before squaring, add an eps below the line",
    )


def gradient(subject: Subject) -> Iterator[Finding]:
    """Finite gradient."""
    wrong = []
    for name, x, y in inputs(subject):
        bad = {layer: int((~np.isfinite(g)).sum()) for layer, g in subject.gradient(x, y).items()}
        wrong += [f"{name}: {count} of {x[layer].size} entries at {layer}" for layer, count in bad.items() if count]
    yield judged(
        "Gradient",
        "finite",
        not wrong,
        f"not finite; {'; '.join(wrong[:3])}{' ...' if wrong[3:] else ''}"
        if wrong
        else f"on {', '.join(INPUTS)} input",
        "a root, norm or quotient at 0 has no slope: sqrt(variance + eps) has one",
    )
    slopes = {layer: np.asarray(leaf) for layer, leaf in subject.gradient(subject.image, subject.reference).items()}
    size = float(np.sqrt(sum((leaf**2).sum() for leaf in slopes.values())))
    dead = [layer for layer, leaf in slopes.items() if not leaf.any()]
    yield judged(
        "Gradient",
        "reaches every layer",
        not dead,
        f"none at {', '.join(dead)}" if dead else f"norm {size:.3g} on generic input",
        "a layer that is named in `layers` and not used, or cut off by stop_gradient or rounding",
    )
