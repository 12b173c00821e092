"""Coloured woodcut."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import blur, distance_to, edges, enlarge, grid, noise, shrink, step, unit
from styleresearch.painter.palette import choose, mix
from styleresearch.painter.scene import landscape, portrait, still_life


@PAINTINGS.register("woodcut")
def woodcut(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Black hatching cut along the forms over a few flat printed colours on cream paper."""
    subject = (landscape, portrait, still_life)[rng.integers(3)]
    palette = choose(rng)
    scene = subject(rng, h, w, palette)
    scale, u = 3, 3 * unit(h, w)
    hs, ws = h * scale, w * scale
    y, x = grid(hs, ws)
    y, x = y * hs / u, x * ws / u
    label = np.repeat(np.repeat(scene.label, scale, 0), scale, 1)
    tone = enlarge(blur(scene.colour.mean(axis=2), 0.008 * unit(h, w)), scale)
    low, high = np.quantile(tone, [0.03, 0.9])
    dark = np.clip(1 - (tone - low) / max(high - low, 1e-3), 0, 1)
    outline = distance_to(edges(label))
    wobble = 0.006 * noise(rng, hs, ws, 5, 3)
    ink = np.zeros((hs, ws), np.float32)
    tilt = rng.uniform(0, np.pi, 512)
    pitch = 62.0
    along = outline / u
    across = x * np.cos(tilt)[label % 512] + y * np.sin(tilt)[label % 512]
    contour = (label % 2 == 0) & (along < 0.2)
    phase = np.where(contour, along, across) + wobble
    for turn, start in ((0.0, 0.16), (1.1, 0.58), (2.2, 0.8)):
        if turn:
            phase = x * np.cos(tilt[1] + turn) + y * np.sin(tilt[1] + turn) + wobble
        ridge = 0.5 + 0.5 * np.cos(2 * np.pi * pitch * phase)
        # A line swells with the darkness it stands for and ends where it is light.
        cover = np.clip((dark - start) / (1 - start), 0, 1) * 0.9
        soft = np.pi * pitch / u
        ink = np.maximum(ink, step(ridge - (1 - cover), soft) * (cover > 0.02))
    line = 0.0032 * u * (1 + 0.5 * noise(rng, hs, ws, 8, 2))
    ink = np.maximum(ink, np.clip(line - outline + 0.5, 0, 1))
    ink = np.maximum(ink, step(dark - 0.97 + 0.02 * wobble, 0.02))
    # The grain of the block leaves specks without ink.
    grain = noise(rng, hs, ws, 26, 3, (3.0, 0.12))
    ink *= 1 - 0.75 * step(grain - 1.15, 0.2)
    inks = (palette.paper, palette.light, palette.accent, palette.second, palette.far, palette.middle, palette.low)
    flat = mix(np.stack(inks), palette.paper, 0.18)
    nearest = ((scene.colour[:, :, None] - flat) ** 2).sum(axis=3).argmin(axis=2)
    block = enlarge(blur(flat[nearest], 0.7), scale)
    # Printed slightly out of register.
    block = ndimage.shift(block, (round(0.003 * u), -round(0.002 * u), 0), order=0, mode="nearest")
    block = mix(block, palette.paper, np.clip(0.18 + 0.16 * grain, 0, 0.5))
    printed = mix(block, mix(palette.dark, np.zeros(3), 0.45), ink)
    return shrink(printed, scale)
