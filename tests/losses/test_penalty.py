"""Penalties of critics whose slope is known."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.losses.penalty import PENALTIES, gradient_penalty, r1

KEY = jax.random.key(0)
SLOPE = np.random.default_rng(0).normal(size=(4, 5, 3))
REAL, FAKE = jax.random.uniform(jax.random.key(1), (2, 2, 4, 5, 3))


def linear(x):
    """Scores (b, 4, 5, 1) whose sum has the gradient SLOPE."""
    return (x * jnp.float32(SLOPE)[None]).sum(-1, keepdims=True) + 0.3


def quadratic(x):
    """Scores whose sum has the gradient x."""
    return 0.5 * x**2


def constant(x):
    return jnp.full((x.shape[0], 1), 3.0)


def test_a_linear_critic():
    norm = np.sqrt((SLOPE**2).sum())
    np.testing.assert_allclose(r1(4.0)(linear, REAL, FAKE, KEY), [2 * norm**2] * 2, rtol=1e-5)
    np.testing.assert_allclose(gradient_penalty(4.0)(linear, REAL, FAKE, KEY), [4 * (norm - 1) ** 2] * 2, rtol=1e-5)


def test_a_critic_of_slope_one_is_what_wgan_gp_wants():
    unit = np.sqrt((SLOPE**2).sum())
    values = gradient_penalty()(lambda x: linear(x) / unit, REAL, FAKE, KEY)
    np.testing.assert_allclose(values, [0.0, 0.0], atol=1e-10)


def test_a_constant_critic():
    np.testing.assert_array_equal(r1()(constant, REAL, FAKE, KEY), [0.0, 0.0])
    np.testing.assert_allclose(gradient_penalty(3.0)(constant, REAL, FAKE, KEY), [3.0, 3.0], rtol=1e-5)


def test_r1_looks_at_the_real_images_only():
    expected = 5.0 * (np.float64(REAL) ** 2).sum((1, 2, 3))
    np.testing.assert_allclose(r1()(quadratic, REAL, FAKE, KEY), expected, rtol=1e-5)
    np.testing.assert_array_equal(
        r1()(quadratic, REAL, FAKE, KEY), r1()(quadratic, REAL, FAKE + 1, jax.random.fold_in(KEY, 1))
    )


def place(pixel: int, key=KEY) -> np.ndarray:
    """Return how far from the fake (0) to the real (1) the penalty of each image looks, seen at one pixel."""
    real, fake = jnp.ones((500, 2, 2, 1)), jnp.zeros((500, 2, 2, 1))

    def critic(x):
        return quadratic(x.reshape(500, 4)[:, pixel])

    # The slope is the pixel itself, between 0 and 1, and the penalty (pixel - 1)^2.
    return 1 - np.sqrt(gradient_penalty(1.0)(critic, real, fake, key))


def test_one_place_between_real_and_fake_is_drawn_for_each_image():
    drawn = place(0)
    for pixel in (1, 2, 3):
        np.testing.assert_allclose(place(pixel), drawn, atol=1e-5)
    assert len(np.unique(drawn)) > 450
    # Uniform: mean 1/2, deviation 1/sqrt(12), each within four standard errors.
    assert drawn.min() >= -1e-5
    assert drawn.max() <= 1
    assert drawn.mean() == pytest.approx(0.5, abs=4 * 0.29 / 500**0.5)
    assert drawn.std() == pytest.approx(12**-0.5, abs=0.03)
    assert np.abs(place(0, jax.random.fold_in(KEY, 1)) - drawn).mean() > 0.2


def test_between_an_image_and_itself_there_is_only_that_image():
    norms = np.sqrt((np.float64(REAL) ** 2).sum((1, 2, 3)))
    np.testing.assert_allclose(gradient_penalty()(quadratic, REAL, REAL, KEY), 10 * (norms - 1) ** 2, rtol=1e-4)


@pytest.mark.parametrize("name", list(PENALTIES))
def test_negative_weights_are_refused(name):
    with pytest.raises(InputError, match=f"{name}': weight = -1.0 is not from 0"):
        PENALTIES.build({"name": name, "weight": -1.0})
