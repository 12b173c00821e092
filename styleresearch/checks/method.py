"""Properties of a method, on random pictures, through a small encoder and with parameters that learned nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np

from styleresearch.checks.finding import Finding, Property, findings_of, judged
from styleresearch.checks.pictures import EXTREMES, picture
from styleresearch.checks.subject import QUICK
from styleresearch.encoder.encoder import Encoder
from styleresearch.methods.base import Method, TrainedMethod
from styleresearch.types import Style

_ALLOWED = 2e-3


@dataclass(frozen=True)
class Subject:
    """A method, and what all properties ask of it.

    Attributes:
        method: the method.
        encoder: what it sees through.
        size: side of the pictures.
    """

    method: Method
    encoder: Encoder
    size: int

    @cached_property
    def batch(self) -> dict[str, np.ndarray]:
        """Return what one step of training reads."""
        return {"content": self.made(0, 2), "style": self.made(10, 2)}

    @cached_property
    def state(self) -> Any:
        """The state before the first step; None for a method that learns nothing."""
        if not isinstance(self.method, TrainedMethod):
            return None
        return jax.jit(self.method.init, compiler_options=QUICK)(jax.random.key(0), self.encoder, self.batch)

    @cached_property
    def params(self) -> Any:
        """What ``stylize`` takes."""
        return self.method.inference(self.state) if isinstance(self.method, TrainedMethod) else None

    @cached_property
    def learned(self) -> Any:
        """The styles that the method knows; none where it takes any."""
        return self.method.learned_styles(self.params)

    def made(self, seed: int, batch: int = 1) -> np.ndarray:
        """Return random pictures."""
        return np.concatenate([picture("generic", seed + i, self.size) for i in range(batch)])

    def stylize(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        """Return stylised pictures; a method that learned its styles is given the first of them instead."""
        if len(self.learned):
            style = np.repeat(np.asarray(self.learned[0])[None], len(content), 0)
        styles = [] if self.method.takes.styles == "none" else [Style(jax.numpy.asarray(style))]
        key = jax.random.key(0)
        given = jax.numpy.asarray(content)
        return np.asarray(self.method.stylize(self.params, self.encoder, given, styles, key=key))


def _outputs(subject: Subject) -> Iterator[Finding]:
    """Pictures of the content's shape."""
    content, style = subject.made(0), subject.made(10)
    output = subject.stylize(content, style)
    good = output.shape == content.shape and output.dtype == np.float32
    text = f"{output.shape}, {output.dtype} from {content.shape}"
    yield judged("Picture", "the content's shape, float32", good, text, "stylize returns (batch, height, width, 3)")


def _pictures(subject: Subject) -> Iterator[Finding]:
    """Pictures of any content."""
    content, style = subject.made(0), subject.made(10)
    found = {name: subject.stylize(picture(name, 0, subject.size), style) for name in EXTREMES}
    wrong = [name for name, each in found.items() if not np.isfinite(each).all()]
    text = f"not for {', '.join(wrong)} content" if wrong else f"for {', '.join(EXTREMES)} content"
    yield judged("Picture", "finite", not wrong, text, "a division by 0, or a root of a flat picture's variance")
    low, high = (float(edge([edge(each) for each in found.values()])) for edge in (np.min, np.max))
    advice = "clip to [0, 1] at the end of stylize"
    yield judged("Picture", "in [0, 1]", low >= 0 and high <= 1, f"{low:.3g} to {high:.3g}", advice)
    again = float(np.abs(subject.stylize(content, style) - found["generic"]).max())
    advice = "all randomness comes from key"
    yield judged("Picture", "the same for the same key", again == 0, f"{again:.1e} apart", advice)


def _batch(subject: Subject) -> Iterator[Finding]:
    """A batch equals its pictures alone."""
    content, style = subject.made(0, 2), subject.made(10, 2)
    together = subject.stylize(content, style)
    alone = np.concatenate([subject.stylize(content[i : i + 1], style[i : i + 1]) for i in range(2)])
    worst = float(np.abs(together - alone).max())
    advice = "a statistic over the batch axis, axis 0; noise for the whole batch from one key has this effect too"
    yield judged("Batch", "two together as two alone", worst <= _ALLOWED, f"{worst:.1e} apart", advice)


def _inputs(subject: Subject) -> Iterator[Finding]:
    """What the picture depends on."""
    content, style = subject.made(0), subject.made(10)
    output = subject.stylize(content, style)
    apart = float(np.abs(subject.stylize(subject.made(1), style) - output).mean())
    yield Finding("Input", "another content", "fact", f"changes the picture by {apart:.3g} a pixel")
    if subject.method.takes.styles == "none" or len(subject.learned):
        return
    apart = float(np.abs(subject.stylize(content, subject.made(11)) - output).mean())
    yield Finding("Input", "another style", "fact", f"changes the picture by {apart:.3g} a pixel")
    larger = subject.stylize(content, picture("generic", 10, subject.size, (3, 2)))
    good = larger.shape == content.shape and bool(np.isfinite(larger).all())
    yield judged("Input", "a style of another size", good, f"{larger.shape}", "styles have any height and width")


def _training(subject: Subject) -> Iterator[Finding]:
    """A step of training."""
    if not isinstance(subject.method, TrainedMethod):
        return
    method, before = subject.method, jax.tree.map(np.asarray, subject.state.params)
    state, metrics = jax.jit(method.step, compiler_options=QUICK)(subject.state, subject.encoder, subject.batch)
    wrong = [name for name, value in metrics.items() if not np.isfinite(value)]
    text = f"not {', '.join(wrong)}" if wrong else f"total {float(metrics['total']):.4g}"
    yield judged("Training", "finite loss", not wrong, text, "a loss that is no number: styleresearch check it first")
    leaves = list(zip(jax.tree.leaves(before), jax.tree.leaves(state.params), strict=True))
    moved = sum(bool((np.asarray(new) != old).any()) for old, new in leaves)
    text = f"{moved} of {len(leaves)} parameters changed"
    yield judged("Training", "a step changes parameters", moved > 0, text, "step returns the state that it was given")


def _cost(subject: Subject) -> Iterator[Finding]:
    """Cost of a picture."""
    content, style = subject.made(0), subject.made(10)
    start = time.perf_counter()
    subject.stylize(content, style)
    seconds = time.perf_counter() - start
    yield Finding("Cost", "time of a picture", "fact", f"{seconds:.3g} s at {subject.size} x {subject.size} px")


_PROPERTIES: tuple[tuple[str, Property[Subject]], ...] = (
    ("Picture", _outputs),
    ("Picture", _pictures),
    ("Batch", _batch),
    ("Input", _inputs),
    ("Training", _training),
    ("Cost", _cost),
)


def check_method(method: Method, encoder: Encoder, size: int = 64) -> Iterator[Finding]:
    """Yield what is found of a method, property by property.

    Args:
        method: the method; one that learns is checked untrained.
        encoder: what it sees through.
        size: side of the pictures.

    Raises:
        InputError: if pictures of this size are too small for the layers that it reads.
    """
    if method.takes.encoder:
        encoder.check(method.layers, (size, size))
    yield from findings_of(_PROPERTIES, Subject(method, encoder, size))
