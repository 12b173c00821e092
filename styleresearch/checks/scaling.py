"""How the value changes with the number of positions, of channels and with intensity, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from styleresearch.checks.finding import Finding, judged
from styleresearch.checks.probes import changed, doubled, smooth, tiled
from styleresearch.checks.subject import Subject
from styleresearch.types import Features

# What is doubled, by how much its count grows, and the power below which no published convention lies: a Gram matrix's
# squares are divided by C^4 and there are C^2 of them.
_LAWS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray], int, float]] = {
    "M": ("positions", tiled, 4, -0.5),
    "C": ("channels", doubled, 2, -2.5),
}
# How far powers may lie apart: conventions differ by a whole one at least, and the directions that a loss draws for
# another number of channels are others.
_ALIKE = {"M": 0.5, "C": 0.9}
_CLOSE = 0.5


def _power(before: float, after: float, factor: int) -> float:
    """Return the power of a count with which a value grows, nan of what is not positive."""
    return float(np.log(after / before) / np.log(factor)) if before > 0 and after > 0 else float("nan")


def _grown(subject: Subject, image: Features, reference: Features, change: Callable[[np.ndarray], np.ndarray]) -> float:
    return subject.value(changed(image, change), changed(reference, change))


def laws(subject: Subject) -> Iterator[Finding]:
    """Scale laws."""
    layers = subject.loss.layers
    rest = subject.reference if subject.loss.target != "none" else changed(subject.image, np.zeros_like)
    for letter, (what, grow, factor, least) in _LAWS.items():
        if letter == "C" and "image" in layers:  # always three
            yield Finding("Scale", f"with {what} C", "fact", "not measured: a picture has three")
            continue
        power = _power(subject.apart, _grown(subject, subject.image, subject.reference, grow), factor)
        yield judged(
            "Scale",
            f"with {what} {letter}",
            power >= least,
            f"value ~ {letter}^{power:z.2f}",
            f"it shrinks as {what} are added: divided by {letter} more often than any published convention; normalised "
            "twice? (ops.moments.gram is divided by M already)",
        )
        if len(layers) < 2:
            continue
        # What one layer adds to the value that a loss has where all layers are alike, which need not be 0.
        base, grown = subject.value(rest, subject.reference), _grown(subject, rest, subject.reference, grow)
        powers = {}
        for layer in layers:
            only = {**rest, layer: subject.image[layer]}
            before, after = subject.value(only, subject.reference), _grown(subject, only, subject.reference, grow)
            powers[layer] = _power(before - base, after - grown, factor)
        spread = max(powers.values()) - min(powers.values())
        yield judged(
            "Scale",
            f"one convention for all layers, in {letter}",
            spread <= _ALIKE[letter],
            f"{letter}^{min(powers.values()):z.2f} to {letter}^{max(powers.values()):z.2f}"
            + ("" if spread <= _ALIKE[letter] else ": " + ", ".join(f"{layer} {p:.2f}" for layer, p in powers.items())),
            f"conventions are mixed: some layers are divided by another power of {letter}",
        )
    image, reference = (changed(x, lambda leaf: 2 * leaf) for x in (subject.image, subject.reference))
    power = _power(subject.apart, subject.value(image, reference), 2)
    yield Finding("Scale", "with intensity s of both", "fact", f"value ~ s^{power:z.2f}")


def sizes(subject: Subject) -> Iterator[Finding]:
    """A style image of another size."""
    if subject.loss.target != "style":
        return
    reference = subject.reference
    share = abs(subject.value(changed(reference, tiled), reference)) / max(abs(subject.apart), 1e-30)
    yield judged(
        "Scale",
        "a style of another size",
        share <= _CLOSE,
        f"the style tiled 2 x 2 costs {share:.1e} times another image",
        "a sum where a mean over positions belongs, or a division by M too many",
    )


def resolutions(subject: Subject) -> Iterator[Finding]:
    """Stable across resolutions."""
    layers = subject.loss.layers
    (one, other), (fine_one, fine_other) = ([smooth(layers, seed, side) for seed in (3, 4)] for side in (1, 2))
    before, after = subject.value(one, other), subject.value(fine_one, fine_other)
    text = f"value x {after / before:.3g} at twice the side" if before else "0 at both"
    if subject.loss.target != "style":
        yield Finding("Scale", "one picture at two resolutions", "fact", text)
        return
    share = abs(subject.value(fine_one, one)) / max(abs(before), 1e-30)
    yield judged(
        "Scale",
        "one picture at two resolutions",
        share <= _CLOSE,
        f"costs {share:.1e} times another image; {text}",
        "a statistic of the picture's size rather than of its style",
    )
