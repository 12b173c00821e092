"""Losses between Gaussians: closed forms, scipy's matrix root, numpy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

from styleresearch.losses.distribution import Covariance, Wasserstein


def value(loss, *pair):
    arrays = [{"relu1_1": jnp.asarray(x, jnp.float32)} for x in pair]
    run = jax.jit(lambda a, b: loss.compare(loss.summarise(a), loss.summarise(b)))
    return np.asarray(run(*arrays))


def draw(seed, channels=6, height=9, width=8):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, height, width, channels)) @ rng.normal(size=(channels, channels)) + rng.normal(
        size=channels
    )
    return x.astype(np.float32).astype(float)


def gaussian(x):
    flat = x.reshape(-1, x.shape[-1])
    return flat.mean(0), np.cov(flat, rowvar=False, bias=True)


def test_covariance_is_deep_coral():
    image, style = draw(0), draw(1, height=12)
    expected = [((gaussian(x)[1] - gaussian(y)[1]) ** 2).sum() / (4 * 6**2) for x, y in zip(image, style, strict=True)]
    np.testing.assert_allclose(value(Covariance(("relu1_1",)), image, style), expected, rtol=1e-4)


def w2(x, y):
    """Olkin & Pukelsheim's formula, with scipy's general matrix square root."""
    (m, s), (n, t) = gaussian(x), gaussian(y)
    root = scipy.linalg.sqrtm(t)
    cross = np.trace(scipy.linalg.sqrtm(root @ s @ root).real)
    return ((m - n) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * cross


def test_wasserstein_against_scipy():
    image, style = draw(2), draw(3, height=12)
    expected = [w2(x, y) / 6 for x, y in zip(image, style, strict=True)]
    np.testing.assert_allclose(value(Wasserstein(("relu1_1",), eps=0.0), image, style), expected, rtol=1e-3)
    # The default ridge moves it by about itself, no more.
    np.testing.assert_allclose(value(Wasserstein(("relu1_1",)), image, style), expected, rtol=1e-2)


def test_wasserstein_of_gaussians_on_the_line():
    x, y = draw(4, channels=1), draw(5, channels=1)
    expected = (x.mean((1, 2, 3)) - y.mean((1, 2, 3))) ** 2 + (x.std((1, 2, 3)) - y.std((1, 2, 3))) ** 2
    np.testing.assert_allclose(value(Wasserstein(("relu1_1",), eps=0.0), x, y), expected, rtol=1e-3)


def test_wasserstein_of_commuting_covariances():
    # Scaling along the principal axes keeps them: W2^2 is then the distance of means and of the axes' deviations.
    x = draw(6)[:1]
    mean, cov = gaussian(x[0])
    values, axes = np.linalg.eigh(cov)
    factors = np.array([0.5, 1.0, 2.0, 1.5, 3.0, 0.2])
    y = (x - mean) @ axes * factors @ axes.T + mean + 0.7
    expected = 6 * 0.7**2 + (values * (factors - 1) ** 2).sum()
    np.testing.assert_allclose(value(Wasserstein(("relu1_1",), eps=0.0), x, y), [expected / 6], rtol=1e-3)


def test_wasserstein_is_zero_at_home_and_symmetric():
    x, y = draw(7), draw(8)
    loss = Wasserstein(("relu1_1",))
    assert np.abs(value(loss, x, x)).max() < 1e-4 * np.abs(x).max() ** 2
    np.testing.assert_allclose(value(loss, x, y), value(loss, y, x), rtol=1e-3)


@pytest.mark.parametrize("pixels", [(2, 2), (1, 1)])
def test_wasserstein_of_fewer_positions_than_channels_has_a_finite_gradient(pixels):
    # The covariance is singular: the generic case at VGG's deep layers.
    loss = Wasserstein(("relu1_1",))
    target = loss.summarise({"relu1_1": jnp.asarray(draw(9, 6, *pixels), jnp.float32)})

    @jax.jit
    @jax.value_and_grad
    def run(x):
        return loss.compare(loss.summarise({"relu1_1": x}), target).sum()

    result, slope = run(jnp.asarray(draw(10, 6, *pixels), jnp.float32))
    assert jnp.isfinite(result)
    assert jnp.isfinite(slope).all()
    assert jnp.abs(slope).max() > 0
