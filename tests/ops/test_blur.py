"""Blurs that halve and double, against sums written out."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.ops.blur import blur_down, blur_up

SIZES = [(8, 10), (9, 7), (2, 3)]


def noise(height, width):
    return np.random.default_rng(0).normal(size=(2, height, width, 3)).astype(np.float32)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_blur_down(height, width):
    x = noise(height, width)
    padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))[:, ::2, ::2]
    expected = np.einsum("bhwcrs,r,s->bhwc", windows, [0.25, 0.5, 0.25], [0.25, 0.5, 0.25])
    np.testing.assert_allclose(blur_down(jnp.asarray(x)), expected, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_blur_up_is_bilinear(height, width):
    x = noise(height, width)
    rows, columns = ((np.arange(2 * side) + 0.5) / 2 - 0.5 for side in (height, width))
    expected = np.zeros((2, 2 * height, 2 * width, 3))
    for i, y in enumerate(rows):
        for j, z in enumerate(columns):
            for r in (int(np.floor(y)), int(np.floor(y)) + 1):
                for s in (int(np.floor(z)), int(np.floor(z)) + 1):
                    near = (1 - abs(y - r)) * (1 - abs(z - s))
                    expected[:, i, j] += near * x[:, np.clip(r, 0, height - 1), np.clip(s, 0, width - 1)]
    np.testing.assert_allclose(blur_up(jnp.asarray(x)), expected, atol=1e-6)


@pytest.mark.parametrize("blur", [blur_down, blur_up])
def test_even_pictures_and_single_pixels_keep_their_value_and_dtype(blur):
    for size in ((5, 8), (1, 1)):
        found = blur(jnp.full((1, *size, 2), 0.75, jnp.bfloat16))
        assert found.dtype == jnp.bfloat16
        np.testing.assert_array_equal(found, jnp.full_like(found, 0.75))


def test_the_finest_checkerboard_is_gone_and_not_taken_for_something_else():
    y, x = np.mgrid[:8, :8]
    for stripes in (y % 2, x % 2, (y + x) % 2):
        picture = jnp.asarray(stripes, jnp.float32)[None, :, :, None]
        np.testing.assert_allclose(blur_down(picture), 0.5, atol=1e-6)
