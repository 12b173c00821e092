"""Every layer of every network against independent PyTorch definitions of the published ones, computed in float64."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.nets.blocks import largest_singular_value

GOLDEN = Path(__file__).parents[1] / "golden" / "nets.npz"

SPECS = {
    "examples": {"name": "transform"},
    "authors": {
        "name": "transform",
        "widths": (16, 32, 64),
        "upsample": "transposed",
        "padding": "reflect_start",
        "pixels": "caffe",
        "output": "tanh",
    },
    "pix2pix": {"name": "unet", "width": 8, "downs": 4, "affine": False, "upsample": "transposed", "padding": "zeros"},
    "decoder": {"name": "decoder", "widths": (32, 16, 8)},
    "cyclegan": {"name": "resnet", "width": 8, "blocks": 2},
    "cut": {"name": "resnet", "width": 8, "blocks": 2, "antialias": True},
}

DISCRIMINATORS = {
    "patch": {"name": "patch", "width": 8},
    "scales": {"name": "patch", "width": 8, "scales": 2, "channels": 6},
    "condition": {"name": "patch", "width": 8, "layers": 2, "antialias": True, "condition": 5},
}


def golden(name):
    return {key.partition("/")[2]: value for key, value in np.load(GOLDEN).items() if key.startswith(f"{name}/")}


def compare(found, expected):
    assert found.keys() == expected.keys()
    for key, wanted in expected.items():
        flat = np.asarray(found[key]).ravel()
        values = flat[np.linspace(0, flat.size - 1, 64).astype(int)]
        assert np.std(wanted) > 0.1 * np.abs(wanted).max()
        np.testing.assert_allclose(values, wanted, atol=2e-4 * np.abs(wanted).max(), err_msg=key)


@pytest.mark.parametrize("name", SPECS)
def test_every_layer_gives_what_pytorch_gives(known, name):
    net, params, inputs = known(**SPECS[name])
    expected = golden(name)

    @jax.jit
    def layers(params, inputs):
        result, seen = net.apply({"params": params}, *inputs, capture_intermediates=True)
        found = {key: value["__call__"][0] for key, value in seen["intermediates"].items() if key in expected}
        return {"result": result, **found}

    compare(layers(params, inputs), expected)
    assert len(expected) > 8


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_every_activation_of_a_discriminator_is_what_pytorch_gives(known, name):
    net, params, inputs = known(**DISCRIMINATORS[name])
    outputs = jax.jit(net.apply)({"params": params}, *inputs)
    found = {
        f"scale{scale}/{layer}": activation
        for scale, activations in enumerate(outputs, 1)
        for layer, activation in enumerate(activations, 1)
    }
    compare(found, golden(name))


@pytest.mark.parametrize(("iterations", "tolerance"), [(16, 0.05), (500, 1e-4)])
def test_the_largest_singular_value(known_weight, iterations, tolerance):
    for name, expected in golden("spectral").items():
        kernel = known_weight("spectral/kernel", tuple(map(int, name.split("x"))))
        found = largest_singular_value(jnp.asarray(kernel, jnp.float32), iterations)
        # Never more than it is: what the kernel is divided by would shrink what it passes on.
        assert 1 - tolerance < found / expected < 1 + 1e-5, name
