"""Every layer of every network against independent PyTorch definitions of the published ones, computed in float64."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pytest

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
}


@pytest.mark.parametrize("name", SPECS)
def test_every_layer_gives_what_pytorch_gives(known, name):
    net, params, inputs = known(**SPECS[name])
    golden = {key.partition("/")[2]: value for key, value in np.load(GOLDEN).items() if key.startswith(f"{name}/")}

    @jax.jit
    def layers(params, inputs):
        result, seen = net.apply({"params": params}, *inputs, capture_intermediates=True)
        found = {key: value["__call__"][0] for key, value in seen["intermediates"].items() if key in golden}
        return {"result": result, **found}

    mine = layers(params, inputs)

    assert mine.keys() == golden.keys()
    assert len(golden) > 8
    for key, expected in golden.items():
        flat = np.asarray(mine[key]).ravel()
        found = flat[np.linspace(0, flat.size - 1, 64).astype(int)]
        assert np.std(expected) > 0.1 * np.abs(expected).max()
        np.testing.assert_allclose(found, expected, atol=2e-4 * np.abs(expected).max(), err_msg=key)
