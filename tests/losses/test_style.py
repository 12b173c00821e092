"""Style losses on moments against numpy; the table of Gram conventions and its converter."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from styleresearch.errors import InputError
from styleresearch.losses.style import (
    Gram,
    Moments,
    SpatialVariance,
    SpatialVarianceMatch,
    convert_gram_weights,
    gram_coefficient,
)

LAYERS = ("relu1_1", "relu2_1")
CONVENTIONS = ("paper", "authors", "neural_style", "johnson")


def features(seed, height=6, width=5):
    """Two layers of 4 and 8 channels, batch of 2, float64."""
    rng = np.random.default_rng(seed)
    return {
        "relu1_1": rng.normal(1, 2, (2, height, width, 4)).astype(np.float32).astype(float),
        "relu2_1": rng.normal(2, 3, (2, height // 2, width // 2, 8)).astype(np.float32).astype(float),
    }


def value(loss, image, other=None):
    @jax.jit
    def run(a, b):
        return loss.compare(loss.summarise(a), None if b is None else loss.summarise(b))

    return np.asarray(run(*jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), (image, other))))


def unnormalised_gram(x):
    """Equation 3: G_ij = sum_k F_ik F_jk, one matrix for each image."""
    return np.array([np.einsum("mi,mj->ij", flat, flat) for flat in x.reshape(2, -1, x.shape[-1])])


# The reference table of published implementations, in terms of the unnormalised matrices G and A and of M positions.
PUBLISHED = {
    "paper": lambda g, a, c, m: ((g - a) ** 2).sum((1, 2)) / (4 * c**2 * m**2),
    "authors": lambda g, a, c, m: 1e3 / c**2 * ((g / m - a / m) ** 2).mean((1, 2)),
    "neural_style": lambda g, a, c, m: ((g / (c * m) - a / (c * m)) ** 2).mean((1, 2)),
    "johnson": lambda g, a, c, m: ((g / (c * m) - a / (c * m)) ** 2).sum((1, 2)),
}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_gram_conventions_as_published(convention):
    image, other = features(0), features(1)
    expected = 0
    for layer, weight in zip(LAYERS, (1.0, 0.25), strict=True):
        x = image[layer]
        m, c = x.shape[1] * x.shape[2], x.shape[3]
        expected += weight * PUBLISHED[convention](unnormalised_gram(x), unnormalised_gram(other[layer]), c, m)
    np.testing.assert_allclose(value(Gram(LAYERS, convention, (1.0, 0.25)), image, other), expected, rtol=1e-4)


def test_gram_of_another_size_is_normalised_by_its_own_positions():
    image, other = features(0), features(1, 12, 7)
    x, y = image["relu1_1"], other["relu1_1"]
    expected = ((unnormalised_gram(x) / 30 - unnormalised_gram(y) / 84) ** 2).sum((1, 2)) / 4**2
    np.testing.assert_allclose(value(Gram(("relu1_1",), "johnson"), image, other), expected, rtol=1e-4)


def test_a_layer_weight_may_be_zero_or_negative():
    image, other = features(0), features(1)
    one = value(Gram(("relu1_1",)), image, other)
    np.testing.assert_allclose(value(Gram(LAYERS, layer_weights=(-2.0, 0.0)), image, other), -2 * one, rtol=1e-5)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_gram_does_not_see_where_pixels_are(seed):
    image = features(seed)
    order = np.random.default_rng(seed).permutation(30)
    shuffled = image["relu1_1"].reshape(2, 30, 4)[:, order].reshape(2, 6, 5, 4)
    summarise = SUMMARISE_GRAM
    before, after = (
        np.asarray(summarise({"relu1_1": jnp.asarray(x, jnp.float32)})["relu1_1"]) for x in (image["relu1_1"], shuffled)
    )
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-4)
    assert np.linalg.eigvalsh(before.astype(float)).min() > -1e-4  # and it is positive semi-definite


SUMMARISE_GRAM = jax.jit(Gram(("relu1_1",)).summarise)

channel_counts = st.lists(st.integers(1, 1024), min_size=1, max_size=6)
conventions = st.sampled_from(CONVENTIONS)


@given(channel_counts, conventions, conventions, conventions, st.data())
def test_converting_there_and_back(channels, first, second, third, data):
    weights = data.draw(st.lists(st.floats(1e-3, 1e3), min_size=len(channels), max_size=len(channels)))
    there = convert_gram_weights(weights, channels, source=first, target=second)
    back = convert_gram_weights(there, channels, source=second, target=first)
    np.testing.assert_allclose(back, weights, rtol=1e-12)
    # By way of a third convention nothing changes either.
    detour = convert_gram_weights(there, channels, source=second, target=third)
    straight = convert_gram_weights(weights, channels, source=first, target=third)
    np.testing.assert_allclose(detour, straight, rtol=1e-12)
    same = convert_gram_weights(weights, channels, source=first, target=first)
    np.testing.assert_allclose(same, weights, rtol=1e-12)


@pytest.mark.parametrize("source", CONVENTIONS)
@pytest.mark.parametrize("target", CONVENTIONS)
def test_converted_weights_mean_the_same_loss(source, target):
    image, other = features(2), features(3)
    weights = (0.3, 2.0)
    converted = convert_gram_weights(weights, (4, 8), source=source, target=target)
    # Eager: 16 compilations would take longer.
    losses = [Gram(LAYERS, source, weights), Gram(LAYERS, target, converted)]
    arrays = jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), (image, other))
    a, b = (loss.compare(loss.summarise(arrays[0]), loss.summarise(arrays[1])) for loss in losses)
    np.testing.assert_allclose(a, b, rtol=1e-5)


def test_the_table_of_coefficients():
    # k of sum (G - A)^2, unnormalised, at C = 64 and 512; deep layers are 64 times weaker where k has C^4.
    for c in (64, 512):
        assert gram_coefficient("paper", c) == 1 / (4 * c**2)
        assert gram_coefficient("authors", c) == 1e3 / c**4
        assert gram_coefficient("neural_style", c) == 1 / c**4
        assert gram_coefficient("johnson", c) == 1 / c**2
    profile = {name: gram_coefficient(name, 64) / gram_coefficient(name, 512) for name in CONVENTIONS}
    assert profile == {"paper": 64, "authors": 4096, "neural_style": 4096, "johnson": 64}


def test_unknown_conventions_and_lengths_that_differ_are_refused():
    with pytest.raises(InputError, match=r"unknown Gram convention 'author'; allowed: paper, authors, neural_style"):
        gram_coefficient("author", 64)
    with pytest.raises(InputError, match="2 weights for 1 layers; give one weight per layer"):
        convert_gram_weights((1.0, 2.0), (64,), source="paper", target="authors")
    with pytest.raises(InputError, match="gram loss: 1 layer_weights for 2 layers; give one per layer"):
        Gram(LAYERS, layer_weights=(1.0,))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("unbiased", [False, True])
def test_moments(reduction, unbiased):
    image, other = features(4), features(5, 12, 10)
    expected = np.zeros(2)
    for layer in LAYERS:
        reduce = np.mean if reduction == "mean" else np.sum
        means = [x[layer].mean(axis=(1, 2)) for x in (image, other)]
        stds = [np.sqrt(x[layer].var(axis=(1, 2), ddof=int(unbiased)) + 0.01) for x in (image, other)]
        expected += reduce((means[0] - means[1]) ** 2, axis=1) + reduce((stds[0] - stds[1]) ** 2, axis=1)
    loss = Moments(LAYERS, reduction, eps=0.01, unbiased=unbiased)
    np.testing.assert_allclose(value(loss, image, other), expected, rtol=1e-4)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_spatial_variance_by_its_sum(reduction):
    image = features(6)
    expected = np.zeros(2)
    for b in range(2):
        for layer in LAYERS:
            energy = sum(
                ((image[layer][b, :, :, i] - image[layer][b, :, :, i].mean()) ** 2).sum()
                for i in range(image[layer].shape[-1])
            )
            expected[b] += energy if reduction == "sum" else energy / image[layer][b].size
    np.testing.assert_allclose(value(SpatialVariance(LAYERS, reduction), image), expected, rtol=1e-5)


def test_spatial_variance_match():
    image, other = features(7), features(8, 10, 12)
    expected = sum(
        ((image[layer].var(axis=(1, 2)) - other[layer].var(axis=(1, 2))) ** 2).mean(axis=1) for layer in LAYERS
    )
    np.testing.assert_allclose(value(SpatialVarianceMatch(LAYERS), image, other), expected, rtol=1e-4)
