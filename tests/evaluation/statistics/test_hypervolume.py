"""Fronts and the area that they dominate, against areas by hand."""

from __future__ import annotations

import numpy as np
import pytest

from styleresearch.evaluation.statistics.hypervolume import front, hypervolume


def test_the_area_is_that_of_the_union_of_rectangles():
    points = np.array([[1.0, 3.0], [2.0, 1.0], [2.5, 2.0], [3.0, 3.5]])
    assert front(points) == [0, 1]
    assert hypervolume(points, (4.0, 4.0)) == pytest.approx(3 * 1 + 2 * 2)
    assert hypervolume(points, (2.0, 1.0)) == 0
    assert hypervolume(np.array([[np.nan, 0.0]]), (1.0, 1.0)) == 0


def test_it_is_the_share_of_random_points_that_are_dominated():
    rng = np.random.default_rng(0)
    points, dots = rng.random((6, 2)), rng.random((20_000, 2))
    dominated = (points[:, None] <= dots[None]).all(2).any(0).mean()
    assert hypervolume(points, (1.0, 1.0)) == pytest.approx(dominated, abs=0.02)
