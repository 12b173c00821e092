"""Finding the number at which a mean reaches a value, from few and dear evaluations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

_STRIDE = 30.0
"""Factor by which a number moves at most where nothing brackets it."""
_SLOPE = 0.7
"""Exponent with which a loss usually grows with a weight, where one point alone is known."""


def next_number(means: Mapping[float, float], target: float, first: float, grows: bool = True) -> float:
    """Return the number above 0 to be tried next, so that its mean is the target.

    Linear in the logarithms (of means too, where they and the target are above 0): between the two nearest numbers on
    both sides of the target, else beyond the nearest. A mean that is not finite counts as too far.

    Args:
        means: of the numbers that were tried.
        target: the mean that is wanted.
        first: the number to begin with.
        grows: whether the mean grows with the number, as long as that is not known.
    """
    if not means:
        return first
    logarithmic = target > 0 and all(mean > 0 for mean in means.values() if math.isfinite(mean))
    far = [number for number, mean in means.items() if not math.isfinite(mean)]
    points = sorted((math.log(n), _distance(m, target, logarithmic)) for n, m in means.items() if math.isfinite(m))
    if not points:
        return _rounded(min(far) / _STRIDE)
    for (left, low), (right, high) in itertools.pairwise(points):
        if low * high <= 0:
            share = min(max(low / (low - high), 0.05), 0.95) if low != high else 0.5
            return _rounded(math.exp(left + share * (right - left)))
    if far and (high := min(number for number in far)) > math.exp(points[-1][0]) and (points[-1][1] < 0) == grows:
        return _rounded(math.sqrt(high * math.exp(points[-1][0])))
    near = sorted(points, key=lambda point: abs(point[1]))[:2]
    slope = _SLOPE if grows else -_SLOPE
    if len(near) == 2 and near[0][0] != near[1][0]:
        found = (near[1][1] - near[0][1]) / (near[1][0] - near[0][0])
        slope = found if abs(found) > 0.02 else math.copysign(0.02, slope)
    step = -near[0][1] / slope if logarithmic else math.copysign(math.log(_STRIDE) / 2, -near[0][1] / slope)
    most = math.log(_STRIDE)
    return _rounded(math.exp(near[0][0] + min(max(step, -most), most)))


def _distance(mean: float, target: float, logarithmic: bool) -> float:
    return math.log(mean / target) if logarithmic else mean - target


def _rounded(number: float) -> float:
    """Return it with four digits: it names files, and is printed as it was used."""
    return float(f"{number:.4g}")
