"""Content losses against numpy."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from styleresearch.losses.content import Feature, NormalisedFeature


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    return [
        {
            "relu3_1": rng.normal(1, 2, (2, 6, 5, 4)).astype(np.float32),
            "relu4_1": rng.normal(3, 1, (2, 3, 2, 8)).astype(np.float32),
        }
        for _ in range(2)
    ]


def value(loss, image, other):
    run = jax.jit(lambda a, b: loss.compare(loss.summarise(a), loss.summarise(b)))
    return np.asarray(run(jax.tree.map(jax.numpy.asarray, image), jax.tree.map(jax.numpy.asarray, other)))


@pytest.mark.parametrize("reduction", ["mse", "sum", "half_sum"])
def test_feature(pair, reduction):
    image, other = pair
    squared = [((image[layer].astype(float) - other[layer]) ** 2) for layer in image]
    reduce = {
        "mse": lambda s: s.mean(axis=(1, 2, 3)),
        "sum": lambda s: s.sum(axis=(1, 2, 3)),
        "half_sum": lambda s: 0.5 * s.sum(axis=(1, 2, 3)),
    }[reduction]
    expected = sum(reduce(s) for s in squared)
    np.testing.assert_allclose(value(Feature(("relu3_1", "relu4_1"), reduction), image, other), expected, rtol=1e-5)


def normalised(x, eps):
    x = x.astype(float)
    return (x - x.mean(axis=(1, 2), keepdims=True)) / np.sqrt(x.var(axis=(1, 2), keepdims=True) + eps)


def test_normalised_feature(pair):
    image, other = pair
    expected = sum(
        ((normalised(image[layer], 0.1) - normalised(other[layer], 0.1)) ** 2).mean(axis=(1, 2, 3)) for layer in image
    )
    np.testing.assert_allclose(
        value(NormalisedFeature(("relu3_1", "relu4_1"), eps=0.1), image, other), expected, rtol=1e-4
    )


def test_normalised_feature_ignores_a_channels_mean_and_scale(pair):
    image, _ = pair
    moved = {"relu4_1": 7 * image["relu4_1"] + np.arange(8, dtype=np.float32)}
    assert value(NormalisedFeature(("relu4_1",)), image, moved).max() < 1e-6
    assert value(Feature(("relu4_1",)), image, moved).min() > 1
