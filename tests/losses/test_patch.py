"""The nearest patch by brute force."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.losses.patch import NearestPatch


def patches(x, side, stride):
    h, w, _ = x.shape
    return [
        x[i : i + side, j : j + side].ravel()
        for i in range(0, h - side + 1, stride)
        for j in range(0, w - side + 1, stride)
    ]


def unit(v):
    return v / np.sqrt((v**2).sum() + 1e-12)


def brute_force(x, y, side, stride, distance):
    total = []
    for mine in patches(x, side, stride):
        best = max(patches(y, side, stride), key=lambda other: unit(other) @ unit(mine))
        if distance == "squared":
            total.append(((mine - best) ** 2).mean())
        else:
            total.append(1 - unit(mine) @ unit(best))
    return np.mean(total)


def value(loss, image, style):
    arrays = jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), (image, style))
    run = jax.jit(lambda a, b: loss.compare(loss.summarise(a), loss.summarise(b)))
    return np.asarray(run(*arrays))


@pytest.mark.parametrize(
    ("side", "stride", "distance", "chunk"),
    [(3, 1, "squared", 1024), (3, 2, "squared", 4), (1, 1, "cosine", 7), (2, 1, "cosine", 1)],
)
def test_brute_force(side, stride, distance, chunk):
    rng = np.random.default_rng(0)
    image = {layer: np.maximum(rng.normal(size=(2, 5, 6, 3)), 0) for layer in ("relu3_1", "relu4_1")}
    style = {layer: np.maximum(rng.normal(size=(2, 7, 4, 3)), 0) for layer in ("relu3_1", "relu4_1")}
    expected = [
        sum(brute_force(image[layer][b], style[layer][b], side, stride, distance) for layer in image) for b in range(2)
    ]
    loss = NearestPatch(patch=side, stride=stride, distance=distance, chunk=chunk)
    np.testing.assert_allclose(value(loss, image, style), expected, rtol=1e-4, atol=1e-6)


def test_a_shuffled_image_is_made_of_the_styles_patches():
    style = np.random.default_rng(1).normal(size=(1, 4, 4, 5))
    shuffled = np.random.default_rng(2).permutation(style.reshape(16, 5)).reshape(1, 4, 4, 5)
    loss = NearestPatch(("relu3_1",), patch=1)
    assert value(loss, {"relu3_1": shuffled}, {"relu3_1": style})[0] < 1e-10


@pytest.mark.parametrize("option", ["patch", "stride", "chunk"])
def test_sizes_below_one_are_refused(option):
    with pytest.raises(InputError, match=f"{option} = 0 is not from 1"):
        NearestPatch(**{option: 0})
