"""Statistics against tables worked out by hand and against simulated data whose true mean is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from styleresearch.evaluation import statistics
from styleresearch.evaluation.statistics import (
    bootstrap_means,
    cell_table,
    design_of,
    holm,
    mean_interval,
    paired_difference,
    sign_flip_p,
)

NAN = math.nan


def test_cell_table_averages_seeds_and_leaves_out_missing_values():
    table = cell_table(
        [1.0, 3.0, None, 5.0, NAN, math.inf],
        ["a", "a", "a", "b", "b", "b"],
        ["x", "x", "y", "x", "y", "y"],
    )
    np.testing.assert_array_equal(table, [[2.0, NAN], [5.0, NAN]])


def test_cell_table_averages_the_seeds_that_have_a_value():
    np.testing.assert_array_equal(cell_table([4.0, None], ["a", "a"], ["x", "x"]), [[4.0]])


def test_cell_table_refuses_different_lengths():
    with pytest.raises(ValueError, match="2 values, 1 contents, 2 styles"):
        cell_table([1.0, 2.0], ["a"], ["x", "y"])


@pytest.mark.parametrize(
    ("table", "design"),
    [
        ([[1.0, 2.0], [3.0, 4.0]], "crossed"),
        ([[1.0, 2.0], [NAN, 4.0]], "crossed"),
        ([[1.0, 2.0, 3.0]], "styles"),
        ([[1.0, 2.0], [NAN, NAN]], "styles"),
        ([[1.0], [2.0]], "contents"),
        ([[1.0, NAN], [NAN, 2.0]], "matched"),
        ([[NAN, 2.0]], "single"),
        ([[NAN]], "empty"),
    ],
)
def test_design(table, design):
    assert design_of(np.array(table)) == design


def test_bootstrap_distribution_of_a_2x2_table_is_the_one_enumerated_by_hand():
    table = np.array([[1.0, 2.0], [4.0, 9.0]])
    # 4 ordered draws of contents times 4 of styles: 16 equally likely resamples.
    draws = list(itertools.product(range(2), repeat=2))
    by_hand = [np.mean([table[i, j] for i in rows for j in columns]) for rows in draws for columns in draws]
    values, counts = np.unique(by_hand, return_counts=True)
    means = bootstrap_means(table, resamples=40_000, seed=3)
    found, found_counts = np.unique(means.round(9), return_counts=True)
    np.testing.assert_allclose(found, values)
    # Standard error of a share at 40,000 draws is at most 0.0025.
    np.testing.assert_allclose(found_counts / 40_000, counts / 16, atol=0.0125)


def test_bootstrap_weighs_cells_by_products_and_leaves_missing_cells_out():
    table = np.array([[1.0, 2.0], [4.0, NAN]])
    draws = list(itertools.product(range(2), repeat=2))
    by_hand = []
    for rows in draws:
        for columns in draws:
            present = [table[i, j] for i in rows for j in columns if np.isfinite(table[i, j])]
            if present:
                by_hand.append(np.mean(present))
    means = bootstrap_means(table, resamples=40_000, seed=0)
    assert len(by_hand) == 15
    assert len(means) / 40_000 == pytest.approx(15 / 16, abs=0.01)
    assert means.mean() == pytest.approx(np.mean(by_hand), abs=0.02)
    np.testing.assert_allclose(np.unique(means.round(9)), np.unique(np.round(by_hand, 9)))


def test_one_content_resamples_styles_only():
    table = np.array([[1.0, 2.0, 6.0]])
    estimate = mean_interval(table, resamples=20_000)
    draws = [np.mean(draw) for draw in itertools.product([1.0, 2.0, 6.0], repeat=3)]
    assert estimate.mean == pytest.approx(3.0)
    # P(mean = 1) = 1/27 = 3.7 % > 2.5 %, so the lower end is 1; likewise 6 above.
    assert (estimate.lo, estimate.hi) == (min(draws), max(draws))
    assert estimate.reason.startswith("one content")
    assert mean_interval(table.T).reason.startswith("one style")


def test_matched_pairs_are_resampled_as_pairs():
    values = np.array([1.0, 2.0, 6.0])
    table = np.full((3, 3), NAN)
    np.fill_diagonal(table, values)
    estimate = mean_interval(table, seed=4)
    alone = mean_interval(values[:, None], seed=4)
    assert (estimate.lo, estimate.hi, estimate.n) == (alone.lo, alone.hi, 3)
    assert "independent" in estimate.reason


def test_a_single_image_has_a_mean_and_no_interval():
    estimate = mean_interval(np.array([[2.5]]))
    assert estimate.mean == 2.5
    assert math.isnan(estimate.lo)
    assert math.isnan(estimate.hi)
    assert estimate.reason == "one image: nothing to resample, so no interval"


def test_no_value_at_all():
    estimate = mean_interval(np.full((2, 3), NAN))
    assert math.isnan(estimate.mean)
    assert (estimate.n, estimate.reason) == (0, "no value")


@pytest.mark.parametrize("value", [0.1, -3.7, 1e-30, 1e30])
def test_constant_data_has_an_interval_of_width_zero(value):
    estimate = mean_interval(np.full((3, 5), value))
    assert estimate.lo == pytest.approx(value, rel=1e-12)
    assert estimate.hi == pytest.approx(value, rel=1e-12)
    assert estimate.lo <= estimate.mean <= estimate.hi


@settings(max_examples=40, deadline=None)
@given(
    arrays(
        float,
        st.tuples(st.integers(1, 5), st.integers(1, 5)),
        elements=st.one_of(st.floats(-1e6, 1e6), st.just(NAN)),
    )
)
def test_interval_properties(table):
    estimate = mean_interval(table, resamples=300)
    present = table[np.isfinite(table)]
    assert estimate.n == len(present)
    if estimate.design not in ("empty", "single"):
        assert present.min() - 1e-6 <= estimate.lo <= estimate.mean <= estimate.hi <= present.max() + 1e-6
        shifted = mean_interval(table + 10.0, resamples=300)
        assert shifted.lo == pytest.approx(estimate.lo + 10.0, abs=1e-6)
    assert mean_interval(table, resamples=300) == estimate or len(present) < 2


def test_same_seed_same_interval_other_seed_other_interval():
    table = np.random.default_rng(0).normal(size=(6, 7))
    assert mean_interval(table, seed=1) == mean_interval(table, seed=1)
    assert mean_interval(table, seed=1) != mean_interval(table, seed=2)


def test_intervals_cover_crossed_data_where_resampling_images_does_not():
    rng = np.random.default_rng(7)
    runs, covered, covered_by_images = 200, 0, 0
    for run in range(runs):
        table = rng.normal(size=(8, 1)) + rng.normal(size=(1, 10)) + rng.normal(size=(8, 10))
        estimate = mean_interval(table, resamples=600, seed=run)
        covered += estimate.lo <= 0.0 <= estimate.hi
        images = table.ravel()
        means = images[rng.integers(0, images.size, (600, images.size))].mean(axis=1)
        lo, hi = np.quantile(means, [0.025, 0.975])
        covered_by_images += lo <= 0.0 <= hi
    # A true coverage of 0.92 gives at least 0.87 in 200 runs, but for about 1 in 100 seeds.
    assert covered / runs >= 0.87
    assert covered_by_images / runs <= 0.70


def test_sign_flip_p_by_hand():
    # |sum| of the 8 patterns of (1, 2, 3): 6, 4, 2, 0, 0, 2, 4, 6: two of them reach 6.
    assert sign_flip_p(np.array([1.0, 2.0, 3.0])) == 2 / 8
    # (1, 2, -3): the observed sum is 0, which every pattern reaches.
    assert sign_flip_p(np.array([1.0, 2.0, -3.0])) == 1.0
    # (3, 2, -1): sums 4; patterns reaching 4: +++? 4, ++-: 6 (flipping the last) and their mirror images.
    assert sign_flip_p(np.array([3.0, 2.0, -1.0])) == 4 / 8


def test_sign_flip_p_of_zeros_is_one_and_of_one_unit_is_unknown():
    assert sign_flip_p(np.zeros(5)) == 1.0
    assert math.isnan(sign_flip_p(np.array([2.0])))
    assert math.isnan(sign_flip_p(np.empty(0)))


def test_sign_flip_p_sampled_agrees_with_exact(monkeypatch):
    differences = np.random.default_rng(1).normal(0.4, 1.0, size=12)
    exact = sign_flip_p(differences)
    monkeypatch.setattr(statistics, "EXACT_UNITS", 4)
    sampled = sign_flip_p(differences, resamples=20_000)
    assert sampled == pytest.approx(exact, abs=0.015)
    assert sampled != exact


def test_sampled_sign_flip_p_is_never_zero():
    assert sign_flip_p(np.full(40, 5.0), resamples=99) == 1 / 100


def test_paired_difference_by_hand():
    method = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    reference = np.array([[2.0, 3.0], [3.0, 6.0], [9.0, 5.0]])
    # Differences -1 -1 / 0 -2 / -4 1: mean -7/6; of six, 4 are lower, 1 ties, 1 is higher.
    found = paired_difference(method, reference, "lower")
    assert found.estimate.mean == pytest.approx(-7 / 6)
    assert found.win_rate == pytest.approx((4 + 0.5) / 6)
    assert paired_difference(method, reference, "higher").win_rate == pytest.approx((1 + 0.5) / 6)
    assert math.isnan(paired_difference(method, reference, None).win_rate)
    # Content means -1, -1, -1.5 all agree: p = 2/8. Style means -5/3, -2/3: p = 2/4. The larger one counts.
    assert found.p == 0.5
    assert found.p_floor == 0.5


def test_paired_difference_uses_common_pairs_only():
    method = np.array([[1.0, NAN], [3.0, 4.0]])
    reference = np.array([[0.0, 100.0], [1.0, NAN]])
    found = paired_difference(method, reference, "higher")
    assert found.estimate.mean == pytest.approx(1.5)
    assert (found.estimate.n, found.win_rate) == (2, 1.0)
    nothing = paired_difference(np.array([[NAN, 1.0]]), np.array([[1.0, NAN]]), "lower")
    assert nothing.estimate.n == 0
    assert math.isnan(nothing.p)
    assert math.isnan(nothing.win_rate)


def test_paired_difference_of_matched_pairs_flips_pairs():
    method = np.full((3, 3), NAN)
    np.fill_diagonal(method, [1.0, 2.0, 3.0])
    reference = np.where(np.isfinite(method), 0.0, NAN)
    assert paired_difference(method, reference, "lower").p == sign_flip_p(np.array([1.0, 2.0, 3.0]))


def test_paired_difference_refuses_different_shapes():
    with pytest.raises(ValueError, match="differ in shape"):
        paired_difference(np.zeros((2, 2)), np.zeros((2, 3)), "lower")


def test_p_values_are_valid_under_the_null_where_flipping_images_is_not():
    rng = np.random.default_rng(11)
    runs, rejected, rejected_by_images = 200, 0, 0
    for _ in range(runs):
        difference = rng.normal(size=(7, 1)) + 0.3 * rng.normal(size=(1, 7)) + 0.3 * rng.normal(size=(7, 7))
        rejected += paired_difference(difference, np.zeros((7, 7)), "lower", resamples=200).p <= 0.05
        rejected_by_images += sign_flip_p(difference.ravel(), resamples=200) <= 0.05
    assert rejected / runs <= 0.09
    assert rejected_by_images / runs >= 0.25


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
