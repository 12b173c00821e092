"""Padding, against numpy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.ops import device
from styleresearch.ops.pad import pad_border, pad_to_multiple


@pytest.mark.parametrize("mode", ["reflect", "edge"])
@pytest.mark.parametrize(
    ("size", "multiple", "padded"), [((6, 9), 4, (8, 12)), ((8, 4), 4, (8, 4)), ((5, 7), 1, (5, 7))]
)
def test_pictures_grow_at_the_bottom_and_at_the_right(mode, size, multiple, padded):
    image = np.random.default_rng(0).random((2, *size, 3)).astype(np.float32)
    grown = (0, padded[0] - size[0]), (0, padded[1] - size[1])
    expected = np.pad(image, ((0, 0), *grown, (0, 0)), mode=mode)
    np.testing.assert_array_equal(pad_to_multiple(jnp.asarray(image), multiple, mode), expected)


@pytest.mark.parametrize("on_cpu", [True, False])
@pytest.mark.parametrize("border", [1, 3])
@pytest.mark.parametrize(("padding", "mode"), [("zeros", "constant"), ("reflect", "reflect"), ("replicate", "edge")])
def test_borders_on_every_device(padding, mode, border, on_cpu, monkeypatch):
    monkeypatch.setattr(device, "on_cpu", lambda: on_cpu)
    rng = np.random.default_rng(1)
    image = rng.random((2, 5, 6, 3)).astype(np.float32)
    around = ((0, 0), (border, border), (border, border), (0, 0))
    padded, pullback = jax.vjp(lambda x: pad_border(x, border, padding), jnp.asarray(image))
    np.testing.assert_array_equal(padded, np.pad(image, around, mode=mode))
    # The gradient by what defines it: <g, pad(dx)> = <J'g, dx>.
    cotangent, change = rng.normal(size=padded.shape), rng.normal(size=image.shape)
    (gradient,) = pullback(jnp.asarray(cotangent, jnp.float32))
    slope = (cotangent * np.pad(change, around, mode=mode)).sum()
    assert (np.asarray(gradient, np.float64) * change).sum() == pytest.approx(slope, rel=1e-4, abs=1e-4)


def test_no_border():
    image = jnp.ones((1, 2, 2, 1))
    assert pad_border(image, 1, "none") is image
    assert pad_border(image, 0, "reflect") is image
