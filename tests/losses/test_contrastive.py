"""PatchNCE against loops in NumPy and against what is known in closed form."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.losses.contrastive import patch_nce


def unit_vectors(seed, places, batch=2, channels=8):
    x = np.random.default_rng(seed).normal(size=(batch, places, channels))
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def by_loops(query, positive, temperature):
    total = []
    for v, others in zip(query, positive, strict=True):
        each = []
        for i in range(len(v)):
            ratios = [np.exp(v[i] @ other / temperature) for other in others]
            each.append(-np.log(ratios[i] / sum(ratios)))
        total.append(np.mean(each))
    return total


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_loops(temperature):
    query, positive = unit_vectors(0, 6), unit_vectors(1, 6)
    found = patch_nce(jnp.float32(query), jnp.float32(positive), temperature)
    np.testing.assert_allclose(found, by_loops(query, positive, temperature), rtol=1e-5)


@pytest.mark.parametrize("places", [2, 16, 256])
def test_identical_orthogonal_features(places):
    # The own place's cosine is 1, those of the other S - 1 places are 0: far below the rounding of the logits 1/T.
    features = jnp.eye(places)[None]
    np.testing.assert_allclose(patch_nce(features, features), [np.log1p((places - 1) * np.exp(-1 / 0.07))], rtol=1e-4)


def test_places_that_cannot_be_told_apart_cost_the_log_of_their_number():
    same = jnp.full((1, 10, 4), 0.5)
    np.testing.assert_allclose(patch_nce(same, same), [np.log(10)], rtol=1e-5)


def test_negatives_come_from_the_same_image():
    query, positive = jnp.float32(unit_vectors(2, 5)), jnp.float32(unit_vectors(3, 5))
    together = patch_nce(query, positive)
    np.testing.assert_allclose(together[:1], patch_nce(query[:1], positive[:1]), rtol=1e-5)


def test_features_pull_to_their_own_place_and_no_gradient_reaches_the_target():
    query, positive = jnp.float32(unit_vectors(4, 5)), jnp.float32(unit_vectors(5, 5))
    to_query, to_positive = jax.grad(lambda *pair: patch_nce(*pair).sum(), argnums=(0, 1))(query, positive)
    assert ((to_query * positive).sum(-1) < 0).all()
    assert (to_positive == 0).all()


@pytest.mark.parametrize("places", [1, 3])
def test_gradients_are_finite_for_few_places_and_equal_ones(places):
    same = jnp.full((1, places, 4), 0.5)
    value, slope = jax.value_and_grad(lambda x: patch_nce(x, same).sum())(same)
    assert float(value) == pytest.approx(np.log(places))
    assert jnp.isfinite(slope).all()


def test_bfloat16_features_are_compared_in_float32():
    half = jnp.asarray(unit_vectors(6, 5), jnp.bfloat16)
    found = patch_nce(half, half)
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, patch_nce(half.astype(jnp.float32), half.astype(jnp.float32)), rtol=1e-6)


@pytest.mark.parametrize("temperature", [0.0, -0.07])
def test_a_temperature_must_be_above_zero(temperature):
    with pytest.raises(InputError, match=f"temperature must be above 0, got {temperature}"):
        patch_nce(jnp.ones((1, 2, 3)), jnp.ones((1, 2, 3)), temperature)
