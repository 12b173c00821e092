"""Nothing is closer to the target than the target itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from styleresearch.checks.finding import Finding, judged
from styleresearch.checks.probes import changed
from styleresearch.checks.subject import Subject

_SCALES = (0.25, 0.5, 0.9, 1.1, 2.0, 4.0)


def identity(subject: Subject) -> Iterator[Finding]:
    """Zero and least at the target."""
    other = subject.apart
    if subject.loss.target == "none":
        yield Finding("Identity", "value of a generic image", "fact", f"{other:.4g}; it has no target")
        return
    image = subject.reference
    itself = subject.value(image, image)
    yield judged(
        "Identity",
        "another image costs something",
        other > abs(itself),
        f"{other:.4g}, the target itself {itself:.3g}",
        "a statistic that is the same for every image: look at the axes that are reduced",
    )
    share = abs(itself) / abs(other) if other else np.inf
    if subject.loss.zero_at_identity:
        yield judged(
            "Identity",
            "zero at the target",
            share <= 1e-3,
            f"{share:.1e} times another image's",
            "the two sides are summarised or scaled differently; a loss whose least value is another one says "
            "zero_at_identity: ClassVar = False",
        )
    else:
        yield Finding("Identity", "value at the target", "fact", f"{itself:.4g}; declared not to be 0")
    nearby = {f"{scale:g} times as strong": changed(image, lambda x, s=scale: np.float32(s) * x) for scale in _SCALES}
    noise = {
        layer: np.float32(0.1 * x.std() * np.random.default_rng(index).normal(size=x.shape))
        for index, (layer, x) in enumerate(image.items())
    }
    nearby["with noise"] = {layer: x + noise[layer] for layer, x in image.items()}
    slack = 1e-3 * abs(other)
    closer = [name for name, near in nearby.items() if subject.value(near, image) < itself - slack]
    yield judged(
        "Identity",
        "least at the target",
        not closer,
        f"less for the target {', '.join(closer)}" if closer else "not less when scaled or noisy",
        "two conventions are mixed: one side is divided by what the other is not",
    )
