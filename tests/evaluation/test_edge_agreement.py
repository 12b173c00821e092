"""Edge agreement against scipy's Sobel filter and numpy's correlation."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from styleresearch.evaluation.edge_agreement import EdgeAgreement


@pytest.fixture(scope="module")
def agreement():
    return jax.jit(lambda output, content: EdgeAgreement()({}, output, content, None))


def strength(image):
    luma = np.asarray(image, np.float64) @ [0.299, 0.587, 0.114]
    return np.hypot(ndimage.sobel(luma, 0, mode="nearest"), ndimage.sobel(luma, 1, mode="nearest"))


def test_it_is_the_correlation_of_sobel_magnitudes(agreement, random_image):
    a, b = random_image(0, batch=2), 0.7 * random_image(1, batch=2) + 0.3 * random_image(0, batch=2)
    wanted = [np.corrcoef(strength(p).ravel(), strength(q).ravel())[0, 1] for p, q in zip(a, b, strict=True)]
    np.testing.assert_allclose(agreement(a, b), wanted, atol=1e-5)


def test_neither_contrast_nor_inversion_costs_anything_and_a_shift_does(agreement, random_image):
    image = random_image(0)
    np.testing.assert_allclose(agreement(0.2 + 0.5 * image, image), 1, atol=1e-5)
    np.testing.assert_allclose(agreement(1 - image, image), 1, atol=1e-5)
    assert agreement(jnp.roll(image, 8, 2), image)[0] < 0.5


def test_a_flat_picture_agrees_with_a_flat_one_only(agreement, random_image):
    flat = jnp.full((1, 32, 40, 3), 0.5)
    assert agreement(flat, random_image(0))[0] == 0
    assert agreement(flat, 0.5 * flat)[0] == 1
