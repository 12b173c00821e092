"""Shares of pairs, such as a win rate, with intervals that know of contents and styles."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy.special import betaincinv, stdtrit

from styleresearch.evaluation.statistics.interval import LEVEL, REASONS, Estimate, mean_interval


def share_interval(table: Float[np.ndarray, "contents styles"], level: float = LEVEL) -> Estimate:
    """Return the mean of cells between 0 and 1 (a win is 1, a tie one half) with an interval inside [0, 1].

    The exact binomial interval at the number of independent pairs that would give the two-way variance. Where all
    cells agree the variance says nothing, and as many pairs count as there are contents or styles, the fewer. Not a
    test: ``p`` is NaN.

    Source: Korn & Graubard 1998, "Confidence intervals for proportions with small expected number of positive counts
        estimated from survey data"; Clopper & Pearson 1934.
    """
    found = mean_interval(table, level)
    if found.n < 2:
        return found
    present = np.isfinite(table)
    units = [int(present.any(axis=1).sum()), int(present.any(axis=0).sum())]
    fewest = min(count for count in units if count > 1)
    share, size = found.mean, float(fewest)
    if found.spread is not None and 0 < share < 1:
        quantiles = stdtrit([found.n - 1, found.spread.df], (1 + level) / 2)
        size = share * (1 - share) / found.spread.variance * float(quantiles[0] / quantiles[1]) ** 2
        size = min(max(size, 1.0), float(found.n))
    tail, wins = (1 - level) / 2, share * size
    lo = float(betaincinv(wins, size - wins + 1, tail)) if wins > 0 else 0.0
    hi = float(betaincinv(wins + 1, size - wins, 1 - tail)) if wins < size else 1.0
    return Estimate(share, lo, hi, found.n, found.design, REASONS[found.design], math.nan, found.spread)
