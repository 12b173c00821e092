"""Losses on whole distributions of features against their formulas in NumPy, in loops where that is plain."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.losses.contextual import Contextual, RelaxedEMD, SelfSimilarity
from styleresearch.losses.laplacian import Laplacian
from styleresearch.losses.marginals import Histogram, SlicedWasserstein, quantiles
from styleresearch.losses.mmd import MMD
from styleresearch.losses.style import Gram
from styleresearch.ops.sample import positions

LAYER = ("relu3_1",)


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(0)
    made = [np.maximum(rng.normal(size=(2, 5, 6, 3)) + 0.3, 0.05 * rng.random((2, 5, 6, 3))) for _ in range(2)]
    return [each.astype(np.float32) for each in made]


def value(loss, one, other, layer="relu3_1"):
    run = jax.jit(lambda a, b: loss.compare(loss.summarise({layer: a}), loss.summarise({layer: b})))
    return np.asarray(run(jnp.asarray(one), jnp.asarray(other)))


def flat(x):
    return x.astype(np.float64).reshape(x.shape[0], -1, x.shape[-1])


def cosine(x, y):
    return 1 - (x / np.linalg.norm(x, axis=1, keepdims=True)) @ (y / np.linalg.norm(y, axis=1, keepdims=True)).T


def test_histogram_is_the_distance_of_sorted_activations(pair):
    a, b = (np.sort(flat(each), 1) for each in pair)
    expected = ((a - b) ** 2).mean((1, 2))
    np.testing.assert_allclose(value(Histogram(LAYER, levels=30), *pair), expected, rtol=1e-5)


def test_quantiles_between_positions_are_numpys():
    x = np.random.default_rng(1).normal(size=(1, 12, 2)).astype(np.float32)
    levels = (np.arange(7) + 0.5) / 7
    expected = np.quantile(x, levels, axis=1, method="hazen").swapaxes(0, 1)
    np.testing.assert_allclose(quantiles(jnp.asarray(x), 7), expected, rtol=1e-5)


def test_sliced_wasserstein_is_the_mean_over_its_directions(pair):
    loss = SlicedWasserstein(LAYER, projections=5, levels=30, seed=3)
    lines = loss._directions(3)
    a, b = (np.sort(flat(each) @ lines, 1) for each in pair)
    np.testing.assert_allclose(value(loss, *pair), ((a - b) ** 2).mean((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(lines, axis=0), 1)
    assert not np.allclose(value(SlicedWasserstein(LAYER, projections=5, seed=4), *pair), value(loss, *pair), rtol=1e-3)


def test_sliced_wasserstein_of_a_shift_is_its_square_over_the_channels():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(1, 8, 8, 4)).astype(np.float32)
    shift = np.array([1.0, -2.0, 0.5, 1.0], np.float32)
    found = value(SlicedWasserstein(LAYER, projections=4096, levels=64), x + shift, x)
    np.testing.assert_allclose(found, (shift**2).sum() / 4, rtol=0.05)


def test_polynomial_mmd_is_a_gram_loss(pair):
    found = value(MMD(LAYER, kernel="polynomial"), *pair)
    np.testing.assert_allclose(found, value(Gram(LAYER, "johnson"), *pair), rtol=1e-4)


def test_gaussian_mmd_is_its_sums_over_pairs(pair):
    expected = []
    for x, y in zip(*map(flat, pair), strict=True):
        between = [((a[:, None] - b[None]) ** 2).sum(2) for a, b in ((x, x), (y, y), (x, y))]
        k = [np.exp(-d / (2 * 0.7 * between[1].mean())).mean() for d in between]
        expected.append(k[0] + k[1] - 2 * k[2])
    np.testing.assert_allclose(value(MMD(LAYER, bandwidth=0.7), *pair), expected, rtol=1e-4)


def test_contextual_similarity_by_loops(pair):
    expected = []
    for x, y in zip(*map(flat, pair), strict=True):
        d = cosine(x - y.mean(0), y - y.mean(0))
        cx = np.empty_like(d)
        for i in range(len(d)):
            weights = np.exp((1 - d[i] / (d[i].min() + 1e-5)) / 0.5)
            cx[i] = weights / weights.sum()
        expected.append(-np.log(np.mean([cx[:, j].max() for j in range(len(y))])))
    np.testing.assert_allclose(value(Contextual(LAYER), *pair), expected, rtol=1e-3)


def test_relaxed_emd_is_the_larger_of_both_relaxations(pair):
    expected = [max(d.min(1).mean(), d.min(0).mean()) for d in map(cosine, *map(flat, pair))]
    np.testing.assert_allclose(value(RelaxedEMD(LAYER), *pair), expected, rtol=1e-4)


def test_self_similarity_ignores_what_turns_all_features(pair):
    expected = []
    for x, y in zip(*map(flat, pair), strict=True):
        own = [cosine(each, each) for each in (x, y)]
        expected.append(
            np.abs(own[0] / own[0].sum(1, keepdims=True) - own[1] / own[1].sum(1, keepdims=True)).sum(1).mean()
        )
    np.testing.assert_allclose(value(SelfSimilarity(LAYER), *pair), expected, rtol=1e-3)
    turn = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0].astype(np.float32)
    assert (value(SelfSimilarity(LAYER), 3 * pair[0] @ turn, pair[0]) < 1e-3).all()


def test_laplacian_sees_edges_and_no_shade():
    rng = np.random.default_rng(5)
    one, other = (rng.random((1, 16, 20, 3)).astype(np.float32) for _ in range(2))
    pooled = [x.sum(3).reshape(4, 4, 5, 4).mean((1, 3)) for x in (one, other)]
    edges = [x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:] - 4 * x[1:-1, 1:-1] for x in pooled]
    found = value(Laplacian(), one, other, "image")
    np.testing.assert_allclose(found, ((edges[0] - edges[1]) ** 2).mean(), rtol=1e-4)
    assert value(Laplacian(), one + 0.2, one, "image")[0] < 1e-9


def test_positions_are_bounded_spread_and_always_the_same():
    x = jnp.arange(100.0).reshape(1, 10, 10, 1)
    some = positions(x, 20)[0, :, 0]
    assert some.shape == (20,)
    assert len(set(np.asarray(some).tolist())) == 20
    np.testing.assert_array_equal(some, positions(x, 20)[0, :, 0])
    assert {int(each) // 50 for each in some} == {0, 1}
    np.testing.assert_array_equal(positions(x, 100)[0, :, 0], np.arange(100))


@pytest.mark.parametrize("loss", [MMD, Contextual, RelaxedEMD, SelfSimilarity])
def test_memory_is_bounded(loss):
    with pytest.raises(InputError, match="positions"):
        loss(positions=10**6)
