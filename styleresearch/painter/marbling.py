"""Marbled paper."""

from __future__ import annotations

import numpy as np

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import grid, noise, shrink, unit
from styleresearch.painter.palette import choose, mix


@PAINTINGS.register("marbling")
def marbling(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Drops of colour spread on water and drawn out with combs and a stylus, as on the endpapers of old books.

    Source: S. Lu, A. Jaffer et al., "Mathematical Marbling", IEEE CG&A 32(6), 2012: a drop of radius r at c moves the
    point p to c + (p - c) sqrt(1 + r^2 / |p - c|^2), a tine moves it along its line by a u^d at distance d.
    Differs: the maps are run backwards, from each pixel to the drop that it shows, so no outlines are followed.
    """
    palette = choose(rng)
    scale = 2
    hs, ws = h * scale, w * scale
    y, x = grid(hs, ws)
    y, x = y * hs / unit(hs, ws), x * ws / unit(hs, ws)
    tall, wide = float(hs / unit(hs, ws)), float(ws / unit(hs, ws))
    inks = np.stack(
        [palette.accent, palette.paper, palette.high, palette.second, palette.light, palette.dark, palette.middle]
    )
    inks = inks[rng.permutation(len(inks))]
    # What the stylus and the combs did last is undone first.
    for _ in range(3):
        cy, cx = rng.uniform(0.1, 0.9) * tall, rng.uniform(0.1, 0.9) * wide
        spin = rng.choice([-1, 1]) * rng.uniform(2, 4)
        dy, dx = y - cy, x - cx
        turn = spin * np.exp(-np.hypot(dy, dx) / 0.11)
        cos, sin = np.cos(turn), np.sin(turn)
        y, x = cy + cos * dy + sin * dx, cx + cos * dx - sin * dy
    pitch = rng.uniform(0.09, 0.14)
    for direction, gap, pull in ((0, pitch, 0.16), (1, pitch * 1.7, 0.22), (0, pitch * 2.3, -0.3)):
        across = (x if direction == 0 else y) / gap + rng.random()
        tine = np.exp(-np.abs(across - np.floor(across) - 0.5) * 5.0) - 0.25
        sign = 1 - 2 * (np.floor(across) % 2) if direction else 1
        bend = 0.02 * np.sin(2 * np.pi * (x + y) * 1.7 + rng.uniform(0, 6))
        y, x = (y + pull * tine + bend, x) if direction == 0 else (y, x + pull * tine * sign)
    colour = np.zeros((hs, ws), np.int64)
    open_ = np.ones((hs, ws), bool)
    rounds = 90
    for i in range(rounds):
        cy, cx = rng.uniform(-0.15, 1.15) * tall, rng.uniform(-0.15, 1.15) * wide
        r2 = float(rng.uniform(0.04, 0.1) * (1.0 + 2.0 * i / rounds)) ** 2
        dy, dx = y - cy, x - cx
        d2 = dy * dy + dx * dx
        hit = open_ & (d2 < r2)
        colour[hit] = 1 + i
        open_ &= ~hit
        back = np.sqrt(np.maximum(1 - r2 / np.maximum(d2, 1e-9), 0))
        y, x = cy + dy * back, cx + dx * back
    shade = rng.normal(0, 0.03, (rounds + 1, 3))
    bands = inks[np.concatenate([[0], rng.integers(0, len(inks), rounds)])] + shade
    picture = bands[colour]
    # The ground is seen through the paint in fine veins.
    vein = noise(rng, hs, ws, 30, 3)
    picture = mix(picture, palette.paper, np.clip(0.07 + 0.09 * vein, 0, 0.4))
    return shrink(picture, scale)
