"""The projection of patches in CUT."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.nets.projection import PatchProjection


def test_unit_vectors_of_every_layer_by_its_own_network():
    layers = [jax.random.normal(jax.random.key(c), (2, 6, c), dtype) for c, dtype in ((3, "float32"), (8, "bfloat16"))]
    net = PatchProjection(features=16)
    params = jax.jit(net.init)(jax.random.key(0), layers)["params"]
    vectors = jax.jit(net.apply)({"params": params}, layers)

    for index, (x, found) in enumerate(zip(layers, vectors, strict=True), 1):
        x = np.asarray(x, np.float64)
        for name in ("hidden", "output"):
            layer = params[f"{name}{index}"]
            assert (layer["bias"] == 0).all()
            x = np.maximum(x, 0) if name == "output" else x
            x = x @ np.asarray(layer["kernel"], np.float64)
        assert (found.shape, found.dtype) == ((2, 6, 16), jnp.float32)
        np.testing.assert_allclose(found, x / np.linalg.norm(x, axis=-1, keepdims=True), atol=1e-4)
    assert abs(float(params["output1"]["kernel"].std()) / 0.02 - 1) < 0.15


def test_a_patch_without_activations_has_a_finite_gradient():
    net, layers = PatchProjection(features=4), [jnp.zeros((1, 2, 3))]
    params = jax.jit(net.init)(jax.random.key(0), layers)
    gradient = jax.jit(jax.grad(lambda params: net.apply(params, layers)[0].sum()))(params)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))
