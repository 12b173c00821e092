"""Tools of the painter: coordinates, noise, soft shapes, supersampling.

Everything random is drawn in numbers and units that do not depend on the size in pixels, so that one seed gives one
composition at every size.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage


def grid(h: int, w: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (y, x), each (h, w) in (0, 1): the centres of the pixels as fractions of height and width."""
    y, x = np.meshgrid((np.arange(h) + 0.5) / h, (np.arange(w) + 0.5) / w, indexing="ij")
    return y.astype(np.float32), x.astype(np.float32)


def unit(h: int, w: int) -> float:
    """Return the length that sizes of strokes are fractions of, in pixels: the side of a square of the same area."""
    return float(np.sqrt(h * w))


def noise(
    rng: np.random.Generator,
    h: int,
    w: int,
    frequency: float | int,
    octaves: int = 4,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> np.ndarray:
    """Return smooth random values (h, w), mean about 0, standard deviation about 1/2 (fractal value noise).

    Args:
        rng: randomness; how much is drawn does not depend on the size.
        h: rows.
        w: columns.
        frequency: cells of the coarsest octave in a ``unit``; every octave doubles it and halves the strength.
        octaves: how many.
        stretch: factors of the frequency along y and x, for grain.
    """
    total = np.zeros((h, w), np.float32)
    aspect = float(np.clip(np.sqrt(h / w), 0.25, 4))
    for octave in range(octaves):
        cells = frequency * 2**octave
        rows, columns = cells * stretch[0] * aspect, cells * stretch[1] / aspect
        side = [int(np.ceil(4 * cells * s)) + 4 for s in stretch]
        lattice = rng.standard_normal((min(side[0], 1024), min(side[1], 1024))).astype(np.float32)
        rows, columns = min(rows, lattice.shape[0] - 4), min(columns, lattice.shape[1] - 4)
        box = (1.5, 1.5, 1.5 + columns, 1.5 + rows)
        layer = Image.fromarray(lattice).resize((w, h), Image.Resampling.BICUBIC, box=box)
        total += np.asarray(layer) * 0.5 ** (octave + 0.75)
    return total


def wave(rng: np.random.Generator, x: np.ndarray, frequency: float | int, octaves: int = 4) -> np.ndarray:
    """Return a smooth random function of ``x`` (any shape), about in [-1, 1]: a ridge line."""
    total = np.zeros_like(x)
    for octave in range(octaves):
        phase, wobble = rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 1.25)
        total += np.sin(2 * np.pi * frequency * wobble * 2**octave * x + phase) * 0.55**octave
    return total / 1.6


def step(distance: np.ndarray, softness: float) -> np.ndarray:
    """Return 0 where ``distance`` is below -softness, 1 above +softness, smooth in between."""
    t = np.clip(distance / (2 * softness) + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def sample(field: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return ``field`` (h, w, ...) at fractions ``y``, ``x`` of its height and width: the nearest pixel."""
    h, w = field.shape[:2]
    return field[np.clip((y * h).astype(int), 0, h - 1), np.clip((x * w).astype(int), 0, w - 1)]


def enlarge(field: np.ndarray, factor: int) -> np.ndarray:
    """Return a map (h, w) or image (h, w, 3) enlarged by a whole factor, bilinear."""
    h, w = field.shape[:2]
    size = (w * factor, h * factor)
    if field.ndim == 2:
        return np.asarray(Image.fromarray(np.asarray(field, np.float32)).resize(size, Image.Resampling.BILINEAR))
    return np.stack([enlarge(field[:, :, c], factor) for c in range(field.shape[2])], axis=2)


def shrink(array: np.ndarray, factor: int) -> np.ndarray:
    """Return the means of factor x factor blocks of an image (h, w, 3): the end of supersampling."""
    h, w = array.shape[0] // factor, array.shape[1] // factor
    return array.reshape(h, factor, w, factor, -1).mean(axis=(1, 3))


def blur(array: np.ndarray, sigma: float) -> np.ndarray:
    """Return a map (h, w) or image (h, w, 3) blurred by a Gaussian of ``sigma`` pixels."""
    return ndimage.gaussian_filter(array, (sigma, sigma, 0)[: array.ndim], mode="nearest")


def edges(label: np.ndarray) -> np.ndarray:
    """Return a boolean map (h, w), true where the label differs from the right or lower neighbour's."""
    found = np.zeros(label.shape, bool)
    found[:, :-1] |= label[:, 1:] != label[:, :-1]
    found[:-1] |= label[1:] != label[:-1]
    return found


def distance_to(mask: np.ndarray) -> np.ndarray:
    """Return the distance (h, w) in pixels to the nearest true pixel of ``mask``; far away where there is none."""
    if not mask.any():
        return np.full(mask.shape, float(sum(mask.shape)), np.float32)
    return np.asarray(ndimage.distance_transform_edt(~mask), np.float32)


def relief(height: np.ndarray, strength: float) -> np.ndarray:
    """Return the brightness factor (h, w, 1) of a surface lit from the upper left; 1 where it is flat."""
    dy, dx = np.gradient(height) if min(height.shape) > 1 else (np.zeros_like(height), np.zeros_like(height))
    return np.clip(1 + strength * (dx + dy), 0.55, 1.5)[:, :, None]


def window(y: float, x: float, radius: float, size: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns around a spot, so that a small thing costs little to lay.

    Args:
        y: the spot, as a fraction of the height.
        x: the spot, as a fraction of the width.
        radius: how far around, as a fraction of the height.
        size: height and width in pixels.
    """
    r = radius * size[0] + 2
    cy, cx = y * size[0], x * size[1]
    spans = [(max(0, int(c - r)), min(n, int(c + r) + 1)) for c, n in zip((cy, cx), size, strict=True)]
    return slice(spans[0][0], max(spans[0])), slice(spans[1][0], max(spans[1]))
