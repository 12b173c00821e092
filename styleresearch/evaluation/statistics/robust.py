"""The interquartile mean: an average that a few odd pairs cannot move."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from styleresearch.evaluation.statistics.interval import LEVEL, Estimate, mean_interval

TRIM = 0.25


def interquartile_mean(table: Float[np.ndarray, "contents styles"], level: float = LEVEL) -> Estimate:
    """Return the mean of the middle half of the cells, with an interval.

    A quarter of the cells, rounded down, is left out at either end. The interval is that of ``mean_interval``, with
    the variance of the table in which those cells have the nearest value that was kept, over the square of the share
    that was kept.

    Source: Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical precipice", section 4.3;
        the interval as in Tukey & McLaughlin 1963, "Less vulnerable confidence and significance procedures", with
        the two-way variance. Not a test: ``p`` is NaN.
    """
    values = np.sort(table[np.isfinite(table)])
    cut = int(TRIM * len(values))
    if not cut:
        return dataclasses.replace(mean_interval(table, level), p=math.nan)
    kept = values[cut:-cut]
    mean = float(kept.mean())
    found = mean_interval(np.clip(table, kept[0], kept[-1]), level)
    if found.spread is None:
        return dataclasses.replace(found, mean=mean, p=math.nan)
    half = float(stdtrit(found.spread.df, (1 + level) / 2)) * math.sqrt(found.spread.variance)
    half *= len(values) / len(kept)
    return dataclasses.replace(found, mean=mean, lo=mean - half, hi=mean + half, p=math.nan)
