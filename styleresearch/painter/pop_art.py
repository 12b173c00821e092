"""Pop art."""

from __future__ import annotations

import numpy as np

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import blur, distance_to, edges, enlarge, grid, shrink, step, unit
from styleresearch.painter.palette import choose, mix, saturate
from styleresearch.painter.scene import portrait, still_life


@PAINTINGS.register("pop_art")
def pop_art(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Printed comic: flat inks, Ben-Day dots for the half tones, bold outlines, rays behind, as in Lichtenstein."""
    palette = choose(rng, ("fauve", "spring", "sea", "night", "provence"))
    scene = (portrait, portrait, still_life)[rng.integers(3)](rng, h, w, palette)
    scale, u = 3, 3 * unit(h, w)
    hs, ws = h * scale, w * scale
    y, x = grid(hs, ws)
    label = np.repeat(np.repeat(scene.label, scale, 0), scale, 1)
    inks = saturate(
        np.stack([palette.accent, palette.light, palette.high, palette.second, palette.middle, palette.paper]), 1.5
    )
    inks = np.concatenate([inks, mix(palette.dark, np.zeros(3), 0.4)[None], np.ones((1, 3))])
    flat = saturate(enlarge(blur(scene.colour, 0.004 * unit(h, w)), scale), 1.3)
    distance = ((flat[:, :, None] - inks.astype(np.float32)) ** 2).sum(axis=3)
    first = distance.argmin(axis=2)
    nearest = np.take_along_axis(distance, first[:, :, None], axis=2)[:, :, 0]
    # The second ink of a half tone is printed as dots, the larger the closer it is.
    np.put_along_axis(distance, first[:, :, None], 9.0, axis=2)
    second = distance.argmin(axis=2)
    other = np.take_along_axis(distance, second[:, :, None], axis=2)[:, :, 0]
    share = np.clip(np.sqrt(nearest) / (np.sqrt(nearest) + np.sqrt(other) + 1e-6), 0, 0.5)
    picture = mix(inks[first], inks[second], _dots(y * hs, x * ws, 0.0155 * u, np.clip(1.7 * share - 0.12, 0, 0.8)))
    behind = label <= 2
    burst = np.arctan2((y - 0.45) * hs, (x - rng.uniform(0.3, 0.7)) * ws)
    rays = step(np.sin(int(rng.integers(12, 20)) * burst), 0.04)
    far = np.hypot((y - 0.45) * hs, (x - 0.5) * ws) / u
    ground = mix(inks[rng.integers(0, 3)], inks[rng.integers(3, 6)], rays)
    ground = mix(ground, inks[5], _dots(y * hs, x * ws, 0.021 * u, np.clip(0.85 - far, 0, 0.75)))
    picture = np.where(behind[:, :, None], ground, picture)
    outline = distance_to(edges(np.where(behind, 0, label)))
    bold = 0.0052 * u * (1 + 0.4 * np.sin(5 * x + 7 * y))
    return shrink(mix(picture, inks[6], np.clip(bold - outline + 0.5, 0, 1)), scale)


def _dots(y: np.ndarray, x: np.ndarray, pitch: float, share: np.ndarray) -> np.ndarray:
    """Return a halftone screen at 45 degrees: coverage (h, w) of round dots that take ``share`` of the area."""
    a, b = (x + y) / (pitch * np.sqrt(2)), (x - y) / (pitch * np.sqrt(2))
    from_centre = np.hypot(a - np.round(a), b - np.round(b)) * pitch
    radius = np.sqrt(np.clip(share, 0, 1) / np.pi) * pitch
    return np.where(share > 0.01, np.clip(radius - from_centre + 0.5, 0, 1), 0)
