"""Properties of a metric, per picture or over a set, on random pictures and through a small encoder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np

from styleresearch.checks.cost import measured
from styleresearch.checks.finding import Finding, Property, findings_of, judged
from styleresearch.checks.pictures import EXTREMES, picture
from styleresearch.checks.subject import QUICK
from styleresearch.encoder.encoder import Encoder
from styleresearch.evaluation.metric import AnyMetric, Needs, SetMetric

_ALLOWED = 1e-3
_NAN = "a division by 0, or a root or logarithm of a number that rounding made negative"
_PICTURES = 6


@dataclass(frozen=True)
class Subject:
    """A metric, and what all properties ask of it.

    Attributes:
        metric: the metric.
        encoder: what it sees through, unless it brings a network of its own.
        size: side of the pictures.
    """

    metric: Any
    encoder: Encoder
    size: int

    @cached_property
    def needs(self) -> Needs:
        """The metric's networks."""
        return self.metric.needs(self.encoder)

    @cached_property
    def summarise(self) -> Any:
        """The summary of style images, compiled."""
        return jax.jit(lambda needs, style: self.metric.summarise(needs, style), compiler_options=QUICK)

    @cached_property
    def measure(self) -> Any:
        """The metric of outputs, contents and summaries of styles, compiled."""
        return jax.jit(lambda needs, *pictures: self.metric(needs, *pictures), compiler_options=QUICK)

    @cached_property
    def embed(self) -> Any:
        """What a metric over a set keeps of pictures, compiled."""
        return jax.jit(lambda needs, image: self.metric.embed(needs, image), compiler_options=QUICK)

    def value(self, output: Any, content: Any, style: Any) -> np.ndarray:
        """Return the metric per picture."""
        return np.asarray(self.measure(self.needs, output, content, self.summarise(self.needs, style)))

    def made(self, seed: int, batch: int = 1) -> np.ndarray:
        """Return random pictures."""
        return np.concatenate([picture("generic", seed + i, self.size) for i in range(batch)])


def _values(subject: Subject) -> Iterator[Finding]:
    """One finite value for each picture."""
    content, style, output = (subject.made(seed) for seed in (0, 10, 20))
    found = subject.value(output, content, style)
    advice = "__call__ returns an array of shape (batch,)"
    yield judged(
        "Value", "one number for each picture", found.shape == (1,), f"shape {found.shape} for one picture", advice
    )
    if found.shape != (1,):
        raise ValueError(f"__call__ returned an array of shape {found.shape}")
    tried = {name: (picture(name, 20, subject.size), content, style) for name in EXTREMES}
    tried["content itself"], tried["style itself"] = (content, content, style), (style, content, style)
    got = {name: float(subject.value(*three)[0]) for name, three in tried.items()}
    wrong = [name for name, value in got.items() if not np.isfinite(value)]
    text = f"not for {', '.join(wrong)}" if wrong else f"for {', '.join(got)}"
    yield judged("Value", "finite", not wrong, text, _NAN)
    for name in ("generic", "content itself", "style itself"):
        yield Finding("Value", f"of {name}", "fact", f"{got[name]:.4g} ({subject.metric.better} is better)")


def _batch(subject: Subject) -> Iterator[Finding]:
    """A batch equals its pictures alone."""
    three = [subject.made(seed, 3) for seed in (20, 0, 10)]
    together = subject.value(*three)
    alone = np.array([subject.value(*(each[i : i + 1] for each in three))[0] for i in range(3)])
    same = together.shape == alone.shape
    worst = float(np.abs(together - alone).max() / max(np.abs(alone).max(), 1e-30)) if same else np.inf
    text = f"{worst:.1e} apart" if same else f"shape {together.shape} for three pictures"
    yield judged(
        "Batch", "three together as three alone", worst <= _ALLOWED, text, "a mean over the batch axis, axis 0"
    )


def _sizes(subject: Subject) -> Iterator[Finding]:
    """A style image of another size."""
    style = picture("generic", 10, subject.size, (3, 2))
    found = float(subject.value(subject.made(20), subject.made(0), style)[0])
    yield judged("Size", "a style of another size", bool(np.isfinite(found)), f"{found:.4g}", _NAN)


def _cost(subject: Subject) -> Iterator[Finding]:
    """Cost of a call."""
    content, style, output = (subject.made(seed) for seed in (0, 10, 20))
    arguments = (subject.needs, output, content, subject.summarise(subject.needs, style))
    measure = jax.jit(lambda needs, *pictures: subject.metric(needs, *pictures))
    yield from measured(measure, arguments, f"one picture of {subject.size} x {subject.size} px")


def _embedded(subject: Subject, seed: int) -> Any:
    """Return what is kept of as many pictures as a value needs, beside contents where it asks for them."""
    count = max(_PICTURES, _least(subject))
    made = [subject.made(each, count) for each in (seed, seed + 50)]
    if subject.metric.paired:
        kept = jax.jit(subject.metric.embed_output, compiler_options=QUICK)(subject.needs, *made)
    else:
        kept = subject.embed(subject.needs, made[0])
    return jax.tree.map(np.asarray, kept)


def _least(subject: Subject) -> int:
    return min(subject.metric.least, 64)


def _embeddings(subject: Subject) -> Iterator[Finding]:
    """Finite embeddings, each of its own picture."""
    wrong = []
    for name in EXTREMES:
        kept = jax.tree.leaves(subject.embed(subject.needs, picture(name, 20, subject.size)))
        wrong += [name] * (not all(np.isfinite(leaf).all() for leaf in kept))
    text = f"not for {', '.join(wrong)}" if wrong else f"for {', '.join(EXTREMES)}"
    yield judged("Value", "finite embeddings", not wrong, text, _NAN)
    three = subject.made(0, 3)
    together = jax.tree.leaves(subject.embed(subject.needs, three))
    alone = [jax.tree.leaves(subject.embed(subject.needs, three[i : i + 1])) for i in range(3)]
    worst = max(
        float(np.abs(np.asarray(leaf) - np.concatenate([each[index] for each in alone])).max() / np.abs(leaf).max())
        for index, leaf in enumerate(together)
    )
    yield judged(
        "Batch",
        "three together as three alone",
        worst <= _ALLOWED,
        f"{worst:.1e} apart",
        "a mean over the batch axis",
    )


def _sets(subject: Subject) -> Iterator[Finding]:
    """Sets compared."""
    one, other = _embedded(subject, 0), _embedded(subject, 100)
    value = float(subject.metric.compare(one, other))
    yield judged("Value", "finite", bool(np.isfinite(value)), f"{value:.4g} for two sets", _NAN)
    turned = jax.tree.map(lambda leaf: leaf[::-1], one)
    apart = abs(float(subject.metric.compare(turned, other)) - value) / max(abs(value), 1e-30)
    advice = "the order of pictures in a set means nothing; what depends on it is an accident"
    yield judged("Symmetry", "order of the pictures", apart <= _ALLOWED, f"{apart:.1e} apart", advice)
    itself = float(subject.metric.compare(one, one))
    yield Finding("Value", "a set against itself", "fact", f"{itself:.4g} ({subject.metric.better} is better)")


_PER_PICTURE: tuple[tuple[str, Property[Subject]], ...] = (
    ("Value", _values),
    ("Batch", _batch),
    ("Size", _sizes),
    ("Cost", _cost),
)
_OVER_SET: tuple[tuple[str, Property[Subject]], ...] = (("Value", _embeddings), ("Value", _sets))


def check_metric(metric: AnyMetric, encoder: Encoder, size: int = 128) -> Iterator[Finding]:
    """Yield what is found of a metric, property by property.

    Args:
        metric: per picture or over a set.
        encoder: what it sees through, unless it brings a network of its own.
        size: side of the pictures.

    Raises:
        InputError: for weights that it needs and that cannot be had, or pictures that are too small for it.
    """
    subject = Subject(metric, encoder, size)
    metric.check(subject.needs, (size, size))
    yield from findings_of(_OVER_SET if isinstance(metric, SetMetric) else _PER_PICTURE, subject)
