"""Thick, swirling oil paint."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import blur, enlarge, noise, relief, sample, shrink, unit
from styleresearch.painter.palette import choose, mix, saturate
from styleresearch.painter.scene import landscape
from styleresearch.painter.strokes import bristles, draw, trace


@PAINTINGS.register("impasto")
def impasto(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Short thick strokes that follow the eddies of the sky and the slopes, in relief, as in van Gogh's late work."""
    palette = choose(rng, ("night", "provence", "sunset", "autumn", "orchard"))
    scene = landscape(rng, h, w, palette)
    scale, u = 2, 2 * unit(h, w)
    size = (h * scale, w * scale)
    ground = mix(blur(scene.colour, 0.01 * u), palette.dark, 0.25)
    image = Image.fromarray((np.clip(enlarge(ground, scale), 0, 1) * 255).astype(np.uint8))
    height = Image.new("L", image.size, 90)
    angle = scene.angle + 0.3 * noise(rng, h, w, 5, 2)
    vivid = saturate(scene.colour, 1.25)
    for count, length, width, hairs in ((700, 0.13, 0.030, 6), (2200, 0.085, 0.017, 5), (2600, 0.055, 0.011, 4)):
        start = rng.random((count, 2))
        at = sample(vivid, start[:, 0], start[:, 1])
        # Neighbouring strokes differ in lightness and hue; hairs of one brush carry unmixed paint.
        tone = at + rng.normal(0, 0.055, (count, 1)) + rng.normal(0, 0.03, (count, 3))
        extra = np.stack([palette.light, palette.accent, palette.second, palette.dark, palette.paper])
        share = rng.choice([0, 0.12, 0.4], (count, 1), p=[0.5, 0.38, 0.12])
        tone = tone + share * (extra[rng.integers(0, 5, count)] - tone)
        hair = tone[:, None] + rng.normal(0, 0.07, (count, hairs, 1)) + np.linspace(0.06, -0.08, hairs)[None, :, None]
        lengths = length * unit(h, w) * rng.uniform(0.6, 1.3, count)
        widths = width * u * rng.uniform(0.7, 1.3, count)
        lines = bristles(trace(angle, start, lengths), size, widths, hairs)
        draw(ImageDraw.Draw(image), lines, hair, 1.35 * widths / hairs)
        ridge = 0.45 + 0.3 * rng.random((count, hairs)) + np.linspace(0.15, -0.15, hairs)
        draw(ImageDraw.Draw(height), lines, ridge, 1.35 * widths / hairs)
    bumps = blur(np.asarray(height, np.float32) / 255, 0.0014 * u)
    painted = np.asarray(image, np.float32) / 255 * relief(bumps, 0.0055 * u)
    return shrink(painted, scale)
