"""Watercolour."""

from __future__ import annotations

import numpy as np

from styleresearch.painter.base import PAINTINGS
from styleresearch.painter.canvas import blur, distance_to, edges, grid, noise, sample, unit
from styleresearch.painter.palette import choose, mix, saturate
from styleresearch.painter.scene import landscape, still_life


@PAINTINGS.register("watercolour")
def watercolour(h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """Translucent washes with dark wet edges, granulation, backruns and splashes on white rough paper."""
    subject = (landscape, still_life)[rng.integers(2)]
    palette = choose(rng, ("provence", "spring", "sea", "autumn", "orchard", "sunset"))
    scene = subject(rng, h, w, palette)
    u = unit(h, w)
    y, x = grid(h, w)
    rough = noise(rng, h, w, 60, 3)
    wet = noise(rng, h, w, 3, 4)
    density = np.zeros((h, w, 3), np.float32)
    washes = ((0.016, 0.34, 0.03), (0.008, 0.42, 0.010), (0.004, 0.4, 0.003))
    for warp, strength, spread in washes:
        dy, dx = (warp * noise(rng, h, w, 7, 4) for _ in range(2))
        label = sample(scene.label, y + dy, x + dx)
        colour = blur(sample(saturate(scene.colour, 1.35), y + dy, x + dx), spread * u)
        border = distance_to(edges(label))
        # Pigment is carried to the rim of a wash and settles there; a thin gap of dry paper stays beyond it.
        rim = 1.0 * np.exp(-((border / (0.006 * u)) ** 1.4))
        pool = np.clip(0.75 + 0.65 * noise(rng, h, w, 2.5, 4) + 0.3 * wet, 0.1, 1.7)
        bloom = noise(rng, h, w, 2.2, 5)
        back = np.exp(-((bloom - 0.35) ** 2) / 0.003) - 0.5 * np.exp(-((bloom - 0.48) ** 2) / 0.02)
        amount = strength * np.clip(pool + rim + 0.35 * back, 0, 2.2)
        dry = np.clip((border - 0.0022 * u * (1 + noise(rng, h, w, 6, 2))) / (0.002 * u) + 0.5, 0.25, 1)
        density += -np.log(np.clip(colour, 0.06, 0.985)) * (amount * dry)[:, :, None]
    density *= (1 + 0.28 * np.clip(rough, -1.5, 1.5))[:, :, None]
    for _ in range(45):
        cy, cx, r = rng.random(), rng.random(), 0.0035 * rng.pareto(2.2) + 0.002
        ink = np.stack([palette.accent, palette.second, palette.far, palette.near])[rng.integers(4)]
        d = np.hypot((y - cy) * h, (x - cx) * w) / u
        drop = np.clip((min(r, 0.02) - d) * u + 0.5, 0, 1) * (0.35 + 0.4 * np.exp(-np.abs(min(r, 0.02) - d) * 350))
        density += -np.log(np.clip(ink, 0.06, 1)) * np.clip(drop, 0, 0.8)[:, :, None]
    # The sheet's edge stays unpainted.
    border = np.minimum(np.minimum(y, 1 - y) * h, np.minimum(x, 1 - x) * w) / u + 0.012 * noise(rng, h, w, 5, 4)
    density *= np.clip((border - 0.03) * 60, 0, 1)[:, :, None]
    paper = mix(palette.paper, np.ones(3), 0.6) * (1 + 0.025 * rough)[:, :, None]
    return paper * np.exp(-0.82 * density)
