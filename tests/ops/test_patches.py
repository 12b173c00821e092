"""Sliding windows against loops."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.ops.patches import extract_patches

jitted = jax.jit(extract_patches, static_argnums=(1, 2))


@pytest.mark.parametrize(("side", "stride"), [(1, 1), (3, 1), (2, 2), (3, 2), (5, 1)])
def test_windows_in_order(side, stride):
    x = np.random.default_rng(0).normal(size=(2, 5, 8, 3)).astype(np.float32)
    expected = [
        [
            picture[i : i + side, j : j + side].ravel()
            for i in range(0, 6 - side, stride)
            for j in range(0, 9 - side, stride)
        ]
        for picture in x
    ]
    np.testing.assert_array_equal(jitted(jnp.asarray(x), side, stride), np.array(expected))


def test_a_map_smaller_than_the_window_is_one_repeated_patch():
    x = np.arange(4, dtype=np.float32).reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(jitted(jnp.asarray(x), 3, 1), [[[0, 1, 1, 2, 3, 3, 2, 3, 3]]])
