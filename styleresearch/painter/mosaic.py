"""Mosaic."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from skimage.measure import find_contours

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import blur, distance_to, edges, enlarge, noise, sample, shrink, unit
from styleresearch.painter.palette import choose, mix, saturate
from styleresearch.painter.scene import landscape, portrait, still_life


@PAINTINGS.register("mosaic")
def mosaic(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Small stones in rows that follow every outline (opus vermiculatum), with gold among them, in dark mortar."""
    subject = (landscape, portrait, still_life)[rng.integers(3)]
    palette = choose(rng)
    scene = subject(rng, h, w, palette)
    scale = 3
    u = unit(h, w)
    side = 0.017 * u
    away = blur(distance_to(edges(scene.label)) + 0.12 * side * noise(rng, h, w, 3, 2), 0.25 * side)
    away = np.pad(away, 1, mode="edge")
    mortar = mix(palette.dark, np.full(3, 0.35), 0.35)
    # The mortar is stained by the stones: what is too small for a stone (an eye) still shows.
    bed = np.clip(enlarge(mix(scene.colour, mortar, 0.5), scale), 0, 1)
    image = Image.fromarray((bed * 255).astype(np.uint8))
    drawing = ImageDraw.Draw(image)
    smooth = blur(scene.colour, 0.2 * side)
    for level in np.arange(float(away.max()) // side + 1)[::-1]:
        for contour in find_contours(away, (level + 0.5) * side):
            points = contour - 0.5
            gone = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
            count = int(gone[-1] / side)
            if count < 1:
                continue
            at = (np.arange(count) + 0.5) * gone[-1] / count
            cy, cx = np.interp(at, gone, points[:, 0]), np.interp(at, gone, points[:, 1])
            ahead, behind = at + 0.4 * side, at - 0.4 * side
            ty = np.interp(ahead, gone, points[:, 0]) - np.interp(behind, gone, points[:, 0])
            tx = np.interp(ahead, gone, points[:, 1]) - np.interp(behind, gone, points[:, 1])
            angle = np.arctan2(ty, tx) + rng.normal(0, 0.06, count)
            colour = saturate(sample(smooth, cy / h, cx / w), 1.35)
            colour = colour + rng.normal(0, 0.06, (count, 1)) + rng.normal(0, 0.03, (count, 3))
            colour = np.where(rng.random((count, 1)) < 0.05, mix(colour, np.array([0.93, 0.74, 0.28]), 0.75), colour)
            corner = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * 0.43 * side
            corner = corner + rng.normal(0, 0.035 * side, (count, 4, 2))
            cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
            px = cx[:, None] + cos * corner[:, :, 1] - sin * corner[:, :, 0]
            py = cy[:, None] + sin * corner[:, :, 1] + cos * corner[:, :, 0]
            quads = (np.stack([px, py], axis=2).reshape(count, 8) * scale).tolist()
            fills = (np.clip(colour, 0, 1) * 255).astype(int).tolist()
            rims = (np.clip(colour * 1.18 + 0.04, 0, 1) * 255).astype(int).tolist()
            for quad, fill, rim in zip(quads, fills, rims, strict=True):
                drawing.polygon(quad, fill=tuple(fill))
                drawing.line(quad[:4], fill=tuple(rim), width=max(1, round(0.06 * side * scale)))
    painted = shrink(np.asarray(image, np.float32) / 255, scale)
    return painted * (1 + 0.06 * noise(rng, h, w, 50, 2))[:, :, None]
