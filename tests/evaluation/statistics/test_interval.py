"""Intervals and tests of means: against formulas written out, and against simulated data whose true mean is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special, stats

from styleresearch.evaluation.statistics.interval import CONSTANT, mean_interval, spread_of
from styleresearch.evaluation.statistics.robust import interquartile_mean

NAN = math.nan
DESIGNS = [(3, 4), (4, 4), (4, 6), (6, 6), (10, 10), (20, 12)]
EFFECTS = [(0.3, 1.0, 0.6), (1.0, 1.0, 1.0), (1.0, 0.3, 0.6)]
"""Standard deviations of contents, styles and cells."""


def draw(rng, tables, contents, styles, deviations, effects):
    """Tables whose true mean is 0."""

    def part(*shape):
        if effects == "normal":
            return rng.normal(size=shape)
        return rng.standard_t(3, size=shape) / math.sqrt(3) if effects == "t3" else rng.exponential(size=shape) - 1

    shapes = ((tables, contents, 1), (tables, 1, styles), (tables, contents, styles))
    content, style, cell = (deviation * part(*shape) for deviation, shape in zip(deviations, shapes, strict=True))
    return content + style + cell


def written_out(tables):
    """The means of whole tables, half the widths of their intervals and their p-values, from the published formulas."""
    _, contents, styles = tables.shape
    mean = tables.mean(axis=(1, 2))
    of_contents, of_styles = tables.mean(axis=2), tables.mean(axis=1)
    a, b = of_contents.var(axis=1, ddof=1) / contents, of_styles.var(axis=1, ddof=1) / styles
    rest = tables - of_contents[:, :, None] - of_styles[:, None, :] + mean[:, None, None]
    e = (rest**2).sum(axis=(1, 2)) / ((contents - 1) * (styles - 1)) / (contents * styles)
    variance = np.max([a + b - e / 2, a, b], axis=0)
    df = (a + b) ** 2 / (a**2 / (contents - 1) + b**2 / (styles - 1))
    df, error = np.maximum(df, min(contents, styles) - 1), np.sqrt(variance)
    return mean, special.stdtrit(df, 0.975) * error, 2 * special.stdtr(df, -np.abs(mean) / error)


def test_whole_tables_give_the_published_formulas():
    tables = draw(np.random.default_rng(1), 20, 4, 6, (0.3, 1.0, 0.6), "normal")
    for table, mean, half, p in zip(tables, *written_out(tables), strict=True):
        found = mean_interval(table)
        assert (found.mean, found.lo, found.hi) == pytest.approx((mean, mean - half, mean + half))
        assert found.p == pytest.approx(p)
        assert (found.n, found.design, found.reason) == (24, "crossed", "")


@pytest.mark.parametrize("effects", ["normal", "t3"])
def test_a_nominal_95_percent_covers_93_to_97_and_tests_reject_at_most_5(effects):
    rng = np.random.default_rng(3)
    missed = []
    for deviations in EFFECTS:
        for contents, styles in DESIGNS:
            mean, half, p = written_out(draw(rng, 8000, contents, styles, deviations, effects))
            outside = np.abs(mean) > half
            assert np.array_equal(outside, p < 0.05), "the test and the interval are one"
            missed.append(float(outside.mean()))
            # A share of 8000 has a standard error of 0.0024.
            assert 0.03 - 0.0024 <= missed[-1] <= 0.07, (deviations, contents, styles)
    assert np.mean(missed) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("effects", ["normal", "t3"])
@pytest.mark.parametrize("missing", [0.0, 0.1, 0.3])
def test_coverage_with_missing_cells(effects, missing):
    rng = np.random.default_rng(4)
    for deviations in EFFECTS:
        for contents, styles in DESIGNS:
            covered = []
            for table in draw(rng, 2000, contents, styles, deviations, effects):
                found = mean_interval(np.where(rng.random(table.shape) < missing, NAN, table))
                covered.append(found.lo <= 0 <= found.hi)
            print(f"{effects}, {missing:.0%} missing, {deviations}, {contents} x {styles}: {np.mean(covered):.3f}")
            # With 3 x 4 and a third of it gone, few cells are left.
            assert 0.93 - 0.006 <= np.mean(covered) <= (0.975 if contents > 4 else 0.985), (
                deviations,
                contents,
                styles,
            )


def test_a_lost_cell_changes_the_interval_little_and_coverage_stays():
    rng = np.random.default_rng(5)
    covered = 0
    tables = draw(rng, 300, 5, 6, (0.3, 1.0, 0.6), "normal")
    for table in tables:
        whole = mean_interval(table)
        table[rng.integers(5), rng.integers(6)] = NAN
        found = mean_interval(table)
        assert found.hi - found.lo == pytest.approx(whole.hi - whole.lo, rel=0.6)
        table[rng.random(table.shape) < 0.2] = NAN
        found = mean_interval(table)
        covered += found.lo <= 0 <= found.hi
    # 95 % of 300 with a standard error of 1.3 %.
    assert 0.91 <= covered / 300 <= 0.985


def test_resampling_images_as_if_independent_would_be_too_narrow():
    tables = draw(np.random.default_rng(6), 500, 8, 10, (1.0, 1.0, 1.0), "normal")
    flat = tables.reshape(500, -1)
    half = 1.96 * flat.std(axis=1, ddof=1) / math.sqrt(80)
    assert (np.abs(flat.mean(axis=1)) <= half).mean() < 0.7


def test_one_factor_is_the_ordinary_t_interval():
    values = np.array([1.0, 2.0, 6.0, 4.0])
    lo, hi = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    p = 2 * stats.t.sf(values.mean() / stats.sem(values), 3)
    one_content, one_style = mean_interval(values[None]), mean_interval(values[:, None])
    matched = np.full((4, 4), NAN)
    np.fill_diagonal(matched, values)
    for found in (one_content, one_style, mean_interval(matched)):
        assert (found.lo, found.hi, found.p) == pytest.approx((lo, hi, p))
    assert one_content.reason.startswith("one content")
    assert one_style.reason.startswith("one style")
    assert "independent" in mean_interval(matched).reason


def test_a_single_image_has_a_mean_and_no_interval():
    found = mean_interval(np.array([[2.5]]))
    assert found.mean == 2.5
    assert math.isnan(found.lo)
    assert math.isnan(found.hi)
    assert math.isnan(found.p)
    assert found.reason == "one image: no spread to judge by, so no interval"


def test_no_value_at_all():
    found = mean_interval(np.full((2, 3), NAN))
    assert math.isnan(found.mean)
    assert (found.n, found.reason) == (0, "no value")


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 1e-30, 1e30])
def test_equal_values_have_no_interval_and_say_so(value):
    found = mean_interval(np.full((3, 5), value))
    assert found.mean == pytest.approx(value, rel=1e-12)
    assert math.isnan(found.lo)
    assert found.reason == CONSTANT


def test_means_that_cancel_leave_the_cells_to_judge_by():
    found = mean_interval(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    assert (found.mean, found.p) == (0.0, 1.0)
    assert found.hi == pytest.approx(stats.t.ppf(0.975, 1))


@settings(max_examples=40, deadline=None)
@given(
    arrays(
        float,
        st.tuples(st.integers(1, 5), st.integers(1, 5)),
        elements=st.one_of(st.integers(-1000, 1000).map(float), st.just(NAN)),
    )
)
def test_interval_properties(table):
    found = mean_interval(table)
    present = table[np.isfinite(table)]
    assert found.n == len(present)
    spread = spread_of(table)
    assert (spread is None) == (len(present) < 2 or np.ptp(present) == 0) == math.isnan(found.lo)
    if spread is not None:
        assert found.lo < found.mean < found.hi
        least = min(count for count in (spread.rows, spread.columns) if count > 1) - 1
        assert least <= spread.df * (1 + 1e-12)
        shifted = mean_interval(table + 10.0)
        assert (shifted.lo, shifted.hi) == pytest.approx((found.lo + 10.0, found.hi + 10.0), abs=1e-6)
        turned = mean_interval(table.T)
        assert (turned.lo, turned.p) == pytest.approx((found.lo, found.p))


def test_interquartile_mean_ignores_a_pair_that_failed():
    table = np.arange(1.0, 13.0).reshape(3, 4)
    found = interquartile_mean(table)
    assert found.mean == np.mean([4, 5, 6, 7, 8, 9]) == stats.trim_mean(table.ravel(), 0.25)
    assert found.lo < found.mean < found.hi
    table[2, 3] = 1e9
    assert interquartile_mean(table) == found
    assert interquartile_mean(np.array([[1.0, 2.0, 3.0]])).mean == 2.0, "three values leave none out"
    assert interquartile_mean(np.array([[1.0, 2.0, 2.0, 2.0, 2.0, 9.0]])).reason == CONSTANT


def test_intervals_of_the_interquartile_mean_cover():
    tables = draw(np.random.default_rng(8), 400, 6, 6, (0.3, 1.0, 0.6), "t3")
    found = [interquartile_mean(table) for table in tables]
    assert 0.91 <= np.mean([each.lo <= 0 <= each.hi for each in found]) <= 0.98
