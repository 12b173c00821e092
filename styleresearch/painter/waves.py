"""Waves in the manner of ukiyo-e."""

from __future__ import annotations

import numpy as np

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import blur, grid, noise, shrink, step, unit, wave, window
from styleresearch.painter.palette import mix, rgb


@PAINTINGS.register("waves")
def waves(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of rolling waves with striped backs and curling white foam before a snowy mountain, printed in few inks."""
    scale, u = 2, 2 * unit(h, w)
    hs, ws = h * scale, w * scale
    y, x = grid(hs, ws)
    a = hs / u
    y, x = y * a, x * ws / u
    wide = ws / u
    line = 0.0028
    blues = [rgb(c) for c in ("16305c", "245088", "3f7cb0", "86b4c8", "c3d9d3")]
    cream, ink = rgb("f2e6c8"), rgb("0f1d38")
    skies = (("e9c9a0", "c96a4a"), ("d9dcc0", "7c9aa8"), ("f0d9a8", "8c6f9a"), ("f4d8b8", "e0806a"))
    low, high = (rgb(c) for c in skies[int(rng.integers(len(skies)))])
    picture = mix(high, low, np.clip(1.9 * y / a, 0, 1))
    band = 0.12 * a + 0.02 * wave(rng, x, 0.8, 3)
    picture = mix(picture, mix(high, ink, 0.5), 0.75 * np.clip(1 - y / band, 0, 1))
    for _ in range(3):
        cy = rng.uniform(0.15, 0.45) * a
        mist = 0.014 - np.abs(y - cy - 0.01 * wave(rng, x, 1.5, 2)) + 0.02 * wave(rng, x, 0.7, 2)
        picture = mix(picture, cream, 0.6 * step(mist, 0.003))
    side = rng.choice([-1, 1])
    sun = 0.075 - np.hypot(y - 0.2 * a, x - wide * (0.5 - 0.3 * side))
    picture = mix(picture, rgb("cf3a24"), step(sun, 0.5 / u))
    # The mountain: concave slopes, snow that runs down in tongues.
    top, foot, cx = rng.uniform(0.2, 0.27) * a, 0.66 * a, wide * (0.5 + 0.2 * side)
    slope = np.abs(x - cx) + 0.004 * wave(rng, y, 4.0, 3)
    mountain = (y - top) - 0.62 * (foot - top) * (1 - np.exp(-slope * 3.6)) * 1.5
    picture = mix(picture, mix(blues[1], low, np.clip((y - top) / (foot - top), 0, 1) ** 1.3), step(mountain, 0.5 / u))
    snow = top + 0.095 * a + 0.035 * wave(rng, x, 9.0, 3) - y
    picture = mix(picture, rgb("faf6ea"), step(np.minimum(mountain, snow), 0.5 / u))
    picture = mix(picture, ink, 0.8 * step(line - np.abs(mountain), 0.5 / u) * (y < foot))

    rows = 6
    for i in range(rows):
        near = i / (rows - 1)
        base, height = a * (0.56 + 0.42 * near), 0.05 + 0.09 * near
        length = 0.26 + 0.3 * near
        drift = rng.uniform(0, 1)
        swell = 0.03 * wave(rng, x, 0.9, 2)
        # Leaning crests: a sine pushed forward by its own height breaks like a wave.
        phase = x / length + drift
        lean = phase + side * 0.17 * np.sin(2 * np.pi * phase)
        crest = base + swell - height * (0.5 + 0.5 * np.cos(2 * np.pi * lean)) ** 1.6
        depth = y - crest - 0.003 * wave(rng, x, 9, 2)
        sea = step(depth, 0.5 / u)
        body = mix(blues[3 - min(3, i // 2)], blues[0], np.clip(depth / (0.16 + 0.1 * near), 0, 1) ** 0.8)
        # Stripes run down the back of the wave, spreading like the ribs of a fan.
        rib = np.cos(2 * np.pi * (depth * (46 - 16 * near) + 1.6 * np.cos(2 * np.pi * lean)))
        body = mix(body, blues[4], 0.85 * step(rib - 0.35, 0.12) * np.clip(1 - depth / 0.3, 0, 1))
        body = mix(body, ink, 0.8 * step(rib + 0.93 - 1.8 * (rib > 0), 0.05))
        picture = mix(picture, body, sea)
        picture = mix(picture, ink, step(line * (1 + near) - np.abs(depth), 0.5 / u))
        _foam(rng, y, x, picture, crest, lean, (near, length, height, float(side)), u)
    spray = rng.random((170, 3))
    for sy, sx, r in spray:
        cy, cx, r = (0.4 + 0.35 * sy) * a, sx * wide, 0.0014 + 0.0035 * r**3
        part = window(cy / a, cx / wide, r / a, (hs, ws))
        d = np.hypot(y[part] - cy, x[part] - cx)
        picture[part] = mix(picture[part], cream, np.clip((r - d) * u + 0.5, 0, 1))
    grain = noise(rng, hs, ws, 14, 4, (4.0, 0.15))
    picture = mix(picture, cream, np.clip(0.07 + 0.09 * grain, 0, 0.3))
    return shrink(picture * (1 + 0.02 * blur(noise(rng, hs, ws, 80, 2), 1.0))[:, :, None], scale)


def _foam(
    rng: np.random.Generator,
    y: np.ndarray,
    x: np.ndarray,
    picture: np.ndarray,
    crest: np.ndarray,
    lean: np.ndarray,
    wave_: tuple[float, float, float, float],
    u: float,
) -> None:
    """Lay outlined scallops and little claws of foam on the crests, in place."""
    near, length, height, side = wave_
    white, ink = rgb("faf5e6"), rgb("0f1d38")
    line, a = 0.0022 * (1 + near), y.shape[0] / u
    offsets = rng.random((160, 4))
    columns = offsets[:, 0] * x.shape[1]
    order = np.argsort(offsets[:, 1])
    for k in order:
        column = int(columns[k])
        top = float(crest[0, column])
        high = 0.5 + 0.5 * np.cos(2 * np.pi * float(lean[0, column]))
        if high < 0.45:
            continue
        r = (0.006 + 0.013 * near) * (0.55 + 0.9 * offsets[k, 2]) * (0.5 + high / 2)
        cy = top + (offsets[k, 1] - 0.25) * 0.4 * height * high
        cx = float(x[0, column]) - side * 0.05 * length * (1 - offsets[k, 1])
        part = window(cy / a, cx * u / y.shape[1], 1.4 * r / a, (y.shape[0], y.shape[1]))
        dy, dx = y[part] - cy, x[part] - cx
        d = np.hypot(dy, dx)
        # A bite out of the lower side turns a round blob into a claw.
        bite = np.hypot(dy - 0.55 * r, dx + side * 0.5 * r) - 0.5 * r
        blob = np.minimum(r - d, bite) if offsets[k, 3] < 0.55 else r - d
        outlined = mix(picture[part], ink, np.clip((blob + line) * u + 0.5, 0, 1))
        picture[part] = mix(outlined, white, np.clip(blob * u + 0.5, 0, 1))
