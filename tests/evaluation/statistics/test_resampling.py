"""Contents and styles drawn anew."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from styleresearch.evaluation.statistics.resampling import POINTS, draws, performance_profile, rank_probabilities

NAN = math.nan


def test_draws_are_those_enumerated_by_hand():
    table = np.array([[1.0, 2.0], [4.0, 9.0]])
    # 4 ordered draws of contents times 4 of styles: 16 equally likely resamples.
    pairs = list(itertools.product(range(2), repeat=2))
    by_hand = [np.mean([table[i, j] for i in rows for j in columns]) for rows in pairs for columns in pairs]
    values, counts = np.unique(by_hand, return_counts=True)
    rows, columns = draws(2, 2, 40_000, seed=3)
    found, found_counts = np.unique(((rows @ table) * columns).sum(axis=1) / 4, return_counts=True)
    np.testing.assert_allclose(found, values)
    # Standard error of a share at 40,000 draws is at most 0.0025.
    np.testing.assert_allclose(found_counts / 40_000, counts / 16, atol=0.0125)


def test_rank_probabilities_of_one_style_follow_the_draws():
    # Two contents: the first method wins on one by 3 and loses on the other by 1, so it is best in 3 of 4 draws.
    tables = np.array([[[0.0], [4.0]], [[3.0], [3.0]]])
    found = rank_probabilities(tables, "lower", resamples=20_000)
    np.testing.assert_allclose(found, [[0.75, 0.25], [0.25, 0.75]], atol=0.015)
    np.testing.assert_allclose(rank_probabilities(tables, "higher", resamples=20_000), 1 - found, atol=1e-9)


def test_methods_that_are_equal_share_their_ranks():
    table = np.random.default_rng(0).normal(size=(3, 4))
    found = rank_probabilities(np.stack([table, table + 1, table]), "lower", resamples=50)
    np.testing.assert_allclose(found, [[0.5, 0.5, 0], [0, 0, 1], [0.5, 0.5, 0]])


def test_ranks_are_over_common_cells():
    tables = np.array([[[1.0, 5.0]], [[2.0, NAN]]])
    np.testing.assert_allclose(rank_probabilities(tables, "lower", resamples=40), [[1, 0], [0, 1]])
    assert np.isnan(rank_probabilities(np.array([[[NAN, 1.0]], [[1.0, NAN]]]), "lower", resamples=4)).all()


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_profile_is_the_share_of_pairs_at_least_as_good(better):
    table = np.array([[1.0, 2.0, 2.0], [4.0, NAN, 3.0]])
    found = performance_profile(table, better, resamples=200)
    assert found is not None
    np.testing.assert_array_equal(found.values, [1, 2, 3, 4])
    by_hand = [1 / 5, 3 / 5, 4 / 5, 1] if better == "lower" else [1, 4 / 5, 2 / 5, 1 / 5]
    np.testing.assert_allclose(found.shares, by_hand)
    assert (found.lo <= found.shares).all()
    assert (found.shares <= found.hi).all()


def test_a_profile_of_many_pairs_has_as_many_points_as_one_can_see():
    found = performance_profile(np.random.default_rng(0).normal(size=(20, 40)), "lower", resamples=20)
    assert found is not None
    assert len(found.values) == POINTS
    assert found.shares[-1] == 1
    assert performance_profile(np.array([[1.0]]), "lower") is None


def test_band_is_wide_where_styles_differ():
    rng = np.random.default_rng(0)
    alike = rng.normal(size=(12, 12))
    by_style = np.broadcast_to(rng.normal(size=(1, 12)), (12, 12)) + 1e-3 * alike
    widths = []
    for table in (alike, by_style):
        found = performance_profile(table, "lower", resamples=400)
        assert found is not None
        widths.append(float(np.mean(found.hi - found.lo)))
    assert widths[1] > 1.3 * widths[0]
