"""Two methods on the same pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from styleresearch.evaluation.statistics.difference import paired_difference
from styleresearch.evaluation.statistics.holm import holm
from styleresearch.evaluation.statistics.interval import mean_interval
from styleresearch.evaluation.statistics.proportion import share_interval

NAN = math.nan


def test_paired_difference_by_hand():
    method = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    reference = np.array([[2.0, 3.0], [3.0, 6.0], [9.0, 5.0]])
    # Differences -1 -1 / 0 -2 / -4 1: mean -7/6; of six, 4 are lower, 1 ties, 1 is higher.
    found = paired_difference(method, reference, "lower")
    assert found.estimate == mean_interval(method - reference)
    assert found.estimate.mean == found.plain == found.shown[0] == pytest.approx(-7 / 6)
    assert found.favours("lower") == "better"
    assert found.favours("higher") == "worse"
    assert found.favours(None) == ""
    assert found.wins is not None
    assert found.wins.mean == pytest.approx((4 + 0.5) / 6)
    other = paired_difference(method, reference, "higher").wins
    assert other is not None
    assert other.mean == pytest.approx((1 + 0.5) / 6)
    assert paired_difference(method, reference, None).wins is None


def test_losses_are_compared_by_the_ratio_of_their_geometric_means():
    rng = np.random.default_rng(0)
    reference = rng.lognormal(0, 2, (4, 5))
    method = 0.8 * reference * rng.lognormal(0, 0.01, (4, 5))
    found = paired_difference(method, reference, "lower", ratio=True)
    ratio, lo, hi = found.shown
    assert ratio == pytest.approx(stats.gmean(method.ravel()) / stats.gmean(reference.ravel()))
    assert lo < ratio < hi
    assert 0.78 < lo < hi < 0.82, "the size of a style's loss cancels"
    assert found.plain == pytest.approx((method - reference).mean())
    assert paired_difference(method, reference, "lower").estimate.lo < found.plain < 0
    # The other way round it is the reciprocal, with the same p.
    back = paired_difference(reference, method, "lower", ratio=True)
    assert back.shown == pytest.approx((1 / ratio, 1 / hi, 1 / lo))
    assert back.estimate.p == pytest.approx(found.estimate.p)


def test_a_value_of_zero_has_no_ratio_and_still_wins():
    found = paired_difference(np.zeros((2, 2)), np.ones((2, 2)), "lower", ratio=True)
    assert (found.estimate.n, found.plain) == (0, -1.0)
    assert math.isnan(found.shown[0])
    assert found.wins is not None
    assert (found.wins.mean, found.wins.n) == (1.0, 4)


def test_paired_difference_uses_common_pairs_only():
    method = np.array([[1.0, NAN], [3.0, 4.0]])
    reference = np.array([[0.0, 100.0], [1.0, NAN]])
    found = paired_difference(method, reference, "higher")
    assert found.estimate.mean == pytest.approx(1.5)
    assert found.wins is not None
    assert (found.estimate.n, found.wins.mean) == (2, 1.0)
    nothing = paired_difference(np.array([[NAN, 1.0]]), np.array([[1.0, NAN]]), "lower")
    assert nothing.estimate.n == 0
    assert math.isnan(nothing.estimate.p)
    assert nothing.wins is None


def test_paired_difference_refuses_different_shapes():
    with pytest.raises(ValueError, match="differ in shape"):
        paired_difference(np.zeros((2, 2)), np.zeros((2, 3)), "lower")


def test_share_interval_of_independent_pairs_is_the_exact_binomial_one():
    table = np.full((10, 10), NAN)
    np.fill_diagonal(table, [1.0] * 10)
    # All agree: as many pairs as there are count.
    exact = stats.binomtest(10, 10).proportion_ci(0.95)
    found = share_interval(table)
    assert (found.mean, found.lo, found.hi) == pytest.approx((1.0, exact.low, exact.high))
    assert math.isnan(found.p)


def test_win_rates_cover_and_stay_between_0_and_1():
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(300):
        table = 0.3 * rng.normal(size=(5, 1)) + rng.normal(size=(1, 6)) + 0.6 * rng.normal(size=(5, 6))
        found = share_interval((table > 0).astype(float))
        assert 0 <= found.lo <= found.mean <= found.hi <= 1
        covered += found.lo <= 0.5 <= found.hi
    # Shares are few, so the exact interval covers more than 95 %.
    assert 0.92 <= covered / 300 <= 0.995
    alone = share_interval(np.array([[1.0]]))
    assert math.isnan(alone.lo)
    assert alone.reason


def test_holm_by_hand():
    # Sorted 0.01 0.02 0.03 0.04 times 4 3 2 1 = 0.04 0.06 0.06 0.04, made non-decreasing: 0.04 0.06 0.06 0.06.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_holm_does_not_count_missing_p_values():
    adjusted = holm([NAN, 0.02, 0.03])
    assert math.isnan(adjusted[0])
    assert adjusted[1:] == pytest.approx([0.04, 0.04])
    assert all(math.isnan(value) for value in holm([NAN, NAN]))
