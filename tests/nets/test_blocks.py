"""Instance norm and residual blocks."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.nets.blocks import Conv, InstanceNorm, Residual


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (1000.0, 1.0)])
def test_statistics_survive_a_large_mean(mean, deviation):
    x = np.random.default_rng(0).normal(mean, deviation, (2, 16, 16, 4)).astype(np.float32)
    wide = x.astype(np.float64)
    expected = (wide - wide.mean((1, 2), keepdims=True)) / np.sqrt(wide.var((1, 2), keepdims=True) + 1e-5)

    found = InstanceNorm(styles=0).apply({}, jnp.asarray(x))

    np.testing.assert_allclose(found, expected, atol=1e-3 if mean else 1e-5)


def test_statistics_of_bfloat16_are_float32():
    x = jnp.asarray(np.random.default_rng(0).normal(100, 1, (1, 64, 64, 2)), jnp.bfloat16)
    found = InstanceNorm(styles=0).apply({}, x)
    assert found.dtype == jnp.bfloat16
    np.testing.assert_allclose(np.asarray(found, np.float32).mean((1, 2)), 0, atol=1e-2)
    np.testing.assert_allclose(np.asarray(found, np.float32).std((1, 2)), 1, atol=1e-2)


def test_a_constant_channel_has_a_finite_gradient():
    gradient = jax.grad(lambda x: (InstanceNorm(styles=0).apply({}, x) ** 3).sum())(jnp.ones((1, 4, 4, 2)))
    assert jnp.isfinite(gradient).all()


@pytest.mark.parametrize(("padding", "crop"), [("reflect", 0), ("zeros", 0), ("none", 2)])
def test_a_residual_block_that_adds_nothing(padding, crop):
    x = jax.random.normal(jax.random.key(0), (1, 9, 8, 4))
    block = Residual(padding)
    params = jax.jit(block.init)(jax.random.key(1), x)["params"]
    silent = {**params, "norm2": jax.tree.map(jnp.zeros_like, params["norm2"])}
    np.testing.assert_array_equal(block.apply({"params": silent}, x), x[:, crop : 9 - crop, crop : 8 - crop])


@pytest.mark.parametrize(("initial", "deviation"), [(None, (27 * 3) ** -0.5), (0.01, 0.01), ("he", (2 / 27) ** 0.5)])
def test_initial_weights_are_uniform_in_the_fan_in_or_normal(initial, deviation):
    layer = Conv(512, initial=initial, offset=0.25).init(jax.random.key(0), jnp.zeros((1, 4, 4, 3)))["params"]
    kernel, bias = (np.asarray(layer[name]) for name in ("kernel", "bias"))

    assert kernel.std() == pytest.approx(deviation, rel=0.02)
    if initial is None:
        # The default of PyTorch and Torch7: up to 1 / sqrt(fan_in), biases too.
        assert 0.99 * 27**-0.5 < np.abs(kernel).max() <= 27**-0.5
        assert 0.95 * 27**-0.5 < np.abs(bias).max() <= 27**-0.5
    else:
        assert (bias == 0.25).all()


@pytest.mark.parametrize("upsample", [None, "nearest", "transposed"])
def test_a_spectral_convolution_is_that_of_the_divided_kernel(upsample):
    x = jax.random.normal(jax.random.key(0), (1, 5, 6, 3))
    plain, divided = (Conv(8, padding="zeros", upsample=upsample, spectral=spectral) for spectral in (False, True))
    layer = jax.jit(plain.init)(jax.random.key(1), x)["params"]
    value = np.linalg.svd(np.asarray(layer["kernel"]).reshape(-1, 8), compute_uv=False)[0]
    expected = plain.apply({"params": {**layer, "kernel": layer["kernel"] / value}}, x)
    np.testing.assert_allclose(divided.apply({"params": layer}, x), expected, rtol=0.05, atol=0.01)
