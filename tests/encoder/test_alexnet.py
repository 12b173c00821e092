"""AlexNet: parity with an independent implementation on the published weights, layers, sizes."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.encoder.alexnet import LAYOUT
from styleresearch.encoder.encoder import alexnet
from styleresearch.errors import InputError

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "perceptual.json").read_text())


@pytest.mark.slow
def test_published_weights_give_the_layers_of_the_independent_implementation(golden_image):
    layers = tuple(LAYOUT.deepest)
    features = jax.jit(lambda encoder, image: encoder(image, layers))(alexnet(), golden_image)
    for layer, expected in GOLDEN["alexnet"].items():
        actual = np.asarray(features[layer][0], np.float64)
        assert list(actual.shape) == expected["shape_hwc"]
        np.testing.assert_allclose(np.sqrt((actual**2).sum()), expected["l2"], rtol=1e-5)
        np.testing.assert_allclose(actual[0, 0, :5], expected["at_0_0_first5"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("layer", "side"), [("relu1", 7), ("relu2", 15), ("relu3", 31), ("relu5", 31)])
def test_the_smallest_picture_has_one_place_and_a_smaller_one_is_refused(layer, side):
    encoder = alexnet("random", width=0.05)
    image = jnp.zeros((1, side, side, 3))
    assert jax.eval_shape(lambda: encoder(image, (layer,)))[layer].shape[1:3] == (1, 1)
    with pytest.raises(InputError, match=f"at least {side} px"):
        encoder.check((layer,), (side - 1, side))


def test_a_layer_of_another_network_is_refused():
    with pytest.raises(InputError, match=r"alexnet has no layer 'relu4_1'.*relu1 ... relu5"):
        alexnet("random", width=0.05).check(("relu4_1",))
