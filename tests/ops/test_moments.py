"""Moments of feature maps against sums written out in float64."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

from styleresearch.ops import moments

SHAPE = (2, 5, 7, 4)


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(3.0, 2.0, SHAPE)


@pytest.fixture
def mask() -> np.ndarray:
    return np.random.default_rng(1).uniform(size=(*SHAPE[:3], 1))


def weighted(x, mask):
    """Return mean, covariance and second moment of each image, positions weighted by ``mask``."""
    means, covariances, grams = [], [], []
    for picture, weights in zip(x, mask, strict=True):
        positions, share = picture.reshape(-1, x.shape[-1]), weights.ravel() / weights.sum()
        mean = sum(w * p for w, p in zip(share, positions, strict=True))
        means.append(mean)
        covariances.append(sum(w * np.outer(p - mean, p - mean) for w, p in zip(share, positions, strict=True)))
        grams.append(sum(w * np.outer(p, p) for w, p in zip(share, positions, strict=True)))
    return np.array(means), np.array(covariances), np.array(grams)


@pytest.mark.parametrize("masked", [False, True])
def test_moments_match_the_sums_written_out(x, mask, masked):
    mean, covariance, gram = weighted(x, mask if masked else np.ones_like(mask))
    array, weights = jnp.asarray(x, jnp.float32), jnp.asarray(mask, jnp.float32) if masked else None
    close = {"rtol": 2e-5, "atol": 2e-5}
    np.testing.assert_allclose(jax.jit(moments.mean)(array, weights), mean, **close)
    np.testing.assert_allclose(jax.jit(moments.covariance)(array, weights), covariance, **close)
    np.testing.assert_allclose(jax.jit(moments.gram)(array, weights), gram, **close)
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    np.testing.assert_allclose(jax.jit(moments.variance)(array, weights), variance, **close)
    std = jax.jit(moments.std, static_argnums=(1, 3))
    np.testing.assert_allclose(std(array, 0.5, weights, False), np.sqrt(variance + 0.5), **close)
    if not masked:
        unbiased = x.var(axis=(1, 2), ddof=1)
        np.testing.assert_allclose(std(array, 0.0, None, True), np.sqrt(unbiased), **close)


def test_variance_far_from_zero_keeps_its_digits():
    # Where E[x^2] - E[x]^2 in float32 is off by 6e2: two passes must not be.
    x = np.float32(3000) + 0.5 * np.random.default_rng(2).normal(size=(1, 32, 32, 2)).astype(np.float32)
    np.testing.assert_allclose(
        jax.jit(moments.variance)(jnp.asarray(x)), x.astype(np.float64).var(axis=(1, 2)), rtol=1e-3
    )


def test_one_position_has_a_finite_unbiased_deviation():
    assert float(moments.std(jnp.ones((1, 1, 1, 1)), 1e-5, unbiased=True)[0, 0]) == pytest.approx(1e-5**0.5)


def test_an_empty_mask_gives_zeros_and_finite_gradients(x):
    array, nothing = jnp.asarray(x, jnp.float32), jnp.zeros((*SHAPE[:3], 1))
    total = jax.jit(jax.value_and_grad(lambda y: moments.gram(y, nothing).sum() + moments.std(y, 1e-5, nothing).sum()))
    value, slope = total(array)
    assert float(value) == pytest.approx(8 * 1e-5**0.5)
    assert (slope == 0).all()


def test_root_of_a_matrix_squares_to_it_and_agrees_with_scipy():
    half = np.random.default_rng(3).normal(size=(2, 6, 6))
    matrix = half @ half.swapaxes(1, 2)
    root = np.asarray(jax.jit(moments.sqrt_psd)(jnp.asarray(matrix, jnp.float32)))
    np.testing.assert_allclose(root @ root, matrix, rtol=1e-4, atol=1e-4)
    for mine, one in zip(root, matrix, strict=True):
        np.testing.assert_allclose(mine, scipy.linalg.sqrtm(one), rtol=1e-3, atol=1e-3)


def test_masks_shrink_by_averaging():
    mask = jnp.zeros((1, 8, 8, 1)).at[:, :, :3].set(1.0)
    small = jax.jit(moments.resize_mask, static_argnums=(1, 2))(mask, 4, 4)
    assert small.shape == (1, 4, 4, 1)
    assert small.min() >= 0
    assert small.max() <= 1
    np.testing.assert_allclose(small[0, :, 0, 0], 1.0, atol=1e-6)
    np.testing.assert_allclose(small[0, :, 3, 0], 0.0, atol=1e-6)
    assert 0.3 < float(small[0, 1, 1, 0]) < 0.7  # half of the pixels under it are marked
    np.testing.assert_allclose(small.mean(), mask.mean(), atol=0.03)
    assert moments.resize_mask(mask, 8, 8) is mask
