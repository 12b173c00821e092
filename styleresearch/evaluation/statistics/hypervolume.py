"""How much of a plane of two metrics a front of points dominates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def front(points: Float[np.ndarray, "points 2"]) -> list[int]:
    """Return the indices of the points that no other is at least as good as in both columns; less is better."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    found: list[int] = []
    for index in order:
        if not found or points[index, 1] < points[found[-1], 1]:
            found.append(int(index))
    return found


def hypervolume(points: Float[np.ndarray, "points 2"], worst: Sequence[float]) -> float:
    """Return the area between the front of points and a worst point; less is better, points beyond it count nothing.

    Source: Zitzler and Thiele 1998, "Multiobjective optimization using evolutionary algorithms", for two objectives.
    """
    inside = points[np.all(np.isfinite(points) & (points < np.asarray(worst)), axis=1)]
    area, height = 0.0, float(worst[1])
    for x, y in inside[front(inside)] if len(inside) else ():
        area += (float(worst[0]) - float(x)) * (height - float(y))
        height = float(y)
    return area
