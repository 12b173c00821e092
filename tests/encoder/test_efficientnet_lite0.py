"""EfficientNet-Lite0: parity with an independent implementation on the published weights, layers, sizes."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.encoder.efficientnet_lite0 import LAYOUT
from styleresearch.encoder.encoder import efficientnet_lite0
from styleresearch.errors import InputError

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "perceptual.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "height", "width"), [("efficientnet_lite0", 96, 96), ("efficientnet_lite0_75x83", 75, 83)]
)
def test_published_weights_give_the_layers_of_the_independent_implementation(key, height, width, golden_image):
    layers = tuple(LAYOUT.deepest)
    encoder = efficientnet_lite0()
    features = jax.jit(lambda encoder, image: encoder(image, layers))(encoder, golden_image[:, :height, :width])
    assert set(GOLDEN[key]) == set(layers)
    for layer, expected in GOLDEN[key].items():
        actual = np.asarray(features[layer][0], np.float64)
        assert list(actual.shape) == expected["shape_hwc"]
        np.testing.assert_allclose(np.sqrt((actual**2).sum()), expected["l2"], rtol=1e-4)
        np.testing.assert_allclose(actual.mean(), expected["mean"], rtol=1e-3, atol=1e-4)
        close = {"rtol": 1e-3, "atol": 1e-4 * expected["max"]}
        np.testing.assert_allclose(actual[0, 0, :5], expected["at_0_0_first5"], **close)
        middle = actual[actual.shape[0] // 2, actual.shape[1] // 2, :5]
        np.testing.assert_allclose(middle, expected["at_middle_first5"], **close)


def test_nothing_deeper_than_the_deepest_layer_is_computed():
    assert LAYOUT.reached(("stage2",))[-1] == "stage2_2_project"
    encoder = efficientnet_lite0("random", width=0.1)
    features = jax.eval_shape(lambda: encoder(jnp.zeros((1, 32, 40, 3)), ("image", "stem", "stage2")))
    assert {layer: x.shape[1:3] for layer, x in features.items()} == {
        "image": (32, 40),
        "stem": (16, 20),
        "stage2": (8, 10),
    }


def test_a_layer_of_vgg_is_refused():
    with pytest.raises(InputError, match=r"efficientnet_lite0 has no layer 'relu1_1'.*stage1 ... stage7"):
        efficientnet_lite0("random", width=0.1).check(("relu1_1",))
