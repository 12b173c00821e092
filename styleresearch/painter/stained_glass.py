"""Stained glass."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import blur, distance_to, edges, enlarge, grid, noise, shrink, unit
from styleresearch.painter.palette import choose, mix, saturate
from styleresearch.painter.scene import landscape, portrait, still_life


@PAINTINGS.register("stained_glass")
def stained_glass(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Pieces of glowing glass, cut along the forms, between dark rounded leads."""
    subject = (landscape, portrait, still_life)[rng.integers(3)]
    palette = choose(rng)
    scene = subject(rng, h, w, palette)
    scale, u = 2, 2 * unit(h, w)
    y, x = grid(h * scale, w * scale)
    warp = 0.012 * noise(rng, h * scale, w * scale, 4, 2)
    points = rng.random((230, 2))
    own = np.stack([y + warp, x - warp], axis=2).reshape(-1, 2) * np.array([h, w])
    for _ in range(2):  # Lloyd's step on the points themselves evens out the pieces
        probe = rng.random((6000, 2)) * np.array([h, w])
        nearest = KDTree(points * np.array([h, w])).query(probe)[1]
        sums = np.stack([np.bincount(nearest, probe[:, i], len(points)) for i in range(2)], axis=1)
        count = np.bincount(nearest, minlength=len(points))[:, None]
        points = np.where(count > 0, sums / np.maximum(count, 1) / np.array([h, w]), points)
    cell = KDTree(points * np.array([h, w])).query(own)[1].reshape(y.shape)
    label = np.repeat(np.repeat(scene.label, scale, 0), scale, 1).astype(np.int64)
    code, piece = np.unique(cell * 1000 + label, return_inverse=True)
    piece = piece.reshape(y.shape)
    size = np.bincount(piece.ravel())
    colour = enlarge(scene.colour, scale)
    index = np.arange(len(size))
    mean = np.stack([ndimage.mean(colour[:, :, c], piece, index) for c in range(3)], axis=1)
    # Each batch of glass differs; drawn by cell, since how many pieces there are depends on the size in pixels.
    batch = rng.normal(0, 0.05, (len(points), 1)) + rng.normal(0, 0.035, (len(points), 3))
    tint = saturate(mean + batch[code // 1000], 1.75)
    lead = distance_to(edges(piece))
    width = 0.0055 * u
    depth = np.clip(lead / (0.05 * u), 0, 1)
    streak = noise(rng, h * scale, w * scale, 9, 4, (0.35, 2.0))
    glass = tint[piece] * (0.72 + 0.42 * depth + 0.13 * streak)[:, :, None]
    glass = mix(glass, palette.light, 0.22 * depth * np.clip(noise(rng, h * scale, w * scale, 1.5, 2) + 0.3, 0, 1))
    metal = 0.07 + 0.22 * np.clip(1 - np.abs(lead / width - 0.25) * 2.2, 0, 1)
    cover = np.clip((width - lead) + 0.5, 0, 1)
    window = mix(glass, np.stack([metal, metal, metal * 1.12], axis=2), cover)
    # Light from outside spreads a little over the leads.
    return shrink(0.9 * window + 0.16 * blur(window, 0.012 * u), scale)
