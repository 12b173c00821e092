"""The Fréchet distance against its formula."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from styleresearch.evaluation.frechet import Frechet


@pytest.mark.parametrize("count", [3, 40])
def test_it_is_the_formula_also_for_singular_covariances(count):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(count, 5)), 2 * rng.normal(size=(count + 1, 5)) + 1
    p, q = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.real(scipy.linalg.sqrtm(p @ q))
    wanted = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(p + q - 2 * root)
    assert Frechet().compare(a, b) == pytest.approx(wanted, rel=1e-3)


def test_equal_sets_have_none_and_normals_of_known_moments_have_theirs():
    rows = np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32)
    assert Frechet().compare(rows, rows) == pytest.approx(0, abs=1e-5)
    # Standard deviations of 1 and 3 in both directions, means 4 apart: 16 + 2 * (3 - 1)^2.
    assert Frechet().compare(rows, 3 * rows + [4, 0]) == pytest.approx(24, rel=0.02)


def test_it_sees_the_mean_activations_of_all_its_layers(small_encoder, random_image):
    metric = Frechet(("relu1_1", "relu2_1"))
    found = metric.embed(metric.needs(small_encoder), random_image(0, batch=2))
    assert found.shape == (2, 8 + 16)
    features = small_encoder(random_image(0, batch=2), ("relu2_1",))
    np.testing.assert_allclose(found[:, 8:], features["relu2_1"].mean((1, 2)), rtol=1e-5)
