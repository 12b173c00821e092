"""What changes of a picture a loss does not see, and that it treats left and right, rows and columns alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from styleresearch.checks.finding import Finding, judged
from styleresearch.checks.probes import changed
from styleresearch.checks.subject import Subject

_ALLOWED = 1e-3
_BOTH_ALLOWED = 1e-2


def _positions(x: np.ndarray) -> np.ndarray:
    b, h, w, c = x.shape
    return np.random.default_rng(5).permutation(x.reshape(b, h * w, c), axis=1).reshape(x.shape)


CHANGES: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "positions": ("positions shuffled", _positions),
    "translation": ("rolled by half", lambda x: np.roll(x, (x.shape[1] // 2, x.shape[2] // 2), (1, 2))),
    "flip": ("mirrored", lambda x: x[:, :, ::-1]),
    "channels": ("channels relabelled", lambda x: np.roll(x, 1, 3)),
}
"""Invariance -> what is done to the generated image alone, in words and on features."""

_SURELY = {"translation": "positions", "flip": "positions"}
"""Invariance -> another that comprises it."""

BOTH: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mirrored": lambda x: x[:, :, ::-1],
    "upside down": lambda x: x[:, ::-1],
    "transposed": lambda x: x.swapaxes(1, 2),
}


def invariances(subject: Subject) -> Iterator[Finding]:
    """Sees what it declares to see."""
    loss, image, reference = subject.loss, subject.image, subject.reference
    for name, (what, change) in CHANGES.items():
        value = subject.value(changed(image, change), reference)
        share = abs(value - subject.apart) / max(abs(subject.apart), 1e-30)
        holds = share <= _ALLOWED
        text = f"the same to {share:.1e}" if holds else f"changes by {100 * share:.3g} %"
        declared = name in loss.invariances or _SURELY.get(name) in loss.invariances
        if declared:
            advice = f"it declares the invariance {name!r}; height, width and channels may be in the wrong order (NHWC)"
            yield judged("Symmetry", f"{what}, as declared", holds, text, advice)
        else:
            yield Finding("Symmetry", what, "fact", text)
    if loss.target != "none" and "channels" not in loss.invariances:
        share = abs(subject.value(changed(reference, CHANGES["channels"][1]), reference)) / max(
            abs(subject.apart), 1e-30
        )
        yield judged(
            "Symmetry",
            "tells channels apart",
            share > 1e-3,
            f"the target with relabelled channels costs {share:.2g} times another image",
            "channels were summed away: a Gram matrix is (channels, channels), not a number; a loss that is meant to "
            "be blind to this declares the invariance 'channels'",
        )


def alike(subject: Subject) -> Iterator[Finding]:
    """Both images mirrored or transposed."""
    apart = {}
    for name, change in BOTH.items():
        value = subject.value(changed(subject.image, change), changed(subject.reference, change))
        apart[name] = abs(value - subject.apart) / max(abs(subject.apart), 1e-30)
    wrong = [name for name, share in apart.items() if not share <= _BOTH_ALLOWED]
    measured = ", ".join(f"{name} {100 * apart[name]:.3g} %" for name in wrong)
    yield judged(
        "Symmetry",
        "both images mirrored or transposed",
        not wrong,
        f"changes: {measured}" if wrong else f"the same to {max(apart.values()):.1e}",
        "axes are mixed up: features are (batch, height, width, channel), and reshape(b, c, h * w) does not transpose",
    )
