"""Two methods on the same pairs: their difference or their ratio, its interval and test, and how often one wins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from styleresearch.evaluation.statistics.interval import Estimate, mean_interval
from styleresearch.evaluation.statistics.proportion import share_interval

Better = Literal["lower", "higher"] | None


@dataclass(frozen=True)
class Difference:
    """A method against a reference, over the pairs that both have.

    Attributes:
        estimate: of the mean of method minus reference; where ``ratio``, of the mean of their log-ratios.
        plain: the mean of method minus reference, whether ``ratio`` or not; NaN without a common pair.
        ratio: whether values are compared by their ratio.
        wins: share of pairs on which the method is better, a tie counting half; ``None`` without a direction or pairs.
    """

    estimate: Estimate
    plain: float
    ratio: bool
    wins: Estimate | None

    @property
    def shown(self) -> tuple[float, float, float]:
        """The estimate and the ends of its interval as differences, or as factors where ``ratio``."""
        ends = (self.estimate.mean, self.estimate.lo, self.estimate.hi)
        return (math.exp(ends[0]), math.exp(ends[1]), math.exp(ends[2])) if self.ratio else ends

    def favours(self, better: Better) -> Literal["better", "worse", ""]:
        """Say which way the estimate points, certain or not."""
        if better is None or not self.estimate.mean:
            return ""
        return "better" if (self.estimate.mean < 0) == (better == "lower") else "worse"


def paired_difference(
    method: Float[np.ndarray, "contents styles"],
    reference: Float[np.ndarray, "reference_contents reference_styles"],
    better: Better,
    ratio: bool = False,
) -> Difference:
    """Compare a method with a reference on the pairs that both have.

    Args:
        method: its cells.
        reference: the reference's.
        better: the direction that counts as better.
        ratio: compare logarithms: for values that are positive and skewed, as losses are. The estimate is then the
            logarithm of the ratio of the geometric means. Pairs of which a value is not above 0 are left out.

    Raises:
        ValueError: if the tables differ in shape.
    """
    if method.shape != reference.shape:
        raise ValueError(f"tables differ in shape: {method.shape} and {reference.shape}")
    difference = method - reference
    plain = float(np.nanmean(difference)) if np.isfinite(difference).any() else math.nan
    gain = np.where(np.isfinite(difference), (np.sign(difference) + 1) / 2, np.nan)
    wins = (
        None
        if better is None or not np.isfinite(gain).any()
        else share_interval(1 - gain if better == "lower" else gain)
    )
    if ratio:
        there = (method > 0) & (reference > 0)
        difference = np.where(there, np.log(np.where(there, method, 1)) - np.log(np.where(there, reference, 1)), np.nan)
    return Difference(mean_interval(difference), plain, ratio, wins)
