"""Ink wash."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import blur, grid, noise, shrink, step, unit, wave, window
from styleresearch.painter.palette import mix, rgb
from styleresearch.painter.strokes import bristles, draw


@PAINTINGS.register("ink_wash")
def ink_wash(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Mountains in mist, bamboo and plum blossom in black ink on old paper, with a red sun and seal (sumi-e)."""
    scale, u = 2, 2 * unit(h, w)
    hs, ws = h * scale, w * scale
    y, x = grid(hs, ws)
    aspect = ws / hs
    fibre = noise(rng, hs, ws, 45, 3) + noise(rng, hs, ws, 50, 2, (0.15, 2.5))
    paper = rgb("efe2c4") * (1 + 0.022 * fibre)[:, :, None]
    paper = mix(paper, rgb("c9a86c"), np.clip(0.14 + 0.16 * noise(rng, hs, ws, 1.5, 5), 0, 0.4))
    red = mix(rgb("c8321f"), rgb("d9662f"), float(rng.random()))
    side = 1 if rng.random() < 0.5 else -1
    sun = np.hypot(y - rng.uniform(0.17, 0.26), (x - 0.5 - 0.22 * side) * aspect) - rng.uniform(0.07, 0.1)
    wet = noise(rng, hs, ws, 8, 4)
    paper = mix(paper, red, 0.85 * step(-sun + 0.003 * wet, 0.004) * (0.85 + 0.12 * wet))
    ink = np.zeros((hs, ws), np.float32)
    layers = int(rng.integers(4, 6))
    for i in range(layers):
        top = 0.3 + 0.5 * i / layers
        ridge = top - 0.15 * (1 - 0.5 * i / layers) * wave(rng, x * aspect, 0.75 + 0.35 * i, 6) - 0.012 * wet
        depth = y - ridge
        strength = 0.24 + 0.5 * i / layers
        crag = np.abs(noise(rng, hs, ws, 6 + 2 * i, 5, (0.8, 2.0)))
        fade = np.exp(-np.clip(depth, 0, None) / (0.07 + 0.035 * i))
        body = strength * fade * (0.55 + 0.9 * np.clip(0.55 - crag, 0, 1))
        body = body + 0.35 * strength * np.exp(-np.abs(depth) / 0.006)
        ink = np.where(depth > 0, ink * np.clip(1 - 2.2 * fade * strength - 0.5, 0, 1) + body, ink)
    ink = blur(ink, 0.0012 * u) * (1 + 0.2 * wet + 0.12 * fibre)

    lines = Image.new("L", (ws, hs))
    drawing = ImageDraw.Draw(lines)
    t = np.linspace(0, 1, 12)[None]

    def brush(
        y0: float, x0: float, y1: float, x1: float, bow: float, width: float, dark: float, hairs: int = 9
    ) -> None:
        """Draw one stroke of a half-dry brush, bowed sideways."""
        dy, dx = y1 - y0, (x1 - x0) * aspect
        py = y0 + dy * t + bow * dx * np.sin(np.pi * t)
        px = x0 + (dx * t - bow * dy * np.sin(np.pi * t)) / aspect
        hair = bristles(np.stack([py, px], axis=2), (hs, ws), np.array([width * u]), hairs)
        tone = dark * rng.choice([1.0, 0.8, 0.35], (1, hairs), p=[0.6, 0.25, 0.15])
        draw(drawing, hair, tone, np.array([1.25 * width * u / hairs]))

    for _ in range(int(rng.integers(3, 5))):
        foot, lean = 0.5 - side * rng.uniform(0.22, 0.46), rng.normal(0, 0.05)
        dark, width = rng.uniform(0.6, 1.0), rng.uniform(0.012, 0.022)
        joints = np.cumsum(rng.uniform(0.13, 0.19, 9)) - 0.15
        for a, b in pairwise(joints.tolist()):
            brush(1.02 - a, foot + lean * a, 1.028 - b, foot + lean * b, 0.01, width, dark)
            for _ in range(int(rng.integers(1, 4))):
                angle, long = rng.normal(0.5, 0.45), rng.uniform(0.07, 0.15)
                toward = side if rng.random() < 0.65 else -side
                x0, y0 = foot + lean * b + toward * 0.02, 1.02 - b
                tip = x0 + toward * long * np.cos(angle) / aspect
                wide = rng.uniform(0.009, 0.016)
                brush(y0, x0, y0 + long * np.sin(angle), tip, rng.normal(0, 0.1), wide, dark * 0.95, 6)
    start = (rng.uniform(0.55, 0.75), 0.5 + 0.55 * side)
    blossoms = []
    for _ in range(3):
        at, angle = start, rng.normal(0.5, 0.25)
        for k in range(6):
            long = rng.uniform(0.06, 0.11)
            end = (at[0] - long * np.sin(angle), at[1] - side * long * np.cos(angle) / aspect)
            brush(*at, *end, rng.normal(0, 0.08), 0.016 * (1 - k / 8), 1.0, 8)
            twig = angle + rng.choice([-1, 1]) * rng.uniform(0.5, 1.0)
            tip = (end[0] - 0.06 * np.sin(twig), end[1] - side * 0.06 * np.cos(twig) / aspect)
            brush(*end, *tip, 0.1, 0.006, 0.9, 4)
            blossoms += [tip, end] if k > 0 else []
            at, angle = end, angle + rng.normal(0, 0.4)
    stroke = np.asarray(lines, np.float32) / 255
    ink = np.maximum(ink, stroke * (1 - 0.35 * step(fibre - 0.55, 0.25)) + 0.35 * blur(stroke, 0.003 * u))
    picture = mix(paper, rgb("14161c"), np.clip(ink, 0, 0.96))
    for cy, cx in blossoms:
        for petal in range(5):
            a = petal * 2 * np.pi / 5 + rng.uniform(0, 1)
            r = rng.uniform(0.008, 0.013)
            part = window(cy, cx, 2.5 * r, (hs, ws))
            d = np.hypot(y[part] - cy - 1.1 * r * np.sin(a), (x[part] - cx) * aspect - 1.1 * r * np.cos(a))
            petal_ink = mix(red, rgb("f4b8a8"), float(rng.random()))
            picture[part] = mix(picture[part], petal_ink, 0.8 * step(r - d, 0.002))
    seal = np.maximum(np.abs(y - 0.88), np.abs((x - 0.5 - 0.4 * side) * aspect)) - 0.035
    mark = np.sin((x * aspect) * 330) * np.sin(y * 260 + 4 * wet) > 0.15
    picture = mix(picture, red, 0.9 * step(-seal + 0.002 * wet, 0.002) * (1 - 0.9 * mark * (seal < -0.007)))
    return shrink(picture, scale)
