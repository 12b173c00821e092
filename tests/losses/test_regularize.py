"""Pixel losses by loops."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.losses.regularize import Range, TotalVariation


def value(loss, image):
    run = jax.jit(lambda x: loss.compare(loss.summarise({"image": x}), None))
    return np.asarray(run(jnp.asarray(image, jnp.float32)))


def by_loops(image, kind):
    h, w, channels = image.shape
    offsets = {(0, 1): 1.0, (1, 0): 1.0}
    if kind == "nine_point":
        offsets |= {(1, 1): 0.5, (1, -1): 0.5}
    total = 0.0
    for y in range(h):
        for x in range(w):
            for (dy, dx), weight in offsets.items():
                if y + dy < h and 0 <= x + dx < w:
                    for c in range(channels):
                        difference = image[y + dy, x + dx, c] - image[y, x, c]
                        total += weight * (abs(difference) if kind == "l1" else difference**2)
    return total


@pytest.mark.parametrize("kind", ["l1", "l2", "nine_point"])
def test_total_variation(kind):
    image = np.random.default_rng(0).uniform(size=(2, 5, 6, 3))
    expected = [by_loops(one, kind) for one in image]
    np.testing.assert_allclose(value(TotalVariation(kind=kind), image), expected, rtol=1e-5)
    np.testing.assert_allclose(
        value(TotalVariation(kind=kind, reduction="mean"), image), np.array(expected) / 90, rtol=1e-5
    )
    assert value(TotalVariation(kind=kind), np.full((1, 4, 4, 3), 0.7)) == 0


def test_the_gradient_of_half_of_l2_is_johnsons():
    # Johnson et al.'s code: each pixel receives the differences to its right and lower neighbour, and minus those of
    # its left and upper ones.
    image = np.random.default_rng(1).uniform(size=(1, 4, 5, 3))
    expected = np.zeros_like(image)
    dx, dy = image[:, :, 1:] - image[:, :, :-1], image[:, 1:] - image[:, :-1]
    expected[:, :, 1:] += dx
    expected[:, :, :-1] -= dx
    expected[:, 1:] += dy
    expected[:, :-1] -= dy
    loss = TotalVariation()
    slope = jax.grad(lambda x: 0.5 * loss.compare(loss.summarise({"image": x}), None).sum())(
        jnp.asarray(image, jnp.float32)
    )
    np.testing.assert_allclose(slope, expected, atol=1e-5)


def test_range():
    image = np.array([0.0, 0.5, 1.0, -0.3, 1.2, 2.0]).reshape(1, 1, 2, 3)
    np.testing.assert_allclose(value(Range(), image), [(0.3**2 + 0.2**2 + 1.0**2) / 6], rtol=1e-5)
    assert value(Range(), np.random.default_rng(2).uniform(size=(1, 4, 4, 3))) == 0
