"""Distances to one image by loops."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.losses.reconstruction import feature_matching, l1


def random(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def test_l1():
    a, b = random(0, 2, 3, 4, 3), random(1, 2, 3, 4, 3)
    expected = [sum(abs(x - y) for x, y in zip(a[i].ravel(), b[i].ravel(), strict=True)) / 36 for i in range(2)]
    np.testing.assert_allclose(l1(a, b), expected, rtol=1e-5)
    np.testing.assert_array_equal(l1(a, a), [0.0, 0.0])


def test_l1_of_signed_pixels_is_twice_that_of_ours():
    a, b = random(2, 1, 4, 4, 3), random(3, 1, 4, 4, 3)
    np.testing.assert_allclose(l1(2 * a - 1, 2 * b - 1), 2 * l1(a, b), rtol=1e-5)


def answer(seed):
    """Two scales of two hidden layers and the scores."""
    sizes = [((8, 8, 4), (4, 4, 6), (3, 3, 1)), ((4, 4, 4), (2, 2, 6), (1, 1, 1))]
    return [[random(seed + 10 * i + j, 2, *size) for j, size in enumerate(scale)] for i, scale in enumerate(sizes)]


def test_feature_matching():
    fake, real = answer(0), answer(100)
    expected = np.zeros(2)
    for k in range(2):
        for layer in range(2):  # not the third: the scores
            for i in range(2):
                x, y = fake[k][layer][i], real[k][layer][i]
                expected[i] += float(jnp.abs(x - y).sum()) / x.size / 2
    np.testing.assert_allclose(feature_matching(fake, real), expected, rtol=1e-5)
    np.testing.assert_array_equal(feature_matching(fake, fake), [0.0, 0.0])


def test_every_layer_weighs_the_same_whatever_its_size():
    real = answer(0)
    for layer in range(2):
        fake = [list(scale) for scale in real]
        fake[0][layer] = fake[0][layer] + 3.0
        np.testing.assert_allclose(feature_matching(fake, real), [1.5, 1.5], rtol=1e-5)
    fake = [[*scale[:2], scale[2] + 3.0] for scale in real]
    np.testing.assert_array_equal(feature_matching(fake, real), [0.0, 0.0])


def test_no_gradient_reaches_the_real_answer():
    fake, real = answer(0), answer(100)
    to_fake, to_real = jax.grad(lambda *pair: feature_matching(*pair).sum(), argnums=(0, 1))(fake, real)
    assert all((leaf == 0).all() for leaf in jax.tree.leaves(to_real))
    hidden = [leaf for scale in to_fake for leaf in scale[:-1]]
    assert all((leaf != 0).all() for leaf in hidden)


@pytest.mark.parametrize("wrong", ["scales", "layers"])
def test_answers_of_two_discriminators_cannot_be_compared(wrong):
    real = answer(0)
    other = real[:1] if wrong == "scales" else [scale[:-1] for scale in real]
    with pytest.raises(ValueError, match="zip"):
        feature_matching(real, other)


def test_bfloat16_is_compared_in_float32():
    half = jax.tree.map(lambda x: x.astype(jnp.bfloat16), (answer(0), answer(100)))
    single = jax.tree.map(lambda x: x.astype(jnp.float32), half)
    found = feature_matching(*half)
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, feature_matching(*single), rtol=1e-6)
    assert l1(half[0][0][0][..., :3], half[1][0][0][..., :3]).dtype == jnp.float32
