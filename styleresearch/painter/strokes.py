"""Brush strokes: paths that follow a direction field, drawn bristle by bristle."""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw

from styleresearch.painter.canvas import sample


def trace(angle: np.ndarray, start: np.ndarray, length: np.ndarray, points: int = 8) -> np.ndarray:
    """Return paths along the direction field ``angle``, centred on their starts.

    Args:
        angle: (h, w) radians.
        start: (n, 2), y and x as fractions of height and width.
        length: (n,), in pixels of the field.
        points: number of points in a path, even.

    Returns:
        (n, points, 2), y and x as fractions.
    """
    h, w = angle.shape
    half = points // 2
    step = (length / (points - 1))[:, None] / np.array([h, w])
    ends = []
    for sign in (-1, 1):
        at = start + sign * 0.5 * step * _direction(angle, start)
        ends.append([at])
        for _ in range(half - 1):
            at = at + sign * step * _direction(angle, at)
            ends[-1].append(at)
    return np.stack(ends[0][::-1] + ends[1], axis=1)


def _direction(angle: np.ndarray, at: np.ndarray) -> np.ndarray:
    a = sample(angle, at[:, 0], at[:, 1])
    return np.stack([np.sin(a), np.cos(a)], axis=1)


def bristles(path: np.ndarray, size: tuple[int, int], width: np.ndarray, count: int) -> np.ndarray:
    """Return ``count`` parallel lines for each path, spread over its ``width``, narrowing towards the ends.

    Args:
        path: (n, points, 2) as fractions.
        size: height and width of the canvas in pixels.
        width: (n,) in pixels.
        count: lines in a stroke.

    Returns:
        (n, count, points, 2) in pixels, x before y, as Pillow draws.
    """
    pixels = path * np.array(size)
    tangent = np.gradient(pixels, axis=1)
    tangent /= np.linalg.norm(tangent, axis=2, keepdims=True) + 1e-6
    normal = np.stack([tangent[..., 1], -tangent[..., 0]], axis=-1)
    across = (np.arange(count) + 0.5) / count - 0.5
    along = np.linspace(-1, 1, path.shape[1])
    taper = np.sqrt(np.clip(1.06 - np.abs(along) ** 3, 0, 1))
    offset = width[:, None, None, None] * across[None, :, None, None] * taper[None, None, :, None]
    return (pixels[:, None] + offset * normal[:, None])[..., ::-1]


def draw(drawing: ImageDraw.ImageDraw, lines: np.ndarray, fills: np.ndarray, width: np.ndarray) -> None:
    """Draw each stroke's lines in order.

    Args:
        drawing: where to.
        lines: (n, count, points, 2), as ``bristles`` returns.
        fills: (n, count, 3) or (n, count) in [0, 1].
        width: (n,), of one line, in pixels.
    """
    flat = lines.reshape(*lines.shape[:2], -1).tolist()
    levels = np.clip(fills * 255, 0, 255).astype(int).tolist()
    for stroke, colours, thick in zip(flat, levels, np.maximum(1, np.ceil(width)).astype(int).tolist(), strict=True):
        for line, colour in zip(stroke, colours, strict=True):
            drawing.line(line, fill=tuple(colour) if isinstance(colour, list) else colour, width=thick)
