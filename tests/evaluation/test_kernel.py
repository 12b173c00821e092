"""The kernel distance against its definition, and without bias in simulation where the Fréchet distance has much."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from styleresearch.evaluation.frechet import frechet_distance
from styleresearch.evaluation.kernel import kernel_distance


def test_it_is_the_unbiased_estimate_written_out():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, 3)), rng.normal(size=(4, 3)) + 1

    def kernel(x, y):
        return (x @ y / 3 + 1) ** 3

    own = [
        np.mean([kernel(rows[i], rows[j]) for i, j in product(range(len(rows)), repeat=2) if i != j]) for rows in (a, b)
    ]
    wanted = sum(own) - 2 * np.mean([kernel(x, y) for x, y in product(a, b)])
    assert kernel_distance(a, b) == pytest.approx(wanted)


def test_its_mean_over_sets_is_right_for_few_pictures_where_the_frechet_distances_is_too_large():
    # Features of a decaying spectrum, as an encoder's are.
    rng = np.random.default_rng(0)
    deviation = np.arange(1, 17) ** -0.5

    def values(distance, count, shift, times=400):
        rows = rng.normal(size=(times, 2, count, 16)) * deviation
        return np.array([distance(a, b + shift) for a, b in rows])

    def error(found):
        return np.std(found) / len(found) ** 0.5

    few, more = values(kernel_distance, 4, 0.3), values(kernel_distance, 64, 0.3)
    assert abs(few.mean() - more.mean()) < 3 * np.hypot(error(few), error(more))
    assert more.mean() > 10 * error(more)
    none = values(kernel_distance, 4, 0)
    assert abs(none.mean()) < 3 * error(none)
    assert none.min() < 0
    # The same distribution on both sides, and no distance: what there is, is bias.
    few, more = (values(frechet_distance, count, 0, 50).mean() for count in (16, 64))
    assert few > 2 * more > 0.2
