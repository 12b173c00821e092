"""Pointillism."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import sample, shrink, unit
from styleresearch.painter.palette import choose, mix, saturate
from styleresearch.painter.scene import landscape, still_life


@PAINTINGS.register("pointillism")
def pointillism(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Layers of small round touches of pure colour, complementary ones among them, as in Seurat and Signac."""
    subject = (landscape, still_life)[rng.integers(2)]
    palette = choose(rng, ("provence", "sea", "spring", "fauve", "sunset", "orchard"))
    scene = subject(rng, h, w, palette)
    scale, u = 3, 3 * unit(h, w)
    image = Image.new("RGB", (w * scale, h * scale), tuple(int(255 * v) for v in mix(palette.paper, palette.low, 0.3)))
    drawing = ImageDraw.Draw(image)
    for spacing, radius, spread in ((0.021, 0.0135, 0.09), (0.0165, 0.0095, 0.13), (0.0145, 0.0066, 0.17)):
        n = int(1.25 / spacing)
        cells = np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"), axis=2).reshape(-1, 2)
        at = (cells + rng.uniform(-0.1, 1.1, cells.shape)) / n
        at = at[rng.permutation(len(at))]
        colour = saturate(sample(scene.colour, at[:, 0], at[:, 1]), 1.45)
        # Each touch is one pigment: its neighbours average to the colour that is meant.
        colour = colour + rng.normal(0, spread, colour.shape)
        kind = rng.random(len(at))[:, None]
        luminance = colour.mean(axis=1, keepdims=True)
        colour = np.where(kind < 0.11, np.clip(2 * luminance - colour, 0, 1) * 0.75 + 0.25 * colour, colour)
        colour = np.where(kind > 0.95, mix(colour, palette.light, 0.6), colour)
        colour = np.where((kind > 0.9) & (kind <= 0.95), mix(colour, palette.second, 0.55), colour)
        r = radius * u * rng.uniform(0.75, 1.15, len(at))
        py, px = at[:, 0] * h * scale, at[:, 1] * w * scale
        boxes = np.stack([px - r, py - r, px + r, py + r], axis=1).tolist()
        for box, fill in zip(boxes, (np.clip(colour, 0, 1) * 255).astype(int).tolist(), strict=True):
            drawing.ellipse(box, fill=tuple(fill))
    return shrink(np.asarray(image, np.float32) / 255, scale)
