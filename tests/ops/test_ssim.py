"""Structural similarity, against its equations written out and against scikit-image's."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from styleresearch.ops.ssim import WINDOW, ssim


def written_out(a, b):
    """Equations 12 to 16 of the paper, window by window, in float64."""
    row = np.exp(-0.5 * ((np.arange(WINDOW) - 5) / 1.5) ** 2)
    window = np.outer(row, row) / row.sum() ** 2
    found = []
    for channel in range(a.shape[-1]):
        for y in range(a.shape[0] - WINDOW + 1):
            for x in range(a.shape[1] - WINDOW + 1):
                p, q = (each[y : y + WINDOW, x : x + WINDOW, channel].astype(np.float64) for each in (a, b))
                m, n = (window * p).sum(), (window * q).sum()
                v, w, c = (window * p * p).sum() - m * m, (window * q * q).sum() - n * n, (window * p * q).sum() - m * n
                top = (2 * m * n + 0.01**2) * (2 * c + 0.03**2)
                found.append(top / ((m * m + n * n + 0.01**2) * (v + w + 0.03**2)))
    return np.mean(found)


def pictures(height, width, seed=0):
    rng = np.random.default_rng(seed)
    a = rng.random((2, height, width, 3), np.float32)
    return a, np.clip(a + rng.normal(0, 0.2, a.shape), 0, 1).astype(np.float32)


@pytest.mark.parametrize(("height", "width"), [(11, 11), (14, 12)])
def test_it_is_the_papers(height, width):
    a, b = pictures(height, width)
    expected = [written_out(p, q) for p, q in zip(a, b, strict=True)]
    np.testing.assert_allclose(ssim(jnp.asarray(a), jnp.asarray(b)), expected, rtol=1e-5)


def test_it_is_that_of_scikit_image():
    a, b = pictures(40, 33)
    maps = [
        structural_similarity(
            p, q, data_range=1, channel_axis=-1, gaussian_weights=True, sigma=1.5, truncate=3.4,
            use_sample_covariance=False, full=True,
        )[1][5:-5, 5:-5]
        for p, q in zip(a.astype(np.float64), b.astype(np.float64), strict=True)
    ]  # fmt: skip
    np.testing.assert_allclose(ssim(jnp.asarray(a), jnp.asarray(b)), [one.mean() for one in maps], rtol=1e-5)


def test_equal_pictures_have_1_and_opposite_ones_less_than_0():
    a, _ = pictures(16, 16)
    np.testing.assert_allclose(ssim(jnp.asarray(a), jnp.asarray(a)), 1, atol=1e-6)
    flat = jnp.full((1, 16, 16, 3), 0.25)
    np.testing.assert_allclose(ssim(flat, flat), 1, atol=1e-6)
    assert (ssim(jnp.asarray(a), jnp.asarray(1 - a)) < 0).all()
