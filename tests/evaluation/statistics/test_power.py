"""Where variation comes from, and what a design finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from styleresearch.evaluation.statistics.components import variance_split
from styleresearch.evaluation.statistics.interval import Spread, mean_interval, spread_of
from styleresearch.evaluation.statistics.power import LEAST, MOST, Variances, smallest_difference


def grid(*sizes):
    return [each.ravel() for each in np.meshgrid(*map(np.arange, sizes), indexing="ij")]


def test_variance_split_of_a_whole_table_is_the_analysis_of_variance():
    values = np.random.default_rng(0).normal(size=(4, 6)) + np.arange(6.0)
    content, style = grid(4, 6)
    found = variance_split(values.ravel(), {"content": content, "style": style, "alone": np.zeros(24, int)})
    assert found is not None
    means = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    rest = ((values - means[0] - means[1] + values.mean()) ** 2).sum() / 15
    by_style = (4 * means[1].var(ddof=1) - rest) / 4
    by_content = max(0.0, (6 * means[0].var(ddof=1) - rest) / 6)
    assert found == pytest.approx({"content": by_content, "style": by_style, "rest": rest})


@pytest.mark.parametrize("kept", [1.0, 0.7])
def test_variance_split_finds_what_was_put_in(kept):
    rng = np.random.default_rng(1)
    method, content, style, _ = grid(12, 25, 30, 2)
    draws = [rng.normal(size=size) for size in (12, 25, 30)]
    effects = [(draw - draw.mean()) / draw.std(ddof=1) for draw in draws]
    values = 1.0 * effects[0][method] + 0.5 * effects[1][content] + 2.0 * effects[2][style]
    values += 0.5 * rng.normal(size=(12, 25, 30))[method, content, style] + 0.3 * rng.normal(size=len(values))
    keep = rng.random(len(values)) < kept
    levels = {"method": method[keep], "content": content[keep], "style": style[keep]}
    found = variance_split(values[keep], levels)
    expected = {"method": 1.0, "content": 0.25, "style": 4.0, "rest": 0.25, "seed": 0.09}
    assert found == pytest.approx(expected, rel=0.1)


def test_nothing_to_split():
    assert variance_split(np.array([1.0, 2.0]), {"content": np.array([0, 0])}) is None
    content, style = np.array([0, 1, 2]), np.array([0, 1, 2])
    assert variance_split(np.array([1.0, 2.0, 4.0]), {"content": content, "style": style}) is None


def test_smallest_difference_is_found_in_80_percent_of_experiments():
    rng = np.random.default_rng(2)
    variances = Variances(0.09, 1.0, 0.36)
    smallest = float(variances.smallest_difference(np.array([8.0]), np.array([10.0]))[0])
    found = [
        mean_interval(
            smallest + 0.3 * rng.normal(size=(8, 1)) + rng.normal(size=(1, 10)) + 0.6 * rng.normal(size=(8, 10))
        ).p
        <= 0.05
        for _ in range(400)
    ]
    # A share of 400 has a standard error of 2 %.
    assert np.mean(found) == pytest.approx(0.8, abs=0.06)


def test_a_pilot_tells_what_its_own_design_finds():
    table = np.random.default_rng(3).normal(size=(6, 5)) + np.arange(5.0) + 2 * np.arange(6.0)[:, None]
    spread = spread_of(table)
    assert spread is not None
    variances = Variances.of([spread])
    assert variances is not None
    assert float(variances.smallest_difference(np.array([6.0]), np.array([5.0]))[0]) == pytest.approx(
        smallest_difference(spread)
    )
    one_factor = spread_of(table[:1])
    assert one_factor is not None
    assert smallest_difference(one_factor) == pytest.approx(
        (stats.t.ppf(0.975, 4) + stats.t.ppf(0.8, 4)) * table[0].std(ddof=1) / np.sqrt(5)
    )
    assert Variances.of([one_factor]) is None, "one content says nothing about others"


def test_needed_is_the_smallest_design_that_reaches_a_difference():
    variances = Variances(0.3, 1.0, 0.5)
    wanted = 0.7
    contents, styles = (np.array(each, float) for each in grid(60, 60))
    contents, styles = contents + LEAST, styles + LEAST
    enough = variances.smallest_difference(contents, styles) <= wanted
    found = variances.needed(wanted)
    assert found is not None
    assert found[0] * found[1] == int((contents * styles)[enough].min())
    rows, columns = (np.array([float(each)]) for each in found)
    assert float(variances.smallest_difference(rows, columns)[0]) <= wanted
    more = variances.needed(wanted, contents=found[0])
    assert more == found
    assert variances.needed(0.01) is None
    assert variances.needed(wanted, styles=3) is None, "more contents do not make up for few styles"
    assert variances.needed(100.0) == (LEAST, LEAST)
    assert found[1] <= MOST


def test_a_spread_without_variation_between_means_has_the_least_degrees_of_freedom():
    assert Spread(0.0, 0.0, 1.0, 3, 5).df == 2
    assert Spread(0.0, 0.0, 1.0, 3, 5).variance == 1.0
