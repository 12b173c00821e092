"""Palettes: colours chosen to go together, by the role they play in a picture."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Palette:
    """Colours (3,) in [0, 1] by role.

    Attributes:
        high: the sky's or wall's upper colour.
        low: the sky's or wall's lower colour.
        light: sun, lamp, highlights.
        far: the distance.
        middle: the middle ground.
        near: the foreground.
        accent: a strong colour for what should be seen first.
        second: a second strong colour.
        dark: lines and shadows.
        paper: the ground that is painted on.
    """

    high: np.ndarray
    low: np.ndarray
    light: np.ndarray
    far: np.ndarray
    middle: np.ndarray
    near: np.ndarray
    accent: np.ndarray
    second: np.ndarray
    dark: np.ndarray
    paper: np.ndarray


PALETTES = {
    "night": "1b2f73 5f94cf ffe27a 3f73b0 2f6d7a 24583f f2b632 e8743b 0d1633 f3ead2",
    "provence": "5fa8e0 f6e3a1 ffd23f 8f9fd0 8bb04a e3b63c d9542b 7a4fa3 2c2a4a f7efd9",
    "sunset": "3b2a6b f58a4b ffe08a a0559a 6a3f86 3d2f60 f2545b ffc145 1c1530 f8ead6",
    "sea": "2f7fb8 cfeeea fff3c4 5aa7b5 2c8c99 e6c88a e4572e f3a712 123a5a f4f0e4",
    "autumn": "6f9cb4 f3dfb8 fff0b3 b9885a c4552d 8a4322 e8a317 a4243b 2b1b17 f6ecd8",
    "spring": "79c4e6 fde3ea fff6c9 9cc7a5 6fb35b 3f8f57 f0568d f9c846 24404a fbf6e9",
    "fauve": "1e88a8 f7c59f ffe600 e0457b 2a9d5c f26419 d7263d 5f2a84 1b1b3a fdf3dc",
    "orchard": "2a6f8f bfe0c2 fff1a8 6c9a8b a7b83d 4f7a28 d1345b f2a03d 20302b faf3df",
}
"""Name -> ten colours in the order of ``Palette``'s fields."""


def rgb(code: str) -> np.ndarray:
    """Return the colour (3,) in [0, 1] of six hexadecimal digits."""
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255


def choose(rng: np.random.Generator, names: tuple[str, ...] | None = None) -> Palette:
    """Return one of the palettes (of ``names``, if given), every colour shifted a little."""
    name = str(rng.choice(names if names is not None else tuple(PALETTES)))
    colours = np.stack([rgb(code) for code in PALETTES[name].split()])
    shifted = np.clip(colours + rng.normal(0, 0.015, colours.shape) + rng.normal(0, 0.012, 3), 0, 1)
    return Palette(**{field.name: shifted[i] for i, field in enumerate(fields(Palette))})


def mix(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Return a + t (b - a): colours (3,) or images, ``t`` a number or a map (h, w) that is spread over the channels."""
    if isinstance(t, np.ndarray) and t.ndim == 2:
        t = t[:, :, None]
    return a + t * (b - a)


def saturate(colour: np.ndarray, factor: float) -> np.ndarray:
    """Return colours (..., 3) with their distance from grey multiplied by ``factor``, clipped to [0, 1]."""
    grey = colour.mean(axis=-1, keepdims=True)
    return np.clip(grey + factor * (colour - grey), 0, 1)
