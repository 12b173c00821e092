"""Padding to multiples, against numpy."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.ops.pad import pad_to_multiple


@pytest.mark.parametrize("mode", ["reflect", "edge"])
@pytest.mark.parametrize(
    ("size", "multiple", "padded"), [((6, 9), 4, (8, 12)), ((8, 4), 4, (8, 4)), ((5, 7), 1, (5, 7))]
)
def test_pictures_grow_at_the_bottom_and_at_the_right(mode, size, multiple, padded):
    image = np.random.default_rng(0).random((2, *size, 3)).astype(np.float32)
    grown = (0, padded[0] - size[0]), (0, padded[1] - size[1])
    expected = np.pad(image, ((0, 0), *grown, (0, 0)), mode=mode)
    np.testing.assert_array_equal(pad_to_multiple(jnp.asarray(image), multiple, mode), expected)
