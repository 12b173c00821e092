"""Suprematism."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import blur, grid, noise, relief, shrink, step, unit
from styleresearch.painter.palette import choose, mix


@PAINTINGS.register("suprematism")
def suprematism(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Bars, discs, rings and wedges afloat along two crossing axes on pale canvas, as in Malevich and Kandinsky."""
    palette = choose(rng)
    scale, u = 2, 2 * unit(h, w)
    hs, ws = h * scale, w * scale
    y, x = grid(hs, ws)
    y, x = (y - 0.5) * hs / u, (x - 0.5) * ws / u
    tall, wide = hs / u, ws / u
    weave = noise(rng, hs, ws, 70, 2, (2.0, 0.3)) + noise(rng, hs, ws, 70, 2, (0.3, 2.0))
    picture = mix(palette.paper, palette.low, np.clip(0.18 + 0.25 * noise(rng, hs, ws, 1.2, 4), 0, 0.6))
    bumps = 0.05 * weave
    axis = rng.uniform(0.35, 0.9) * rng.choice([-1, 1])
    inks = [palette.accent, palette.dark, palette.high, palette.second, palette.light, palette.middle, palette.dark]

    def lay(distance: np.ndarray, ink: np.ndarray, tilt: float, thick: float = 0.92) -> None:
        """Lay a flat form, brushed along ``tilt``, with a soft shadow to its lower right."""
        near = distance > -0.02
        rows, columns = np.nonzero(near.any(axis=1))[0], np.nonzero(near.any(axis=0))[0]
        if not len(rows):
            return
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        inside, under, woven = distance[part], picture[part], weave[part]
        cover = np.clip(inside * u + 0.5, 0, 1)
        shadow = ndimage.shift(step(inside, 0.006), round(0.006 * u), order=0, mode="nearest")
        hair = np.sin((y[part] * np.cos(tilt) - x[part] * np.sin(tilt)) * 2 * np.pi / 0.007 + 2.5 * woven)
        body = mix(ink, palette.paper, np.clip(0.07 + 0.07 * hair + 0.05 * woven, 0, 0.35))
        picture[part] = mix(mix(under, palette.dark, 0.28 * shadow * (1 - cover)), body, cover * thick)
        bumps[part] = bumps[part] * (1 - 0.6 * cover) + cover * (0.25 + 0.12 * hair)

    def bar(cy: float, cx: float, length: float, width: float, tilt: float) -> np.ndarray:
        dy, dx = y - cy, x - cx
        along, across = dx * np.cos(tilt) + dy * np.sin(tilt), dy * np.cos(tilt) - dx * np.sin(tilt)
        return np.minimum(length / 2 - np.abs(along), width / 2 - np.abs(across))

    def disc(cy: float, cx: float, r: float) -> np.ndarray:
        return r - np.hypot(y - cy, x - cx)

    cy, cx = rng.uniform(-0.2, 0.05) * tall, rng.uniform(-0.25, 0.25) * wide
    r = rng.uniform(0.16, 0.24)
    lay(disc(cy, cx, r), inks[int(rng.integers(0, 4))], axis)
    lay(r * 0.12 - np.abs(disc(cy, cx, r * 1.35)), inks[int(rng.integers(1, 6))], axis, 0.75)
    for i in range(34):
        grand = i < 5
        at = rng.normal(0, 0.3) * wide
        spot = (at * np.sin(axis) + rng.normal(0, 0.19) * tall, at * np.cos(axis) + rng.normal(0, 0.08))
        tilt = axis + (np.pi / 2 if rng.random() < 0.3 else 0) + rng.normal(0, 0.06)
        ink = inks[int(rng.integers(0, len(inks)))]
        kind = rng.random()
        length, width = rng.uniform(0.1, 0.45), rng.uniform(0.008, 0.03)
        if grand:
            lay(bar(*spot, rng.uniform(0.35, 0.6), rng.uniform(0.06, 0.16), tilt), ink, tilt)
        elif kind < 0.55:
            lay(bar(*spot, length, width, tilt), ink, tilt)
        elif kind < 0.68:
            lay(disc(*spot, width * 1.4), ink, tilt)
        elif kind < 0.78:
            lay(0.004 - np.abs(disc(*spot, width * 4)), palette.dark, tilt)
        elif kind < 0.9:
            narrow = bar(*spot, length, 0.3, tilt)
            dy, dx = y - spot[0], x - spot[1]
            along, across = dx * np.cos(tilt) + dy * np.sin(tilt), dy * np.cos(tilt) - dx * np.sin(tilt)
            lay(np.minimum(narrow, (length / 2 - along) * 0.22 - np.abs(across)), ink, tilt)
        else:
            for k in range(6):
                offset = (k - 2.5) * 0.022
                beside = (spot[0] + offset * np.cos(tilt), spot[1] - offset * np.sin(tilt))
                lay(bar(*beside, length * 0.6, 0.007, tilt), ink, tilt)
    return shrink(picture * relief(blur(bumps, 0.0012 * u), 0.003 * u), scale)
