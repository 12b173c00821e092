"""The pictures that metrics and methods are checked on."""

from __future__ import annotations

import numpy as np

EXTREMES = ("generic", "constant", "black", "white")


def picture(kind: str, seed: int, side: int, ratio: tuple[int, int] = (1, 1)) -> np.ndarray:
    """Return a picture (1, h, w, 3) in [0, 1]: one of ``EXTREMES``; a generic one has large shapes and fine grain.

    Args:
        kind: which.
        seed: of a generic one.
        side: its shorter side.
        ratio: of height to width; the smaller of them is ``side``.
    """
    height, width = (side * part // max(min(ratio), 1) for part in ratio)
    shape = (1, height, width, 3)
    if kind != "generic":
        return np.full(shape, {"constant": 0.5, "black": 0.0, "white": 1.0}[kind], np.float32)
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / side
    waves = np.zeros((height, width, 3))
    for _ in range(6):
        down, across = random.normal(scale=3, size=2)
        waves += random.normal(size=3) * np.cos(2 * np.pi * (down * y + across * x + random.random()))[..., None]
    return np.clip(0.5 + 0.15 * waves + 0.05 * random.normal(size=waves.shape), 0, 1)[None].astype(np.float32)
