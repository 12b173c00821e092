"""Cubism."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import distance_to, edges, enlarge, grid, noise, sample, shrink, unit
from styleresearch.painter.palette import choose, mix
from styleresearch.painter.scene import portrait, still_life


@PAINTINGS.register("cubism")
def cubism(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Shaded facets, each showing the subject from a slightly different place, with broken dark contours."""
    palette = choose(rng, ("autumn", "sea", "night", "provence", "orchard"))
    scene = (portrait, still_life)[rng.integers(2)](rng, h, w, palette)
    scale, u = 2, 2 * unit(h, w)
    hs, ws = h * scale, w * scale
    y, x = grid(hs, ws)
    facets = _split(rng, 110)
    drawn = Image.new("I", (ws, hs))
    drawing = ImageDraw.Draw(drawn)
    for i, polygon in enumerate(facets):
        drawing.polygon([(px * ws, py * hs) for py, px in polygon], fill=i)
    facet = np.asarray(drawn).astype(int)
    n = len(facets)
    centre = np.stack([polygon.mean(axis=0) for polygon in facets])
    # Each facet has its own point of view: shifted, turned and scaled about its centre.
    shift, turn, zoom = rng.normal(0, 0.032, (n, 2)), rng.normal(0, 0.22, n), rng.uniform(0.8, 1.1, n)
    dy, dx = (y - centre[facet, 0]) * hs, (x - centre[facet, 1]) * ws
    cos, sin = (np.cos(turn) * zoom)[facet], (np.sin(turn) * zoom)[facet]
    sy = centre[facet, 0] + shift[facet, 0] + (cos * dy + sin * dx) / hs
    sx = centre[facet, 1] + shift[facet, 1] + (cos * dx - sin * dy) / ws
    view = sample(enlarge(scene.colour, scale), sy, sx)
    seen = sample(scene.label, sy, sx)
    earth = np.stack([palette.dark, palette.second, palette.near, palette.middle, palette.paper, palette.high])
    view = mix(view, earth[rng.integers(0, len(earth), n)][facet], rng.uniform(0.05, 0.42, n)[facet])
    # Planes run from light to dark across, as if folded.
    toward = rng.uniform(0, 2 * np.pi, n)
    slope = (dy * np.sin(toward)[facet] + dx * np.cos(toward)[facet]) / (0.16 * u)
    view = mix(view, palette.paper, np.clip(0.42 * slope, 0, 0.5))
    view = mix(view, palette.dark, np.clip(-0.5 * slope, 0, 0.55))
    brush = toward[facet] + 1.57
    texture = noise(rng, hs, ws, 40, 2)
    dabs = np.sin((dy * np.cos(brush) - dx * np.sin(brush)) * 2 * np.pi / (0.009 * u) + 3 * texture)
    view = view * (1 + 0.05 * dabs + 0.05 * texture)[:, :, None]
    fold = distance_to(edges(facet))
    faint = 0.5 + 0.5 * noise(rng, hs, ws, 5, 2)
    view = mix(view, palette.dark, 0.85 * np.clip(0.0026 * u - fold + 0.5, 0, 1) * np.clip(faint * 1.6, 0.15, 1))
    form = distance_to(edges(seen) & (fold > 1))
    view = mix(view, palette.dark * 0.7, 0.9 * np.clip(0.0022 * u - form + 0.5, 0, 1))
    return shrink(view, scale)


def _split(rng: np.random.Generator, count: int) -> list[np.ndarray]:
    """Return ``count`` convex polygons (points, 2) that tile the unit square: the largest is cut again and again."""
    polygons = [np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])]
    favoured = rng.uniform(0, np.pi)  # most cuts follow two directions, which holds the picture together
    while len(polygons) < count:
        size = [np.ptp(p, axis=0).prod() * (0.6 + 0.8 * np.hypot(*(p.mean(axis=0) - 0.48))) for p in polygons]
        polygon = polygons.pop(int(np.argmax(size)))
        angle = favoured + rng.choice([0, np.pi / 2, np.pi / 4], p=[0.4, 0.35, 0.25]) + rng.normal(0, 0.22)
        normal = np.array([np.cos(angle), np.sin(angle)])
        weights = rng.dirichlet(np.full(len(polygon), 2.0))
        side = (polygon - weights @ polygon) @ normal
        for sign in (1, -1):
            piece = []
            for i in range(len(polygon)):
                a, b, da, db = polygon[i - 1], polygon[i], sign * side[i - 1], sign * side[i]
                if da * db < 0:
                    piece.append(a + (b - a) * da / (da - db))
                if db >= 0:
                    piece.append(b)
            if len(piece) >= 3:
                polygons.append(np.array(piece))
    return polygons
