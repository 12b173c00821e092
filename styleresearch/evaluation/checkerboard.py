"""Patterns that repeat every 2, 4 or 8 px, as networks that double the size of their activations leave them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from styleresearch.errors import InputError
from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.types import Image, PerImage

PERIODS = (2, 4, 8)
LEAST = 32
"""Side of a picture, px: below, the neighbours of one peak are those of the next."""
_ROUNDING = (1 / 255) ** 2 / 12
"""Power of the rounding to 8 bits, in every frequency."""
_RING = np.array([(y, x) for y in range(-2, 3) for x in range(-2, 3) if max(abs(y), abs(x)) == 2])
"""The nearest frequencies that a pure tone does not reach through the window."""


@METRICS.register("checkerboard")
@dataclass(frozen=True)
class Checkerboard(Metric):
    """Power of the output in patterns of 2, 4 and 8 px, over that of the neighbouring frequencies, in dB.

    The period that stands out most counts. A picture without such a pattern has some 0 to 3 dB by chance. Styles that
    are printed on a grid have it too: read it beside the floor baselines.

    Source: Odena, Dumoulin and Olah 2016, "Deconvolution and Checkerboard Artifacts", for what it looks for; peaks over
        their surroundings as Zhang, Karaman and Chang 2019 find them in spectra of generated pictures.
    Differs: neither gives a number. Here the mean over the frequencies of a period of power over the mean power of the
        ring of 16 frequencies around each, under a Hann window.

    Attributes:
        title: its name in tables.
    """

    title: str = "Checkerboard (dB)"
    better: ClassVar = "lower"
    source: ClassVar = "after Odena et al. 2016"
    version: ClassVar = 1
    range: ClassVar = "0 dB up"
    compares: ClassVar = False

    def summarise(self, needs: Needs, style: Image) -> None:
        """Return nothing: it does not read the style."""

    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return the excess of the period that stands out most; 0 where none does, as in a flat picture."""
        power = _power(output)
        height, width = power.shape[1:]
        found = []
        for period in PERIODS:
            y, x = _frequencies(period)
            y, x = y * (height // PERIODS[-1]), x * (width // PERIODS[-1])
            around = power[:, (y[:, None] + _RING[:, 0]) % height, (x[:, None] + _RING[:, 1]) % width].mean(2)
            found.append(((power[:, y, x] + _ROUNDING) / (around + _ROUNDING)).mean(1))
        return jnp.maximum(10 * jnp.log10(jnp.stack(found).max(0)), 0.0)

    def definition(self) -> str:
        """Return what is measured."""
        return (
            "Power of the output at periods of 2, 4 and 8 px over that of the neighbouring frequencies, the largest of "
            "the three, in dB; 0 for no pattern."
        )

    def check(self, needs: Needs, size: tuple[int, int] | None = None) -> None:
        """Raise for images whose frequencies lie too close together."""
        if size is not None and min(size) < LEAST:
            raise InputError(
                f"checkerboard needs images of at least {LEAST}x{LEAST} px, got {size[1]}x{size[0]}; leave the metric "
                "out"
            )


def _frequencies(period: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the frequencies, in eighths, of patterns of this period along one axis at least, and of no longer one."""
    found = [(y, x) for y in range(8) for x in range(8) if 8 // np.gcd.reduce((8, y, x)) == period]
    return np.array(found).T[0], np.array(found).T[1]


def _power(image: Image) -> Float[Array, "b h w"]:
    """Return the spectrum under a Hann window, of sides cut to multiples of 8; white noise has its variance."""
    height, width = (side - side % PERIODS[-1] for side in image.shape[1:3])
    image = image[:, :height, :width]
    image = image - image.mean((1, 2), keepdims=True)
    windows = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(side) / side) for side in (height, width))
    window = np.multiply.outer(*windows).astype(np.float32)
    spectrum = jnp.fft.fft2(image * window[None, :, :, None], axes=(1, 2))
    return (jnp.abs(spectrum) ** 2).mean(3) / (window**2).sum()
