"""LPIPS against the formula in numpy; what it and DISTS see through."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.encoder.encoder import vgg16
from styleresearch.evaluation.lpips import LPIPS
from styleresearch.evaluation.suite import Suite

LAYERS = ("relu1", "relu2", "relu3", "relu4", "relu5")
JUDGE = vgg16("random", width=0.02)  # which it does not look through


def measured(metric, output, content):
    return jax.jit(lambda needs, a, b: metric(needs, a, b, None))(metric.needs(JUDGE), output, content)


def test_it_is_the_formula(learned_networks, random_image):
    network, heads = learned_networks["lpips"].values()
    output, content = random_image(0, 48, 56, 2), random_image(1, 48, 56, 2)
    wanted = np.zeros(2)
    for layer in LAYERS:
        a, b = (np.asarray(network(image, LAYERS)[layer], np.float64) for image in (output, content))
        a, b = (x / (np.linalg.norm(x, axis=3, keepdims=True) + 1e-10) for x in (a, b))
        wanted += (np.asarray(heads[layer]["weight"]) * (a - b) ** 2).sum(3).mean((1, 2))
    np.testing.assert_allclose(measured(LPIPS(), output, content), wanted, rtol=1e-4)


def test_grey_does_not_see_colours(learned_networks, random_image):
    output, content = random_image(0, 48, 56), random_image(1, 48, 56)
    grey = [jnp.broadcast_to(x @ jnp.array([0.299, 0.587, 0.114])[:, None], x.shape) for x in (output, content)]
    np.testing.assert_allclose(measured(LPIPS(grey=True), output, content), measured(LPIPS(), *grey), rtol=1e-4)


def test_its_contract_names_network_and_weights_and_its_title_the_network(learned_networks):
    told = Suite.of({"it": LPIPS(grey=True)}, JUDGE).contracts()["it"]
    assert told["label"] == "LPIPS (alex, grey)"
    assert told["contract"]["networks"]["network"]["name"] == "alexnet"
    assert len(told["contract"]["networks"]["heads"]) == 64
    assert told["contract"]["encoder"] is None
